//! The gRPC services of port, one file each. A handler is: who calls, what the aggregate decides, the receipt.
//!
//! | file | what |
//! |---|---|
//! | `incidents.rs` | `IncidentService`; `import.rs` its stream of rows |
//! | `accidents.rs` | `AccidentService`; `settling.rs` the command over an accident and a guard |
//! | `guards.rs` | `GuardService` |
//! | `freight.rs` | `FreightTrafficService` |
//! | `intake.rs` | `IntakeService`: the stream of a port dispatch system |
//! | `queries.rs` | get, list and history, the same for every resource |

mod accidents;
mod freight;
mod guards;
mod import;
mod incidents;
mod intake;
mod queries;
mod settling;
mod sitting;

use crate::accident::Accident;
use crate::freight::Freight;
use crate::guard::Guard;
use crate::incident::Incident;
use crate::intake::Intake;
use crate::moment::{Moment, chosen_id};
use crate::refusal::{Refused, Remarks};
use crate::track::Bases;
use prost::{Message, Name};
use sitting::Sitting;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Status};
use uuid::Uuid;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{CommandMeta, Decision, EventStore, Outcome, Repository};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, RequestId};
use xiaoan_privacy::Vault;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_proto::core::v1::{PersonInput, SealedPerson};
use xiaoan_rpc::{Caller, Role, command_meta_with, command_status, errors, refusal_status};

/// How long a query waits for its `at_least`; the call's own deadline may be shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// Aggregates of a kind kept in memory: some tens of megabytes at most.
const CACHED: usize = 16_384;

/// What the handlers share.
#[derive(Clone)]
pub struct Port {
    store: EventStore,
    incidents: Repository<Incident>,
    accidents: Repository<Accident>,
    guards: Repository<Guard>,
    freight: Repository<Freight>,
    intakes: Repository<Intake>,
    views: ProjectionHandle,
    directory: Arc<Directory>,
    bases: Arc<Bases>,
    vault: Vault,
}

/// The aggregate that a command changes.
struct Target<'t, A: Aggregate> {
    repository: &'t Repository<A>,
    /// Field that holds the id.
    field: &'static str,
    id: &'t str,
    unit: fn(&A) -> Option<OrgCode>,
    /// Who may.
    roles: &'static [Role],
}

impl Port {
    /// Over a store, its views, the org units, the legal bases and the vault that seals persons.
    #[must_use]
    pub fn new(
        store: EventStore,
        views: ProjectionHandle,
        directory: Arc<Directory>,
        bases: Arc<Bases>,
        vault: Vault,
    ) -> Self {
        Self {
            incidents: Repository::new(store.clone(), CACHED),
            accidents: Repository::new(store.clone(), CACHED),
            guards: Repository::new(store.clone(), CACHED),
            freight: Repository::new(store.clone(), CACHED),
            intakes: Repository::new(store.clone(), CACHED),
            views,
            directory,
            bases,
            vault,
            store,
        }
    }

    /// The caller, the message, and everything that a decision is made with.
    fn enter<M>(&self, request: Request<M>) -> Result<(Sitting, M), Status> {
        let caller = Caller::of(&request)?;
        Ok((self.sitting(caller), request.into_inner()))
    }

    fn sitting(&self, caller: Caller) -> Sitting {
        let now = self.store.clock().now();
        Sitting { caller, now, units: self.directory.tree(), bases: Arc::clone(&self.bases) }
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

    /// Executes a command on one aggregate: permission first, then the decision.
    async fn change<A: Aggregate>(
        &self,
        sitting: &Sitting,
        target: &Target<'_, A>,
        meta: CommandMeta,
        decide: impl Fn(&A, &Moment<'_>) -> Result<Decision<A::Event>, Refused>,
    ) -> Result<Outcome, Status> {
        well_formed_id(target.field, target.id)?;
        let decide = |state: &A, _| {
            sitting.may_write(target.roles, (target.unit)(state))?;
            decide(state, &sitting.moment())
        };
        target.repository.execute(target.id, meta, decide).await.map_err(command_status)
    }

    /// Seals persons. The n-th person of a field of a command always has the same id, so a retry makes no second key.
    async fn seal(
        &self,
        request: RequestId,
        field: &str,
        persons: &[&PersonInput],
    ) -> Result<Vec<SealedPerson>, Status> {
        let with_ids = persons
            .iter()
            .enumerate()
            .map(|(n, person)| (Uuid::new_v5(&request.0, format!("{field}/{n}").as_bytes()), *person));
        self.vault.seal_persons(with_ids).await.map_err(|e| errors::internal(&e))
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

/// A decision whose answer is nothing but its receipt.
fn plain<E>(facts: Result<Vec<Fact<E>>, Refused>) -> Result<Decision<E>, Refused> {
    facts.map(Decision::from)
}

/// The caller's id, or the one that the service gives: that of the request.
fn given_id(chosen: &str, meta: &CommandMeta) -> String {
    if chosen.is_empty() { meta.request.id.to_string() } else { chosen.to_owned() }
}

/// Refuses a text that is no id (GE-006).
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
