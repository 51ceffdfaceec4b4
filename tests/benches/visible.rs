//! From a command's acceptance to the board: three real services, NATS and PostgreSQL, 500 commands a second.
//!
//! `cargo build --release --workspace --bins && cargo bench -p xiaoan-tests --bench visible`. Needs `XIAOAN_TEST_PG` and
//! `XIAOAN_NATS_SERVER`. `XIAOAN_BENCH_RATE` (500) commands a second, `XIAOAN_BENCH_SECONDS` (20), `XIAOAN_BENCH_EVERY` (5):
//! every how many commands one is followed to the board.
//!
//! | figure | from | to |
//! |---|---|---|
//! | accept | `FileCase` is sent | its receipt |
//! | visible | the receipt | the answer of `GetStandings` with `at_least` = the receipt's position |
//! | ask alone | `GetStandings` is sent without `at_least` | its answer, in the same seconds |
//!
//! The memory of each service is printed before the first command and after the last.

use anyhow::{Context, Result, ensure};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use xiaoan_kernel::{Clock, RequestId, SystemClock, city_day};
use xiaoan_proto::cases::v1::FileCaseRequest;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::core::v1::{OrgKind, Provenance};
use xiaoan_proto::hq::v1::RegisterOrgUnitRequest;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::rankings::v1::GetStandingsRequest;
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats};

const CITY: &str = "371100000000";
const BUREAU: &str = "371102000000";
const STATIONS: u64 = 20;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

async fn bench() -> Result<()> {
    let (rate, seconds) = (setting("XIAOAN_BENCH_RATE", 500), setting("XIAOAN_BENCH_SECONDS", 20));
    let every = setting("XIAOAN_BENCH_EVERY", 5);
    let city = City::start().await?;
    city.found().await?;
    println!("idle memory: {}", city.memory()?);

    let times = Arc::new(Times::default());
    let client = Client::connect(&city).await?;
    // The first second warms connections, statements and caches, and is thrown away.
    run(&client, &Arc::new(Times::default()), 1..rate, rate, every).await?;
    let began = Instant::now();
    run(&client, &times, rate..rate * (seconds + 1), rate, every).await?;
    let took = began.elapsed().as_secs_f64();
    println!("{} commands in {took:.1} s ({:.0}/s)\n", rate * seconds, (rate * seconds) as f64 / took);
    println!("{:<10} {:>7} {:>9} {:>9} {:>9}", "figure", "n", "p50 ms", "p99 ms", "most ms");
    times.report("accept", &times.accept);
    times.report("visible", &times.visible);
    times.report("ask alone", &times.alone);
    println!("\nmemory after: {}", city.memory()?);
    Ok(())
}

/// Sends commands at a steady rate, whether or not the ones before have been answered.
async fn run(
    client: &Client,
    times: &Arc<Times>,
    numbers: std::ops::Range<u64>,
    rate: u64,
    every: u64,
) -> Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate)?);
    let mut tasks = tokio::task::JoinSet::new();
    for n in numbers {
        ticks.tick().await;
        let (client, times) = (client.clone(), Arc::clone(times));
        tasks.spawn(async move { client.file(n, &times, n % every == 0).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome??;
    }
    Ok(())
}

#[derive(Default)]
struct Times {
    accept: Mutex<Vec<Duration>>,
    visible: Mutex<Vec<Duration>>,
    alone: Mutex<Vec<Duration>>,
}

impl Times {
    fn report(&self, name: &str, times: &Mutex<Vec<Duration>>) {
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.sort_unstable();
        let ms = |share: f64| {
            let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
            times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1_000.0)
        };
        println!("{name:<10} {:>7} {:>9.2} {:>9.2} {:>9.2}", times.len(), ms(0.50), ms(0.99), ms(1.0));
    }
}

fn push(times: &Mutex<Vec<Duration>>, time: Duration) {
    times.lock().unwrap_or_else(PoisonError::into_inner).push(time);
}

struct City {
    hq: Process,
    cases: Process,
    rankings: Process,
    issuer: TestIssuer,
    _nats: TestNats,
    _databases: [TestDb; 3],
}

impl City {
    async fn start() -> Result<Self> {
        let issuer = TestIssuer::new();
        let nats = TestNats::start().await;
        let databases =
            [TestDb::create("hq").await, TestDb::create("cases").await, TestDb::create("rankings").await];
        let service = |bin: &str, database: &TestDb| {
            Process::builder(bin)
                .envs(issuer.env())
                .env("XIAOAN_NATS_URL", nats.url())
                .env("XIAOAN_DATABASE_URL", database.url())
                .env("XIAOAN_KEK", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
                .env("RUST_LOG", "warn")
        };
        let hq = service("hq", &databases[0]).spawn().await;
        // `cases` is only ready once it has read a unit of headquarters.
        register(&hq, &issuer, CITY, OrgKind::CityBureau, "").await?;
        let sources = format!("hq={}", hq.grpc_url());
        let cases = service("cases", &databases[1]).env("XIAOAN_SOURCES", &sources).spawn().await;
        let sources = format!("{sources},cases={}", cases.grpc_url());
        let rankings = service("rankings", &databases[2])
            .env("XIAOAN_SOURCES", sources)
            .env("XIAOAN_WEB_ADDR", "127.0.0.1:0")
            .spawn()
            .await;
        Ok(Self { hq, cases, rankings, issuer, _nats: nats, _databases: databases })
    }

    async fn found(&self) -> Result<()> {
        register(&self.hq, &self.issuer, BUREAU, OrgKind::CountyBureau, CITY).await?;
        for n in 0..STATIONS {
            register(&self.hq, &self.issuer, &station(n), OrgKind::Station, BUREAU).await?;
        }
        Ok(())
    }

    fn memory(&self) -> Result<String> {
        let mut text = Vec::new();
        for (name, process) in [("hq", &self.hq), ("cases", &self.cases), ("rankings", &self.rankings)] {
            let pid = process.pid().context("not running")?;
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
            let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
            let kb: u64 = rss.trim().trim_end_matches("kB").trim().parse()?;
            text.push(format!("{name} {} MB", kb >> 10));
        }
        Ok(text.join(", "))
    }
}

fn station(n: u64) -> String {
    format!("3711020{:02}000", n % STATIONS + 1)
}

fn bearer(issuer: &TestIssuer, role: &str) -> Result<MetadataValue<Ascii>> {
    format!("Bearer {}", issuer.token_for("bench", CITY, &[role], 3_600)).parse().context("token")
}

fn with<T>(token: &MetadataValue<Ascii>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.clone());
    request
}

async fn register(hq: &Process, issuer: &TestIssuer, code: &str, kind: OrgKind, parent: &str) -> Result<()> {
    let message = RegisterOrgUnitRequest {
        request_id: RequestId::fresh().to_string(),
        code: code.into(),
        kind: kind.into(),
        parent: parent.into(),
        name_zh: format!("示例{code}"),
        name_en: format!("Demo {code}"),
        effective_on: None,
    };
    let mut client = OrgUnitServiceClient::connect(hq.grpc_url()).await?;
    client.register_org_unit(with(&bearer(issuer, "hq")?, message)).await?;
    Ok(())
}

#[derive(Clone)]
struct Client {
    cases: CaseServiceClient<Channel>,
    rankings: RankingsServiceClient<Channel>,
    token: MetadataValue<Ascii>,
    period: String,
}

impl Client {
    async fn connect(city: &City) -> Result<Self> {
        let today = city_day(SystemClock.now());
        let client = Self {
            cases: CaseServiceClient::connect(city.cases.grpc_url()).await?,
            rankings: RankingsServiceClient::connect(city.rankings.grpc_url()).await?,
            token: bearer(&city.issuer, "officer")?,
            period: format!("{}-{:02}", today.year(), u8::from(today.month())),
        };
        // Every station is known to both services.
        let began = Instant::now();
        loop {
            let asked = client.rankings.clone().get_standings(with(&client.token, client.question())).await;
            let stations = asked.map(|answer| answer.into_inner().entries.len()).unwrap_or_default();
            if stations == usize::try_from(STATIONS)? && client.file(0, &Times::default(), true).await.is_ok()
            {
                return Ok(client);
            }
            ensure!(began.elapsed() < Duration::from_secs(60), "the city does not arrive");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn question(&self) -> GetStandingsRequest {
        GetStandingsRequest {
            board: "theft-stations".into(),
            period: self.period.clone(),
            ..Default::default()
        }
    }

    async fn file(&self, n: u64, times: &Times, followed: bool) -> Result<()> {
        let now = SystemClock.now();
        let today = city_day(now);
        let org_unit = station(n);
        let serial = n / STATIONS;
        let message = FileCaseRequest {
            request_id: RequestId::of(&format!("visible {n}")).to_string(),
            case_no: format!("A{org_unit}{}{:02}{serial:04}", today.year(), u8::from(today.month())),
            org_unit,
            category: "050201".into(),
            occurred_from: Some(xiaoan_proto::timestamp(now - time::Duration::days(2))),
            reported_at: Some(xiaoan_proto::timestamp(now - time::Duration::days(1))),
            filed_on: Some(today.into()),
            loss_fen: 80_000,
            provenance: Provenance::Demo.into(),
            ..Default::default()
        };
        let sent = Instant::now();
        let answer = self.cases.clone().file_case(with(&self.token, message)).await?;
        let accepted = Instant::now();
        push(&times.accept, accepted - sent);
        if !followed {
            return Ok(());
        }
        let position = answer.into_inner().receipt.context("no receipt")?.position;
        let wait =
            GetStandingsRequest { at_least: [("cases".to_owned(), position)].into(), ..self.question() };
        self.rankings.clone().get_standings(with(&self.token, wait)).await?;
        push(&times.visible, accepted.elapsed());
        let asked = Instant::now();
        self.rankings.clone().get_standings(with(&self.token, self.question())).await?;
        push(&times.alone, asked.elapsed());
        Ok(())
    }
}
