//! Many events, several writers, two followers on one database: sums stay equal to lines.

use crate::world::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use time::Duration;
use time::macros::date;
use xiaoan_testkit::DEADLINE;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_storm_of_corrections_the_sums_equal_the_lines_and_two_followers_agree() {
    let mut world = World::new().await;
    // A second process follows the same logs into the same database.
    let (other, others) = world.follow_again().await;
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(20_260_601), ..Config::default() });
    let steps = proptest::collection::vec((0..40_usize, 0..8_u8, 0..60_i64), 600..601);
    let steps = steps.new_tree(&mut runner).unwrap().current();
    let units = [FIRST, SECOND, THIRD, PIER];
    let categories = [BURGLARY, PICKPOCKETING, FRAUD];

    let mut cases: Vec<(Option<Case>, bool)> = vec![(None, false); 40];
    for (n, what, number) in steps {
        let day = date!(2026 - 05 - 20) + Duration::days(number);
        let at = usize::try_from(number).unwrap();
        let (slot, mut withdrawn) = (cases[n].0.take(), cases[n].1);
        let mut case = match slot {
            None => {
                world
                    .file_with(&format!("s{n}"), units[n % 4], categories[n % 3], day, n % 2 == 0, n % 5 == 0)
                    .await
            }
            Some(case) => case,
        };
        let solved = case.facts.solved_on.is_some();
        match what {
            0 | 1 if !withdrawn && !solved => case.solve(&mut world, day).await,
            2 if solved => case.revoke(&mut world).await,
            3 if !withdrawn => case.catch(&mut world, day, 2).await,
            4 if !withdrawn => case.transfer(&mut world, units[at % 4]).await,
            5 if !withdrawn => case.reclassify(&mut world, categories[at % 3]).await,
            6 if !withdrawn && !solved => {
                case.withdraw(&mut world, true).await;
                withdrawn = true;
            }
            7 if withdrawn => {
                case.refile(&mut world, true).await;
                withdrawn = false;
            }
            _ => {}
        }
        cases[n] = (Some(case), withdrawn);
    }
    let head = world.cases.head().await.unwrap().position;
    for handle in others.iter().filter(|h| h.source() == "cases") {
        handle.wait_for("cases", head, DEADLINE).await.unwrap();
    }
    let found = world.checked().await;
    assert!(found.lines > 600, "{} lines", found.lines);

    let solved: i64 = cases
        .iter()
        .flat_map(|(case, _)| case)
        .filter(|c| c.facts.category.starts_with("0502") && c.facts.solved_on.is_some())
        .count()
        .try_into()
        .unwrap();
    let year = "2026-05-20..2026-08-31";
    let all = world.standings("theft-stations", year).await;
    assert_eq!(cell(all.total.as_ref().unwrap(), "solved").numerator, solved);
    let theirs = other.standings("theft-stations", year, None).await.unwrap();
    assert_eq!((&theirs.entries, theirs.revision), (&all.entries, all.revision));
}
