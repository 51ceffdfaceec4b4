use super::*;
use crate::incident::story::{
    Desk, INCIDENT, STATION, arrived, classified, controlled, dispatched, minutes, on_scene, report_request,
    reported_as, restored,
};
use crate::incident::{IncidentEvent, LegacyIncident, Sender};
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_kernel::{Aggregate, OrgCode};
use xiaoan_proto::port::v1::{ClassifyIncidentRequest, ReportIncidentRequest};

fn closed(kind: IncidentKind, referred_to: Authority, after: i64, crews: &[&str]) -> IncidentEvent {
    IncidentClosed {
        incident_id: INCIDENT.into(),
        closed_at: minutes(after),
        closed_on: Some(date!(2026 - 06 - 07).into()),
        org_unit: STATION.into(),
        kind: kind.into(),
        report_to_close_minutes: after,
        released_crews: crews.iter().map(|c| (*c).to_owned()).collect(),
        referred_to: referred_to.into(),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

fn close_at(after: i64) -> CloseIncidentRequest {
    CloseIncidentRequest { closed_at: minutes(after), ..Default::default() }
}

#[test]
fn an_incident_counts_on_the_citys_day_of_its_report_and_says_which_system_sent_it() {
    let desk = Desk::default();
    let at = desk.moment("duty-1");
    let midnight = ReportIncidentRequest {
        reported_at: Some(xiaoan_proto::timestamp(datetime!(2026-06-06 16:30 UTC))),
        ..report_request()
    };
    let sender = Sender { system_id: "port-1", sequence: 7 };
    let facts = given::<Incident>([])
        .when(|i| i.decide_report(&midnight, INCIDENT, None, Some(sender), &at))
        .then_facts();
    assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 07));
    let IncidentEvent::Reported(reported) = &facts[0].event else { panic!("a report") };
    assert_eq!((reported.system_id.as_str(), reported.system_sequence), ("port-1", 7));
}

#[test]
fn a_report_is_refused_with_everything_that_is_wrong_and_taken_only_once() {
    let desk = Desk::default();
    let at = desk.moment("duty-1");
    let bad = ReportIncidentRequest {
        org_unit: "999999999999".into(),
        kind: 0,
        reported_at: Some(xiaoan_proto::timestamp(datetime!(2031-01-01 0:00 UTC))),
        ..report_request()
    };
    given::<Incident>([])
        .when(|i| i.decide_report(&bad, INCIDENT, None, None, &at))
        .then_refused(&["CB-003", "CB-001", "GE-006"]);
    given::<Incident>([reported_as(IncidentKind::Congestion)])
        .when(|i| i.decide_report(&report_request(), INCIDENT, None, None, &at))
        .then_refused(&["INCIDENT-EXISTS"]);
}

#[test]
fn ids_of_the_form_of_a_systems_records_are_left_to_systems() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let like_a_system = ReportIncidentRequest { incident_id: "port-1--R-7".into(), ..report_request() };
    given::<Incident>([])
        .when(|i| i.decide_report(&like_a_system, "port-1--R-7", None, None, &at))
        .then_refused(&["GE-006"]);
    let sender = Some(Sender { system_id: "port-1", sequence: 7 });
    assert!(Incident::default().decide_report(&like_a_system, "port-1--R-7", None, sender, &at).is_ok());
}

#[test]
fn a_kind_that_turns_out_otherwise_says_what_it_was_counted_under() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let as_fire = ClassifyIncidentRequest { kind: IncidentKind::Fire.into(), ..Default::default() };
    let state = given::<Incident>([reported_as(IncidentKind::Congestion)])
        .when(|i| i.decide_classify(&as_fire, &at))
        .then([classified(IncidentKind::Fire, IncidentKind::Congestion)]);
    assert_eq!((state.seen().state(), state.seen().kind()), (IncidentState::Classified, IncidentKind::Fire));
    // the same again says nothing
    assert!(state.decide_classify(&as_fire, &at).is_err());
    // later it only moves the kind
    let state = given::<Incident>(on_scene(IncidentKind::Congestion))
        .when(|i| i.decide_classify(&as_fire, &at))
        .then([classified(IncidentKind::Fire, IncidentKind::Congestion)]);
    assert_eq!(state.seen().state(), IncidentState::OnScene);
}

#[test]
fn a_crew_arrives_only_where_it_was_sent_and_once() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let arrive = |crew: &str| ArriveAtIncidentRequest {
        crew: crew.into(),
        arrived_at: minutes(12),
        ..Default::default()
    };
    given::<Incident>(on_scene(IncidentKind::Congestion))
        .when(|i| i.decide_arrive(&arrive("patrol-2"), &at))
        .then([arrived("patrol-2", 12)]);
    for crew in ["patrol-1", "patrol-9"] {
        given::<Incident>(on_scene(IncidentKind::Congestion))
            .when(|i| i.decide_arrive(&arrive(crew), &at))
            .then_refused(&["INCIDENT-CREW-NOT-SENT"]);
    }
    let early =
        ArriveAtIncidentRequest { crew: "patrol-2".into(), arrived_at: minutes(1), ..Default::default() };
    given::<Incident>(on_scene(IncidentKind::Congestion))
        .when(|i| i.decide_arrive(&early, &at))
        .then_refused(&["PORT-TIME-ORDER"]);
}

#[test]
fn a_crew_is_sent_once_and_nobody_is_sent_before_the_classification() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let send = |crews: &[&str]| DispatchIncidentRequest {
        crews: crews.iter().map(|c| (*c).to_owned()).collect(),
        dispatched_at: minutes(2),
        ..Default::default()
    };
    let kind = IncidentKind::Congestion;
    given::<Incident>([reported_as(kind), classified(kind, kind)])
        .when(|i| i.decide_dispatch(&send(&["patrol-3"]), &at))
        .then([dispatched(&["patrol-3"])]);
    given::<Incident>([reported_as(kind)])
        .when(|i| i.decide_dispatch(&send(&["patrol-3"]), &at))
        .then_refused(&["INCIDENT-STATE"]);
    given::<Incident>(on_scene(kind))
        .when(|i| i.decide_dispatch(&send(&["patrol-2"]), &at))
        .then_refused(&["INCIDENT-CREW-THERE"]);
    for crews in [&[] as &[&str], &["a", "a"], &["no name"]] {
        given::<Incident>([reported_as(kind), classified(kind, kind)])
            .when(|i| i.decide_dispatch(&send(crews), &at))
            .then_refused(&["GE-006"]);
    }
}

#[test]
fn whoever_closes_an_incident_releases_every_crew() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut past = on_scene(IncidentKind::Congestion);
    past.extend([controlled(20), restored(50)]);
    let state = given::<Incident>(past).when(|i| i.decide_close(&close_at(60), &at)).then([closed(
        IncidentKind::Congestion,
        Authority::Unspecified,
        60,
        &["patrol-1", "patrol-2"],
    )]);
    assert!(state.seen().crews.is_empty(), "no crew stays busy with what is over");
}

#[test]
fn an_incident_is_not_closed_before_it_is_restored_or_referred() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut past = on_scene(IncidentKind::Congestion);
    past.push(controlled(20));
    given::<Incident>(past).when(|i| i.decide_close(&close_at(60), &at)).then_refused(&["INCIDENT-STATE"]);
}

#[test]
fn steps_follow_one_another_in_time() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut past = on_scene(IncidentKind::Congestion);
    let control = |after| ControlIncidentRequest { controlled_at: minutes(after), ..Default::default() };
    given::<Incident>(past.clone())
        .when(|i| i.decide_control(&control(9), &at))
        .then_refused(&["PORT-TIME-ORDER"]);
    given::<Incident>(past.clone()).when(|i| i.decide_control(&control(20), &at)).then([controlled(20)]);
    past.push(controlled(20));
    let restore = |after| RestoreIncidentRequest { restored_at: minutes(after), ..Default::default() };
    given::<Incident>(past.clone())
        .when(|i| i.decide_restore(&restore(19), &at))
        .then_refused(&["PORT-TIME-ORDER"]);
    given::<Incident>(past).when(|i| i.decide_restore(&restore(50), &at)).then([restored(50)]);
}

#[test]
fn an_obstructed_channel_is_referred_with_a_receipt_and_never_restored_by_us() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let kind = IncidentKind::Channel;
    let past = vec![reported_as(kind), classified(kind, kind)];
    let restore = RestoreIncidentRequest { restored_at: minutes(50), ..Default::default() };
    given::<Incident>(past.clone())
        .when(|i| i.decide_restore(&restore, &at))
        .then_refused(&["INCIDENT-MUST-BE-REFERRED"]);
    let refer = |receipt_no: &str| ReferIncidentRequest {
        to: Authority::Msa.into(),
        receipt_no: receipt_no.into(),
        referred_at: minutes(5),
        ..Default::default()
    };
    given::<Incident>(past.clone()).when(|i| i.decide_refer(&refer(""), &at)).then_refused(&["GE-006"]);
    let referred: IncidentEvent = IncidentReferred {
        incident_id: INCIDENT.into(),
        to: Authority::Msa.into(),
        receipt_no: "海-17".into(),
        referred_at: minutes(5),
        org_unit: STATION.into(),
        provenance: Provenance::Recorded.into(),
    }
    .into();
    let state = given::<Incident>(past).when(|i| i.decide_refer(&refer("海-17"), &at)).then([referred]);
    given_state(state).when(|i| i.decide_close(&close_at(30), &at)).then([closed(
        kind,
        Authority::Msa,
        30,
        &[],
    )]);
}

fn given_state(state: Incident) -> xiaoan_kernel::given::Given<Incident> {
    xiaoan_kernel::given::Given(state)
}

#[test]
fn a_withdrawn_incident_says_what_it_counted_and_nothing_more_happens_to_it() {
    let desk = Desk::default();
    let (officer, registrar) = (desk.moment("officer-1"), desk.registrar("registrar-1"));
    let withdraw = WithdrawIncidentRequest { reason: "误报".into(), ..Default::default() };
    let mut past = on_scene(IncidentKind::Congestion);
    past.extend([
        controlled(20),
        restored(50),
        closed(IncidentKind::Congestion, Authority::Unspecified, 60, &[]),
    ]);
    given::<Incident>(past.clone())
        .when(|i| i.decide_withdraw(&withdraw, None, &officer))
        .then_refused(&["GE-004"]);
    let withdrawn: IncidentEvent = IncidentWithdrawn {
        incident_id: INCIDENT.into(),
        reason: "误报".into(),
        org_unit: STATION.into(),
        kind: IncidentKind::Congestion.into(),
        reported_on: Some(date!(2026 - 06 - 07).into()),
        closed_on: Some(date!(2026 - 06 - 07).into()),
        ..Default::default()
    }
    .into();
    let state =
        given::<Incident>(past).when(|i| i.decide_withdraw(&withdraw, None, &registrar)).then([withdrawn]);
    given_state(state)
        .when(|i| i.decide_classify(&ClassifyIncidentRequest { kind: 1, ..Default::default() }, &officer))
        .then_refused(&["INCIDENT-WITHDRAWN"]);
}

#[test]
fn a_duplicate_names_an_incident_that_stands() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let of = |id: &str| WithdrawIncidentRequest {
        reason: "重复".into(),
        duplicate_of: id.into(),
        ..Default::default()
    };
    let past = || given::<Incident>([reported_as(IncidentKind::Fire)]);
    past().when(|i| i.decide_withdraw(&of(INCIDENT), None, &at)).then_refused(&["INCIDENT-OWN-DUPLICATE"]);
    past().when(|i| i.decide_withdraw(&of("110-0"), None, &at)).then_refused(&["INCIDENT-ORIGINAL-UNKNOWN"]);
    let original = past().0;
    assert!(past().0.decide_withdraw(&of("110-0"), Some(&original), &at).is_ok());
}

#[test]
fn an_incident_of_an_older_system_is_taken_over_with_its_end_and_its_closing() {
    let legacy = LegacyIncident {
        incident_no: INCIDENT.into(),
        unit: OrgCode::parse(STATION).unwrap(),
        kind: IncidentKind::Channel,
        reported_at: datetime!(2026-06-07 8:00 +8),
        place: String::new(),
        description: String::new(),
        end: Some((datetime!(2026-06-07 8:05 +8), Some((Authority::Msa, "海-17".into())))),
        closed_at: Some(datetime!(2026-06-07 8:30 +8)),
    };
    let facts = given::<Incident>([]).when(|i| i.decide_import(&legacy)).then_facts();
    let mut state = Incident::default();
    for fact in &facts {
        state.apply(&fact.event);
    }
    assert_eq!(facts.len(), 3);
    assert_eq!((state.seen().state(), state.seen().referred_to()), (IncidentState::Closed, Authority::Msa));
    assert_ne!(
        legacy.canonical(),
        LegacyIncident { closed_at: None, ..legacy.clone() }.canonical(),
        "other content is another request"
    );
}
