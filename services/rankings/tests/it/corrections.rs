//! Corrections carry the day of what they cancel, and the past can still be asked.

use crate::world::*;
use time::Duration;
use time::macros::{date, datetime};

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_for_no_crime_takes_the_case_out_of_june_though_it_is_recorded_in_july() {
    let mut world = World::new().await;
    let kept = world.file("kept", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let mut gone = world.file_with("gone", FIRST, BURGLARY, date!(2026 - 06 - 05), true, true).await;
    gone.catch(&mut world, date!(2026 - 06 - 06), 2).await;
    let before = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&before, FIRST, "filed"), count(&before, FIRST, "arrests")), (2, 2));

    gone.withdraw(&mut world, true).await;
    let after = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&after, FIRST, "filed"), count(&after, FIRST, "arrests")), (1, 0));
    assert_eq!(count(&world.standings("small-cases", JUNE).await, FIRST, "filed"), 0);
    assert_eq!(count(&world.standings("theft-stations", JULY).await, FIRST, "filed"), 0);

    gone.refile(&mut world, true).await;
    assert_eq!(world.standings("theft-stations", JUNE).await.entries, before.entries);
    kept.clone().withdraw(&mut world, false).await;
    assert_eq!(
        count(&world.standings("theft-stations", JUNE).await, FIRST, "filed"),
        2,
        "a trivial case was a case"
    );
    world.checked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_solve_leaves_the_month_it_was_solved_in_and_the_cohort() {
    let mut world = World::new().await;
    let mut case = world.file("c", FIRST, BURGLARY, date!(2026 - 05 - 30)).await;
    case.solve(&mut world, date!(2026 - 06 - 02)).await;
    let solved = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&solved, FIRST, "solved"), count(&solved, FIRST, "amount_involved")), (1, 150_000));
    let may = world.standings("theft-stations", "2026-05").await;
    assert_eq!(count(&may, FIRST, "cohort_solve_rate"), 1);
    case.revoke(&mut world).await;
    let revoked = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&revoked, FIRST, "solved"), count(&revoked, FIRST, "amount_involved")), (0, 0));
    assert_eq!(count(&world.standings("theft-stations", "2026-05").await, FIRST, "cohort_solve_rate"), 0);
    world.checked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reclassified_case_leaves_the_theft_boards_and_a_transferred_one_changes_station() {
    let mut world = World::new().await;
    let mut case = world.file("c", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    case.solve(&mut world, date!(2026 - 06 - 04)).await;
    case.transfer(&mut world, THIRD).await;
    let june = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&june, FIRST, "filed"), count(&june, THIRD, "filed")), (0, 1));
    assert_eq!((count(&june, FIRST, "solved"), count(&june, THIRD, "solved")), (0, 1));
    case.reclassify(&mut world, FRAUD).await;
    let june = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&june, THIRD, "filed"), count(&june, THIRD, "solved")), (0, 0));
    case.reclassify(&mut world, PICKPOCKETING).await;
    assert_eq!(count(&world.standings("theft-stations", JUNE).await, THIRD, "solved"), 1);
    world.checked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_standing_can_be_asked_as_of_any_moment() {
    let mut world = World::new().await;
    let mut case = world.file("c", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    world.file("d", FIRST, BURGLARY, date!(2026 - 06 - 04)).await;
    world.clock.advance(Duration::hours(1));
    case.solve(&mut world, date!(2026 - 06 - 20)).await;
    world.clock.advance(Duration::hours(1));
    case.revoke(&mut world).await;
    world.clock.advance(Duration::hours(1));
    case.transfer(&mut world, SECOND).await;

    let at = |hour: i64| datetime!(2026-07-15 08:00 UTC) + Duration::hours(hour);
    let before = at(0) - Duration::microseconds(1);
    let nothing = world.standings_as_of("theft-stations", JUNE, before).await;
    assert_eq!(nothing.entries, [], "hq had told of no unit");
    for (moment, filed, solved) in [
        (at(0), 2, 0),
        (at(1), 2, 1),
        (at(2) - Duration::microseconds(1), 2, 1),
        (at(2), 2, 0),
        (at(3), 1, 0),
    ] {
        let known = world.standings_as_of("theft-stations", JUNE, moment).await;
        assert_eq!(
            (count(&known, FIRST, "filed"), count(&known, FIRST, "solved")),
            (filed, solved),
            "{moment}"
        );
        assert_eq!(known.as_of, Some(xiaoan_proto::timestamp(moment)));
    }
    let now = world.standings("theft-stations", JUNE).await;
    let latest = world.standings_as_of("theft-stations", JUNE, at(9)).await;
    assert_eq!(now.entries, latest.entries, "the raw lines and the sums say the same");
    assert_eq!(now.total, latest.total);
}
