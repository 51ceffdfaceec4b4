//! Alerts: received once, counted on the city's day of receipt; a duplicate leaves that day again.

use super::{Line, Unbookable, day, integrity, unit};
use crate::measures::Measure;
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1::{
    AlertDisposed, AlertDispositionOverridden, AlertMarkedDuplicate, AlertReceived,
};

xiaoan_kernel::events! {
    /// What can happen to an alert.
    pub enum AlertEvent {
        Received(AlertReceived),
        Disposed(AlertDisposed),
        DispositionOverridden(AlertDispositionOverridden),
        MarkedDuplicate(AlertMarkedDuplicate),
    }
}

/// Lines of an event.
///
/// # Errors
/// [`Unbookable`] when a day or a unit is missing or none.
pub fn lines(event: &AlertEvent) -> Result<Vec<Line>, Unbookable> {
    match event {
        AlertEvent::Received(e) => {
            let at = e.received_at.as_ref().and_then(xiaoan_proto::instant);
            let at = at.ok_or_else(|| Unbookable("received_at is missing or no instant".into()))?;
            received(&e.org_unit, &e.kind, city_day(at), 1)
        }
        AlertEvent::MarkedDuplicate(e) => {
            received(&e.org_unit, &e.kind, day(e.received_on, "received_on")?, -1)
        }
        AlertEvent::Disposed(e) => integrity::disposed(e),
        AlertEvent::DispositionOverridden(e) => integrity::overridden(e),
    }
}

fn received(org_unit: &str, kind: &str, on: time::Date, quantity: i64) -> Result<Vec<Line>, Unbookable> {
    Ok(vec![Line {
        measure: Measure::AlertReceived,
        org_unit: unit(org_unit)?,
        category: kind.to_owned(),
        occurred_on: on,
        quantity,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn alert(at: time::OffsetDateTime) -> AlertEvent {
        AlertReceived {
            alert_id: "a-1".into(),
            org_unit: "371121010000".into(),
            received_at: Some(xiaoan_proto::timestamp(at)),
            kind: "theft".into(),
            ..Default::default()
        }
        .into()
    }

    #[test]
    fn k05_an_alert_a_millisecond_before_midnight_in_shanghai_is_of_june() {
        let on = |at| lines(&alert(at)).expect("books")[0].occurred_on;
        assert_eq!(on(datetime!(2026-06-30 15:59:59.999 UTC)), date!(2026 - 06 - 30));
        assert_eq!(on(datetime!(2026-06-30 16:00:00.000 UTC)), date!(2026 - 07 - 01));
    }

    #[test]
    fn a_duplicate_leaves_the_day_it_was_received() {
        let mut all = lines(&alert(datetime!(2026-06-10 08:00 UTC))).expect("books");
        let duplicate = AlertMarkedDuplicate {
            alert_id: "a-1".into(),
            duplicate_of: "a-0".into(),
            org_unit: "371121010000".into(),
            received_on: Some(date!(2026 - 06 - 10).into()),
            kind: "theft".into(),
        };
        all.extend(lines(&duplicate.into()).expect("books"));
        assert_eq!(all[0], Line { quantity: 1, ..all[1].clone() });
        assert_eq!(all.iter().map(|l| l.quantity).sum::<i64>(), 0);
    }

    #[test]
    fn an_alert_without_an_instant_is_poison() {
        assert!(
            lines(&AlertReceived { org_unit: "371121010000".into(), ..Default::default() }.into()).is_err()
        );
    }
}
