//! The pages about one figure as a browser gets them: funnel, months, why a rank is what it is.

use super::board::Place;
use super::funnel::FunnelPage;
use super::rendering::ask;
use super::sample;
use super::trend::TrendPage;
use super::why::WhyPage;
use askama::Template;
use xiaoan_proto::rankings::v1::GetStandingsResponse;

fn place(lang: super::lang::Lang) -> Place {
    Place { board: "theft-stations".into(), period: "2026-06".into(), as_of: String::new(), lang }
}

async fn funnel(standings: &GetStandingsResponse) -> String {
    let ask = ask("/boards/theft-stations/funnel?period=2026-06").await;
    FunnelPage::of(standings, &place(ask.lang), &[], &ask).unwrap().render().unwrap()
}

async fn why(unit: &str) -> Option<String> {
    let ask = ask(&format!("/boards/theft-stations/why?period=2026-06&unit={unit}")).await;
    let page = WhyPage::of(&sample::standings(), &place(ask.lang), &sample::names, &[], &ask)?;
    Some(page.render().unwrap())
}

async fn trend(unit: &str) -> Option<String> {
    let standings = sample::standings();
    let ask = ask(&format!("/boards/theft-stations/trend?period=2026-06&unit={unit}")).await;
    let mut bare = standings.clone();
    bare.entries.clear();
    bare.total = None;
    let months = [("2026-04", &standings), ("2026-05", &bare), ("2026-06", &standings)];
    let months: Vec<_> = months.into_iter().map(|(month, of)| (month.to_owned(), of)).collect();
    Some(TrendPage::of(&standings, &months, &place(ask.lang), &[], &ask)?.render().unwrap())
}

#[tokio::test]
async fn a_funnel_names_the_units_that_chance_does_not_explain_and_only_those() {
    let page = funnel(&sample::standings()).await;
    // The city solves 259 of 575: 4 of 20 lies below the 95 % limit of 5, 16 of 60 below 20, 7 of 20 and 8 of 20 within.
    assert_eq!(page.matches("<circle").count(), 14, "a unit without cases has no place in it");
    for (name, outside) in
        [("示例东港二所", true), ("中至派出所", true), ("示例东港三所", false), ("示例东港一所", false)]
    {
        assert_eq!(page.contains(&format!(">{name}</text>")), outside, "{name}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[tokio::test]
async fn a_city_that_solved_more_than_it_filed_has_no_limits_to_draw() {
    let mut standings = sample::standings();
    let total = standings.total.as_mut().unwrap();
    total.indicators.iter_mut().find(|v| v.id == "solve_rate").unwrap().numerator = 1_000;
    let page = funnel(&standings).await;
    assert!(!page.contains("<svg") && page.contains("画不出控制限"));
}

#[tokio::test]
async fn a_rank_is_explained_by_exact_fractions_against_its_neighbours() {
    let page = why("371103030000").await.unwrap();
    for text in [
        "case.solved[0502*] ÷ case.filed[0502*] × 100",
        "20 ÷ 50 × 100",
        "另有 2 个与它恰好相等，所以并列第 8",
        "8×50 = 20×20",
        "part=denominator",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    assert!(page.contains("区间重叠"));
    assert!(why("371122020000").await.unwrap().contains("分母 0 小于 10"));
    assert!(why("999999999999").await.is_none());
}

#[tokio::test]
async fn months_stand_beside_the_year_before_and_one_that_is_missing_is_no_zero() {
    let page = trend("371103030000").await.unwrap();
    let may = page.split("2026年5月").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(may.contains("<b>—</b>"), "{may}");
    let june = page.split(">2026年6月</a>").nth(1).unwrap().split("</tr>").next().unwrap();
    for text in ["<b>40.0%</b>", "20/50", "16/57", " pp"] {
        assert!(june.contains(text), "{text} is missing in {june}");
    }
    assert_eq!(page.matches("<circle").count(), 2);
    assert!(trend("").await.unwrap().contains("全市"));
    assert!(trend("999999999999").await.is_none());
}
