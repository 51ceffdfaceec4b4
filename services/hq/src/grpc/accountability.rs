//! What the handlers of closings, notices and interviews share: commands over several aggregates, decided one at a time on views
//! that have seen everything recorded, and recorded in one append.

use super::turn::CLOSINGS;
use super::{PATIENCE, Shown, not_yet};
use crate::closing::Closing;
use crate::consequence::{History, Month, has_fallen, rule_of};
use crate::deadlines::Alarms;
use crate::interview::{Because, Interview, InterviewEvent};
use crate::notice::Notice;
use crate::rankings::Rankings;
use crate::refusal::Refused;
use crate::register::inspection::Inspection;
use crate::register::supervision::ListedCase;
use crate::terms::Terms;
use crate::views::accountability::Accountability;
use crate::views::{closings, interviews};
use prost::{Message, Name};
use sqlx::PgPool;
use std::sync::Arc;
use time::Date;
use tonic::{Request, Status};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{
    Append, AppendError, Appended, CommandMeta, EventStore, Loaded, Outcome, Repository, StreamWrite,
};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, StreamId, city_day};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::hq::v1::{self as hq, InterviewState};
use xiaoan_rpc::{
    Caller, Role, Turn, Turns, command_meta, errors, receipt, receipt_of, refusal_status, store_status,
};

/// Aggregates of a kind kept in memory.
const CACHED: usize = 512;
/// How often a command is decided again after somebody else was faster.
pub(super) const RACES: usize = 8;

/// What the handlers share.
#[derive(Clone)]
pub struct Accountable {
    pub(super) store: EventStore,
    pub(super) closings: Repository<Closing>,
    pub(super) notices: Repository<Notice>,
    pub(super) interviews: Repository<Interview>,
    pub(super) views: Shown<Accountability>,
    pub(super) directory: Arc<Directory>,
    pub(super) rankings: Rankings,
    pub(super) terms: Terms,
    turns: Turns,
}

/// What is written to one stream.
pub(super) struct Write(StreamWrite);

impl Write {
    /// Facts of an aggregate, provided that it still is as it was loaded; without facts only that is checked.
    pub(super) fn of<A: Aggregate>(id: &str, loaded: &Loaded<A>, facts: &[Fact<A::Event>]) -> Self {
        Self(StreamWrite::of(StreamId::new(A::KIND, id), loaded.version, facts))
    }
}

impl Accountable {
    /// Over a store, its views, the org units, rankings and the time limits of notices.
    #[must_use]
    pub fn new(
        store: EventStore,
        views: Shown<Accountability>,
        directory: Arc<Directory>,
        rankings: Rankings,
        terms: Terms,
    ) -> Self {
        Self {
            closings: Repository::new(store.clone(), CACHED),
            notices: Repository::new(store.clone(), CACHED),
            interviews: Repository::new(store.clone(), CACHED),
            turns: Turns::new(store.pool().clone(), CLOSINGS),
            views,
            directory,
            rankings,
            terms,
            store,
        }
    }

    /// Whoever carries out deadlines.
    #[must_use]
    pub fn alarms(&self, listed: Repository<ListedCase>, inspections: Repository<Inspection>) -> Alarms {
        Alarms { notices: self.notices.clone(), interviews: self.interviews.clone(), listed, inspections }
    }

    pub(super) fn today(&self) -> Date {
        city_day(self.store.clock().now())
    }

    pub(super) fn pool(&self) -> &PgPool {
        self.store.pool()
    }

    /// The turn, once the views have seen everything recorded before it.
    pub(super) async fn turn(&self) -> Result<Turn, Status> {
        let held = self.turns.take().await?;
        let head = self.store.head().await.map_err(|e| store_status(&e))?;
        self.views
            .projection
            .wait_for(crate::SOURCE, head.position, PATIENCE)
            .await
            .map_err(|late| not_yet(&late))?;
        Ok(held)
    }

    /// The answer to a command that was accepted before.
    pub(super) async fn answered<M: Message + Default>(
        &self,
        meta: &CommandMeta,
    ) -> Result<Option<(M, Appended)>, Status> {
        match self.store.remembered(meta.request.id).await.map_err(|e| store_status(&e))? {
            None => Ok(None),
            Some(known) if known.digest == meta.request.digest => {
                let appended = Appended { replayed: true, ..known.appended };
                Ok(Some((decode(&appended)?, appended)))
            }
            Some(_) => Err(errors::request_reused()),
        }
    }

    /// Records what was decided; nothing when somebody else was faster, so that it must be decided again. The first write is the
    /// command's own aggregate.
    pub(super) async fn record<M: Message + Default>(
        &self,
        meta: &CommandMeta,
        writes: Vec<Write>,
        answer: M,
    ) -> Result<Option<(M, Appended)>, Status> {
        let append = Append {
            request: Some(meta.request),
            response: answer.encode_to_vec(),
            writes: writes.into_iter().map(|write| write.0).collect(),
            actor: meta.actor.clone(),
            traceparent: meta.traceparent.clone(),
        };
        match self.store.append(append).await {
            Ok(appended) => Ok(Some((decode(&appended)?, appended))),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(errors::append_status(error)),
        }
    }

    /// Whether the caller saw the version that is current.
    pub(super) fn fresh<A>(meta: &CommandMeta, loaded: &Loaded<A>) -> Result<(), Status> {
        match meta.etag {
            Some(etag) if etag != loaded.version => Err(errors::stale_etag()),
            _ => Ok(()),
        }
    }

    /// Withdrawals of the interviews of a unit whose months make no streak any more, by a history.
    pub(super) async fn fallen_interviews(
        &self,
        board: &str,
        org_unit: &str,
        history: &History,
        because: &Because,
        on: Date,
    ) -> Result<Vec<(String, Write)>, Status> {
        let mut fallen = Vec::new();
        for shown in interviews::list(self.pool(), board, org_unit).await.map_err(broken)? {
            let months: Vec<_> = shown.periods.iter().filter_map(|p| Month::parse(p)).collect();
            let Some(rule) = self.rule_on(board, shown.periods.last()).await? else { continue };
            if shown.state() == InterviewState::Withdrawn || !has_fallen(history, &months, &rule) {
                continue;
            }
            let loaded = self.interviews.load(&shown.interview_id).await.map_err(|e| store_status(&e))?;
            // A notice is named only when the interview rests on it; otherwise a month between was corrected.
            let rests = shown.notice_ids.contains(&because.notice_id);
            let notice_id = if rests { because.notice_id.clone() } else { String::new() };
            let because = Because { notice_id, ..because.clone() };
            let facts: Vec<Fact<InterviewEvent>> =
                loaded.state.withdraw(&because, on).map_err(|no| refusal_status(&no))?;
            let write = Write::of(&shown.interview_id, &loaded, &facts);
            fallen.push((shown.interview_id, write));
        }
        Ok(fallen)
    }

    /// The rule in force in a closed period.
    pub(super) async fn rule_on(
        &self,
        board: &str,
        period: Option<&String>,
    ) -> Result<Option<hq::ConsequenceRule>, Status> {
        let Some(period) = period else { return Ok(None) };
        let id = crate::closing::closing_id(board, period);
        let closing = closings::find(self.pool(), &id).await.map_err(broken)?;
        let figures = closing.as_ref().and_then(crate::closing::current);
        Ok(figures.and_then(|f| f.scheme.as_ref()).and_then(rule_of).cloned())
    }

    /// The caller and the command of headquarters, with its id and digest.
    pub(super) fn of_hq<M: Message + Name>(
        request: Request<M>,
        id: impl Fn(&M) -> (&str, &str),
    ) -> Result<(Caller, M, CommandMeta), Status> {
        let caller = Caller::of(&request)?;
        caller.require(Role::Hq)?;
        let command = request.into_inner();
        let (request_id, etag) = id(&command);
        let meta = command_meta(&caller, request_id, &command, etag)?;
        Ok((caller, command, meta))
    }

    /// Whether a unit is the caller's own or lies below it, today.
    pub(super) fn may_write_for(&self, caller: &Caller, unit: &str) -> bool {
        let (tree, today) = (self.directory.tree(), self.today());
        OrgCode::parse(unit).is_ok_and(|unit| caller.may_write(&tree, unit, today).is_ok())
    }
}

/// Receipt of a command on one aggregate.
pub(super) fn one(name: String, outcome: &Outcome) -> Option<Receipt> {
    Some(receipt(name, outcome))
}

/// Receipt of a command over several; the first write is the named resource's.
pub(super) fn several(name: String, appended: &Appended) -> Option<Receipt> {
    Some(receipt_of(name, appended.versions.first().copied().unwrap_or_default(), appended))
}

fn decode<M: Message + Default>(appended: &Appended) -> Result<M, Status> {
    M::decode(appended.response.as_slice()).map_err(|e| errors::internal(&e))
}

/// The refusal as a status.
#[allow(clippy::needless_pass_by_value)] // the shape that map_err takes
pub(super) fn no(refused: Refused) -> Status {
    refusal_status(&refused)
}

/// Breakage of a view's query; the cause goes to the log.
pub(super) fn broken(error: sqlx::Error) -> Status {
    store_status(&error.into())
}
