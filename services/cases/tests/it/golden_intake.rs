//! Golden events of intake (`xiaoan_testkit::golden`): alerts under way, reports, audits, breaches. Their files are in
//! `tests/golden/` beside those of `golden.rs`.

use std::path::Path;
use xiaoan_cases::alert::AlertEvent;
use xiaoan_cases::audit::AuditEvent;
use xiaoan_cases::deadline::DeadlineEvent;
use xiaoan_cases::report::ReportEvent;
use xiaoan_testkit::golden::{again, events_of, unchanged};

/// Events of alerts that have a hand-made golden form in `golden.rs`.
const BY_HAND: [&str; 3] = [
    "xiaoan.cases.v1.AlertReceived",
    "xiaoan.cases.v1.AlertDisposed",
    "xiaoan.cases.v1.AlertMarkedDuplicate",
];
/// Files of the language whose events are checked here.
const PROTOS: [&str; 5] =
    ["alert.proto", "report_commands.proto", "report_later.proto", "audit.proto", "deadline.proto"];

#[test]
fn the_stored_form_of_every_event_of_intake_never_changes() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let mut events = events_of("xiaoan.cases.v1", |file| PROTOS.contains(&file));
    events.retain(|name| !BY_HAND.contains(&name.as_str()));
    assert_eq!(events.len(), 35, "a new event needs its golden file and its arm in an aggregate");
    let all = [again::<AlertEvent>, again::<ReportEvent>, again::<AuditEvent>, again::<DeadlineEvent>];
    unchanged(folder, &events, &all);
}
