//! The pages about one figure, and what stands beside a rate, over real standings.

use crate::web::{ask, busy, text};
use crate::world::*;
use http::StatusCode;
use time::macros::date;

#[tokio::test(flavor = "multi_thread")]
async fn funnel_months_and_reasons_of_a_board_answer_and_what_is_not_there_is_said() {
    let world = busy().await;
    let at = |page: &str, more: &str| format!("/boards/theft-stations/{page}?period=2026-06{more}");
    for (uri, shows) in [
        (at("funnel", ""), "5/12"),
        (at("trend", ""), "5/15"),
        (at("trend", "&unit=371102010000&indicator=filed"), "12 件"),
        (at("trend", "&unit=371102010000&lang=en"), "Jun 2026"),
        (at("why", "&unit=371102010000"), "5 ÷ 12 × 100"),
        (at("why", "&unit=371102020000"), "不排名：分母 3 小于 10"),
        ("/boards/volunteer-squadrons/trend?period=2026-06".into(), "全市"),
    ] {
        let page = ask(&world, &uri, &[]).await;
        assert_eq!(page.status(), StatusCode::OK, "{uri}");
        let page = text(page).await;
        assert!(page.contains(shows), "{uri} does not show {shows}");
    }
    for uri in [
        at("why", "&unit=371199000000"),
        at("trend", "&indicator=luck"),
        at("funnel", "&indicator=filed"),
        "/boards/volunteer-squadrons/funnel?period=2026-06".into(),
    ] {
        assert_eq!(ask(&world, &uri, &[]).await.status(), StatusCode::BAD_REQUEST, "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bears_on_a_rate_stands_in_the_month_of_the_rate_and_changes_none() {
    let mut world = World::new().await;
    let mut revoked = world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    revoked.solve(&mut world, date!(2026 - 06 - 20)).await;
    revoked.revoke(&mut world).await;
    let mut gone = world.file("b", FIRST, BURGLARY, date!(2026 - 06 - 04)).await;
    gone.withdraw(&mut world, true).await;
    // Recorded on 15 July: of the three only this one within the month of filing.
    world.file("c", FIRST, BURGLARY, date!(2026 - 07 - 14)).await;
    let june = world.standings("theft-stations", JUNE).await;
    let told = ["filed", "solved", "withdrawn_no_crime", "solves_revoked", "recorded_late", "filed_late"];
    assert_eq!(told.map(|id| count(&june, FIRST, id)), [1, 0, 1, 1, 2, 0]);
    let july = world.standings("theft-stations", JULY).await;
    assert_eq!(told.map(|id| count(&july, FIRST, id)), [1, 0, 0, 0, 0, 0]);
    gone.refile(&mut world, true).await;
    assert_eq!(count(&world.standings("theft-stations", JUNE).await, FIRST, "withdrawn_no_crime"), 0);
    world.checked().await;
}
