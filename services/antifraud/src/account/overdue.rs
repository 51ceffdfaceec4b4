//! What the timer says before a freeze lapses, and when a time limit of law ran out (domain reference §B.2, §I). It decides nothing
//! about the money: it is recorded, so that whoever is to act sees it, and nobody can say afterwards that it was in time.

use super::orders::{day, instant};
use super::{Account, Facts, Order};
use crate::refusal::Refused;
use crate::terms::{RET_BANK, UNFRZ_3D, end_of};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::antifraud::v1::{
    DeadlineBreach, FreezeLapseWarned, FreezeState, InstructionKind, OrderDeadlineBreached, ReturnState,
};
use xiaoan_proto::timestamp;

/// Days before its lapse on which a freeze is warned of, and the moment from which the next one, or the lapse, takes its place.
const WARNINGS: [(i32, i64); 3] = [(30, 7), (7, 1), (1, 0)];

/// When a freeze with this last day is warned of.
pub fn warnings(last_day: Date) -> impl Iterator<Item = OffsetDateTime> {
    WARNINGS.into_iter().map(move |(days, _)| end_of(last_day) - Duration::days(days.into()))
}

impl Account {
    /// Warns that a freeze is about to lapse. Nothing when it was renewed, lifted, or a later warning is due as well.
    ///
    /// # Errors
    /// Never in practice: an order's unit is a unit.
    pub fn decide_warn_lapse(
        &self,
        order_id: &str,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Facts, Refused> {
        let Ok(freeze) = self.freeze(order_id) else { return Ok(Vec::new()) };
        let Some(lapses) = day(freeze.expires_on).map(end_of) else { return Ok(Vec::new()) };
        let this = WARNINGS.into_iter().find(|(days, _)| lapses - Duration::days((*days).into()) == due);
        let Some((days_left, next)) = this else { return Ok(Vec::new()) };
        let in_time = (due..lapses - Duration::days(next)).contains(&now);
        let said = (1..=days_left).contains(&freeze.warned_days);
        if freeze.state() != FreezeState::Frozen || !in_time || said {
            return Ok(Vec::new());
        }
        let warned = FreezeLapseWarned {
            order_id: order_id.to_owned(),
            org_unit: freeze.org_unit.clone(),
            days_left,
            expires_on: freeze.expires_on,
        };
        Ok(vec![Self::fact(&freeze.org_unit, warned, city_day(due))?])
    }

    /// Notes that a time limit ran out. Nothing when it was met, or was noted before.
    ///
    /// # Errors
    /// Never in practice: an order's unit is a unit.
    pub fn decide_breach(
        &self,
        order_id: &str,
        rule_id: &str,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Facts, Refused> {
        let Some(order) = self.orders.get(order_id) else { return Ok(Vec::new()) };
        let noted = order.breaches().iter().any(|b| is_of(b, rule_id, due));
        if now < due || noted || !self.missed(order, rule_id, due) {
            return Ok(Vec::new());
        }
        let on = city_day(due);
        let breached = OrderDeadlineBreached {
            order_id: order_id.to_owned(),
            org_unit: order.org_unit().to_owned(),
            rule_id: rule_id.to_owned(),
            due_at: Some(timestamp(due)),
            due_on: Some(on.into()),
        };
        Ok(vec![Self::fact(order.org_unit(), breached, on)?])
    }

    /// Whether what an instruction of the order owed by then is not done.
    fn missed(&self, order: &Order, rule_id: &str, due: OffsetDateTime) -> bool {
        let mut owing =
            order.instructions().iter().filter(|i| self.owed.get(&i.trans_serial_number) == Some(&due));
        match (rule_id, order) {
            (UNFRZ_3D, Order::Freeze(freeze)) => owing.any(|i| {
                // The bank is told when the instruction is handed over.
                let told_at = instant(i.sent_at.as_ref());
                i.kind() == InstructionKind::Unfreeze
                    && told_at.map_or(super::freeze::is_open(freeze.state()), |told_at| told_at >= due)
            }),
            (RET_BANK, Order::Return(order)) => {
                order.state() == ReturnState::Decided && owing.any(|i| i.kind() == InstructionKind::Return)
            }
            _ => false,
        }
    }
}

fn is_of(breach: &DeadlineBreach, rule_id: &str, due: OffsetDateTime) -> bool {
    breach.rule_id == rule_id && instant(breach.due_at.as_ref()) == Some(due)
}
