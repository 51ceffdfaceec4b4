//! Share of `port`: facts rows P1 (68 incidents since late April), P3 (20 guards with authority) and P5 (120,000 vehicles
//! directed), all of the port bureau's two stations, until 2021-07-10.

use super::stage::{Actor, Share, Shown, Tale, counted, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use futures::future::LocalBoxFuture;
use time::macros::{date, time};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::CITY_OFFSET;
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::{Authority, IncidentKind};
use xiaoan_proto::timestamp;

demo_commands! { Port, incident:
    v1::ReportIncidentRequest => report_incident,
    v1::ClassifyIncidentRequest => classify_incident,
    v1::DispatchIncidentRequest => dispatch_incident,
    v1::ArriveAtIncidentRequest => arrive_at_incident,
    v1::ControlIncidentRequest => control_incident,
    v1::RestoreIncidentRequest => restore_incident,
    v1::ReferIncidentRequest => refer_incident,
    v1::CloseIncidentRequest => close_incident,
}
demo_commands! { Port, guard:
    v1::RegisterGuardRequest => register_guard,
    v1::RecordGuardTrainingRequest => record_guard_training,
    v1::RecordGuardTestRequest => record_guard_test,
    v1::AuthoriseGuardRequest => authorise_guard,
}
demo_commands! { Port, freight: v1::DirectFreightTrafficRequest => direct_freight_traffic }
demo_commands! { Port, accident:
    v1::ReportAccidentRequest => report_accident,
    v1::FixEvidenceRequest => fix_evidence,
    v1::ClearSceneRequest => clear_scene,
    v1::SignSettlementRequest => sign_settlement,
    v1::CloseAccidentRequest => close_accident,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Port,
    title_zh: "港航",
    title_en: "port",
    commands: || counted(phases().iter().flatten()),
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded,
    figures,
};

/// The port bureau.
const BUREAU: &str = "371190000000";
/// Its two stations.
const STATIONS: [&str; 2] = ["371190010000", "371190020000"];
/// P1.
const INCIDENTS: usize = 68;
/// P3.
const GUARDS: usize = 20;
/// P5.
const VEHICLES: i64 = 120_000;
/// Days on which traffic was directed, each with one record of a station.
const TRAFFIC_DAYS: usize = 60;
/// "Since late April".
const FIRST_DAY: Date = date!(2021 - 04 - 22);
/// Day on which the page's figures end.
const LAST_DAY: Date = date!(2021 - 07 - 10);
/// Days on which the guards were trained, tested, given authority; and their term.
const GUARD_DAYS: [Date; 5] = [
    date!(2021 - 05 - 10),
    date!(2021 - 05 - 14),
    date!(2021 - 05 - 18),
    date!(2021 - 05 - 20),
    date!(2022 - 05 - 19),
];
/// Minor accidents that the parties settled, guided by a guard.
const SETTLEMENTS: usize = 3;

/// Guards, incidents and traffic first; the settlements find their guards and incidents there, the last one closes the share.
fn phases() -> Vec<Vec<Tale>> {
    let first =
        (0..GUARDS).map(guard).chain((0..INCIDENTS).map(incident)).chain((0..TRAFFIC_DAYS).map(traffic));
    let settled = (0..SETTLEMENTS - 1).map(settlement).collect();
    vec![first.collect(), settled, vec![settlement(SETTLEMENTS - 1)]]
}

/// The n-th of `of` days between the first and the last.
fn day(n: usize, of: usize) -> Date {
    let days = usize::try_from((LAST_DAY - FIRST_DAY).whole_days()).unwrap_or_default();
    let offset = i64::try_from(n * days / (of - 1).max(1)).unwrap_or_default();
    FIRST_DAY + Duration::days(offset)
}

fn kind(n: usize) -> IncidentKind {
    // 30 congestions, 18 traffic, 8 security, 6 channel, 3 fire, 3 hazmat.
    match n % 34 {
        0..=14 => IncidentKind::Congestion,
        15..=23 => IncidentKind::Traffic,
        24..=27 => IncidentKind::Security,
        28..=30 => IncidentKind::Channel,
        31 => IncidentKind::Fire,
        32 => {
            if n < 34 {
                IncidentKind::Fire
            } else {
                IncidentKind::Hazmat
            }
        }
        _ => IncidentKind::Hazmat,
    }
}

fn incident_id(n: usize) -> String {
    format!("demo-port-incident-{:02}", n + 1)
}

fn incident(n: usize) -> Tale {
    let unit = STATIONS[n % STATIONS.len()];
    let officer = Actor::officer(unit);
    let hour = i64::try_from(6 + n * 5 % 14).unwrap_or_default();
    let minute = i64::try_from(n * 7 % 60).unwrap_or_default();
    let reported = day(n, INCIDENTS).midnight().assume_offset(CITY_OFFSET)
        + Duration::hours(hour)
        + Duration::minutes(minute);
    let after = |minutes: usize| at(reported, minutes);
    let (incident_id, kind) = (incident_id(n), kind(n));
    let crew = format!("demo-patrol-{}", 1 + n % 6);
    let report = v1::ReportIncidentRequest {
        incident_id: incident_id.clone(),
        org_unit: unit.into(),
        kind: kind.into(),
        reported_at: after(0),
        place: format!("演示{}号门", 1 + n % 9),
        description: "演示事件".into(),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    };
    let id = || incident_id.clone();
    let classify = v1::ClassifyIncidentRequest { incident_id: id(), kind: kind.into(), ..Default::default() };
    let dispatch = v1::DispatchIncidentRequest {
        incident_id: id(),
        crews: vec![crew.clone()],
        dispatched_at: after(2),
        ..Default::default()
    };
    let arrive = v1::ArriveAtIncidentRequest {
        incident_id: id(),
        crew,
        arrived_at: after(6 + n % 9),
        ..Default::default()
    };
    let control = v1::ControlIncidentRequest {
        incident_id: id(),
        controlled_at: after(20 + n % 15),
        ..Default::default()
    };
    let mut tale = Tale::new("port", incident_id.clone())
        .with(&officer, report)
        .with(&officer, classify)
        .with(&officer, dispatch)
        .with(&officer, arrive)
        .with(&officer, control);
    let ended = 40 + n % 30;
    match authority(kind) {
        Some(to) => tale.add(
            &officer,
            v1::ReferIncidentRequest {
                incident_id: id(),
                to: to.into(),
                receipt_no: format!("演示回执{:03}", n + 1),
                referred_at: after(ended),
                ..Default::default()
            },
        ),
        None => tale.add(
            &officer,
            v1::RestoreIncidentRequest { incident_id: id(), restored_at: after(ended), ..Default::default() },
        ),
    }
    tale.with(
        &officer,
        v1::CloseIncidentRequest { incident_id: id(), closed_at: after(ended + 15), ..Default::default() },
    )
}

/// Who takes what is not ours.
fn authority(kind: IncidentKind) -> Option<Authority> {
    match kind {
        IncidentKind::Channel => Some(Authority::Msa),
        IncidentKind::Fire => Some(Authority::Fire),
        IncidentKind::Hazmat => Some(Authority::Port),
        IncidentKind::Unspecified
        | IncidentKind::Congestion
        | IncidentKind::Traffic
        | IncidentKind::Security => None,
    }
}

fn at(from: OffsetDateTime, minutes: usize) -> Option<prost_types::Timestamp> {
    Some(timestamp(from + Duration::minutes(i64::try_from(minutes).unwrap_or_default())))
}

/// Two thousand vehicles on average; what one station directs more the other directs less.
fn traffic(n: usize) -> Tale {
    let unit = STATIONS[n % STATIONS.len()];
    let swing = i64::try_from(n / 2 * 37 % 400).unwrap_or_default();
    let average = VEHICLES / i64::try_from(TRAFFIC_DAYS).unwrap_or(1);
    let from = day(n, TRAFFIC_DAYS).with_time(time!(6:00)).assume_offset(CITY_OFFSET);
    let record_id = format!("demo-port-traffic-{:02}", n + 1);
    let direct = v1::DirectFreightTrafficRequest {
        record_id: record_id.clone(),
        org_unit: unit.into(),
        vehicles: if n.is_multiple_of(2) { average + swing } else { average - swing },
        from: at(from, 0),
        to: at(from, 12 * 60),
        place: "演示疏港路".into(),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    };
    Tale::new("port", record_id).with(&Actor::officer(unit), direct)
}

fn guard_id(n: usize) -> String {
    format!("demo-port-guard-{:02}", n + 1)
}

fn guard(n: usize) -> Tale {
    let officer = Actor::officer(BUREAU);
    let [trained, tested, authorised, from, to] = GUARD_DAYS;
    let id = || guard_id(n);
    let register = v1::RegisterGuardRequest {
        guard_id: id(),
        org_unit: BUREAU.into(),
        person: Some(PersonInput { name: format!("演示保安{:02}", n + 1), ..Default::default() }),
        account: format!("demo-guard-{:02}", n + 1),
        employer: "演示港务公司".into(),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    };
    let train = v1::RecordGuardTrainingRequest {
        guard_id: id(),
        course: "轻微事故快处".into(),
        trained_on: Some(trained.into()),
        hours: 16,
        ..Default::default()
    };
    let test = v1::RecordGuardTestRequest {
        guard_id: id(),
        tested_on: Some(tested.into()),
        points: i32::try_from(80 + n).unwrap_or(100),
        passed: true,
        ..Default::default()
    };
    let authorise = v1::AuthoriseGuardRequest {
        guard_id: id(),
        authorised_on: Some(authorised.into()),
        from: Some(from.into()),
        to: Some(to.into()),
        document: "演示港区交通联席会议纪要".into(),
        ..Default::default()
    };
    Tale::new("port", guard_id(n))
        .with(&officer, register)
        .with(&officer, train)
        .with(&officer, test)
        .with(&officer, authorise)
}

fn accident_id(n: usize) -> String {
    format!("demo-port-accident-{}", n + 1)
}

/// Two trucks touch, nobody is hurt: a guard guides the drivers, who settle it themselves.
fn settlement(n: usize) -> Tale {
    let unit = STATIONS[n % STATIONS.len()];
    let officer = Actor::officer(unit);
    let day = date!(2021 - 06 - 01) + Duration::days(i64::try_from(n * 9).unwrap_or_default());
    let occurred = day.with_time(time!(10:20)).assume_offset(CITY_OFFSET);
    let after = |minutes: usize| at(occurred, minutes);
    let id = || accident_id(n);
    let party = |party_id: &str, name: &str| v1::PartyInput {
        party_id: party_id.into(),
        vehicle: "集装箱货车".into(),
        person: Some(PersonInput { name: name.into(), ..Default::default() }),
        ..Default::default()
    };
    let report = v1::ReportAccidentRequest {
        accident_id: id(),
        org_unit: unit.into(),
        occurred_at: after(0),
        place: "演示堆场".into(),
        parties: vec![party("A", "演示甲"), party("B", "演示乙")],
        facts: Some(v1::AccidentFacts { harm: v1::Harm::None.into(), ..Default::default() }),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    };
    let photo = |number: usize| v1::Photo {
        reference: format!("demo-photo-{}-{number}", n + 1),
        sha256: format!("{:064x}", n * 10 + number),
        taken_at: after(number),
    };
    let position = |party_id: &str, longitude: f64| v1::Position {
        party_id: party_id.into(),
        latitude: 35.38,
        longitude,
    };
    let fix = v1::FixEvidenceRequest {
        accident_id: id(),
        photos: vec![photo(1), photo(2)],
        positions: vec![position("A", 119.55), position("B", 119.5501)],
        fixed_at: after(4),
        ..Default::default()
    };
    let clear = v1::ClearSceneRequest { accident_id: id(), cleared_at: after(7), ..Default::default() };
    let share = |party_id: &str, liability: v1::Liability| v1::Share {
        party_id: party_id.into(),
        liability: liability.into(),
    };
    let signature = |party_id: &str| v1::Signature { party_id: party_id.into(), signed_at: after(18) };
    let sign = v1::SignSettlementRequest {
        accident_id: id(),
        guard_id: guard_id(n),
        shares: vec![share("A", v1::Liability::Full), share("B", v1::Liability::None)],
        terms: "演示：甲方承担修理费".into(),
        amount_fen: 80_000,
        signatures: vec![signature("A"), signature("B")],
        ..Default::default()
    };
    Tale::new("port", accident_id(n))
        .with(&officer, report)
        .with(&officer, fix)
        .with(&officer, clear)
        .with(&officer, sign)
        .with(&officer, v1::CloseAccidentRequest { accident_id: id(), ..Default::default() })
}

fn is_loaded(clients: &Clients) -> LocalBoxFuture<'_, Result<bool, Fault>> {
    Box::pin(async move {
        let request = v1::GetAccidentRequest { accident_id: accident_id(SETTLEMENTS - 1), at_least: 0 };
        let found =
            clients.call(Service::Port, request, async |r| clients.accident().get_accident(r).await).await;
        match found {
            Ok(found) => Ok(found.accident.is_some_and(|a| a.state() == v1::AccidentState::Closed)),
            Err(Fault::Call { status, .. }) if status.code() == tonic::Code::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    })
}

fn figures(clients: &Clients) -> LocalBoxFuture<'_, Result<Vec<Shown>, Fault>> {
    Box::pin(async move {
        let request = v1::ListIncidentsRequest {
            org_unit: BUREAU.into(),
            from: Some(FIRST_DAY.into()),
            to: Some(LAST_DAY.into()),
            page_size: 1000,
            ..Default::default()
        };
        let incidents = clients
            .call(Service::Port, request, async |r| clients.incident().list_incidents(r).await)
            .await?
            .incidents;
        let counted = |state| incidents.iter().filter(|i| i.state() == state).count();
        let standing = incidents.len() - counted(v1::IncidentState::Withdrawn);
        let request = v1::ListGuardsRequest {
            org_unit: BUREAU.into(),
            authorised_on: Some(LAST_DAY.into()),
            page_size: 1000,
            ..Default::default()
        };
        let guards = clients
            .call(Service::Port, request, async |r| clients.guard().list_guards(r).await)
            .await?
            .guards;
        let request = v1::ListFreightTrafficRequest {
            org_unit: BUREAU.into(),
            from: Some(FIRST_DAY.into()),
            to: Some(LAST_DAY.into()),
            page_size: 1000,
            ..Default::default()
        };
        let records = clients
            .call(Service::Port, request, async |r| clients.freight().list_freight_traffic(r).await)
            .await?
            .records;
        let vehicles: i64 = records.iter().map(|r| r.vehicles).sum();
        Ok(vec![
            shown("事件", "incidents (P1)", &INCIDENTS, &standing),
            shown("已办结事件", "incidents closed", &INCIDENTS, &counted(v1::IncidentState::Closed)),
            shown("授权保安", "guards authorised (P3)", &GUARDS, &guards.len()),
            shown("疏导车辆", "freight vehicles directed (P5)", &VEHICLES, &vehicles),
        ])
    })
}

fn shown(zh: &str, en: &str, expected: &impl ToString, found: &impl ToString) -> Shown {
    Shown { zh: zh.into(), en: en.into(), expected: expected.to_string(), found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_the_demo_incidents_add_up() {
        let count = |wanted| (0..INCIDENTS).filter(|n| kind(*n) == wanted).count();
        let counts = [
            IncidentKind::Congestion,
            IncidentKind::Traffic,
            IncidentKind::Security,
            IncidentKind::Channel,
            IncidentKind::Fire,
            IncidentKind::Hazmat,
        ]
        .map(count);
        assert_eq!(counts, [30, 18, 8, 6, 3, 3]);
    }

    #[test]
    fn every_command_of_the_share_is_counted_and_days_lie_within_the_pages_figures() {
        let commands = (SHARE.commands)();
        let of = |rpc: &str| commands.iter().find(|(known, _)| *known == rpc).map_or(0, |(_, n)| *n);
        assert_eq!(of("report_incident"), 68);
        assert_eq!(of("close_incident"), 68);
        assert_eq!(of("authorise_guard"), 20);
        assert_eq!(of("direct_freight_traffic"), 60);
        assert_eq!((day(0, INCIDENTS), day(INCIDENTS - 1, INCIDENTS)), (FIRST_DAY, LAST_DAY));
    }
}
