//! A city of three real services over real servers, and a storm of commands against it.

use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use xiaoan_eventstore::{ChainHead, chain};
use xiaoan_kernel::{RequestId, parse_city_minute};
use xiaoan_proto::cases::v1::FileCaseRequest;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest, RecordedEvent};
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::rankings::v1::{CheckLedgerRequest, GetStandingsRequest, GetStandingsResponse};
use xiaoan_proto::timestamp;
use xiaoan_testkit::{Process, ProcessBuilder, TestDb, TestIssuer, TestNats, wait_until};

const STATIONS: [&str; 5] = ["371102010000", "371102020000", "371103020000", "371122010000", "371172020000"];
const PATIENCE: Duration = Duration::from_secs(120);

/// A call that carries a token, or none.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// What a run of the command line gave.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Standard output as the one JSON document it must be.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("stdout is not JSON alone: {}\n{}", self.stdout, self.stderr))
    }
}

/// Three services, their databases and their broker; the org units of the acceptance file are registered.
pub struct City {
    pub nats: TestNats,
    pub hq: Process,
    pub cases: Process,
    pub rankings: Process,
    issuer: TestIssuer,
    databases: HashMap<&'static str, TestDb>,
}

impl City {
    pub async fn start() -> Result<Self> {
        let (issuer, nats) = (TestIssuer::new(), TestNats::start().await);
        let mut databases = HashMap::new();
        for name in ["hq", "cases", "rankings"] {
            databases.insert(name, TestDb::create(name).await);
        }
        let hq = builder("hq", &issuer, &nats, &databases["hq"]).spawn().await;
        // `cases` is ready once it has read headquarters' units, so they come first.
        let units = acceptance("org-units.csv").to_string_lossy().into_owned();
        let addresses = vec![("XIAOAN_HQ_URL", hq.grpc_url())];
        let ran = xiaoan(&issuer, &addresses, &["org", "import", &units, "--wait", "0"]).await?;
        ensure!(ran.code == 0, "org import: {}{}", ran.stdout, ran.stderr);
        let sources = format!("hq={}", hq.grpc_url());
        let cases = builder("cases", &issuer, &nats, &databases["cases"]).env("XIAOAN_SOURCES", &sources);
        let cases = cases.spawn().await;
        let sources = format!("{sources},cases={}", cases.grpc_url());
        let rankings = builder("rankings", &issuer, &nats, &databases["rankings"])
            .env("XIAOAN_SOURCES", sources)
            .env("XIAOAN_WEB_ADDR", "127.0.0.1:0")
            .spawn()
            .await;
        let city = Self { nats, hq, cases, rankings, issuer, databases };
        let known = city.head("hq").await?;
        wait_until(PATIENCE, || async {
            let filed = city.cases_client().await.is_ok();
            filed && city.followed("cases", known).await.unwrap_or(false)
        })
        .await;
        Ok(city)
    }

    /// Whether a service's directory has read headquarters' log up to a position.
    async fn followed(&self, database: &str, position: i64) -> Result<bool> {
        let at: Option<i64> = sqlx::query_scalar(
            "select max(position) from eventstore.checkpoints where projection = 'directory' and source = 'hq'",
        )
        .fetch_one(&self.databases[database].owner_pool())
        .await?;
        Ok(at.unwrap_or(0) >= position)
    }

    pub fn database(&self, name: &str) -> &TestDb {
        &self.databases[name]
    }

    /// Another `cases` process on the same database.
    pub async fn second_cases(&self) -> Process {
        builder("cases", &self.issuer, &self.nats, &self.databases["cases"])
            .env("XIAOAN_SOURCES", format!("hq={}", self.hq.grpc_url()))
            .spawn()
            .await
    }

    /// Drops the database of rankings and starts the service over an empty one, at the same addresses.
    pub async fn rankings_over_an_empty_database(&mut self) {
        self.rankings.kill9();
        let (grpc, admin) = (self.rankings.grpc_url(), self.rankings.admin_addr().to_owned());
        self.databases.remove("rankings");
        let fresh = TestDb::create("rankings").await;
        let sources = format!("hq={},cases={}", self.hq.grpc_url(), self.cases.grpc_url());
        self.rankings = builder("rankings", &self.issuer, &self.nats, &fresh)
            .env("XIAOAN_SOURCES", sources)
            .env("XIAOAN_WEB_ADDR", "127.0.0.1:0")
            .env("XIAOAN_GRPC_ADDR", grpc.trim_start_matches("http://"))
            .env("XIAOAN_ADMIN_ADDR", admin)
            .spawn()
            .await;
        self.databases.insert("rankings", fresh);
    }

    /// Runs the command line as a person of headquarters would.
    pub async fn xiaoan(&self, args: &[&str]) -> Result<Ran> {
        let addresses = vec![
            ("XIAOAN_HQ_URL", self.hq.grpc_url()),
            ("XIAOAN_CASES_URL", self.cases.grpc_url()),
            ("XIAOAN_RANKINGS_URL", self.rankings.grpc_url()),
        ];
        xiaoan(&self.issuer, &addresses, args).await
    }

    fn bearer(&self, subject: &str, roles: &[&str]) -> Result<Bearer> {
        let token = self.issuer.token(subject, "371100000000", roles);
        Ok(Bearer(Some(format!("Bearer {token}").parse()?)))
    }

    pub async fn cases_client(&self) -> Result<CaseServiceClient<InterceptedService<Channel, Bearer>>> {
        let channel = connect(&self.cases.grpc_url()).await?;
        Ok(CaseServiceClient::with_interceptor(channel, self.bearer("officer-1", &["officer"])?))
    }

    pub async fn cases_client_without_token(
        &self,
    ) -> Result<CaseServiceClient<InterceptedService<Channel, Bearer>>> {
        Ok(CaseServiceClient::with_interceptor(connect(&self.cases.grpc_url()).await?, Bearer(None)))
    }

    async fn log_client(
        &self,
        source: &str,
    ) -> Result<EventLogServiceClient<InterceptedService<Channel, Bearer>>> {
        let process = if source == "hq" { &self.hq } else { &self.cases };
        let channel = connect(&process.grpc_url()).await?;
        let bearer = self.bearer("auditor-1", &["auditor"])?;
        Ok(EventLogServiceClient::with_interceptor(channel, bearer).max_decoding_message_size(64 << 20))
    }

    async fn rankings_client(&self) -> Result<RankingsServiceClient<InterceptedService<Channel, Bearer>>> {
        let channel = connect(&self.rankings.grpc_url()).await?;
        Ok(RankingsServiceClient::with_interceptor(channel, self.bearer("auditor-1", &["auditor"])?))
    }

    /// Head position of a source's log.
    pub async fn head(&self, source: &str) -> Result<i64> {
        Ok(self.log_client(source).await?.get_head(GetHeadRequest {}).await?.into_inner().position)
    }

    /// Reads the whole log of a source and checks density and chain on the way.
    pub async fn whole_log(&self, source: &str) -> Result<Vec<RecordedEvent>> {
        let mut batches =
            self.log_client(source).await?.read(ReadRequest { from: 1, limit: 0 }).await?.into_inner();
        let (mut head, mut all) = (ChainHead::EMPTY, Vec::new());
        while let Some(batch) = batches.message().await? {
            for event in batch.events {
                head = chain::verify(&head, &event)?;
                all.push(event);
            }
        }
        Ok(all)
    }

    /// Every acknowledged case is filed exactly once, positions are dense, the chain is whole.
    pub async fn log_is_whole(&self, acknowledged: &[String]) -> Result<()> {
        let log = self.whole_log("cases").await?;
        let mut filed: HashMap<&str, usize> = HashMap::new();
        for event in log.iter().filter(|e| e.r#type == "xiaoan.cases.v1.CaseFiled") {
            *filed.entry(event.stream.as_str()).or_default() += 1;
        }
        for case_no in acknowledged {
            let times = filed.get(format!("case-{case_no}").as_str()).copied().unwrap_or(0);
            ensure!(times == 1, "{case_no} was acknowledged and is there {times} times");
        }
        ensure!(filed.len() == acknowledged.len(), "{} filed, {} sent", filed.len(), acknowledged.len());
        Ok(())
    }

    /// Waits until rankings has applied everything that hq and cases have recorded.
    pub async fn board_has_everything(&self) -> Result<GetStandingsResponse> {
        let at_least: HashMap<_, _> =
            [("hq".to_owned(), self.head("hq").await?), ("cases".to_owned(), self.head("cases").await?)]
                .into();
        let shown = Arc::new(Mutex::new(None));
        wait_until(PATIENCE, || {
            let (at_least, shown) = (at_least.clone(), Arc::clone(&shown));
            async move {
                let request = GetStandingsRequest {
                    board: "theft-stations".into(),
                    period: "2026-06".into(),
                    at_least,
                    ..Default::default()
                };
                let Ok(mut client) = self.rankings_client().await else { return false };
                match client.get_standings(request).await {
                    Ok(answer) => {
                        *shown.lock().await = Some(answer.into_inner());
                        true
                    }
                    Err(_) => false,
                }
            }
        })
        .await;
        let standings = shown.lock().await.take();
        standings.context("the board has no standings")
    }

    /// Thefts filed in the storm's month, as the city's row of the board says.
    pub async fn filed_on_board(&self) -> Result<i64> {
        let standings = self.board_has_everything().await?;
        let total = standings.total.context("the city's row")?;
        let filed = total.indicators.iter().find(|i| i.id == "filed").context("filed")?;
        let rows: i64 = standings
            .entries
            .iter()
            .filter_map(|e| e.indicators.iter().find(|i| i.id == "filed"))
            .map(|i| i.numerator)
            .sum();
        ensure!(rows == filed.numerator, "the rows sum to {rows}, the city to {}", filed.numerator);
        Ok(filed.numerator)
    }

    /// Sums equal the ledger; gives its lines and digest.
    pub async fn ledger_is_sound(&self) -> Result<(i64, String)> {
        let check = self.rankings_client().await?.check_ledger(CheckLedgerRequest {}).await?.into_inner();
        ensure!(check.differences.is_empty(), "{:?}", check.differences);
        Ok((check.lines, check.digest))
    }

    /// Waits until the stream's last sequence is the log's head, and compares the messages with the log.
    pub async fn stream_equals_log(&self, source: &str) -> Result<()> {
        let log = self.whole_log(source).await?;
        let name = format!("XIAOAN_{}", source.to_uppercase());
        let jetstream = async_nats::jetstream::new(async_nats::connect(self.nats.url()).await?);
        let head = u64::try_from(log.len())?;
        wait_until(PATIENCE, || async {
            match jetstream.get_stream(&name).await {
                Ok(stream) => stream.cached_info().state.last_sequence == head,
                Err(_) => false,
            }
        })
        .await;
        let stream = jetstream.get_stream(&name).await?;
        for sequence in [1, head / 2, head].into_iter().filter(|s| *s > 0) {
            let message = stream.get_raw_message(sequence).await?;
            let event = &log[usize::try_from(sequence)? - 1];
            ensure!(message.payload == event.payload, "message {sequence} is not event {sequence}");
        }
        Ok(())
    }

    /// Tables (and sequences of hex bytes in them) that hold these bytes.
    pub async fn tables_holding(&self, database: &str, needle: &[u8]) -> Result<Vec<String>> {
        let pool = self.databases[database].owner_pool();
        let tables: Vec<(String, String)> = sqlx::query_as(
            "select table_schema::text, table_name::text from information_schema.tables
              where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&pool)
        .await?;
        ensure!(!tables.is_empty(), "no tables to look into");
        let mut holding = Vec::new();
        for (schema, table) in tables {
            let sql = format!(
                "select exists (select 1 from \"{schema}\".\"{table}\" t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0)"
            );
            let found: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(String::from_utf8_lossy(needle).into_owned())
                .bind(hex::encode(needle))
                .fetch_one(&pool)
                .await?;
            if found {
                holding.push(format!("{schema}.{table}"));
            }
        }
        Ok(holding)
    }
}

/// The n-th case of the storm: a bicycle gone on 10 June 2026.
pub fn a_case(n: usize) -> FileCaseRequest {
    let station = STATIONS[n % STATIONS.len()];
    let at = |text: &str| parse_city_minute(text).map(timestamp);
    FileCaseRequest {
        request_id: RequestId::of(&format!("storm {n}")).to_string(),
        case_no: format!("A{station}202606{n:04}"),
        org_unit: station.into(),
        category: "050227".into(),
        occurred_from: at("2026-06-10 07:00"),
        reported_at: at("2026-06-10 09:30"),
        filed_on: Some(Date { year: 2026, month: 6, day: 10 }),
        loss_fen: 26_000,
        preventable: true,
        ..Default::default()
    }
}

/// Commands that are sent until they are answered, always with the same request id.
pub struct Storm {
    done: watch::Receiver<usize>,
    tasks: tokio::task::JoinSet<Result<Vec<String>>>,
}

impl Storm {
    /// Files `count` cases (numbers 0..count) from `clients` clients.
    pub async fn start(city: &City, clients: usize, count: usize) -> Result<Self> {
        Self::start_at(city, &city.cases.grpc_url(), clients, 0..count).await
    }

    /// The same at another process, with other case numbers.
    pub async fn start_at(
        city: &City,
        url: &str,
        clients: usize,
        numbers: std::ops::Range<usize>,
    ) -> Result<Self> {
        let queue = Arc::new(Mutex::new(numbers));
        let (sender, done) = watch::channel(0);
        let sender = Arc::new(sender);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let (queue, sender) = (Arc::clone(&queue), Arc::clone(&sender));
            let channel =
                Endpoint::from_shared(url.to_owned())?.timeout(Duration::from_secs(10)).connect_lazy();
            let bearer = city.bearer("officer-1", &["officer"])?;
            let mut client = CaseServiceClient::with_interceptor(channel, bearer);
            tasks.spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let Some(n) = queue.lock().await.next() else { return Ok(acknowledged) };
                    acknowledged.push(file(&mut client, a_case(n)).await?);
                    sender.send_modify(|done| *done += 1);
                }
            });
        }
        Ok(Self { done, tasks })
    }

    /// Waits until so many commands have been acknowledged.
    pub async fn reached(&self, count: usize) -> Result<()> {
        let mut done = self.done.clone();
        tokio::time::timeout(PATIENCE, done.wait_for(|done| *done >= count))
            .await
            .context("the storm is stuck")??;
        Ok(())
    }

    /// Waits until all have been acknowledged; gives their case numbers.
    pub async fn finished(mut self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        while let Some(part) = self.tasks.join_next().await {
            all.extend(part??);
        }
        Ok(all)
    }
}

async fn file(
    client: &mut CaseServiceClient<InterceptedService<Channel, Bearer>>,
    request: FileCaseRequest,
) -> Result<String> {
    let began = std::time::Instant::now();
    loop {
        match client.file_case(request.clone()).await {
            Ok(answer) => return Ok(answer.into_inner().case_no),
            Err(status) => match status.code() {
                // The service died, drains, or cannot say what became of it: the same id is sent again.
                Code::Unavailable
                | Code::ResourceExhausted
                | Code::Unknown
                | Code::Internal
                | Code::Cancelled
                | Code::DeadlineExceeded => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => bail!("{}: {status:?}", request.case_no),
            },
        }
        ensure!(began.elapsed() < PATIENCE, "{} is never answered", request.case_no);
    }
}

pub fn acceptance(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance").join(name)
}

async fn connect(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.timeout(Duration::from_secs(30)).connect().await?)
}

fn builder(bin: &str, issuer: &TestIssuer, nats: &TestNats, database: &TestDb) -> ProcessBuilder {
    Process::builder(bin)
        .envs(issuer.env())
        .env("XIAOAN_NATS_URL", nats.url())
        .env("XIAOAN_DATABASE_URL", database.url())
        .env("XIAOAN_KEK", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
}

async fn xiaoan(issuer: &TestIssuer, addresses: &[(&str, String)], args: &[&str]) -> Result<Ran> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(Path::parent).context("the test stands in no target folder")?;
    // An auditor reads every log and writes nothing; whoever decides does not audit himself.
    let roles: &[&str] = if args[0] == "audit" { &["auditor"] } else { &["hq", "officer", "registrar"] };
    let token = issuer.token("hq-1", "371100000000", roles);
    let output = tokio::process::Command::new(profile.join("xiaoan"))
        .args(args)
        .env("XIAOAN_TOKEN", token)
        .env("XIAOAN_LANG", "en")
        .envs(addresses.iter().map(|(name, value)| (name, value)))
        .output()
        .await
        .context("xiaoan is not built: `./dev test` builds it")?;
    Ok(Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
