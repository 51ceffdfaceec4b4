//! The import: the acceptance file, repeated rows, corrected rows, dry runs.

use crate::world::*;
use std::collections::BTreeMap;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::import_cases_request::Part;
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesRequest, ImportCasesResponse, ImportHeader, RowOutcome};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_testkit::DEADLINE;

fn messages(rows: Vec<CaseRow>, dry_run: bool) -> Vec<ImportCasesRequest> {
    let header = Part::Header(ImportHeader { dry_run, file_name: "cases.csv".into() });
    std::iter::once(header)
        .chain(rows.into_iter().map(Part::Row))
        .map(|part| ImportCasesRequest { part: Some(part) })
        .collect()
}

async fn import(caller: &Caller, rows: Vec<CaseRow>, dry_run: bool) -> ImportCasesResponse {
    let mut stream = tonic::Request::new(tokio_stream::iter(messages(rows, dry_run)));
    stream.set_timeout(DEADLINE);
    caller.cases().import_cases(stream).await.expect("an import").into_inner()
}

/// The acceptance file, decoded.
fn june_rows() -> Vec<CaseRow> {
    let bytes = include_bytes!("../../../../tests/acceptance/cases-2026-06.csv");
    let (text, _, broken) = encoding_rs::GB18030.decode(bytes);
    assert!(!broken);
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .zip(2_i64..)
        .map(|(record, line)| {
            let record = record.expect("a row");
            let cell = |n: usize| record[n].to_owned();
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
        })
        .collect()
}

fn row(line: i64, n: usize) -> CaseRow {
    CaseRow {
        line,
        case_no: number(n),
        org_unit: STATION.into(),
        category: "050201".into(),
        reported_at: "2026-06-07 01:58".into(),
        occurred_at: "2026-06-06 11:58".into(),
        filed_on: "2026-06-07".into(),
        loss_yuan: "2600".into(),
        preventable: "是".into(),
        ..Default::default()
    }
}

fn outcomes(response: &ImportCasesResponse) -> Vec<(i64, RowOutcome, Vec<&str>)> {
    response
        .reports
        .iter()
        .map(|r| (r.line, r.outcome(), r.findings.iter().map(|f| f.code.as_str()).collect()))
        .collect()
}

#[tokio::test]
async fn the_cases_of_june_land_exactly_as_expected_and_only_once() {
    let world = World::start().await;
    let clerk = world.caller("clerk-1", CITY, &["officer"]);
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/acceptance/cases-2026-06.expected.json"))
            .unwrap();

    let dry = import(&clerk, june_rows(), true).await;
    assert_eq!(world.store().head().await.unwrap().position, 0, "a dry run writes nothing");
    let real = import(&clerk, june_rows(), false).await;
    assert_eq!(ImportCasesResponse { position: 0, ..real.clone() }, dry, "a dry run reports the same");

    assert_eq!(expected["rows"], real.rows);
    assert_eq!(expected["imported"], real.imported);
    assert_eq!(expected["duplicate_rows"], real.already_there);
    let rejected: Vec<_> = real
        .reports
        .iter()
        .filter(|r| r.outcome() == RowOutcome::Rejected)
        .flat_map(|r| r.findings.iter().map(|f| serde_json::json!([r.line, f.code])))
        .collect();
    assert_eq!(serde_json::Value::from(rejected), expected["rejected"]);
    assert_eq!(world.store().head().await.unwrap().position, real.position);

    for dry_run in [true, false] {
        let again = import(&clerk, june_rows(), dry_run).await;
        assert_eq!(
            (again.imported, again.rejected),
            (0, real.rejected),
            "the same file twice brings nothing new"
        );
        assert_eq!(again.already_there, real.imported + real.already_there);
    }
    assert_eq!(world.store().head().await.unwrap().position, real.position);

    // filed in June by station, without what was withdrawn for no crime: the denominators of the standings
    let mut filed: BTreeMap<String, i64> = BTreeMap::new();
    let mut request = v1::ListCasesRequest {
        filed_from: june(1),
        filed_to: june(30),
        page_size: 100,
        at_least: real.position,
        ..Default::default()
    };
    loop {
        let page = clerk.cases().list_cases(request.clone()).await.unwrap().into_inner();
        for case in page.cases {
            assert_eq!(case.provenance(), Provenance::LegacyImport);
            if case.withdrawal_ground() != v1::WithdrawalGround::NoCrime {
                *filed.entry(case.org_unit).or_default() += 1;
            }
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    for station in expected["standings"].as_array().unwrap() {
        let org = station["org"].as_str().unwrap();
        assert_eq!(station["filed"], filed.get(org).copied().unwrap_or_default(), "{org}");
    }
}

#[tokio::test]
async fn a_row_with_other_content_than_what_is_there_is_reported_not_taken() {
    let world = World::start().await;
    let clerk = world.officer();
    let first = import(&clerk, vec![row(2, 1)], false).await;
    assert_eq!(first.imported, 1);
    let changed = CaseRow { loss_yuan: "2601".into(), ..row(2, 1) };
    let respelled = CaseRow { loss_yuan: "2600.00".into(), ..row(3, 1) };
    for dry_run in [true, false] {
        let again = import(&clerk, vec![changed.clone(), respelled.clone()], dry_run).await;
        assert_eq!(
            outcomes(&again),
            [(2, RowOutcome::Rejected, vec!["GE-002"]), (3, RowOutcome::AlreadyThere, vec![])]
        );
    }
}

#[tokio::test]
async fn rows_of_one_number_in_a_file_are_taken_in_the_order_of_their_lines() {
    let world = World::start().await;
    let clerk = world.officer();
    let rows = || {
        let bad = CaseRow { loss_yuan: "abc".into(), ..row(2, 1) };
        let other = CaseRow { loss_yuan: "1".into(), ..row(5, 1) };
        vec![bad, row(3, 1), row(4, 1), other, row(6, 2)]
    };
    for dry_run in [true, false] {
        let taken = import(&clerk, rows(), dry_run).await;
        assert_eq!(
            outcomes(&taken),
            [
                (2, RowOutcome::Rejected, vec!["GE-006"]),
                (4, RowOutcome::AlreadyThere, vec![]),
                (5, RowOutcome::Rejected, vec!["GE-002"]),
            ],
            "dry_run {dry_run}"
        );
        assert_eq!((taken.rows, taken.imported, taken.already_there, taken.rejected), (5, 2, 1, 2));
    }
}

#[tokio::test]
async fn a_case_filed_through_the_api_is_not_imported_over() {
    let world = World::start().await;
    world.officer().file(burglary(&number(1))).await.unwrap();
    for dry_run in [true, false] {
        let taken = import(&world.officer(), vec![row(2, 1)], dry_run).await;
        assert_eq!(outcomes(&taken), [(2, RowOutcome::Rejected, vec!["GE-002"])]);
    }
}

#[tokio::test]
async fn a_clerk_imports_only_for_their_own_subtree() {
    let world = World::start().await;
    let elsewhere = CaseRow { org_unit: ELSEWHERE.into(), ..row(2, 1) };
    let taken = import(&world.chief(), vec![elsewhere, row(3, 2)], false).await;
    assert_eq!(outcomes(&taken), [(2, RowOutcome::Rejected, vec!["GE-004"])]);
    assert_eq!(taken.imported, 1);
}

#[tokio::test]
async fn warnings_are_reported_and_do_not_reject() {
    let world = World::start().await;
    let rows = vec![
        CaseRow { loss_yuan: "1000000".into(), ..row(2, 1) },
        CaseRow { loss_yuan: "1999".into(), ..row(3, 2) },
    ];
    let taken = import(&world.officer(), rows, false).await;
    assert_eq!(
        outcomes(&taken),
        [(2, RowOutcome::Imported, vec!["CB-014"]), (3, RowOutcome::Imported, vec!["CB-017"])]
    );
}

#[tokio::test]
async fn an_import_begins_with_its_header_and_goes_on_with_rows() {
    let world = World::start().await;
    let mut cases = world.officer().cases();
    for parts in [
        vec![],
        vec![ImportCasesRequest { part: Some(Part::Row(row(2, 1))) }],
        [messages(vec![], false), messages(vec![], false)].concat(),
        vec![messages(vec![], false)[0].clone(), ImportCasesRequest { part: None }],
    ] {
        let answer = cases.import_cases(tokio_stream::iter(parts)).await;
        assert_eq!(refused(answer), no(Code::InvalidArgument, "GE-006"));
    }
}

#[tokio::test]
async fn an_imported_case_goes_on_like_any_other() {
    let world = World::start().await;
    let officer = world.officer();
    let solved = CaseRow {
        solved_on: "2026-06-24".into(),
        solve_manner: "带破".into(),
        arrests: "2".into(),
        recovered_yuan: "1300.0".into(),
        ..row(2, 1)
    };
    let taken = import(&officer, vec![solved], false).await;
    assert_eq!(taken.position, 4);
    let case = officer.case(&number(1), taken.position).await;
    assert_eq!(case.proposed_by, "legacy-import");
    let revoke = v1::RevokeSolveRequest {
        request_id: id(),
        case_no: number(1),
        etag: case.etag,
        reason: "重复统计".into(),
    };
    officer.cases().revoke_solve(revoke).await.unwrap();
}
