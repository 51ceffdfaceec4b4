//! The gRPC services of the casebook, one file each. A handler is: who calls, what the aggregate decides, the receipt.
//!
//! | file | service |
//! |---|---|
//! | `cases.rs` | commands of `CaseService`; `filing.rs` the two that seal persons; `import.rs` the stream; `queries.rs` gets, lists, history |
//! | `alerts.rs` | `AlertService` |
//! | `series.rs` | `SeriesService` |
//! | `reports.rs` | `ReportService` |
//! | `audits.rs` | `AuditService`, `DeadlineService`, and what a deadline does that comes about |
//! | `work/` | task forces, clean-ups, reverse reviews, major cases, dens, exhibits, lookups |

mod alerts;
mod audits;
mod cases;
mod filing;
mod history;
mod import;
mod queries;
mod reports;
mod series;
mod sitting;
mod work;

pub use work::WorkDesk;

use crate::alert::Alert;
use crate::audit::Audit;
use crate::case::{CASE_NO_FORM, Case, case_no_is_well_formed};
use crate::deadline::Deadline;
use crate::moment::{Level, chosen_id};
use crate::numbers::Numbers;
use crate::refusal::Remarks;
use crate::report::Report;
use crate::rulebook::RuleBook;
use crate::series::Series;
use prost::{Message, Name};
use sitting::Sitting;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Status};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{CommandMeta, EventStore, Repository};
use xiaoan_kernel::city_day;
use xiaoan_privacy::Vault;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_rpc::{Caller, Turns, command_meta_with, errors, refusal_status};

/// How long a query waits for its `at_least`; the call's own deadline may be shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// Aggregates of a kind kept in memory: some tens of megabytes at most.
const CACHED: usize = 16_384;
/// Turn of draws, "audits" in ASCII: drawing a sample looks at what every other audit holds, otherwise two at once could draw the
/// same alert.
const DRAWS: i64 = 0x0000_6175_6469_7473;

/// What the handlers share.
#[derive(Clone)]
pub struct Casebook {
    store: EventStore,
    cases: Repository<Case>,
    alerts: Repository<Alert>,
    series: Repository<Series>,
    reports: Repository<Report>,
    audits: Repository<Audit>,
    deadlines: Repository<Deadline>,
    numbers: Numbers,
    draws: Turns,
    views: ProjectionHandle,
    directory: Arc<Directory>,
    rules: Arc<RuleBook>,
    vault: Vault,
}

impl Casebook {
    /// Over a store, its views, the org units, the rule books and the vault that seals persons.
    #[must_use]
    pub fn new(
        store: EventStore,
        views: ProjectionHandle,
        directory: Arc<Directory>,
        rules: Arc<RuleBook>,
        vault: Vault,
    ) -> Self {
        Self {
            cases: Repository::new(store.clone(), CACHED),
            alerts: Repository::new(store.clone(), CACHED),
            series: Repository::new(store.clone(), CACHED),
            reports: Repository::new(store.clone(), CACHED),
            audits: Repository::new(store.clone(), CACHED),
            deadlines: Repository::new(store.clone(), CACHED),
            draws: Turns::new(store.pool().clone(), DRAWS),
            numbers: Numbers::new(store.pool().clone()),
            views,
            directory,
            rules,
            vault,
            store,
        }
    }

    /// The caller, the message, and everything that a decision is made with.
    fn enter<M>(&self, request: Request<M>) -> Result<(Sitting, M), Status> {
        let caller = Caller::of(&request)?;
        let now = self.store.clock().now();
        let unit = self.directory.unit_on(caller.org_unit, city_day(now));
        let level = unit.map_or(Level::Station, |unit| Level::of(unit.kind));
        let (units, rules) = (self.directory.tree(), Arc::clone(&self.rules));
        let sitting = Sitting { caller, now, level, units, rules };
        Ok((sitting, request.into_inner()))
    }

    /// Id, digest, etag and actor of a command. The digest is keyed: some messages hold persons, and nobody who reads
    /// the table of remembered requests may try out names.
    fn meta<M: Message + Name>(
        &self,
        sitting: &Sitting,
        request_id: &str,
        message: &M,
        etag: &str,
    ) -> Result<CommandMeta, Status> {
        command_meta_with(&sitting.caller, request_id, message, etag, |bytes| self.vault.keyed_digest(bytes))
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
}

/// Refuses a text that is no case number (GE-006).
fn well_formed(case_no: &str) -> Result<(), Status> {
    let mut remarks = Remarks::default();
    if !case_no_is_well_formed(case_no) {
        remarks.note("case_no", CASE_NO_FORM);
    }
    remarks.refuse().map(drop).map_err(|refused| refusal_status(&refused))
}

/// Refuses a text that is no id of an alert or a series (GE-006).
fn well_formed_id(field: &'static str, id: &str) -> Result<(), Status> {
    let mut remarks = Remarks::default();
    chosen_id(&mut remarks, field, id);
    remarks.refuse().map(drop).map_err(|refused| refusal_status(&refused))
}

/// The answer that was remembered with a command.
fn remembered<M: Message + Default>(response: &[u8]) -> Result<M, Status> {
    M::decode(response).map_err(|error| errors::internal(&error))
}

/// Breakage of a view's query; the cause goes to the log.
fn broken(error: sqlx::Error) -> Status {
    xiaoan_rpc::store_status(&error.into())
}
