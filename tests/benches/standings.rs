//! `GetStandings` of a month from a large ledger, beside summing the raw ledger in the same minutes.
//!
//! `cargo bench -p xiaoan-tests --bench standings`. Needs `XIAOAN_TEST_PG`. `XIAOAN_BENCH_LINES` (10,000,000) ledger lines,
//! `XIAOAN_BENCH_UNITS` (1,000) stations, `XIAOAN_BENCH_ASKS` (300) of each contender.
//!
//! | contender | what it does per question |
//! |---|---|
//! | raw ledger | one SELECT that sums the same measures of the same three periods from the lines, per unit |
//! | evaluated | `Reader::standings` after something was applied: sums, ranks, yoy, intervals, total |
//! | evaluated, gRPC | the same through `GetStandings`, with token check, encoding and decoding |
//! | of it: encode | the message's bytes, once per evaluation |
//! | of it: decode | what the client makes of them, and throws away again |
//! | remembered | `Reader::standings` again while nothing was applied |
//! | remembered, gRPC | the same through `GetStandings` |
//! | city sheet | `Reader::standings` of the board over four sources after something was applied |
//!
//! The lines are booked from case events by the rebuild's own path, so filling is a measurement too.

use anyhow::{Context, Result, ensure};
use prost::{Message, Name};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::macros::{date, datetime};
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use xiaoan_directory::Directory;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::SystemClock;
use xiaoan_projection::Rebuild;
use xiaoan_proto::cases::v1::{CaseFacts, CaseFiled, CaseSolved, SolveClass, SuspectCaught};
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::rankings::v1::{GetStandingsRequest, GetStandingsResponse};
use xiaoan_rankings::Reader;
use xiaoan_rankings::grpc::rankings_service;
use xiaoan_rankings::ledger::{Ledger, LedgerRebuild};
use xiaoan_rpc::{RpcOptions, Server};
use xiaoan_testkit::{TestDb, TestIssuer};

const BOARD: &str = "theft-stations";
const MONTH: &str = "2026-06";
/// Lines of a case: filed, filed as small; caught; solved, of the cohort, both as small, loss.
const LINES_PER_CASE: i64 = 8;
const CONNECTIONS: u32 = 4;
/// Rounds that are thrown away: each connection reads the catalogue and prepares its statements once.
const WARMING: usize = 40;
const FIRST_STATION: i64 = 371_102_000_000;

fn setting(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

async fn bench() -> Result<()> {
    let (lines, units) = (setting("XIAOAN_BENCH_LINES", 10_000_000), setting("XIAOAN_BENCH_UNITS", 1_000));
    let asks = usize::try_from(setting("XIAOAN_BENCH_ASKS", 300))?;
    let database = TestDb::create("rankings").await;
    let pool = database.pool();
    found_city(&pool, units).await?;
    Ledger::open(&pool).await?;
    fill(&pool, lines / LINES_PER_CASE, units).await?;

    // As a service has it: all connections are made at the start and kept.
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let directory = Directory::load(pool.clone()).await?;
    let reader = Reader::new(pool.clone(), directory, Arc::new(SystemClock));
    let board = reader.standings(BOARD, MONTH, None).await?;
    ensure!(board.entries.len() == usize::try_from(units)?, "{} entries", board.entries.len());
    println!(
        "\n{} of {MONTH}: {} entries, {} indicators each\n",
        BOARD,
        board.entries.len(),
        board.entries[0].indicators.len()
    );

    let (mut raw, mut evaluated, mut remembered, mut called) = (vec![], vec![], vec![], vec![]);
    let (mut encoded, mut decoded, mut called_again, mut sheet) = (vec![], vec![], vec![], vec![]);
    let mut remote = Remote::start(reader.clone(), pool.clone()).await?;
    for round in 0..WARMING + asks {
        // One raw sum for every ten questions: it takes ten times as long.
        if round >= WARMING && round % 10 == 0 {
            raw.push(timed(raw_sums(&pool)).await?);
        }
        applied(&pool).await?;
        let first =
            timed(async { reader.standings(BOARD, MONTH, None).await.map(drop).map_err(Into::into) }).await?;
        let again =
            timed(async { reader.standings(BOARD, MONTH, None).await.map(drop).map_err(Into::into) }).await?;
        applied(&pool).await?;
        let call = timed(remote.ask()).await?;
        let call_again = timed(remote.ask()).await?;
        let message = reader.standings(BOARD, MONTH, None).await?.to_message();
        let began = Instant::now();
        let bytes = message.encode_to_vec();
        let encode = began.elapsed();
        let began = Instant::now();
        drop(GetStandingsResponse::decode(bytes.as_slice())?);
        let decode = began.elapsed();
        applied(&pool).await?;
        let city = timed(async { reader.standings("city", MONTH, None).await.map(drop).map_err(Into::into) })
            .await?;
        if round >= WARMING {
            encoded.push(encode);
            decoded.push(decode);
            called_again.push(call_again);
            sheet.push(city);
            evaluated.push(first);
            remembered.push(again);
            called.push(call);
        }
    }
    println!("{:<18} {:>9} {:>9} {:>9}", "contender", "p50 ms", "p99 ms", "most ms");
    report("raw ledger", raw);
    report("evaluated", evaluated);
    report("evaluated, gRPC", called);
    report("of it: encode", encoded);
    report("of it: decode", decoded);
    report("remembered", remembered);
    report("remembered, gRPC", called_again);
    report("city sheet", sheet);
    Ok(())
}

async fn timed(work: impl Future<Output = Result<()>>) -> Result<Duration> {
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed())
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let ms = |share: f64| {
        let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1_000.0)
    };
    println!("{name:<18} {:>9.2} {:>9.2} {:>9.2}", ms(0.50), ms(0.99), ms(1.0));
}

/// The city bureau, a county bureau per hundred stations, the stations: what the directory would have written.
async fn found_city(pool: &PgPool, stations: i64) -> Result<()> {
    sqlx::raw_sql(
        "INSERT INTO directory_units VALUES ('371100000000', 1, '2020-01-01', NULL, NULL, 1);
         INSERT INTO directory_names VALUES ('371100000000', '2020-01-01', '市局', 'City');
         INSERT INTO directory_parents VALUES ('371100000000', '2020-01-01', NULL)",
    )
    .execute(pool)
    .await?;
    for statement in [
        "INSERT INTO directory_units (code, kind, effective_on, version)
         SELECT (371200000000 + b)::text, 2, '2020-01-01', 1 FROM generate_series(0, ($1::bigint - 1) / 100) b",
        "INSERT INTO directory_names
         SELECT (371200000000 + b)::text, '2020-01-01', '分局' || b, 'Bureau ' || b
         FROM generate_series(0, ($1::bigint - 1) / 100) b",
        "INSERT INTO directory_parents
         SELECT (371200000000 + b)::text, '2020-01-01', '371100000000' FROM generate_series(0, ($1::bigint - 1) / 100) b",
        "INSERT INTO directory_units (code, kind, effective_on, version)
         SELECT (371102000000 + s)::text, 3, '2020-01-01', 1 FROM generate_series(0, $1::bigint - 1) s",
        "INSERT INTO directory_names
         SELECT (371102000000 + s)::text, '2020-01-01', s || '所', 'Station ' || s FROM generate_series(0, $1::bigint - 1) s",
        "INSERT INTO directory_parents
         SELECT (371102000000 + s)::text, '2020-01-01', (371200000000 + s / 100)::text
         FROM generate_series(0, $1::bigint - 1) s",
    ] {
        sqlx::query(statement).bind(stations).execute(pool).await?;
    }
    Ok(())
}

/// Cases of three years up to the month, three events each, in the order of their filing.
async fn fill(pool: &PgPool, cases: i64, units: i64) -> Result<()> {
    let began = Instant::now();
    let rebuild = LedgerRebuild::new(pool.clone());
    rebuild.prepare().await?;
    let mut position = 0;
    let mut batch = Vec::new();
    for n in 0..cases {
        for event in events_of(n, cases, units) {
            position += 1;
            batch.push(RecordedEvent { position, ..event });
        }
        if batch.len() >= 3_000 || n + 1 == cases {
            rebuild.apply("cases", &batch).await?;
            batch.clear();
        }
    }
    let read = began.elapsed();
    rebuild.settle().await?;
    let mut tx = pool.begin().await?;
    rebuild.swap(&mut tx).await?;
    sqlx::query(
        "INSERT INTO eventstore.checkpoints (projection, source, position, hash, recorded_at)
         VALUES ('ledger', 'cases', $1, $2, now())",
    )
    .bind(position)
    .bind(vec![0_u8; 32])
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    sqlx::query("VACUUM").execute(pool).await.ok();
    let (lines, bytes): (i64, i64) =
        sqlx::query_as("SELECT count(*), pg_database_size(current_database()) FROM ledger.lines")
            .fetch_one(pool)
            .await?;
    let all = began.elapsed();
    println!(
        "{lines} lines of {position} events in {:.1} s ({:.0} events/s booked and copied, {:.0} with indexes, sums and swap); {} MB",
        all.as_secs_f64(),
        position as f64 / read.as_secs_f64(),
        position as f64 / all.as_secs_f64(),
        bytes >> 20,
    );
    Ok(())
}

fn events_of(n: i64, cases: i64, units: i64) -> [RecordedEvent; 3] {
    // Fixed multipliers spread the cases over units, days and categories without a pattern that helps an index.
    let spread = |factor: i64, over: i64| (n * factor).rem_euclid(1_000_003) % over;
    let day = date!(2023 - 07 - 01) + time::Duration::days(n * 1_095 / cases);
    let org_unit = (FIRST_STATION + spread(7_919, units)).to_string();
    let category =
        ["050201", "050223", "050224", "050227", "050240"][usize::try_from(spread(104_729, 5)).unwrap_or(0)];
    let on = |days: i64| Some((day + time::Duration::days(days)).into());
    let filed = CaseFiled {
        case_no: format!("A{org_unit}{n:010}"),
        org_unit: org_unit.clone(),
        category: category.into(),
        filed_on: on(0),
        loss_fen: 120_000,
        small_case: true,
        place: "某小区".into(),
        ..Default::default()
    };
    let caught = SuspectCaught {
        org_unit: org_unit.clone(),
        category: category.into(),
        caught_on: on(3),
        count: 1,
        ..Default::default()
    };
    let solved = CaseSolved {
        facts: Some(CaseFacts {
            org_unit,
            category: category.into(),
            filed_on: on(0),
            loss_fen: 120_000,
            small_case: true,
            solved_on: on(spread(15_485_863, 20)),
            solve_class: SolveClass::Arrest.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let stream = format!("case-{}", filed.case_no);
    [recorded(&stream, &filed), recorded(&stream, &caught), recorded(&stream, &solved)]
}

fn recorded<M: Message + Name>(stream: &str, event: &M) -> RecordedEvent {
    RecordedEvent {
        source: "cases".into(),
        stream: stream.to_owned(),
        r#type: M::full_name(),
        payload: event.encode_to_vec().into(),
        recorded_at: Some(xiaoan_proto::timestamp(datetime!(2026-07-01 0:00 UTC))),
        ..Default::default()
    }
}

/// What the board needs, from the lines alone.
async fn raw_sums(pool: &PgPool) -> Result<()> {
    let rows = sqlx::query(
        "SELECT org_unit, date_trunc('month', occurred_on), measure, sum(quantity)::bigint
         FROM ledger.lines
         WHERE measure IN (1, 2, 3, 8, 9, 13) AND category >= '0502' AND category < '0503'
           AND (occurred_on >= '2026-05-01' AND occurred_on < '2026-07-01'
                OR occurred_on >= '2025-06-01' AND occurred_on < '2025-07-01')
         GROUP BY 1, 2, 3",
    )
    .fetch_all(pool)
    .await?;
    ensure!(!rows.is_empty(), "no lines");
    Ok(())
}

/// As if an event had been applied: whatever was remembered is out of date.
async fn applied(pool: &PgPool) -> Result<()> {
    sqlx::query("UPDATE eventstore.checkpoints SET position = position + 1").execute(pool).await?;
    Ok(())
}

struct Remote {
    client: RankingsServiceClient<tonic::transport::Channel>,
    token: MetadataValue<tonic::metadata::Ascii>,
    _issuer: TestIssuer,
}

impl Remote {
    async fn start(reader: Reader, pool: PgPool) -> Result<Self> {
        let issuer = TestIssuer::new();
        let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
        let server = Server::new(options).await?.add_service(rankings_service(reader, pool));
        let url = format!("http://{}", server.grpc_addr()?);
        tokio::spawn(server.serve(std::future::pending()));
        let token = issuer.token("bench", "371100000000", &["officer"]);
        let token = format!("Bearer {token}").parse().context("token")?;
        // A board of a thousand units is half a megabyte: room for it, so that the server need not wait for windows; and
        // frames as large as loopback's segments, of which every second is acknowledged at once. (Frames of 16 KiB are
        // acknowledged after up to 40 ms whenever the congestion control has closed the window to a few of them.)
        let endpoint = Endpoint::from_shared(url)?
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(2 << 20)
            .max_frame_size(256 << 10);
        let client = RankingsServiceClient::new(endpoint.connect().await?);
        Ok(Self { client, token, _issuer: issuer })
    }
    async fn ask(&mut self) -> Result<()> {
        let mut request = Request::new(GetStandingsRequest {
            board: BOARD.into(),
            period: MONTH.into(),
            ..Default::default()
        });
        request.metadata_mut().insert("authorization", self.token.clone());
        self.client.get_standings(request).await?;
        Ok(())
    }
}
