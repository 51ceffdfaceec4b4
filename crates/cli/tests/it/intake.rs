//! Intake from a terminal, over real services: an alert becomes a report, a report is decided, an audit is drawn and told.

use serde_json::Value;
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use xiaoan_cli::keys::{AUDIENCE, ISSUER};
use xiaoan_testkit::{Process, TestDb, TestNats, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);
const STATION: &str = "371102010000";

/// hq and cases, with keys that the command line made.
struct Room {
    folder: tempfile::TempDir,
    hq: Process,
    cases: Process,
    _nats: TestNats,
    _databases: [TestDb; 2],
}

impl Room {
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
                ("XIAOAN_KEK".to_owned(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
            ]
        };
        let databases = [TestDb::create("hq").await, TestDb::create("cases").await];
        let hq = Process::builder("hq").envs(env(&databases[0])).spawn().await;
        let cases = Process::builder("cases")
            .envs(env(&databases[1]))
            .env("XIAOAN_SOURCES", format!("hq={}", hq.grpc_url()))
            .spawn()
            .await;
        let room = Self { folder, hq, cases, _nats: nats, _databases: databases };
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
        room.done(&["org", "import", &units.to_string_lossy(), "--wait", "0"]);
        // Cases knows the units when one of them may be asked about.
        let knows = &["reports", "list", "--org-unit", STATION];
        wait_until(PATIENCE, || async { super::code(&room.run(knows)) == 0 }).await;
        room
    }

    /// From now on somebody else sits at the terminal.
    fn sit(&self, subject: &str, unit: &str, role: &str) {
        let args = ["token", "mint", "--subject", subject, "--org-unit", unit, "--role", role];
        let minted = super::xiaoan(self.folder.path(), &args);
        std::fs::write(self.folder.path().join(".dev/token"), minted.stdout).expect("written");
    }

    fn run(&self, args: &[&str]) -> Output {
        let urls =
            ["--hq-url".to_owned(), self.hq.grpc_url(), "--cases-url".to_owned(), self.cases.grpc_url()];
        let args: Vec<&str> = args.iter().copied().chain(urls.iter().map(String::as_str)).collect();
        super::xiaoan(self.folder.path(), &args)
    }

    #[track_caller]
    fn ended(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let (stdout, stderr) = (super::text(&output.stdout), super::text(&output.stderr));
        assert_eq!(super::code(&output), code, "{args:?}: {stdout}{stderr}");
        stdout + &stderr
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        self.ended(0, args)
    }

    /// One document once it says so: lists follow what was recorded.
    async fn shows(&self, args: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
        let args = [args, &["--output", "json"]].concat();
        let ask = || serde_json::from_slice::<Value>(&self.run(&args).stdout).unwrap_or(Value::Null);
        wait_until(PATIENCE, || async { wanted(&ask()) }).await;
        ask()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_registered_decided_and_audited_from_a_terminal() {
    let room = Room::start().await;
    room.sit("officer-1", STATION, "officer");
    let at = "2026-06-07 08:00";
    for alert in ["110-1", "110-2"] {
        room.done(&["alerts", "receive", "--id", alert, "--unit", STATION, "--kind", "theft", "--at", at]);
    }
    room.done(&["alerts", "dispatch", "110-1", "--to", STATION]);
    for step in ["acknowledge", "set-out", "arrive"] {
        room.done(&["alerts", step, "110-1"]);
    }
    room.done(&["alerts", "resolve", "110-1", "crime-suspected"]);
    let said = room.ended(1, &["alerts", "arrive", "110-1"]);
    assert!(said.contains("ALERT-STEP"), "{said}");
    let said = room.ended(1, &["alerts", "dispose", "110-2", "no-crime"]);
    assert!(said.contains("GE-006"), "no case, no reason: {said}");
    room.done(&["alerts", "dispose", "110-2", "no-crime", "--reason", "系本人遗忘"]);
    let summary = "示例盗窃";
    let register = ["reports", "register", "--id", "r-1", "--unit", STATION, "--track", "criminal"];
    let rest = ["--reported-at", at, "--alert", "110-1", "--summary", summary, "--receipt", "回执1"];
    room.done(&[&register[..], &rest[..]].concat());
    let alert = room.shows(&["alerts", "get", "110-1"], |a| a["reportId"] == "r-1").await;
    assert!(alert.get("caller").is_none());
    let said = room.ended(1, &["reports", "decide", "r-1", "file"]);
    assert!(said.contains("CB-006"), "{said}");
    room.sit("chief-1", "371102000000", "officer");
    room.done(&["reports", "decide", "r-1", "not-file", "--reason", "情节显著轻微"]);
    // Reported long ago: its three days had run out, and the decision was late.
    room.shows(&["reports", "get", "r-1"], |r| r["clocks"][0]["late"] == true).await;
    room.sit("registrar-9", "371100000000", "registrar");
    room.done(&["reports", "override", "r-1", "file", "--reason", "符合立案标准"]);
    let list = ["reports", "list", "--state", "filing-approved"];
    let listed = room.shows(&list, |l| l["reports"].as_array().is_some_and(|r| r.len() == 1)).await;
    assert_eq!(listed["reports"][0]["overriddenBy"], "registrar-9");
    let window = ["--from", "2026-06-01", "--to", "2026-06-30"];
    let draw = ["audits", "draw", "--id", "a-1", "--unit", "371102000000", "--seed", "一", "--size", "2"];
    room.done(&[&draw[..], &window[..]].concat());
    for alert in ["110-1", "110-2"] {
        let verdict = ["audits", "verdict", "a-1", alert, "should-be-recorded", "--reason", "财物被盗"];
        room.done(&verdict);
    }
    let audit = room.shows(&["audits", "get", "a-1"], |a| a["complete"] == true).await;
    // A zero is left out of the JSON.
    let result = (audit["result"].get("recorded"), &audit["result"]["should"]);
    assert_eq!(result, (None, &2.into()), "approved, and not filed");
    assert!(room.done(&["audits", "list"]).contains("0/2 = 0.00%"));
    assert!(room.done(&["audits", "verify", "a-1"]).contains("the same"));
}
