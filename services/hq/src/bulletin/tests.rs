//! Bulletins: one edition for the figures of a closing.

use super::*;
use time::macros::date;
use xiaoan_kernel::Refusal;
use xiaoan_proto::hq::v1::{
    CaseOwner, ClosedFigures, Closing, Correction, ListedCaseState, Officeholder, Post,
};

const CITY: &str = "371100000000";
const STATION: &str = "371102010000";
const TODAY: Date = date!(2026 - 07 - 10);

fn hq_unit() -> OrgCode {
    OrgCode::parse(CITY).expect("12 digits")
}

fn figures() -> ClosedFigures {
    ClosedFigures {
        from: Some(date!(2026 - 06 - 01).into()),
        to: Some(date!(2026 - 06 - 30).into()),
        ..Default::default()
    }
}

fn june() -> Closing {
    Closing {
        closing_id: "theft-stations-2026-06".into(),
        frozen_on: Some(date!(2026 - 07 - 02).into()),
        frozen: Some(figures()),
        ..Default::default()
    }
}

fn corrected() -> Closing {
    let correction = Correction {
        number: 1,
        corrected_on: Some(date!(2026 - 07 - 08).into()),
        figures: Some(figures()),
        ..Default::default()
    };
    Closing { corrections: vec![correction], ..june() }
}

fn now(closing: &Closing) -> BulletinContents {
    contents(closing, OnRecord::default(), hq_unit()).expect("frozen")
}

fn command(closing: &Closing, day: Date) -> hq::IssueBulletinRequest {
    let file = Some(BulletinFile { sha256: vec![7; 32], bytes: 9 });
    hq::IssueBulletinRequest {
        request_id: "r".into(),
        contents: Some(now(closing)),
        issued_on: Some(day.into()),
        template: "gbt9704-1".into(),
        pdf: file.clone(),
        spreadsheet: file,
        typefaces: vec![BulletinTypeface { name: "a.otf".into(), sha256: vec![1; 32] }],
    }
}

fn issued(closing: &Closing, before: &Bulletins) -> Bulletins {
    let decided = before.decide_issue(
        &command(closing, date!(2026 - 07 - 09)),
        closing,
        &now(closing),
        hq_unit(),
        TODAY,
    );
    let mut after = before.clone();
    decided.expect("issued").iter().for_each(|fact| after.apply(&fact.event));
    after
}

fn refused(decided: Decided) -> Vec<(&'static str, &'static str)> {
    let findings = decided.expect_err("a refusal").findings();
    findings.into_iter().map(|finding| (finding.code, finding.field)).collect()
}

#[test]
fn cp011_the_same_figures_have_one_bulletin_and_a_correction_leads_to_another_edition() {
    let first = issued(&june(), &Bulletins::default());
    let again = first.decide_issue(&command(&june(), TODAY), &june(), &now(&june()), hq_unit(), TODAY);
    assert_eq!(refused(again), [("CP-011", "")]);
    let second = issued(&corrected(), &first);
    let editions: Vec<_> =
        second.issued().iter().map(|b| (b.edition, b.contents.as_ref().map(|c| c.correction))).collect();
    assert_eq!(editions, [(1, Some(0)), (2, Some(1))]);
    let third = second.decide_issue(
        &command(&corrected(), TODAY),
        &corrected(),
        &now(&corrected()),
        hq_unit(),
        TODAY,
    );
    assert_eq!(refused(third), [("CP-011", "")]);
}

#[test]
fn what_was_composed_before_a_notice_was_issued_is_not_issued_any_more() {
    let notice =
        hq::Notice { org_unit: STATION.into(), state: NoticeState::Issued.into(), ..Default::default() };
    let record = OnRecord { notices: vec![notice], ..Default::default() };
    let later = contents(&june(), record, hq_unit()).expect("frozen");
    let decided =
        Bulletins::default().decide_issue(&command(&june(), TODAY), &june(), &later, hq_unit(), TODAY);
    assert_eq!(refused(decided), [("BULLETIN-STALE", "")]);
}

#[test]
fn a_day_before_the_figures_or_in_the_future_and_files_without_digest_are_named_by_field() {
    let issue = |command: &hq::IssueBulletinRequest, closing: &Closing| {
        Bulletins::default().decide_issue(command, closing, &now(closing), hq_unit(), TODAY)
    };
    let early = issue(&command(&corrected(), date!(2026 - 07 - 07)), &corrected());
    assert_eq!(refused(early), [("GE-006", "issued_on")]);
    let tomorrow = issue(&command(&june(), date!(2026 - 07 - 11)), &june());
    assert_eq!(refused(tomorrow), [("CB-003", "issued_on")]);
    let empty = hq::IssueBulletinRequest::default();
    let fields: Vec<_> = refused(issue(&empty, &june())).into_iter().map(|(_, field)| field).collect();
    assert_eq!(fields, ["issued_on", "pdf", "spreadsheet", "template", "typefaces"]);
    let mut folders = command(&june(), TODAY);
    folders.typefaces[0].name = "fonts/a.otf".into();
    assert_eq!(refused(issue(&folders, &june())), [("GE-006", "typefaces")]);
}

#[test]
fn only_notices_that_stand_cases_on_the_list_in_the_period_and_honours_of_the_period_are_in_it() {
    let notice = |unit: &str, state: NoticeState| hq::Notice {
        org_unit: unit.into(),
        state: state.into(),
        ..Default::default()
    };
    let case = |no: &str, listed: Date, delisted: Option<Date>| hq::ListedCase {
        case_no: no.into(),
        org_unit: STATION.into(),
        owner: Some(CaseOwner {
            subject: "chief".into(),
            office: Some(Officeholder { org_unit: "371102000000".into(), post: Post::BureauChief.into() }),
        }),
        state: ListedCaseState::Listed.into(),
        listed_on: Some(listed.into()),
        delisted_on: delisted.map(Into::into),
        ..Default::default()
    };
    let honour = |id: &str, state: CommendationState, day: Date| hq::Commendation {
        commendation_id: id.into(),
        org_unit: STATION.into(),
        state: state.into(),
        granted_on: Some(day.into()),
        ..Default::default()
    };
    let record = OnRecord {
        notices: vec![
            notice("371102020000", NoticeState::Closed),
            notice(STATION, NoticeState::Issued),
            notice("371102030000", NoticeState::Waived),
            notice("371102040000", NoticeState::Withdrawn),
        ],
        listed: vec![
            case("after", date!(2026 - 07 - 01), None),
            case("running", date!(2026 - 05 - 01), None),
            case("last-day", date!(2026 - 05 - 01), Some(date!(2026 - 06 - 01))),
            case("gone", date!(2026 - 05 - 01), Some(date!(2026 - 05 - 31))),
        ],
        commendations: vec![
            honour("b", CommendationState::Granted, date!(2026 - 06 - 30)),
            honour("a", CommendationState::Granted, date!(2026 - 06 - 30)),
            honour("c", CommendationState::Revoked, date!(2026 - 06 - 29)),
            honour("d", CommendationState::Granted, date!(2026 - 07 - 01)),
        ],
    };
    let found = contents(&june(), record, hq_unit()).expect("frozen");
    let units: Vec<_> = found.notices.iter().map(|n| n.org_unit.as_str()).collect();
    assert_eq!(units, [STATION, "371102020000"]);
    let listed: Vec<_> = found.listed_cases.iter().map(|c| c.case_no.as_str()).collect();
    assert_eq!(listed, ["last-day", "running"]);
    let honours: Vec<_> = found.commendations.iter().map(|c| c.commendation_id.as_str()).collect();
    assert_eq!(honours, ["a", "b"]);
    assert_eq!(units_named(&found), [CITY, "371102000000", STATION, "371102020000"]);
}
