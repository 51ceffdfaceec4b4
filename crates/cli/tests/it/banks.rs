//! Antifraud with banks that are played: the simulator's misbehaviour, a return that is objected to, and the demo's share, over real
//! services.

use super::desk::{Desk, PATIENCE};
use indicatif::ProgressBar;
use std::process::{Child, Command, Stdio};
use xiaoan_cli::demo::antifraud::SHARE;
use xiaoan_cli::demo::stage::Stage;
use xiaoan_testkit::wait_until;

/// hq and antifraud, and a second officer.
struct Centre {
    desk: Desk,
}

impl Centre {
    /// A bank may take so many seconds to answer.
    async fn start(bank_patience: &str) -> Self {
        let desk = Desk::start_with(&["antifraud"], &[("XIAOAN_BANK_PATIENCE", bank_patience)]).await;
        desk.token("approver", &["--subject", "test-approver", "--role", "officer"]);
        Self { desk }
    }

    /// Banks that are played until dropped.
    fn play(&self, args: &[&str]) -> Played {
        let args = self.desk.args(&[&["sim", "bank"], args].concat());
        let child = Command::new(env!("CARGO_BIN_EXE_xiaoan"))
            .current_dir(self.desk.folder.path())
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator runs");
        Played(child)
    }

    /// Drafts a stop of 1,000 yuan on the n-th account.
    fn draft(&self, n: usize) -> String {
        let draft = serde_json::json!({
            "orgUnit": "371102010000",
            "account": { "memberUnit": format!("bank-0{}", n % 2 + 1), "accountClass": "ACCOUNT_CLASS_PERSON",
                         "holder": { "name": "演示户主", "idNumber": format!("90001{n:03}") } },
            "transfer": { "amountFen": "100000", "transferredAt": "2026-03-01T01:00:00Z" },
            "restriction": { "reason": "r", "remedy": "r", "papers": "p" },
            "officers": { "operator": { "name": "演示警员甲", "idNumber": "1" },
                          "coInvestigator": { "name": "演示警员乙", "idNumber": "2" } },
        });
        self.desk.write("draft.json", draft.to_string());
        self.desk.done(&["antifraud", "draft", "stop", "draft.json"]).trim().to_owned()
    }

    fn stops(&self) -> Vec<serde_json::Value> {
        let listed = self.desk.json(0, &["antifraud", "list", "stop", "--limit", "0"]);
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
        centre.desk.done(&[
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
    let mut orders: Vec<String> = (0..ORDERS).map(|n| centre.draft(n)).collect();
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), ORDERS);
    for order in &orders {
        centre.desk.done(&["antifraud", "approve", order, "--token-file", ".dev/approver"]);
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
            let asked = centre.desk.run(&["antifraud", "resend", &text(&stop["orderId"]), &serial]);
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
    let sums = centre.desk.json(0, &["antifraud", "sums"]);
    assert_eq!((fen(&sums["sums"][0]["amountFen"]), fen(&sums["sums"][0]["confirmations"])), (stopped, 10));
    let entries = centre.desk.json(0, &["antifraud", "entries", "stop", "--limit", "0"]);
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(ORDERS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_objected_to_and_decided_and_member_units_change_their_role_and_leave() {
    let centre = Centre::start("1800").await;
    let desk = &centre.desk;
    let join = ["antifraud", "join", "bank-01", "--kind", "bank", "--name-zh", "演示", "--on", "2020-01-01"];
    desk.done(&join);
    desk.refused(&join, "MEMBER-EXISTS");
    desk.done(&["antifraud", "role", "bank-01", "stop-payment", "--from", "2021-01-01"]);
    let freeze = serde_json::json!({
        "orgUnit": "371102010000",
        "account": { "memberUnit": "bank-01", "accountClass": "ACCOUNT_CLASS_PERSON",
                     "holder": { "name": "演示户主", "idNumber": "900017" } },
        "caseNo": "A3711020100002026060001", "filedOn": { "year": 2026, "month": 6, "day": 1 },
        "assetClass": "ASSET_CLASS_DEPOSIT", "amountFen": "100000",
        "restriction": { "reason": "r", "remedy": "r", "papers": "p" },
        "officers": { "operator": { "name": "演示警员甲", "idNumber": "1" },
                      "coInvestigator": { "name": "演示警员乙", "idNumber": "2" } },
    });
    desk.write("freeze.json", freeze.to_string());
    let freeze = desk.done(&["antifraud", "draft", "freeze", "freeze.json"]).trim().to_owned();
    let approver = ["--token-file", ".dev/approver"];
    desk.done(&[&["antifraud", "approve", &freeze] as &[_], &approver].concat());
    let banks = centre.play(&["--bank", "bank-01", "--latency", "1..10"]);
    let frozen = ["antifraud", "list", "freezes", "--state", "frozen"];
    desk.listed(&frozen, "orders", 1).await;
    drop(banks);
    // The freeze has its end and three warnings to come, and nothing fails.
    let timers = desk.json(0, &["timers", "--service", "antifraud"]);
    assert_eq!(
        (&timers["services"][0]["service"], &timers["services"][0]["failing"]),
        (&"antifraud".into(), &serde_json::json!([]))
    );
    assert!(timers["services"][0]["pending"].as_i64() >= Some(4), "{timers}");
    desk.refused(&[&["timers", "--service", "antifraud"] as &[_], &approver].concat(), "GE-004");
    desk.ended(2, &["timers", "--service", "port"]);
    desk.ended(2, &["antifraud", "list", "freezes", "--state", "melted"]);
    assert_eq!(
        desk.json(0, &["antifraud", "list", "stops", "--state", "timed-out"])["orders"][0],
        serde_json::Value::Null
    );

    let victim = |n: i32, fen: &str| {
        serde_json::json!({ "victim": { "name": "演示受害人", "idNumber": n.to_string() },
                            "account": { "name": "演示受害人", "idNumber": format!("6222{n}") }, "lossFen": fen })
    };
    let proposal = serde_json::json!({
        "freezeOrderId": freeze, "method": "RETURN_METHOD_PRO_RATA", "amountFen": "60000",
        "claims": [victim(1, "50000"), victim(2, "40000")],
    });
    desk.write("return.json", proposal.to_string());
    let order = desk.done(&["antifraud", "draft", "return", "return.json"]).trim().to_owned();
    desk.done(&["antifraud", "notice", &order, "--on", "2026-06-02"]);
    let object = ["antifraud", "object", &order, "--ground", "份额计算有误"];
    assert_eq!(desk.json(0, &object)["objection"], 1);
    let approve = [&["antifraud", "approve", &order] as &[_], &approver].concat();
    desk.refused(&approve, "RETURN-OBJECTED");
    let dismiss = ["antifraud", "decide-objection", &order, "1", "dismissed", "--reason", "与账目相符"];
    desk.done(&dismiss);
    desk.refused(&dismiss, "OBJECTION-UNKNOWN");
    assert_eq!(desk.json(0, &object)["objection"], 2);
    desk.done(&["antifraud", "decide-objection", &order, "2", "upheld", "--reason", "另有受害人"]);
    desk.listed(&["antifraud", "list", "returns", "--state", "closed"], "orders", 1).await;
    desk.refused(&object, "RETURN-CLOSED");

    let types = |order: &str| -> Vec<String> {
        let told = desk.json(0, &["antifraud", "history", order]);
        let entries = told["entries"].as_array().expect("entries").iter();
        entries
            .map(|e| e["type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        types(&order),
        [
            "ReturnProposed",
            "ReturnNoticed",
            "ReturnObjected",
            "ReturnObjectionDecided",
            "ReturnObjected",
            "ReturnObjectionDecided"
        ]
    );
    assert_eq!(types(&freeze)[..3], ["FreezeDrafted", "FreezeApproved", "InstructionSent"], "only its own");
    let told = desk.json(0, &["antifraud", "history", &freeze]).to_string();
    assert!(!told.contains("演示户主"), "sealed");
    desk.ended(1, &["antifraud", "history", "nobody"]);

    let unrelated = ["--reason", "与案件无关", "--unrelated-since", "2026-11-01"];
    desk.ended(2, &[&["antifraud", "release", "0-s1"] as &[_], &unrelated].concat());
    desk.done(&[&["antifraud", "release", &freeze] as &[_], &unrelated].concat());
    desk.done(&["antifraud", "leave", "bank-01", "--on", "2026-11-02"]);
    desk.refused(&["antifraud", "role", "bank-01", "inquiry"], "MEMBER-LEFT");
}

#[tokio::test(flavor = "multi_thread")]
async fn j02_the_demos_share_comes_out_to_the_fen_and_again() {
    let Centre { desk } = Centre::start("1800").await;
    let (clients, signer) = (desk.clients(), desk.signer());
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
