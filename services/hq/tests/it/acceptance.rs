//! The acceptance city: every row of `tests/acceptance/org-units.csv` goes in through the API.

use crate::house::{House, receipt};
use std::path::Path;
use xiaoan_kernel::{RequestId, parse_day};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1 as hq;

struct Row {
    code: String,
    kind: OrgKind,
    parent: String,
    name_zh: String,
    name_en: String,
    officers: Option<(time::Date, i32)>,
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/org-units.csv");
    let mut reader = csv::Reader::from_path(path).expect("the acceptance file");
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.expect("a row of seven fields");
        let kind = format!("ORG_KIND_{}", record[1].to_uppercase());
        let officers =
            parse_day(&record[5]).map(|day| (day, record[6].parse().expect("a number of officers")));
        rows.push(Row {
            code: record[0].to_owned(),
            kind: OrgKind::from_str_name(&kind).expect("a kind of the language"),
            parent: record[2].to_owned(),
            name_zh: record[3].to_owned(),
            name_en: record[4].to_owned(),
            officers,
        });
    }
    rows
}

/// Sends every row, with request ids that belong to the rows; gives the last position and whether all were repeats.
async fn import(house: &House, rows: &[Row]) -> (i64, bool) {
    let mut client = house.org_units();
    let (mut last, mut all_replayed) = (0, true);
    for row in rows {
        let registration = hq::RegisterOrgUnitRequest {
            request_id: RequestId::of(&format!("org-unit {}", row.code)).to_string(),
            code: row.code.clone(),
            kind: row.kind.into(),
            parent: row.parent.clone(),
            name_zh: row.name_zh.clone(),
            name_en: row.name_en.clone(),
            effective_on: None,
        };
        let answer = client.register_org_unit(registration).await.expect("a registered row");
        let mut receipts = vec![receipt(answer.into_inner().receipt)];
        if let Some((from, officers)) = row.officers {
            let headcount = hq::RecordHeadcountRequest {
                request_id: RequestId::of(&format!("headcount {} {from}", row.code)).to_string(),
                code: row.code.clone(),
                from: Some(from.into()),
                officers,
            };
            let answer = client.record_headcount(headcount).await.expect("a recorded headcount");
            receipts.push(receipt(answer.into_inner().receipt));
        }
        for receipt in receipts {
            last = last.max(receipt.position);
            all_replayed &= receipt.replayed;
        }
    }
    (last, all_replayed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acceptance_city_is_imported_once_with_its_tree_and_headcounts() {
    let rows = rows();
    assert_eq!(rows.len(), 25);
    let house = House::new().await;
    let (last, replayed) = import(&house, &rows).await;
    assert_eq!((last, replayed), (49, false), "25 units and 24 headcounts");
    assert_eq!(import(&house, &rows).await, (49, true), "the same file again imports nothing");

    let request = hq::ListOrgUnitsRequest { at_least: last };
    let listed = house.org_units().list_org_units(request).await.expect("a list").into_inner().org_units;
    let shown: Vec<_> = listed
        .iter()
        .map(|u| (u.code.clone(), u.kind, u.parent.clone(), u.name_zh.clone(), u.name_en.clone(), u.officers))
        .collect();
    // The file has parents before children and is in the order of codes, as the list is.
    let expected: Vec<_> = rows
        .iter()
        .map(|row| {
            let officers = row.officers.map_or(0, |(_, officers)| officers);
            let texts = (row.parent.clone(), row.name_zh.clone(), row.name_en.clone());
            (row.code.clone(), i32::from(row.kind), texts.0, texts.1, texts.2, officers)
        })
        .collect();
    assert_eq!(shown, expected);
}
