//! Facts row A5: one clean-up operation of each county bureau over the last three weeks before the load: the six kinds of trouble
//! spots, what was found there, most of it put right in time, some late, some handed to whoever is competent, some still open.

use super::{NAME, before};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::BUREAUS;
use crate::demo::stage::{Actor, Asked, Shown, Tale};
use crate::fault::Fault;
use time::Date;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::{CleanupFindingKind, CleanupFindingState, VenueKind};

const KINDS: [(VenueKind, &str); 6] = [
    (VenueKind::UrbanFringe, "示例城乡结合部"),
    (VenueKind::SmallHotel, "示例小旅馆"),
    (VenueKind::OldEstate, "示例老旧小区"),
    (VenueKind::BusStop, "示例公交站点"),
    (VenueKind::BusinessDistrict, "示例商圈"),
    (VenueKind::RuralMarket, "示例农村集市"),
];
/// Venues that each operation inspects.
const VENUES: usize = 20;
/// Venues inspected so early that what was found there is late by the load.
const EARLY: usize = 4;
/// First day of an operation, before the load.
const BEGAN: i64 = 21;
/// Bureaus whose operation is closed: all but the last two.
const CLOSED: usize = 4;

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    InTime,
    Late,
    HandedOver,
    Open,
}

/// A finding at the n-th venue of an operation, if any. A fire hazard is put right within three days, anything else within
/// fifteen (services/cases/src/rulebook/work_terms.csv).
fn finding(nth: usize, n: usize) -> Option<(CleanupFindingKind, Fate)> {
    let open = nth >= CLOSED;
    match (n + nth) % 7 {
        // What was due before the load is late whatever is said of it then.
        4 if n < EARLY => Some((CleanupFindingKind::SecurityGap, Fate::Late)),
        _ if n < EARLY => None,
        2 | 4 => Some((CleanupFindingKind::UnregisteredGuest, Fate::InTime)),
        5 if n % 2 == 1 => Some((CleanupFindingKind::FireHazard, Fate::HandedOver)),
        6 => Some((CleanupFindingKind::SecurityGap, if open { Fate::Open } else { Fate::InTime })),
        _ => None,
    }
}

/// Days before the load at which the n-th venue was inspected: the early ones three weeks ago, the others within a fortnight.
fn inspected(n: usize) -> i64 {
    let of = |n: usize| i64::try_from(n).unwrap_or_default();
    if n < EARLY { BEGAN - of(n) } else { 13 - of(n - EARLY) * 12 / of(VENUES - 1 - EARLY) }
}

/// Days before the load at which what was found there was put right.
fn rectified(n: usize) -> i64 {
    if n < EARLY { 1 } else { (inspected(n) - 3).max(0) }
}

fn cleanup_id(bureau: &str) -> String {
    format!("demo-1-cleanup-{bureau}")
}

pub(super) fn tales(today: Date) -> Vec<Tale> {
    BUREAUS.iter().enumerate().map(|(nth, bureau)| tale(nth, bureau, today)).collect()
}

fn tale(nth: usize, bureau: &'static str, today: Date) -> Tale {
    let (officer, id) = (Actor::officer(bureau), || cleanup_id(bureau));
    let plan = pb::PlanCleanupRequest {
        cleanup_id: id(),
        org_unit: bureau.into(),
        title: "治安乱点大清查（演示）".into(),
        starts_on: Some(before(today, BEGAN).into()),
        ends_on: Some(before(today, 1).into()),
        venue_kinds: KINDS.map(|(kind, _)| kind.into()).to_vec(),
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, id()).with(&officer, plan);
    let mut settled = Vec::new();
    for n in 0..VENUES {
        let (kind, place) = KINDS[n % KINDS.len()];
        let found = finding(nth, n);
        let description = |(kind, _): (CleanupFindingKind, Fate)| pb::CleanupFindingInput {
            kind: kind.into(),
            description: "演示问题".into(),
        };
        let inspect = pb::InspectVenueRequest {
            cleanup_id: id(),
            venue_id: format!("v{:02}", n + 1),
            kind: kind.into(),
            place: format!("{place}{}", n + 1),
            inspected_on: Some(before(today, inspected(n)).into()),
            findings: found.map(description).into_iter().collect(),
            ..Default::default()
        };
        tale.add(&officer, inspect);
        settled.extend(found.map(|(_, fate)| (n, fate)));
    }
    for (n, fate) in settled {
        let finding_id = format!("v{:02}-1", n + 1);
        match fate {
            Fate::Open => {}
            Fate::HandedOver => tale.add(
                &officer,
                pb::HandOverCleanupFindingRequest {
                    cleanup_id: id(),
                    finding_id,
                    authority: "示例消防救援机构".into(),
                    ..Default::default()
                },
            ),
            Fate::InTime | Fate::Late => tale.add(
                &officer,
                pb::RectifyCleanupFindingRequest {
                    cleanup_id: id(),
                    finding_id,
                    rectified_on: Some(before(today, rectified(n)).into()),
                    how: "演示：已整改".into(),
                    ..Default::default()
                },
            ),
        }
    }
    if nth < CLOSED - 1 {
        tale.add(&Actor::approver(bureau), close(bureau));
    }
    tale
}

fn close(bureau: &str) -> pb::CloseCleanupRequest {
    pb::CloseCleanupRequest {
        cleanup_id: cleanup_id(bureau),
        summary: "演示：清查结束，问题均已整改或移交".into(),
        ..Default::default()
    }
}

/// The very last command of the share.
pub(super) fn last() -> Tale {
    let bureau = BUREAUS[CLOSED - 1];
    Tale::new(NAME, "cleanup-closed").with(&Actor::approver(bureau), close(bureau))
}

pub(super) fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        let request = pb::GetCleanupRequest { cleanup_id: cleanup_id(BUREAUS[CLOSED - 1]), at_least: 0 };
        match clients.call(Service::Cases, request, async |r| clients.cleanup().get_cleanup(r).await).await {
            Ok(found) => Ok(found.cleanup.is_some_and(|c| c.state() == pb::CleanupState::Closed)),
            Err(fault) if fault.grpc_code() == Some(tonic::Code::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    })
}

/// Findings of all operations with a fate.
fn wanted(of: impl Fn(Fate) -> bool) -> usize {
    let all = (0..BUREAUS.len()).flat_map(|nth| (0..VENUES).filter_map(move |n| finding(nth, n)));
    all.filter(|(_, fate)| of(*fate)).count()
}

pub(super) async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request = pb::ListCleanupsRequest { page_size: 1000, ..Default::default() };
    let cleanups = clients
        .call(Service::Cases, request, async |r| clients.cleanup().list_cleanups(r).await)
        .await?
        .cleanups;
    let mine: Vec<_> = cleanups.iter().filter(|c| c.cleanup_id.starts_with("demo-1-cleanup-")).collect();
    let findings = |state: CleanupFindingState| {
        mine.iter().flat_map(|c| &c.findings).filter(|f| f.state() == state).count()
    };
    let venues: usize = mine.iter().map(|c| c.venues.len()).sum();
    let [rectified, handed_over] =
        [CleanupFindingState::Rectified, CleanupFindingState::HandedOver].map(findings);
    Ok(vec![
        Shown::of("大清查场所", "venues inspected (A5)", &(BUREAUS.len() * VENUES), &venues),
        Shown::of(
            "大清查问题",
            "findings (A5)",
            &wanted(|_| true),
            &mine.iter().map(|c| c.findings.len()).sum::<usize>(),
        ),
        Shown::of(
            "大清查整改",
            "findings rectified (A5)",
            &wanted(|fate| matches!(fate, Fate::InTime | Fate::Late)),
            &rectified,
        ),
        Shown::of(
            "大清查移交",
            "findings handed over (A5)",
            &wanted(|f| f == Fate::HandedOver),
            &handed_over,
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a05_every_fate_occurs_and_nothing_is_rectified_before_it_was_found() {
        for fate in [Fate::InTime, Fate::Late, Fate::HandedOver, Fate::Open] {
            assert!(wanted(|f| f == fate) >= 2, "{fate:?}");
        }
        for n in 0..VENUES {
            assert!((1..=BEGAN).contains(&inspected(n)) && (0..=inspected(n)).contains(&rectified(n)), "{n}");
            // Fifteen days.
            assert_eq!(inspected(n) > 15, n < EARLY);
        }
    }
}
