//! June of the acceptance city closed from a terminal, over real services: frozen, notices to all that are below, corrected, and
//! counted again.

use super::desk::{Desk, PATIENCE};
use prost::Message;
use std::path::Path;
use xiaoan_proto::hq::v1::Closing;
use xiaoan_testkit::wait_until;

pub(super) const JUNE: &str = "theft-stations-2026-06";

impl Desk {
    /// hq, cases and the boards.
    pub(super) async fn with_boards() -> Self {
        Self::start(&["cases", "rankings"]).await
    }

    /// The city's number of thefts filed in June that the board shows.
    pub(super) fn filed(&self, as_of: &[&str]) -> Option<i64> {
        let asked = ["standings", "--board", "theft-stations", "--period", "2026-06", "--output", "json"];
        let output = self.run(&[&asked as &[_], as_of].concat());
        let board: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        let entries = board["entries"].as_array()?.iter();
        let values = entries.filter_map(|entry| entry["indicators"].as_array()).flatten();
        Some(values.filter(|value| value["id"] == "filed").filter_map(|v| v["numerator"].as_i64()).sum())
    }

    /// Imports June and waits until the board shows all of it. Some rows are rejected, as the acceptance file means them to be.
    pub(super) async fn import_june(&self) {
        let june = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/cases-2026-06.csv");
        self.ended(1, &["cases", "import", &june.to_string_lossy(), "--rejected", "rejected.csv"]);
        let all = june_filed(&june_rows());
        wait_until(PATIENCE, || async { self.filed(&[]) == Some(all) }).await;
    }
}

/// The rows of June's board that the acceptance file expects.
fn june_rows() -> Vec<serde_json::Value> {
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/acceptance/cases-2026-06.expected.json"))
            .expect("json");
    expected["standings"].as_array().expect("rows").clone()
}

fn june_filed(rows: &[serde_json::Value]) -> i64 {
    rows.iter().filter_map(|row| row["filed"].as_i64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_noticed_corrected_and_counted_again() {
    let desk = Desk::with_boards().await;
    desk.import_june().await;
    let closed = ["closings", "freeze", "--board", "theft-stations", "--period", "2026-06"];
    let rows = june_rows();
    let all = june_filed(&rows);

    assert_eq!(desk.json(0, &closed)["closingId"], JUNE);
    assert_eq!(super::code(&desk.run(&closed)), 1, "frozen once");
    let range = ["closings", "freeze", "--board", "theft-stations", "--period", "2026-06-01..2026-06-30"];
    let refused = super::text(&desk.run(&range).stderr);
    assert!(refused.contains("GE-006"), "{refused}");
    // As the sources stood: before the first case nothing was filed, and at the frozen positions what was frozen.
    assert_eq!(desk.filed(&["--as-of-position", "cases=0"]), Some(0));
    let shown = desk.json(0, &["closings", "show", JUNE]);
    let frozen: Vec<_> = shown["closing"]["frozen"]["sources"].as_array().expect("sources").iter().collect();
    let positions: Vec<_> = frozen
        .iter()
        .map(|s| {
            format!("--as-of-position={}={}", s["source"].as_str().unwrap(), s["position"].as_str().unwrap())
        })
        .collect();
    let positions: Vec<_> = positions.iter().map(String::as_str).collect();
    assert_eq!(desk.filed(&positions), Some(all));
    let explain = ["explain", "--board", "theft-stations", "--period", "2026-06", "--indicator", "filed"];
    let none = desk.json(0, &[&explain as &[_], &["--as-of-position", "cases=0"]].concat());
    assert_eq!((&none["sum"], &none["count"]), (&0.into(), &0.into()));
    assert_eq!(desk.json(0, &[&explain as &[_], &positions].concat())["sum"], all);
    let twice = ["--as-of-position", "cases=1", "--as-of-position", "cases=2"];
    assert_eq!(super::code(&desk.run(&[&explain as &[_], &twice].concat())), 2);
    assert_eq!(super::code(&desk.run(&[&explain as &[_], &["--as-of-position", "cases"]].concat())), 2);
    let issued = desk.json(0, &["notices", "issue", JUNE]);
    let named: Vec<_> = issued
        .as_array()
        .expect("a list")
        .iter()
        .map(|n| n["noticeId"].as_str().unwrap_or_default())
        .collect();
    let below: Vec<_> = rows
        .iter()
        .filter(|row| row["below_40"] == true)
        .map(|row| format!("{JUNE}-{}", row["org"].as_str().expect("a code")))
        .collect();
    assert_eq!(named, below, "exactly those below 40 %; eight of twenty is not among them");
    assert!(!named.iter().any(|id| id.ends_with("371102010000")));
    // Again there is nobody left.
    assert_eq!(desk.json(0, &["notices", "issue", JUNE]).as_array().map(Vec::len), Some(0));
    let first = named[0].to_owned();
    let notice = desk.json(0, &["notices", "acknowledge", &first]);
    assert_eq!(notice["notice"]["state"], "NOTICE_STATE_ACKNOWLEDGED");
    let open = desk.json(0, &["notices", "list", "--open"]);
    assert_eq!(open["notices"].as_array().map(Vec::len), Some(below.len()));

    let nothing = desk.run(&["closings", "correct", JUNE, "--reason", "无"]);
    assert!(super::text(&nothing.stderr).contains("CLOSING-UNCHANGED"), "{}", super::text(&nothing.stderr));
    let checked = desk.json(0, &["closings", "verify"]);
    let one = &checked["closings"][0];
    assert_eq!(
        (&one["closingId"], &one["stored"], &one["recounted"]),
        (&JUNE.into(), &true.into(), &true.into())
    );
    assert_eq!(one["digest"].as_str().map(str::len), Some(64));
    let shown = desk.json(0, &["closings", "show", JUNE]);
    assert_eq!(shown["closing"]["state"], "CLOSING_STATE_FROZEN");
    assert_eq!(
        shown["now"]["entries"].as_array().map(Vec::len),
        Some(rows.len()),
        "beside what is counted now"
    );

    // A station registered later for a past day stands on the board of June, and changes nothing of what was frozen.
    let units = "code,kind,parent,name_zh,name_en,officers_from,officers\n\
                 371102990000,station,371102000000,示例新设所,Demo New,,\n";
    std::fs::write(desk.folder.path().join("late.csv"), units).expect("written");
    let imported = desk.run(&["org", "import", "late.csv", "--wait", "0"]);
    assert_eq!(super::code(&imported), 0, "{}", super::text(&imported.stderr));
    let entries = |shown: &serde_json::Value| shown["now"]["entries"].as_array().map(Vec::len);
    wait_until(PATIENCE, || async {
        entries(&desk.json(0, &["closings", "show", JUNE])) == Some(rows.len() + 1)
    })
    .await;
    assert_eq!(desk.json(0, &["closings", "verify"])["closings"][0]["recounted"], true);

    // Somebody changes a figure where hq keeps it.
    let pool = desk.databases[0].owner_pool();
    let stored: Vec<u8> = sqlx::query_scalar("SELECT payload FROM closings WHERE closing_id = $1")
        .bind(JUNE)
        .fetch_one(&pool)
        .await
        .expect("a closing");
    let mut tampered = Closing::decode(stored.as_slice()).expect("a closing");
    tampered.frozen.as_mut().expect("figures").entries[0].values[0].numerator += 1;
    sqlx::query("UPDATE closings SET payload = $1")
        .bind(tampered.encode_to_vec())
        .execute(&pool)
        .await
        .expect("changed");
    let checked = desk.json(1, &["closings", "verify"]);
    assert_eq!(
        (&checked["closings"][0]["stored"], &checked["closings"][0]["recounted"]),
        (&false.into(), &true.into())
    );
}
