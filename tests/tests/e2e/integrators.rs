//! The examples for integrators (docs/integrate), run as their READMEs say, against real processes. `./dev test` installs what they need
//! and names those that can run in `XIAOAN_INTEGRATE`; the others are left out, and say so.

use crate::city::City;
use crate::storm::a_case;
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use xiaoan_testkit::DEADLINE;

const CITY: &str = "371100000000";

/// The run script of an example, or nothing where it cannot run.
fn example(name: &str) -> Option<Command> {
    let ready = std::env::var("XIAOAN_INTEGRATE").unwrap_or_default();
    if !ready.split_whitespace().any(|one| one == name) {
        // Not by a macro: what those print is shown only when a test fails.
        let _ = writeln!(
            std::io::stderr(),
            "!! docs/integrate/{name}: NOT TESTED, it is not in XIAOAN_INTEGRATE (\"{ready}\"); ./dev test sets it"
        );
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/integrate").join(name).join("run");
    let mut command = Command::new(script);
    command.kill_on_drop(true);
    Some(command)
}

/// A run to its end; what it has said, line by line.
async fn said(mut command: Command) -> Result<Vec<String>> {
    let output = tokio::time::timeout(DEADLINE * 3, command.output()).await.context("it never ends")??;
    let (out, err) =
        (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.success(), "{}\n{out}\n{err}", output.status);
    Ok(out.lines().map(str::to_owned).collect())
}

/// A run that goes on, heard line by line.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("standard output")?).lines();
        Ok(Self { child, lines })
    }

    /// Everything up to the first line that begins so.
    async fn until(&mut self, beginning: &str) -> Result<Vec<String>> {
        let mut heard = Vec::new();
        loop {
            let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await;
            let line = line.with_context(|| format!("no {beginning:?} after {heard:#?}"))??;
            let line = line.with_context(|| format!("it ended without {beginning:?}: {heard:#?}"))?;
            heard.push(line);
            if heard.last().is_some_and(|line| line.starts_with(beginning)) {
                return Ok(heard);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_files_a_case_reads_refusals_and_follows_the_log() -> Result<()> {
    let Some(mut python) = example("python") else { return Ok(()) };
    let city = City::start().await?;
    let mut cases = city.cases_client().await?;
    cases.file_case(a_case(1)).await?;
    let kept = tempfile::tempdir()?;
    python
        .env("XIAOAN_CASES_URL", city.cases.grpc_url())
        .env("XIAOAN_TOKEN", city.token("records-system", CITY, &["officer"]))
        .env("XIAOAN_LOG_TOKEN", city.token("auditor-1", CITY, &["auditor"]))
        .env("XIAOAN_POSITION_FILE", kept.path().join("position"))
        .arg("bicycle-17");
    let said = said(python).await?;
    let case_no = said[0].split(' ').nth(1).context("a case number")?.to_owned();
    assert_eq!(said[0], format!("filed {case_no} at position 2, etag 1"));
    assert_eq!(said[1], format!("sent again: {case_no}, replayed True"));
    assert!(
        said[2].starts_with("an unknown unit: INVALID_ARGUMENT CB-001 {'org_unit': 'CB-001'}"),
        "{said:#?}"
    );
    assert!(
        said[3].starts_with("the same request_id with another body: ALREADY_EXISTS GE-002 {}"),
        "{said:#?}"
    );
    // Read in two parts, the line cut between them.
    let first = a_case(1).case_no;
    assert_eq!(said[4], format!("1 xiaoan.cases.v1.CaseFiled case-{first}"));
    assert_eq!(said[5], format!("2 xiaoan.cases.v1.CaseFiled case-{case_no}"));
    assert_eq!(said.len(), 6, "{said:#?}");
    assert_eq!(std::fs::read_to_string(kept.path().join("position"))?, "2");
    assert_eq!(city.head("cases").await?, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn typescript_shows_standings_and_goes_on_after_the_service_was_killed() -> Result<()> {
    let Some(mut typescript) = example("typescript") else { return Ok(()) };
    let mut city = City::start().await?;
    let mut cases = city.cases_client().await?;
    cases.file_case(a_case(1)).await?;
    city.board_has_everything().await?;
    typescript
        .env("XIAOAN_RANKINGS_URL", city.rankings.grpc_url())
        .env("XIAOAN_TOKEN", city.token("wall-1", CITY, &["officer"]))
        .args(["watch", "theft-stations", "2026-06", "1"]);
    let mut screen = Running::start(typescript)?;
    let said = screen.until("watching behind revision ").await?;
    assert!(said[0].starts_with("theft-stations 2026-06: "), "{said:#?}");
    assert!(said.iter().any(|line| line.contains("cases at 1, 0 behind")), "{said:#?}");
    let refused = said.iter().find(|line| line.starts_with("an unknown board: ")).context("a refusal")?;
    assert!(refused.starts_with("an unknown board: NOT_FOUND BOARD-UNKNOWN "), "{refused}");

    city.rankings.kill9();
    cases.file_case(a_case(2)).await?;
    city.rankings.restart().await;
    let said = screen.until("changed: revision ").await?;
    assert!(said.iter().any(|line| line.starts_with("line lost (UNAVAILABLE)")), "{said:#?}");
    let said = screen.until("  from ").await?;
    assert!(said.last().is_some_and(|line| line.contains("cases at 2, 0 behind")), "{said:#?}");
    let ended = tokio::time::timeout(DEADLINE, screen.child.wait()).await??;
    assert!(ended.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn typescript_hands_in_an_application_once_however_often_it_is_sent() -> Result<()> {
    const STATION: &str = "371121010000";
    let Some(mut typescript) = example("typescript") else { return Ok(()) };
    let city = City::start().await?;
    typescript
        .env("XIAOAN_VOLUNTEERS_URL", city.volunteers.grpc_url())
        .env("XIAOAN_TOKEN", city.token("team-website", STATION, &["officer"]))
        .args(["apply", "17"]);
    let said = said(typescript).await?;
    assert_eq!(said[0], "received team-17 at position 1, etag 1");
    assert_eq!(said[1], "sent again: team-17, replayed true");
    assert!(
        said[2].starts_with(r#"an unknown unit: INVALID_ARGUMENT CB-001 {"org_unit":"CB-001"}"#),
        "{said:#?}"
    );
    assert!(
        said[3].starts_with("the same request_id with another body: ALREADY_EXISTS GE-002 {}"),
        "{said:#?}"
    );
    assert_eq!(city.head("volunteers").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn java_reports_incidents_and_a_machine_that_was_cut_off_sends_the_rest() -> Result<()> {
    const STATION: &str = "371190010000";
    let Some(mut java) = example("java") else { return Ok(()) };
    let city = City::start().await?;
    java.env("XIAOAN_PORT_URL", city.port.grpc_url())
        .env("XIAOAN_TOKEN", city.token("dispatcher-1", STATION, &["officer"]))
        .env("XIAOAN_SYSTEM_TOKEN", city.token("gate-counter", STATION, &["port-system"]))
        .env("XIAOAN_UNIT", STATION)
        .arg("gate-3-0017");
    let said = said(java).await?;
    let incident = said[0].split(' ').nth(1).context("an incident")?.to_owned();
    assert_eq!(said[0], format!("reported {incident} at position 1"));
    assert_eq!(said[1], format!("sent again: {incident}, replayed true"));
    assert!(said[2].starts_with("an unknown unit: INVALID_ARGUMENT CB-001 "), "{said:#?}");
    // What was taken before the line was cut is not sent again.
    assert!(said.contains(&"opened: 0 taken so far".to_owned()), "{said:#?}");
    assert!(said.contains(&"opened: 2 taken so far".to_owned()), "{said:#?}");
    assert!(!said.iter().any(|line| line.starts_with("refused")), "{said:#?}");
    assert_eq!(said.last().map(String::as_str), Some("gate-counter: 5 taken, 0 refused"));
    let log = city.whole_log("port").await?;
    let reported = log.iter().filter(|event| event.r#type == "xiaoan.port.v1.IncidentReported");
    assert_eq!(reported.count(), 6);
    Ok(())
}
