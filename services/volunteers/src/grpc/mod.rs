//! The gRPC services of volunteers, one file each. A handler is: who calls, what the aggregate decides, the receipt.
//!
//! | file | what |
//! |---|---|
//! | `people` | commands and queries of `VolunteerService` |
//! | `enrolling` | applications and enrolments: what is sealed, what is numbered; `import` the stream |
//! | `squadrons` | `SquadronService` |
//! | `patrols` | `PatrolService`; `attendance` the commands over patrol and volunteers |
//! | `history` | everything that happened to one of them |
//! | `sitting` | who calls and when; what their role lets them do |

mod attendance;
mod enrolling;
mod history;
mod import;
mod patrols;
mod people;
mod sitting;
mod squadrons;

pub use enrolling::BIRTH_DATE;

use crate::duty_point::DutyPoint;
use crate::moment::{ID_FORM, Moment, is_id};
use crate::numbers::Numbers;
use crate::patrol::Patrol;
use crate::patrol_rule::PatrolRules;
use crate::reason::{Refused, Remarks};
use crate::squadron::Squadron;
use crate::views::{Entry, Filter, find, list};
use crate::volunteer::Volunteer;
use prost::{Message, Name};
use sitting::Sitting;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Status};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{CommandMeta, Decision, EventStore, Repository};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_privacy::Vault;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::{Caller, Page, Role, command_meta_with, command_status, errors, receipt, refusal_status};

/// How long a query waits for its `at_least`; the call's own deadline may be shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// Aggregates of a kind kept in memory: some tens of megabytes at most.
const CACHED: usize = 16_384;

/// Who vets, enrols, forms squadrons, approves hours, corrects results.
const OFFICERS: &[Role] = &[Role::Officer, Role::Registrar];
/// Who plans patrols, musters them, checks in and out, ends them.
const LEADERS: &[Role] = &[Role::Officer, Role::Registrar, Role::VolunteerLeader];

/// What the handlers share.
#[derive(Clone)]
pub struct Volunteers {
    store: EventStore,
    people: Repository<Volunteer>,
    squadrons: Repository<Squadron>,
    duty_points: Repository<DutyPoint>,
    patrols: Repository<Patrol>,
    rules: Repository<PatrolRules>,
    numbers: Numbers,
    views: ProjectionHandle,
    directory: Arc<Directory>,
    vault: Vault,
}

/// An aggregate that is a unit's.
trait Owned: Aggregate {
    /// Field of a request that names it.
    const FIELD: &'static str;
    /// Collection in the resource's name.
    const COLLECTION: &'static str;
    /// Its unit; `None` of one that never was.
    fn owner(&self) -> Option<OrgCode>;
    /// Name of the resource.
    fn name(id: &str) -> String {
        format!("{}/{id}", Self::COLLECTION)
    }
}

macro_rules! owned {
    ($($aggregate:ty: $field:literal in $collection:literal;)+) => {$(
        impl Owned for $aggregate {
            const FIELD: &'static str = $field;
            const COLLECTION: &'static str = $collection;
            fn owner(&self) -> Option<OrgCode> {
                self.unit()
            }
        }
    )+};
}
owned! {
    Volunteer: "volunteer_id" in "volunteers";
    Squadron: "squadron_id" in "squadrons";
    DutyPoint: "duty_point_id" in "dutyPoints";
    Patrol: "patrol_id" in "patrols";
}

/// What a command is about: id, request id, etag.
struct About<'m>(&'m str, &'m str, &'m str);

impl Volunteers {
    /// Over a store, its views, the org units and the vault that seals persons.
    #[must_use]
    pub fn new(store: EventStore, views: ProjectionHandle, directory: Arc<Directory>, vault: Vault) -> Self {
        Self {
            people: Repository::new(store.clone(), CACHED),
            squadrons: Repository::new(store.clone(), CACHED),
            duty_points: Repository::new(store.clone(), CACHED),
            patrols: Repository::new(store.clone(), CACHED),
            rules: Repository::new(store.clone(), CACHED),
            numbers: Numbers::new(store.pool().clone()),
            views,
            directory,
            vault,
            store,
        }
    }

    /// The caller, the message, and everything that a decision is made with.
    fn enter<M>(&self, request: Request<M>) -> Result<(Sitting, M), Status> {
        let caller = Caller::of(&request)?;
        let sitting = Sitting { caller, now: self.store.clock().now(), units: self.directory.tree() };
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

    /// A command on one aggregate that exists: one of the roles, for the unit whose it is.
    async fn change<A: Owned, M: Message + Name>(
        &self,
        (sitting, roles): (&Sitting, &[Role]),
        repository: &Repository<A>,
        About(id, request_id, etag): About<'_>,
        message: &M,
        decide: impl Fn(&A, &Moment<'_>) -> Result<Vec<Fact<A::Event>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed(A::FIELD, id)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |state: &A, _| {
            sitting.acts_for(roles, state.owner())?;
            decide(state, &sitting.moment()).map(Decision::from)
        };
        let outcome = repository.execute(id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(A::name(id), &outcome)))
    }

    /// A command that begins an aggregate under the caller's id, or under the request's when none is chosen.
    async fn begin<A: Owned, M: Message + Name>(
        &self,
        (sitting, roles): (&Sitting, &[Role]),
        repository: &Repository<A>,
        (About(id, request_id, _), org_unit): (About<'_>, &str),
        message: &M,
        decide: impl Fn(&A, &str, &Moment<'_>) -> Result<Vec<Fact<A::Event>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let meta = self.meta(sitting, request_id, message, "")?;
        let id = if id.is_empty() { meta.request.id.to_string() } else { id.to_owned() };
        well_formed(A::FIELD, &id)?;
        // An unknown unit is a wrong field, which the decision says itself.
        let unit = sitting.known(org_unit);
        let decide = |state: &A, _| {
            sitting.acts_for(roles, unit)?;
            decide(state, &id, &sitting.moment()).map(Decision::from)
        };
        let outcome = repository.execute(&id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(A::name(&id), &outcome)))
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

    /// One entry that the caller may read.
    async fn one<A: Owned, M: Entry>(&self, sitting: &Sitting, id: &str, at_least: i64) -> Result<M, Status> {
        well_formed(A::FIELD, id)?;
        self.at_least(at_least).await?;
        let found: Option<M> = find(self.store.pool(), id).await.map_err(broken)?;
        let entry = found.ok_or_else(|| errors::not_found(&A::name(id)))?;
        sitting.may_read(entry.org_unit())?;
        Ok(entry)
    }

    /// A page of entries, with the token of the next.
    async fn page<M: Entry>(
        &self,
        filter: Filter,
        (size, token, spelled): (i32, &str, &str),
        at_least: i64,
    ) -> Result<(Vec<M>, String), Status> {
        let page = Page::of(size, token, spelled)?;
        self.at_least(at_least).await?;
        let (entries, next) = list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        Ok((entries, Page::token(next.as_ref(), spelled)))
    }
}

/// Refuses a text that is no id (GE-006).
fn well_formed(field: &'static str, id: &str) -> Result<(), Status> {
    let mut remarks = Remarks::default();
    remarks.ensure(is_id(id), field, ID_FORM);
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
