//! Events are stored for ever: the bytes of every event, with every field set, are fixed in `tests/golden/`. A
//! change here means that old logs would be read differently. There is no switch that rewrites the files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_cases::alert::AlertEvent;
use xiaoan_cases::case::CaseEvent;
use xiaoan_cases::series::SeriesEvent;
use xiaoan_kernel::EventSet;
use xiaoan_proto::cases::v1::*;
use xiaoan_proto::core::v1::{Date, Provenance, Sealed, SealedPerson};

const NO: &str = "A3711020100002026060001";
const UNIT: &str = "371102010000";

fn day(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_780_000_000 + seconds, nanos: 123_456_000 })
}

fn sealed(byte: u8) -> Option<Sealed> {
    Some(Sealed { key_id: "k".into(), nonce: vec![byte; 24], ciphertext: vec![byte; 20], suite: 1 })
}

fn person() -> SealedPerson {
    SealedPerson { person_id: "p".into(), name: sealed(1), phone: sealed(2), id_number: sealed(3) }
}

fn evidence() -> SolveEvidence {
    SolveEvidence { facts_ref: "f".into(), suspect_ref: "s".into(), custody_ref: "c".into() }
}

fn facts() -> CaseFacts {
    CaseFacts {
        org_unit: UNIT.into(),
        category: "050201".into(),
        filed_on: day(7),
        loss_fen: 120_000,
        preventable: true,
        small_case: true,
        solved_on: day(8),
        solve_class: SolveClass::Arrest.into(),
        solve_manner: SolveManner::Brought.into(),
        arrests: vec![DatedCount { on: day(8), count: 2 }],
        recovered: vec![DatedAmount { on: day(9), fen: 60_000 }],
        returned: vec![DatedAmount { on: day(10), fen: 50_000 }],
    }
}

fn case_events() -> Vec<CaseEvent> {
    let case_no = || NO.to_owned();
    let legacy = i32::from(Provenance::LegacyImport);
    vec![
        CaseFiled {
            case_no: case_no(),
            org_unit: UNIT.into(),
            category: "050201".into(),
            occurred_from: at(0),
            reported_at: at(60),
            filed_on: day(7),
            loss_fen: 120_000,
            loss_items: 35,
            loss_description: "卷心菜".into(),
            place: "示例村".into(),
            dwelling: true,
            preventable: true,
            small_case: true,
            discovery: Discovery::Proactive.into(),
            alert_id: "110-1".into(),
            victims: vec![person()],
            provenance: Provenance::Demo.into(),
            ..Default::default()
        }
        .into(),
        CaseInvestigated { case_no: case_no(), lead_officer: "021345".into() }.into(),
        SuspectCaught {
            case_no: case_no(),
            caught_on: day(8),
            count: 2,
            suspects: vec![person()],
            measure: "detained".into(),
            org_unit: UNIT.into(),
            category: "050201".into(),
            provenance: legacy,
        }
        .into(),
        SolveProposed {
            case_no: case_no(),
            solved_at: at(120),
            solve_class: SolveClass::Exceptional.into(),
            evidence: Some(evidence()),
            exceptional: Some(ExceptionalGround {
                code: "A".into(),
                offender_known: true,
                location_known: true,
                outside_reason: "r".into(),
            }),
            manner: SolveManner::Direct.into(),
            proposed_by: "officer-1".into(),
        }
        .into(),
        CaseSolved {
            case_no: case_no(),
            facts: Some(facts()),
            approved_by: "chief-1".into(),
            proposed_by: "officer-1".into(),
            report_to_solve_minutes: 420,
            series_id: "s-1".into(),
            provenance: legacy,
        }
        .into(),
        SolveReturned { case_no: case_no(), reason: "r".into(), returned_by: "chief-1".into() }.into(),
        SolveRevoked { case_no: case_no(), reason: "r".into(), facts: Some(facts()) }.into(),
        PropertyRecovered {
            case_no: case_no(),
            recovered_on: day(9),
            fen: 60_000,
            org_unit: UNIT.into(),
            category: "050201".into(),
            provenance: legacy,
        }
        .into(),
        PropertyReturned {
            case_no: case_no(),
            returned_on: day(10),
            fen: 50_000,
            org_unit: UNIT.into(),
            category: "050201".into(),
        }
        .into(),
        CaseReclassified {
            case_no: case_no(),
            facts: Some(facts()),
            category: "050227".into(),
            reason: "r".into(),
            downgrade: true,
            registrar: "registrar-1".into(),
            small_case: true,
        }
        .into(),
        CaseTransferred {
            case_no: case_no(),
            facts: Some(facts()),
            to_org_unit: "371103010000".into(),
            reason: "r".into(),
        }
        .into(),
        CaseWithdrawn {
            case_no: case_no(),
            ground: WithdrawalGround::NoCrime.into(),
            withdrawn_on: day(11),
            reason: "r".into(),
            facts: Some(facts()),
            leaves_count: true,
            provenance: legacy,
            ..Default::default()
        }
        .into(),
        WithdrawalNoticeServed { case_no: case_no(), at: at(180), org_unit: UNIT.into(), late: true }.into(),
        CaseRefiled {
            case_no: case_no(),
            refiled_on: day(12),
            new_facts: "n".into(),
            facts: Some(facts()),
            returns_to_count: true,
        }
        .into(),
    ]
}

fn alert_events() -> Vec<AlertEvent> {
    vec![
        AlertReceived {
            alert_id: "110-1".into(),
            org_unit: UNIT.into(),
            received_at: at(0),
            kind: "theft".into(),
            place: "示例村".into(),
            caller: Some(person()),
            provenance: Provenance::Recorded.into(),
            ..Default::default()
        }
        .into(),
        AlertDisposed {
            alert_id: "110-1".into(),
            disposition: AlertDisposition::FiledAsCase.into(),
            case_no: NO.into(),
            org_unit: UNIT.into(),
            received_on: day(7),
            ..Default::default()
        }
        .into(),
        AlertMarkedDuplicate {
            alert_id: "110-2".into(),
            duplicate_of: "110-1".into(),
            org_unit: UNIT.into(),
            received_on: day(7),
            kind: "theft".into(),
        }
        .into(),
    ]
}

fn series_events() -> Vec<SeriesEvent> {
    let series_id = || "s-1".to_owned();
    vec![
        SeriesOpened {
            series_id: series_id(),
            org_unit: UNIT.into(),
            title: "t".into(),
            case_nos: vec![NO.into()],
        }
        .into(),
        CaseLinked { series_id: series_id(), case_no: NO.into() }.into(),
        CaseUnlinked { series_id: series_id(), case_no: NO.into(), reason: "r".into() }.into(),
        BroughtSolvesProposed {
            series_id: series_id(),
            lead_case_no: NO.into(),
            case_nos: vec![NO.into()],
            solved_at: at(0),
            evidence: Some(evidence()),
            proposed_by: "officer-1".into(),
        }
        .into(),
        BroughtSolvesApproved {
            series_id: series_id(),
            lead_case_no: NO.into(),
            case_nos: vec![NO.into()],
            approved_by: "chief-1".into(),
        }
        .into(),
        BroughtSolvesReturned { series_id: series_id(), reason: "r".into(), returned_by: "chief-1".into() }
            .into(),
    ]
}

/// A new event does not compile until it is here, which is where somebody remembers to give it a golden file.
fn known(case: &CaseEvent, alert: &AlertEvent, series: &SeriesEvent) -> usize {
    match case {
        CaseEvent::Filed(_)
        | CaseEvent::Investigated(_)
        | CaseEvent::SuspectCaught(_)
        | CaseEvent::SolveProposed(_)
        | CaseEvent::Solved(_)
        | CaseEvent::SolveReturned(_)
        | CaseEvent::SolveRevoked(_)
        | CaseEvent::PropertyRecovered(_)
        | CaseEvent::PropertyReturned(_)
        | CaseEvent::Reclassified(_)
        | CaseEvent::Transferred(_)
        | CaseEvent::Withdrawn(_)
        | CaseEvent::WithdrawalNoticed(_)
        | CaseEvent::Refiled(_) => {}
    }
    match alert {
        AlertEvent::Received(_)
        | AlertEvent::Disposed(_)
        | AlertEvent::MarkedDuplicate(_)
        | AlertEvent::Dispatched(_)
        | AlertEvent::Acknowledged(_)
        | AlertEvent::SetOut(_)
        | AlertEvent::Arrived(_)
        | AlertEvent::Resolved(_)
        | AlertEvent::Registered(_)
        | AlertEvent::Overridden(_)
        | AlertEvent::Audited(_) => {}
    }
    match series {
        SeriesEvent::Opened(_)
        | SeriesEvent::Linked(_)
        | SeriesEvent::Unlinked(_)
        | SeriesEvent::BroughtProposed(_)
        | SeriesEvent::BroughtApproved(_)
        | SeriesEvent::BroughtReturned(_) => {}
    }
    14 + 3 + 6
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

fn check<E: EventSet>(events: &[E], seen: &mut BTreeSet<String>) {
    for event in events {
        let name = event.type_name();
        let bytes = hex::encode(event.encode());
        let file = folder().join(format!("{name}.hex"));
        let golden = std::fs::read_to_string(&file)
            .unwrap_or_else(|_| panic!("a new event needs its golden file {}:\n{bytes}", file.display()));
        assert_eq!(bytes, golden.trim(), "the stored form of {name} has changed");
        let decoded = E::decode(&name, &hex::decode(golden.trim()).expect("hex")).expect("readable");
        assert_eq!(&decoded, event);
        seen.insert(name);
    }
}

#[test]
fn the_stored_form_of_every_event_never_changes() {
    let (cases, alerts, series) = (case_events(), alert_events(), series_events());
    let mut seen = BTreeSet::new();
    check(&cases, &mut seen);
    check(&alerts, &mut seen);
    check(&series, &mut seen);
    assert_eq!(seen.len(), known(&cases[0], &alerts[0], &series[0]));
    for file in std::fs::read_dir(folder()).expect("folder") {
        let file = file.expect("a file").file_name().into_string().expect("a name");
        let name = file.strip_suffix(".hex").expect("a golden file");
        let there = xiaoan_proto::descriptor_pool().get_message_by_name(name).is_some();
        assert!(there, "{name}: a golden file without an event; old logs hold it still");
    }
}
