//! Golden events (`xiaoan_testkit::golden`), in `tests/golden/`.

use std::path::Path;
use xiaoan_antifraud::account::AccountEvent;
use xiaoan_antifraud::member::MemberEvent;
use xiaoan_testkit::golden::{again, events_of, unchanged};

#[test]
fn the_stored_form_of_every_event_never_changes() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let events = events_of("xiaoan.antifraud.v1", |_| true);
    assert_eq!(events.len(), 40, "a new event needs its golden file and its arm in an aggregate");
    unchanged(folder, &events, &[again::<AccountEvent>, again::<MemberEvent>]);
    let files = std::fs::read_dir(folder).expect("folder").count();
    assert_eq!(files, events.len(), "a golden file without an event: old logs hold it still");
}
