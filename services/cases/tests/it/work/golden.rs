//! Golden events of the work on cases (`xiaoan_testkit::golden`), in `tests/golden-work/`.

use std::path::Path;
use xiaoan_cases::work::{
    CleanupEvent, DenEvent, ExhibitEvent, LookupEvent, MajorCaseEvent, ReverseReviewEvent, TaskForceEvent,
};
use xiaoan_testkit::golden::{Again, again, events_of, unchanged};

/// Files of the language that say the work on cases.
const PROTOS: [&str; 7] = [
    "task_force.proto",
    "cleanup.proto",
    "reverse_review.proto",
    "major_case.proto",
    "den.proto",
    "exhibit.proto",
    "lookup.proto",
];

/// One line for each aggregate.
const AGGREGATES: &[Again] = &[
    again::<TaskForceEvent>,
    again::<CleanupEvent>,
    again::<ReverseReviewEvent>,
    again::<MajorCaseEvent>,
    again::<DenEvent>,
    again::<ExhibitEvent>,
    again::<LookupEvent>,
];

#[test]
fn the_stored_form_of_every_event_never_changes() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden-work"));
    let events = events_of("xiaoan.cases.v1", |file| PROTOS.contains(&file));
    assert_eq!(events.len(), 42, "a new event needs its golden file and its arm in an aggregate");
    unchanged(folder, &events, AGGREGATES);
    let files = std::fs::read_dir(folder).expect("folder").count();
    assert_eq!(files, events.len(), "a golden file without an event: old logs hold it still");
}
