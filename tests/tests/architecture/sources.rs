//! Rules about what sources say.

use crate::{Text, no_breach, texts};

/// Statement words before a table's name.
const BEFORE_A_TABLE: [&str; 5] = ["from", "into", "update", "join", "table"];

/// Whether a line of SQL, on its own or inside Rust, names the table `events` (with or without its schema).
fn names_the_events_table(line: &str) -> bool {
    let words: Vec<_> = line
        .split(|c: char| c.is_whitespace() || "\"'`(),;=".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).any(|pair| {
        let table = pair[1].rsplit('.').next().unwrap_or_default();
        // Statement words are written in capitals here, prose and Rust are not.
        BEFORE_A_TABLE.iter().any(|word| pair[0] == word.to_uppercase()) && table == "events"
    })
}

#[test]
fn only_the_event_store_has_sql_on_the_events_table() {
    let mut breaches = Vec::new();
    for text in texts() {
        let is_the_store = ["crates/eventstore/", "migrations/eventstore/", "bench/"]
            .iter()
            .any(|room| text.path.starts_with(room));
        if is_the_store || !(text.is("rs") || text.is("sql")) {
            continue;
        }
        for (number, line) in text.lines() {
            if names_the_events_table(line) {
                breaches.push(format!("{}:{number}: {}", text.path, line.trim()));
            }
        }
    }
    no_breach("SQL on the events table outside crates/eventstore", &breaches);
}

#[test]
fn the_check_for_the_events_table_finds_what_it_looks_for() {
    for sql in ["SELECT 1 FROM events", "DELETE FROM events;", "INSERT INTO xiaoan.events (position)", "LOCK TABLE events"]
    {
        assert!(names_the_events_table(sql), "{sql}");
    }
    for other in ["FROM events_archive", "reads from events", "SELECT events FROM batches"] {
        assert!(!names_the_events_table(other), "{other}");
    }
}

/// Files that say how a no becomes a status: those that implement refusals and those that name gRPC's codes.
fn maps_errors(text: &Text) -> bool {
    let in_a_service = text.path.starts_with("services/") || text.path.starts_with("crates/rpc/");
    in_a_service
        && text.is("rs")
        && text.code().any(|(_, line)| line.contains("impl Refusal for") || line.contains("Code::"))
}

#[test]
fn every_refusal_is_mapped_by_name_and_none_hides_behind_a_wildcard() {
    let mapping: Vec<_> = texts().into_iter().filter(maps_errors).collect();
    assert!(mapping.len() >= 3, "the mapping files were not found");
    let mut breaches = Vec::new();
    for text in mapping {
        for (number, line) in text.code() {
            if line.trim_start().starts_with("_ =>") || line.contains("| _ =>") {
                breaches.push(format!("{}:{number}: {}", text.path, line.trim()));
            }
        }
    }
    no_breach("a wildcard in a file that maps errors", &breaches);
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Written in two parts, so that this file does not break its own rule.
    let machine = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];
    let mut breaches = Vec::new();
    for text in texts() {
        for (number, line) in text.lines() {
            if machine.iter().any(|path| line.contains(path)) {
                breaches.push(format!("{}:{number}: {}", text.path, line.trim()));
            }
        }
    }
    no_breach("a path of a machine", &breaches);
}

#[test]
fn every_service_starts_in_a_main_that_only_wires() {
    let mut breaches = Vec::new();
    for text in texts() {
        let is_main = text.path.starts_with("services/") && text.path.ends_with("/src/main.rs");
        if is_main && text.content.lines().count() > 80 {
            breaches.push(format!("{}: {} lines", text.path, text.content.lines().count()));
        }
    }
    no_breach("a main.rs that does more than wiring", &breaches);
}
