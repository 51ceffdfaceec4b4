//! What the handlers of the registers share.

mod commendations;
mod inspections;
mod references;
mod supervision;
mod surveys;

use super::{CACHED, Shown, question};
use crate::cases::Cases;
use crate::cases::revoked::Revocations;
use crate::register::commendation::Commendation;
use crate::register::inspection::Inspection;
use crate::register::reference::Reference;
use crate::register::refusal::{Reason, Refused};
use crate::register::supervision::ListedCase;
use crate::register::survey::Survey;
use crate::register::{By, Register};
use crate::views::registers::{Filter, RegisterEntries, Table};
use prost::{Message, Name};
use std::sync::Arc;
use time::Date;
use tonic::{Request, Status};
use xiaoan_directory::{Directory, UnitInfo};
use xiaoan_eventstore::{CommandMeta, Decision, EventStore, Outcome, Repository};
use xiaoan_kernel::{Fact, OrgCode, OrgTree, city_day};
use xiaoan_privacy::Vault;
use xiaoan_rpc::{
    Caller, Check, Page, Role, command_meta, command_meta_with, command_status, errors, refusal_status,
    store_status,
};

/// What the handlers share.
#[derive(Clone)]
pub struct Registers {
    store: EventStore,
    pub(super) entries: Shown<RegisterEntries>,
    pub(super) directory: Shown<Directory>,
    /// `None` = individuals cannot be nominated here.
    vault: Option<Vault>,
    commendations: Repository<Commendation>,
    listed: Repository<ListedCase>,
    references: Repository<Reference>,
    surveys: Repository<Survey>,
    inspections: Repository<Inspection>,
    cases: Cases,
}

/// A command with its caller.
struct Sitting<C> {
    caller: Caller,
    command: C,
    meta: CommandMeta,
    today: Date,
}

impl<C> Sitting<C> {
    fn by(&self) -> By<'_> {
        By { subject: &self.caller.subject, today: self.today }
    }
}

impl Registers {
    /// Over a store, the view of all entries, and the org units.
    #[must_use]
    pub fn new(store: EventStore, entries: Shown<RegisterEntries>, directory: Shown<Directory>) -> Self {
        Self {
            commendations: Repository::new(store.clone(), CACHED),
            listed: Repository::new(store.clone(), CACHED),
            references: Repository::new(store.clone(), CACHED),
            surveys: Repository::new(store.clone(), CACHED),
            inspections: Repository::new(store.clone(), CACHED),
            vault: None,
            cases: Cases::unknown(store.pool().clone()),
            entries,
            directory,
            store,
        }
    }

    /// The listed cases, for whoever carries out their deadlines.
    #[must_use]
    pub fn listed(&self) -> Repository<ListedCase> {
        self.listed.clone()
    }

    /// The inspections, for the same.
    #[must_use]
    pub fn inspections(&self) -> Repository<Inspection> {
        self.inspections.clone()
    }

    /// With what is known of cases; without, whatever needs one is answered UNAVAILABLE.
    #[must_use]
    pub fn knowing(self, cases: Cases) -> Self {
        Self { cases, ..self }
    }

    /// Whoever takes away what revoked solves take away.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        Revocations {
            store: self.store.clone(),
            cases: self.cases.clone(),
            entries: self.entries.clone(),
            commendations: self.commendations.clone(),
            listed: self.listed.clone(),
        }
    }

    /// With what seals persons; without, individuals cannot be nominated.
    #[must_use]
    pub fn sealing(self, vault: Option<Vault>) -> Self {
        Self { vault, ..self }
    }

    /// A command of one of these roles; `id` gives request id and etag. An auditor never writes.
    fn sitting<C: Message + Name>(
        &self,
        roles: &[Role],
        request: Request<C>,
        id: impl Fn(&C) -> (&str, &str),
    ) -> Result<Sitting<C>, Status> {
        let caller = Caller::of(&request)?;
        caller.require_any(roles)?;
        let command = request.into_inner();
        let (request_id, etag) = id(&command);
        let meta = match &self.vault {
            // A request may hold a person: whoever reads the table of requests must not be able to try names out.
            Some(vault) => {
                command_meta_with(&caller, request_id, &command, etag, |bytes| vault.keyed_digest(bytes))?
            }
            None => command_meta(&caller, request_id, &command, etag)?,
        };
        Ok(Sitting { caller, command, meta, today: city_day(self.store.clock().now()) })
    }

    /// Headquarters' own command.
    fn of_hq<C: Message + Name>(
        &self,
        request: Request<C>,
        id: impl Fn(&C) -> (&str, &str),
    ) -> Result<Sitting<C>, Status> {
        Caller::of(&request)?.require(Role::Hq)?;
        self.sitting(&[Role::Hq], request, id)
    }

    /// What is known of a unit. One that is not known may have been registered a moment ago, in hq's own log: then the directory
    /// is waited for.
    async fn unit(&self, code: &str) -> Result<Option<UnitInfo>, Status> {
        let Ok(code) = OrgCode::parse(code) else { return Ok(None) };
        if let Some(known) = self.directory.view.unit(code) {
            return Ok(Some(known));
        }
        let head = self.store.head().await.map_err(|e| store_status(&e))?;
        Ok(self.directory.at_least(head.position).await?.unit(code))
    }

    /// A unit that there is.
    async fn known(&self, code: &str) -> Result<OrgCode, Status> {
        let unit = self.unit(code).await?;
        unit.map(|unit| unit.code).ok_or_else(|| refusal_status(&Refused::from(Reason::OrgUnit)))
    }

    /// All units.
    fn tree(&self) -> Arc<OrgTree> {
        self.directory.view.tree()
    }

    /// Carries a command out on one aggregate.
    async fn act<R: Register>(
        repository: &Repository<R>,
        id: &str,
        meta: CommandMeta,
        decide: impl Fn(&R) -> Result<Vec<Fact<R::Event>>, Refused>,
    ) -> Result<Outcome, Status> {
        let decide = |state: &R, _| decide(state).map(Decision::from);
        repository.execute(id, meta, decide).await.map_err(command_status)
    }

    /// One entry; `None` when there is none.
    async fn one<R: Register>(&self, id: &str, at_least: i64) -> Result<Option<R::Shown>, Status> {
        self.entries.at_least(at_least).await?;
        Table::<R>::find(self.store.pool(), id).await.map_err(broken)
    }

    /// A page of entries, and the token of the next one.
    async fn page<R: Register>(
        &self,
        filter: &Filter<'_>,
        size: i32,
        token: &str,
        at_least: i64,
    ) -> Result<(Vec<R::Shown>, String), Status> {
        let spelling = format!("{}|{filter:?}", R::KIND);
        let page = Page::of(size, token, &spelling)?;
        self.entries.at_least(at_least).await?;
        let (shown, next) = Table::<R>::list(self.store.pool(), filter, &page).await.map_err(broken)?;
        Ok((shown, Page::token(next.as_ref(), &spelling)))
    }
}

/// The days of a query; each may be absent.
fn days(
    from: Option<xiaoan_proto::core::v1::Date>,
    to: Option<xiaoan_proto::core::v1::Date>,
) -> Result<(Option<Date>, Option<Date>), Status> {
    let mut check = Check::new();
    let from = check.optional_day("from", from);
    let to = check.optional_day("to", to);
    check.finish((from, to))
}

/// Breakage of a view's query; the cause goes to the log.
fn broken(error: sqlx::Error) -> Status {
    store_status(&error.into())
}

/// The person of a command cannot be sealed: ours.
fn unsealed(error: &xiaoan_privacy::PrivacyError) -> Status {
    errors::internal(error)
}
