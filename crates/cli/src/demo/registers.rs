//! Share of `hq`: its registers of inspections (facts row P15: 39 visits, 67 checks of law enforcement and of records online), of
//! surveys (A13) and of figures of others (A12).
//!
//! Other cities in it are invented, and so is what they are said to have published: their places have codes that no place has,
//! their names and sources say 演示. Of the page's own ranks only the survey's is there: the page names it, its source is ours.

use super::city::CITY;
use super::stage::{Actor, Asked, Share, Shown, Tale, counted, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use time::macros::date;
use time::{Date, Duration};
use xiaoan_proto::hq::v1::{self as hq, InspectionKind, SurveyKind};

demo_commands! { Hq, inspection:
    hq::RecordInspectionRequest => record_inspection,
    hq::ResolveInspectionFindingRequest => resolve_inspection_finding,
}
demo_commands! { Hq, reference:
    hq::RecordReferenceFigureRequest => record_reference_figure,
    hq::WithdrawReferenceFigureRequest => withdraw_reference_figure,
}
demo_commands! { Hq, survey: hq::RecordSurveyRequest => record_survey }

/// The share.
pub const SHARE: Share = Share {
    service: Service::Hq,
    title_zh: "督察、测评、外市数据",
    title_en: "inspections, surveys, figures of others",
    commands: || counted(phases().iter().flatten()),
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded,
    figures,
};

const NAME: &str = "registers";
/// P15: visits of the police supervision.
const VISITS: usize = 39;
/// P15: checks of how the law is enforced, and of the records online; the page has only their sum.
const CHECKS: (usize, usize) = (41, 26);
/// The port bureau and its stations: whom the inspections are about.
const PORT: [&str; 3] = ["371190000000", "371190010000", "371190020000"];
/// The year of the inspections.
const FIRST: Date = date!(2020 - 07 - 13);
const DAYS: i64 = 360;
/// The figure whose withdrawal is the last command of all.
const WITHDRAWN: &str = "demo-1-retracted";
/// Invented places with what they are said to have published: theft solved per 100 officers, burglary solve rate.
const PLACES: [(&str, &str, &str, &str); 4] = [
    ("990100", "示例甲市（演示）", "131.20", "52.40"),
    ("990200", "示例乙市（演示）", "104.85", "47.10"),
    ("990300", "示例丙市（演示）", "88.02", "39.75"),
    ("990000", "示例省（演示）", "97.46", "44.30"),
];

fn phases() -> Vec<Vec<Tale>> {
    let visits = (0..VISITS).map(|n| inspection("visit", InspectionKind::Visit, n, VISITS));
    let law = (0..CHECKS.0).map(|n| inspection("law", InspectionKind::LawEnforcement, n, CHECKS.0));
    let online = (0..CHECKS.1).map(|n| inspection("online", InspectionKind::Online, n, CHECKS.1));
    let others = PLACES.iter().flat_map(of_others).chain([survey()]);
    vec![visits.chain(law).chain(online).chain(others).collect(), vec![withdrawn()]]
}

/// One of so many over the year; every fifth finds something, and all but the latest was put right.
fn inspection(word: &str, kind: InspectionKind, n: usize, of: usize) -> Tale {
    let inspection_id = format!("demo-1-{word}-{:02}", n + 1);
    let place = i64::try_from(n).unwrap_or_default() * DAYS / i64::try_from(of).unwrap_or(1);
    let on = FIRST + Duration::days(place);
    let found = n % 5 == 2;
    let finding = hq::InspectionFinding {
        text: "演示：台账登记不全".into(),
        due_on: Some((on + Duration::days(15)).into()),
        ..Default::default()
    };
    let record = hq::RecordInspectionRequest {
        inspection_id: inspection_id.clone(),
        kind: kind.into(),
        org_unit: PORT[n % PORT.len()].into(),
        on: Some(on.into()),
        findings: if found { vec![finding] } else { Vec::new() },
        ..Default::default()
    };
    let tale = Tale::new(NAME, inspection_id.clone()).with(&Actor::headquarters(&["hq"]), record);
    if !found || n + 5 >= of {
        return tale;
    }
    let resolve = hq::ResolveInspectionFindingRequest {
        inspection_id,
        number: 1,
        on: Some((on + Duration::days(9)).into()),
        resolution: "演示：已补登".into(),
        ..Default::default()
    };
    tale.with(&Actor::headquarters(&["hq"]), resolve)
}

/// What an invented place is said to have published.
fn of_others((code, place_zh, per_officers, burglary): &(&str, &str, &str, &str)) -> [Tale; 2] {
    let figure = |measure: &str, title_zh: &str, value: &str, unit: &str| {
        figure(&format!("demo-1-{code}-{measure}"), code, place_zh, (measure, title_zh), value, unit)
    };
    [
        figure("solved-per-100", "每百名民警破获盗窃案件", per_officers, "件/百人"),
        figure("burglary-rate", "入室盗窃破案率", burglary, "%"),
    ]
}

fn figure(
    figure_id: &str,
    code: &str,
    place_zh: &str,
    (measure, title_zh): (&str, &str),
    value: &str,
    unit: &str,
) -> Tale {
    let figure = hq::ReferenceFigure {
        figure_id: figure_id.into(),
        place_code: code.into(),
        place_zh: place_zh.into(),
        measure: measure.into(),
        title_zh: title_zh.into(),
        period: "2020-09-01..2021-07-10".into(),
        value: value.into(),
        unit: unit.into(),
        source: "演示通报（虚构），不是任何地方公布的数据".into(),
        source_on: Some(date!(2021 - 07 - 20).into()),
        note: "演示数据：地名、代码、数值均为虚构".into(),
        ..Default::default()
    };
    let record = hq::RecordReferenceFigureRequest { figure: Some(figure), ..Default::default() };
    Tale::new(NAME, figure_id).with(&Actor::headquarters(&["hq"]), record)
}

/// First in the province for 2020, as the page says; no score and no number of answers was published.
fn survey() -> Tale {
    let survey = hq::Survey {
        survey_id: "demo-1-public-2020".into(),
        kind: SurveyKind::Both.into(),
        org_unit: CITY.into(),
        from: Some(date!(2020 - 01 - 01).into()),
        to: Some(date!(2020 - 12 - 31).into()),
        conducted_by: "演示测评单位".into(),
        rank: 1,
        source: "演示：名次见事实表A13，发布单位为虚构".into(),
        published_on: Some(date!(2021 - 01 - 15).into()),
        ..Default::default()
    };
    let record = hq::RecordSurveyRequest { survey: Some(survey), ..Default::default() };
    Tale::new(NAME, "survey").with(&Actor::headquarters(&["hq"]), record)
}

/// Taken over in error, and withdrawn.
fn withdrawn() -> Tale {
    let withdraw = hq::WithdrawReferenceFigureRequest {
        figure_id: WITHDRAWN.into(),
        reason: "演示：误录，已撤回".into(),
        ..Default::default()
    };
    let (code, place_zh, ..) = PLACES[0];
    figure(WITHDRAWN, code, place_zh, ("burglary-rate", "入室盗窃破案率"), "25.40", "%")
        .with(&Actor::headquarters(&["hq"]), withdraw)
}

async fn others(clients: &Clients) -> Result<Vec<hq::ReferenceFigure>, crate::fault::Fault> {
    let request = hq::ListReferenceFiguresRequest { page_size: 1000, ..Default::default() };
    let ask = async |r| clients.reference().list_reference_figures(r).await;
    let figures = clients.call(Service::Hq, request, ask).await?.figures;
    Ok(figures.into_iter().filter(|f| f.figure_id.starts_with("demo-1-")).collect())
}

fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        Ok(others(clients).await?.iter().any(|figure| figure.figure_id == WITHDRAWN && figure.withdrawn))
    })
}

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let ask = async |r| clients.inspection().count_inspections(r).await;
        let counted = clients.call(Service::Hq, hq::CountInspectionsRequest::default(), ask).await?;
        let request = hq::ListSurveysRequest { page_size: 1000, ..Default::default() };
        let ask = async |r| clients.survey().list_surveys(r).await;
        let surveys = clients.call(Service::Hq, request, ask).await?.surveys;
        let first = surveys.iter().filter(|s| s.org_unit == CITY && s.rank == 1 && !s.retracted).count();
        let standing = others(clients).await?.iter().filter(|figure| !figure.withdrawn).count();
        Ok(vec![
            Shown::of("现场督察", "supervision visits (P15)", &VISITS, &counted.visits),
            Shown::of(
                "执法检查、网上检查",
                "law and online checks (P15)",
                &(CHECKS.0 + CHECKS.1),
                &(counted.law_enforcement + counted.online),
            ),
            Shown::of("群众安全感满意度第一", "surveys that rank the city first (A13)", &1, &first),
            Shown::of("外市数据（虚构）", "figures of invented others (A12)", &(PLACES.len() * 2), &standing),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p15_the_inspections_add_up_to_the_published_figures() {
        let commands = (SHARE.commands)();
        let of = |rpc: &str| commands.iter().find(|(known, _)| *known == rpc).map_or(0, |(_, n)| *n);
        assert_eq!((VISITS, CHECKS.0 + CHECKS.1), (39, 67));
        assert_eq!(of("record_inspection"), 39 + 67);
        assert!(of("resolve_inspection_finding") > 10);
    }

    #[test]
    fn a12_no_place_of_the_figures_of_others_exists() {
        // GB/T 2260 gives no province the digits 99.
        assert!(
            PLACES.iter().all(|(code, place_zh, ..)| code.starts_with("99") && place_zh.contains("演示"))
        );
    }
}
