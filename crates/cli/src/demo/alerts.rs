//! Alerts of 110. Zhongzhi's are the published ones (V12: 577 against 625), each disposed of; its thefts come from alerts.

use super::city::{BASE, CAMPAIGN, STATIONS, Span, ZHONGZHI};
use super::deal::at;
use super::dice::Dice;
use super::draft::Draft;
use super::plan::{LAST_ALERT, Step, Story};
use super::script::officer;
use time::{Duration, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

/// Alerts of Zhongzhi that turned out to be duplicates; they count nowhere.
const DUPLICATES: usize = 4;

/// Kinds with what usually becomes of them.
const KINDS: [(&str, pb::AlertDisposition, usize); 5] = [
    ("traffic", pb::AlertDisposition::Administrative, 24),
    ("dispute", pb::AlertDisposition::Mediated, 26),
    ("help", pb::AlertDisposition::Helped, 34),
    ("noise", pb::AlertDisposition::NoCrime, 9),
    ("other", pb::AlertDisposition::HandedOver, 7),
];
const PLACES: [&str; 8] =
    ["示例路", "示例村", "示例小区", "示例市场", "示例广场", "示例学校门口", "示例码头", "示例超市"];

/// Stories of all alerts that are no part of a case's story. Gives Zhongzhi's reported cases their alerts.
pub fn stories(drafts: &mut [Draft]) -> Vec<(OffsetDateTime, Story)> {
    let mut dice = Dice::new(577_625);
    let mut stories = Vec::new();
    for (station, figures) in STATIONS.iter().enumerate() {
        for (span, count, word) in [(BASE, figures.alerts_base, "b"), (CAMPAIGN, figures.alerts, "c")] {
            let mut left = count;
            if figures.code == ZHONGZHI {
                let of_cases = drafts
                    .iter_mut()
                    .filter(|d| d.station == station && !d.proactive && span.has(city_day(d.reported_at)));
                for draft in of_cases {
                    draft.alert_id = format!("demo-{}", draft.case_no);
                    left = left.saturating_sub(1);
                }
            }
            for number in 0..left {
                let id = format!("demo-{}-{word}{number:04}", figures.code);
                let repeated = figures.code == ZHONGZHI && span == CAMPAIGN && number < DUPLICATES;
                stories.push(alert(&mut dice, figures.code, span, &id, repeated));
            }
        }
    }
    stories
}

fn receive(
    unit: &str,
    alert_id: &str,
    received_at: OffsetDateTime,
    kind: &str,
    place: String,
) -> pb::ReceiveAlertRequest {
    pb::ReceiveAlertRequest {
        alert_id: alert_id.to_owned(),
        org_unit: unit.to_owned(),
        received_at: Some(timestamp(received_at)),
        kind: kind.to_owned(),
        place,
        provenance: Provenance::Demo.into(),
        ..Default::default()
    }
}

fn alert(
    dice: &mut Dice,
    unit: &'static str,
    span: Span,
    id: &str,
    repeated: bool,
) -> (OffsetDateTime, Story) {
    let received_at = at(
        span.from + Duration::days(dice.between(0, span.days() - 1)),
        dice.between(0, 22),
        dice.between(0, 59),
    );
    let choices = KINDS.map(|(kind, disposition, weight)| ((kind, disposition), weight));
    let (kind, disposition) = dice.weighted(&choices);
    let place = format!("{}{}号", dice.pick(&PLACES), dice.between(1, 300));
    let by = |body| Step { who: officer(unit), body };
    let mut steps = vec![by(receive(unit, id, received_at, kind, place.clone()).into())];
    if repeated {
        // A second caller, some minutes later, at the same place.
        let again = format!("{id}-again");
        steps.push(by(receive(unit, &again, received_at + Duration::minutes(6), kind, place).into()));
        steps.push(by(pb::MarkAlertDuplicateRequest {
            alert_id: again,
            duplicate_of: id.to_owned(),
            ..Default::default()
        }
        .into()));
    }
    let dispose = pb::DisposeAlertRequest {
        alert_id: id.to_owned(),
        disposition: disposition.into(),
        ..Default::default()
    };
    steps.push(by(dispose.into()));
    (received_at, Story { key: id.to_owned(), steps })
}

/// The last story of all. Its alert repeats the first one of the port and counts nowhere; that it is marked so says that
/// every command before it was accepted.
#[must_use]
pub fn last() -> Story {
    let unit = "371190020000";
    let by = |body| Step { who: officer(unit), body };
    let received_at = at(CAMPAIGN.to, 12, 0);
    Story {
        key: LAST_ALERT.to_owned(),
        steps: vec![
            by(receive(unit, LAST_ALERT, received_at, "other", "示例码头1号".to_owned()).into()),
            by(pb::MarkAlertDuplicateRequest {
                alert_id: LAST_ALERT.to_owned(),
                duplicate_of: format!("demo-{unit}-c0000"),
                ..Default::default()
            }
            .into()),
        ],
    }
}
