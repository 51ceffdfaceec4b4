//! Antifraud with banks that are played: the simulator's misbehaviour, and the demo's share, over real services.

use indicatif::ProgressBar;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use xiaoan_cli::args::{Cli, Globals};
use xiaoan_cli::connect::Clients;
use xiaoan_cli::demo::antifraud::SHARE;
use xiaoan_cli::demo::stage::Stage;
use xiaoan_cli::keys::{AUDIENCE, ISSUER, Signer};
use xiaoan_testkit::{Process, TestDb, TestNats, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

/// hq and antifraud, with keys that the command line made.
struct Centre {
    folder: tempfile::TempDir,
    hq: Process,
    antifraud: Process,
    _nats: TestNats,
    _databases: [TestDb; 2],
}

impl Centre {
    /// A bank may take so many seconds to answer.
    async fn start(bank_patience: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dev = folder.path().join(".dev");
        let made = super::xiaoan(folder.path(), &["token", "keygen", ".dev/secrets"]);
        assert_eq!(super::code(&made), 0, "{}", super::text(&made.stderr));
        for (file, args) in [
            ("token", &["--subject", "test-hq"] as &[&str]),
            ("approver", &["--subject", "test-approver", "--role", "officer"]),
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
        let databases = [TestDb::create("hq").await, TestDb::create("antifraud").await];
        let hq = Process::builder("hq").envs(env(&databases[0])).spawn().await;
        let antifraud = Process::builder("antifraud")
            .envs(env(&databases[1]))
            .env("XIAOAN_SOURCES", format!("hq={}", hq.grpc_url()))
            .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .env("XIAOAN_BANK_PATIENCE", bank_patience)
            .spawn()
            .await;
        let centre = Self { folder, hq, antifraud, _nats: nats, _databases: databases };
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
        centre.done(&["org", "import", &units.to_string_lossy(), "--wait", "0"]);
        centre
    }

    fn args(&self, args: &[&str]) -> Vec<String> {
        let urls = [
            "--hq-url".to_owned(),
            self.hq.grpc_url(),
            "--antifraud-url".to_owned(),
            self.antifraud.grpc_url(),
        ];
        args.iter().map(ToString::to_string).chain(urls).collect()
    }

    fn run(&self, args: &[&str]) -> Output {
        let args = self.args(args);
        super::xiaoan(self.folder.path(), &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(super::code(&output), 0, "{args:?}: {}", super::text(&output.stderr));
        super::text(&output.stdout)
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.done(&[args, &["--output", "json"]].concat())).expect("json")
    }

    /// Banks that are played until dropped.
    fn play(&self, args: &[&str]) -> Played {
        let args = self.args(&[&["sim", "bank"], args].concat());
        let child = Command::new(env!("CARGO_BIN_EXE_xiaoan"))
            .current_dir(self.folder.path())
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator runs");
        Played(child)
    }

    /// Drafts a stop of 1,000 yuan on the n-th account; nothing while antifraud does not know the units yet.
    fn draft(&self, n: usize) -> Option<String> {
        let draft = serde_json::json!({
            "orgUnit": "371102010000",
            "account": { "memberUnit": format!("bank-0{}", n % 2 + 1), "accountClass": "ACCOUNT_CLASS_PERSON",
                         "holder": { "name": "演示户主", "idNumber": format!("90001{n:03}") } },
            "transfer": { "amountFen": "100000", "transferredAt": "2026-03-01T01:00:00Z" },
            "restriction": { "reason": "r", "remedy": "r", "papers": "p" },
            "officers": { "operator": { "name": "演示警员甲", "idNumber": "1" },
                          "coInvestigator": { "name": "演示警员乙", "idNumber": "2" } },
        });
        std::fs::write(self.folder.path().join("draft.json"), draft.to_string()).expect("written");
        let output = self.run(&["antifraud", "draft", "stop", "draft.json"]);
        (super::code(&output) == 0).then(|| super::text(&output.stdout).trim().to_owned())
    }

    fn stops(&self) -> Vec<serde_json::Value> {
        let listed = self.json(&["antifraud", "list", "stop", "--limit", "0"]);
        listed["orders"].as_array().expect("orders").clone()
    }
}

/// Banks that are played; they stop when this is dropped.
struct Played(Child);

impl Drop for Played {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const ORDERS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn k10_banks_that_repeat_disorder_and_fall_silent_count_each_order_once() {
    let centre = Centre::start("3").await;
    for bank in ["bank-01", "bank-02"] {
        centre.done(&[
            "antifraud",
            "join",
            bank,
            "--kind",
            "bank",
            "--name-zh",
            "演示",
            "--on",
            "2020-01-01",
        ]);
    }
    wait_until(PATIENCE, || async { centre.draft(0).is_some() }).await;
    let mut orders: Vec<String> = (1..ORDERS).map(|n| centre.draft(n).expect("drafted")).collect();
    orders.extend(centre.stops().iter().filter_map(|s| s["orderId"].as_str()).map(str::to_owned));
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), ORDERS);
    for order in &orders {
        centre.done(&["antifraud", "approve", order, "--token-file", ".dev/approver"]);
    }
    let _banks = centre.play(&[
        "--bank",
        "bank-01,bank-02",
        "--seed",
        "3",
        "--latency",
        "1..60",
        "--duplicate",
        "60",
        "--out-of-order",
        "50",
        "--silence",
        "50",
        "--partial",
        "50",
    ]);
    // Whoever was silent times out and is asked again, with the same serial number.
    let mut resent = 0;
    let state = |stop: &serde_json::Value| stop["state"].as_str().unwrap_or_default().to_owned();
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let stops = centre.stops();
        if stops.iter().all(|stop| state(stop) == "STOP_STATE_STOPPED") {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "not all stopped: {stops:#?}");
        for stop in stops.iter().filter(|stop| state(stop) == "STOP_STATE_TIMED_OUT") {
            let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
            let serial = text(&stop["instructions"][0]["transSerialNumber"]);
            // A bank that was only slow may have answered since the list was read; then it need not be asked again.
            let asked = centre.run(&["antifraud", "resend", &text(&stop["orderId"]), &serial]);
            resent += i32::from(super::code(&asked) == 0);
        }
    }
    assert!(resent > 0, "somebody was silent");
    let stops = centre.stops();
    let fen = |value: &serde_json::Value| {
        value.as_str().and_then(|fen| fen.parse::<i64>().ok()).unwrap_or_default()
    };
    let stopped: i64 = stops.iter().map(|stop| fen(&stop["stoppedFen"])).sum();
    assert!(stopped > 0 && stopped < 100_000 * i64::try_from(ORDERS).unwrap(), "some had less: {stopped}");
    let sums = centre.json(&["antifraud", "sums"]);
    assert_eq!((fen(&sums["sums"][0]["amountFen"]), fen(&sums["sums"][0]["confirmations"])), (stopped, 10));
    let entries = centre.json(&["antifraud", "entries", "stop", "--limit", "0"]);
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(ORDERS));
}

#[tokio::test(flavor = "multi_thread")]
async fn j02_the_demos_share_comes_out_to_the_fen_and_again() {
    use clap::Parser;
    let centre = Centre::start("1800").await;
    let dev = centre.folder.path().join(".dev");
    let mut args = centre.args(&["xiaoan", "antifraud", "members"]);
    args.extend(["--token-file".to_owned(), dev.join("token").display().to_string()]);
    let globals: Globals = Cli::parse_from(args).globals;
    let clients = Clients::new(&globals).expect("clients");
    let signer = Signer::from_file(&dev.join("secrets/signing-key.pem"), ISSUER, AUDIENCE).expect("a signer");
    // Antifraud knows the units when one of them may be asked about.
    wait_until(PATIENCE, || async { super::code(&centre.run(&["antifraud", "sums"])) == 0 }).await;
    assert!(!(SHARE.is_loaded)(&clients).await.expect("asked"));
    let stage = Stage::new(clients.clone(), &signer, 32, ProgressBar::hidden());
    (SHARE.replay)(&stage).await.expect("told");
    let told: u64 = (SHARE.commands)().iter().map(|(_, count)| count).sum();
    assert_eq!(stage.played().accepted, told);
    // The views follow the answers.
    wait_until(PATIENCE, || async { (SHARE.is_loaded)(&clients).await.expect("asked") }).await;
    for figure in (SHARE.figures)(&clients).await.expect("figures") {
        assert_eq!(figure.found, figure.expected, "{}", figure.en);
    }
    let again = Stage::new(clients.clone(), &signer, 32, ProgressBar::hidden());
    (SHARE.replay)(&again).await.expect("told again");
    assert_eq!(again.played().accepted, 0);
}
