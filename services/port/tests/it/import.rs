//! The import of incidents: rejected rows, the same file twice, dry runs.

use crate::world::*;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::import_incidents_request::Part;
use xiaoan_proto::port::v1::*;
use xiaoan_testkit::DEADLINE;

async fn import(caller: &Caller, rows: Vec<IncidentRow>, dry_run: bool) -> ImportIncidentsResponse {
    let header = Part::Header(ImportHeader { dry_run, file_name: "incidents.csv".into() });
    let messages: Vec<_> = std::iter::once(header)
        .chain(rows.into_iter().map(Part::Row))
        .map(|part| ImportIncidentsRequest { part: Some(part) })
        .collect();
    let mut stream = tonic::Request::new(tokio_stream::iter(messages));
    stream.set_timeout(DEADLINE);
    caller.incidents().import_incidents(stream).await.expect("an import").into_inner()
}

fn row(line: i64, incident_no: &str) -> IncidentRow {
    IncidentRow {
        line,
        incident_no: incident_no.into(),
        org_unit: STATION.into(),
        kind: "拥堵".into(),
        reported_at: "2021-05-02 08:15".into(),
        place: "2号门".into(),
        outcome: "恢复".into(),
        ended_at: "2021-05-02 09:00".into(),
        closed_at: "2021-05-02 09:30".into(),
        ..Default::default()
    }
}

fn rows() -> Vec<IncidentRow> {
    let channel = IncidentRow {
        kind: "channel".into(),
        outcome: "referred".into(),
        referred_to: "msa".into(),
        receipt_no: "海-1".into(),
        ..row(3, "2021-002")
    };
    let bad = IncidentRow { kind: "地震".into(), reported_at: "昨天".into(), ..row(4, "2021-003") };
    let elsewhere = IncidentRow { org_unit: ELSEWHERE.into(), ..row(5, "2021-004") };
    let other = IncidentRow { place: "3号门".into(), ..row(7, "2021-001") };
    vec![row(2, "2021-001"), channel, bad, elsewhere, row(6, "2021-001"), other]
}

#[tokio::test]
async fn good_rows_land_once_and_every_bad_row_is_reported() {
    let world = World::start().await;
    let clerk = world.caller("clerk-1", BUREAU, &["officer"]);
    let dry = import(&clerk, rows(), true).await;
    assert_eq!(world.store().head().await.unwrap().position, 0, "a dry run writes nothing");
    let real = import(&clerk, rows(), false).await;
    assert_eq!(ImportIncidentsResponse { position: 0, ..real.clone() }, dry, "a dry run reports the same");
    assert_eq!((real.rows, real.imported, real.already_there, real.rejected), (6, 2, 1, 3));
    let reported: Vec<_> = real
        .reports
        .iter()
        .map(|r| (r.line, r.outcome(), r.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        reported,
        [
            (4, RowOutcome::Rejected, vec!["GE-006", "GE-006"]),
            (5, RowOutcome::Rejected, vec!["GE-004"]),
            (6, RowOutcome::AlreadyThere, vec![]),
            (7, RowOutcome::Rejected, vec!["GE-002"]),
        ]
    );
    let channel = clerk.incident("2021-002", real.position).await;
    assert_eq!((channel.state(), channel.referred_to()), (IncidentState::Closed, Authority::Msa));
    assert_eq!(channel.provenance(), Provenance::LegacyImport);

    let somebody_else = world.caller("clerk-2", BUREAU, &["registrar"]);
    let again = import(&somebody_else, rows(), false).await;
    assert_eq!((again.imported, again.already_there, again.rejected, again.position), (0, 3, 3, 0));
    assert_eq!(world.store().head().await.unwrap().position, real.position);
}
