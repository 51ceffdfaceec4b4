//! The pages about what follows a month as a browser gets them: closings, accountability, integrity.

use super::accountability::{AccountabilityPage, Around, Decided};
use super::board::Place;
use super::closing::ClosingPage;
use super::closings::ClosingsPage;
use super::integrity::IntegrityPage;
use super::month_ends::MonthEnds;
use super::rendering::ask;
use super::status::Status;
use super::{lang::Lang, overdue, pages::BoardPage, sample};
use crate::accountability::Closed;
use askama::Template;
use std::collections::BTreeMap;
use time::macros::date;
use xiaoan_kernel::wilson;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::{
    CaseOwner, ClosedFigures, Closing, ClosingState, Commitment, CommitmentState, Correction, Interview,
    InterviewState, ListedCase, ListedCaseProgress, ListedCaseState, Notice, NoticeDeadline, NoticeState,
    NoticeStep, Officeholder, Post, SupervisionLevel, WithdrawalCause,
};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

const SEVEN_OF_TWENTY: &str = "371102030000";
const FOUR_OF_TWENTY: &str = "371102020000";

fn day(month: i32, day: i32) -> Option<Date> {
    Some(Date { year: 2026, month, day })
}

fn place(lang: Lang) -> Place {
    Place { board: "theft-stations".into(), period: "2026-06".into(), as_of: String::new(), lang }
}

fn set(standings: &mut GetStandingsResponse, unit: &str, id: &str, numerator: i64, denominator: Option<i64>) {
    let entry = standings.entries.iter_mut().find(|e| e.org_unit == unit).unwrap();
    let value = entry.indicators.iter_mut().find(|v| v.id == id).unwrap();
    (value.numerator, value.denominator) = (numerator, denominator);
    let ends = denominator.and_then(|denominator| wilson::interval(numerator, denominator));
    (value.wilson_low, value.wilson_high) = ends.unzip();
}

fn closed() -> Closed {
    let figures = ClosedFigures { digest: vec![0xd1; 32], ..ClosedFigures::from(&sample::standings()) };
    let bare = ClosedFigures { entries: Vec::new(), total: None, ..figures.clone() };
    let closing = Closing {
        board: "theft-stations".into(),
        period: "2026-06".into(),
        state: ClosingState::Frozen.into(),
        frozen_on: day(7, 5),
        frozen: Some(bare),
        ..Default::default()
    };
    let frozen = Correction { corrected_on: day(7, 5), figures: Some(figures), ..Default::default() };
    Closed { closing, versions: vec![frozen] }
}

async fn closing_page(closed: &Closed, now: &GetStandingsResponse, uri: &str) -> String {
    let ask = ask(uri).await;
    let recounts = BTreeMap::from([(0, Some(true))]);
    let page = ClosingPage::of(closed, now, &recounts, &place(ask.lang), &sample::names, &[], &ask);
    page.unwrap().render().unwrap()
}

fn row<'a>(html: &'a str, id: &str) -> &'a str {
    let rest = html.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}")).1;
    rest.split_once("</tr>").unwrap().0
}

const CLOSING: &str = "/boards/theft-stations/closing?period=2026-06";

#[tokio::test]
async fn a_frozen_figure_stands_beside_that_of_now_with_what_differs() {
    let mut now = sample::standings();
    set(&mut now, SEVEN_OF_TWENTY, "solve_rate", 9, Some(20));
    set(&mut now, SEVEN_OF_TWENTY, "recorded_late", 3, None);
    let page = closing_page(&closed(), &now, CLOSING).await;
    let moved = row(&page, &format!("u-{SEVEN_OF_TWENTY}"));
    for text in ["<b>35.0%</b>", "<b>45.0%</b>", "+10.0 pp", "+2 / 0", "跨月补录", "<b><a", "closing=0"] {
        assert!(moved.contains(text), "{text} is missing in {moved}");
    }
    let same = row(&page, &format!("u-{FOUR_OF_TWENTY}"));
    assert!(same.contains("<b>20.0%</b>") && !same.contains("moved-row") && same.contains("—"), "{same}");
    assert!(page.contains("<strong>1 个单位与冻结时不同。"));
    assert!(page.contains(&"d1".repeat(32)) && page.contains("摘要一致"));
    assert!(page.contains("#12,846") && page.contains("2026年7月5日"));
}

#[tokio::test]
async fn a_correction_stands_between_with_its_reason_and_english_says_the_same() {
    let mut closed = closed();
    let mut corrected = sample::standings();
    set(&mut corrected, SEVEN_OF_TWENTY, "solve_rate", 8, Some(20));
    closed.versions.push(Correction {
        number: 1,
        reason: "补录两起破案".into(),
        corrected_on: day(7, 20),
        figures: Some(ClosedFigures::from(&corrected)),
        ..Default::default()
    });
    closed.closing.state = ClosingState::Corrected.into();
    let page = closing_page(&closed, &sample::standings(), &format!("{CLOSING}&lang=en")).await;
    let row = row(&page, &format!("u-{SEVEN_OF_TWENTY}"));
    assert!(row.contains("<b>40.0%</b>") && row.contains("closing=1"), "{row}");
    for text in ["Correction 1", "补录两起破案", "corrected", "Ledger now"] {
        assert!(page.contains(text), "{text} is missing");
    }
}

#[tokio::test]
async fn a_unit_that_came_or_went_since_is_said_not_to_have_been_there() {
    let mut now = sample::standings();
    now.entries.retain(|entry| entry.org_unit != SEVEN_OF_TWENTY);
    now.entries[0].org_unit = "371199010000".into();
    let page = closing_page(&closed(), &now, CLOSING).await;
    assert!(row(&page, &format!("u-{SEVEN_OF_TWENTY}")).contains("不在榜"));
    assert!(row(&page, "u-371199010000").contains("不在榜"));
}

#[tokio::test]
async fn closings_are_listed_with_their_digest_and_positions() {
    let ask = ask("/closings").await;
    let status = Status::of(&[], ask.lang);
    let page = ClosingsPage::of(&[closed().closing], &[], status.clone(), &ask).render().unwrap();
    for text in ["2026年6月", "/boards/theft-stations/closing?period=2026-06", "cases #12846", "d1d1d1"] {
        assert!(page.contains(text), "{text} is missing");
    }
    assert!(ClosingsPage::of(&[], &[], status, &ask).render().unwrap().contains("还没有冻结的期间"));
}

fn notice() -> Notice {
    let deadline = |step: NoticeStep, last: Option<Date>, missed, settled| NoticeDeadline {
        step: step.into(),
        last_day: last,
        missed,
        settled,
        ..Default::default()
    };
    Notice {
        notice_id: "theft-stations-2026-06-371102030000".into(),
        board: "theft-stations".into(),
        period: "2026-06".into(),
        org_unit: SEVEN_OF_TWENTY.into(),
        state: NoticeState::Acknowledged.into(),
        numerator: 7,
        denominator: 20,
        threshold_numerator: 40,
        threshold_denominator: 100,
        issued_on: day(7, 6),
        deadlines: vec![
            deadline(NoticeStep::Acknowledge, day(7, 9), false, true),
            deadline(NoticeStep::Plan, day(7, 20), true, false),
        ],
        overdue: true,
        ..Default::default()
    }
}

fn office(org_unit: &str, post: Post) -> Officeholder {
    Officeholder { org_unit: org_unit.into(), post: post.into() }
}

fn decided() -> Decided {
    let interview = Interview {
        interview_id: "i-1".into(),
        board: "theft-stations".into(),
        org_unit: SEVEN_OF_TWENTY.into(),
        state: InterviewState::Withdrawn.into(),
        notice_ids: vec!["n-may".into(), "n-june".into()],
        periods: vec!["2026-05".into(), "2026-06".into()],
        triggered_on: day(7, 6),
        last_step_on: day(7, 21),
        interviewer: Some(office("371100000000", Post::CityDeputyChief)),
        interviewees: vec![office("371102000000", Post::DeputyBureauChief)],
        commitments: vec![Commitment { state: CommitmentState::Met.into(), ..Default::default() }],
        withdrawal_cause: WithdrawalCause::Correction.into(),
        withdrawn_notice: "n-may".into(),
        ..Default::default()
    };
    let listed = ListedCase {
        case_no: "A3711020300002026060007".into(),
        org_unit: SEVEN_OF_TWENTY.into(),
        level: SupervisionLevel::City.into(),
        owner: Some(CaseOwner {
            office: Some(office("371102000000", Post::BureauChief)),
            subject: "not-to-be-shown".into(),
        }),
        state: ListedCaseState::Listed.into(),
        listed_on: day(6, 1),
        due_on: day(6, 30),
        progress: vec![ListedCaseProgress { number: 1, on: day(6, 9), ..Default::default() }],
        overdue: true,
        ..Default::default()
    };
    let waived = Notice {
        notice_id: "w".into(),
        state: NoticeState::Waived.into(),
        remark: "机构合并".into(),
        overdue: false,
        ..notice()
    };
    Decided { notices: vec![notice(), waived], interviews: vec![interview], listed: vec![listed] }
}

async fn accountability_page(decided: &Decided, uri: &str) -> String {
    let ask = ask(uri).await;
    let boards = [sample::scheme()];
    let around = Around { names: &sample::names, boards: &boards, campaigns: &[] };
    let bureaus = [("371102000000".to_owned(), "东港分局".to_owned(), "Donggang Bureau".to_owned())];
    AccountabilityPage::of(decided, &around, &bureaus, Status::of(&[], ask.lang), &ask).render().unwrap()
}

#[tokio::test]
async fn what_is_overdue_is_marked_and_posts_stand_where_names_would() {
    let page = accountability_page(&decided(), "/accountability").await;
    let notice = row(&page, "n-theft-stations-2026-06-371102030000");
    for text in
        ["7/20", "逾期未办", "报整改方案 2026-07-20", "已签收", "closing?period=2026-06#u-371102030000"]
    {
        assert!(notice.contains(text), "{text} is missing in {notice}");
    }
    let interview = row(&page, "i-i-1");
    for text in ["已撤销", "结账更正后不再低于标准", "市局副局长 → 东港分局分管副局长", "2026年5月", "1/1"]
    {
        assert!(interview.contains(text), "{text} is missing in {interview}");
    }
    assert!(
        interview.contains("period=2026-05#u-371102030000\">结账更正"),
        "the month that fell: {interview}"
    );
    let listed = row(&page, "c-A3711020300002026060007");
    assert!(
        listed.contains("东港分局局长")
            && listed.contains("逾期")
            && listed.contains("1 次，最近 2026-06-09")
    );
    assert!(!page.contains("not-to-be-shown"));
    assert!(page.contains("机构合并"), "what is over is told below");
    assert!(page.contains("bureau=371102000000"));
}

#[tokio::test]
async fn a_city_without_notices_says_so_in_both_languages() {
    let none = Decided::default();
    assert!(accountability_page(&none, "/accountability").await.contains("没有未办结的通报"));
    let page = accountability_page(&none, "/accountability?bureau=371102000000&lang=en").await;
    assert!(page.contains("No notice is open") && page.contains("aria-current=\"page\">Donggang Bureau"));
    let english = accountability_page(&decided(), "/accountability?lang=en").await;
    assert!(english.contains("the closing was corrected") && english.contains("overdue"));
}

#[tokio::test]
async fn a_board_shows_who_is_late_and_whether_its_period_is_closed() {
    let ask = ask("/boards/theft-stations?period=2026-06").await;
    let place = place(ask.lang);
    let mut page =
        BoardPage::of(&sample::standings(), &place, &sample::names, &[], date!(2026 - 07 - 10), &ask);
    assert!(page.render().unwrap().contains("暂定"));
    page.closing = overdue::state(Some(&closed().closing), &place);
    overdue::mark(&mut page.v, &[notice()], &[], ask.lang);
    let html = page.render().unwrap();
    assert!(html.contains("已冻结，2026年7月5日"));
    let late = row(&html, &format!("u-{SEVEN_OF_TWENTY}"));
    assert!(late.contains("2026年6月通报逾期") && late.contains("报整改方案（应于 2026-07-20）"), "{late}");
    assert!(late.contains("/accountability#n-theft-stations-2026-06-371102030000"));
    assert!(!row(&html, &format!("u-{FOUR_OF_TWENTY}")).contains("通报逾期"));
}

async fn integrity_page(now: &GetStandingsResponse, at_end: &GetStandingsResponse, uri: &str) -> String {
    let ask = ask(uri).await;
    let ends = MonthEnds::of(now, date!(2026 - 07 - 15));
    let page = IntegrityPage::of(now, ends.as_ref(), &[at_end], &place(ask.lang), &sample::names, &[], &ask);
    page.unwrap().render().unwrap()
}

#[tokio::test]
async fn audits_have_a_band_and_solves_that_pile_up_at_the_end_of_a_month_are_marked() {
    let mut now = sample::standings();
    set(&mut now, SEVEN_OF_TWENTY, "recording_rate", 171, Some(200));
    set(&mut now, SEVEN_OF_TWENTY, "withdrawn_no_crime", 2, None);
    set(&mut now, FOUR_OF_TWENTY, "recording_rate", 3, Some(4));
    let mut at_end = sample::standings();
    for entry in at_end.entries.iter_mut().chain(&mut at_end.total) {
        for value in &mut entry.indicators {
            value.numerator = 0;
        }
    }
    // Of seventeen solves of the first station nine stand in the last three days; of seven of another one all, but those
    // are too few to say so.
    set(&mut at_end, "371172010000", "solve_rate", 9, Some(3));
    set(&mut at_end, SEVEN_OF_TWENTY, "solve_rate", 7, Some(3));
    let uri = "/boards/theft-stations/integrity?period=2026-06";
    let page = integrity_page(&now, &at_end, uri).await;
    let audited = row(&page, &format!("u-{SEVEN_OF_TWENTY}"));
    for text in ["85.5%", "80.0–89.7", "不达标", "数据待核", "indicator=withdrawn_no_crime"] {
        assert!(audited.contains(text), "{text} is missing in {audited}");
    }
    assert!(row(&page, &format!("u-{FOUR_OF_TWENTY}")).contains("抽查过少"));
    assert!(page.contains("3/30 = <b>10.0%</b>"));
    let piled = row(&page, "e-371172010000");
    assert!(piled.contains("偏多") && piled.contains("52.9%"), "{piled}");
    assert!(piled.contains("period=2026-06-28..2026-06-30"), "its solves of those days");
    assert!(!row(&page, &format!("e-{SEVEN_OF_TWENTY}")).contains("偏多"));
    assert!(page.contains("CB-017") && page.contains("indicator=near_threshold"));
    let english = integrity_page(&now, &at_end, &format!("{uri}&lang=en")).await;
    assert!(english.contains("inadequate") && english.contains("piled up"));
}

#[tokio::test]
async fn a_board_that_ranks_by_no_share_of_cases_has_no_integrity_page() {
    let ask = ask("/boards/city/integrity").await;
    let page = IntegrityPage::of(&sample::city(), None, &[], &place(ask.lang), &sample::names, &[], &ask);
    assert!(page.is_none());
}
