//! Aggregates over the log.

use crate::support::{log, open, unit, verified};
use futures::future::join_all;
use proptest::prelude::*;
use time::macros::date;
use xiaoan_eventstore::{
    Append, AppenderOptions, CommandError, CommandMeta, Decision, EventStore, NewEvent, Outcome, Repository,
    RequestKey, StoreError, StreamWrite,
};
use xiaoan_kernel::{Aggregate, Fact, RequestId, StreamId};

/// A purse that is never overdrawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Purse {
    pub fen: i64,
    entries: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Put {
    #[prost(int64, tag = "1")]
    pub fen: i64,
}
impl prost::Name for Put {
    const NAME: &'static str = "Put";
    const PACKAGE: &'static str = "xiaoan.test.v1";
}
#[derive(Clone, PartialEq, prost::Message)]
pub struct Taken {
    #[prost(int64, tag = "1")]
    pub fen: i64,
}
impl prost::Name for Taken {
    const NAME: &'static str = "Taken";
    const PACKAGE: &'static str = "xiaoan.test.v1";
}
xiaoan_kernel::events! {
    pub enum PurseEvent { Put(Put), Taken(Taken) }
}

impl Aggregate for Purse {
    const KIND: &'static str = "purse";
    type Event = PurseEvent;
    fn apply(&mut self, event: &PurseEvent) {
        self.entries += 1;
        match event {
            PurseEvent::Put(put) => self.fen += put.fen,
            PurseEvent::Taken(taken) => self.fen -= taken.fen,
        }
    }
}

#[derive(Debug, PartialEq)]
pub struct Overdrawn;

/// Puts a positive amount, takes a negative one, and with zero changes nothing.
pub fn move_fen(purse: &Purse, fen: i64) -> Result<Decision<PurseEvent>, Overdrawn> {
    if purse.fen + fen < 0 {
        return Err(Overdrawn);
    }
    let fact = |event: PurseEvent| Fact::new(event, unit(), date!(2026 - 06 - 07));
    let facts = match fen {
        0 => vec![],
        1.. => vec![fact(Put { fen }.into())],
        _ => vec![fact(Taken { fen: -fen }.into())],
    };
    Ok(Decision { facts, response: format!("moved {fen}, was {}", purse.fen).into_bytes() })
}

trait Move {
    async fn run(&self, id: &str, meta: CommandMeta, fen: i64) -> Result<Outcome, CommandError<Overdrawn>>;
}
impl Move for Repository<Purse> {
    async fn run(&self, id: &str, meta: CommandMeta, fen: i64) -> Result<Outcome, CommandError<Overdrawn>> {
        self.execute(id, meta, |purse, _| move_fen(purse, fen)).await
    }
}

pub fn meta() -> CommandMeta {
    let request = RequestKey { id: RequestId::fresh(), digest: [1; 32] };
    CommandMeta { request, etag: None, actor: "officer-1".into(), traceparent: String::new() }
}

fn purses(store: &EventStore) -> Repository<Purse> {
    Repository::new(store.clone(), 100)
}

#[tokio::test]
async fn what_was_decided_is_loaded_again() {
    let (_db, store) = log().await;
    let repository = purses(&store);
    let never = repository.load("a").await.expect("loaded");
    assert_eq!((never.state, never.version), (Purse::default(), 0));
    let outcome = repository.run("a", meta(), 50).await.expect("accepted");
    assert_eq!((outcome.version, outcome.appended.response.as_slice()), (1, b"moved 50, was 0".as_slice()));
    repository.run("a", meta(), -20).await.expect("accepted");
    for repository in [repository, purses(&store), Repository::new(store.clone(), 0)] {
        let loaded = repository.load("a").await.expect("loaded");
        assert_eq!((loaded.state, loaded.version), (Purse { fen: 30, entries: 2 }, 2));
    }
}

#[tokio::test]
async fn a_refusal_records_and_remembers_nothing() {
    let (_db, store) = log().await;
    let repository = purses(&store);
    let command = meta();
    let refused = repository.run("a", command.clone(), -1).await;
    assert!(matches!(refused, Err(CommandError::Refused(Overdrawn))));
    assert_eq!(store.head().await.expect("a head").position, 0);
    repository.run("a", meta(), 10).await.expect("accepted");
    let outcome = repository.run("a", command, -1).await.expect("now it may");
    assert!(!outcome.appended.replayed);
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_remembered_all_the_same() {
    let (_db, store) = log().await;
    let repository = purses(&store);
    repository.run("a", meta(), 10).await.expect("accepted");
    let command = meta();
    let first = repository.run("a", command.clone(), 0).await.expect("accepted");
    assert_eq!((first.version, first.appended.last_position), (1, 1));
    repository.run("a", meta(), 5).await.expect("accepted");
    let again = repository.run("a", command, 0).await.expect("remembered");
    assert_eq!((again.version, again.appended.replayed), (1, true));
    assert_eq!(again.appended.response, b"moved 0, was 10");
}

#[tokio::test]
async fn the_same_command_again_has_its_first_outcome_even_when_it_would_be_refused_by_now() {
    let (_db, store) = log().await;
    let repository = purses(&store);
    repository.run("a", meta(), 10).await.expect("accepted");
    let command = CommandMeta { etag: Some(1), ..meta() };
    let first = repository.run("a", command.clone(), -10).await.expect("accepted");
    for repository in [repository, purses(&store)] {
        // By now the etag is stale and the purse is empty.
        let again = repository.run("a", command.clone(), -10).await.expect("remembered");
        assert_eq!((again.version, again.appended.replayed), (2, true));
        assert_eq!(again.appended.response, first.appended.response);
        let etagless = CommandMeta { etag: None, ..command.clone() };
        assert!(repository.run("a", etagless, -10).await.expect("remembered").appended.replayed);
        let other_body = RequestKey { digest: [2; 32], ..command.request };
        for etag in [None, Some(1), Some(2)] {
            let reused = CommandMeta { request: other_body, etag, ..command.clone() };
            for fen in [-10, 10] {
                let reused = repository.run("a", reused.clone(), fen).await;
                assert!(matches!(reused, Err(CommandError::RequestReused)), "{etag:?} {fen} {reused:?}");
            }
        }
    }
    assert_eq!(verified(&store).await.position, 2);
}

#[tokio::test]
async fn the_same_command_ten_times_at_once_happens_once() {
    let (db, store) = log().await;
    let other = open(&db, AppenderOptions::default()).await;
    let repositories = [purses(&store), purses(&other)];
    let command = meta();
    let runs = (0..10).map(|n| repositories[n % 2].run("a", command.clone(), 5));
    let outcomes: Vec<_> = join_all(runs).await.into_iter().map(|run| run.expect("one outcome")).collect();
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.appended.replayed).count(), 1);
    assert!(outcomes.iter().all(|outcome| outcome.version == 1 && outcome.appended.last_position == 1));
    assert_eq!(repositories[0].load("a").await.expect("loaded").state.fen, 5);
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_a_right_one_is_not() {
    let (db, store) = log().await;
    let repository = purses(&store);
    repository.run("a", CommandMeta { etag: Some(0), ..meta() }, 10).await.expect("nothing was there yet");
    let stale = repository.run("a", CommandMeta { etag: Some(0), ..meta() }, 10).await;
    assert!(matches!(stale, Err(CommandError::StaleEtag)));
    // The version somebody saw through another process, which this one's cache has not heard of.
    let other = purses(&open(&db, AppenderOptions::default()).await);
    other.run("a", meta(), 10).await.expect("accepted");
    repository.run("a", CommandMeta { etag: Some(2), ..meta() }, 10).await.expect("the etag is right");
    // And one that this cache still takes for right.
    other.run("a", meta(), 10).await.expect("accepted");
    let stale = repository.run("a", CommandMeta { etag: Some(3), ..meta() }, 10).await;
    assert!(matches!(stale, Err(CommandError::StaleEtag)));
    assert_eq!(other.load("a").await.expect("loaded").state, Purse { fen: 40, entries: 4 });
}

#[tokio::test]
async fn a_stale_cache_never_refuses() {
    let (db, store) = log().await;
    let (here, there) = (purses(&store), purses(&open(&db, AppenderOptions::default()).await));
    here.run("a", meta(), 1).await.expect("accepted");
    there.run("a", meta(), 100).await.expect("accepted");
    here.run("a", meta(), -50).await.expect("the purse has it, whatever this cache says");
    let refused = there.run("a", meta(), -60).await;
    assert!(
        matches!(refused, Err(CommandError::Refused(Overdrawn))),
        "and what is spent is spent: {refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_commands_on_one_aggregate_from_two_processes_all_count() {
    let (db, store) = log().await;
    let repositories = [purses(&store), purses(&open(&db, AppenderOptions::default()).await)];
    let runs = (0..100).map(|n| {
        let repository = repositories[n % 2].clone();
        tokio::spawn(async move { repository.run("a", meta(), 1).await })
    });
    for run in join_all(runs).await {
        run.expect("joined").expect("accepted");
    }
    let loaded = repositories[0].load("a").await.expect("loaded");
    assert_eq!((loaded.state, loaded.version), (Purse { fen: 100, entries: 100 }, 100));
    verified(&store).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let (_db, store) = log().await;
    let event = NewEvent {
        type_name: "xiaoan.test.v1.Lost".into(),
        payload: Vec::new(),
        org_unit: unit(),
        occurred_on: date!(2026 - 06 - 07),
    };
    let write = StreamWrite { stream: StreamId::new("purse", "a"), expected_version: 0, events: vec![event] };
    let foreign = Append {
        request: None,
        response: Vec::new(),
        writes: vec![write],
        actor: String::new(),
        traceparent: String::new(),
    };
    store.append(foreign).await.expect("appended");
    let loaded = purses(&store).load("a").await;
    assert!(matches!(loaded, Err(StoreError::Corrupt { position: 1, .. })), "{loaded:?}");
}

#[tokio::test]
async fn a_database_put_back_to_an_earlier_day_is_noticed() {
    let (db, store) = log().await;
    let repository = purses(&store);
    for _ in 0..3 {
        repository.run("a", meta(), 10).await.expect("accepted");
    }
    sqlx::raw_sql("DELETE FROM eventstore.events WHERE position = 3")
        .execute(&db.owner_pool())
        .await
        .expect("cut");
    let outcome = repository.run("a", meta(), 1).await.expect("accepted");
    assert_eq!(outcome.version, 3);
    assert_eq!(repository.load("a").await.expect("loaded").state, Purse { fen: 21, entries: 3 });
}

/// Any list of commands, on a few aggregates, through two caches in turn (so that each is stale half of the time): the log replays
/// to exactly the state that the commands themselves make.
#[test]
fn any_list_of_commands_replays_to_the_same_state() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (db, store) = runtime.block_on(log());
    let other = runtime.block_on(open(&db, AppenderOptions::default()));
    let numbers = std::cell::Cell::new(0);
    let commands = prop::collection::vec((0..3_usize, -20..30_i64, any::<bool>(), any::<bool>()), 0..40);
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let passed = runner.run(&commands, |commands| {
        let number = numbers.replace(numbers.get() + 1);
        let repositories = [Repository::<Purse>::new(store.clone(), 2), Repository::new(other.clone(), 100)];
        runtime.block_on(async {
            let mut model = vec![Purse::default(); 3];
            for (which, fen, here, twice) in commands {
                let id = format!("{number}-{which}");
                let command = meta();
                let expected = move_fen(&model[which], fen);
                let outcome = repositories[usize::from(here)].run(&id, command.clone(), fen).await;
                prop_assert_eq!(outcome.is_ok(), expected.is_ok());
                if twice && outcome.is_ok() {
                    let again = repositories[usize::from(!here)].run(&id, command, fen).await;
                    prop_assert!(again.is_ok_and(|again| again.appended.replayed));
                }
                for fact in expected.into_iter().flat_map(|decision| decision.facts) {
                    model[which].apply(&fact.event);
                }
            }
            for (which, expected) in model.into_iter().enumerate() {
                let fresh = Repository::<Purse>::new(store.clone(), 0);
                for repository in [&repositories[0], &repositories[1], &fresh] {
                    let loaded = repository.load(&format!("{number}-{which}")).await.expect("loaded");
                    prop_assert_eq!(loaded.version, expected.entries);
                    prop_assert_eq!(&loaded.state, &expected);
                }
            }
            Ok(())
        })
    });
    passed.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(verified(&store));
}
