//! Events are stored for ever: the bytes of every event, with every field set, are fixed in `tests/golden/`. A
//! change here means that old logs would be read differently. There is no switch that rewrites the files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_kernel::EventSet;
use xiaoan_port::accident::AccidentEvent;
use xiaoan_port::freight::FreightEvent;
use xiaoan_port::guard::GuardEvent;
use xiaoan_port::incident::IncidentEvent;
use xiaoan_port::intake::IntakeEvent;
use xiaoan_proto::core::v1::{Date, Provenance, Sealed, SealedPerson};
use xiaoan_proto::port::v1::*;

const UNIT: &str = "371190010000";

fn day(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_780_000_000 + seconds, nanos: 123_456_000 })
}

fn sealed(byte: u8) -> Option<Sealed> {
    Some(Sealed { key_id: "k".into(), nonce: vec![byte; 24], ciphertext: vec![byte; 20], suite: 1 })
}

fn person() -> Option<SealedPerson> {
    Some(SealedPerson { person_id: "p".into(), name: sealed(1), phone: sealed(2), id_number: sealed(3) })
}

fn incident_events() -> Vec<IncidentEvent> {
    let incident_id = || "i-1".to_owned();
    let org_unit = || UNIT.to_owned();
    let provenance = i32::from(Provenance::LegacyImport);
    let kind = i32::from(IncidentKind::Hazmat);
    vec![
        IncidentReported {
            incident_id: incident_id(),
            org_unit: org_unit(),
            kind,
            reported_at: at(0),
            reported_on: day(7),
            place: "示例2号门".into(),
            description: "d".into(),
            reporter: person(),
            system_id: "port-1".into(),
            system_sequence: 7,
            provenance,
        }
        .into(),
        IncidentClassified {
            incident_id: incident_id(),
            kind,
            previous_kind: IncidentKind::Fire.into(),
            org_unit: org_unit(),
            reported_on: day(7),
        }
        .into(),
        IncidentDispatched {
            incident_id: incident_id(),
            crews: vec!["patrol-1".into(), "patrol-2".into()],
            dispatched_at: at(60),
            org_unit: org_unit(),
        }
        .into(),
        CrewArrived {
            incident_id: incident_id(),
            crew: "patrol-1".into(),
            arrived_at: at(120),
            report_to_arrival_minutes: 2,
            org_unit: org_unit(),
        }
        .into(),
        IncidentControlled { incident_id: incident_id(), controlled_at: at(180), org_unit: org_unit() }
            .into(),
        IncidentRestored {
            incident_id: incident_id(),
            restored_at: at(240),
            hindered_minutes: 4,
            org_unit: org_unit(),
            provenance,
        }
        .into(),
        IncidentReferred {
            incident_id: incident_id(),
            to: Authority::Msa.into(),
            receipt_no: "海-1".into(),
            referred_at: at(240),
            org_unit: org_unit(),
            provenance,
        }
        .into(),
        IncidentClosed {
            incident_id: incident_id(),
            closed_at: at(300),
            closed_on: day(8),
            org_unit: org_unit(),
            kind,
            report_to_close_minutes: 5,
            released_crews: vec!["patrol-1".into()],
            referred_to: Authority::Fire.into(),
            provenance,
        }
        .into(),
        IncidentWithdrawn {
            incident_id: incident_id(),
            reason: "r".into(),
            duplicate_of: "i-0".into(),
            org_unit: org_unit(),
            kind,
            reported_on: day(7),
            closed_on: day(8),
            released_crews: vec!["patrol-1".into()],
        }
        .into(),
    ]
}

fn facts() -> Option<AccidentFacts> {
    Some(AccidentFacts {
        harm: Harm::SlightInjury.into(),
        items: vec![BarredItem::DrinkOrDrug.into(), BarredItem::Deliberate.into()],
        facility_damaged: true,
        hazmat_vehicle: true,
        mark_missing: true,
        crime_suspected: true,
    })
}

fn shares() -> Vec<Share> {
    vec![
        Share { party_id: "A".into(), liability: Liability::Main.into() },
        Share { party_id: "B".into(), liability: Liability::Secondary.into() },
    ]
}

fn accident_events() -> Vec<AccidentEvent> {
    let accident_id = || "acc-1".to_owned();
    let org_unit = || UNIT.to_owned();
    vec![
        AccidentReported {
            accident_id: accident_id(),
            org_unit: org_unit(),
            occurred_at: at(0),
            occurred_on: day(7),
            place: "示例堆场".into(),
            incident_id: "i-1".into(),
            parties: vec![ReportedParty {
                party_id: "A".into(),
                vehicle: "truck".into(),
                person: person(),
                consent: Consent::Given.into(),
            }],
            facts: facts(),
            provenance: Provenance::Demo.into(),
        }
        .into(),
        AccidentTrackDecided {
            accident_id: accident_id(),
            decision: Some(TrackDecision {
                track: Track::Simple.into(),
                reasons: vec![TrackReason {
                    ground: TrackGround::Facility.into(),
                    barred: Track::SelfNegotiation.into(),
                    basis: "b".into(),
                }],
                officers_needed: 1,
                scene_duty: SceneDuty::PhotographMoveCall.into(),
            }),
            org_unit: org_unit(),
        }
        .into(),
        AccidentFactsAmended {
            accident_id: accident_id(),
            facts: facts(),
            consents: vec![PartyConsent { party_id: "B".into(), consent: Consent::Refused.into() }],
        }
        .into(),
        OfficerRequested { accident_id: accident_id(), party_id: "B".into() }.into(),
        AccidentOfficersAssigned { accident_id: accident_id(), officers: vec!["p-1".into(), "p-2".into()] }
            .into(),
        EvidenceFixed {
            accident_id: accident_id(),
            photos: vec![Photo { reference: "f".into(), sha256: "ab".repeat(32), taken_at: at(60) }],
            positions: vec![Position { party_id: "A".into(), latitude: 35.5, longitude: 119.5 }],
            fixed_at: at(120),
        }
        .into(),
        SceneCleared { accident_id: accident_id(), cleared_at: at(180), minutes: 3, org_unit: org_unit() }
            .into(),
        SettlementSigned {
            accident_id: accident_id(),
            org_unit: org_unit(),
            signed_on: day(7),
            guard_id: "guard-1".into(),
            shares: shares(),
            terms: "t".into(),
            amount_fen: 80_000,
            signatures: vec![Signature { party_id: "A".into(), signed_at: at(240) }],
        }
        .into(),
        CertificateIssued {
            accident_id: accident_id(),
            certificate_no: "c-1".into(),
            shares: shares(),
            cause: "c".into(),
            issued_by: "officer-1".into(),
            track: Track::Ordinary.into(),
            org_unit: org_unit(),
        }
        .into(),
        AccidentClosed {
            accident_id: accident_id(),
            org_unit: org_unit(),
            track: Track::SelfNegotiation.into(),
        }
        .into(),
    ]
}

fn guard_events() -> Vec<GuardEvent> {
    let guard_id = || "guard-1".to_owned();
    let org_unit = || UNIT.to_owned();
    vec![
        GuardRegistered {
            guard_id: guard_id(),
            org_unit: org_unit(),
            person: person(),
            account: "guard-account".into(),
            employer: "e".into(),
            provenance: Provenance::Demo.into(),
        }
        .into(),
        GuardTrained {
            guard_id: guard_id(),
            course: "c".into(),
            trained_on: day(1),
            hours: 16,
            org_unit: org_unit(),
        }
        .into(),
        GuardTested {
            guard_id: guard_id(),
            tested_on: day(2),
            points: 90,
            passed: true,
            org_unit: org_unit(),
        }
        .into(),
        GuardAuthorised {
            guard_id: guard_id(),
            org_unit: org_unit(),
            authorised_on: day(3),
            from: day(4),
            to: day(30),
            document: "d".into(),
            authorised_by: "chief-1".into(),
            renewal: true,
        }
        .into(),
        GuardAuthorityEnded {
            guard_id: guard_id(),
            org_unit: org_unit(),
            ended_on: day(20),
            reason: "r".into(),
            authorised_on: day(3),
        }
        .into(),
    ]
}

fn freight_events() -> Vec<FreightEvent> {
    vec![
        FreightTrafficDirected {
            record_id: "r-1".into(),
            org_unit: UNIT.into(),
            vehicles: 2000,
            from: at(0),
            to: at(3600),
            directed_on: day(7),
            place: "p".into(),
            system_id: "port-1".into(),
            system_sequence: 8,
            provenance: Provenance::Demo.into(),
        }
        .into(),
        FreightTrafficCorrected {
            record_id: "r-1".into(),
            org_unit: UNIT.into(),
            previous_vehicles: 2000,
            vehicles: 1900,
            directed_on: day(7),
            reason: "r".into(),
        }
        .into(),
    ]
}

fn intake_events() -> Vec<IntakeEvent> {
    let refused = RefusedSystemRecord {
        sequence: 6,
        record_id: "R-6".into(),
        codes: vec!["GE-006".into(), "CB-001".into()],
    };
    vec![
        SystemRecordsTaken {
            system_id: "port-1".into(),
            first_sequence: 5,
            last_sequence: 7,
            refused: vec![refused],
            org_unit: UNIT.into(),
        }
        .into(),
    ]
}

/// A new event does not compile until it is here, which is where somebody remembers to give it a golden file.
fn known(
    incident: &IncidentEvent,
    accident: &AccidentEvent,
    guard: &GuardEvent,
    freight: &FreightEvent,
    intake: &IntakeEvent,
) -> usize {
    match incident {
        IncidentEvent::Reported(_)
        | IncidentEvent::Classified(_)
        | IncidentEvent::Dispatched(_)
        | IncidentEvent::Arrived(_)
        | IncidentEvent::Controlled(_)
        | IncidentEvent::Restored(_)
        | IncidentEvent::Referred(_)
        | IncidentEvent::Closed(_)
        | IncidentEvent::Withdrawn(_) => {}
    }
    match accident {
        AccidentEvent::Reported(_)
        | AccidentEvent::TrackDecided(_)
        | AccidentEvent::FactsAmended(_)
        | AccidentEvent::OfficerRequested(_)
        | AccidentEvent::OfficersAssigned(_)
        | AccidentEvent::EvidenceFixed(_)
        | AccidentEvent::SceneCleared(_)
        | AccidentEvent::SettlementSigned(_)
        | AccidentEvent::CertificateIssued(_)
        | AccidentEvent::Closed(_) => {}
    }
    match guard {
        GuardEvent::Registered(_)
        | GuardEvent::Trained(_)
        | GuardEvent::Tested(_)
        | GuardEvent::Authorised(_)
        | GuardEvent::AuthorityEnded(_) => {}
    }
    match freight {
        FreightEvent::Directed(_) | FreightEvent::Corrected(_) => {}
    }
    match intake {
        IntakeEvent::Taken(_) => {}
    }
    9 + 10 + 5 + 2 + 1
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
    let (incidents, accidents, guards) = (incident_events(), accident_events(), guard_events());
    let (freight, intakes) = (freight_events(), intake_events());
    let mut seen = BTreeSet::new();
    check(&incidents, &mut seen);
    check(&accidents, &mut seen);
    check(&guards, &mut seen);
    check(&freight, &mut seen);
    check(&intakes, &mut seen);
    let wanted = known(&incidents[0], &accidents[0], &guards[0], &freight[0], &intakes[0]);
    assert_eq!(seen.len(), wanted);
    let files = std::fs::read_dir(folder()).expect("folder").count();
    assert_eq!(files, seen.len(), "a golden file without an event: old logs hold it still");
}
