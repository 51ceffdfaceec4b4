//! The headline sheet: the published figures of every facts area that services record so far, each with its events behind it.
//!
//! | area | what | counted for |
//! |---|---|---|
//! | A | the "Autumn Wind" anti-theft campaign | the city |
//! | V | "Peach Village" volunteers | Zhongzhi station |
//! | F | community policing | Liangcheng station |
//! | J | the anti-fraud centre | the city |
//! | P | port and shipping police | the port bureau |
//!
//! Version 0 names the units that the facts are about; another city publishes a version of its own.

use super::{FRAUD, THEFT, count, rate};
use crate::measures::Measure;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{Direction, Indicator, Scheme};

const ZHONGZHI: &str = "371121010000";
const LIANGCHENG: &str = "371172020000";
const PORT: &str = "371190000000";

pub(super) fn sheet() -> Scheme {
    let areas = [
        ("A", "", theft()),
        ("V", ZHONGZHI, volunteers()),
        ("F", LIANGCHENG, community()),
        ("J", "", fraud()),
        ("P", PORT, port()),
    ];
    let figures = areas.into_iter().flat_map(|(area, org_unit, figures)| {
        figures.into_iter().map(move |figure| Indicator {
            area: area.to_owned(),
            org_unit: org_unit.to_owned(),
            ..figure
        })
    });
    Scheme {
        board: "city".into(),
        title_zh: "全市要情一览".into(),
        title_en: "The city at a glance".into(),
        entrant_kinds: vec![OrgKind::CityBureau.into()],
        indicators: figures.collect(),
        rank_by: "theft_solve_rate".into(),
        ..Default::default()
    }
}

/// More is better, in this unit.
fn more(id: &str, zh: &str, en: &str, measure: Measure, prefix: &str, unit: &str) -> Indicator {
    count(id, zh, en, measure, prefix, unit, Direction::HigherIsBetter)
}

fn fewer(id: &str, zh: &str, en: &str, measure: Measure, prefix: &str, unit: &str) -> Indicator {
    count(id, zh, en, measure, prefix, unit, Direction::LowerIsBetter)
}

/// Facts row A1.
fn theft() -> Vec<Indicator> {
    vec![
        more("theft_solved", "盗窃破案", "Theft solved", Measure::CaseSolved, THEFT, "件"),
        fewer("theft_filed", "盗窃立案", "Theft filed", Measure::CaseFiled, THEFT, "件"),
        rate(
            "theft_solve_rate",
            "盗窃破案率",
            "Theft solve rate",
            Measure::CaseSolved,
            Measure::CaseFiled,
            THEFT,
            100,
        ),
        more("theft_arrests", "抓获盗窃嫌疑人", "Theft suspects caught", Measure::Arrests, THEFT, "人"),
        more("theft_amount", "涉案金额", "Amount involved", Measure::SolvedLoss, THEFT, "元"),
    ]
}

/// Facts rows V1–V4, V12.
fn volunteers() -> Vec<Indicator> {
    vec![
        more("applied", "报名", "Applied", Measure::Applied, "", "人"),
        more("enrolled", "入队", "Enrolled", Measure::Enrolled, "", "人"),
        more("duty_points", "执勤点", "Duty points", Measure::DutyPoints, "", "处"),
        more("points_town", "镇执勤点", "Duty points in the town", Measure::DutyPoints, "town", "处"),
        more("points_village", "村执勤点", "Duty points in villages", Measure::DutyPoints, "village", "处"),
        more(
            "points_enterprise",
            "企业执勤点",
            "Duty points in enterprises",
            Measure::DutyPoints,
            "enterprise",
            "处",
        ),
        more("squadrons_village", "村中队", "Village squadrons", Measure::Squadrons, "village", "支"),
        more(
            "squadrons_guard",
            "警保中队",
            "Police-guard squadrons",
            Measure::Squadrons,
            "police_guard",
            "支",
        ),
        more("patrols", "巡逻", "Patrols", Measure::Patrols, "", "次"),
        more("fugitives", "协助抓获逃犯", "Fugitives caught with help", Measure::FugitivesCaught, "", "人"),
        more("suspects", "协助抓获嫌疑人", "Suspects caught with help", Measure::SuspectsCaught, "", "人"),
        more("rescued", "救助群众", "People rescued", Measure::PeopleRescued, "", "人"),
        more("traffic", "疏导交通", "Traffic eased", Measure::TrafficEased, "", "次"),
        more("disputes", "调解纠纷", "Disputes mediated", Measure::DisputesMediated, "", "起"),
        fewer("alerts", "警情", "Alerts", Measure::AlertReceived, "", "起"),
        fewer("preventable", "可防性案件", "Preventable cases", Measure::PreventableFiled, "", "件"),
    ]
}

/// Facts rows F1, F3.
fn community() -> Vec<Indicator> {
    vec![
        rate(
            "small_solve_rate",
            "小案破案率",
            "Small cases solve rate",
            Measure::SmallSolved,
            Measure::SmallFiled,
            "",
            0,
        ),
        fewer("small_filed", "小案立案", "Small cases filed", Measure::SmallFiled, "", "件"),
        more("small_solved", "小案破案", "Small cases solved", Measure::SmallSolved, "", "件"),
        more("community_enrolled", "志愿警入队", "Volunteers enrolled", Measure::Enrolled, "", "人"),
    ]
}

/// Facts rows J1, J2.
fn fraud() -> Vec<Indicator> {
    vec![
        more("stopped", "紧急止付", "Stopped", Measure::Stopped, "", "元"),
        more("stops", "止付笔数", "Stops confirmed", Measure::StopsConfirmed, "", "笔"),
        more("frozen", "冻结", "Frozen", Measure::Frozen, "", "元"),
        more("returned", "资金返还", "Returned", Measure::PaidBack, "", "元"),
        more("fraud_solved", "诈骗破案", "Fraud solved", Measure::CaseSolved, FRAUD, "件"),
        more("fraud_arrests", "抓获诈骗嫌疑人", "Fraud suspects caught", Measure::Arrests, FRAUD, "人"),
    ]
}

/// Facts rows P1, P3, P5.
fn port() -> Vec<Indicator> {
    vec![
        fewer("incidents", "港区事件", "Port incidents", Measure::Incidents, "", "起"),
        more("incidents_closed", "港区事件办结", "Port incidents closed", Measure::IncidentsClosed, "", "起"),
        more("guards", "授权保安", "Guards authorised", Measure::GuardsAuthorised, "", "人"),
        more("settlements", "快处协商", "Settlements", Measure::Settlements, "", "起"),
        more("freight_vehicles", "疏导货车", "Freight vehicles directed", Measure::FreightVehicles, "", "辆"),
    ]
}
