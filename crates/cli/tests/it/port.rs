//! The port from a terminal, over real services: the import of incidents, what is asked afterwards, what happens to incidents, guards
//! and accidents, a port system's records, and the demo's share.

use super::desk::{Desk, PATIENCE};
use indicatif::ProgressBar;
use xiaoan_cli::demo::port::SHARE;
use xiaoan_cli::demo::stage::Stage;
use xiaoan_testkit::wait_until;

const HEADER: &str =
    "事件编号,接报单位代码,事件类别,接报时间,地点,情况,处置结果,移交部门,移交回执,处置时间,办结时间";

#[tokio::test(flavor = "multi_thread")]
async fn incidents_of_a_spreadsheet_land_once_and_rejected_rows_come_back_to_be_corrected() {
    let harbour = Desk::start(&["port"]).await;
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

/// The words of a command and when it happened.
fn at<'a>(words: &[&'a str], moment: &'a str) -> Vec<&'a str> {
    [words, &["--at", moment]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_and_freight_traffic_are_recorded_step_by_step_and_a_request_id_is_one_command() {
    let harbour = Desk::start(&["port"]).await;
    let unit = ["--org-unit", "371190010000"];
    let step = |words: &[&str], time: &str| {
        let moment = format!("2026-06-30 {time}");
        harbour.done(&at(words, &moment))
    };
    let id = ["--request-id", "0198c5a2-7d1e-7b3a-9c44-2f6d1e8a5b01"];
    let report = ["port", "report", "--id", "e-1", "--kind", "congestion", "--place", "2号门"];
    let report = at(&[&report as &[_], &unit, &id].concat(), "2026-06-30 08:15");
    assert_eq!(harbour.json(0, &report)["replayed"], false);
    assert_eq!(harbour.json(0, &report)["replayed"], true, "the same command");
    harbour.refused(&[&["port", "classify", "e-1", "traffic"] as &[_], &id].concat(), "GE-002");
    harbour.ended(2, &["port", "classify", "e-1", "traffic", "--request-id", "seven"]);
    harbour.done(&["port", "classify", "e-1", "traffic"]);
    harbour.ended(2, &["port", "classify", "e-1", "weather"]);
    step(&["port", "dispatch", "e-1", "patrol-3", "patrol-4"], "08:17");
    step(&["port", "arrive", "e-1", "patrol-3"], "08:25");
    step(&["port", "control", "e-1"], "08:40");
    harbour.refused(&at(&["port", "close", "e-1"], "2026-06-30 08:41"), "INCIDENT-STATE");
    step(&["port", "restore", "e-1"], "09:00");
    step(&["port", "close", "e-1"], "09:30");
    let closed = [&["port", "list", "incidents", "--state", "closed"] as &[_], &unit].concat();
    harbour.listed(&closed, "incidents", 1).await;
    harbour.ended(2, &[&["port", "list", "incidents", "--state", "asleep"] as &[_], &unit].concat());

    step(&[&["port", "report", "--id", "e-2", "--kind", "channel"] as &[_], &unit].concat(), "10:00");
    harbour.done(&["port", "classify", "e-2", "channel"]);
    step(&["port", "refer", "e-2", "msa", "--receipt", "海-17"], "10:20");
    step(&[&["port", "report", "--id", "e-3", "--kind", "traffic"] as &[_], &unit].concat(), "10:00");
    harbour.refused(
        &["port", "withdraw", "e-3", "--reason", "重复报告", "--duplicate-of", "nobody"],
        "INCIDENT-ORIGINAL-UNKNOWN",
    );
    harbour.done(&["port", "withdraw", "e-3", "--reason", "重复报告", "--duplicate-of", "e-1"]);
    assert_eq!(
        harbour.json(0, &["port", "history", "incident", "e-1"])["entries"].as_array().map(Vec::len),
        Some(7)
    );

    let span = ["--from", "2026-06-30 06:00", "--to", "2026-06-30 12:00", "--vehicles", "320"];
    harbour.done(&[&["port", "direct", "--id", "h-1"] as &[_], &unit, &span].concat());
    harbour.done(&["port", "correct-freight", "h-1", "302", "--reason", "重复计数"]);
    harbour.refused(&["port", "correct-freight", "h-1", "302", "--reason", "再次"], "FREIGHT-SAME-NUMBER");
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_get_authority_accidents_are_settled_and_persons_never_stand_on_the_command_line() {
    let harbour = Desk::start(&["port"]).await;
    let guard = r#"{"guardId": "g-1", "orgUnit": "371190000000", "person": {"name": "演示保安"}, "account": "demo-guard-1",
        "employer": "演示港务公司"}"#;
    let inline = harbour.run(&["port", "do", "register-guard", guard]);
    let said = super::text(&inline.stderr);
    assert_eq!(super::code(&inline), 2, "{said}");
    assert!(said.contains("@FILE") && !said.contains("演示保安"), "{said}");
    harbour.write("guard.json", guard);
    harbour.done(&["port", "do", "register-guard", "@guard.json"]);
    harbour.refused(
        &["port", "authorise", "g-1", "--from", "2026-03-10", "--to", "2027-03-09", "--document", "纪要"],
        "GUARD-NOT-TRAINED",
    );
    harbour.done(&[
        "port",
        "train",
        "g-1",
        "--course",
        "轻微事故快处",
        "--hours",
        "16",
        "--on",
        "2026-03-01",
    ]);
    harbour.done(&["port", "test", "g-1", "92", "passed", "--on", "2026-03-03"]);
    let term = ["--from", "2026-03-10", "--to", "2027-03-09", "--document", "纪要", "--on", "2026-03-09"];
    harbour.done(&[&["port", "authorise", "g-1"] as &[_], &term].concat());
    harbour.done(&["port", "end-authority", "g-1", "--reason", "离职", "--on", "2026-06-30"]);

    let accident = r#"{"accidentId": "a-1", "orgUnit": "371190010000", "occurredAt": "2026-05-01T02:00:00Z", "place": "演示堆场",
        "parties": [{"partyId": "A", "vehicle": "货车", "person": {"name": "演示甲"}},
                    {"partyId": "B", "vehicle": "货车", "person": {"name": "演示乙"}}], "facts": {"harm": "HARM_NONE"}}"#;
    harbour.write("accident.json", accident);
    harbour.done(&["port", "do", "report-accident", "@accident.json"]);
    harbour.done(&["port", "do", "request-officer", r#"{"accidentId": "a-1", "partyId": "A"}"#]);
    harbour.done(&["port", "do", "assign-officers", r#"{"accidentId": "a-1", "officers": ["071234"]}"#]);
    harbour.refused(&["port", "do", "close-accident", r#"{"accidentId": "a-1"}"#], "ACCIDENT-NOT-ENDED");
    harbour.ended(2, &["port", "do", "sing"]);
    let got = harbour.json(0, &["port", "get", "accident", "a-1"]);
    assert_eq!(got["accidentId"], "a-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_systems_records_are_sent_from_a_file_and_what_is_taken_is_not_sent_again() {
    let harbour = Desk::start(&["port"]).await;
    harbour
        .token("system", &["--subject", "dispatch-1", "--org-unit", "371190000000", "--role", "port-system"]);
    let record = |n: i32, content: &str| {
        format!(r#"{{"sequence": "{n}", "recordId": "r{n}", "orgUnit": "371190010000", {content}}}"#)
    };
    let incident = r#""incident": {"kind": "INCIDENT_KIND_FIRE", "reportedAt": "2026-05-01T02:00:00Z", "place": "3号泊位"}"#;
    let freight =
        r#""freight": {"vehicles": "40", "from": "2026-05-01T02:00:00Z", "to": "2026-05-01T03:00:00Z"}"#;
    harbour.write("records.jsonl", [record(1, incident), record(2, freight)].join("\n"));
    let send = ["port", "send", "records.jsonl", "--token-file", ".dev/system"];
    let first = harbour.json(0, &send);
    assert_eq!((&first["sent"], &first["lastSequence"]), (&2.into(), &2.into()));
    let again = harbour.json(0, &send);
    assert_eq!((&again["sent"], &again["lastSequence"]), (&0.into(), &2.into()));
    let impossible =
        r#""freight": {"vehicles": "0", "from": "2026-05-01T02:00:00Z", "to": "2026-05-01T03:00:00Z"}"#;
    harbour.write("records.jsonl", [record(3, impossible), record(4, freight)].join("\n"));
    let refused = harbour.json(1, &send);
    assert_eq!((&refused["sent"], &refused["refused"][0]["recordId"]), (&2.into(), &"r3".into()));
    harbour.write("records.jsonl", record(9, freight));
    harbour.refused(&send, "INTAKE-GAP");
    let intake = harbour.json(0, &["port", "intake", "--token-file", ".dev/system"]);
    assert_eq!((&intake["lastSequence"], &intake["refused"]), (&"4".into(), &"1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p03_p05_the_demos_share_comes_out_exactly_and_only_once() {
    let harbour = Desk::start(&["port"]).await;
    let (clients, signer) = (harbour.clients(), harbour.signer());
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
