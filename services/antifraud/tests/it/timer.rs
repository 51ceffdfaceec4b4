//! Deadlines, by a clock that the test moves.

use crate::world::*;
use std::time::Duration;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::{FreezeState, StopState};
use xiaoan_testkit::wait_until;

/// A freeze that was drafted, approved and confirmed by its bank; gives its id and the position of the confirmation. Its last day
/// is 2026-09-01.
async fn frozen(world: &World, bank: &mut Attending) -> (String, i64) {
    let drafted = world.officer().freezes().draft_freeze(freeze()).await.expect("drafted");
    let freeze_id = drafted.into_inner().order_id;
    let approve =
        af::ApproveFreezeRequest { request_id: id(), order_id: freeze_id.clone(), ..Default::default() };
    world.chief().freezes().approve_freeze(approve).await.expect("approved");
    let order = bank.next().await;
    let position = bank.feedback(done(&order, 100, "20260301100000")).await.position;
    (freeze_id, position)
}

async fn shown(officer: &Caller, freeze_id: &str, at_least: i64) -> af::FreezeOrder {
    let get = af::GetFreezeRequest { order_id: freeze_id.into(), at_least };
    officer.freezes().get_freeze(get).await.expect("a freeze").into_inner().freeze.expect("a freeze")
}

#[tokio::test]
async fn k06_a_stop_expires_after_48_hours_by_the_timer() {
    let world = World::start().await;
    let officer = world.officer();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let order_id = officer.draft(stop()).await;
    world.chief().approve(&order_id).await;
    let order = bank.next().await;
    let taken = bank.feedback(done(&order, 100, "20260301100000")).await;
    assert_eq!(officer.stop(&order_id, taken.position).await.state(), StopState::Stopped);
    world.pass(time::Duration::hours(48) - time::Duration::SECOND);
    let early = officer.stop(&order_id, 0).await.state();
    assert_eq!(early, StopState::Stopped);
    world.pass(time::Duration::SECOND);
    wait_until(Duration::from_secs(20), || async {
        officer.stop(&order_id, 0).await.state() == StopState::Expired
    })
    .await;
    let log = world.store.read_log(1, 1000).await.unwrap();
    let expired: Vec<_> = log.iter().filter(|e| e.r#type.ends_with(".StopExpired")).collect();
    assert_eq!(expired.len(), 1);
    assert_eq!((expired[0].actor.as_str(), expired[0].occurred_on.unwrap().day), ("timer", 3));
}

#[tokio::test]
async fn k07_a_freeze_that_nobody_renewed_lapses_at_midnight_after_its_last_day() {
    let world = World::start().await;
    let officer = world.officer();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let (freeze_id, at_least) = frozen(&world, &mut bank).await;
    let shown = || shown(&officer, &freeze_id, at_least);
    // The last day is 2026-09-01; it lapses when that is over.
    let last_minute = time::macros::datetime!(2026-09-01 23:59 +8) - world.now();
    world.pass(last_minute);
    let renew = af::RenewFreezeRequest {
        request_id: id(),
        order_id: freeze_id.clone(),
        restriction: told(),
        ..Default::default()
    };
    officer.freezes().renew_freeze(renew.clone()).await.expect("on the last day it may be asked for");
    assert_eq!(shown().await.state(), FreezeState::Frozen);
    world.pass(time::Duration::minutes(1));
    wait_until(Duration::from_secs(20), || async { shown().await.state() == FreezeState::Lapsed }).await;
    let late = af::RenewFreezeRequest { request_id: id(), ..renew };
    assert_eq!(
        refused(officer.freezes().renew_freeze(late).await),
        no(tonic::Code::FailedPrecondition, "AF-007")
    );
}

#[tokio::test]
async fn a_freeze_is_warned_of_before_it_lapses_and_a_bank_that_is_told_too_late_is_noted() {
    let world = World::start().await;
    let officer = world.officer();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let (freeze_id, at_least) = frozen(&world, &mut bank).await;
    drop(bank);
    let shown = || shown(&officer, &freeze_id, at_least);
    // The last day is 2026-09-01.
    for (day, days_left) in [(2, 30), (25, 7)] {
        let moment = time::macros::datetime!(2026-08-01 0:00 +8) + time::Duration::days(day);
        world.pass(moment - world.now());
        wait_until(Duration::from_secs(20), || async { shown().await.warned_days == days_left }).await;
    }
    let lift = af::UnfreezeRequest {
        request_id: id(),
        order_id: freeze_id.clone(),
        reason: "与案件无关".into(),
        found_unrelated_on: Some(xiaoan_proto::core::v1::Date { year: 2026, month: 8, day: 25 }),
        ..Default::default()
    };
    officer.freezes().unfreeze(lift).await.unwrap();
    // Nobody of the bank attends; the third day is the 28th.
    world.pass(time::macros::datetime!(2026-08-29 0:00 +8) - world.now());
    wait_until(Duration::from_secs(20), || async { shown().await.breaches.len() == 1 }).await;
    assert_eq!(shown().await.breaches[0].rule_id, "UNFRZ-3D");
    let log = world.store.read_log(1, 1000).await.unwrap();
    let said = |name: &str| log.iter().filter(|e| e.r#type.ends_with(name)).count();
    assert_eq!((said(".FreezeLapseWarned"), said(".OrderDeadlineBreached")), (2, 1));
}
