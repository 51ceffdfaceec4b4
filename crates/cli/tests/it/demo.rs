//! The whole demo city through the gRPC APIs of real services: its figures come out on the boards.

use std::path::Path;
use std::process::Output;
use xiaoan_testkit::{Process, TestDb, TestNats, free_port};

/// Whoever records, in the order of their starting; rankings follows them all.
const WRITERS: [&str; 5] = ["hq", "cases", "antifraud", "port", "volunteers"];

/// Six services with keys that the command line made.
struct City {
    folder: tempfile::TempDir,
    services: Vec<(&'static str, Process)>,
    _nats: TestNats,
    _databases: Vec<TestDb>,
}

impl City {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dev = folder.path().join(".dev");
        let secrets = dev.join("secrets");
        let made = super::xiaoan(folder.path(), &["token", "keygen", ".dev/secrets"]);
        assert_eq!(super::code(&made), 0, "{}", super::text(&made.stderr));
        for (file, subject, roles) in [
            ("token", "test-hq", "officer,registrar,hq"),
            ("auditor-token", "test-auditor", "auditor"),
            ("service-token", "test-services", "service"),
        ] {
            let minted =
                super::xiaoan(folder.path(), &["token", "mint", "--subject", subject, "--role", roles]);
            std::fs::write(dev.join(file), minted.stdout).expect("written");
        }
        std::fs::write(secrets.join("kek"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("written");

        let nats = TestNats::start().await;
        let path = |path: &Path| path.display().to_string();
        let env = |database: &TestDb, sources: String| {
            let mut env = vec![
                ("XIAOAN_DATABASE_URL", database.url().to_owned()),
                ("XIAOAN_NATS_URL", nats.url()),
                ("XIAOAN_JWKS", path(&secrets.join("jwks.json"))),
                ("XIAOAN_ISSUER", "xiaoan-dev".to_owned()),
                ("XIAOAN_AUDIENCE", "xiaoan".to_owned()),
                ("XIAOAN_SERVICE_TOKEN_FILE", path(&dev.join("service-token"))),
                ("XIAOAN_KEK_FILE", path(&secrets.join("kek"))),
                ("XIAOAN_WEB_ADDR", format!("127.0.0.1:{}", free_port())),
            ];
            if !sources.is_empty() {
                env.push(("XIAOAN_SOURCES", sources));
            }
            env
        };
        let (mut databases, mut services) = (Vec::new(), Vec::<(&'static str, Process)>::new());
        for name in WRITERS.into_iter().chain(["rankings"]) {
            let address = |(name, process): &(&str, Process)| format!("{name}={}", process.grpc_url());
            // hq follows nobody, the writers follow hq, rankings follows them all.
            let followed = if name == "rankings" { services.len() } else { services.len().min(1) };
            let sources: Vec<_> = services[..followed].iter().map(address).collect();
            let database = TestDb::create(name).await;
            services.push((name, Process::spawn(name, env(&database, sources.join(","))).await));
            databases.push(database);
        }
        Self { folder, services, _nats: nats, _databases: databases }
    }

    fn xiaoan(&self, args: &[&str]) -> Output {
        let addresses =
            self.services.iter().flat_map(|(name, process)| [format!("--{name}-url"), process.grpc_url()]);
        let all: Vec<String> = args.iter().map(ToString::to_string).chain(addresses).collect();
        super::xiaoan(self.folder.path(), &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let output = self.xiaoan(args);
        let said = format!("{}{}", super::text(&output.stdout), super::text(&output.stderr));
        assert_eq!(super::code(&output), 0, "{args:?}: {said}");
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_city_shows_its_figures_on_the_boards_and_loads_only_once() {
    let city = City::start().await;
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
    let units = units.to_string_lossy();
    city.done(&["org", "import", &units]);
    city.done(&["demo", "load"]);
    city.done(&["demo", "check"]);
    city.done(&["audit", "verify"]);

    // Again: nothing new, as the services themselves say.
    let before = city.done(&["audit", "verify", "--output", "json"]);
    assert!(city.done(&["demo", "load"]).contains("there already"));
    let again: serde_json::Value =
        serde_json::from_str(&city.done(&["org", "import", &units, "--output", "json"])).unwrap();
    assert_eq!((&again["registered"], &again["headcounts"]), (&0.into(), &0.into()));
    assert_eq!(city.done(&["audit", "verify", "--output", "json"]), before);
}
