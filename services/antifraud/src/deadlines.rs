//! Deadlines of orders: which events arm the durable timer, and what a deadline does. A deadline that comes too late, because
//! the order was extended, renewed, released or answered meanwhile, decides nothing.
//!
//! | kind | armed by | does |
//! |---|---|---|
//! | `stop-ends` | a stop confirmed or extended: 48 hours (STOP-48) | `StopExpired` |
//! | `freeze-ends` | a freeze confirmed or renewed: the midnight after its last day | `FreezeLapsed` (AF-007) |
//! | `freeze-warns` | a freeze confirmed or renewed: 30 days, 7 days, 1 day before it lapses | `FreezeLapseWarned` |
//! | `answer-due` | an instruction sent (again) | `InstructionTimedOut` |
//! | `UNFRZ-3D` | the lifting of what was found to be unrelated asked for | `OrderDeadlineBreached`, unless the bank was told |
//! | `RET-BANK` | a return handed to its bank | `OrderDeadlineBreached`, unless the bank has paid or cannot |

use crate::account::{Account, AccountEvent, account_of, warnings};
use crate::terms::{RET_BANK, UNFRZ_3D, end_of};
use time::{Date, OffsetDateTime};
use xiaoan_eventstore::{Decision, RecordedEvent, Repository};
use xiaoan_kernel::{Aggregate, EventSet, StreamId, UnknownEvent};
use xiaoan_timer::{Alarm, Change, Fire, settled};

const STOP_ENDS: &str = "stop-ends";
const FREEZE_ENDS: &str = "freeze-ends";
const FREEZE_WARNS: &str = "freeze-warns";
const ANSWER_DUE: &str = "answer-due";
/// Deadlines are an order's; its account's stream has several orders.
const ORDER: &str = "order";

/// Which deadlines an event arms and cancels.
///
/// # Errors
/// When the event cannot be read.
pub fn deadlines(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    if recorded.stream.split_once('-').map(|(kind, _)| kind) != Some(Account::KIND) {
        return Ok(Vec::new());
    }
    Ok(changes(&AccountEvent::decode(&recorded.r#type, &recorded.payload)?))
}

fn changes(event: &AccountEvent) -> Vec<Change> {
    let stream = |order_id: &str| StreamId::new(ORDER, order_id);
    let arm = |kind: &str, order_id: &str, due: Option<OffsetDateTime>| {
        due.map(|due| Change::arm(kind, &stream(order_id), due)).into_iter().collect::<Vec<_>>()
    };
    let cancel = |kind: &str, order_id: &str| vec![Change::cancel(kind, &stream(order_id))];
    let again = |kind: &str, order_id: &str, due| [cancel(kind, order_id), arm(kind, order_id, due)].concat();
    let at = |at: Option<&prost_types::Timestamp>| at.and_then(xiaoan_proto::instant);
    let frozen = |order_id: &str, last: Option<xiaoan_proto::core::v1::Date>| {
        let last = last.and_then(|on| Date::try_from(on).ok());
        let warned = last.into_iter().flat_map(warnings);
        let warned = warned.map(|at| Change::arm(FREEZE_WARNS, &stream(order_id), at));
        warned.chain(arm(FREEZE_ENDS, order_id, last.map(end_of))).collect::<Vec<_>>()
    };
    let over = |order_id: &str| [cancel(FREEZE_ENDS, order_id), cancel(FREEZE_WARNS, order_id)].concat();
    match event {
        AccountEvent::StopConfirmed(e) => arm(STOP_ENDS, &e.order_id, at(e.expires_at.as_ref())),
        AccountEvent::StopExtended(e) => again(STOP_ENDS, &e.order_id, at(e.expires_at.as_ref())),
        AccountEvent::StopReleased(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::StopConverted(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::StopConfirmationRevoked(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::FreezeConfirmed(e) => frozen(&e.order_id, e.expires_on),
        AccountEvent::FreezeRenewed(e) => [over(&e.order_id), frozen(&e.order_id, e.expires_on)].concat(),
        AccountEvent::FreezeLifted(e) => over(&e.order_id),
        AccountEvent::FreezeConfirmationRevoked(e) => over(&e.order_id),
        AccountEvent::FreezeLiftRequested(e) => arm(UNFRZ_3D, &e.order_id, at(e.tell_by.as_ref())),
        AccountEvent::InstructionSent(e) => [
            arm(ANSWER_DUE, &e.order_id, at(e.answer_due.as_ref())),
            arm(RET_BANK, &e.order_id, at(e.pay_by.as_ref())),
        ]
        .concat(),
        AccountEvent::ReturnExecuted(e) => cancel(RET_BANK, &e.order_id),
        AccountEvent::InstructionFailed(e) => cancel(RET_BANK, &e.order_id),
        AccountEvent::InstructionResent(e) => arm(ANSWER_DUE, &e.order_id, at(e.answer_due.as_ref())),
        _ => Vec::new(),
    }
}

/// Carries deadlines out.
#[derive(Clone)]
pub struct Alarms {
    /// Accounts.
    pub accounts: Repository<Account>,
}

impl Fire for Alarms {
    async fn fire(&self, alarm: Alarm) -> anyhow::Result<()> {
        let order_id = alarm.stream.parts().1.to_owned();
        let due = alarm.due_at;
        let now = self.accounts.store().clock().now();
        let decide = |account: &Account, _| {
            let facts = match alarm.kind.as_str() {
                STOP_ENDS => account.decide_expire_stop(&order_id, due, now),
                FREEZE_ENDS => account.decide_lapse_freeze(&order_id, due, now),
                FREEZE_WARNS => account.decide_warn_lapse(&order_id, due, now),
                rule @ (UNFRZ_3D | RET_BANK) => account.decide_breach(&order_id, rule, due, now),
                // A kind that this build does not know is nothing to decide; it would fail for ever otherwise.
                ANSWER_DUE => account.decide_time_out(&order_id, due, now),
                _ => Ok(Vec::new()),
            };
            facts.map(Decision::from)
        };
        settled(self.accounts.execute(account_of(&order_id), alarm.command(), decide).await)
    }
}
