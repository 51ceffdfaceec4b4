//! Intake from a terminal, over real services: an alert becomes a report, a report is decided, an audit is drawn and told.

use super::desk::Desk;

const STATION: &str = "371102010000";

/// From now on somebody else sits at the terminal.
fn sit(desk: &Desk, subject: &str, unit: &str, role: &str) {
    desk.token("token", &["--subject", subject, "--org-unit", unit, "--role", role]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_registered_decided_and_audited_from_a_terminal() {
    let desk = Desk::start(&["cases"]).await;
    sit(&desk, "officer-1", STATION, "officer");
    let at = "2026-06-07 08:00";
    for alert in ["110-1", "110-2"] {
        desk.done(&["alerts", "receive", "--id", alert, "--unit", STATION, "--kind", "theft", "--at", at]);
    }
    desk.done(&["alerts", "dispatch", "110-1", "--to", STATION]);
    for step in ["acknowledge", "set-out", "arrive"] {
        desk.done(&["alerts", step, "110-1"]);
    }
    desk.done(&["alerts", "resolve", "110-1", "crime-suspected"]);
    desk.refused(&["alerts", "arrive", "110-1"], "ALERT-STEP");
    // no case, no reason
    desk.refused(&["alerts", "dispose", "110-2", "no-crime"], "GE-006");
    desk.done(&["alerts", "dispose", "110-2", "no-crime", "--reason", "系本人遗忘"]);
    let summary = "示例盗窃";
    let register = ["reports", "register", "--id", "r-1", "--unit", STATION, "--track", "criminal"];
    let rest = ["--reported-at", at, "--alert", "110-1", "--summary", summary, "--receipt", "回执1"];
    desk.done(&[&register[..], &rest[..]].concat());
    let alert = desk.shows(&["alerts", "get", "110-1"], |a| a["reportId"] == "r-1").await;
    assert!(alert.get("caller").is_none());
    desk.refused(&["reports", "decide", "r-1", "file"], "CB-006");
    sit(&desk, "chief-1", "371102000000", "officer");
    desk.done(&["reports", "decide", "r-1", "not-file", "--reason", "情节显著轻微"]);
    // Reported long ago: its three days had run out, and the decision was late.
    desk.shows(&["reports", "get", "r-1"], |r| r["clocks"][0]["late"] == true).await;
    sit(&desk, "registrar-9", "371100000000", "registrar");
    desk.done(&["reports", "override", "r-1", "file", "--reason", "符合立案标准"]);
    let list = ["reports", "list", "--state", "filing-approved"];
    let listed = desk.shows(&list, |l| l["reports"].as_array().is_some_and(|r| r.len() == 1)).await;
    assert_eq!(listed["reports"][0]["overriddenBy"], "registrar-9");
    let window = ["--from", "2026-06-01", "--to", "2026-06-30"];
    let draw = ["audits", "draw", "--id", "a-1", "--unit", "371102000000", "--seed", "一", "--size", "2"];
    desk.done(&[&draw[..], &window[..]].concat());
    for alert in ["110-1", "110-2"] {
        let verdict = ["audits", "verdict", "a-1", alert, "should-be-recorded", "--reason", "财物被盗"];
        desk.done(&verdict);
    }
    let audit = desk.shows(&["audits", "get", "a-1"], |a| a["complete"] == true).await;
    // A zero is left out of the JSON.
    let result = (audit["result"].get("recorded"), &audit["result"]["should"]);
    assert_eq!(result, (None, &2.into()), "approved, and not filed");
    assert!(desk.done(&["audits", "list"]).contains("0/2 = 0.00%"));
    assert!(desk.done(&["audits", "verify", "a-1"]).contains("the same"));
}
