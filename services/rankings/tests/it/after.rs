//! What hq decided after a month was over, on the board's pages: real logs, the real projection, a real browser.

use crate::browser::Browser;
use crate::web::{ask, busy, served, text};
use crate::world::*;
use fantoccini::Locator;
use http::StatusCode;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use time::macros::date;
use tokio::sync::watch;
use xiaoan_feed::LogReader;
use xiaoan_projection::{RebuildProgress, Rebuilder};
use xiaoan_proto::cases::v1::{AuditVerdict, AuditVerdictRecorded};
use xiaoan_proto::closing_text;
use xiaoan_proto::hq::v1::{
    CaseListed, CaseOwner, ClosedFigures, Correction, InterviewTriggered, InterviewWithdrawn, NoticeDeadline,
    NoticeDeadlineMissed, NoticeIssued, NoticePlanSubmitted, NoticeStep, Officeholder, PeriodCorrected,
    PeriodFrozen, Post, ProgressOverdue, SupervisionLevel, WithdrawalCause,
};
use xiaoan_rankings::accountability::{
    Accountability, ClosingEvent, InterviewEvent, ListedCaseEvent, NoticeEvent,
};
use xiaoan_rankings::booking::integrity::AuditEvent;
use xiaoan_testkit::TestDb;

const STATIONS: &str = "theft-stations";
const CLOSING: &str = "/boards/theft-stations/closing?period=2026-06";
const ID: &str = "theft-stations-2026-06";

/// What rankings shows of June, as hq stores it.
async fn figures(world: &World) -> ClosedFigures {
    let figures = ClosedFigures::from(&**world.standings(STATIONS, JUNE).await);
    let text = closing_text(STATIONS, JUNE, &figures, |bytes| Sha256::digest(bytes).into());
    ClosedFigures { digest: Sha256::digest(text).to_vec(), ..figures }
}

pub async fn freeze(world: &mut World) {
    let frozen = PeriodFrozen {
        closing_id: ID.into(),
        board: STATIONS.into(),
        period: JUNE.into(),
        frozen_on: Some(date!(2026 - 07 - 05).into()),
        org_unit: CITY.into(),
        figures: Some(figures(world).await),
    };
    world.decide("closing", ID, vec![ClosingEvent::from(frozen)]).await;
}

async fn correct(world: &mut World, reason: &str) {
    let correction = Correction {
        number: 1,
        reason: reason.into(),
        corrected_on: Some(date!(2026 - 07 - 14).into()),
        figures: Some(figures(world).await),
        differences: Vec::new(),
    };
    let corrected = PeriodCorrected {
        closing_id: ID.into(),
        board: STATIONS.into(),
        period: JUNE.into(),
        org_unit: CITY.into(),
        correction: Some(correction),
    };
    world.decide("closing", ID, vec![ClosingEvent::from(corrected)]).await;
}

pub async fn issue(world: &mut World) {
    let deadline = |step: NoticeStep, last_day: time::Date| NoticeDeadline {
        step: step.into(),
        last_day: Some(last_day.into()),
        ..Default::default()
    };
    let issued = NoticeIssued {
        notice_id: format!("{ID}-{FIRST}"),
        closing_id: ID.into(),
        board: STATIONS.into(),
        period: JUNE.into(),
        org_unit: FIRST.into(),
        indicator_id: "solve_rate".into(),
        numerator: 5,
        denominator: 13,
        threshold_numerator: 40,
        threshold_denominator: 100,
        issued_on: Some(date!(2026 - 07 - 06).into()),
        deadlines: vec![
            deadline(NoticeStep::Acknowledge, date!(2026 - 07 - 09)),
            deadline(NoticeStep::Plan, date!(2026 - 07 - 20)),
        ],
        ..Default::default()
    };
    world.decide("notice", &format!("{ID}-{FIRST}"), vec![NoticeEvent::from(issued)]).await;
}

pub async fn miss_plan(world: &mut World) {
    let missed = NoticeDeadlineMissed {
        notice_id: format!("{ID}-{FIRST}"),
        org_unit: FIRST.into(),
        which: NoticeStep::Plan.into(),
        ..Default::default()
    };
    world.decide("notice", &format!("{ID}-{FIRST}"), vec![NoticeEvent::from(missed)]).await;
}

/// An interview that was triggered and withdrawn, and a listed case whose day has passed.
pub async fn interview_and_list(world: &mut World) {
    let id = format!("{STATIONS}-{FIRST}-{JUNE}");
    let triggered = InterviewTriggered {
        interview_id: id.clone(),
        board: STATIONS.into(),
        org_unit: FIRST.into(),
        notice_ids: vec!["theft-stations-2026-05-x".into(), format!("{ID}-{FIRST}")],
        periods: vec!["2026-05".into(), JUNE.into()],
        on: Some(date!(2026 - 07 - 06).into()),
        ..Default::default()
    };
    let withdrawn = InterviewWithdrawn {
        interview_id: id.clone(),
        org_unit: FIRST.into(),
        on: Some(date!(2026 - 07 - 14).into()),
        cause: WithdrawalCause::Correction.into(),
        notice_id: format!("{ID}-{FIRST}"),
        ..Default::default()
    };
    world.decide("interview", &id, vec![InterviewEvent::from(triggered), withdrawn.into()]).await;
    let case_no = "A3711030100002026060001";
    let listed = CaseListed {
        case_no: case_no.into(),
        org_unit: THIRD.into(),
        level: SupervisionLevel::City.into(),
        owner: Some(CaseOwner {
            subject: "chief-of-lanshan".into(),
            office: Some(Officeholder { org_unit: LANSHAN.into(), post: Post::BureauChief.into() }),
        }),
        on: Some(date!(2026 - 06 - 01).into()),
        due_on: Some(date!(2026 - 06 - 30).into()),
    };
    let overdue = ProgressOverdue { case_no: case_no.into(), org_unit: THIRD.into(), ..Default::default() };
    world.decide("listedcase", case_no, vec![ListedCaseEvent::from(listed), overdue.into()]).await;
}

/// "number" or "sum" of an explanation.
fn shown<'a>(page: &'a str, id: &str) -> Option<&'a str> {
    page.split_once(&format!("id=\"{id}\">")).map(|(_, rest)| rest.split('<').next().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_period_stands_beside_what_the_ledger_says_now_and_every_number_leads_to_its_events() {
    let mut world = busy().await;
    let provisional = ask(&world, CLOSING, &[]).await;
    assert_eq!(provisional.status(), StatusCode::NOT_FOUND);
    assert!(text(provisional).await.contains("尚未结账"));
    freeze(&mut world).await;
    // Recorded after the closing: 5 of 12 becomes 5 of 13.
    world.file("late", FIRST, BURGLARY, date!(2026 - 06 - 28)).await;
    world.settled().await;

    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url(crate::web::BOARD)).await.unwrap();
    assert!(browser.text("#closing").await.contains("已冻结，2026年7月5日"));
    browser.click("#closing a").await;
    browser.shows("h1", "结账").await;
    let row = browser.text(&format!("#u-{FIRST}")).await;
    for figure in ["41.7%", "5/12", "38.5%", "5/13", "−3.2 pp", "0 / +1"] {
        assert!(row.contains(figure), "{figure} is missing in {row:?}");
    }
    let mut links = Vec::new();
    for link in browser.page.find_all(Locator::Css("table.closed a")).await.unwrap() {
        links.push(link.prop("href").await.unwrap().unwrap());
    }
    assert!(links.len() > 12, "{links:?}");
    let mut frozen = Vec::new();
    for link in links {
        let page = text(ask(&world, link.trim_start_matches(&server.url("")), &[]).await).await;
        assert!(shown(&page, "number").is_some() && shown(&page, "number") == shown(&page, "sum"), "{link}");
        if link.contains("closing=0") && link.contains(FIRST) && link.contains("part=denominator") {
            frozen.push(shown(&page, "number").unwrap().to_owned());
        }
    }
    assert_eq!(frozen, ["12"], "the frozen denominator is that of then");
    browser.page.goto(&server.url(&format!("{CLOSING}&recount=1"))).await.unwrap();
    browser.shows(".verdict", "摘要一致").await;

    correct(&mut world, "六月底的一起盗窃案迟录").await;
    world.settled().await;
    browser.page.goto(&server.url(&format!("{CLOSING}&recount=1&lang=en"))).await.unwrap();
    browser.shows(".period", "corrected").await;
    let records = browser.text("section.basis").await;
    assert!(records.contains("六月底的一起盗窃案迟录") && records.contains("Correction 1"), "{records}");
    assert_eq!(browser.count(".verdict.good").await, 2, "both are counted again");
    browser.page.goto(&server.url("/closings?lang=zh")).await.unwrap();
    browser.shows("table", "2026年6月").await;
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_overdue_is_seen_on_the_board_and_leads_to_the_notice() {
    let mut world = busy().await;
    freeze(&mut world).await;
    issue(&mut world).await;
    interview_and_list(&mut world).await;
    world.settled().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(crate::web::BOARD)).await.unwrap();
    browser.shows("#live[data-state=on]", "实时更新中").await;
    assert_eq!(browser.count(".overdue-note").await, 0);
    miss_plan(&mut world).await;
    // An open page follows: the event reaches it like a fact.
    browser.shows(&format!("#u-{FIRST} .overdue-note"), "报整改方案（应于 2026-07-20）").await;
    assert_eq!(browser.count(".overdue-note").await, 1);
    browser.click(".overdue-note a").await;
    browser.shows("h1", "通报督办").await;
    let notice = browser.text(&format!("#n-{ID}-{FIRST}")).await;
    assert!(notice.contains("5/13") && notice.contains("逾期未办"), "{notice}");
    assert!(browser.text("section.part:nth-of-type(3)").await.contains("结账更正后不再低于标准"));
    let list = browser.text("#c-A3711030100002026060001").await;
    assert!(list.contains("岚山分局局长") && list.contains("逾期"), "{list}");
    let html = text(ask(&world, "/accountability", &[]).await).await;
    assert!(!html.contains("chief-of-lanshan"), "a post, never a person");

    // One bureau alone.
    let donggang = text(ask(&world, &format!("/accountability?bureau={DONGGANG}"), &[]).await).await;
    assert!(donggang.contains(&format!("n-{ID}-{FIRST}")) && !donggang.contains("A371103010000202606"));
    let lanshan = text(ask(&world, &format!("/accountability?bureau={LANSHAN}&lang=en"), &[]).await).await;
    assert!(lanshan.contains("No notice is open") && lanshan.contains("A371103010000202606"));
    assert_eq!(ask(&world, "/accountability?bureau=1", &[]).await.status(), StatusCode::BAD_REQUEST);

    let plan = NoticePlanSubmitted {
        notice_id: format!("{ID}-{FIRST}"),
        org_unit: FIRST.into(),
        on: Some(date!(2026 - 07 - 21).into()),
        plan: "增派便衣".into(),
        late: true,
    };
    world.decide("notice", &format!("{ID}-{FIRST}"), vec![NoticeEvent::from(plan)]).await;
    world.settled().await;
    let board = text(ask(&world, crate::web::BOARD, &[]).await).await;
    assert!(!board.contains("overdue-note"), "what was late is done");
    let page = text(ask(&world, "/accountability", &[]).await).await;
    assert!(page.contains("逾期后办") && !page.contains("增派便衣"));
    browser.close().await;
    server.stop().await;
}

pub async fn audited(world: &mut World) {
    for n in 0..20 {
        let verdict = AuditVerdictRecorded {
            org_unit: FIRST.into(),
            received_on: Some(date!(2026 - 06 - 10).into()),
            verdict: AuditVerdict::ShouldBeRecorded.into(),
            recorded: n < 17,
            ..Default::default()
        };
        world.happen("audit", &format!("a-{n}"), vec![AuditEvent::from(verdict)]).await;
    }
    for n in 0..9 {
        let mut case = world.file(&format!("e{n}"), FIRST, BURGLARY, date!(2026 - 06 - 10)).await;
        case.solve(world, date!(2026 - 06 - 29)).await;
    }
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bears_on_the_rates_is_shown_unit_by_unit_and_leads_to_its_events() {
    let mut world = busy().await;
    audited(&mut world).await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url(crate::web::BOARD)).await.unwrap();
    browser.click(".pagelinks a[href*='/integrity']").await;
    browser.shows("h1", "数据可信度").await;
    let row = browser.text(&format!("#u-{FIRST}")).await;
    for figure in ["85.0%", "17/20", "不达标", "数据待核"] {
        assert!(row.contains(figure), "{figure} is missing in {row:?}");
    }
    let end = browser.text(&format!("#e-{FIRST}")).await;
    assert!(end.contains("64.3%") && end.contains("偏多"), "nine of fourteen: {end}");
    let mut links = Vec::new();
    for link in browser.page.find_all(Locator::Css("table a[href*='/explain']")).await.unwrap() {
        links.push(link.prop("href").await.unwrap().unwrap());
    }
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        let page = text(ask(&world, link.trim_start_matches(&server.url("")), &[]).await).await;
        assert!(shown(&page, "number").is_some() && shown(&page, "number") == shown(&page, "sum"), "{link}");
    }
    let other = "/boards/volunteer-squadrons/integrity?period=2026-06";
    assert_eq!(ask(&world, other, &[]).await.status(), StatusCode::BAD_REQUEST);
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_and_a_database_that_begins_anew_give_the_same_decisions() {
    let mut world = busy().await;
    freeze(&mut world).await;
    issue(&mut world).await;
    miss_plan(&mut world).await;
    interview_and_list(&mut world).await;
    correct(&mut world, "迟录").await;
    world.settled().await;
    let rebuild = || Arc::new(Accountability::rebuild());
    let logs = || vec![LogReader::local(world.hq.clone())];
    let (progress, _) = watch::channel(RebuildProgress::default());
    let digests = Rebuilder::new(world.board.pool(), logs(), rebuild()).run(&progress).await.unwrap();
    assert_eq!(digests.rebuilt, digests.replaced);

    let fresh = TestDb::create("rankings").await;
    let (_reader, handles) = follow(&fresh, &world.sources(), &world.hq, &world.clock).await;
    let head = world.hq.head().await.unwrap().position;
    for handle in handles.iter().filter(|handle| handle.source() == "hq") {
        handle.wait_for("hq", head, xiaoan_testkit::DEADLINE).await.unwrap();
    }
    let anew = Rebuilder::new(fresh.pool(), logs(), rebuild()).run(&progress).await.unwrap();
    assert_eq!(anew.replaced, digests.replaced);
}
