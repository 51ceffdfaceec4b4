//! The gRPC services, one file each. A handler is: who calls, what the aggregate decides, the receipt.
//!
//! | file | service |
//! |---|---|
//! | `stops.rs`, `freezes.rs`, `returns.rs` | orders: commands, gets, lists |
//! | `history.rs` | everything that happened to an order |
//! | `instructions.rs` | sending again, taking a confirmation back |
//! | `members.rs` | member units |
//! | `ledger.rs` | the three sums and their events |
//! | `desk.rs` | the banks' stream |
//! | `sealing.rs` | persons and account numbers, sealed before anything is decided |

mod desk;
mod freezes;
mod history;
mod instructions;
mod ledger;
mod members;
mod returns;
mod sealing;
mod stops;

use crate::account::{Account, Facts, Order, OrderKind, account_of};
use crate::member::Member;
use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use crate::terms::level_of;
use crate::views::orders;
use prost::{Message, Name};
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use tonic::{Request, Status};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{CommandMeta, Decision, EventStore, Outcome, Repository};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_privacy::Vault;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_proto::antifraud::v1::ApprovalLevel;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::{
    Caller, Check, Page, command_meta_with, command_status, errors, receipt, refusal_status, store_status,
};

/// How long a query waits for its `at_least`; the call's own deadline may be shorter.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// Aggregates of a kind kept in memory.
const CACHED: usize = 8_192;

/// What the handlers share.
#[derive(Clone)]
pub struct Antifraud {
    store: EventStore,
    accounts: Repository<Account>,
    members: Repository<Member>,
    views: ProjectionHandle,
    directory: Arc<Directory>,
    law: Arc<LegalClock>,
    vault: Vault,
    patience: time::Duration,
}

/// One call: who makes it, and when.
struct Sitting {
    caller: Caller,
    now: OffsetDateTime,
    units: Arc<OrgTree>,
    level: ApprovalLevel,
    law: Arc<LegalClock>,
    patience: time::Duration,
}

impl Sitting {
    /// What a decision is made with.
    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            actor: &self.caller.subject,
            unit: self.caller.org_unit,
            level: self.level,
            law: &self.law,
            units: &self.units,
            patience: self.patience,
        }
    }
    fn today(&self) -> Date {
        city_day(self.now)
    }
    /// Whether the caller may write for a unit today.
    fn writes_for(&self, unit: OrgCode) -> bool {
        self.caller.may_write(&self.units, unit, self.today()).is_ok()
    }
    /// Refuses unless the caller may write for the unit; an order without a unit does not exist, which the decision says.
    fn may_write(&self, unit: Option<OrgCode>) -> Result<(), Refused> {
        match unit {
            Some(unit) if !self.writes_for(unit) => Err(Reason::NotYourUnit { unit }.into()),
            _ => Ok(()),
        }
    }
    /// The units of a subtree that the caller may read; "" = the caller's own.
    fn subtree(&self, org_unit: &str) -> Result<Vec<OrgCode>, Status> {
        let mut check = Check::new();
        let root = check.optional_org_unit("org_unit", org_unit);
        let (root,) = check.finish((root,))?;
        let (root, today) = (root.unwrap_or(self.caller.org_unit), self.today());
        self.caller.may_read(&self.units, root, today)?;
        Ok(self.units.units().into_iter().filter(|unit| self.units.is_within(*unit, root, today)).collect())
    }
}

impl Antifraud {
    /// Over a store, its views, the org units, the limits of law and the vault that seals persons.
    #[must_use]
    pub fn new(
        store: EventStore,
        views: ProjectionHandle,
        directory: Arc<Directory>,
        law: LegalClock,
        vault: Vault,
        patience: time::Duration,
    ) -> Self {
        Self {
            accounts: Repository::new(store.clone(), CACHED),
            members: Repository::new(store.clone(), CACHED),
            views,
            directory,
            law: Arc::new(law),
            vault,
            patience,
            store,
        }
    }

    /// The accounts, for whoever carries out deadlines.
    #[must_use]
    pub fn accounts(&self) -> Repository<Account> {
        self.accounts.clone()
    }

    /// The caller, the message, and everything that a decision is made with.
    fn enter<M>(&self, request: Request<M>) -> Result<(Sitting, M), Status> {
        let caller = Caller::of(&request)?;
        Ok((self.sit(caller), request.into_inner()))
    }

    fn sit(&self, caller: Caller) -> Sitting {
        let now = self.store.clock().now();
        let unit = self.directory.unit_on(caller.org_unit, city_day(now));
        Sitting {
            level: unit.map_or(ApprovalLevel::Unspecified, |unit| level_of(unit.kind)),
            caller,
            now,
            units: self.directory.tree(),
            law: Arc::clone(&self.law),
            patience: self.patience,
        }
    }

    /// Id, digest, etag and actor of a command. The digest is keyed: some messages hold persons and account numbers, and
    /// nobody who reads the table of remembered requests may try them out.
    fn meta<M: Message + Name>(
        &self,
        sitting: &Sitting,
        request_id: &str,
        message: &M,
        etag: &str,
    ) -> Result<CommandMeta, Status> {
        command_meta_with(&sitting.caller, request_id, message, etag, |bytes| self.vault.keyed_digest(bytes))
    }

    /// Executes a command on the account of an order, for its unit.
    async fn on_order(
        &self,
        sitting: &Sitting,
        order_id: &str,
        meta: CommandMeta,
        mut decide: impl FnMut(&Account) -> Result<(Facts, Vec<u8>), Refused>,
    ) -> Result<Outcome, Status> {
        if OrderKind::of(order_id).is_none() {
            return Err(refusal_status(&Refused::from(Reason::StopUnknown)));
        }
        let decide = |account: &Account, _| {
            sitting.may_write(account.unit_of(order_id))?;
            let (facts, response) = decide(account)?;
            Ok::<_, Refused>(Decision { facts, response })
        };
        self.accounts.execute(account_of(order_id), meta, decide).await.map_err(command_status)
    }

    /// Waits until the views have seen a position of the own log; 0 = as they are.
    async fn at_least(&self, position: i64) -> Result<(), Status> {
        if position <= 0 {
            return Ok(());
        }
        let waited = self.views.wait_for(self.store.source(), position, PATIENCE).await;
        waited.map_err(|late| match late {
            NotYet::Behind { position, wanted, .. } => errors::not_yet(wanted, position),
            NotYet::Stopped { .. } | NotYet::OtherSource { .. } => errors::internal(&late),
        })
    }

    /// One order of a kind that the caller may read.
    async fn order(
        &self,
        sitting: &Sitting,
        kind: OrderKind,
        order_id: &str,
        at_least: i64,
    ) -> Result<Order, Status> {
        self.at_least(at_least).await?;
        let found = orders::find(self.store.pool(), order_id).await.map_err(broken)?;
        let order = found
            .filter(|order| order.kind() == kind)
            .ok_or_else(|| errors::not_found(&name(kind, order_id)))?;
        let unit = OrgCode::parse(order.org_unit()).map_err(|e| errors::internal(&e))?;
        sitting.caller.may_read(&sitting.units, unit, sitting.today())?;
        Ok(order)
    }

    /// A page of orders of a kind.
    async fn listed(&self, sitting: &Sitting, wanted: Wanted<'_>) -> Result<(Vec<Order>, String), Status> {
        let units = sitting.subtree(wanted.org_unit)?;
        let Wanted { kind, org_unit, state, member_unit, .. } = wanted;
        let spelled = format!("{kind:?} {org_unit} {state} {member_unit}");
        let page = Page::of(wanted.page_size, wanted.page_token, &spelled)?;
        self.at_least(wanted.at_least).await?;
        let filter = orders::Filter { kind, units, state, member_unit: member_unit.to_owned() };
        let (found, next) = orders::list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        Ok((found, Page::token(next.as_ref(), &spelled)))
    }
}

/// Which page of orders is wanted.
struct Wanted<'m> {
    kind: OrderKind,
    org_unit: &'m str,
    state: i32,
    member_unit: &'m str,
    page_size: i32,
    page_token: &'m str,
    at_least: i64,
}

/// Resource name.
fn name(kind: OrderKind, order_id: &str) -> String {
    let collection = match kind {
        OrderKind::Stop => "stops",
        OrderKind::Freeze => "freezes",
        OrderKind::Return => "returns",
    };
    format!("{collection}/{order_id}")
}

fn receipt_of(kind: OrderKind, order_id: &str, outcome: &Outcome) -> Option<Receipt> {
    Some(receipt(name(kind, order_id), outcome))
}

/// The answer that was remembered with a command.
fn remembered<M: Message + Default>(outcome: &Outcome) -> Result<M, Status> {
    M::decode(outcome.appended.response.as_slice()).map_err(|error| errors::internal(&error))
}

/// Breakage of a view's query; the cause goes to the log.
fn broken(error: sqlx::Error) -> Status {
    store_status(&error.into())
}
