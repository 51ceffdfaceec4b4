//! Facts row A6: preventable cases of the campaign looked at backwards. The station says what happened and what is missing, the
//! bureau above it who answers for it; people, physical and technical prevention each have a measure or a reason why none is
//! needed; the loop is closed when every measure is in place and the responsibility is final. Some are still on their way.

use super::{NAME, plain};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::{CITY, STATIONS};
use crate::demo::draft::Draft;
use crate::demo::plan::bureau_of;
use crate::demo::stage::{Actor, Shown, Tale};
use crate::fault::Fault;
use time::Date;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::{PreventionKind, ReviewResponsibility as Says};

/// Categories on the list of preventable ones (services/cases/src/rulebook/preventable.csv).
const LISTED: [&str; 4] = ["050201", "050223", "050224", "050227"];
/// Reviews.
const REVIEWS: usize = 24;
/// At most so many of a station.
const OF_STATION: usize = 2;

/// How far a review has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No responsibility, closed.
    Cleared,
    /// Advice, appealed, and the appeal decided: upheld or not; closed.
    Appealed { upheld: bool },
    /// Advice that can still be appealed against; every measure in place.
    Advised,
    /// Findings and measures, some not in place yet.
    Measures,
    /// It is said what is looked at.
    Scoped,
}

fn stage(n: usize) -> Stage {
    match n % 12 {
        0..=4 => Stage::Cleared,
        5 | 6 => Stage::Appealed { upheld: true },
        7 => Stage::Appealed { upheld: false },
        8 | 9 => Stage::Advised,
        10 => Stage::Measures,
        _ => Stage::Scoped,
    }
}

/// What is done about it: kind, measure or, for some technical ones, why none is needed.
fn technical_is_needed(n: usize) -> bool {
    !n.is_multiple_of(5)
}

/// The cases that are looked at: the same each time.
fn chosen(drafts: &[Draft]) -> Vec<&Draft> {
    let mut of_station = vec![0; STATIONS.len()];
    let mut chosen = Vec::new();
    for draft in plain(drafts).filter(|d| d.preventable && LISTED.contains(&d.category)) {
        let in_port = STATIONS[draft.station].code.starts_with("371190");
        if !in_port && of_station[draft.station] < OF_STATION && chosen.len() < REVIEWS {
            of_station[draft.station] += 1;
            chosen.push(draft);
        }
    }
    chosen
}

pub(super) fn tales(drafts: &[Draft], today: Date) -> Vec<Tale> {
    chosen(drafts).into_iter().enumerate().map(|(n, draft)| tale(n, draft, today)).collect()
}

fn tale(n: usize, draft: &Draft, today: Date) -> Tale {
    let unit = STATIONS[draft.station].code;
    let (station, bureau) = (Actor::officer(unit), Actor::approver(bureau_of(unit)));
    let city = Actor::new("demo-reviewer-city", CITY, &["officer"]);
    let (case_no, stage) = (|| draft.case_no.clone(), stage(n));
    let open = pb::OpenReverseReviewRequest {
        case_no: case_no(),
        org_unit: unit.into(),
        preventability: "演示：门窗未锁、无人值守，本可预防".into(),
        ..Default::default()
    };
    let scope = pb::ScopeReverseReviewRequest {
        case_no: case_no(),
        scope: "演示：巡逻安排、门禁、监控".into(),
        ..Default::default()
    };
    let tale =
        Tale::new(NAME, format!("review-{}", draft.case_no)).with(&station, open).with(&station, scope);
    if stage == Stage::Scoped {
        return tale;
    }
    let measures = measures(n);
    let count = measures.len();
    let findings = pb::RecordReverseReviewFindingsRequest {
        case_no: case_no(),
        findings: "演示：夜间巡逻存在空档，单元门禁损坏".into(),
        measures,
        not_needed: not_needed(n),
        ..Default::default()
    };
    let mut tale = tale.with(&station, findings);
    let in_place = if stage == Stage::Measures { 1 } else { count };
    for number in 1..=in_place {
        let implement = pb::ImplementPreventionMeasureRequest {
            case_no: case_no(),
            measure_id: number.to_string(),
            implemented_on: Some(today.into()),
            proof: "演示照片".into(),
            ..Default::default()
        };
        tale.add(&station, implement);
    }
    if stage == Stage::Measures {
        return tale;
    }
    let says = if stage == Stage::Cleared { Says::None } else { Says::Advice };
    let determine = pb::DetermineReviewResponsibilityRequest {
        case_no: case_no(),
        responsibility: says.into(),
        reason: "演示：综合巡逻记录认定".into(),
        ..Default::default()
    };
    tale.add(&bureau, determine);
    if let Stage::Appealed { upheld } = stage {
        let appeal = pb::AppealReverseReviewRequest {
            case_no: case_no(),
            reason: "演示：当晚警力已全部出警".into(),
            ..Default::default()
        };
        let decided = if upheld { Says::Advice } else { Says::None };
        let decide = pb::DecideReverseReviewAppealRequest {
            case_no: case_no(),
            responsibility: decided.into(),
            reason: "演示：复核当晚出警记录".into(),
            ..Default::default()
        };
        tale.add(&station, appeal);
        tale.add(&city, decide);
    }
    if matches!(stage, Stage::Cleared | Stage::Appealed { .. }) {
        let close = pb::CloseReverseReviewRequest {
            case_no: case_no(),
            effect: "演示：措施落实后未再发生同类案件".into(),
            ..Default::default()
        };
        tale.add(&bureau, close);
    }
    tale
}

fn measures(n: usize) -> Vec<pb::PreventionMeasureInput> {
    let measure = |kind: PreventionKind, description: &str| pb::PreventionMeasureInput {
        kind: kind.into(),
        description: description.into(),
    };
    let mut measures = vec![
        measure(PreventionKind::People, "演示：增加夜间巡逻"),
        measure(PreventionKind::Physical, "演示：修复单元门禁"),
    ];
    if technical_is_needed(n) {
        measures.push(measure(PreventionKind::Technical, "演示：加装视频监控"));
    }
    measures
}

fn not_needed(n: usize) -> Vec<pb::PreventionNotNeeded> {
    let reason = "演示：已有视频监控覆盖".to_owned();
    let none = pb::PreventionNotNeeded { kind: PreventionKind::Technical.into(), reason };
    if technical_is_needed(n) { Vec::new() } else { vec![none] }
}

pub(super) async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request = pb::ListReverseReviewsRequest { page_size: 1000, ..Default::default() };
    let reviews = clients
        .call(Service::Cases, request, async |r| clients.reverse_review().list_reverse_reviews(r).await)
        .await?
        .reviews;
    let closed = reviews.iter().filter(|r| r.state() == pb::ReverseReviewState::Closed).count();
    let is_closed = |n: &usize| matches!(stage(*n), Stage::Cleared | Stage::Appealed { .. });
    let mut shown = vec![
        Shown::of("倒查责任", "reverse reviews (A6)", &REVIEWS, &reviews.len()),
        Shown::of(
            "倒查办结",
            "reverse reviews closed (A6)",
            &(0..REVIEWS).filter(is_closed).count(),
            &closed,
        ),
    ];
    for (kind, zh, en) in [
        (PreventionKind::People, "人防措施", "people prevention measures (A6)"),
        (PreventionKind::Physical, "物防措施", "physical prevention measures (A6)"),
        (PreventionKind::Technical, "技防措施", "technical prevention measures (A6)"),
    ] {
        let taken = (0..REVIEWS).filter(|n| stage(*n) != Stage::Scoped);
        let wanted = taken.flat_map(measures).filter(|m| m.kind() == kind).count();
        let found = reviews.iter().flat_map(|r| &r.measures).filter(|m| m.kind() == kind).count();
        shown.push(Shown::of(zh, en, &wanted, &found));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::deal;

    #[test]
    fn a06_there_are_preventable_cases_enough_and_every_stage_and_kind_of_measure_occurs() {
        let drafts = deal::deal().drafts;
        assert_eq!(chosen(&drafts).len(), REVIEWS);
        for wanted in [Stage::Cleared, Stage::Advised, Stage::Measures, Stage::Scoped] {
            assert!((0..REVIEWS).any(|n| stage(n) == wanted), "{wanted:?}");
        }
        assert!((0..REVIEWS).any(|n| !technical_is_needed(n) && stage(n) != Stage::Scoped));
    }
}
