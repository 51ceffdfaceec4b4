//! Commands over several aggregates: money goes from one purse into another, or stays where it is.

use crate::repository::{Overdrawn, Purse, PurseEvent, Put, meta, move_fen};
use crate::support::{log, open, unit, verified};
use futures::future::join_all;
use std::collections::BTreeMap;
use time::macros::date;
use xiaoan_eventstore::{
    AppenderOptions, CommandError, CommandMeta, Decision, OfOthers, Outcome, Repository, StoreError,
};
use xiaoan_kernel::Fact;

type Purses = Repository<Purse>;

fn put(fen: i64) -> Vec<Fact<PurseEvent>> {
    vec![Fact::new(Put { fen }, unit(), date!(2026 - 06 - 07))]
}

/// Moves `fen` from a purse into another, which must exist: otherwise it goes nowhere, and nothing is taken.
async fn pay(
    purses: &Purses,
    from: &str,
    into: &str,
    fen: i64,
    command: &CommandMeta,
) -> Result<Outcome, CommandError<Overdrawn>> {
    let decide = |own: &Purse, _others: &BTreeMap<String, Purse>| {
        let decision = move_fen(own, -fen)?;
        Ok((decision, OfOthers::<Purse>::from([(into.to_owned(), put(fen))])))
    };
    purses.execute_across(from, purses, |_| vec![into.to_owned()], command, decide).await
}

async fn filled(purses: &Purses, id: &str, fen: i64) {
    let filled = purses.execute(id, meta(), |_, _| Ok::<_, Overdrawn>(Decision::from(put(fen)))).await;
    assert!(filled.is_ok());
}

async fn fen(purses: &Purses, id: &str) -> i64 {
    purses.load(id).await.expect("a purse").state.fen
}

#[tokio::test]
async fn a_payment_lands_in_both_purses_once_however_often_it_is_sent() {
    let (_db, store) = log().await;
    let purses = Purses::new(store.clone(), 100);
    filled(&purses, "a", 10).await;
    filled(&purses, "b", 0).await;
    let command = meta();
    let first = pay(&purses, "a", "b", 7, &command).await.expect("paid");
    // By now the purse would refuse it, and the answer is still the first one.
    let again = pay(&purses, "a", "b", 7, &command).await.expect("remembered");
    assert_eq!((again.appended.last_position, again.appended.replayed), (first.appended.last_position, true));
    assert_eq!((fen(&purses, "a").await, fen(&purses, "b").await), (3, 7));
    let other_body = CommandMeta {
        request: xiaoan_eventstore::RequestKey { digest: [9; 32], ..command.request },
        ..command
    };
    assert!(matches!(pay(&purses, "a", "b", 7, &other_body).await, Err(CommandError::RequestReused)));
    verified(&store).await;
}

#[tokio::test]
async fn a_refused_payment_and_one_into_a_purse_that_never_was_change_nothing() {
    let (_db, store) = log().await;
    let purses = Purses::new(store.clone(), 100);
    filled(&purses, "a", 10).await;
    filled(&purses, "b", 0).await;
    let refused = pay(&purses, "a", "b", 11, &meta()).await;
    assert!(matches!(refused, Err(CommandError::Refused(Overdrawn))));
    let stranger = pay(&purses, "a", "nobody", 1, &meta()).await;
    assert!(
        matches!(stranger, Err(CommandError::Store(StoreError::Invalid(_)))),
        "no fact is lost in silence"
    );
    let stale = pay(&purses, "a", "b", 1, &CommandMeta { etag: Some(7), ..meta() }).await;
    assert!(matches!(stale, Err(CommandError::StaleEtag)));
    assert_eq!((fen(&purses, "a").await, fen(&purses, "b").await), (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_to_and_fro_from_two_processes_keep_the_sum_and_overdraw_nobody() {
    let (db, store) = log().await;
    let second = open(&db, AppenderOptions::default()).await;
    let both = [Purses::new(store.clone(), 100), Purses::new(second, 100)];
    for id in ["a", "b"] {
        filled(&both[0], id, 5).await;
    }
    let payments = (0..60).map(|n| {
        let purses = both[n % 2].clone();
        async move {
            let (from, into) = if n % 3 == 0 { ("b", "a") } else { ("a", "b") };
            let command = meta();
            loop {
                match pay(&purses, from, into, 1, &command).await {
                    Ok(_) => return true,
                    Err(CommandError::Refused(Overdrawn)) => return false,
                    // Sent again, as a client does.
                    Err(CommandError::LostRace) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    });
    let paid = join_all(payments).await.into_iter().filter(|paid| *paid).count();
    let (a, b) = (fen(&both[1], "a").await, fen(&both[1], "b").await);
    assert_eq!(a + b, 10);
    assert!(a >= 0 && b >= 0, "{a} {b}");
    let head = verified(&store).await;
    assert_eq!(head.position, i64::try_from(2 + 2 * paid).expect("a number"));
}
