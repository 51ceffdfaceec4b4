//! Rules about files: how long, and what they are called.

use crate::{no_breach, texts};

/// "Stop at 600": conventions, section Shape.
const MOST_LINES: usize = 600;
/// Words that say nothing about what is in a room.
const EMPTY_WORDS: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "manager", "base", "misc"];

#[test]
fn no_source_is_longer_than_six_hundred_lines() {
    const SOURCES: [&str; 9] = ["rs", "proto", "sql", "toml", "html", "css", "js", "sh", "yaml"];
    let mut breaches = Vec::new();
    for text in texts() {
        let lines = text.content.lines().count();
        if SOURCES.iter().any(|source| text.is(source)) && lines > MOST_LINES {
            breaches.push(format!("{}: {lines} lines", text.path));
        }
    }
    no_breach("a file that should be split by idea", &breaches);
}

#[test]
fn no_module_or_folder_has_an_empty_name() {
    let mut breaches = Vec::new();
    for text in texts() {
        let words = text.path.split(['/', '_', '-', '.']);
        if words.clone().any(|word| EMPTY_WORDS.contains(&word)) {
            breaches.push(text.path.clone());
        }
        for (number, line) in text.code().filter(|_| text.is("rs")) {
            let mut tokens = line.split_whitespace().skip_while(|token| token.starts_with("pub"));
            let module = (tokens.next() == Some("mod")).then(|| tokens.next()).flatten().unwrap_or_default();
            if EMPTY_WORDS.contains(&module.trim_end_matches([';', '{'])) {
                breaches.push(format!("{}:{number}: {}", text.path, line.trim()));
            }
        }
    }
    no_breach("a name that says nothing", &breaches);
}

#[test]
fn migrations_are_numbered_by_room_and_no_number_is_used_twice() {
    let mut seen = std::collections::HashMap::new();
    let mut breaches = Vec::new();
    for text in texts().into_iter().filter(|text| text.path.starts_with("migrations/") && text.is("sql")) {
        let (folder, file) = text.path["migrations/".len()..].split_once('/').unwrap_or_default();
        let number: u32 = file.split('_').next().and_then(|n| n.parse().ok()).unwrap_or_default();
        let fits = match folder {
            "eventstore" => (1..1000).contains(&number),
            "directory" | "privacy" | "timer" => (1001..2000).contains(&number),
            _service => (2001..10_000).contains(&number),
        };
        if !fits {
            breaches.push(format!("{}: number {number} is not of that room", text.path));
        }
        // Services have databases of their own; what they share must not clash.
        let shared = number < 2000;
        if let Some(other) =
            seen.insert((if shared { "" } else { folder }.to_owned(), number), text.path.clone())
        {
            breaches.push(format!("{} and {other} have the same number", text.path));
        }
    }
    no_breach("a migration's number", &breaches);
}
