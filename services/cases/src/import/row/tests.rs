use super::*;
use crate::case::story::Desk;
use std::collections::{BTreeMap, BTreeSet};
use time::macros::datetime;

/// A good row of the story's city.
fn good() -> CaseRow {
    CaseRow {
        line: 2,
        case_no: "A3711020100002026060001".into(),
        org_unit: "371102010000".into(),
        category: "050201".into(),
        reported_at: "2026-06-07 01:58".into(),
        occurred_at: "2026-06-06 11:58".into(),
        filed_on: "2026-06-07".into(),
        loss_yuan: "2600".into(),
        preventable: "是".into(),
        solved_on: "2026-06-24".into(),
        solve_manner: "直接".into(),
        arrests: "2".into(),
        recovered_yuan: "1300.0".into(),
        ..Default::default()
    }
}

fn codes(row: &CaseRow) -> Vec<&'static str> {
    let desk = Desk::default();
    let judged = judge(row, &desk.moment("clerk-1"), |_| true);
    assert_eq!(judged.case.is_none(), judged.remarks.reject());
    judged.remarks.findings().iter().map(|f| f.code).collect()
}

#[track_caller]
fn says(expected: &[&str], change: impl FnOnce(&mut CaseRow)) {
    let mut row = good();
    change(&mut row);
    assert_eq!(codes(&row), expected, "{row:?}");
}

#[test]
fn a_good_row_is_read_to_the_minute_and_the_fen() {
    let desk = Desk::default();
    let case = judge(&good(), &desk.moment("clerk-1"), |_| true).case.expect("it is good");
    assert_eq!(case.reported_at, datetime!(2026-06-07 1:58 +8));
    assert_eq!((case.loss_fen, case.recovered_fen, case.arrests), (260_000, 130_000, 2));
    assert_eq!(case.solved.map(|(_, manner)| manner), Some(SolveManner::Direct));
    assert_eq!(case.withdrawn, None);
}

#[test]
fn english_words_are_read_as_well() {
    says(&[], |r| (r.preventable, r.solve_manner) = ("No".into(), "brought".into()));
}

#[test]
fn what_cannot_be_read_is_malformed() {
    says(&["GE-006"], |r| r.malformed = "16 columns instead of 14".into());
    says(&["GE-006"], |r| r.filed_on = "2021-02-30".into());
    says(&["GE-006"], |r| r.loss_yuan = "abc".into());
    says(&["GE-006"], |r| r.arrests = "-1".into());
    says(&["GE-006"], |r| r.arrests = "1001".into());
    says(&["GE-006"], |r| r.preventable = "也许".into());
    says(&["GE-006"], |r| r.solve_manner = "猜".into());
    says(&["GE-006"], |r| r.case_no = "X".into());
    says(&["GE-006"], |r| r.reported_at = "昨天".into());
    says(&["GE-006"], |r| r.recovered_yuan = "1,300".into());
    says(&["GE-006"; 6], |r| {
        *r = CaseRow { solve_manner: String::new(), org_unit: r.org_unit.clone(), ..Default::default() };
    });
}

#[test]
fn each_code_of_the_catalogue_has_a_failing_row() {
    says(&["CB-001"], |r| r.org_unit = "999999999999".into());
    says(&["CB-001"], |r| r.org_unit = "3711".into());
    says(&["CB-002"], |r| r.category = "050200".into());
    says(&["CB-002"], |r| r.category = "999999".into());
    says(&["CB-003"], |r| r.solved_on = "2031-01-01".into());
    says(&["CB-003"], |r| r.reported_at = "2031-01-01 00:00".into());
    says(&["CB-004"], |r| r.solved_on = "2026-06-06".into());
    says(&["CB-005"], |r| r.filed_on = "2026-06-06".into());
    says(&["CB-005"], |r| r.occurred_at = "2026-06-07 01:59".into());
    says(&["CB-012"], |r| r.recovered_yuan = "2600.01".into());
    says(&[], |r| r.recovered_yuan = "2600".into());
    says(&["CB-013"], |r| {
        (r.category, r.loss_yuan, r.recovered_yuan) = ("050223".into(), "0".into(), "0".into());
    });
}

#[test]
fn a_withdrawal_needs_its_day_and_one_of_six_grounds() {
    let withdrawn = |on: &str, ground: &str| {
        let (on, ground) = (on.to_owned(), ground.to_owned());
        move |r: &mut CaseRow| {
            (r.solved_on, r.solve_manner) = (String::new(), String::new());
            (r.withdrawn_on, r.withdrawal_ground) = (on, ground);
        }
    };
    says(&[], withdrawn("2026-06-10", "1"));
    says(&["CB-011"], withdrawn("2026-06-10", "9"));
    says(&["CB-011"], withdrawn("2026-06-10", ""));
    says(&["CB-011"], withdrawn("", "2"));
    says(&["GE-006"], withdrawn("2026-06-06", "2"));
    says(&["CB-003"], withdrawn("2031-06-06", "2"));
}

#[test]
fn a_row_both_solved_and_withdrawn_contradicts_itself() {
    says(&["GE-006"], |r| (r.withdrawn_on, r.withdrawal_ground) = ("2026-06-25".into(), "2".into()));
    says(&["GE-006"], |r| r.solved_on = String::new());
}

#[test]
fn what_depends_on_a_broken_value_is_not_judged() {
    // solved before a filing in the future is not "solved before filed"
    says(&["CB-003"], |r| r.filed_on = "2031-01-01".into());
    // recovered more than an unreadable loss is not "recovered more than lost"
    says(&["GE-006"], |r| (r.loss_yuan, r.recovered_yuan) = ("abc".into(), "99999999".into()));
    // a unit that was not there yet is not judged on a day that is none
    says(&["GE-006"], |r| r.filed_on = "2021-02-30".into());
    // but what does not depend on it is
    says(&["GE-006", "CB-002"], |r| (r.filed_on, r.category) = ("2021-02-30".into(), "050200".into()));
}

#[test]
fn every_code_that_applies_is_said() {
    says(&["CB-001", "CB-002", "CB-004", "CB-012"], |r| {
        r.org_unit = "999999999999".into();
        r.category = "050200".into();
        r.solved_on = "2001-01-01".into();
        r.recovered_yuan = "99999999".into();
    });
}

#[test]
fn warnings_do_not_reject() {
    says(&["CB-014"], |r| r.loss_yuan = "1000000".into());
    says(&[], |r| r.loss_yuan = "999999.99".into());
    says(&["CB-017"], |r| (r.loss_yuan, r.recovered_yuan) = ("1999.99".into(), "0".into()));
    says(&[], |r| (r.loss_yuan, r.recovered_yuan) = ("2000".into(), "0".into()));
}

#[test]
fn a_row_of_another_bureau_is_not_the_callers_to_write() {
    let desk = Desk::default();
    let judged = judge(&good(), &desk.moment("clerk-1"), |_| false);
    assert_eq!(judged.remarks.findings()[0].code, "GE-004");
}

#[test]
fn two_spellings_of_one_content_are_one_content() {
    let desk = Desk::default();
    let canonical = |row: &CaseRow| judge(row, &desk.moment("x"), |_| true).case.expect("good").canonical();
    let other = CaseRow { recovered_yuan: "1300.00".into(), preventable: "yes".into(), line: 9, ..good() };
    assert_eq!(canonical(&good()), canonical(&other));
    let changed = CaseRow { recovered_yuan: "1300.01".into(), ..good() };
    assert_ne!(canonical(&good()), canonical(&changed));
}

/// The project's own acceptance data: exactly these lines are rejected, with exactly these codes.
#[test]
fn the_cases_of_june_are_rejected_exactly_as_expected() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/acceptance/");
    let desk = acceptance_desk(&std::fs::read_to_string(format!("{folder}org-units.csv")).unwrap());
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}cases-2026-06.expected.json")).unwrap())
            .unwrap();
    let bytes = std::fs::read(format!("{folder}cases-2026-06.csv")).unwrap();
    let (text, _, broken) = encoding_rs::GB18030.decode(&bytes);
    assert!(!broken);

    let mut found = Vec::new();
    let mut contents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut good = 0;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0_i64;
    for (record, line) in reader.records().zip(2_i64..) {
        let row = row_of(&record.unwrap(), line);
        rows += 1;
        let judged = judge(&row, &desk.moment("clerk-1"), |_| true);
        let said = judged.remarks.findings();
        if judged.remarks.reject() {
            found.extend(said.iter().map(|f| serde_json::json!([line, f.code])));
        } else {
            assert!(said.is_empty(), "line {line}: no warning is expected: {said:?}");
            good += 1;
            let case = judged.case.unwrap();
            contents.entry(case.case_no.clone()).or_default().insert(case.canonical());
        }
    }
    assert_eq!(serde_json::Value::from(found), expected["rejected"]);
    assert_eq!(expected["rows"], rows);
    assert!(contents.values().all(|c| c.len() == 1), "no case number has two contents");
    assert_eq!(expected["imported"], contents.len());
    assert_eq!(expected["duplicate_rows"], good - contents.len());
}

fn acceptance_desk(org_units: &str) -> Desk {
    let mut units = xiaoan_kernel::OrgTree::default();
    for record in csv::Reader::from_reader(org_units.trim_start_matches('\u{feff}').as_bytes()).records() {
        let record = record.unwrap();
        let code = OrgCode::parse(&record[0]).unwrap();
        units.place(code, OrgCode::parse(&record[2]).ok(), time::macros::date!(2020 - 01 - 01));
    }
    Desk { units, ..Desk::default() }
}

fn row_of(record: &csv::StringRecord, line: i64) -> CaseRow {
    let cell = |n: usize| record[n].trim().to_owned();
    CaseRow {
        line,
        case_no: cell(0),
        org_unit: cell(1),
        category: cell(2),
        reported_at: cell(3),
        occurred_at: cell(4),
        filed_on: cell(5),
        loss_yuan: cell(6),
        preventable: cell(7),
        solved_on: cell(8),
        solve_manner: cell(9),
        arrests: cell(10),
        recovered_yuan: cell(11),
        withdrawn_on: cell(12),
        withdrawal_ground: cell(13),
        malformed: String::new(),
    }
}
