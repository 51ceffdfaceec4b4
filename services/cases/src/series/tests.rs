use super::*;
use crate::case::story::{self, Desk};
use time::macros::datetime;
use xiaoan_kernel::EventSet;
use xiaoan_kernel::Reason as _;
use xiaoan_kernel::given::given;
use xiaoan_proto::cases::v1::{ProposeBroughtSolvesRequest, ReturnBroughtSolvesRequest};
use xiaoan_proto::timestamp;

fn no(n: usize) -> String {
    format!("A371102010000202606{n:04}")
}

fn filed(n: usize) -> (String, Case) {
    (no(n), given::<Case>([story::filed_as(&no(n))]).0)
}

/// Case 1 is solved, 2 and 3 are filed.
fn cases() -> Cases {
    let lead = given::<Case>([story::filed_as(&no(1)), story::proposed("a"), story::solved("a", "b")]).0;
    Cases::from([(no(1), lead), filed(2), filed(3)])
}

fn opened() -> SeriesEvent {
    SeriesOpened {
        series_id: "s-1".into(),
        org_unit: story::STATION.into(),
        title: "自行车系列盗窃".into(),
        case_nos: vec![no(1), no(2), no(3)],
    }
    .into()
}

fn propose() -> ProposeBroughtSolvesRequest {
    ProposeBroughtSolvesRequest {
        lead_case_no: no(1),
        case_nos: vec![no(2), no(3)],
        solved_at: Some(timestamp(datetime!(2026-06-08 9:00 +8))),
        evidence: Some(story::evidence()),
        ..Default::default()
    }
}

fn proposed(desk: &Desk) -> Series {
    let mut series = given::<Series>([opened()]).0;
    for fact in series.decide_propose_brought(&propose(), &cases(), &desk.moment("officer-1")).unwrap() {
        series.apply(&fact.event);
    }
    series
}

#[test]
fn a_series_links_two_or_more_cases_that_exist() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let open = |nos: Vec<String>| OpenSeriesRequest {
        org_unit: story::STATION.into(),
        title: "自行车系列盗窃".into(),
        case_nos: nos,
        ..Default::default()
    };
    let decide =
        |series: &Series, request: &OpenSeriesRequest| series.decide_open(request, "s-1", &cases(), &at);
    given::<Series>([]).when(|s| decide(s, &open(vec![no(1), no(2), no(3)]))).then([opened()]);
    for (nos, code) in [
        (vec![no(1)], "GE-006"),
        (vec![no(1), no(1)], "GE-006"),
        (vec![no(1), "x".into()], "GE-006"),
        (vec![no(1), no(9)], "SERIES-CASE-UNKNOWN"),
    ] {
        given::<Series>([]).when(|s| decide(s, &open(nos))).then_refused(&[code]);
    }
    given::<Series>([opened()])
        .when(|s| decide(s, &open(vec![no(1), no(2)])))
        .then_refused(&["SERIES-EXISTS"]);
}

#[test]
fn a_case_is_linked_once_and_taken_out_again() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let link = |n: usize| LinkCaseRequest { case_no: no(n), ..Default::default() };
    let mut there = cases();
    there.extend([filed(4)]);
    let linked = given::<Series>([opened()])
        .when(|s| s.decide_link(&link(4), &there, &at))
        .then([CaseLinked { series_id: "s-1".into(), case_no: no(4) }.into()]);
    assert_eq!(linked.seen().case_nos.len(), 4);
    given::<Series>([opened()])
        .when(|s| s.decide_link(&link(2), &there, &at))
        .then_refused(&["SERIES-CASE-LINKED"]);
    given::<Series>([opened()])
        .when(|s| s.decide_link(&link(5), &there, &at))
        .then_refused(&["SERIES-CASE-UNKNOWN"]);
    let unlink =
        |n: usize| UnlinkCaseRequest { case_no: no(n), reason: "手法不同".into(), ..Default::default() };
    assert!(linked.decide_unlink(&unlink(4), &at).is_ok());
    assert_eq!(
        linked.decide_unlink(&unlink(9), &at).unwrap_err().remarks()[0].reason.said().code,
        "SERIES-CASE-NOT-LINKED"
    );
    let refused = proposed(&desk).decide_unlink(&unlink(2), &at).unwrap_err();
    assert_eq!(refused.remarks()[0].reason.said().code, "SERIES-CASE-PROPOSED");
}

#[test]
fn a_solve_brings_every_named_case_or_none() {
    let desk = Desk::default();
    let series = proposed(&desk);
    assert_eq!(series.seen().proposed_by, "officer-1");
    let brought = series.decide_approve_brought(&cases(), &desk.moment("chief-1")).unwrap();
    let solved: Vec<_> =
        brought.cases.iter().map(|(no, facts)| (no.clone(), facts[0].event.type_name())).collect();
    assert_eq!(solved, [2, 3].map(|n| (no(n), "xiaoan.cases.v1.CaseSolved".to_owned())));
    assert!(
        matches!(&brought.series[0].event, SeriesEvent::BroughtApproved(e) if e.approved_by == "chief-1")
    );

    // one of them was withdrawn meanwhile: none is solved
    let mut meanwhile = cases();
    if let Some(case) = meanwhile.get_mut(&no(3)) {
        case.apply(&story::withdrawn_as_trivial());
    }
    let refused = series.decide_approve_brought(&meanwhile, &desk.moment("chief-1")).unwrap_err();
    assert_eq!(refused.remarks()[0].reason, Reason::CaseWithdrawn { case_no: no(3) });
}

#[test]
fn only_somebody_else_approves_or_returns_brought_solves() {
    let desk = Desk::default();
    let series = proposed(&desk);
    let refused = series.decide_approve_brought(&cases(), &desk.moment("officer-1")).unwrap_err();
    assert_eq!(refused.remarks()[0].reason.said().code, "CB-006");
    let back = ReturnBroughtSolvesRequest { reason: "证据不足".into(), ..Default::default() };
    assert!(series.decide_return_brought(&back, &desk.moment("officer-1")).is_err());
    let mut returned = series.clone();
    for fact in series.decide_return_brought(&back, &desk.moment("chief-1")).unwrap() {
        returned.apply(&fact.event);
    }
    assert!(returned.seen().proposed_case_nos.is_empty());
    let nothing = returned.decide_approve_brought(&cases(), &desk.moment("chief-1")).unwrap_err();
    assert_eq!(nothing.remarks()[0].reason, Reason::SeriesNotProposed);
    assert!(returned.decide_propose_brought(&propose(), &cases(), &desk.moment("officer-1")).is_ok());
}

#[test]
fn brought_solves_need_a_solved_lead_linked_cases_and_evidence() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let decide = |change: fn(&mut ProposeBroughtSolvesRequest)| {
        let mut request = propose();
        change(&mut request);
        given::<Series>([opened()]).when(|s| s.decide_propose_brought(&request, &cases(), &at))
    };
    decide(|r| (r.lead_case_no, r.case_nos) = (no(2), vec![no(3)])).then_refused(&["SERIES-LEAD-NOT-SOLVED"]);
    decide(|r| r.case_nos = vec![no(9)]).then_refused(&["SERIES-CASE-NOT-LINKED"]);
    decide(|r| r.case_nos = vec![no(1)]).then_refused(&["CASE-SOLVED"]);
    decide(|r| r.case_nos.clear()).then_refused(&["GE-006"]);
    decide(|r| r.evidence = None).then_refused(&["CB-008", "CB-008", "CB-008"]);
    decide(|r| r.solved_at = Some(timestamp(datetime!(2026-06-06 9:00 +8)))).then_refused(&["CB-004"]);
    let series = proposed(&desk);
    let again = series.decide_propose_brought(&propose(), &cases(), &at).unwrap_err();
    assert_eq!(again.remarks()[0].reason, Reason::SeriesProposed);
}

#[test]
fn a_lead_whose_solve_was_revoked_brings_nothing() {
    let desk = Desk::default();
    let revoked = Cases::from([filed(1), filed(2), filed(3)]);
    let refused = proposed(&desk).decide_approve_brought(&revoked, &desk.moment("chief-1")).unwrap_err();
    assert_eq!(refused.remarks()[0].reason, Reason::SeriesLeadNotSolved);
}

#[test]
fn more_than_twenty_cases_by_one_solve_are_remarked() {
    let desk = Desk::default();
    let many = |n: usize| ProposeBroughtSolvesRequest { case_nos: (1..=n).map(no).collect(), ..propose() };
    let said = |n| Series::remarks_on_bringing(&many(n), &desk.moment("officer-1")).findings();
    assert!(said(20).is_empty());
    assert_eq!(said(21)[0].code, "CB-018");
}

/// What can be decided about a series, chosen by a number.
fn step(series: &Series, cases: &Cases, which: u8, n: usize, desk: &Desk) -> Result<Facts, Refused> {
    let at = desk.moment(["officer-1", "chief-1"][n % 2]);
    let reason = "理由".to_owned();
    match which {
        0 => {
            let case_nos = vec![no(1), no(n % 4 + 1)];
            let request = OpenSeriesRequest {
                org_unit: story::STATION.into(),
                title: "t".into(),
                case_nos,
                ..Default::default()
            };
            series.decide_open(&request, "s-1", cases, &at)
        }
        1 => {
            series.decide_link(&LinkCaseRequest { case_no: no(n % 5 + 1), ..Default::default() }, cases, &at)
        }
        2 => series
            .decide_unlink(&UnlinkCaseRequest { case_no: no(n % 5 + 1), reason, ..Default::default() }, &at),
        3 => series.decide_propose_brought(
            &ProposeBroughtSolvesRequest { case_nos: vec![no(n % 4 + 1)], ..propose() },
            cases,
            &at,
        ),
        4 => series.decide_approve_brought(cases, &at).map(|brought| brought.series),
        _ => series.decide_return_brought(&ReturnBroughtSolvesRequest { reason, ..Default::default() }, &at),
    }
}

proptest::proptest! {
    #[test]
    fn any_list_of_commands_on_a_series_replays_to_the_same_state(
        steps in proptest::collection::vec((0_u8..6, 0_usize..40), 0..60)
    ) {
        let desk = Desk::default();
        let (mut cases, mut series) = (cases(), Series::default());
        cases.extend([filed(4)]);
        let mut recorded = Vec::new();
        for (which, n) in std::iter::once((0, 1)).chain(steps) {
            for fact in step(&series, &cases, which, n, &desk).unwrap_or_default() {
                recorded.push((fact.event.type_name(), fact.event.encode()));
                series.apply(&fact.event);
            }
            let proposed = series.cases_of_proposal();
            proptest::prop_assert!(proposed.iter().all(|no| series.seen().case_nos.contains(no)));
            proptest::prop_assert_eq!(proposed.is_empty(), series.seen().proposed_by.is_empty());
        }
        let mut replayed = Series::default();
        for (type_name, payload) in &recorded {
            replayed.apply(&SeriesEvent::decode(type_name, payload).unwrap());
        }
        proptest::prop_assert_eq!(replayed, series);
    }
}
