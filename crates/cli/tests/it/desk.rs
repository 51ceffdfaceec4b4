//! Services as processes and a command line that reaches them: hq with the acceptance units, and whichever else a story needs.

use clap::Parser;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use xiaoan_cli::args::{Cli, Globals};
use xiaoan_cli::connect::Clients;
use xiaoan_cli::keys::{AUDIENCE, ISSUER, Signer};
use xiaoan_testkit::{Process, TestDb, TestNats, free_port, wait_until};

/// Longest that a view may be behind.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// hq and others, with keys and tokens that the command line made: `.dev/token` is headquarters', others by [`Desk::token`].
pub struct Desk {
    /// Where the command line runs.
    pub folder: tempfile::TempDir,
    services: Vec<(&'static str, Process)>,
    nats: TestNats,
    /// hq's, then the others' in their order.
    pub databases: Vec<TestDb>,
}

impl Desk {
    /// hq and these services, which know hq's units; rankings, which follows them, is the last.
    pub async fn start(others: &[&'static str]) -> Self {
        Self::start_with(others, &[]).await
    }

    /// The same, with more in the others' environment.
    pub async fn start_with(others: &[&'static str], env: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dev = folder.path().join(".dev");
        let made = super::xiaoan(folder.path(), &["token", "keygen", ".dev/secrets"]);
        assert_eq!(super::code(&made), 0, "{}", super::text(&made.stderr));
        let nats = TestNats::start().await;
        let mut desk = Self { folder, services: Vec::new(), nats, databases: Vec::new() };
        desk.token("token", &["--subject", "test-hq"]);
        desk.token("service-token", &["--subject", "test-services", "--role", "service"]);
        let path = |path: &Path| path.display().to_string();
        let rankings = format!("127.0.0.1:{}", free_port());
        let mut sources: Vec<String> = Vec::new();
        for name in std::iter::once(&"hq").chain(others) {
            let database = TestDb::create(name).await;
            let mut builder = Process::builder(name)
                .env("XIAOAN_DATABASE_URL", database.url())
                .env("XIAOAN_NATS_URL", desk.nats.url())
                .env("XIAOAN_JWKS", path(&dev.join("secrets/jwks.json")))
                .env("XIAOAN_ISSUER", ISSUER)
                .env("XIAOAN_AUDIENCE", AUDIENCE)
                .env("XIAOAN_SERVICE_TOKEN_FILE", path(&dev.join("service-token")));
            if *name == "hq" {
                if others.contains(&"rankings") {
                    builder = builder.env("XIAOAN_RANKINGS_URL", format!("http://{rankings}"));
                }
            } else {
                builder = builder
                    .env("XIAOAN_SOURCES", &sources[0])
                    .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
                builder = env.iter().fold(builder, |builder, (name, value)| builder.env(name, *value));
            }
            if *name == "rankings" {
                builder = builder
                    .env("XIAOAN_SOURCES", sources.join(","))
                    .env("XIAOAN_GRPC_ADDR", &rankings)
                    .env("XIAOAN_WEB_ADDR", "127.0.0.1:0");
            }
            let process = builder.spawn().await;
            sources.push(format!("{name}={}", process.grpc_url()));
            desk.databases.push(database);
            desk.services.push((*name, process));
        }
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
        desk.done(&["org", "import", &units.to_string_lossy(), "--wait", "0"]);
        // Rankings is asked about boards, not about units.
        for name in others.iter().filter(|name| **name != "rankings") {
            desk.knows_the_units(name).await;
        }
        desk
    }

    /// A service knows the units when the last of them may be asked about.
    async fn knows_the_units(&self, service: &str) {
        let last = ["--unit", "371190020000"];
        let ask: &[&str] = match service {
            "antifraud" => &["antifraud", "sums"],
            "cases" => &["task-forces", "list"],
            "port" => &["port", "list", "incidents"],
            "volunteers" => &["volunteers", "list", "volunteers"],
            other => panic!("nobody knows how to ask {other}"),
        };
        let ask = [ask, &last].concat();
        wait_until(PATIENCE, || async { super::code(&self.run(&ask)) == 0 }).await;
    }

    /// Mints a token into `.dev/NAME`.
    pub fn token(&self, name: &str, args: &[&str]) {
        let minted = super::xiaoan(self.folder.path(), &[&["token", "mint"], args].concat());
        assert_eq!(super::code(&minted), 0, "{}", super::text(&minted.stderr));
        std::fs::write(self.folder.path().join(".dev").join(name), minted.stdout).expect("written");
    }

    /// Words of a command line with the addresses behind them.
    pub fn args(&self, args: &[&str]) -> Vec<String> {
        let urls = self.services.iter().map(|(name, process)| format!("--{name}-url={}", process.grpc_url()));
        args.iter().map(ToString::to_string).chain(urls).collect()
    }

    /// Runs a command line.
    pub fn run(&self, args: &[&str]) -> Output {
        let args = self.args(args);
        super::xiaoan(self.folder.path(), &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What stands on stdout of a command line that ends with this code.
    #[track_caller]
    pub fn ended(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let (stdout, stderr) = (super::text(&output.stdout), super::text(&output.stderr));
        assert_eq!(super::code(&output), code, "{args:?}: {stdout}{stderr}");
        stdout
    }

    /// What stands on stdout of a command line that does it.
    #[track_caller]
    pub fn done(&self, args: &[&str]) -> String {
        self.ended(0, args)
    }

    /// What a refused command line says on stderr; its code stands in it.
    #[track_caller]
    pub fn refused(&self, args: &[&str], code: &str) {
        let output = self.run(args);
        let said = super::text(&output.stderr);
        assert_eq!(super::code(&output), 1, "{args:?}: {said}");
        assert!(said.contains(code), "{args:?}: {said}");
    }

    /// The JSON document of a command line that ends with this code.
    #[track_caller]
    pub fn json(&self, code: i32, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ended(code, &[args, &["--output", "json"]].concat())).expect("json")
    }

    /// Asks until a list holds so many.
    pub async fn listed(&self, args: &[&str], name: &str, count: usize) -> serde_json::Value {
        let there = |found: &serde_json::Value| found[name].as_array().map(Vec::len) == Some(count);
        wait_until(PATIENCE, || async { there(&self.json(0, args)) }).await;
        self.json(0, args)
    }

    /// A document once it is there and says so: lists follow what was recorded.
    pub async fn shows(
        &self,
        args: &[&str],
        wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let args = [args, &["--output", "json"]].concat();
        let ask = || serde_json::from_slice(&self.run(&args).stdout).unwrap_or_default();
        wait_until(PATIENCE, || async { wanted(&ask()) }).await;
        ask()
    }

    /// Writes a file beside the command line.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).expect("written");
    }

    /// Clients with headquarters' token, as the demo uses them.
    pub fn clients(&self) -> Clients {
        let token = self.folder.path().join(".dev/token").display().to_string();
        let args = self.args(&["xiaoan", "sources", "--token-file", &token]);
        let globals: Globals = Cli::parse_from(args).globals;
        Clients::new(&globals).expect("clients")
    }

    /// Signs tokens of invented people.
    pub fn signer(&self) -> Signer {
        let key = self.folder.path().join(".dev/secrets/signing-key.pem");
        Signer::from_file(&key, ISSUER, AUDIENCE).expect("a signer")
    }
}
