//! Appends per second of the event store beside one transaction per command, on the same PostgreSQL in the same minutes.
//!
//! `cargo bench -p xiaoan-tests --bench append`. Needs `XIAOAN_TEST_PG` (a superuser's URL); makes databases of its own and drops
//! them. Many short rounds rather than few long ones: whatever else the machine does then hits every contender alike.
//! `XIAOAN_BENCH_SECONDS` (1) per measurement, `XIAOAN_BENCH_ROUNDS` (7) of all contenders in turn,
//! `XIAOAN_BENCH_CLIENTS` (1,16,64).
//!
//! | contender | what it does per command |
//! |---|---|
//! | plain | pool of 16: BEGIN, insert the idempotency row, insert the event, COMMIT; the same columns, indexes and sizes; no chain |
//! | plain, 1 statement | the same two inserts as one statement |
//! | eventstore | `EventStore::append`: versions and request ids checked, dense positions, hash chain |
//! | eventstore, 2 processes | the same from two real processes on one database, half of the clients each |
//!
//! What bounds it: one flush of the disk per batch, and 64 callers who each wait for their answer can fill no batch beyond 64. Where
//! a flush takes milliseconds (a busy or slow disk) plain's 16 connections share flushes too, and the ratio falls towards 64 / 16.

use anyhow::{Context, Result, ensure};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::macros::{date, datetime};
use xiaoan_eventstore::{
    Append, AppenderOptions, ChainHead, EVENTSTORE, EventStore, NewEvent, RequestKey, StreamWrite, chain,
    migrate,
};
use xiaoan_kernel::{OrgCode, RequestId, StreamId, SystemClock};

const PAYLOAD: usize = 300;
const CHILD: &str = "XIAOAN_BENCH_APPEND_CHILD";

/// Where commands go: to streams of their own, or on and on to one stream per client.
#[derive(Clone, Copy, PartialEq)]
enum Streams {
    New,
    Existing,
}

#[derive(Clone, Copy, PartialEq)]
enum Contender {
    Plain,
    PlainOneStatement,
    Store,
    StoreTwice,
}

impl Contender {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::PlainOneStatement => "plain, 1 statement",
            Self::Store => "eventstore",
            Self::StoreTwice => "eventstore, 2 processes",
        }
    }
}

/// Latencies of one measurement, in microseconds.
type Latencies = Vec<u32>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Ok(order) = std::env::var(CHILD) {
        return runtime.block_on(child(&order));
    }
    runtime.block_on(bench())
}

async fn bench() -> Result<()> {
    let server = std::env::var("XIAOAN_TEST_PG").context("XIAOAN_TEST_PG is not set")?;
    let setting = |name: &str, default: f64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let per_measurement = Duration::from_secs_f64(setting("XIAOAN_BENCH_SECONDS", 1.0));
    let rounds = setting("XIAOAN_BENCH_ROUNDS", 7.0) as usize;
    let clients = std::env::var("XIAOAN_BENCH_CLIENTS").unwrap_or_else(|_| "1,16,64".to_owned());
    let clients = clients.split(',').map(str::parse).collect::<Result<Vec<_>, _>>()?;
    let mut admin = PgConnection::connect(&server).await.context("cannot reach XIAOAN_TEST_PG")?;
    describe(&mut admin).await?;

    let name = format!("xiaoan_bench_append_{}", std::process::id());
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    let measured =
        measure_all(server.parse::<PgConnectOptions>()?.database(&name), &clients, rounds, per_measurement)
            .await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await?;
    measured
}

async fn describe(admin: &mut PgConnection) -> Result<()> {
    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting || coalesce(unit, '') FROM pg_settings WHERE name IN ('server_version', 'fsync',
         'synchronous_commit', 'wal_sync_method', 'shared_buffers', 'full_page_writes', 'max_wal_size', 'wal_level')
         ORDER BY name",
    )
    .fetch_all(admin)
    .await?;
    let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    println!("PostgreSQL: {}", settings.join(" "));
    println!("processors: {}", std::thread::available_parallelism()?);
    println!("one event of {PAYLOAD} bytes per command, every command with a request id of its own\n");
    Ok(())
}

async fn measure_all(
    database: PgConnectOptions,
    clients: &[usize],
    rounds: usize,
    duration: Duration,
) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(16).connect_with(database).await?;
    migrate(&pool, &EVENTSTORE).await?;
    sqlx::raw_sql(PLAIN_TABLES).execute(&pool).await?;
    let store = open(&pool).await?;
    println!(
        "{:<9} {:>7}  {:<24} {:>9} {:>7} {:>8} {:>8}",
        "streams", "clients", "contender", "median/s", "ratio", "p50 ms", "p99 ms"
    );
    for streams in [Streams::New, Streams::Existing] {
        for &clients in clients {
            let mut contenders = vec![Contender::Plain, Contender::PlainOneStatement, Contender::Store];
            if clients > 1 {
                contenders.push(Contender::StoreTwice);
            }
            let mut results = vec![Vec::new(); contenders.len()];
            // The first round warms caches and statements and is thrown away.
            for round in 0..=rounds {
                for (contender, results) in contenders.iter().zip(&mut results) {
                    let load = Load { streams, clients, duration };
                    let latencies = load.run(*contender, &pool, &store).await?;
                    if round > 0 {
                        results.push(latencies);
                    }
                }
            }
            report(streams, clients, &contenders, results, duration);
        }
    }
    read_back(&store).await
}

fn report(
    streams: Streams,
    clients: usize,
    contenders: &[Contender],
    results: Vec<Vec<Latencies>>,
    duration: Duration,
) {
    let rate = |latencies: &Latencies| latencies.len() as f64 / duration.as_secs_f64();
    let plain: Vec<f64> = results[0].iter().map(rate).collect();
    for (contender, rounds) in contenders.iter().zip(results) {
        let rates: Vec<f64> = rounds.iter().map(rate).collect();
        // Round by round, because the machine is not the same from one round to the next.
        let ratios = rates.iter().zip(&plain).map(|(rate, plain)| rate / plain.max(1.0)).collect();
        let mut all: Latencies = rounds.into_iter().flatten().collect();
        all.sort_unstable();
        let ms = |share: f64| {
            all.get((all.len() as f64 * share) as usize).map_or(0.0, |us| f64::from(*us) / 1000.0)
        };
        println!(
            "{:<9} {clients:>7}  {:<24} {:>9.0} {:>6.2}x {:>8.2} {:>8.2}",
            if streams == Streams::New { "new" } else { "existing" },
            contender.name(),
            median(rates),
            median(ratios),
            ms(0.50),
            ms(0.99),
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[derive(Clone, Copy)]
struct Load {
    streams: Streams,
    clients: usize,
    duration: Duration,
}

impl Load {
    async fn run(self, contender: Contender, pool: &PgPool, store: &EventStore) -> Result<Latencies> {
        match contender {
            Contender::Plain => self.clients(|client| plain(pool.clone(), client)).await,
            Contender::PlainOneStatement => {
                self.clients(|client| plain_one_statement(pool.clone(), client)).await
            }
            Contender::Store => self.clients(|client| stored(store.clone(), client)).await,
            Contender::StoreTwice => tokio::task::block_in_place(|| self.in_two_processes(pool)),
        }
    }

    /// Lets every client send one command after the other until the time is up.
    async fn clients<C>(self, connect: impl Fn(String) -> C) -> Result<Latencies>
    where
        C: AsyncClient + Send + 'static,
    {
        let run = RequestId::fresh();
        let tasks: Vec<_> = (0..self.clients)
            .map(|n| {
                let client = connect(format!("{run}-{n}"));
                tokio::spawn(client.send_all(self.streams, self.duration))
            })
            .collect();
        let mut all = Latencies::new();
        for task in tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }

    fn in_two_processes(self, pool: &PgPool) -> Result<Latencies> {
        let half = self.clients / 2;
        let streams = if self.streams == Streams::New { "new" } else { "existing" };
        let url = pool.connect_options().to_url_lossy();
        let order = format!("{half} {streams} {} {url}", self.duration.as_millis());
        let start = || {
            Command::new(std::env::current_exe()?)
                .env(CHILD, &order)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("cannot start a second process")
        };
        let mut children = [start()?, start()?];
        let mut answers = Vec::new();
        for child in &mut children {
            let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
            ensure!(lines.next().transpose()?.as_deref() == Some("ready"), "a process did not get ready");
            answers.push(lines);
        }
        for child in &mut children {
            child.stdin.take().context("stdin")?.write_all(b"go\n")?;
        }
        let mut all = Latencies::new();
        for (child, lines) in children.iter_mut().zip(answers) {
            for line in lines {
                all.push(line?.parse()?);
            }
            ensure!(child.wait()?.success(), "a process failed");
        }
        Ok(all)
    }
}

/// One of the two processes: says "ready", waits for a line, and prints its latencies.
async fn child(order: &str) -> Result<()> {
    let mut words = order.splitn(4, ' ');
    let mut word = || words.next().context("incomplete order");
    let clients = word()?.parse()?;
    let streams = if word()? == "new" { Streams::New } else { Streams::Existing };
    let duration = Duration::from_millis(word()?.parse()?);
    let pool = PgPoolOptions::new().max_connections(4).connect(word()?).await?;
    let store = open(&pool).await?;
    println!("ready");
    std::io::stdin().read_line(&mut String::new())?;
    let load = Load { streams, clients, duration };
    let latencies = load.clients(|client| stored(store.clone(), client)).await?;
    let mut out = std::io::stdout().lock();
    for latency in latencies {
        writeln!(out, "{latency}")?;
    }
    Ok(())
}

/// Sends one command; number and version count from 0.
trait AsyncClient: Sized {
    fn send(&mut self, stream: &str, version: i64) -> impl Future<Output = Result<()>> + Send;
    fn name(&self) -> &str;

    fn send_all(
        mut self,
        streams: Streams,
        duration: Duration,
    ) -> impl Future<Output = Result<Latencies>> + Send
    where
        Self: Send,
    {
        async move {
            let mut latencies = Latencies::new();
            let name = self.name().to_owned();
            let until = Instant::now() + duration;
            for number in 0.. {
                let from = Instant::now();
                if from >= until {
                    break;
                }
                match streams {
                    Streams::New => self.send(&format!("bench-{name}-{number}"), 0).await?,
                    Streams::Existing => self.send(&format!("bench-{name}"), number).await?,
                }
                latencies.push(u32::try_from(from.elapsed().as_micros())?);
            }
            Ok(latencies)
        }
    }
}

async fn open(pool: &PgPool) -> Result<EventStore> {
    Ok(EventStore::open(pool.clone(), "bench", Arc::new(SystemClock), AppenderOptions::default()).await?)
}

struct Stored {
    store: EventStore,
    name: String,
}

fn stored(store: EventStore, name: String) -> Stored {
    Stored { store, name }
}

const TYPE: &str = "xiaoan.cases.v1.CaseFiled";
const UNIT: &str = "371102010000";
const ACTOR: &str = "3711020100000017";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

impl AsyncClient for Stored {
    async fn send(&mut self, stream: &str, version: i64) -> Result<()> {
        let event = NewEvent {
            type_name: TYPE.to_owned(),
            payload: vec![7; PAYLOAD],
            org_unit: OrgCode::parse(UNIT)?,
            occurred_on: date!(2026 - 06 - 07),
        };
        let write = StreamWrite {
            stream: StreamId::from(stream.to_owned()),
            expected_version: version,
            events: vec![event],
        };
        let append = Append {
            request: Some(RequestKey { id: RequestId::fresh(), digest: [7; 32] }),
            response: vec![7; 40],
            writes: vec![write],
            actor: ACTOR.to_owned(),
            traceparent: TRACE.to_owned(),
        };
        let appended = self.store.append(append).await?;
        ensure!(appended.versions == [version + 1] && !appended.replayed, "not what was asked for");
        Ok(())
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// The same columns and indexes as the store's tables; positions come from a sequence, as one would do it.
const PLAIN_TABLES: &str = "
    CREATE TABLE plain_events (LIKE eventstore.events INCLUDING ALL);
    ALTER TABLE plain_events ALTER COLUMN position ADD GENERATED BY DEFAULT AS IDENTITY;
    CREATE TABLE plain_requests (LIKE eventstore.requests INCLUDING ALL);";

const PLAIN_REQUEST: &str = "
    INSERT INTO plain_requests (request_id, first_position, last_position, recorded_at, versions, digest, response)
    VALUES ($1, 0, 0, $2, $3, $4, $5)";
const PLAIN_EVENT: &str = "
    INSERT INTO plain_events (
        version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const PLAIN_BOTH: &str = "
    WITH request AS (
        INSERT INTO plain_requests (request_id, first_position, last_position, recorded_at, versions, digest, response)
        VALUES ($12, 0, 0, $2, $13, $14, $15))
    INSERT INTO plain_events (
        version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

struct Plain {
    pool: PgPool,
    name: String,
    one_statement: bool,
}

fn plain(pool: PgPool, name: String) -> Plain {
    Plain { pool, name, one_statement: false }
}

fn plain_one_statement(pool: PgPool, name: String) -> Plain {
    Plain { pool, name, one_statement: true }
}

impl AsyncClient for Plain {
    async fn send(&mut self, stream: &str, version: i64) -> Result<()> {
        let at = datetime!(2026-06-07 01:58 UTC);
        let (id, versions) = (RequestId::fresh().0, [version + 1]);
        let event = |sql: &'static str| {
            sqlx::query(sql)
                .bind(version + 1)
                .bind(at)
                .bind(date!(2026 - 06 - 07))
                .bind(stream.to_owned())
                .bind(TYPE)
                .bind(vec![7_u8; PAYLOAD])
                .bind(UNIT)
                .bind(ACTOR)
                .bind(TRACE)
                .bind(vec![7_u8; 32])
                .bind(vec![7_u8; 32])
        };
        let (digest, response) = (vec![7_u8; 32], vec![7_u8; 40]);
        if self.one_statement {
            let both = event(PLAIN_BOTH).bind(id).bind(versions).bind(digest).bind(response);
            both.execute(&self.pool).await?;
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        let request = sqlx::query(PLAIN_REQUEST).bind(id).bind(at).bind(versions).bind(digest).bind(response);
        request.execute(&mut *tx).await?;
        event(PLAIN_EVENT).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// How fast what was written is read again, and that it is whole.
async fn read_back(store: &EventStore) -> Result<()> {
    let from = Instant::now();
    let (mut next, mut bytes) = (1, 0);
    loop {
        let page = store.read_log(next, 1_000).await?;
        let Some(last) = page.last() else { break };
        next = last.position + 1;
        bytes += page.iter().map(|event| event.payload.len()).sum::<usize>();
    }
    let events = next - 1;
    let rate = |from: Instant| events as f64 / from.elapsed().as_secs_f64();
    println!("\nread_log: {events} events ({} MB of payload), {:.0} events/s", bytes >> 20, rate(from));
    let from = Instant::now();
    let head = chain::verify_log(store, ChainHead::EMPTY, |_| ()).await?;
    ensure!(head.position == events && head == store.head().await?, "the log does not end where it should");
    println!("verify_log: {:.0} events/s; positions 1 to {events} dense, chain whole", rate(from));
    Ok(())
}
