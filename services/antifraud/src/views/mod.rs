//! What lists, gets and the banks' desk are answered from: tables that one projection keeps from this service's own log.
//!
//! | table | file | one row is |
//! |---|---|---|
//! | `orders`, `accounts` | `orders.rs` | a stop, freeze or return as it is shown; the version of its account |
//! | `instructions` | `instructions.rs` | a message to a bank, open until it is answered |
//! | `ledger` | `ledger.rs` | what a bank confirmed, or a correction of it |
//! | `members` | `members.rs` | a member unit |

pub mod instructions;
pub mod ledger;
pub mod members;
pub mod orders;

use crate::account::{Account, AccountEvent};
use crate::member::{Member, MemberEvent};
use sqlx::PgConnection;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_projection::{ApplyError, Projection};

/// Name of the projection.
pub const NAME: &str = "views";
/// Tables of the projection.
pub const TABLES: &[&str] = &["orders", "accounts", "instructions", "ledger", "members"];

/// The projection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Views;

/// An event of one aggregate with where it stands.
struct Seen<E> {
    id: String,
    version: i64,
    position: i64,
    event_type: String,
    event: E,
}

impl Projection for Views {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let (mut of_accounts, mut of_members) = (Vec::new(), Vec::new());
        for recorded in batch {
            match recorded.stream.split_once('-') {
                Some((Account::KIND, id)) => of_accounts.push(seen::<AccountEvent>(recorded, id)?),
                Some((Member::KIND, id)) => of_members.push(seen::<MemberEvent>(recorded, id)?),
                // Aggregates that have no view here; a new one adds its arm.
                _ => {}
            }
        }
        orders::apply_in_tx(tx, &of_accounts).await?;
        ledger::apply_in_tx(tx, &of_accounts).await?;
        members::apply_in_tx(tx, &of_members).await?;
        Ok(())
    }
}

fn seen<E: EventSet>(recorded: &RecordedEvent, id: &str) -> Result<Seen<E>, ApplyError> {
    let event =
        E::decode(&recorded.r#type, &recorded.payload).map_err(|e| ApplyError::poison(recorded, e))?;
    Ok(Seen {
        id: id.to_owned(),
        version: recorded.version,
        position: recorded.position,
        event_type: recorded.r#type.clone(),
        event,
    })
}

/// A row whose message cannot be read, naming it.
fn corrupt(table: &'static str, id: &str, error: &prost::DecodeError) -> sqlx::Error {
    sqlx::Error::Decode(format!("corrupt row of {table}, {id}: {error}").into())
}

/// A number of an enum as the database keeps it.
fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or_default()
}
