use super::*;
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1 as core;

const UNIT: &str = "371103010000";
const BUREAU: &str = "371103000000";
const CASE: &str = "A3711030100002026060001";

/// The solve that stands, as `cases` has it.
const SOLVE: Option<Solve> = Some(Solve { on: date!(2026 - 07 - 04), position: 4711 });

fn known() -> KnownCase {
    KnownCase { org_unit: UNIT.into(), category: "050201".into(), solve: None }
}
fn by(subject: &str) -> By<'_> {
    By { subject, today: date!(2026 - 07 - 31) }
}
fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
    Some(core::Date { year, month, day })
}
fn chief() -> Option<CaseOwner> {
    let office = Officeholder { org_unit: BUREAU.into(), post: Post::BureauChief.into() };
    Some(CaseOwner { subject: "chief-lanshan".into(), office: Some(office) })
}
fn city() -> Option<Officeholder> {
    Some(Officeholder { org_unit: "371100000000".into(), post: Post::CityDeputyChief.into() })
}
fn list() -> hq::ListCaseRequest {
    hq::ListCaseRequest {
        case_no: CASE.into(),
        org_unit: UNIT.into(),
        level: SupervisionLevel::City.into(),
        owner: chief(),
        on: on(2026, 6, 10),
        due_on: on(2026, 7, 10),
        ..Default::default()
    }
}
fn listed_event() -> ListedCaseEvent {
    hq::CaseListed {
        case_no: CASE.into(),
        org_unit: UNIT.into(),
        level: SupervisionLevel::City.into(),
        owner: chief(),
        on: on(2026, 6, 10),
        due_on: on(2026, 7, 10),
    }
    .into()
}
fn delist() -> hq::DelistCaseRequest {
    hq::DelistCaseRequest { case_no: CASE.into(), on: on(2026, 7, 5), ..Default::default() }
}
fn solved() -> hq::DelistCaseRequest {
    hq::DelistCaseRequest { solved_on: on(2026, 7, 4), solved_position: 4711, ..delist() }
}

#[test]
fn a11_a_bureau_chief_takes_a_case_in_person() {
    given::<ListedCase>([])
        .when(|c| c.decide_list(&list(), Some(&known()), true, by("hq")))
        .then([listed_event()]);
}

#[test]
fn cp_009_a_unit_or_somebody_who_leads_no_bureau_takes_no_case() {
    let owned = |owner: Option<CaseOwner>| hq::ListCaseRequest { owner, ..list() };
    let office = |post: Post| chief().and_then(|c| c.office).map(|o| Officeholder { post: post.into(), ..o });
    let cases = [
        (None, true),
        (chief().map(|c| CaseOwner { subject: BUREAU.into(), ..c }), true),
        (chief().map(|c| CaseOwner { subject: String::new(), ..c }), true),
        (chief().map(|c| CaseOwner { office: office(Post::StationHead), ..c }), true),
        (chief().map(|c| CaseOwner { office: None, ..c }), true),
        // The office is of a station, or of no unit that we know.
        (chief(), false),
    ];
    for (owner, is_bureau) in cases {
        given::<ListedCase>([])
            .when(|c| c.decide_list(&owned(owner), Some(&known()), is_bureau, by("hq")))
            .then_refused(&["CP-009"]);
    }
    let deputy = owned(chief().map(|c| CaseOwner { office: office(Post::DeputyBureauChief), ..c }));
    given::<ListedCase>([]).when(|c| c.decide_list(&deputy, Some(&known()), true, by("hq"))).then_facts();
}

#[test]
fn cp_008_a_case_leaves_the_list_solved_or_for_a_signed_reason() {
    let head = Some(Officeholder { org_unit: UNIT.into(), post: Post::StationHead.into() });
    let refused = [
        delist(),
        // Said to be solved, and nothing shows it.
        hq::DelistCaseRequest { solved_on: on(2026, 7, 4), ..delist() },
        hq::DelistCaseRequest { reason: "并入他案".into(), ..delist() },
        hq::DelistCaseRequest { reason: "并入他案".into(), signed_by: head, ..delist() },
        hq::DelistCaseRequest { signed_by: city(), ..delist() },
        // Solved or not, not both.
        hq::DelistCaseRequest { reason: "并入他案".into(), signed_by: city(), ..solved() },
    ];
    for command in refused {
        given::<ListedCase>([listed_event()])
            .when(|c| c.decide_delist(&command, SOLVE, by("hq")))
            .then_refused(&["CP-008"]);
    }
    let event = |command: &hq::DelistCaseRequest, solved| hq::CaseDelisted {
        case_no: CASE.into(),
        org_unit: UNIT.into(),
        on: command.on,
        solved,
        solved_on: command.solved_on,
        solved_position: command.solved_position,
        reason: command.reason.clone(),
        signed_by: command.signed_by.clone(),
    };
    let signed = hq::DelistCaseRequest { reason: "并入他案".into(), signed_by: city(), ..delist() };
    for (command, is_solved) in [(solved(), true), (signed, false)] {
        let left = given::<ListedCase>([listed_event()])
            .when(|c| c.decide_delist(&command, SOLVE, by("hq")))
            .then([event(&command, is_solved).into()]);
        let state = left.into_shown().map(|c| c.state());
        assert_eq!(state, Some(if is_solved { State::Solved } else { State::NotSolved }));
    }
}

#[test]
fn a_case_that_nobody_has_filed_is_not_listed() {
    given::<ListedCase>([])
        .when(|c| c.decide_list(&list(), None, true, by("hq")))
        .then_refused(&["CASE-UNKNOWN"]);
}

#[test]
fn cp_008_a_case_leaves_the_list_by_the_solve_that_stands_and_by_no_other() {
    let stands = |on, position| Some(Solve { on, position });
    let others = [None, stands(date!(2026 - 07 - 04), 4712), stands(date!(2026 - 07 - 03), 4711)];
    for solve in others {
        given::<ListedCase>([listed_event()])
            .when(|c| c.decide_delist(&solved(), solve, by("hq")))
            .then_refused(&["CP-008"]);
    }
    assert_eq!([solved(), delist()].map(|command| ListedCase::stated_solve(&command)), [SOLVE, None]);
}

#[test]
fn a_case_comes_back_when_the_solve_by_which_it_left_is_revoked() {
    let revoked = |position| Revoked { position, recorded_at: datetime!(2026-07-20 10:00 +8) };
    let left: ListedCaseEvent = hq::CaseDelisted {
        case_no: CASE.into(),
        org_unit: UNIT.into(),
        on: on(2026, 7, 5),
        solved: true,
        solved_on: on(2026, 7, 4),
        solved_position: 4711,
        ..Default::default()
    }
    .into();
    let past = || [listed_event(), left.clone()];
    let back = hq::CaseRelisted {
        case_no: CASE.into(),
        org_unit: UNIT.into(),
        on: on(2026, 7, 20),
        due_on: on(2026, 7, 10),
        revoked_position: 4800,
        solved_position: 4711,
    };
    let mut case =
        given::<ListedCase>(past()).when(|c| c.decide_relist(revoked(4800))).then([back.clone().into()]);
    let shown = case.clone().into_shown().expect("listed");
    assert_eq!((shown.state(), shown.solved_on, shown.solved_position), (State::Listed, None, 0));
    assert_eq!((shown.relisted_on, shown.delisted_on), (on(2026, 7, 20), None));
    // Once; not for the solve before; not when it left for a signed reason.
    assert_eq!(case.decide_relist(revoked(4800)), Ok(vec![]));
    assert_eq!(given::<ListedCase>(past()).0.decide_relist(revoked(4700)), Ok(vec![]));
    let signed: ListedCaseEvent = hq::CaseDelisted { case_no: CASE.into(), ..Default::default() }.into();
    assert_eq!(given::<ListedCase>([listed_event(), signed]).0.decide_relist(revoked(4800)), Ok(vec![]));
    // Its day was over meanwhile: the timer is armed by it and says so at once.
    let stream = StreamId::new(ListedCase::KIND, CASE);
    let due_at = datetime!(2026-07-11 00:00 +8);
    assert_eq!(deadlines(&stream, &back.into()).last(), Some(&Change::arm(DUE, &stream, due_at)));
    let late = case.decide_overdue(due_at).expect("overdue");
    late.iter().for_each(|fact| case.apply(&fact.event));
    assert_eq!(case.into_shown().map(|c| c.overdue), Some(true));
}

#[test]
fn a_case_is_on_the_list_once_and_comes_back_after_it_has_left() {
    given::<ListedCase>([listed_event()])
        .when(|c| c.decide_list(&list(), Some(&known()), true, by("hq")))
        .then_refused(&["LISTED-CASE-EXISTS"]);
    let left = given::<ListedCase>([listed_event()])
        .when(|c| c.decide_delist(&solved(), SOLVE, by("hq")))
        .then_facts();
    let mut case = given::<ListedCase>([listed_event()]).0;
    left.iter().for_each(|fact| case.apply(&fact.event));
    assert_eq!(
        case.decide_report(&hq::ReportListedCaseProgressRequest::default(), |_| true, by("chief")),
        Err(Reason::ListedCaseState.into())
    );
    let again = hq::ListCaseRequest { on: on(2026, 7, 20), due_on: on(2026, 8, 20), ..list() };
    assert!(case.decide_list(&again, Some(&known()), true, by("hq")).is_ok());
}

#[test]
fn reports_are_numbered_and_are_those_of_the_chiefs_bureau() {
    let command = hq::ReportListedCaseProgressRequest {
        on: on(2026, 6, 20),
        text: "已调取监控".into(),
        ..Default::default()
    };
    let facts = given::<ListedCase>([listed_event()])
        .when(|c| c.decide_report(&command, |owner| owner.subject == "chief-lanshan", by("chief")))
        .then_facts();
    let mut case = given::<ListedCase>([listed_event()]).0;
    for _ in 0..2 {
        facts.iter().for_each(|fact| case.apply(&fact.event));
    }
    let next = case.decide_report(&command, |_| true, by("chief")).expect("reported");
    let Some(ListedCaseEvent::ProgressReported(e)) = next.first().map(|f| &f.event) else {
        panic!("{next:?}")
    };
    assert_eq!(e.progress.as_ref().map(|p| p.number), Some(3));
    given::<ListedCase>([listed_event()])
        .when(|c| c.decide_report(&command, |_| false, by("somebody")))
        .then_refused(&["GE-004"]);
}

#[test]
fn a_case_is_overdue_once_when_its_day_is_over_and_no_more_when_the_day_was_moved() {
    let due_at = datetime!(2026-07-11 00:00 +8);
    let late = given::<ListedCase>([listed_event()]).when(|c| c.decide_overdue(due_at)).then_facts();
    assert_eq!(late.first().map(|f| f.occurred_on), Some(date!(2026 - 07 - 11)));
    let mut case = given::<ListedCase>([listed_event()]).0;
    late.iter().for_each(|fact| case.apply(&fact.event));
    assert_eq!(case.decide_overdue(due_at), Ok(vec![]));
    let extend = hq::ExtendListedCaseRequest {
        on: on(2026, 7, 12),
        due_on: on(2026, 8, 12),
        reason: "等待鉴定".into(),
        ..Default::default()
    };
    let facts = case.decide_extend(&extend, by("hq")).expect("extended");
    facts.iter().for_each(|fact| case.apply(&fact.event));
    assert_eq!(case.decide_overdue(due_at), Ok(vec![]));
    assert_eq!(case.into_shown().map(|c| (c.overdue, c.extensions)), Some((false, 1)));
    let back = hq::ExtendListedCaseRequest { due_on: on(2026, 7, 10), ..extend };
    given::<ListedCase>([listed_event()])
        .when(|c| c.decide_extend(&back, by("hq")))
        .then_refused(&["GE-006"]);
}

#[test]
fn the_timer_keeps_the_due_day_until_the_case_leaves_the_list() {
    let stream = StreamId::new(ListedCase::KIND, CASE);
    let due_at = datetime!(2026-07-11 00:00 +8);
    assert_eq!(
        deadlines(&stream, &listed_event()),
        [Change::cancel(DUE, &stream), Change::arm(DUE, &stream, due_at)]
    );
    let left: ListedCaseEvent = hq::CaseDelisted::default().into();
    assert_eq!(deadlines(&stream, &left), [Change::cancel_all(&stream)]);
}
