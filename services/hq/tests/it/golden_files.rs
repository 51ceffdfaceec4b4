//! Golden events (`xiaoan_testkit::golden`), in `tests/golden/`. The first events of hq have their form in `golden.rs`.

use std::path::Path;
use xiaoan_hq::bulletin::BulletinEvent;
use xiaoan_hq::closing::ClosingEvent;
use xiaoan_hq::interview::InterviewEvent;
use xiaoan_hq::notice::NoticeEvent;
use xiaoan_hq::register::commendation::CommendationEvent;
use xiaoan_hq::register::inspection::InspectionEvent;
use xiaoan_hq::register::reference::ReferenceEvent;
use xiaoan_hq::register::supervision::ListedCaseEvent;
use xiaoan_hq::register::survey::SurveyEvent;
use xiaoan_testkit::golden::{Again, again, events_of, unchanged};

/// Protos whose events are in `golden.rs`.
const IN_GOLDEN_RS: [&str; 3] = ["org.proto", "campaign.proto", "scheme.proto"];

/// One line for each aggregate.
const AGGREGATES: &[Again] = &[
    again::<CommendationEvent>,
    again::<ListedCaseEvent>,
    again::<ReferenceEvent>,
    again::<SurveyEvent>,
    again::<InspectionEvent>,
    again::<BulletinEvent>,
    again::<ClosingEvent>,
    again::<NoticeEvent>,
    again::<InterviewEvent>,
];

#[test]
fn the_stored_form_of_every_event_with_a_golden_file_never_changes() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let events = events_of("xiaoan.hq.v1", |file| !IN_GOLDEN_RS.contains(&file));
    unchanged(folder, &events, AGGREGATES);
    let files = std::fs::read_dir(folder).expect("folder").count();
    assert_eq!(files, events.len(), "a golden file without an event: old logs hold it still");
}
