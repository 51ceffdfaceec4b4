//! The import of people: good rows, rejected rows, repeated files, dry runs.

use crate::world::*;
use std::collections::BTreeMap;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::import_volunteers_request::Part;
use xiaoan_proto::volunteers::v1::{
    ImportHeader, ImportVolunteersRequest, ImportVolunteersResponse, RowOutcome, VolunteerRow, VolunteerState,
};

fn row(line: i64, id: &str) -> VolunteerRow {
    VolunteerRow {
        line,
        volunteer_id: id.into(),
        org_unit: STATION.into(),
        name: "演示甲".into(),
        phone: "13900001234".into(),
        id_number: "37112119900228123X".into(),
        birth_date: "1990-02-28".into(),
        background: "护林员".into(),
        received_on: "2026-06-01".into(),
        vetting: "合格".into(),
        vetted_on: "2026-06-02".into(),
        vetting_expires_on: "2027-06-02".into(),
        enrolled_on: "2026-06-03".into(),
        squadron_id: SQUADRON.into(),
        malformed: String::new(),
    }
}

async fn import(caller: &Caller, rows: Vec<VolunteerRow>, dry_run: bool) -> ImportVolunteersResponse {
    let header = Part::Header(ImportHeader { dry_run, file_name: "people.csv".into() });
    let parts = std::iter::once(header).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts.map(|part| ImportVolunteersRequest { part: Some(part) }).collect();
    let stream = futures::stream::iter(messages);
    caller.people().import_volunteers(stream).await.expect("an import").into_inner()
}

/// Codes of every line that was rejected.
fn rejected(report: &ImportVolunteersResponse) -> BTreeMap<i64, Vec<String>> {
    let rows = report.reports.iter().filter(|r| r.outcome() == RowOutcome::Rejected);
    rows.map(|r| (r.line, r.findings.iter().map(|f| format!("{} {}", f.code, f.field)).collect())).collect()
}

#[tokio::test]
async fn good_rows_land_whole_and_the_same_file_twice_imports_nothing() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let applied = VolunteerRow {
        vetting: String::new(),
        vetted_on: String::new(),
        vetting_expires_on: String::new(),
        enrolled_on: String::new(),
        squadron_id: String::new(),
        ..row(4, "zz-3")
    };
    let failed = VolunteerRow {
        vetting: "不合格".into(),
        vetting_expires_on: String::new(),
        enrolled_on: String::new(),
        squadron_id: String::new(),
        ..row(5, "zz-4")
    };
    let rows = vec![row(2, "zz-1"), row(3, "zz-2"), applied, failed];
    let dry = import(&officer, rows.clone(), true).await;
    assert_eq!((dry.rows, dry.imported, dry.rejected, dry.position), (4, 4, 0, 0), "{dry:?}");
    let report = import(&officer, rows.clone(), false).await;
    assert_eq!((report.rows, report.imported, report.rejected), (4, 4, 0), "{report:?}");
    let state = |id: &'static str| {
        let officer = officer.clone();
        async move { officer.volunteer(id, report.position).await.state() }
    };
    assert_eq!(state("zz-1").await, VolunteerState::Enrolled);
    assert_eq!(state("zz-3").await, VolunteerState::Applied);
    assert_eq!(state("zz-4").await, VolunteerState::Rejected);
    let one = officer.volunteer("zz-1", 0).await;
    assert_eq!(one.provenance(), Provenance::LegacyImport);
    assert_eq!(one.squadron.map(|s| s.squadron_id), Some(SQUADRON.into()));

    let head = world.store().head().await.unwrap().position;
    let again = import(&world.chief(), rows, false).await;
    assert_eq!((again.imported, again.already_there, again.rejected), (0, 4, 0), "{again:?}");
    assert_eq!(world.store().head().await.unwrap().position, head);
}

#[tokio::test]
async fn every_row_that_is_wrong_is_rejected_with_all_its_codes_and_without_a_name() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let rows = vec![
        VolunteerRow { birth_date: "28.2.1990".into(), name: String::new(), ..row(2, "zz-1") },
        VolunteerRow { org_unit: ELSEWHERE.into(), squadron_id: String::new(), ..row(3, "zz-2") },
        VolunteerRow { org_unit: "371199990000".into(), ..row(4, "zz-3") },
        VolunteerRow { vetting: String::new(), ..row(5, "zz-4") },
        VolunteerRow { vetting_expires_on: "2026-06-02".into(), ..row(6, "zz-5") },
        VolunteerRow { squadron_id: "s-9".into(), ..row(7, "zz-6") },
        VolunteerRow { received_on: "2031-01-01".into(), ..row(8, "zz-7") },
        VolunteerRow { volunteer_id: "演示甲".into(), ..row(9, "") },
        VolunteerRow { malformed: "3 cells where the header has 13".into(), ..row(10, "") },
        row(11, "zz-8"),
    ];
    let report = import(&officer, rows, false).await;
    assert_eq!((report.rows, report.imported, report.rejected), (10, 1, 9));
    let expected: BTreeMap<i64, Vec<String>> = [
        (2, vec!["GE-006 birth_date", "GE-006 name"]),
        (3, vec!["GE-004 org_unit"]),
        (4, vec!["CB-001 org_unit"]),
        (5, vec!["GE-006 vetting"]),
        (6, vec!["VO-002 "]),
        (7, vec!["SQUADRON-UNKNOWN "]),
        (8, vec!["CB-003 received_on"]),
        (9, vec!["GE-006 volunteer_id"]),
        (10, vec!["GE-006 malformed"]),
    ]
    .into_iter()
    .map(|(line, codes)| (line, codes.into_iter().map(str::to_owned).collect()))
    .collect();
    assert_eq!(rejected(&report), expected);
    assert!(!format!("{report:?}").contains("演示甲"));
}

#[tokio::test]
async fn an_id_that_is_there_with_other_content_is_reported_never_overwritten() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    officer.people().receive_application(application("zz-1")).await.unwrap();
    let other = VolunteerRow { phone: "13900009999".into(), ..row(4, "zz-2") };
    let report = import(&officer, vec![row(2, "zz-1"), row(3, "zz-2"), other, row(5, "zz-2")], false).await;
    assert_eq!((report.imported, report.already_there, report.rejected), (1, 1, 2), "{report:?}");
    let rejected = rejected(&report);
    assert_eq!(rejected[&2], ["GE-002 volunteer_id"]);
    assert_eq!(rejected[&4], ["GE-002 volunteer_id"]);
    let request = v1::GetVolunteerHistoryRequest { volunteer_id: "zz-1".into() };
    let entries = officer.people().get_volunteer_history(request).await.unwrap().into_inner().entries;
    assert_eq!(entries.len(), 1);
}
