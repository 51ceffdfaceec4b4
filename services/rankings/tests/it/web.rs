//! The web board over real standings: what a server answers, and what a browser shows.

use crate::browser::{self, Browser};
use crate::world::*;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use fantoccini::Locator;
use futures::StreamExt;
use http::{Request, StatusCode, header};
use std::net::SocketAddr;
use time::macros::date;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use xiaoan_eventstore::NewEvent;
use xiaoan_kernel::StreamId;
use xiaoan_proto::hq::v1::CampaignOpened;
use xiaoan_rankings::{Reader, web};
use xiaoan_testkit::DEADLINE;

xiaoan_kernel::events! { enum CampaignEvent { Opened(CampaignOpened) } }

pub const BOARD: &str = "/boards/theft-stations?period=2026-06";

/// Twelve thefts of the first station, five of them solved; three of the second; a withdrawn solve.
pub async fn busy() -> World {
    let mut world = World::new().await;
    for n in 0..12 {
        let mut case =
            world.file(&format!("A{FIRST}202606{n:04}"), FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
        if n < 6 {
            case.solve(&mut world, date!(2026 - 06 - 20)).await;
        }
        if n == 5 {
            case.revoke(&mut world).await;
        }
    }
    for n in 0..3 {
        world.file(&format!("A{SECOND}202606{n:04}"), SECOND, PICKPOCKETING, date!(2026 - 06 - 09)).await;
    }
    world.settled().await;
    world
}

fn routes(reader: Reader) -> (axum::Router, watch::Sender<bool>) {
    let (end, ending) = watch::channel(false);
    (web::router(reader, vec!["board.example".into()], ending), end)
}

pub async fn ask(world: &World, uri: &str, headers: &[(&str, &str)]) -> Response {
    let (router, end) = routes(world.reader.clone());
    let mut request = Request::builder().uri(uri);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "127.0.0.1:7080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    drop(end);
    response
}

pub async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap()
}

/// The server as it runs, on a port of its own.
pub struct Served {
    pub address: SocketAddr,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Served {
    async fn at(address: SocketAddr, reader: Reader) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, end) = routes(reader);
        let mut ended = end.subscribe();
        let task = tokio::spawn(async move {
            let over = async move {
                ended.wait_for(|over| *over).await.ok();
            };
            axum::serve(listener, router).with_graceful_shutdown(over).await.unwrap();
        });
        Self { address, end, task }
    }
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
    pub async fn stop(self) {
        self.end.send(true).unwrap();
        self.task.await.unwrap();
    }
}

pub async fn served(reader: Reader) -> Served {
    Served::at(SocketAddr::from(([127, 0, 0, 1], 0)), reader).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_forbid_scripts_from_elsewhere_frames_and_caches() {
    let world = busy().await;
    let page = ask(&world, BOARD, &[]).await;
    assert_eq!(page.status(), StatusCode::OK);
    let headers = page.headers();
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::CONTENT_LANGUAGE], "zh-CN");
    let html = text(page).await;
    let style = html.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = ask(&world, style, &[]).await;
    assert!(style.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert_eq!(style.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_name_is_not_answered() {
    let world = World::new().await;
    let refused = ask(&world, "/", &[("host", "evil.example:7080")]).await;
    assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(ask(&world, "/", &[("host", "board.example")]).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_answered_with_their_status_and_a_way_on() {
    let world = World::new().await;
    for (uri, status, said) in [
        ("/boards/no-board?period=2026-06", StatusCode::NOT_FOUND, "/boards/theft-stations"),
        ("/boards/theft-stations?period=2026-13", StatusCode::BAD_REQUEST, "2026-Q2"),
        ("/boards/theft-stations?period=%3Cscript%3E", StatusCode::BAD_REQUEST, "&#60;script&#62;"),
        ("/boards/theft-stations?as_of=yesterday", StatusCode::BAD_REQUEST, "2026-07-10T08:00"),
        ("/boards/no-board/live?period=2026-06", StatusCode::NOT_FOUND, "/boards/theft-stations"),
        (
            "/boards/theft-stations/explain?period=2026-06&unit=1&indicator=filed",
            StatusCode::BAD_REQUEST,
            "参数",
        ),
        ("/boards/theft-stations/explain?period=2026-06&indicator=none", StatusCode::BAD_REQUEST, "参数"),
        (
            "/boards/theft-stations/explain?period=2026-06&indicator=filed&part=x",
            StatusCode::BAD_REQUEST,
            "part",
        ),
        ("/nowhere", StatusCode::NOT_FOUND, "没有这个页面"),
    ] {
        let page = ask(&world, uri, &[]).await;
        assert_eq!(page.status(), status, "{uri}");
        let html = text(page).await;
        assert!(html.contains(said), "{uri}: {said} is missing");
        assert!(!html.contains("<script>"), "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_days_of_a_form_become_a_period() {
    let world = World::new().await;
    let page = ask(&world, "/boards/theft-stations?from=2026-06-01&to=2026-06-15&lang=en", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        page.headers()[header::LOCATION],
        "/boards/theft-stations?period=2026-06-01..2026-06-15&lang=en"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_period_the_latest_month_with_filings_is_shown() {
    let mut world = busy().await;
    let mut late = world.file("late", FIRST, BURGLARY, date!(2026 - 06 - 30)).await;
    late.solve(&mut world, date!(2026 - 07 - 02)).await;
    world.settled().await;
    let html = text(ask(&world, "/boards/theft-stations", &[]).await).await;
    assert!(html.contains("<b>2026年6月</b>"), "into July only a solve reaches");
    let index = text(ask(&world, "/", &[]).await).await;
    assert!(index.contains("2026年6月") && index.contains("/boards/theft-stations?period=2026-06"));
    let sources = text(ask(&world, "/sources", &[]).await).await;
    assert!(sources.contains("cases") && sources.contains("hq"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_under_way_is_where_the_board_begins() {
    let mut world = busy().await;
    let opened = CampaignOpened {
        campaign_id: "spring".into(),
        name_zh: "春季行动".into(),
        name_en: "Spring".into(),
        from: Some(date!(2026 - 06 - 01).into()),
        to: Some(date!(2026 - 07 - 31).into()),
    };
    world.decide("campaign", "spring", vec![CampaignEvent::from(opened)]).await;
    world.settled().await;
    let html = text(ask(&world, "/boards/theft-stations", &[]).await).await;
    assert!(html.contains("<b>春季行动</b> <span>2026年6月1日至2026年7月31日</span>"));
    assert!(html.contains("/boards/theft-stations?period=spring"), "and it can be chosen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_back_is_told_only_what_it_missed() {
    let mut world = busy().await;
    let seen = world.standings("theft-stations", JUNE).await.revision;
    let uri = "/boards/theft-stations/live?period=2026-06";
    let up_to_date = ask(&world, uri, &[("last-event-id", &seen.to_string())]).await;
    assert_eq!(up_to_date.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = up_to_date.into_body().into_data_stream();
    let first = events.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: pulse"), "{first:?}");

    world.file("new", FIRST, BURGLARY, date!(2026 - 06 - 30)).await;
    let now = world.standings("theft-stations", JUNE).await.revision;
    let behind = ask(&world, uri, &[("last-event-id", &seen.to_string())]).await;
    let mut events = behind.into_body().into_data_stream();
    let told = loop {
        let event = tokio::time::timeout(DEADLINE, events.next()).await.unwrap().unwrap().unwrap();
        if event.starts_with(b"event: standings") {
            break String::from_utf8(event.to_vec()).unwrap();
        }
    };
    assert!(told.contains(&format!("id: {now}\n")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_whole_board_is_there() {
    let world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    let row = browser.text(&format!("#u-{FIRST}")).await;
    for text in ["一所", "东港分局", "41.7", "5/12", "19.3–68.1"] {
        assert!(row.contains(text), "{text} is missing in {row:?}");
    }
    assert!(browser.text("tbody[data-rows=unranked]").await.contains("件数过少，不排名"));
    assert!(browser.text("#live").await.contains("刷新"), "nothing claims to be live");
    assert_eq!(browser.count("#live[data-state]").await, 0, "no script ran");
    // The forms work as well.
    browser.click("a[rel=prev]").await;
    browser.shows(".period", "2026年5月").await;
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_fact_reaches_an_open_page_and_marks_its_row() {
    let mut world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    browser.shows("#live[data-state=on]", "实时更新中").await;
    browser.page.execute("window.sameDocument = true", vec![]).await.unwrap();
    let number = format!("#u-{FIRST} td.count .value");
    assert_eq!(browser.text(&number).await, "12");

    world.file("new", FIRST, BURGLARY, date!(2026 - 06 - 30)).await;
    browser.text(&format!("#u-{FIRST}.changed")).await;
    browser.shows(&number, "13").await;
    browser.shows("tbody[data-rows=total] td.count .value", "16").await;
    assert_eq!(
        browser.count(&format!("#u-{THIRD}.changed")).await,
        0,
        "a row that did not change is not marked"
    );
    let same = browser.page.execute("return window.sameDocument === true", vec![]).await.unwrap();
    assert_eq!(same, true, "the page was not loaded anew");
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_what_was_missed_is_caught_up() {
    let mut world = busy().await;
    let server = served(world.reader.clone()).await;
    let address = server.address;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    browser.text("#live[data-state=on]").await;

    server.stop().await;
    browser.shows("#lost", "连接已断开").await;
    world.file("while-away", FIRST, BURGLARY, date!(2026 - 06 - 30)).await;
    world.settled().await;
    let server = Served::at(address, world.reader.clone()).await;
    browser.shows(&format!("#u-{FIRST} td.count .value"), "13").await;
    browser.text("#live[data-state=on]").await;
    assert_eq!(browser.count("#lost[hidden]").await, 1);
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_says_loudly_that_counting_has_stopped() {
    let mut world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    browser.text("#live[data-state=on]").await;
    assert_eq!(browser.count("[data-part=notices] .notice").await, 0);

    let poison = NewEvent {
        type_name: "xiaoan.cases.v1.CaseSplit".into(),
        payload: vec![0xff],
        org_unit: unit(FIRST),
        occurred_on: date!(2026 - 06 - 03),
    };
    let store = world.cases.clone();
    world.append_raw(&store, StreamId::new("case", "split"), vec![poison]).await;
    browser.shows("[data-part=notices] [role=alert]", "数据已停更").await;
    let said = browser.text("[data-part=notices] [role=alert]").await;
    assert!(said.contains("cases") && said.contains("CaseSplit"), "{said}");
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_leads_to_events_that_sum_to_it() {
    let world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    browser.click(&format!("#u-{FIRST} td.ranks .fraction a")).await;
    assert_eq!(browser.text("#number").await, "5");
    assert_eq!(browser.text("#sum").await, "5");
    assert_eq!(browser.count("table.lines tbody tr").await, 7, "six solves and a revocation");
    assert!(browser.text("table.lines tr.correction").await.contains("SolveRevoked"));

    // And so does every other number of the board, the city's too.
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    browser.text("table.board").await;
    let mut links = Vec::new();
    for link in browser.page.find_all(Locator::Css("table.board tbody a[href*='/explain']")).await.unwrap() {
        links.push(link.prop("href").await.unwrap().unwrap());
    }
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        let page = text(ask(&world, link.trim_start_matches(&server.url("")), &[]).await).await;
        let shown = |id: &str| {
            page.split_once(&format!("id=\"{id}\">")).map(|(_, rest)| rest.split('<').next().unwrap())
        };
        assert!(shown("number").is_some() && shown("number") == shown("sum"), "{link}");
    }
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_english_switch_is_remembered() {
    let world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url(BOARD)).await.unwrap();
    assert_eq!(browser.count("html[lang=zh-CN]").await, 1);
    browser.click("a.switch").await;
    browser.shows("h1", "Theft: stations").await;
    assert_eq!(browser.count("html[lang=en]").await, 1);
    browser.page.goto(&server.url("/sources")).await.unwrap();
    browser.shows("h1", "Sources").await;
    browser.click("a.switch").await;
    browser.shows("h1", "数据来源").await;
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_prints_on_a4() {
    let world = busy().await;
    let server = served(world.reader.clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.pdf");
    browser::print(&server.url(BOARD), &file).await;
    let pages = browser::paper(&std::fs::read(&file).unwrap());
    assert!(!pages.is_empty());
    for (width, height) in pages {
        assert!((width - 841.9).abs() < 1.0 && (height - 595.3).abs() < 1.0, "{width} × {height} points");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_city_has_its_rows_and_every_figure_leads_to_events_that_sum_to_it() {
    let world = crate::sources::a_busy_day().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url("/")).await.unwrap();
    browser.click("section.strip-of h2 a").await;
    browser.shows("h1", "全市要情一览").await;
    browser.page.goto(&server.url("/boards/city?period=2026-06")).await.unwrap();
    for (area, figures) in [
        ("A", &["秋风", "12", "41.7"][..]),
        ("V", &["义警"]),
        ("F", &["社区警务"]),
        ("J", &["5,000.00", "1,000.00"]),
        ("P", &["港航公安局", "13", "1,200"]),
    ] {
        let row = browser.text(&format!("#area-{area}")).await;
        for figure in figures {
            assert!(row.contains(figure), "{figure} is missing in {row:?}");
        }
    }
    let mut links = Vec::new();
    for link in browser.page.find_all(Locator::Css(".areas a")).await.unwrap() {
        links.push(link.prop("href").await.unwrap().unwrap());
    }
    assert!(links.len() > 30, "{links:?}");
    for link in links {
        let page = text(ask(&world, link.trim_start_matches(&server.url("")), &[]).await).await;
        let shown = |id: &str| {
            page.split_once(&format!("id=\"{id}\">")).map(|(_, rest)| rest.split('<').next().unwrap())
        };
        assert!(shown("number").is_some() && shown("number") == shown("sum"), "{link}");
    }
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_city_sheet_follows_every_source() {
    let mut world = crate::sources::a_busy_day().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(true).await;
    browser.page.goto(&server.url("/boards/city?period=2026-06")).await.unwrap();
    browser.shows("#live[data-state=on]", "实时更新中").await;
    browser.shows("#f-stopped", "5,000.00").await;
    world.stopped("s-live", DONGGANG, 1_000).await;
    browser.shows("#f-stopped", "5,010.00").await;
    world.incident("i-live", PIER, false).await;
    browser.shows("#f-incidents", "14").await;
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squadrons_number_leads_to_its_own_patrols() {
    let world = crate::sources::a_busy_day().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url("/boards/volunteer-squadrons?period=2026-06")).await.unwrap();
    let row = browser.text("#u-sq-12").await;
    assert!(row.contains("十二中队") && row.contains("一所"), "{row}");
    browser.click("#u-sq-12 td.ranks .value a").await;
    browser.shows("h1", "十二中队").await;
    assert_eq!((browser.text("#number").await, browser.text("#sum").await), ("3".into(), "3".into()));
    assert_eq!(browser.count("table.lines tbody tr").await, 3);
    browser.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sources_page_shows_each_source_with_its_chain_head_and_one_that_is_missing() {
    let world = busy().await;
    let server = served(world.reader.clone()).await;
    let browser = Browser::open(false).await;
    browser.page.goto(&server.url("/sources")).await.unwrap();
    let head = world.cases.head().await.unwrap();
    browser.shows("#s-cases", &format!("#{}", head.position)).await;
    assert!(browser.text("#s-cases").await.contains("正常"));
    assert!(browser.text("#s-cases + .more-of").await.contains(&hex::encode(head.hash)));
    assert!(browser.text("#s-port").await.contains("未接入"));
    browser.click("a.switch").await;
    browser.shows("#s-port", "not followed").await;
    browser.close().await;
    server.stop().await;
}
