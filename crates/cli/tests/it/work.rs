//! The work on cases from a terminal, over real services: commands with their fields in JSON, lists, gets, refusals.

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_force_is_formed_and_listed_and_a_cleanup_is_planned_by_words_and_json() {
    let desk = Desk::start(&["cases"]).await;
    let form = r#"{"taskForceId": "tf-1", "orgUnit": "371102000000", "kind": "TASK_FORCE_KIND_CAMPAIGN",
        "name": "侵财案件工作专班", "formedOn": {"year": 2026, "month": 1, "day": 1},
        "members": [{"role": "TASK_FORCE_ROLE_INVESTIGATOR", "count": 6}]}"#;
    let accepted = desk.json(0, &["task-forces", "do", "form-task-force", form]);
    assert_eq!(accepted["name"], "task-forces/tf-1");
    let unit = ["--unit", "371102000000"];
    let all = desk.listed(&[&["task-forces", "list"], &unit as &[_]].concat(), "taskForces", 1).await;
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
    desk.listed(&[&["cleanups", "list"], &unit as &[_]].concat(), "cleanups", 1).await;
    for empty in ["reviews", "major-cases", "exhibits", "lookups"] {
        desk.done(&[&[empty, "list"], &unit as &[_]].concat());
        desk.ended(1, &[empty, "get", "nobody"]);
    }
    desk.done(&[&["exhibits", "dens"], &unit as &[_]].concat());
    let unreviewed = desk.json(0, &[&["reviews", "unreviewed"], &unit as &[_]].concat());
    assert_eq!(unreviewed["solves"].as_array().map(Vec::len), Some(0), "{unreviewed}");
    let review =
        r#"{"caseNo": "A3711020100002026060001", "orgUnit": "371102010000", "preventability": "门锁老旧"}"#;
    desk.ended(1, &["reviews", "do", "open-review", review]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_filed_linked_and_reported_and_a_survey_is_recorded_by_words_and_json() {
    let desk = Desk::start(&["cases"]).await;
    let write = |name: &str, text: &str| {
        let file = desk.folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        format!("@{}", file.display())
    };
    let mut numbers = Vec::new();
    for n in [1, 2] {
        let case = format!(
            r#"{{"orgUnit": "371102010000", "category": "050227", "lossFen": "26000", "preventable": true,
                "occurredFrom": "2026-06-1{n}T07:00:00+08:00", "reportedAt": "2026-06-1{n}T09:30:00+08:00",
                "filedOn": {{"year": 2026, "month": 6, "day": 1{n}}}}}"#
        );
        let accepted = desk.json(0, &["cases", "do", "file", &write("case.json", &case)]);
        let name = accepted["name"].as_str().expect("a name");
        numbers.push(name.trim_start_matches("cases/").to_owned());
    }
    // What can name persons does not stand on the command line.
    desk.ended(2, &["cases", "do", "file", "{}"]);
    let open = format!(
        r#"{{"seriesId": "bicycles", "orgUnit": "371102010000", "title": "自行车系列", "caseNos": ["{}", "{}"]}}"#,
        numbers[0], numbers[1]
    );
    assert_eq!(desk.json(0, &["series", "do", "open", &open])["name"], "series/bicycles");
    let all = desk.listed(&["series", "list", "--org-unit", "371102000000"], "series", 1).await;
    assert_eq!(all["series"][0]["caseNos"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.json(0, &["series", "get", "bicycles"])["title"], "自行车系列");
    let unlink = format!(r#"{{"seriesId": "bicycles", "caseNo": "{}", "reason": "误并"}}"#, numbers[1]);
    desk.done(&["series", "do", "unlink", &unlink]);
    let nobodys = r#"{"reportId": "nobody", "receiptNo": "2026-1"}"#;
    desk.ended(1, &["reports", "do", "issue-receipt", nobodys]);

    let survey = r#"{"survey": {"surveyId": "safety-2020", "kind": "SURVEY_KIND_BOTH", "orgUnit": "371100000000",
        "from": {"year": 2020, "month": 1, "day": 1}, "to": {"year": 2020, "month": 12, "day": 31},
        "conductedBy": "示例调查机构", "rank": 1, "source": "示例通报",
        "publishedOn": {"year": 2021, "month": 1, "day": 15}}}"#;
    desk.done(&["surveys", "do", "record", survey]);
    desk.listed(&["surveys", "list", "--org-unit", "371100000000"], "surveys", 1).await;
    desk.ended(2, &["inspections", "do", "sing"]);
    desk.ended(1, &["listed-cases", "do", "delist", r#"{"caseNo": "A3711020100002026060001"}"#]);
}
