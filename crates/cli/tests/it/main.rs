//! The command line as a user meets it: exit codes, what stands on stdout and what on stderr. No server takes part;
//! commands against running services are told in `tests/e2e`.

mod banks;
mod bulletin;
mod closings;
mod demo;
mod desk;
mod examples;
mod intake;
mod port;
mod volunteers;
mod work;

use std::path::Path;
use std::process::{Command, Output};

const HEADER: &str = "案件编号,办案单位代码,案别代码,报案时间,发案时间,立案日期,损失金额,可防性,破案日期,破案方式,抓获人数,追回金额,撤案日期,撤案理由";

/// Runs `xiaoan` in a folder of its own, away from any token and any service.
fn xiaoan(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xiaoan"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("XIAOAN_")) {
        command.env_remove(name);
    }
    // Nobody listens on port 1.
    for name in ["XIAOAN_CASES_URL", "XIAOAN_HQ_URL", "XIAOAN_RANKINGS_URL"] {
        command.env(name, "http://127.0.0.1:1");
    }
    command.env("LC_ALL", "C.UTF-8").current_dir(folder).args(args).output().expect("xiaoan runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["nonsense"] as &[&str],
        &["standings", "--board", "theft-stations"],
        &["standings", "--board", "x", "--period", "2026-06", "--as-of", "yesterday"],
        &["cases", "import", "missing.csv"],
        &["org", "import", "missing.csv"],
        &["token", "mint"],
        &["audit", "verify", "--service", "rankings"],
        &["--cases-url", "not an address", "cases", "get", "A1"],
    ] {
        let output = xiaoan(folder.path(), args);
        assert_eq!(code(&output), 2, "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(code(&xiaoan(folder.path(), &["help"])), 0);
    assert_eq!(code(&xiaoan(folder.path(), &["--version"])), 0);
}

#[test]
fn unknown_columns_are_wrong_usage_and_named_before_any_service_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cases.csv"), "case_no,colour\nA,red\n").unwrap();
    let output = xiaoan(folder.path(), &["cases", "import", "cases.csv"]);
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("colour") && said.contains("办案单位代码 (org_unit)"), "{said}");
}

#[test]
fn a_service_that_is_not_there_exits_with_1_and_says_what_to_do_in_either_language() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cases.csv"), format!("{HEADER}\n")).unwrap();
    let calls: [(&[&str], &str); 6] = [
        (&["cases", "import", "cases.csv"], "cases"),
        (&["org", "list"], "hq"),
        (&["standings", "--board", "theft-stations", "--period", "2026-06", "--output", "json"], "rankings"),
        (&["watch", "--board", "theft-stations", "--period", "2026-06"], "rankings"),
        (&["projections", "status"], "cases"),
        (&["demo", "load"], "cases"),
    ];
    // Each goes on trying for some seconds, in case a service is only being restarted: so all at the same time.
    std::thread::scope(|scope| {
        let running =
            calls.map(|(args, service)| (args, service, scope.spawn(|| xiaoan(folder.path(), args))));
        for (args, service, output) in running {
            let output = output.join().expect("xiaoan runs");
            let said = text(&output.stderr);
            assert_eq!(code(&output), 1, "{args:?}: {said}");
            assert!(output.stdout.is_empty(), "{args:?}: stdout is for results only");
            assert!(
                said.contains(&format!("cannot reach {service} at http://127.0.0.1:1")),
                "{args:?}: {said}"
            );
        }
    });
    let output = xiaoan(folder.path(), &["--lang", "zh", "org", "list"]);
    assert!(text(&output.stderr).contains("连不上 hq 服务"), "{}", text(&output.stderr));
}

#[test]
fn a_token_is_minted_from_a_key_made_here_and_found_upward() {
    let folder = tempfile::tempdir().unwrap();
    let made = xiaoan(folder.path(), &["token", "keygen", ".dev/secrets"]);
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let minted = xiaoan(
        &below,
        &["token", "mint", "--subject", "demo", "--org-unit", "371102010000", "--role", "officer"],
    );
    assert_eq!(code(&minted), 0, "{}", text(&minted.stderr));
    assert_eq!(text(&minted.stdout).trim().split('.').count(), 3);
    for wrong in [&["--role", "king"] as &[&str], &["--org-unit", "371"]] {
        let output = xiaoan(&below, &[&["token", "mint"], wrong].concat());
        assert_eq!(code(&output), 2);
    }
}

#[test]
fn json_stands_alone_on_stdout_and_the_demo_plan_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let output = xiaoan(folder.path(), &["demo", "plan", "--output", "json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert!(plan["commands"]["FileCase"].as_u64().is_some_and(|n| n > 6_000));
}

#[test]
fn every_shell_gets_a_completion_script() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = xiaoan(folder.path(), &["completion", shell]);
        assert_eq!(code(&output), 0);
        let script = text(&output.stdout);
        assert!(script.contains("standings") && !script.contains("owner-password"), "{shell}");
    }
}
