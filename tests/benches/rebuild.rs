//! Rebuild of the ledger from a long log, with its digest, beside what else could read and write as many events.
//!
//! `cargo bench -p xiaoan-tests --bench rebuild`. Needs `XIAOAN_TEST_PG`. `XIAOAN_BENCH_EVENTS` (1,000,000) events of cases;
//! `XIAOAN_BENCH_UNITS` (200) stations; `XIAOAN_BENCH_ROUNDS` (3).
//!
//! | contender | what it does |
//! |---|---|
//! | pipe | `COPY events TO STDOUT` into `COPY … FROM STDIN` of a bare table: the limit of reading and writing that much |
//! | rebuild, PostgreSQL | `Rebuilder::run` over the source's tables: chain verified, booked, copied, indexed, summed, swapped |
//! | rebuild, EventLog | the same over the source's gRPC, with token check |
//! | live | the live ledger's own path, batches of 1,000 in transactions, over the first tenth of the log |
//!
//! Each rebuild runs in a process of its own, so that its memory is its own (`VmHWM`). Afterwards the ledger is checked:
//! sums against lines, and the digest of the tables against the one that the rebuild told.

use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use prost::{Message, Name};
use sqlx::PgPool;
use sqlx::postgres::{PgPoolCopyExt, PgPoolOptions};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use time::macros::date;
use tokio::sync::watch;
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, StreamWrite};
use xiaoan_feed::{FeedSource, LogReader, NatsOptions, PeerTls, event_log_service};
use xiaoan_kernel::{OrgCode, StreamId, SystemClock};
use xiaoan_projection::{Projection, RebuildProgress, Rebuilder};
use xiaoan_proto::cases::v1::{
    CaseFacts, CaseFiled, CaseInvestigated, CaseSolved, SolveClass, SolveProposed, SuspectCaught,
};
use xiaoan_rankings::ledger::check::check;
use xiaoan_rankings::ledger::{Ledger, LedgerRebuild};
use xiaoan_rpc::{LOG_READERS, RpcOptions, Server, allow};
use xiaoan_testkit::{TestDb, TestIssuer};

const CHILD: &str = "XIAOAN_BENCH_REBUILD_CHILD";
const EVENTS_PER_CASE: i64 = 5;

fn setting(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Ok(order) = std::env::var(CHILD) {
        return runtime.block_on(child(&order));
    }
    runtime.block_on(bench())
}

async fn bench() -> Result<()> {
    let events = setting("XIAOAN_BENCH_EVENTS", 1_000_000);
    let (units, rounds) = (setting("XIAOAN_BENCH_UNITS", 200), setting("XIAOAN_BENCH_ROUNDS", 3));
    let source = TestDb::create("eventstore").await;
    let store = open(source.pool()).await?;
    let began = Instant::now();
    record(&store, events / EVENTS_PER_CASE, units).await?;
    let head = store.head().await?.position;
    println!("{head} events of cases recorded in {:.0} s", began.elapsed().as_secs_f64());

    let issuer = TestIssuer::new();
    let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    let server =
        Server::new(options).await?.add_service(event_log_service(store.clone(), allow(LOG_READERS)));
    let log_url = format!("http://{}", server.grpc_addr()?);
    tokio::spawn(server.serve(std::future::pending()));
    let token = issuer.token("rankings", "371100000000", &["service"]);

    println!("\n{:<22} {:>9} {:>12} {:>9}", "contender", "seconds", "events/s", "peak MB");
    let mut digests = Vec::new();
    for _ in 0..rounds {
        let piped = Instant::now();
        pipe(&source).await?;
        line("pipe", head, piped.elapsed().as_secs_f64(), None);
        for (name, order) in [
            ("rebuild, PostgreSQL", format!("local {}", source.url())),
            ("rebuild, EventLog", format!("remote {log_url} {token}")),
        ] {
            let board = TestDb::create("rankings").await;
            lost_ledger(&board, &store).await?;
            let told = tokio::task::block_in_place(|| run_child(&board, &order))?;
            line(name, head, told.seconds, Some(told.peak_mb));
            let checking = Instant::now();
            let found = check(&board.pool()).await?;
            ensure!(found.differences.is_empty(), "sums differ: {:?}", found.differences);
            ensure!(
                found.digest == told.digest,
                "digest {} of the tables, {} told",
                found.digest,
                told.digest
            );
            println!(
                "{:<22} {:>9.2} {:>12} lines checked",
                "",
                checking.elapsed().as_secs_f64(),
                found.lines
            );
            digests.push(found.digest);
        }
    }
    digests.dedup();
    ensure!(digests.len() == 1, "rebuilds differ: {digests:?}");
    let board = TestDb::create("rankings").await;
    let (applied, seconds) = live(&board.pool(), &store, head / 10).await?;
    line("live", applied, seconds, None);
    println!("\ndigest {}", digests[0]);
    Ok(())
}

fn line(name: &str, events: i64, seconds: f64, peak_mb: Option<u64>) {
    let peak = peak_mb.map(|mb| mb.to_string()).unwrap_or_default();
    println!("{name:<22} {seconds:>9.2} {:>12.0} {peak:>9}", events as f64 / seconds);
}

async fn open(pool: PgPool) -> Result<EventStore> {
    Ok(EventStore::open(pool, "cases", Arc::new(SystemClock), AppenderOptions::default()).await?)
}

/// Cases of three years, five events each: filed, investigated, caught, proposed, solved.
async fn record(store: &EventStore, cases: i64, units: i64) -> Result<()> {
    const CASES_PER_APPEND: i64 = 100;
    let appends =
        futures::stream::iter((0..cases).step_by(usize::try_from(CASES_PER_APPEND)?)).map(|first| {
            let writes =
                (first..cases.min(first + CASES_PER_APPEND)).map(|n| write(n, cases, units)).collect();
            let append = Append {
                request: None,
                response: vec![],
                writes,
                actor: "bench".into(),
                traceparent: String::new(),
            };
            store.append(append)
        });
    let mut appended = appends.buffer_unordered(16);
    while let Some(outcome) = appended.next().await {
        outcome?;
    }
    Ok(())
}

fn write(n: i64, cases: i64, units: i64) -> StreamWrite {
    let spread = |factor: i64, over: i64| (n * factor).rem_euclid(1_000_003) % over;
    let day = date!(2023 - 07 - 01) + time::Duration::days(n * 1_095 / cases);
    let org_unit = (371_102_000_000 + spread(7_919, units)).to_string();
    let category =
        ["050201", "050223", "050224", "050227", "050240"][usize::try_from(spread(104_729, 5)).unwrap_or(0)];
    let case_no = format!("A{org_unit}{n:010}");
    let on = |days: i64| Some((day + time::Duration::days(days)).into());
    let facts = CaseFacts {
        org_unit: org_unit.clone(),
        category: category.into(),
        filed_on: on(0),
        loss_fen: 120_000,
        small_case: true,
        solved_on: on(spread(15_485_863, 20)),
        solve_class: SolveClass::Arrest.into(),
        ..Default::default()
    };
    let filed = CaseFiled {
        case_no: case_no.clone(),
        org_unit: org_unit.clone(),
        category: category.into(),
        filed_on: on(0),
        loss_fen: 120_000,
        loss_description: "电动自行车一辆".into(),
        place: "某小区地下车库".into(),
        small_case: true,
        ..Default::default()
    };
    let caught = SuspectCaught {
        case_no: case_no.clone(),
        org_unit: org_unit.clone(),
        category: category.into(),
        caught_on: on(3),
        count: 1,
        measure: "detained".into(),
        ..Default::default()
    };
    let investigated = CaseInvestigated { case_no: case_no.clone(), lead_officer: "100001".into() };
    let proposed =
        SolveProposed { case_no: case_no.clone(), proposed_by: "officer-1".into(), ..Default::default() };
    let solved = CaseSolved {
        case_no: case_no.clone(),
        facts: Some(facts),
        approved_by: "chief-1".into(),
        proposed_by: "officer-1".into(),
        ..Default::default()
    };
    let unit = OrgCode::parse(&org_unit).unwrap_or_else(|e| panic!("{e}"));
    let events = vec![
        new(&filed, unit, day),
        new(&investigated, unit, day),
        new(&caught, unit, day),
        new(&proposed, unit, day),
        new(&solved, unit, day),
    ];
    StreamWrite { stream: StreamId::new("case", &case_no), expected_version: 0, events }
}

fn new<M: Message + Name>(event: &M, org_unit: OrgCode, occurred_on: time::Date) -> NewEvent {
    NewEvent { type_name: M::full_name(), payload: event.encode_to_vec(), org_unit, occurred_on }
}

struct Told {
    seconds: f64,
    peak_mb: u64,
    digest: String,
}

fn run_child(board: &TestDb, order: &str) -> Result<Told> {
    let output =
        Command::new(std::env::current_exe()?).env(CHILD, format!("{} {order}", board.url())).output()?;
    ensure!(output.status.success(), "the rebuild failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace();
    let mut word = || words.next().context("incomplete answer");
    Ok(Told { seconds: word()?.parse()?, peak_mb: word()?.parse()?, digest: word()?.to_owned() })
}

/// A live ledger that is at the head of the log with empty tables: what a rebuild after a loss finds.
async fn lost_ledger(board: &TestDb, store: &EventStore) -> Result<()> {
    Ledger::open(&board.pool()).await?;
    let head = store.head().await?;
    sqlx::query(
        "INSERT INTO eventstore.checkpoints (projection, source, position, hash, recorded_at)
         VALUES ('ledger', 'cases', $1, $2, $3)",
    )
    .bind(head.position)
    .bind(head.hash.as_slice())
    .bind(head.recorded_at)
    .execute(&board.pool())
    .await?;
    Ok(())
}

/// One rebuild; prints its seconds, its peak memory and its digest.
async fn child(order: &str) -> Result<()> {
    let words: Vec<_> = order.split(' ').collect();
    let (board, reader) = match words[..] {
        [board, "local", source] => {
            let pool = PgPoolOptions::new().max_connections(4).connect(source).await?;
            (board, LogReader::local(open(pool).await?))
        }
        [board, "remote", url, token] => {
            let source = FeedSource {
                name: "cases".into(),
                event_log_url: url.into(),
                token: Some(xiaoan_feed::Token::Fixed(token.into())),
                tls: PeerTls::default(),
                nats: NatsOptions::default(),
            };
            (board, LogReader::remote(&source))
        }
        _ => bail!("unknown order"),
    };
    let pool = PgPoolOptions::new().max_connections(8).connect(board).await?;
    let rebuilder = Rebuilder::new(pool.clone(), vec![reader], LedgerRebuild::new(pool));
    let (progress, _) = watch::channel(RebuildProgress::default());
    let began = Instant::now();
    let digests = rebuilder.run(&progress).await?;
    let seconds = began.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kb: u64 = peak.trim().trim_end_matches("kB").trim().parse()?;
    println!("{seconds} {} {}", kb >> 10, digests.rebuilt);
    Ok(())
}

/// Everything out of one table and into another, by the shortest way there is.
async fn pipe(source: &TestDb) -> Result<()> {
    let pool = source.owner_pool();
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS bare; CREATE TABLE bare AS SELECT * FROM eventstore.events WITH NO DATA",
    )
    .execute(&pool)
    .await?;
    let mut out = pool.copy_out_raw("COPY eventstore.events TO STDOUT (FORMAT binary)").await?;
    let mut into = pool.copy_in_raw("COPY bare FROM STDIN (FORMAT binary)").await?;
    while let Some(chunk) = out.next().await {
        into.send(chunk?).await?;
    }
    into.finish().await?;
    sqlx::raw_sql("DROP TABLE bare").execute(&pool).await?;
    Ok(())
}

/// The live ledger's path; (events, seconds).
async fn live(pool: &PgPool, store: &EventStore, events: i64) -> Result<(i64, f64)> {
    let ledger = Ledger::open(pool).await?;
    let mut seconds = 0.0;
    let mut next = 1;
    while next <= events {
        let batch = store.read_log(next, 1_000).await?;
        let began = Instant::now();
        let mut tx = pool.begin().await?;
        ledger.apply(&mut tx, &batch).await?;
        tx.commit().await?;
        seconds += began.elapsed().as_secs_f64();
        next += i64::try_from(batch.len())?;
    }
    Ok((next - 1, seconds))
}
