//! Commands per second through gRPC: token check, decision, group commit, hash chain, beside one transaction per command
//! that inserts the same rows into the same PostgreSQL in the same minutes.
//!
//! `cargo build --release --workspace --bins && cargo bench -p xiaoan-tests --bench grpc`. Needs `XIAOAN_TEST_PG` and
//! `XIAOAN_NATS_SERVER`. `XIAOAN_BENCH_SECONDS` (1.5) per measurement, `XIAOAN_BENCH_ROUNDS` (5) of all contenders in turn.
//! The load generator shares the processors with what it measures; the baseline needs no server in between.
//!
//! | contender | per command |
//! |---|---|
//! | plain | pool of 16: BEGIN, idempotency row, event row of a real `CaseFiled`, COMMIT; same columns and indexes, no chain |
//! | gRPC | `FileCase` of its own case through one `cases` process; ES256 token, 64 in flight |
//! | gRPC, 2 processes | the same through two `cases` processes on one database |

use anyhow::{Context, Result, ensure};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request};
use xiaoan_kernel::{Clock, RequestId, SystemClock, city_day};
use xiaoan_proto::cases::v1::FileCaseRequest;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::core::v1::{OrgKind, Provenance};
use xiaoan_proto::hq::v1::RegisterOrgUnitRequest;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats};

const CITY: &str = "371100000000";
const CLIENTS: usize = 64;
const CONNECTIONS: usize = 4;

static NEXT: AtomicU64 = AtomicU64::new(1);

fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

async fn bench() -> Result<()> {
    let duration = Duration::from_secs_f64(setting("XIAOAN_BENCH_SECONDS", 1.5));
    let rounds = setting("XIAOAN_BENCH_ROUNDS", 5.0) as usize;
    let (issuer, nats) = (TestIssuer::new(), TestNats::start().await);
    let (hq_db, db) = (TestDb::create("hq").await, TestDb::create("cases").await);
    let service = |bin: &str, database: &TestDb| {
        Process::builder(bin)
            .envs(issuer.env())
            .env("XIAOAN_NATS_URL", nats.url())
            .env("XIAOAN_DATABASE_URL", database.url())
            .env("XIAOAN_KEK", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
            .env("RUST_LOG", "warn")
    };
    let hq = service("hq", &hq_db).spawn().await;
    register(&hq, &bearer(&issuer, "hq")?).await?;
    let sources = format!("hq={}", hq.grpc_url());
    let cases = || service("cases", &db).env("XIAOAN_SOURCES", &sources);
    let (first, mut second) = (cases().spawn().await, cases().spawn().await);
    let token = bearer(&issuer, "officer")?;
    let one = connect(&[&first]).await?;
    let two = connect(&[&first, &second]).await?;

    file_when_known(&one[0], &token).await?;
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(16).connect(db.owner_url()).await?;
    plain_tables(&pool).await?;

    println!("{CLIENTS} clients, {rounds} rounds of {duration:?}");
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    let mut latencies = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=rounds {
        let inserted = all_clients(duration, |_| {
            let pool = pool.clone();
            move || plain(pool.clone())
        });
        let inserted = inserted.await?;
        // Whoever is alone must not pay for another one's views and relay.
        second.terminate().await;
        let through_one = through(&one, &token, duration).await?;
        second.restart().await;
        let measured = [inserted, through_one, through(&two, &token, duration).await?];
        for ((rates, all), times) in rates.iter_mut().zip(&mut latencies).zip(measured) {
            // The first round warms caches and statements and is thrown away.
            if round > 0 {
                rates.push(times.len() as f64 / duration.as_secs_f64());
                all.extend(times);
            }
        }
    }
    println!("{:<20} {:>9} {:>7} {:>8} {:>8}", "contender", "median/s", "ratio", "p50 ms", "p99 ms");
    for (n, name) in ["plain", "gRPC", "gRPC, 2 processes"].into_iter().enumerate() {
        let ratios = rates[n].iter().zip(&rates[0]).map(|(rate, plain)| rate / plain.max(1.0)).collect();
        latencies[n].sort_unstable();
        let ms = |share: f64| {
            let at = (latencies[n].len() as f64 * share) as usize;
            latencies[n].get(at).map_or(0.0, |time: &Duration| time.as_secs_f64() * 1_000.0)
        };
        println!(
            "{name:<20} {:>9.0} {:>6.2}x {:>8.2} {:>8.2}",
            median(rates[n].clone()),
            median(ratios),
            ms(0.5),
            ms(0.99)
        );
    }
    let (events, head): (i64, i64) =
        sqlx::query_as("select count(*), max(position) from eventstore.events").fetch_one(&pool).await?;
    ensure!(events == head, "positions have holes");
    println!("{events} events, positions dense");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Lets every client do one thing after the other until the time is up; gives the latencies.
async fn all_clients<D, F>(duration: Duration, client: impl Fn(usize) -> D) -> Result<Vec<Duration>>
where
    D: Fn() -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let until = Instant::now() + duration;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..CLIENTS {
        let act = client(n);
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let from = Instant::now();
                if from >= until {
                    return Ok::<_, anyhow::Error>(times);
                }
                act().await?;
                times.push(from.elapsed());
            }
        });
    }
    let mut all = Vec::new();
    while let Some(times) = tasks.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}

async fn through(
    clients: &[CaseServiceClient<Channel>],
    token: &MetadataValue<Ascii>,
    duration: Duration,
) -> Result<Vec<Duration>> {
    all_clients(duration, |n| {
        let (client, token) = (clients[n % clients.len()].clone(), token.clone());
        move || {
            let mut client = client.clone();
            let request = with(&token, a_case(NEXT.fetch_add(1, Ordering::Relaxed)));
            async move {
                client.file_case(request).await?;
                Ok(())
            }
        }
    })
    .await
}

fn a_case(n: u64) -> FileCaseRequest {
    let now = SystemClock.now();
    FileCaseRequest {
        request_id: RequestId::fresh().to_string(),
        // 24 years of months and four digits: 2.8 million numbers.
        case_no: format!("A{CITY}{:04}{:02}{:04}", 2000 + n / 120_000, n / 10_000 % 12 + 1, n % 10_000),
        org_unit: CITY.into(),
        category: "050201".into(),
        occurred_from: Some(xiaoan_proto::timestamp(now - time::Duration::days(2))),
        reported_at: Some(xiaoan_proto::timestamp(now - time::Duration::days(1))),
        filed_on: Some(city_day(now).into()),
        loss_fen: 80_000,
        loss_description: "示例：自行车一辆，蓝色，车篮破损".into(),
        place: "示例路一号院北门外停车棚".into(),
        preventable: true,
        provenance: Provenance::Demo.into(),
        ..Default::default()
    }
}

async fn connect(processes: &[&Process]) -> Result<Vec<CaseServiceClient<Channel>>> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        for process in processes {
            clients.push(CaseServiceClient::connect(process.grpc_url()).await?);
        }
    }
    Ok(clients)
}

fn bearer(issuer: &TestIssuer, role: &str) -> Result<MetadataValue<Ascii>> {
    format!("Bearer {}", issuer.token("bench", CITY, &[role])).parse().context("token")
}

fn with<T>(token: &MetadataValue<Ascii>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.clone());
    request
}

async fn register(hq: &Process, token: &MetadataValue<Ascii>) -> Result<()> {
    let message = RegisterOrgUnitRequest {
        request_id: RequestId::fresh().to_string(),
        code: CITY.into(),
        kind: OrgKind::CityBureau.into(),
        name_zh: "示例市局".into(),
        name_en: "Demo city".into(),
        ..Default::default()
    };
    OrgUnitServiceClient::connect(hq.grpc_url()).await?.register_org_unit(with(token, message)).await?;
    Ok(())
}

/// Files one case, as soon as the service knows the unit.
async fn file_when_known(client: &CaseServiceClient<Channel>, token: &MetadataValue<Ascii>) -> Result<()> {
    let began = Instant::now();
    loop {
        match client.clone().file_case(with(token, a_case(0))).await {
            Ok(_) => return Ok(()),
            Err(status) if status.code() == Code::InvalidArgument => {}
            Err(status) => return Err(status.into()),
        }
        ensure!(began.elapsed() < Duration::from_secs(60), "the unit does not arrive");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Tables of the same shape, and one real event and its remembered answer to copy again and again.
async fn plain_tables(pool: &PgPool) -> Result<()> {
    let tables = "
        CREATE TABLE plain_events (LIKE eventstore.events INCLUDING ALL);
        ALTER TABLE plain_events ALTER COLUMN position ADD GENERATED BY DEFAULT AS IDENTITY;
        CREATE TABLE plain_requests (LIKE eventstore.requests INCLUDING ALL);
        CREATE TABLE sample_event AS SELECT * FROM eventstore.events LIMIT 1;
        CREATE TABLE sample_request AS SELECT * FROM eventstore.requests LIMIT 1;";
    sqlx::raw_sql(AssertSqlSafe(tables.to_owned())).execute(pool).await?;
    Ok(())
}

async fn plain(pool: PgPool) -> Result<()> {
    let id = RequestId::fresh().0;
    let mut tx = pool.begin().await?;
    sqlx::query(
        "INSERT INTO plain_requests (request_id, first_position, last_position, recorded_at, versions, digest, response)
         SELECT $1, first_position, last_position, recorded_at, versions, digest, response FROM sample_request",
    )
    .bind(id)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO plain_events (version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash)
         SELECT version, recorded_at, occurred_on, $1, type, payload, org_unit, actor, traceparent, previous_hash, hash FROM sample_event",
    )
    .bind(format!("case-{id}"))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
