//! Volunteers from a terminal, over real services: from the application to the certificate, squadrons, duty points, patrols.

use super::desk::Desk;

const STATION: [&str; 2] = ["--org-unit", "371102010000"];

const RULE: &str = r#"{"ruleId": "standard", "version": 1, "titleZh": "编组办法", "titleEn": "Composition",
    "slots": [{"role": "officer", "nameZh": "民警", "nameEn": "officer", "min": 1},
              {"role": "volunteer", "nameZh": "义警", "nameEn": "volunteers", "min": 1}],
    "minRestMinutes": 480, "earlyMinutes": 30, "overrunMinutes": 60, "allowedTasks": ["street-patrol"],
    "effectiveOn": {"year": 2026, "month": 1, "day": 1}, "basis": "演示"}"#;

fn application(id: &str) -> String {
    format!(
        r#"{{"volunteerId": "{id}", "orgUnit": "371102010000", "person": {{"name": "演示志愿者", "idNumber": "演示{id}"}},
            "birthDate": {{"year": 1990, "month": 5, "day": 1}}, "receivedOn": {{"year": 2026, "month": 3, "day": 1}},
            "background": "VOLUNTEER_BACKGROUND_VETERAN", "risksExplained": true}}"#
    )
}

/// hq and volunteers, two squadrons, a duty point and the rule.
async fn start() -> Desk {
    let desk = Desk::start(&["volunteers"]).await;
    for id in ["zd-1", "zd-2"] {
        let name = ["--name-zh", "演示中队", "--name-en", "Demo squadron", "--on", "2026-02-01"];
        let form = ["volunteers", "form-squadron", "--id", id, "--kind", "village"];
        desk.done(&[&form as &[_], &STATION, &name].concat());
    }
    let point = ["--id", "zq-1", "--kind", "town", "--name-zh", "演示广场", "--name-en", "Demo square"];
    desk.done(&[&["volunteers", "open-duty-point", "--on", "2026-02-01"] as &[_], &STATION, &point].concat());
    desk.write("rule.json", RULE);
    desk.done(&["volunteers", "publish-rule", "rule.json"]);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_applies_is_vetted_numbered_trained_patrols_and_gets_a_certificate_of_the_approved_hours() {
    let desk = start().await;
    desk.write("application.json", application("zy-1"));
    let applied = desk.json(0, &["volunteers", "apply", "application.json"]);
    assert_eq!(applied["volunteerId"], "zy-1");
    let enrol = ["volunteers", "enrol", "zy-1", "--squadron", "zd-1", "--on", "2026-03-10"];
    desk.refused(&enrol, "VOLUNTEER-NOT-VETTED");
    desk.ended(2, &["volunteers", "vet", "zy-1", "passed", "--on", "2026-03-05"]);
    desk.done(&["volunteers", "vet", "zy-1", "passed", "--on", "2026-03-05", "--until", "2028-03-04"]);
    let number = desk.json(0, &enrol)["volunteerNo"].as_str().expect("a number").to_owned();
    assert!(number.starts_with("V371102010000"), "{number}");
    desk.done(&["volunteers", "assign", "zy-1", "zd-2"]);
    desk.refused(&["volunteers", "activate", "zy-1"], "VO-001");
    desk.done(&["volunteers", "course", "zy-1", "first-aid", "--on", "2026-03-12"]);
    desk.done(&[
        "volunteers",
        "insure",
        "zy-1",
        "--from",
        "2026-03-01",
        "--to",
        "2027-02-28",
        "--policy",
        "BX-17",
    ]);
    desk.done(&["volunteers", "activate", "zy-1", "--on", "2026-03-15"]);
    desk.done(&["volunteers", "suspend", "zy-1", "--reason", "养伤"]);
    desk.done(&["volunteers", "reinstate", "zy-1", "--reason", "伤愈"]);

    let plan = |id: &'static str, from: &'static str, to: &'static str| {
        let what =
            ["volunteers", "plan", "--id", id, "--squadron", "zd-2", "--duty-point", "zq-1", "--officer"];
        [&what as &[_], &["071234", "--task", "street-patrol", "--from", from, "--to", to], &STATION].concat()
    };
    desk.done(&plan("p-1", "2026-06-30 19:00", "2026-06-30 21:00"));
    desk.done(&["volunteers", "extend", "p-1", "--to", "2026-06-30 22:00", "--reason", "夜市延时"]);
    desk.done(&["volunteers", "check-in", "p-1", "zy-1", "--at", "2026-06-30 19:02"]);
    desk.refused(&["volunteers", "cancel", "p-1", "--reason", "暴雨"], "PATROL-BEGUN");
    desk.done(&["volunteers", "muster", "p-1", "officer=1"]);
    let out = desk.json(0, &["volunteers", "check-out", "p-1", "zy-1", "--at", "2026-06-30 21:00"]);
    assert_eq!(out["minutes"], 118);
    desk.done(&["volunteers", "end", "p-1", "--log", "正常", "--at", "2026-06-30 21:05"]);
    let correct =
        ["volunteers", "correct-results", "p-1", "--result", "people-rescued=2", "--reason", "漏记"];
    desk.done(&correct);
    desk.refused(&correct, "PATROL-SAME-RESULTS");
    desk.done(&plan("p-2", "2026-07-02 19:00", "2026-07-02 21:00"));
    desk.done(&["volunteers", "cancel", "p-2", "--reason", "暴雨"]);

    desk.refused(&["volunteers", "approve-hours", "zy-1", "p-1", "119"], "VO-010");
    desk.done(&["volunteers", "approve-hours", "zy-1", "p-1", "110"]);
    let hours = desk.json(0, &["volunteers", "hours", "zy-1"]);
    assert_eq!((&hours["served"], &hours["approved"]), (&118.into(), &110.into()));
    let none = desk.json(0, &["volunteers", "hours", "zy-1", "--from", "2026-07-01"]);
    assert_eq!(none["shifts"].as_array().map(Vec::len), Some(0));
    let certify =
        ["volunteers", "certify", "zy-1", "--no", "ZS-9", "--from", "2026-06-01", "--to", "2026-06-30"];
    desk.refused(&[&certify as &[_], &["--minutes", "118"]].concat(), "VO-011");
    desk.done(&[&certify as &[_], &["--minutes", "110"]].concat());
    let active = [&["volunteers", "list", "volunteers", "--state", "active"] as &[_], &STATION].concat();
    let listed = desk.listed(&active, "volunteers", 1).await;
    assert_eq!(listed["volunteers"][0]["squadron"]["squadronId"], "zd-2");
    desk.done(&["volunteers", "retire", "zy-1", "--reason", "迁居外地"]);
    desk.refused(&["volunteers", "expel", "zy-1", "--reason", "违反章程"], "VOLUNTEER-GONE");
    let history = desk.json(0, &["volunteers", "history", "volunteer", "zy-1"]);
    assert!(history["entries"].as_array().is_some_and(|entries| entries.len() > 12));
    assert!(!history.to_string().contains("演示志愿者"), "sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_applicant_appeals_to_another_officer_and_squadrons_and_duty_points_are_given_up() {
    let desk = start().await;
    desk.token("other", &["--subject", "test-other", "--role", "officer"]);
    desk.write("application.json", application("zy-2"));
    desk.done(&["volunteers", "apply", "application.json"]);
    desk.done(&["volunteers", "vet", "zy-2", "failed", "--on", "2026-03-05"]);
    desk.done(&["volunteers", "appeal", "zy-2", "--grounds", "材料有误"]);
    let decide = ["volunteers", "decide-appeal", "zy-2", "granted", "--reason", "复核属实"];
    desk.refused(&decide, "GE-004");
    desk.done(&[&decide as &[_], &["--token-file", ".dev/other"]].concat());
    desk.done(&["volunteers", "vet", "zy-2", "passed", "--on", "2026-03-08", "--until", "2028-03-07"]);
    let enrolled = desk.ended(0, &["--lang", "zh", "volunteers", "enrol", "zy-2", "--on", "2026-03-10"]);
    assert!(enrolled.contains("编号") && enrolled.contains("V371102010000"), "{enrolled}");

    desk.done(&["volunteers", "disband-squadron", "zd-1", "--on", "2026-04-01", "--reason", "并入镇中队"]);
    desk.refused(&["volunteers", "assign", "zy-2", "zd-1"], "SQUADRON-DISBANDED");
    desk.done(&["volunteers", "close-duty-point", "zq-1", "--on", "2026-04-01"]);
    desk.refused(&["volunteers", "close-duty-point", "zq-1", "--on", "2026-04-02"], "DUTY-POINT-CLOSED");
    // What is wrong in a file that names a person is told by its place.
    desk.write("application.json", "{\n \"person\": \"演示某人\" }");
    let output = desk.run(&["volunteers", "apply", "application.json"]);
    let said = super::text(&output.stderr);
    assert_eq!(super::code(&output), 2, "{said}");
    assert!(said.contains("line 2") && !said.contains("演示某人"), "{said}");
}
