//! The bytes of every stored event are frozen: each, with every field set, has a file in `tests/golden/`. A change here
//! means that old logs would be read differently. There is no switch that rewrites the files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_kernel::EventSet;
use xiaoan_proto::core::v1::{Date, Provenance, Sealed, SealedPerson};
use xiaoan_proto::volunteers::v1::*;
use xiaoan_volunteers::duty_point::DutyPointEvent;
use xiaoan_volunteers::patrol::PatrolEvent;
use xiaoan_volunteers::patrol_rule::PatrolRuleEvent;
use xiaoan_volunteers::squadron::SquadronEvent;
use xiaoan_volunteers::volunteer::VolunteerEvent;

const UNIT: &str = "371121010000";

fn day(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_780_000_000 + seconds, nanos: 123_456_000 })
}

fn sealed(byte: u8) -> Option<Sealed> {
    Some(Sealed { key_id: "k".into(), nonce: vec![byte; 24], ciphertext: vec![byte; 20], suite: 1 })
}

fn squadron() -> Option<SquadronRef> {
    let kind = SquadronKind::PoliceGuard.into();
    Some(SquadronRef { squadron_id: "s-1".into(), name_zh: "示例中队".into(), kind })
}

fn duty_point() -> Option<DutyPointRef> {
    let kind = DutyPointKind::Enterprise.into();
    Some(DutyPointRef { duty_point_id: "d-1".into(), name_zh: "示例点".into(), kind })
}

fn slot() -> CompositionSlot {
    CompositionSlot {
        role: "officer".into(),
        name_zh: "民警".into(),
        name_en: "officers".into(),
        min: 1,
        max: 2,
    }
}

fn rule() -> Option<PatrolRule> {
    Some(PatrolRule {
        rule_id: "standard".into(),
        version: 3,
        title_zh: "编组".into(),
        title_en: "Composition".into(),
        slots: vec![slot()],
        min_rest_minutes: 480,
        early_minutes: 30,
        overrun_minutes: 60,
        allowed_tasks: vec!["night-patrol".into()],
        effective_on: day(1),
        basis: "示例文件1号".into(),
    })
}

fn results(count: i32) -> Vec<PatrolResult> {
    vec![PatrolResult { kind: PatrolResultKind::FugitivesCaught.into(), count }]
}

fn people() -> Vec<VolunteerEvent> {
    let id = || "zz-1".to_owned();
    let org_unit = || UNIT.to_owned();
    let reason = || "r".to_owned();
    vec![
        ApplicationReceived {
            volunteer_id: id(),
            org_unit: org_unit(),
            received_on: day(1),
            person: Some(SealedPerson {
                person_id: "p".into(),
                name: sealed(1),
                phone: sealed(2),
                id_number: sealed(3),
            }),
            birth_date: sealed(4),
            adult_from: day(2),
            background: VolunteerBackground::SanitationWorker.into(),
            provenance: Provenance::Demo.into(),
        }
        .into(),
        VettingRecorded {
            volunteer_id: id(),
            org_unit: org_unit(),
            result: VettingResult::Passed.into(),
            vetted_on: day(2),
            expires_on: day(30),
            recorded_by: "officer-1".into(),
        }
        .into(),
        RejectionAppealed { volunteer_id: id(), org_unit: org_unit(), grounds: "g".into() }.into(),
        AppealDecided {
            volunteer_id: id(),
            org_unit: org_unit(),
            granted: true,
            reason: reason(),
            decided_by: "chief-1".into(),
        }
        .into(),
        VolunteerEnrolled {
            volunteer_id: id(),
            org_unit: org_unit(),
            volunteer_no: "V3711210100000001".into(),
            squadron: squadron(),
            enrolled_on: day(3),
            provenance: Provenance::LegacyImport.into(),
        }
        .into(),
        SquadronAssigned {
            volunteer_id: id(),
            org_unit: org_unit(),
            squadron: squadron(),
            from_squadron: squadron(),
        }
        .into(),
        CourseCompleted {
            volunteer_id: id(),
            org_unit: org_unit(),
            course: Some(Course { course: "law".into(), completed_on: day(4) }),
        }
        .into(),
        InsuranceRecorded {
            volunteer_id: id(),
            org_unit: org_unit(),
            insurance: Some(Insurance { from: day(1), to: day(30), policy_ref: "p-1".into() }),
        }
        .into(),
        VolunteerActivated { volunteer_id: id(), org_unit: org_unit(), active_on: day(5) }.into(),
        VolunteerSuspended { volunteer_id: id(), org_unit: org_unit(), reason: reason() }.into(),
        VolunteerReinstated { volunteer_id: id(), org_unit: org_unit(), reason: reason() }.into(),
        VolunteerRetired { volunteer_id: id(), org_unit: org_unit(), reason: reason() }.into(),
        VolunteerExpelled { volunteer_id: id(), org_unit: org_unit(), reason: reason() }.into(),
        ShiftBegun { volunteer_id: id(), org_unit: org_unit(), patrol_id: "p-1".into(), begun_at: at(0) }
            .into(),
        ShiftEnded {
            volunteer_id: id(),
            org_unit: org_unit(),
            patrol_id: "p-1".into(),
            begun_at: at(0),
            ended_at: at(7200),
            minutes: 120,
        }
        .into(),
        HoursApproved {
            volunteer_id: id(),
            org_unit: org_unit(),
            patrol_id: "p-1".into(),
            minutes: 110,
            served_on: day(20),
            approved_by: "officer-1".into(),
        }
        .into(),
        HoursCertificateIssued {
            volunteer_id: id(),
            org_unit: org_unit(),
            certificate_no: "c-1".into(),
            from: day(1),
            to: day(30),
            minutes: 110,
        }
        .into(),
    ]
}

fn squadrons() -> Vec<SquadronEvent> {
    vec![
        SquadronFormed {
            squadron_id: "s-1".into(),
            org_unit: UNIT.into(),
            kind: SquadronKind::Village.into(),
            name_zh: "示例中队".into(),
            name_en: "Demo".into(),
            formed_on: day(1),
            provenance: Provenance::Recorded.into(),
        }
        .into(),
        SquadronDisbanded {
            squadron_id: "s-1".into(),
            org_unit: UNIT.into(),
            kind: SquadronKind::Village.into(),
            disbanded_on: day(2),
            reason: "r".into(),
        }
        .into(),
    ]
}

fn duty_points() -> Vec<DutyPointEvent> {
    vec![
        DutyPointOpened {
            duty_point_id: "d-1".into(),
            org_unit: UNIT.into(),
            kind: DutyPointKind::Town.into(),
            name_zh: "示例点".into(),
            name_en: "Demo".into(),
            opened_on: day(1),
            provenance: Provenance::Recorded.into(),
        }
        .into(),
        DutyPointClosed {
            duty_point_id: "d-1".into(),
            org_unit: UNIT.into(),
            kind: DutyPointKind::Town.into(),
            closed_on: day(2),
            reason: "r".into(),
        }
        .into(),
    ]
}

fn patrols() -> Vec<PatrolEvent> {
    let patrol_id = || "p-1".to_owned();
    vec![
        PatrolPlanned {
            patrol_id: patrol_id(),
            org_unit: UNIT.into(),
            squadron: squadron(),
            duty_point: duty_point(),
            route: "示例村环线".into(),
            officer_in_charge: "021345".into(),
            planned_from: at(0),
            planned_to: at(7200),
            task: "night-patrol".into(),
            rule: rule(),
            provenance: Provenance::Demo.into(),
        }
        .into(),
        PatrolExtended { patrol_id: patrol_id(), planned_to: at(9000), reason: "r".into() }.into(),
        PatrolCancelled { patrol_id: patrol_id(), reason: "r".into() }.into(),
        PatrolMustered { patrol_id: patrol_id(), crew: vec![CrewCount { role: "officer".into(), count: 1 }] }
            .into(),
        VolunteerCheckedIn { patrol_id: patrol_id(), volunteer_id: "zz-1".into(), at: at(0) }.into(),
        VolunteerCheckedOut {
            patrol_id: patrol_id(),
            volunteer_id: "zz-1".into(),
            at: at(7200),
            minutes: 120,
            released: true,
        }
        .into(),
        PatrolEnded {
            patrol_id: patrol_id(),
            org_unit: UNIT.into(),
            ended_on: day(20),
            squadron: squadron(),
            duty_point: duty_point(),
            ended_at: at(7200),
            volunteers: 1,
            minutes: 120,
            results: results(1),
            log: "l".into(),
            composition: vec![SlotPresence { slot: Some(slot()), present: 1 }],
            deviated: true,
            deviation_reason: "r".into(),
            provenance: Provenance::Demo.into(),
        }
        .into(),
        PatrolResultsCorrected {
            patrol_id: patrol_id(),
            org_unit: UNIT.into(),
            ended_on: day(20),
            squadron: squadron(),
            before: results(1),
            after: results(2),
            reason: "r".into(),
            corrected_by: "officer-1".into(),
        }
        .into(),
    ]
}

/// A new event does not compile until it is here, which is where somebody remembers to give it a golden file.
fn known(volunteer: &VolunteerEvent, patrol: &PatrolEvent) -> usize {
    match volunteer {
        VolunteerEvent::ApplicationReceived(_)
        | VolunteerEvent::VettingRecorded(_)
        | VolunteerEvent::RejectionAppealed(_)
        | VolunteerEvent::AppealDecided(_)
        | VolunteerEvent::Enrolled(_)
        | VolunteerEvent::SquadronAssigned(_)
        | VolunteerEvent::CourseCompleted(_)
        | VolunteerEvent::InsuranceRecorded(_)
        | VolunteerEvent::Activated(_)
        | VolunteerEvent::Suspended(_)
        | VolunteerEvent::Reinstated(_)
        | VolunteerEvent::Retired(_)
        | VolunteerEvent::Expelled(_)
        | VolunteerEvent::ShiftBegun(_)
        | VolunteerEvent::ShiftEnded(_)
        | VolunteerEvent::HoursApproved(_)
        | VolunteerEvent::CertificateIssued(_) => {}
    }
    match patrol {
        PatrolEvent::Planned(_)
        | PatrolEvent::Extended(_)
        | PatrolEvent::Cancelled(_)
        | PatrolEvent::Mustered(_)
        | PatrolEvent::CheckedIn(_)
        | PatrolEvent::CheckedOut(_)
        | PatrolEvent::Ended(_)
        | PatrolEvent::ResultsCorrected(_) => {}
    }
    17 + 8 + 2 + 2 + 1
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
    let (people, patrols) = (people(), patrols());
    let mut seen = BTreeSet::new();
    check(&people, &mut seen);
    check(&squadrons(), &mut seen);
    check(&duty_points(), &mut seen);
    check(&patrols, &mut seen);
    check(&[PatrolRuleEvent::from(PatrolRulePublished { rule: rule() })], &mut seen);
    assert_eq!(seen.len(), known(&people[0], &patrols[0]));
    let files = std::fs::read_dir(folder()).expect("folder").count();
    assert_eq!(files, seen.len(), "a golden file without an event: old logs hold it still");
}
