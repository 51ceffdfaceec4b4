//! Deadlines of orders: which events arm the durable timer, and what a deadline does. A deadline that comes too late, because
//! the order was extended, renewed, released or answered meanwhile, decides nothing.
//!
//! | kind | armed by | does |
//! |---|---|---|
//! | `stop-ends` | a stop confirmed or extended: 48 hours (STOP-48) | `StopExpired` |
//! | `freeze-ends` | a freeze confirmed or renewed: the midnight after its last day | `FreezeLapsed` (AF-007) |
//! | `answer-due` | an instruction sent (again) | `InstructionTimedOut` |

use crate::account::{Account, AccountEvent, account_of};
use crate::terms::end_of;
use time::{Date, OffsetDateTime};
use xiaoan_eventstore::{Decision, RecordedEvent, Repository};
use xiaoan_kernel::{Aggregate, EventSet, StreamId, UnknownEvent};
use xiaoan_timer::{Alarm, Change, Fire, settled};

const STOP_ENDS: &str = "stop-ends";
const FREEZE_ENDS: &str = "freeze-ends";
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
    let after =
        |on: Option<xiaoan_proto::core::v1::Date>| on.and_then(|on| Date::try_from(on).ok()).map(end_of);
    match event {
        AccountEvent::StopConfirmed(e) => arm(STOP_ENDS, &e.order_id, at(e.expires_at.as_ref())),
        AccountEvent::StopExtended(e) => again(STOP_ENDS, &e.order_id, at(e.expires_at.as_ref())),
        AccountEvent::StopReleased(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::StopConverted(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::StopConfirmationRevoked(e) => cancel(STOP_ENDS, &e.order_id),
        AccountEvent::FreezeConfirmed(e) => arm(FREEZE_ENDS, &e.order_id, after(e.expires_on)),
        AccountEvent::FreezeRenewed(e) => again(FREEZE_ENDS, &e.order_id, after(e.expires_on)),
        AccountEvent::FreezeLifted(e) => cancel(FREEZE_ENDS, &e.order_id),
        AccountEvent::FreezeConfirmationRevoked(e) => cancel(FREEZE_ENDS, &e.order_id),
        AccountEvent::InstructionSent(e) => arm(ANSWER_DUE, &e.order_id, at(e.answer_due.as_ref())),
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
                // A kind that this build does not know is nothing to decide; it would fail for ever otherwise.
                ANSWER_DUE => account.decide_time_out(&order_id, due, now),
                _ => Ok(Vec::new()),
            };
            facts.map(Decision::from)
        };
        settled(self.accounts.execute(account_of(&order_id), alarm.command(), decide).await)
    }
}
