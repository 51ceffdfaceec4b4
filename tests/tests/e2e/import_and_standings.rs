//! The acceptance file goes in through the CLI and comes out on the board, exactly as expected.

use crate::city::{City, acceptance};
use anyhow::{Context, Result};
use serde_json::Value;

fn expected() -> Result<Value> {
    Ok(serde_json::from_str(&std::fs::read_to_string(acceptance("cases-2026-06.expected.json"))?)?)
}

/// The rows of the import report that are errors, as `[line, code]` pairs.
fn rejected(report: &Value) -> Vec<(i64, String)> {
    let pairs = report["rejected"].as_array().cloned().unwrap_or_default();
    pairs.iter().map(|p| (p[0].as_i64().unwrap_or(0), p[1].as_str().unwrap_or("").to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acceptance_file_gives_exactly_its_lines_codes_numbers_and_ranks() -> Result<()> {
    let city = City::start().await?;
    let expected = expected()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cases-2026-06.csv");
    std::fs::copy(acceptance("cases-2026-06.csv"), &file)?;
    let file = file.to_string_lossy().into_owned();

    // A dry run says the same and writes nothing.
    let dry = city.xiaoan(&["cases", "import", &file, "--dry-run", "--output", "json"]).await?;
    assert_eq!(dry.code, 1, "{}", dry.stderr);
    assert_eq!(rejected(&dry.json()?), rejected(&expected));
    assert_eq!(city.head("cases").await?, 0, "a dry run must write nothing");

    let run = city.xiaoan(&["cases", "import", &file, "--output", "json"]).await?;
    assert_eq!(run.code, 1, "some rows are bad: {}", run.stderr);
    let report = run.json()?;
    for key in ["rows", "imported", "duplicate_rows"] {
        assert_eq!(report[key], expected[key], "{key}");
    }
    assert_eq!(rejected(&report), rejected(&expected));
    let rejected_file = folder.path().join("cases-2026-06.rejected.csv");
    let bytes = std::fs::read(&rejected_file)
        .or_else(|_| std::fs::read(folder.path().join("cases-2026-06.csv.rejected.csv")))
        .context("the rejected rows stand beside the file")?;
    let (text, _, broken) = encoding_rs::GB18030.decode(&bytes);
    assert!(!broken, "in the user's own encoding");
    assert_eq!(text.lines().count(), 1 + rejected(&expected).len());
    let rejected_cell_with_header = text.lines().next().unwrap_or("");
    assert!(
        rejected_cell_with_header.starts_with("案件编号,"),
        "in the user's own form: {rejected_cell_with_header}"
    );

    city.board_has_everything().await?;
    let standings = city
        .xiaoan(&["standings", "--board", "theft-stations", "--period", "2026-06", "--output", "json"])
        .await?
        .json()?;
    assert_eq!(standings["board"], "theft-stations");
    assert_eq!(standings["period"], "2026-06");
    let entries = standings["entries"].as_array().context("entries")?;
    let wanted = expected["standings"].as_array().context("standings")?;
    assert_eq!(entries.len(), wanted.len());
    for want in wanted {
        let org = &want["org"];
        let entry =
            entries.iter().find(|e| e["orgUnit"] == *org).with_context(|| format!("no row for {org}"))?;
        let indicator = |id: &str| -> Result<&Value> {
            let all = entry["indicators"].as_array().context("indicators")?;
            all.iter().find(|i| i["id"] == id).with_context(|| format!("{org} has no {id}"))
        };
        assert_eq!(indicator("filed")?["numerator"], want["filed"], "{org} filed");
        assert_eq!(indicator("solved")?["numerator"], want["solved"], "{org} solved");
        assert_eq!(indicator("arrests")?["numerator"], want["arrests"], "{org} arrests");
        assert_eq!(indicator("solve_rate")?["numerator"], want["solved"], "{org} solve_rate");
        assert_eq!(indicator("solve_rate")?["denominator"], want["filed"], "{org} solve_rate of");
        assert_eq!(indicator("cohort_solve_rate")?["numerator"], want["cohort_solved"], "{org} cohort");
        match want["rank"].as_i64() {
            Some(rank) => assert_eq!(entry["rank"], rank, "{org} rank"),
            None => assert!(entry.get("rank").is_none(), "{org} has too few to rank"),
        }
        assert_eq!(entry["attention"], want["below_40"].as_bool().unwrap_or(false), "{org} attention");
    }

    // The same file twice imports nothing new.
    let before = city.head("cases").await?;
    let again = city.xiaoan(&["cases", "import", &file, "--output", "json"]).await?;
    assert_eq!(again.json()?["imported"], 0);
    assert_eq!(city.head("cases").await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_in_utf_8_under_english_headers_give_the_same_report() -> Result<()> {
    let city = City::start().await?;
    let bytes = std::fs::read(acceptance("cases-2026-06.csv"))?;
    let (text, _, _) = encoding_rs::GB18030.decode(&bytes);
    let english = "case_no,org_unit,category,reported_at,occurred_at,filed_on,loss_yuan,preventable,solved_on,\
                   solve_manner,arrests,recovered_yuan,withdrawn_on,withdrawal_ground";
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cases.csv");
    std::fs::write(&file, format!("\u{feff}{english}\n{}\n", rows.join("\n")))?;
    let run = city.xiaoan(&["cases", "import", &file.to_string_lossy(), "--output", "json"]).await?;
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(rejected(&run.json()?), rejected(&expected()?));

    std::fs::write(&file, "case_no,colour\nA,red\n")?;
    let wrong = city.xiaoan(&["cases", "import", &file.to_string_lossy()]).await?;
    assert_eq!(wrong.code, 2, "a header that is not known is a usage error");
    assert!(wrong.stderr.contains("colour"), "{}", wrong.stderr);
    Ok(())
}
