//! A city of six real services over real servers.

use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use xiaoan_eventstore::{ChainHead, chain};
use xiaoan_feed::{BrokerUser, authorization};
use xiaoan_proto::antifraud::v1::bank_desk_service_client::BankDeskServiceClient;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest, RecordedEvent};
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::rankings::v1::{CheckLedgerRequest, GetStandingsRequest, GetStandingsResponse};
use xiaoan_testkit::{Process, ProcessBuilder, TestDb, TestIssuer, TestNats, free_port, get, wait_until};

/// Whoever records; rankings follows them all.
pub const SOURCES: [&str; 5] = ["hq", "cases", "antifraud", "port", "volunteers"];
const PATIENCE: Duration = Duration::from_secs(120);

/// A call that carries a token, or none.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(token: &str) -> Result<Self> {
        Ok(Self(Some(format!("Bearer {token}").parse()?)))
    }
}

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

/// Six services, their databases and their broker; the org units of the acceptance file are registered.
pub struct City {
    pub nats: TestNats,
    pub hq: Process,
    pub cases: Process,
    pub antifraud: Process,
    pub port: Process,
    pub volunteers: Process,
    pub rankings: Process,
    /// The web board, as `host:port`.
    pub web: String,
    issuer: TestIssuer,
    databases: HashMap<&'static str, TestDb>,
    seeds: TempDir,
}

impl City {
    pub async fn start() -> Result<Self> {
        let (issuer, seeds) = (TestIssuer::new(), TempDir::new()?);
        // As ./dev up makes it: the broker knows each service by its key.
        let user = |name: &str, follows: &[&str]| {
            let follows = follows.iter().map(|one| (*one).to_owned()).collect();
            BrokerUser::with_seed_in(&seeds.path().join(name), name, follows)
        };
        let mut users = vec![user("hq", &["cases"])?, user("rankings", &SOURCES)?];
        for name in &SOURCES[1..] {
            users.push(user(name, &["hq"])?);
        }
        let nats = TestNats::start_with(&authorization(&users)).await;
        let mut databases = HashMap::new();
        for name in SOURCES.into_iter().chain(["rankings"]) {
            databases.insert(name, TestDb::create(name).await);
        }
        // hq asks rankings when a period is frozen and follows cases, and both follow hq: their addresses are fixed beforehand.
        let address = || format!("127.0.0.1:{}", free_port());
        let (ranked_at, cases_at, web) = (address(), address(), address());
        let hq = builder("hq", &issuer, (&nats, seeds.path()), &databases["hq"])
            .env("XIAOAN_RANKINGS_URL", format!("http://{ranked_at}"))
            .env("XIAOAN_SOURCES", format!("cases=http://{cases_at}"))
            .spawn()
            .await;
        // The others are ready once they have read headquarters' units, so these come first.
        let units = acceptance("org-units.csv").to_string_lossy().into_owned();
        let addresses = vec![("XIAOAN_HQ_URL", hq.grpc_url())];
        let ran = xiaoan(&issuer, &addresses, &["org", "import", &units, "--wait", "0"]).await?;
        ensure!(ran.code == 0, "org import: {}{}", ran.stdout, ran.stderr);
        let units_of = format!("hq={}", hq.grpc_url());
        let following = |name: &str| {
            let at = if name == "cases" { cases_at.clone() } else { address() };
            builder(name, &issuer, (&nats, seeds.path()), &databases[name])
                .env("XIAOAN_SOURCES", &units_of)
                .env("XIAOAN_GRPC_ADDR", at)
                .spawn()
        };
        let (cases, antifraud, port, volunteers) = tokio::join!(
            following("cases"),
            following("antifraud"),
            following("port"),
            following("volunteers")
        );
        let sources = sources([
            ("hq", &hq),
            ("cases", &cases),
            ("antifraud", &antifraud),
            ("port", &port),
            ("volunteers", &volunteers),
        ]);
        let rankings = rankings(&issuer, (&nats, seeds.path()), &databases["rankings"], sources)
            .env("XIAOAN_GRPC_ADDR", ranked_at)
            .env("XIAOAN_WEB_ADDR", &web)
            .spawn()
            .await;
        let city =
            Self { nats, hq, cases, antifraud, port, volunteers, rankings, web, issuer, databases, seeds };
        let known = city.head("hq").await?;
        wait_until(PATIENCE, || async {
            for name in &SOURCES[1..] {
                if !city.followed(name, known).await.unwrap_or(false) {
                    return false;
                }
            }
            true
        })
        .await;
        Ok(city)
    }

    fn process(&self, source: &str) -> &Process {
        match source {
            "hq" => &self.hq,
            "cases" => &self.cases,
            "antifraud" => &self.antifraud,
            "port" => &self.port,
            "volunteers" => &self.volunteers,
            other => panic!("no source {other}"),
        }
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
        builder("cases", &self.issuer, (&self.nats, self.seeds.path()), &self.databases["cases"])
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
        let sources = sources(SOURCES.map(|name| (name, self.process(name))));
        self.rankings = rankings(&self.issuer, (&self.nats, self.seeds.path()), &fresh, sources)
            .env("XIAOAN_GRPC_ADDR", grpc.trim_start_matches("http://"))
            .env("XIAOAN_ADMIN_ADDR", admin)
            .env("XIAOAN_WEB_ADDR", &self.web)
            .spawn()
            .await;
        self.databases.insert("rankings", fresh);
    }

    /// Runs the command line as a person of headquarters would.
    pub async fn xiaoan(&self, args: &[&str]) -> Result<Ran> {
        let addresses = vec![
            ("XIAOAN_HQ_URL", self.hq.grpc_url()),
            ("XIAOAN_CASES_URL", self.cases.grpc_url()),
            ("XIAOAN_ANTIFRAUD_URL", self.antifraud.grpc_url()),
            ("XIAOAN_PORT_URL", self.port.grpc_url()),
            ("XIAOAN_VOLUNTEERS_URL", self.volunteers.grpc_url()),
            ("XIAOAN_RANKINGS_URL", self.rankings.grpc_url()),
        ];
        xiaoan(&self.issuer, &addresses, args).await
    }

    /// Somebody of the city bureau.
    pub fn bearer(&self, subject: &str, roles: &[&str]) -> Result<Bearer> {
        self.bearer_of(subject, "371100000000", roles)
    }

    /// Somebody of a unit.
    pub fn bearer_of(&self, subject: &str, unit: &str, roles: &[&str]) -> Result<Bearer> {
        Bearer::new(&self.token(subject, unit, roles))
    }

    pub fn officer(&self) -> Result<Bearer> {
        self.bearer("officer-1", &["officer"])
    }

    pub fn headquarters(&self) -> Result<Bearer> {
        self.bearer("hq-1", &["hq"])
    }

    /// A token for a caller of one's own.
    pub fn token(&self, subject: &str, org_unit: &str, roles: &[&str]) -> String {
        self.issuer.token(subject, org_unit, roles)
    }

    /// A channel to a service that connects when it is first used, and again when it must.
    pub fn lazy(&self, service: &Process) -> Result<Channel> {
        lazy(&service.grpc_url())
    }

    /// The desk as a bank sees it.
    pub fn bank_desk(
        &self,
        bank: &str,
    ) -> Result<BankDeskServiceClient<InterceptedService<Channel, Bearer>>> {
        let bearer = Bearer::new(&self.issuer.token_of_member(bank, "371100000000", bank, &["bank"]))?;
        let channel = Endpoint::from_shared(self.antifraud.grpc_url())?.connect_lazy();
        Ok(BankDeskServiceClient::with_interceptor(channel, bearer))
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
        let channel = connect(&self.process(source).grpc_url()).await?;
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

    /// Waits until rankings has applied everything that was recorded anywhere.
    pub async fn board_has_everything(&self) -> Result<GetStandingsResponse> {
        self.board("theft-stations", "2026-06").await
    }

    /// A board, once rankings has applied everything that was recorded anywhere.
    pub async fn board(&self, board: &str, period: &str) -> Result<GetStandingsResponse> {
        let mut at_least = HashMap::new();
        for source in SOURCES {
            at_least.insert(source.to_owned(), self.head(source).await?);
        }
        let shown = Arc::new(Mutex::new(None));
        wait_until(PATIENCE, || {
            let (at_least, shown) = (at_least.clone(), Arc::clone(&shown));
            async move {
                let request = GetStandingsRequest {
                    board: board.to_owned(),
                    period: period.to_owned(),
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

    /// A page of the web board.
    pub async fn page(&self, path: &str) -> Result<String> {
        let (status, page) = get(&self.web, path).await?;
        ensure!(status == 200, "{path}: {status}");
        Ok(page)
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

    /// Waits until a source has recorded so many events of a type, which somebody else causes.
    pub async fn everything_is_confirmed(&self, source: &str, type_name: &str, count: usize) -> Result<()> {
        wait_until(PATIENCE, || async {
            let log = self.whole_log(source).await.unwrap_or_default();
            log.iter().filter(|event| event.r#type == type_name).count() >= count
        })
        .await;
        Ok(())
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
        // With the service's own key: nobody else may look at single messages.
        let seed = std::fs::read_to_string(self.seeds.path().join(source))?;
        let key = nkeys::KeyPair::from_seed(&seed)?.public_key();
        let client = async_nats::ConnectOptions::with_nkey(seed)
            .custom_inbox_prefix(format!("_INBOX_{key}"))
            .connect(self.nats.url())
            .await?;
        let jetstream = async_nats::jetstream::new(client);
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

pub fn acceptance(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("acceptance").join(name)
}

/// See [`City::lazy`].
pub fn lazy(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.timeout(Duration::from_secs(10)).connect_lazy())
}

fn sources(known: [(&str, &Process); SOURCES.len()]) -> String {
    known.map(|(name, process)| format!("{name}={}", process.grpc_url())).join(",")
}

fn rankings(
    issuer: &TestIssuer,
    nats: (&TestNats, &Path),
    database: &TestDb,
    sources: String,
) -> ProcessBuilder {
    builder("rankings", issuer, nats, database).env("XIAOAN_SOURCES", sources)
}

async fn connect(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.timeout(Duration::from_secs(30)).connect().await?)
}

fn builder(
    bin: &str,
    issuer: &TestIssuer,
    (nats, seeds): (&TestNats, &Path),
    database: &TestDb,
) -> ProcessBuilder {
    Process::builder(bin)
        .envs(issuer.env())
        .env("XIAOAN_NATS_URL", nats.url())
        .env("XIAOAN_NATS_NKEY_FILE", seeds.join(bin).to_string_lossy())
        .env("XIAOAN_DATABASE_URL", database.url())
        .env("XIAOAN_KEK", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
}

async fn xiaoan(issuer: &TestIssuer, addresses: &[(&str, String)], args: &[&str]) -> Result<Ran> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(Path::parent).context("the test stands in no target folder")?;
    // An auditor reads every log and writes nothing; whoever decides does not audit himself.
    let audits = args[0] == "audit" || args.starts_with(&["closings", "verify"]);
    let roles: &[&str] = if audits { &["auditor"] } else { &["hq", "officer", "registrar"] };
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
