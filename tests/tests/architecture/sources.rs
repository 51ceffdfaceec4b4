//! Rules about what sources say.

use crate::{Text, no_breach, texts};

/// Statement words before a table's name.
const BEFORE_A_TABLE: [&str; 6] = ["FROM", "INTO", "UPDATE", "JOIN", "TABLE", "ONLY"];

/// Lines of SQL, on its own or inside Rust, that name the table `events`, with or without its schema.
fn naming_the_events_table(content: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut before = "";
    for (at, line) in content.lines().enumerate() {
        for word in
            line.split(|c: char| c.is_whitespace() || "\"'`(),;=\\".contains(c)).filter(|w| !w.is_empty())
        {
            let table = word.rsplit('.').next().unwrap_or_default();
            // Statement words are written in capitals here, prose and Rust are not.
            if table == "events" && BEFORE_A_TABLE.contains(&before) {
                found.push(at + 1);
            }
            before = word;
        }
    }
    found
}

#[test]
fn only_the_event_store_has_sql_on_the_events_table() {
    let mut breaches = Vec::new();
    for text in texts() {
        let is_the_store = ["crates/eventstore/", "migrations/eventstore/", "bench/"]
            .iter()
            .any(|room| text.path.starts_with(room));
        // Tests may forge a log, to see that it is noticed.
        let is_a_test = text.path.split('/').any(|folder| folder == "tests");
        if is_the_store || is_a_test || !(text.is("rs") || text.is("sql")) {
            continue;
        }
        breaches.extend(
            naming_the_events_table(&text.content).iter().map(|line| format!("{}:{line}", text.path)),
        );
    }
    no_breach("SQL on the events table outside crates/eventstore", &breaches);
}

#[test]
fn the_check_for_the_events_table_finds_what_it_looks_for() {
    for sql in [
        "SELECT 1 FROM events",
        "DELETE FROM events;",
        "INSERT INTO eventstore.events (position)",
        "LOCK TABLE events",
        "SELECT position FROM\n   events WHERE",
        "\"SELECT position FROM \\\n events\"",
    ] {
        assert_eq!(naming_the_events_table(sql).len(), 1, "{sql}");
    }
    for other in ["FROM events_archive", "reads from events", "SELECT events FROM batches"] {
        assert!(naming_the_events_table(other).is_empty(), "{other}");
    }
}

/// Files that say how a no becomes a status: those that implement refusals, and those that are named for it.
fn maps_errors(text: &Text) -> bool {
    let rooms = text.path.starts_with("services/") || text.path.starts_with("crates/rpc/");
    let ours = rooms && !text.path.contains("/tests/");
    let named = text.path.ends_with("/errors.rs") || text.path.ends_with("/refusal.rs");
    ours && text.is("rs") && (named || text.code().any(|(_, line)| line.contains("impl Refusal for")))
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
    let machine =
        [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];
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
