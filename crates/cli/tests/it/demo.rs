//! The whole demo city through the gRPC APIs of real services: its figures come out on the boards.

use std::path::Path;
use std::process::Output;
use xiaoan_testkit::{Process, TestDb, TestNats, free_port};

/// Three services with keys that the command line made.
struct City {
    folder: tempfile::TempDir,
    hq: Process,
    cases: Process,
    rankings: Process,
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
        let mut databases = Vec::new();
        for service in ["hq", "cases", "rankings"] {
            databases.push(TestDb::create(service).await);
        }
        let path = |path: &Path| path.display().to_string();
        let env = |database: &TestDb, sources: String| {
            vec![
                ("XIAOAN_DATABASE_URL", database.url().to_owned()),
                ("XIAOAN_NATS_URL", nats.url()),
                ("XIAOAN_JWKS", path(&secrets.join("jwks.json"))),
                ("XIAOAN_ISSUER", "xiaoan-dev".to_owned()),
                ("XIAOAN_AUDIENCE", "xiaoan".to_owned()),
                ("XIAOAN_SERVICE_TOKEN_FILE", path(&dev.join("service-token"))),
                ("XIAOAN_KEK_FILE", path(&secrets.join("kek"))),
                ("XIAOAN_WEB_ADDR", format!("127.0.0.1:{}", free_port())),
                ("XIAOAN_SOURCES", sources),
            ]
        };
        let hq_env: Vec<_> =
            env(&databases[0], String::new()).into_iter().filter(|(n, _)| *n != "XIAOAN_SOURCES").collect();
        let hq = Process::spawn("hq", hq_env).await;
        let cases = Process::spawn("cases", env(&databases[1], format!("hq={}", hq.grpc_url()))).await;
        let both = format!("hq={},cases={}", hq.grpc_url(), cases.grpc_url());
        let rankings = Process::spawn("rankings", env(&databases[2], both)).await;
        Self { folder, hq, cases, rankings, _nats: nats, _databases: databases }
    }

    fn xiaoan(&self, args: &[&str]) -> Output {
        let (hq, cases, rankings) = (self.hq.grpc_url(), self.cases.grpc_url(), self.rankings.grpc_url());
        let addresses = ["--hq-url", &hq, "--cases-url", &cases, "--rankings-url", &rankings];
        super::xiaoan(self.folder.path(), &[args, &addresses].concat())
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
