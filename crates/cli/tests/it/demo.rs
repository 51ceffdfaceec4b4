//! The whole demo city through the gRPC APIs of real services: its figures come out on the boards.

use std::path::Path;
use std::process::Output;
use xiaoan_testkit::{DEADLINE, Process, TestDb, TestNats, free_port, wait_until};

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
        // hq asks rankings when it closes a month, and follows cases; both start after it.
        let (ranked_at, cases_at) =
            (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
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
                ("XIAOAN_RANKINGS_URL", format!("http://{ranked_at}")),
            ];
            if !sources.is_empty() {
                env.push(("XIAOAN_SOURCES", sources));
            }
            env
        };
        let (mut databases, mut services) = (Vec::new(), Vec::<(&'static str, Process)>::new());
        for name in WRITERS.into_iter().chain(["rankings"]) {
            let address = |(name, process): &(&str, Process)| format!("{name}={}", process.grpc_url());
            // hq follows cases, the writers follow hq, rankings follows them all.
            let followed = if name == "rankings" { services.len() } else { services.len().min(1) };
            let mut sources: Vec<_> = services[..followed].iter().map(address).collect();
            if name == "hq" {
                sources.push(format!("cases=http://{cases_at}"));
            }
            let database = TestDb::create(name).await;
            let mut env = env(&database, sources.join(","));
            match name {
                "cases" => env.push(("XIAOAN_GRPC_ADDR", cases_at.clone())),
                "rankings" => env.push(("XIAOAN_GRPC_ADDR", ranked_at.clone())),
                _ => {}
            }
            services.push((name, Process::spawn(name, env).await));
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

    people_are_imported_and_the_same_file_twice_imports_nothing(&city).await;

    // Again: nothing new, as the services themselves say.
    let before = city.done(&["audit", "verify", "--output", "json"]);
    assert!(city.done(&["demo", "load"]).contains("there already"));
    let again: serde_json::Value =
        serde_json::from_str(&city.done(&["org", "import", &units, "--output", "json"])).unwrap();
    assert_eq!((&again["registered"], &again["headcounts"]), (&0.into(), &0.into()));
    assert_eq!(city.done(&["audit", "verify", "--output", "json"]), before);
}

/// A file as Excel in China writes it, against the volunteers of the demo city.
async fn people_are_imported_and_the_same_file_twice_imports_nothing(city: &City) {
    let header = "报名编号,派出所代码,姓名,电话,身份证号,出生日期,人员身份,报名日期,政审结果,政审日期,政审有效期至,编号日期,中队";
    let good = |n: usize| {
        format!(
            "imported-{n},371121010000,演示导入{n},,DEMO-{n},1980-01-0{n},党员,2026-06-01,合格,2026-06-02,2027-06-01,\
             2026-06-03,demo-1-squadron-1"
        )
    };
    let bad = "imported-3,371121010000,演示导入3,,DEMO-3,1980-13-01,党员,2026-06-01,,,,,";
    let text = format!("{header}\r\n{}\r\n{}\r\n{bad}\r\n", good(1), good(2));
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let file = city.folder.path().join("people.csv");
    std::fs::write(&file, bytes).expect("written");
    let import = |args: &[&str]| {
        let output =
            city.xiaoan(&[&["volunteers", "import", "people.csv", "--output", "json"], args].concat());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (super::code(&output), report)
    };
    let (code, report) = import(&["--dry-run"]);
    assert_eq!((code, &report["imported"], &report["rejected_rows"]), (1, &2.into(), &1.into()), "{report}");
    let (code, report) = import(&[]);
    assert_eq!((code, &report["imported"], &report["rejected_rows"]), (1, &2.into(), &1.into()), "{report}");
    assert_eq!(report["rejected"], serde_json::json!([[4, "GE-006"]]));
    let rejected = std::fs::read(city.folder.path().join("people.rejected.csv")).expect("the rejected rows");
    let (rejected, _, _) = encoding_rs::GB18030.decode(&rejected);
    assert!(rejected.contains("imported-3") && rejected.contains("GE-006"), "{rejected}");
    let (_, again) = import(&[]);
    assert_eq!((&again["imported"], &again["duplicate_rows"]), (&0.into(), &2.into()), "{again}");
    // The lists follow the log.
    let get = ["volunteers", "get", "volunteer", "imported-1", "--output", "json"];
    wait_until(DEADLINE, || async { super::code(&city.xiaoan(&get)) == 0 }).await;
    let found = city.done(&get);
    assert!(found.contains("VOLUNTEER_STATE_ENROLLED") && !found.contains("演示导入"), "{found}");
    let listed = city.done(&[
        "volunteers",
        "list",
        "patrols",
        "--org-unit",
        "371121010000",
        "--state",
        "ended",
        "--limit",
        "0",
    ]);
    assert!(listed.contains("demo-1-patrol-1-01"), "{listed}");
    let history = city.done(&["volunteers", "history", "patrol", "demo-1-patrol-1-01"]);
    assert!(history.contains("PatrolEnded"), "{history}");
}
