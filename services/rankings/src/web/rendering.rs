//! The pages as a browser gets them, rendered from standings that stand in a file.

use super::ask::Ask;
use super::board::Place;
use super::explain::{Asked, ExplainPage};
use super::lang::Lang;
use super::pages::{BoardPage, IndexPage};
use super::sheet::SheetPage;
use super::sources::SourcesPage;
use super::status::Status;
use super::{sample, summary};
use askama::Template;
use axum::extract::FromRequestParts;
use http::Request;
use time::macros::date;
use xiaoan_proto::rankings::v1::{ExplainResponse, GetStandingsResponse};

pub async fn ask(uri: &str) -> Ask {
    let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
    let Ok(ask) = Ask::from_request_parts(&mut parts, &()).await;
    ask
}

fn place(lang: Lang, as_of: &str) -> Place {
    Place { board: "theft-stations".into(), period: "2026-06".into(), as_of: as_of.into(), lang }
}

async fn board_page(standings: &GetStandingsResponse, uri: &str) -> String {
    let ask = ask(uri).await;
    let place = place(ask.lang, ask.get("as_of"));
    let page = BoardPage::of(standings, &place, &sample::names, &[], date!(2026 - 07 - 10), &ask);
    page.render().unwrap()
}

async fn explain_page(lines: &ExplainResponse, uri: &str) -> String {
    let ask = ask(uri).await;
    let asked = Asked {
        place: place(ask.lang, ""),
        unit: "371102010000".into(),
        squadron: String::new(),
        indicator: "solve_rate".into(),
        denominator: false,
        closing: None,
        token: ask.get("page").into(),
        skipped: 0,
    };
    let standings = sample::standings();
    let page = ExplainPage::of(&standings, lines, &asked, &sample::names, &[], &ask).unwrap();
    page.render().unwrap()
}

/// The markup between `from` and the next `to` after it.
fn cut<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let rest = html.split_once(from).unwrap_or_else(|| panic!("no {from:?} in the page")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}")).0
}

fn row<'a>(html: &'a str, unit: &str) -> &'a str {
    cut(html, &format!("<tr role=\"row\" id=\"u-{unit}\""), "</tr>")
}

const BOARD: &str = "/boards/theft-stations?period=2026-06";

#[tokio::test]
async fn a_rate_stands_beside_its_fraction_its_interval_and_its_change() {
    let html = board_page(&sample::standings(), BOARD).await;
    let row = row(&html, "371102010000");
    for text in ["40.0<i>%</i>", ">8</a>", ">20</a>", "21.9–61.3", "＝"] {
        assert!(row.contains(text) || text == "＝", "{text} is missing in {row}");
    }
    assert!(row.contains("part=numerator") && row.contains("part=denominator"));
    assert!(!row.contains("需关注"), "exactly 40 % is not below 40 %");
}

#[tokio::test]
async fn attention_is_said_in_words_and_says_when_it_may_be_chance() {
    let html = board_page(&sample::standings(), BOARD).await;
    let seven_of_twenty = row(&html, "371102030000");
    assert!(
        seven_of_twenty.contains("需关注") && seven_of_twenty.contains("破案率 &#60; 40%"),
        "{seven_of_twenty}"
    );
    assert!(seven_of_twenty.contains("可能是偶然"));
    let sixteen_of_sixty = row(&html, "371121010000");
    assert!(
        sixteen_of_sixty.contains("需关注") && !sixteen_of_sixty.contains("可能是偶然"),
        "{sixteen_of_sixty}"
    );
}

#[tokio::test]
async fn a_moved_rank_has_a_text_alternative() {
    let html = board_page(&sample::standings(), BOARD).await;
    let up = row(&html, "371172010000");
    assert!(up.contains("▲2") && up.contains("比上期上升"), "{up}");
    let down = row(&html, "371102020000");
    assert!(down.contains("▼10") && down.contains("比上期下降"), "{down}");
    assert!(row(&html, "371122030000").contains("与上期持平"));
    assert!(row(&html, "371121020000").contains("上期未排名"));
}

#[tokio::test]
async fn too_few_to_rank_stand_apart() {
    let html = board_page(&sample::standings(), BOARD).await;
    let apart = cut(&html, "<tbody role=\"rowgroup\" data-rows=\"unranked\"", "</tbody>");
    assert!(apart.contains("件数过少，不排名"));
    assert!(apart.contains("371122020000"));
    assert_eq!(html.matches("id=\"u-371122020000\"").count(), 1);
}

#[tokio::test]
async fn what_bears_on_a_rate_stands_under_the_unit_and_is_no_column() {
    let mut standings = sample::standings();
    let revoked = standings.entries[0].indicators.iter_mut().find(|v| v.id == "solves_revoked").unwrap();
    revoked.numerator = 2;
    let audited = standings.entries[0].indicators.iter_mut().find(|v| v.id == "recording_rate").unwrap();
    (audited.numerator, audited.denominator) = (18, Some(20));
    let html = board_page(&standings, BOARD).await;
    let line = cut(row(&html, "371172010000"), "class=\"honest\"", "</th>");
    assert!(line.contains(">撤销破案 2</a>") && line.contains(">如实立案率 18/20</a>"), "{line}");
    assert!(!line.contains("跨月补录"), "what is zero is not shown");
    assert!(!cut(&html, "<thead role=\"rowgroup\">", "</thead>").contains("撤销破案"));
    assert!(cut(&html, "id=\"method\"", "</details>").contains("case.solve_revoked[0502*]"));
}

#[tokio::test]
async fn a_zero_base_has_a_dash_and_a_reason() {
    let mut standings = sample::standings();
    let filed = &mut standings.entries[0].indicators[0];
    (filed.base_zero, filed.yoy) = (true, String::new());
    let html = board_page(&standings, BOARD).await;
    assert!(row(&html, "371172010000").contains("上年同期为零，无同比"));
    assert!(!html.contains("inf") && !html.contains("NaN"));
}

#[tokio::test]
async fn money_is_shown_in_yuan_now_and_a_year_before() {
    let html = board_page(&sample::standings(), BOARD).await;
    let row = row(&html, "371102010000");
    assert!(row.contains(">27,996.00</a>"), "{row}");
    assert!(row.contains("上年同期 20,997.00"), "{row}");
}

#[tokio::test]
async fn more_solved_than_filed_is_shown_and_not_clamped() {
    let mut standings = sample::standings();
    let rate = &mut standings.entries[0].indicators[2];
    (rate.numerator, rate.denominator, rate.display) = (3, Some(2), "150.0".into());
    let html = board_page(&standings, BOARD).await;
    assert!(row(&html, "371172010000").contains("150.0<i>%</i>"));
}

#[tokio::test]
async fn a_stopped_source_is_said_loudly() {
    let mut standings = sample::standings();
    standings.sources[0].problem = "poison event at position 12847: <b>unknown</b> measure".into();
    let html = board_page(&standings, BOARD).await;
    let said = cut(&html, "<div class=\"notice stop\" role=\"alert\">", "</div>");
    assert!(said.contains("数据已停更") && said.contains("12,846"), "{said}");
    assert!(said.contains("&#60;b&#62;unknown&#60;/b&#62;"), "what the projection says is escaped: {said}");
}

#[tokio::test]
async fn a_source_that_is_behind_is_said_and_far_behind_in_large_letters() {
    let mut standings = sample::standings();
    standings.sources[0].lag_events = 3;
    let html = board_page(&standings, BOARD).await;
    assert!(html.contains("个事件未计入") && !html.contains("正在追赶数据"));
    standings.sources[0].lag_events = 250_000;
    let html = board_page(&standings, BOARD).await;
    assert!(html.contains("正在追赶数据") && html.contains("250,000"));
}

#[tokio::test]
async fn names_from_data_are_escaped() {
    let mut standings = sample::standings();
    standings.entries[0].name_zh = "<script>alert(1)</script>\"'&所".into();
    let html = board_page(&standings, BOARD).await;
    assert!(!html.contains("<script>alert"), "a name became markup");
    assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;所"));
}

#[tokio::test]
async fn nothing_on_a_page_is_inline_script_or_style() {
    let html = board_page(&sample::standings(), BOARD).await;
    assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="));
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains("<script src=\"/assets/"));
    assert!(!html.contains("http://") && !html.contains("https://"), "nothing comes from elsewhere");
}

#[tokio::test]
async fn the_english_page_is_english_and_its_links_stay_so() {
    let html = board_page(&sample::standings(), "/boards/theft-stations?period=2026-06&lang=en").await;
    assert!(html.contains("<html lang=\"en\">"));
    assert!(
        html.contains("Theft: stations")
            && html.contains("Too few to rank")
            && html.contains("Zhongzhi Station")
    );
    let links = html.match_indices("href=\"/").map(|(at, _)| cut(&html[at..], "href=\"", "\""));
    for link in links.filter(|link| !link.starts_with("/assets/") && !link.contains("lang=zh")) {
        assert!(link.contains("lang=en"), "{link}");
    }
    let table = cut(&html, "<table class=\"board\"", "</table>");
    let chinese: Vec<char> = table.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
    assert!(chinese.is_empty(), "{chinese:?}");
}

#[tokio::test]
async fn a_moment_of_the_past_is_said_and_not_followed_live() {
    let mut standings = sample::standings();
    standings.as_of = Some(prost_types::Timestamp { seconds: 1_782_950_400, nanos: 0 });
    let html =
        board_page(&standings, "/boards/theft-stations?period=2026-06&as_of=2026-07-02T08:00:00").await;
    assert!(html.contains("时所知的榜单") && !html.contains("data-live"));
    assert!(row(&html, "371102010000").contains("as_of=2026-07-02T08%3A00%3A00"), "numbers keep the moment");
}

#[tokio::test]
async fn the_sum_of_the_lines_is_shown_beside_the_number() {
    let html = explain_page(&sample::lines(), "/boards/theft-stations/explain?part=numerator").await;
    assert!(html.contains("id=\"number\">8<") && html.contains("id=\"sum\">8<"));
    assert!(html.contains("合计与榜上数字相等"));
    assert!(html.contains("cases#9000") && html.contains("SolveRevoked") && html.contains("冲销"));
}

#[tokio::test]
async fn a_sum_that_differs_is_an_alarm() {
    let mut lines = sample::lines();
    lines.sum = 9;
    let html = explain_page(&lines, "/boards/theft-stations/explain").await;
    assert!(html.contains("role=\"alert\"") && html.contains("合计与榜上数字不等"));
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let mut lines = sample::lines();
    (lines.count, lines.next_page_token) = (1_200, "abc/+=".into());
    let html = explain_page(&lines, "/boards/theft-stations/explain").await;
    assert!(html.contains("page=abc%2F%2B%3D") && html.contains("after=10"));
    assert!(html.contains("共 1,200 条"));
}

async fn city_page(uri: &str) -> String {
    let ask = ask(uri).await;
    let place = Place { board: "city".into(), period: "autumn-wind".into(), ..place(ask.lang, "") };
    let units = |code: &str| match code {
        "371121010000" => Some(("中至派出所".to_owned(), "Zhongzhi Station".to_owned())),
        _ => sample::names(code),
    };
    SheetPage::of(&sample::city(), &place, &units, &[], date!(2026 - 07 - 10), &ask).render().unwrap()
}

async fn sources_page(uri: &str) -> String {
    let ask = ask(uri).await;
    let status = Status::of(&sample::standings().sources, ask.lang);
    SourcesPage::of(&sample::source_statuses(), status, &ask).render().unwrap()
}

#[tokio::test]
async fn the_city_has_a_row_per_area_and_each_figure_leads_to_its_events() {
    let html = city_page("/boards/city?period=autumn-wind").await;
    for (area, figures) in [
        ("A", &["1,495", "同比 +84.8%", "47.84<i>%</i>", "7,470,000.00"][..]),
        ("V", &["中至派出所", ">310<", ">260<", ">42<", "−60.0%"]),
        ("F", &["86.7<i>%</i>", ">13</a>", ">15</a>", ">67<"]),
        ("J", &["255,000,000.00", "114,000,000.00"]),
        ("P", &[">68<", ">20<", "120,000"]),
    ] {
        let row = cut(&html, &format!("id=\"area-{area}\""), "</section>");
        for figure in figures {
            assert!(row.contains(figure), "{figure} is missing in {area}: {row}");
        }
        assert!(row.contains("/boards/city/explain?period=autumn-wind&#38;indicator="), "{row}");
    }
}

#[tokio::test]
async fn the_sources_page_tells_position_lag_and_chain_head_and_who_is_not_followed() {
    let html = sources_page("/sources").await;
    for (source, said) in [
        ("antifraud", &["连接中断", "#12,847", "#12,888", "75 秒"][..]),
        ("cases", &["正常", "#12,847"]),
        ("hq", &["已停止", "2 小时"]),
        ("port", &["追赶中", "9,000"]),
        ("volunteers", &["未接入"]),
    ] {
        let row = cut(&html, &format!("<tr id=\"s-{source}\""), "</tr>");
        for text in said {
            assert!(row.contains(text), "{text} is missing in {row}");
        }
    }
    assert!(html.contains(&"5a".repeat(32)) && html.contains("xiaoan.hq.v1.Oddity"));
    assert!(sources_page("/sources?lang=en").await.contains("cannot be reached"));
}

/// Writes every page into the folder that `XIAOAN_PAGES` names, for looking at them without any server of ours.
#[tokio::test]
async fn every_page_can_be_rendered() {
    let mut pages = Vec::new();
    let mut standings = sample::standings();
    pages.push(("board", board_page(&standings, BOARD).await));
    pages.push(("board-en", board_page(&standings, &format!("{BOARD}&lang=en")).await));
    pages.push((
        "explain",
        explain_page(&sample::lines(), "/boards/theft-stations/explain?part=numerator").await,
    ));
    pages
        .push(("explain-en", explain_page(&sample::lines(), "/boards/theft-stations/explain?lang=en").await));
    for (name, uri, lang) in [("index", "/", Lang::Zh), ("index-en", "/?lang=en", Lang::En)] {
        let ask = ask(uri).await;
        let page = IndexPage {
            f: ask.frame("x", "boards"),
            l: lang,
            period: super::period::Span::read("2026-06").label(lang),
            status: Status::of(&standings.sources, lang),
            sheets: vec![summary::sheet(&sample::city(), &place(lang, ""))],
            cards: vec![summary::card(&standings, &place(lang, ""))],
        };
        pages.push((name, page.render().unwrap()));
    }
    pages.push(("city", city_page("/boards/city").await));
    pages.push(("city-en", city_page("/boards/city?lang=en").await));
    pages.push(("sources", sources_page("/sources").await));
    pages.push(("sources-en", sources_page("/sources?lang=en").await));
    standings.sources[0].problem = "poison event at position 12847".into();
    pages.push(("board-stopped", board_page(&standings, BOARD).await));
    for (name, html) in &pages {
        assert!(html.contains("<main id=\"main\"") && html.trim_end().ends_with("</html>"), "{name}");
    }
    if let Ok(folder) = std::env::var("XIAOAN_PAGES") {
        for (name, html) in pages {
            std::fs::write(format!("{folder}/{name}.html"), html).unwrap();
        }
    }
}
