//! The port from a terminal, over real services: the import of incidents, what is asked afterwards, and the demo's share.

use clap::Parser;
use indicatif::ProgressBar;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use xiaoan_cli::args::Cli;
use xiaoan_cli::connect::Clients;
use xiaoan_cli::demo::port::SHARE;
use xiaoan_cli::demo::stage::Stage;
use xiaoan_cli::keys::{AUDIENCE, ISSUER, Signer};
use xiaoan_testkit::{Process, TestDb, TestNats, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

const HEADER: &str =
    "事件编号,接报单位代码,事件类别,接报时间,地点,情况,处置结果,移交部门,移交回执,处置时间,办结时间";

/// hq and port, with keys that the command line made.
struct Harbour {
    folder: tempfile::TempDir,
    hq: Process,
    port: Process,
    _nats: TestNats,
    _databases: [TestDb; 2],
}

impl Harbour {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dev = folder.path().join(".dev");
        let made = super::xiaoan(folder.path(), &["token", "keygen", ".dev/secrets"]);
        assert_eq!(super::code(&made), 0, "{}", super::text(&made.stderr));
        for (file, args) in [
            ("token", &["--subject", "test-hq"] as &[&str]),
            ("service-token", &["--subject", "test-services", "--role", "service"]),
        ] {
            let minted = super::xiaoan(folder.path(), &[&["token", "mint"], args].concat());
            std::fs::write(dev.join(file), minted.stdout).expect("written");
        }
        let nats = TestNats::start().await;
        let path = |path: &Path| path.display().to_string();
        let env = |database: &TestDb| {
            vec![
                ("XIAOAN_DATABASE_URL".to_owned(), database.url().to_owned()),
                ("XIAOAN_NATS_URL".to_owned(), nats.url()),
                ("XIAOAN_JWKS".to_owned(), path(&dev.join("secrets/jwks.json"))),
                ("XIAOAN_ISSUER".to_owned(), ISSUER.to_owned()),
                ("XIAOAN_AUDIENCE".to_owned(), AUDIENCE.to_owned()),
                ("XIAOAN_SERVICE_TOKEN_FILE".to_owned(), path(&dev.join("service-token"))),
            ]
        };
        let databases = [TestDb::create("hq").await, TestDb::create("port").await];
        let hq = Process::builder("hq").envs(env(&databases[0])).spawn().await;
        let port = Process::builder("port")
            .envs(env(&databases[1]))
            .env("XIAOAN_SOURCES", format!("hq={}", hq.grpc_url()))
            .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .spawn()
            .await;
        let harbour = Self { folder, hq, port, _nats: nats, _databases: databases };
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
        harbour.done(&["org", "import", &units.to_string_lossy(), "--wait", "0"]);
        // Port knows the units when one of them may be asked about.
        let knows = &["port", "list", "incidents", "--org-unit", "371190010000"];
        wait_until(PATIENCE, || async { super::code(&harbour.run(knows)) == 0 }).await;
        harbour
    }

    fn args(&self, args: &[&str]) -> Vec<String> {
        let urls = ["--hq-url".to_owned(), self.hq.grpc_url(), "--port-url".to_owned(), self.port.grpc_url()];
        args.iter().map(ToString::to_string).chain(urls).collect()
    }

    fn run(&self, args: &[&str]) -> Output {
        let args = self.args(args);
        super::xiaoan(self.folder.path(), &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    fn ended(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let (stdout, stderr) = (super::text(&output.stdout), super::text(&output.stderr));
        assert_eq!(super::code(&output), code, "{args:?}: {stdout}{stderr}");
        stdout
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        self.ended(0, args)
    }

    #[track_caller]
    fn json(&self, code: i32, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ended(code, &[args, &["--output", "json"]].concat())).expect("json")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_of_a_spreadsheet_land_once_and_rejected_rows_come_back_to_be_corrected() {
    let harbour = Harbour::start().await;
    let rows = [
        "2021-001,371190010000,拥堵,2021-05-02 08:15,2号门,货车积压,恢复,,,2021-05-02 09:00,2021-05-02 09:30",
        "2021-002,371190020000,航道,2021-05-03 10:00,3号泊位,渔网缠绕,移交,海事,海-17,2021-05-03 10:20,2021-05-03 12:00",
        "2021-003,371190020000,地震,2021-05-03 10:00,,,,,,,",
    ];
    let text = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"));
    harbour.write("incidents.csv", &encoding_rs::GB18030.encode(&text).0);
    let dry = harbour.json(1, &["port", "import", "incidents.csv", "--dry-run"]);
    assert_eq!((&dry["imported"], &dry["rejected"][0][0]), (&2.into(), &4.into()));
    let real = harbour.json(1, &["port", "import", "incidents.csv"]);
    assert_eq!((&real["imported"], &real["rejected_rows"]), (&2.into(), &1.into()));
    assert_eq!(real["reports"][0]["incidentNo"], "2021-003");

    let rejected = std::fs::read(harbour.folder.path().join("incidents.rejected.csv")).expect("written");
    let (rejected, _, _) = encoding_rs::GB18030.decode(&rejected);
    assert!(rejected.starts_with(&format!("{HEADER},问题代码,问题说明")), "{rejected}");
    harbour.write("incidents.rejected.csv", rejected.replace("地震", "治安").as_bytes());
    harbour.done(&["port", "import", "incidents.rejected.csv"]);
    let again = harbour.json(1, &["port", "import", "incidents.csv"]);
    assert_eq!((&again["imported"], &again["duplicate_rows"]), (&0.into(), &2.into()));

    let english = "incident_no,org_unit,kind,reported_at,place,description,outcome,referred_to,receipt_no,ended_at,closed_at";
    harbour.write("english.csv", format!("{english}\n2021-001,371190010000,congestion,2021-05-02 08:15,2号门,货车积压,restored,,,2021-05-02 09:00,2021-05-02 09:30\n").as_bytes());
    let same = harbour.json(0, &["port", "import", "english.csv"]);
    assert_eq!(same["duplicate_rows"], 1, "the same content, whatever the language of the file");
    harbour.write("wrong.csv", b"incident_no,colour\n1,red\n");
    harbour.ended(2, &["port", "import", "wrong.csv"]);

    let port = ["--org-unit", "371190000000"];
    let listed = || harbour.json(0, &[&["port", "list", "incidents"], &port as &[_]].concat());
    // The views follow the import.
    wait_until(PATIENCE, || async { listed()["incidents"].as_array().map(Vec::len) == Some(3) }).await;
    assert_eq!(harbour.json(0, &["port", "get", "incident", "2021-002"])["referredTo"], "AUTHORITY_MSA");
    let history = harbour.json(0, &["port", "history", "incident", "2021-002"]);
    assert_eq!(history["entries"].as_array().map(Vec::len), Some(3));
    let track = harbour.json(0, &["port", "track", "--harm", "none", "--facility"]);
    assert_eq!(
        (&track["track"], &track["sceneDuty"]),
        (&"TRACK_SIMPLE".into(), &"SCENE_DUTY_PHOTOGRAPH_MOVE_CALL".into())
    );
    harbour.ended(2, &["port", "track", "--harm", "scratched"]);
    harbour.ended(1, &["port", "get", "guard", "nobody"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p03_p05_the_demos_share_comes_out_exactly_and_only_once() {
    let harbour = Harbour::start().await;
    let dev = harbour.folder.path().join(".dev");
    let mut args = harbour.args(&["xiaoan", "port", "list", "incidents"]);
    args.extend(["--token-file".to_owned(), dev.join("token").display().to_string()]);
    let clients = Clients::new(&Cli::parse_from(args).globals).expect("clients");
    let signer = Signer::from_file(&dev.join("secrets/signing-key.pem"), ISSUER, AUDIENCE).expect("a signer");
    assert!(!(SHARE.is_loaded)(&clients).await.expect("asked"));
    let stage = Stage::new(clients.clone(), &signer, 32, ProgressBar::hidden());
    (SHARE.replay)(&stage).await.expect("told");
    let told: u64 = (SHARE.commands)().iter().map(|(_, count)| count).sum();
    assert_eq!(stage.played().accepted, told);
    let position = stage.played().position;
    let seen = harbour.json(0, &["port", "list", "incidents", "--org-unit", "371190000000", "--limit", "0"]);
    assert!(position > 0 && seen["incidents"].is_array());
    wait_until(PATIENCE, || async { (SHARE.is_loaded)(&clients).await.expect("asked") }).await;
    for figure in (SHARE.figures)(&clients).await.expect("figures") {
        assert_eq!(figure.found, figure.expected, "{}", figure.en);
    }
    let again = Stage::new(clients.clone(), &signer, 32, ProgressBar::hidden());
    (SHARE.replay)(&again).await.expect("told again");
    assert_eq!((again.played().accepted, again.played().remembered), (0, told));
}
