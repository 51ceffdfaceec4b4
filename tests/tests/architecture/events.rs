//! Rules about the published language: which messages are events, what they are called, what they may hold.

use crate::{no_breach, texts};
use std::collections::{BTreeMap, BTreeSet};

/// Endings that say nothing about what happened.
const EMPTY_ENDINGS: [&str; 3] = ["Updated", "Changed", "Initialized"];
/// Fields that hold something about a person; in an event such a field is `Sealed` or absent.
const PERSONAL: [&str; 5] = ["phone", "id_number", "person_name", "reporter_name", "address"];

/// Full names of the messages whose comment in the proto begins with "Event:".
fn stated() -> BTreeSet<String> {
    stated_in(|_| true)
}

/// Those of some files.
fn stated_in(file: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut events = BTreeSet::new();
    let protos = texts().into_iter().filter(|text| text.path.starts_with("proto/") && text.is("proto"));
    for text in protos.filter(|text| file(&text.path)) {
        let mut package = "";
        let mut comment_says_event = false;
        for line in text.content.lines() {
            if let Some(name) = line.strip_prefix("package ") {
                package = name.trim_end_matches(';');
            } else if let Some(comment) = line.strip_prefix("// ") {
                comment_says_event |= comment.starts_with("Event:");
            } else {
                if let Some(name) = line.strip_prefix("message ").filter(|_| comment_says_event) {
                    let name = name.split([' ', '{']).next().unwrap_or_default();
                    events.insert(format!("{package}.{name}"));
                }
                comment_says_event = false;
            }
        }
    }
    events
}

/// Names of the messages in the `events!` sets of the aggregates, without package, each with where it stands.
fn recorded() -> BTreeMap<String, String> {
    let mut events = BTreeMap::new();
    for text in texts() {
        // rankings reads events and records none; in that room hq reads those of cases.
        let reads = ["services/rankings/", "services/hq/src/cases/"];
        let records = (text.path.starts_with("services/")
            && !reads.iter().any(|room| text.path.starts_with(room)))
            || text.path.starts_with("crates/directory/");
        if !records || !text.is("rs") {
            continue;
        }
        let mut inside = false;
        for (number, line) in text.code() {
            if line.contains("events! {") {
                inside = true;
            } else if line == "}" {
                inside = false;
            }
            if !inside {
                continue;
            }
            for variant in line.split(',').filter_map(|part| part.split_once('(')?.1.split_once(')')) {
                let message = variant.0.rsplit("::").next().unwrap_or_default().trim().to_owned();
                let place = format!("{}:{number}", text.path);
                if let Some(other) = events.insert(message.clone(), place.clone()) {
                    panic!("{message} is recorded by two aggregates: {other} and {place}");
                }
            }
        }
    }
    events
}

#[test]
fn every_event_of_the_language_is_recorded_by_one_aggregate_and_every_recorded_message_is_an_event() {
    let stated: BTreeSet<_> =
        stated().iter().filter_map(|full| full.rsplit('.').next().map(str::to_owned)).collect();
    let recorded: BTreeSet<_> = recorded().into_keys().collect();
    assert!(stated.len() >= 10, "the events of the language were not found");
    let unused: Vec<_> = stated.difference(&recorded).cloned().collect();
    no_breach("an event in proto that no aggregate records", &unused);
    let unsaid: Vec<_> = recorded.difference(&stated).cloned().collect();
    no_breach("a recorded message whose comment does not begin with \"Event:\"", &unsaid);
}

#[test]
fn events_say_what_happened() {
    let breaches: Vec<_> = stated()
        .into_iter()
        .filter(|name| EMPTY_ENDINGS.iter().chain(&["Request", "Response"]).any(|end| name.ends_with(end)))
        .collect();
    no_breach("an event whose name says nothing", &breaches);
}

#[test]
fn no_event_holds_readable_personal_data() {
    let pool = xiaoan_proto::descriptor_pool();
    let mut breaches = Vec::new();
    for name in stated() {
        let event = pool.get_message_by_name(&name).unwrap_or_else(|| panic!("{name} is not in the pool"));
        let mut left = vec![event];
        let mut seen = BTreeSet::new();
        while let Some(message) = left.pop() {
            if !seen.insert(message.full_name().to_owned()) {
                continue;
            }
            if message.full_name() == "xiaoan.core.v1.PersonInput" {
                breaches.push(format!("{name} holds a PersonInput"));
            }
            for field in message.fields() {
                let kind = field.kind();
                if PERSONAL.contains(&field.name()) && kind.as_message().is_none() {
                    breaches.push(format!("{name}: {} is not sealed", field.full_name()));
                }
                left.extend(kind.as_message().cloned());
            }
        }
    }
    no_breach("an event with readable personal data", &breaches);
}

#[test]
fn rankings_books_every_event_of_its_sources_or_says_that_it_books_nothing() {
    use xiaoan_rankings::booking::{books_nothing, event_types};
    use xiaoan_rankings::source::Source;
    let stated = stated();
    let mut known: BTreeSet<&str> = event_types().map(|(_, name)| name).collect();
    for source in Source::ALL {
        known.extend(books_nothing(source));
    }
    let of_a_source = |name: &str| {
        Source::ALL.iter().any(|source| name.starts_with(&format!("xiaoan.{}.v1.", source.name())))
    };
    let mut breaches: Vec<String> = stated
        .iter()
        .filter(|name| of_a_source(name) && !known.contains(name.as_str()))
        .map(|name| {
            format!("{name} would stop the ledger: book it, or list it in services/rankings/src/booking")
        })
        .collect();
    breaches.extend(
        known
            .iter()
            .filter(|name| !stated.contains(**name))
            .map(|name| format!("{name} is no event any more")),
    );
    no_breach("what rankings knows of its sources' events", &breaches);
}

#[test]
fn the_board_reads_every_event_of_closings_notices_interviews_and_listed_cases() {
    const FILES: [&str; 4] = ["closing.proto", "notice.proto", "interview.proto", "supervision.proto"];
    let stated = stated_in(|path| FILES.iter().any(|file| path.ends_with(&format!("hq/v1/{file}"))));
    assert!(stated.len() > 20, "the events were not found");
    let breaches: Vec<String> = stated
        .into_iter()
        .filter(|name| !xiaoan_rankings::accountability::reads(name))
        .map(|name| format!("{name} would stop the board's projection accountability of rankings"))
        .collect();
    no_breach("what rankings knows of hq's events", &breaches);
}
