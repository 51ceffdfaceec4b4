//! What a revoked solve takes away, by commands of the system: an honour that rested on it is revoked, a listed case that had left
//! the list by it comes back (domain reference §H.1).
//!
//! Invariant: nothing is lost and nothing happens twice. Everything that is open is found by a query over two views, again after a
//! restart; each command has an id that follows from the aggregate and the revocation; and what it decides follows from the two
//! logs alone, not from the moment at which hq heard of it.

use super::{Cases, KnownCases, Revoked};
use crate::grpc::Shown;
use crate::register::commendation::Commendation;
use crate::register::supervision::ListedCase;
use crate::views::registers::RegisterEntries;
use anyhow::Context;
use prost::Message;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use xiaoan_eventstore::{CommandMeta, Decision, EventStore, Repository, RequestKey};
use xiaoan_kernel::{Aggregate, RequestId};
use xiaoan_proto::hq::v1::{self as hq, BasisKind, CommendationState, ListedCaseState};
use xiaoan_timer::settled;

/// Actor of these commands.
pub const ACTOR: &str = "hq";
/// Looked again without being told, for what another process was told.
const AGAIN: Duration = Duration::from_secs(60);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(5);
/// How long the register's view may take to show what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes away what revoked solves take away.
#[derive(Clone)]
pub struct Revocations {
    /// The log.
    pub store: EventStore,
    /// What is known of cases.
    pub cases: Cases,
    /// What rests on them.
    pub entries: Shown<RegisterEntries>,
    /// Honours.
    pub commendations: Repository<Commendation>,
    /// Listed cases.
    pub listed: Repository<ListedCase>,
}

/// Commands that were carried out, or that there was nothing to carry out of. That never changes: an honour is nominated once, a
/// listed case leaves the list by later solves only. So this process need not decide them again each time that it looks.
type Settled = HashSet<RequestId>;

/// Runs until it is dropped.
pub struct RevocationWorker(JoinHandle<()>);

impl Drop for RevocationWorker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An entry of a register and a revocation that may bear on it.
#[derive(FromRow)]
struct Touched {
    id: String,
    payload: Vec<u8>,
    entered: i64,
    revoked: i64,
    recorded_at: OffsetDateTime,
}

impl Touched {
    fn revoked(&self) -> Revoked {
        Revoked { position: self.revoked, recorded_at: self.recorded_at }
    }

    /// The command that carries it out: one for ever.
    fn command(&self, kind: &str) -> CommandMeta {
        let name = format!("xiaoan-hq/solve-revoked/{kind}-{}/{}", self.id, self.revoked);
        CommandMeta {
            request: RequestKey { id: RequestId::of(&name), digest: Sha256::digest(&name).into() },
            etag: None,
            actor: ACTOR.to_owned(),
            traceparent: String::new(),
        }
    }
}

impl Revocations {
    /// Starts, woken by the projection.
    #[must_use]
    pub fn run(self, known: Arc<KnownCases>) -> RevocationWorker {
        RevocationWorker(tokio::spawn(async move {
            let mut done = Settled::new();
            loop {
                match self.settle(&mut done).await {
                    Ok(()) => drop(timeout(AGAIN, known.revoked()).await),
                    Err(error) => {
                        tracing::warn!(error = format!("{error:#}"), "revoked solves are tried again");
                        sleep(PAUSE).await;
                    }
                }
            }
        }))
    }

    async fn settle(&self, done: &mut Settled) -> anyhow::Result<()> {
        // What was recorded a moment ago may rest on what was revoked.
        let head = self.store.head().await?;
        self.entries.projection.wait_for(crate::SOURCE, head.position, PATIENCE).await?;
        for touched in self.touched(HONOURS, CommendationState::Revoked.into()).await? {
            let command = touched.command(Commendation::KIND);
            let id = command.request.id;
            if !done.contains(&id) {
                self.revoke(&touched, command).await?;
                done.insert(id);
            }
        }
        for touched in self.touched(LISTED, ListedCaseState::Solved.into()).await? {
            let command = touched.command(ListedCase::KIND);
            let id = command.request.id;
            if !done.contains(&id) {
                let decide = |case: &ListedCase, _| case.decide_relist(touched.revoked()).map(Decision::from);
                settled(self.listed.execute(&touched.id, command, decide).await)?;
                done.insert(id);
            }
        }
        Ok(())
    }

    async fn touched(&self, query: &'static str, state: i32) -> Result<Vec<Touched>, sqlx::Error> {
        sqlx::query_as(query).bind(state).fetch_all(&self.cases.pool).await
    }

    async fn revoke(&self, touched: &Touched, command: CommandMeta) -> anyhow::Result<()> {
        let shown = hq::Commendation::decode(touched.payload.as_slice())?;
        let basis = shown.basis.unwrap_or_default();
        if !matches!(basis.kind(), BasisKind::Case | BasisKind::Series) {
            return Ok(());
        }
        // What was nominated later rests on what was there then. The two services' clocks say so, whenever this is looked at.
        let nominated = self.store.read_log(touched.entered, 1).await?.pop();
        let at = nominated.and_then(|event| event.recorded_at.as_ref().and_then(xiaoan_proto::instant));
        let at = at.context("the nomination of a commendation is not in the log")?;
        if at > touched.recorded_at {
            return Ok(());
        }
        let decide = |c: &Commendation, _| c.decide_basis_revoked(touched.revoked()).map(Decision::from);
        settled(self.commendations.execute(&touched.id, command, decide).await)
    }
}

/// Honours that are not revoked and rest on a case whose solve was, or on a series that has no solved case left.
const HONOURS: &str = "
    SELECT e.id, e.payload, e.position AS entered, r.position AS revoked, r.recorded_at
    FROM register_entries e
    JOIN revoked_solves r ON e.reference = r.case_no OR (r.series_over AND e.reference = r.series_id)
    WHERE e.register = 'commendation' AND e.state <> $1
    ORDER BY r.position, e.id";
/// Listed cases that left the list as solved.
const LISTED: &str = "
    SELECT e.id, e.payload, e.position AS entered, r.position AS revoked, r.recorded_at
    FROM register_entries e
    JOIN revoked_solves r ON e.id = r.case_no
    WHERE e.register = 'listedcase' AND e.state = $1
    ORDER BY r.position, e.id";
