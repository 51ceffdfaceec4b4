//! The city's sheet of figures over all sources, as the acceptance file wants it (rows A1, V1–V4, V12, F1, F3, J1, J2, P1,
//! P3, P5): each number as rankings shows it, and the sum of the ledger lines behind it.

use super::plan::CAMPAIGN_ID;
use super::stage::Shown;
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use xiaoan_proto::rankings::v1::{ExplainRequest, GetStandingsRequest, IndicatorValue};

const BOARD: &str = "city";

/// Indicator, and what it must show: the value, with the year before and the change where the acceptance file has them
/// (elsewhere the year before is ours, and is not compared).
const EXPECTED: [(&str, &str); 31] = [
    ("theft_solved", "1495 (809, +84.8%)"),
    ("theft_filed", "3125 (3235, -3.4%)"),
    ("theft_solve_rate", "47.84 = 1495/3125 (809/3235, +22.83pp, +91.3%)"),
    ("theft_arrests", "695"),
    ("theft_amount", "7470000.00"),
    ("applied", "310"),
    ("enrolled", "260"),
    ("duty_points", "42"),
    ("points_town", "1"),
    ("points_village", "36"),
    ("points_enterprise", "5"),
    ("squadrons_village", "4"),
    ("squadrons_guard", "1"),
    ("patrols", "70"),
    ("fugitives", "2"),
    ("suspects", "8"),
    ("rescued", "16"),
    ("traffic", "7"),
    ("disputes", "5"),
    ("alerts", "577 (625, -7.68%)"),
    ("preventable", "12 (30, -60.0%)"),
    ("small_solve_rate", "86.7 = 13/15"),
    ("community_enrolled", "67"),
    ("fraud_solved", "278 (149, +86.6%)"),
    ("fraud_arrests", "252 (102, +147.1%)"),
    ("stopped", "255000000.00"),
    ("frozen", "114000000.00"),
    ("incidents", "68"),
    ("guards", "20"),
    ("freight_vehicles", "120000"),
    ("settlements", ""),
];

/// The figures as rankings shows them.
///
/// # Errors
/// When rankings does not answer.
pub async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request =
        GetStandingsRequest { board: BOARD.into(), period: CAMPAIGN_ID.into(), ..Default::default() };
    let sheet =
        clients.call(Service::Rankings, request, async |r| clients.rankings().get_standings(r).await).await?;
    let scheme = sheet.scheme.unwrap_or_default();
    let total = sheet.total.unwrap_or_default();
    let mut shown = Vec::new();
    for (id, expected) in EXPECTED {
        let indicator = scheme.indicators.iter().find(|i| i.id == id).cloned().unwrap_or_default();
        let value = total.indicators.iter().find(|v| v.id == id).cloned().unwrap_or_default();
        let lines = explained(clients, id).await?;
        // A number that its events do not sum to is no number.
        let found = match lines == value.numerator {
            true if expected.contains('(') => format!("{}{}", plain(&value), change(&value)),
            true => plain(&value),
            false => format!("{} ≠ {lines}", value.numerator),
        };
        shown.push(Shown {
            zh: format!("要情 {} {}", indicator.area, indicator.title_zh),
            en: format!("sheet {} {}", indicator.area, indicator.title_en),
            // Ours to choose: whatever it is, its events sum to it.
            expected: if expected.is_empty() { plain(&value) } else { expected.to_owned() },
            found,
        });
    }
    Ok(shown)
}

async fn explained(clients: &Clients, indicator: &str) -> Result<i64, Fault> {
    let request = ExplainRequest {
        board: BOARD.into(),
        period: CAMPAIGN_ID.into(),
        indicator: indicator.into(),
        page_size: 1,
        ..Default::default()
    };
    let lines =
        clients.call(Service::Rankings, request, async |r| clients.rankings().explain(r).await).await?;
    Ok(lines.sum)
}

/// The value, with the fraction of a rate.
fn plain(value: &IndicatorValue) -> String {
    match value.denominator {
        Some(denominator) => format!("{} = {}/{denominator}", value.display, value.numerator),
        None => value.display.clone(),
    }
}

/// The year before and the change, in brackets; nothing without a year before.
fn change(value: &IndicatorValue) -> String {
    if value.yoy.is_empty() {
        return String::new();
    }
    let base = match value.base_denominator {
        Some(denominator) => format!("{}/{denominator}", value.base_numerator),
        None => value.base_numerator.to_string(),
    };
    let changes = [base.as_str(), &value.yoy, &value.yoy_relative];
    format!(" ({})", changes.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", "))
}
