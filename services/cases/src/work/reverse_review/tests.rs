use super::*;
use crate::case::story::{CASE_NO, Desk, STATION};
use crate::rulebook::{RuleBook, WorkBooks, WorkRules};
use crate::work::kit::{filed, no, on, run, withdrawn};
use time::macros::datetime;
use xiaoan_proto::cases::v1::{
    AppealReverseReviewRequest, CloseReverseReviewRequest, DecideReverseReviewAppealRequest,
    DetermineReviewResponsibilityRequest, ImplementPreventionMeasureRequest, PreventionMeasureInput,
    PreventionNotNeeded, ReviewResponsibility,
};

fn open() -> OpenReverseReviewRequest {
    OpenReverseReviewRequest {
        case_no: CASE_NO.into(),
        org_unit: STATION.into(),
        preventability: "门锁老旧，夜间无巡逻".into(),
        ..Default::default()
    }
}

fn findings() -> RecordReverseReviewFindingsRequest {
    let measure = |kind: PreventionKind, what: &str| PreventionMeasureInput {
        kind: kind.into(),
        description: what.into(),
    };
    RecordReverseReviewFindingsRequest {
        findings: "巡逻不到位".into(),
        measures: vec![
            measure(PreventionKind::People, "增加夜间巡逻"),
            measure(PreventionKind::Physical, "更换门锁"),
        ],
        not_needed: vec![PreventionNotNeeded {
            kind: PreventionKind::Technical.into(),
            reason: "监控已覆盖".into(),
        }],
        ..Default::default()
    }
}

fn determine(responsibility: ReviewResponsibility) -> DetermineReviewResponsibilityRequest {
    DetermineReviewResponsibilityRequest {
        responsibility: responsibility.into(),
        reason: "巡逻记录缺失".into(),
        ..Default::default()
    }
}

fn implement(measure_id: &str, day: i32) -> ImplementPreventionMeasureRequest {
    ImplementPreventionMeasureRequest {
        measure_id: measure_id.into(),
        implemented_on: on(10, day),
        proof: "验收单".into(),
        ..Default::default()
    }
}

fn close() -> CloseReverseReviewRequest {
    CloseReverseReviewRequest { effect: "一个月内未再发案".into(), ..Default::default() }
}

/// Opened, scoped, with findings of officer-1 of the station, on 1 October.
fn with_findings(desk: &Desk) -> ReverseReview {
    let at = desk.moment("officer-1");
    let mut review = ReverseReview::default();
    run(&mut review, &at, |r| r.decide_open(&open(), &filed(), &at));
    let scope = ScopeReverseReviewRequest { scope: "辖区巡防".into(), ..Default::default() };
    run(&mut review, &at, |r| r.decide_scope(&scope, &at));
    assert_eq!(no(review.decide_scope(&scope, &at)), ["REVIEW-OTHER-STATE"]);
    run(&mut review, &at, |r| r.decide_record_findings(&findings(), &at));
    review
}

/// The same, advice given by the bureau's chief.
fn advised(desk: &Desk) -> ReverseReview {
    let mut review = with_findings(desk);
    let at = desk.chief("chief-1");
    run(&mut review, &at, |r| r.decide_determine(&determine(ReviewResponsibility::Advice), &at));
    review
}

#[test]
fn a_review_is_opened_only_for_a_preventable_category() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let facts = ReverseReview::default().decide_open(&open(), &filed(), &at).unwrap();
    assert!(matches!(&facts[0].event, ReverseReviewEvent::Opened(e) if e.list_basis.starts_with("050201")));

    // the list that holds on the day of filing decides: from July on is too late for a case of June
    let head = "prefix,name_zh,name_en,effective_from,effective_to,basis\n";
    let books =
        WorkBooks { preventable: format!("{head}0502,盗窃,Theft,2026-07-01,,x\n"), ..WorkBooks::default() };
    let rules =
        RuleBook { work: WorkRules::read(&books, &desk.rules.law).unwrap(), ..RuleBook::shipped().unwrap() };
    let later = Desk { rules, ..Desk::default() };
    let at_later = later.moment("officer-1");
    assert_eq!(no(ReverseReview::default().decide_open(&open(), &filed(), &at_later)), ["CP-010"]);

    assert_eq!(no(ReverseReview::default().decide_open(&open(), &Cases::new(), &at)), ["WORK-CASE-UNKNOWN"]);
    assert_eq!(no(ReverseReview::default().decide_open(&open(), &withdrawn(), &at)), ["CASE-WITHDRAWN"]);
    let untested = OpenReverseReviewRequest { preventability: String::new(), ..open() };
    assert_eq!(no(ReverseReview::default().decide_open(&untested, &filed(), &at)), ["GE-006"]);
    assert_eq!(no(with_findings(&desk).decide_open(&open(), &filed(), &at)), ["REVIEW-EXISTS"]);
}

#[test]
fn each_kind_of_prevention_has_a_measure_or_a_reason_and_not_both() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut review = ReverseReview::default();
    run(&mut review, &at, |r| r.decide_open(&open(), &filed(), &at));
    assert_eq!(no(review.decide_record_findings(&findings(), &at)), ["REVIEW-OTHER-STATE"]);
    let scope = ScopeReverseReviewRequest { scope: "辖区巡防".into(), ..Default::default() };
    run(&mut review, &at, |r| r.decide_scope(&scope, &at));
    let lacks = RecordReverseReviewFindingsRequest { not_needed: vec![], ..findings() };
    assert_eq!(no(review.decide_record_findings(&lacks, &at)), ["REVIEW-KIND-MISSING"]);
    let mut both = findings();
    both.not_needed[0].kind = PreventionKind::People.into();
    assert_eq!(no(review.decide_record_findings(&both, &at)), ["REVIEW-KIND-MISSING"]);
    assert!(review.decide_record_findings(&findings(), &at).is_ok());
}

#[test]
fn responsibility_comes_from_above_and_from_somebody_else() {
    let desk = Desk::default();
    let review = with_findings(&desk);
    let advice = determine(ReviewResponsibility::Advice);
    assert_eq!(no(review.decide_determine(&advice, &desk.moment("officer-2"))), ["REVIEW-OWN-UNIT"]);
    assert_eq!(no(review.decide_determine(&advice, &desk.chief("officer-1"))), ["CB-006"]);
    let unstated = determine(ReviewResponsibility::Unspecified);
    assert_eq!(no(review.decide_determine(&unstated, &desk.chief("chief-1"))), ["GE-006"]);
    assert!(review.decide_determine(&advice, &desk.chief("chief-1")).is_ok());
    assert_eq!(
        no(ReverseReview::default().decide_determine(&advice, &desk.chief("chief-1"))),
        ["REVIEW-UNKNOWN"]
    );
}

#[test]
fn an_appeal_is_made_in_time_decided_by_others_and_never_makes_it_graver() {
    let desk = Desk::default();
    let appeal =
        AppealReverseReviewRequest { reason: "当晚警力已全部出警".into(), ..Default::default() };
    let decide = |responsibility: ReviewResponsibility| DecideReverseReviewAppealRequest {
        responsibility: responsibility.into(),
        reason: "情况属实".into(),
        ..Default::default()
    };
    let mut review = advised(&desk);
    // ten days from 1 October end on Sunday the 11th, so on Monday
    let late = Desk { now: datetime!(2026-10-13 0:00 +8), ..Desk::default() };
    assert_eq!(no(review.decide_appeal(&appeal, &late.moment("officer-1"))), ["REVIEW-APPEAL-LATE"]);
    let in_time = Desk { now: datetime!(2026-10-12 23:59 +8), ..Desk::default() };
    let at = in_time.moment("officer-1");
    run(&mut review, &at, |r| r.decide_appeal(&appeal, &at));
    assert_eq!(no(review.decide_appeal(&appeal, &at)), ["REVIEW-OTHER-STATE"]);
    assert_eq!(no(review.decide_close(&close(), &at)), ["REVIEW-APPEAL-OPEN"]);
    let none = decide(ReviewResponsibility::None);
    assert_eq!(no(review.decide_appeal_decision(&none, &in_time.chief("chief-1"))), ["CB-006"]);
    assert_eq!(no(review.decide_appeal_decision(&none, &in_time.moment("officer-3"))), ["REVIEW-OWN-UNIT"]);
    let graver = decide(ReviewResponsibility::DisciplineReferral);
    assert_eq!(no(review.decide_appeal_decision(&graver, &in_time.city("city-1"))), ["REVIEW-GRAVER"]);
    let at = in_time.city("city-1");
    run(&mut review, &at, |r| r.decide_appeal_decision(&none, &at));
    assert_eq!(review.shown().responsibility(), ReviewResponsibility::None);
    assert_eq!(no(review.decide_appeal(&appeal, &at)), ["REVIEW-APPEAL-DECIDED"]);

    let mut cleared = with_findings(&desk);
    let at = desk.chief("chief-1");
    run(&mut cleared, &at, |r| r.decide_determine(&determine(ReviewResponsibility::None), &at));
    assert_eq!(no(cleared.decide_appeal(&appeal, &at)), ["REVIEW-NOTHING-TO-APPEAL"]);
}

#[test]
fn the_loop_is_closed_when_every_measure_is_in_place_and_responsibility_is_final() {
    let desk = Desk { now: datetime!(2026-10-01 12:00 +8), ..Desk::default() };
    let mut review = advised(&desk);
    let soon = Desk { now: datetime!(2026-10-10 12:00 +8), ..Desk::default() };
    let at = soon.chief("chief-1");
    assert_eq!(no(review.decide_close(&close(), &at)), ["REVIEW-MEASURES-OPEN"]);
    run(&mut review, &at, |r| r.decide_implement(&implement("1", 9), &at));
    assert_eq!(no(review.decide_implement(&implement("1", 9), &at)), ["REVIEW-MEASURE-DONE"]);
    assert_eq!(no(review.decide_implement(&implement("9", 9), &at)), ["REVIEW-MEASURE-UNKNOWN"]);
    assert_eq!(no(review.decide_implement(&implement("2", 11), &at)), ["CB-003"]);
    run(&mut review, &at, |r| r.decide_implement(&implement("2", 10), &at));
    assert_eq!(
        no(review.decide_close(&close(), &at)),
        ["REVIEW-APPEAL-OPEN"],
        "there is still time to appeal"
    );
    let later = Desk { now: datetime!(2026-10-13 0:00 +8), ..Desk::default() };
    let at = later.chief("chief-1");
    assert_eq!(run(&mut review, &at, |r| r.decide_close(&close(), &at)), ["ReverseReviewClosed"]);
    assert_eq!(no(review.decide_close(&close(), &at)), ["REVIEW-OTHER-STATE"]);
}

#[test]
fn a_measure_that_is_not_in_place_in_time_is_overdue_once() {
    let desk = Desk::default();
    let mut review = advised(&desk);
    // thirty days from 1 October: Saturday the 31st, so Monday 2 November
    let rules = &desk.rules;
    assert!(review.fall_due(datetime!(2026-11-02 23:59 +8), rules).is_empty());
    let later = Desk { now: datetime!(2026-11-03 0:00 +8), ..Desk::default() };
    let at = later.moment("officer-1");
    let names = run(&mut review, &at, |r| r.decide_implement(&implement("1", 31), &at));
    assert_eq!(
        names,
        ["PreventionMeasureOverdue", "PreventionMeasureOverdue", "PreventionMeasureImplemented"]
    );
    assert!(review.fall_due(at.now, at.rules).is_empty());
    assert!(review.shown().measures[0].overdue);
}
