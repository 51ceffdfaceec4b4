//! The work on cases from a terminal, over real services: commands with their fields in JSON, lists, gets, refusals.

use std::path::Path;
use std::process::Output;
use std::time::Duration;
use xiaoan_cli::keys::{AUDIENCE, ISSUER};
use xiaoan_testkit::{Process, TestDb, TestNats, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

/// hq and cases, with keys that the command line made.
struct Desk {
    folder: tempfile::TempDir,
    hq: Process,
    cases: Process,
    _nats: TestNats,
    _databases: [TestDb; 2],
}

impl Desk {
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
        let databases = [TestDb::create("hq").await, TestDb::create("cases").await];
        let hq = Process::builder("hq").envs(env(&databases[0])).spawn().await;
        let cases = Process::builder("cases")
            .envs(env(&databases[1]))
            .env("XIAOAN_SOURCES", format!("hq={}", hq.grpc_url()))
            .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .spawn()
            .await;
        let desk = Self { folder, hq, cases, _nats: nats, _databases: databases };
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
        desk.done(&["org", "import", &units.to_string_lossy(), "--wait", "0"]);
        // Cases knows the units when one of them may be asked about.
        let knows = &["task-forces", "list", "--unit", "371102000000"];
        wait_until(PATIENCE, || async { super::code(&desk.run(knows)) == 0 }).await;
        desk
    }

    fn args(&self, args: &[&str]) -> Vec<String> {
        let urls =
            ["--hq-url".to_owned(), self.hq.grpc_url(), "--cases-url".to_owned(), self.cases.grpc_url()];
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
}

/// Asks until a list holds so many.
async fn listed(desk: &Desk, args: &[&str], name: &str, count: usize) -> serde_json::Value {
    wait_until(PATIENCE, || async { desk.json(0, args)[name].as_array().map(Vec::len) == Some(count) }).await;
    desk.json(0, args)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_force_is_formed_and_listed_and_a_cleanup_is_planned_by_words_and_json() {
    let desk = Desk::start().await;
    let form = r#"{"taskForceId": "tf-1", "orgUnit": "371102000000", "kind": "TASK_FORCE_KIND_CAMPAIGN",
        "name": "侵财案件工作专班", "formedOn": {"year": 2026, "month": 1, "day": 1},
        "members": [{"role": "TASK_FORCE_ROLE_INVESTIGATOR", "count": 6}]}"#;
    let accepted = desk.json(0, &["task-forces", "do", "form-task-force", form]);
    assert_eq!(accepted["name"], "task-forces/tf-1");
    let unit = ["--unit", "371102000000"];
    let all = listed(&desk, &[&["task-forces", "list"], &unit as &[_]].concat(), "taskForces", 1).await;
    assert_eq!(all["taskForces"][0]["duties"].as_array().map(Vec::len), Some(3));
    let formed = [&["task-forces", "list", "--state", "formed"], &unit as &[_]].concat();
    assert_eq!(desk.json(0, &formed)["taskForces"].as_array().map(Vec::len), Some(1));
    assert_eq!(desk.json(0, &["task-forces", "get", "tf-1"])["name"], "侵财案件工作专班");
    desk.done(&[&["task-forces", "work", "--task-force", "tf-1"], &unit as &[_]].concat());
    // again is refused by the service, with its code; what is wrong here is wrong usage
    desk.ended(1, &["task-forces", "do", "form-task-force", form]);
    desk.ended(2, &["task-forces", "do", "sing"]);
    desk.ended(2, &["task-forces", "do", "issue-directive", r#"{"colour": "red"}"#]);
    desk.ended(2, &[&["task-forces", "list", "--state", "asleep"], &unit as &[_]].concat());

    let plan = r#"{"cleanupId": "c-1", "orgUnit": "371102010000", "title": "秋季大清查",
        "startsOn": {"year": 2026, "month": 9, "day": 1}, "endsOn": {"year": 2026, "month": 9, "day": 10},
        "venueKinds": ["VENUE_KIND_SMALL_HOTEL"]}"#;
    let file = desk.folder.path().join("plan.json");
    std::fs::write(&file, plan).expect("written");
    desk.done(&["cleanups", "do", "plan-cleanup", &format!("@{}", file.display())]);
    listed(&desk, &[&["cleanups", "list"], &unit as &[_]].concat(), "cleanups", 1).await;
    for empty in ["reviews", "major-cases", "exhibits", "lookups"] {
        desk.done(&[&[empty, "list"], &unit as &[_]].concat());
        desk.ended(1, &[empty, "get", "nobody"]);
    }
    desk.done(&[&["exhibits", "dens"], &unit as &[_]].concat());
    let review =
        r#"{"caseNo": "A3711020100002026060001", "orgUnit": "371102010000", "preventability": "门锁老旧"}"#;
    desk.ended(1, &["reviews", "do", "open-review", review]);
}
