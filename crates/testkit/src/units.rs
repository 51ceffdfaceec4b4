//! The org units of the acceptance data, as headquarters' log would bring them.

use crate::TestDb;
use time::OffsetDateTime;
use xiaoan_directory::{Directory, OrgUnitEvent, STREAM_KIND};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::EventSet;
use xiaoan_projection::Projection;
use xiaoan_proto::core::v1::{Date, OrgKind};
use xiaoan_proto::hq::v1::OrgUnitRegistered;

/// Registers them in a service's directory, recorded at `now`, in force since 2020.
pub async fn register_units(db: &TestDb, now: OffsetDateTime) {
    let text = include_str!("../../../tests/acceptance/org-units.csv");
    let events: Vec<_> = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes())
        .records()
        .zip(1_i64..)
        .map(|(record, position)| {
            let record = record.unwrap_or_else(|e| panic!("org-units.csv: {e}"));
            let kind = match &record[1] {
                "city_bureau" => OrgKind::CityBureau,
                "county_bureau" => OrgKind::CountyBureau,
                "port_bureau" => OrgKind::PortBureau,
                "port_station" => OrgKind::PortStation,
                _ => OrgKind::Station,
            };
            let event = OrgUnitEvent::from(OrgUnitRegistered {
                code: record[0].into(),
                kind: kind.into(),
                parent: record[2].into(),
                name_zh: record[3].into(),
                name_en: record[4].into(),
                effective_on: Some(Date { year: 2020, month: 1, day: 1 }),
            });
            RecordedEvent {
                source: "hq".into(),
                position,
                stream: format!("{STREAM_KIND}-{}", &record[0]),
                version: 1,
                r#type: event.type_name(),
                payload: event.encode().into(),
                recorded_at: Some(xiaoan_proto::timestamp(now)),
                ..Default::default()
            }
        })
        .collect();
    let registered = async {
        let directory = Directory::load(db.pool()).await?;
        let mut tx = db.pool().begin().await?;
        directory.apply(&mut tx, &events).await?;
        tx.commit().await?;
        Ok::<_, anyhow::Error>(())
    };
    registered.await.unwrap_or_else(|e| panic!("the units are not registered: {e:#}"));
}
