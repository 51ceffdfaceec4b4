//! What is owed by when, for the durable timer: one kind of deadline for all of the work. An event arms the instants at
//! which something may fall due ([`Work::dues`]); then the aggregate says what has ([`Work::fall_due`]), which is nothing
//! when it was done meanwhile. Nothing is cancelled: a deadline that finds nothing to do decides nothing.

use super::{Cleanup, Den, Exhibit, Lookup, MajorCase, ReverseReview, TaskForce, Work};
use crate::refusal::Refused;
use crate::rulebook::RuleBook;
use std::sync::Arc;
use xiaoan_eventstore::{Decision, RecordedEvent, Repository};
use xiaoan_kernel::{Aggregate, EventSet, StreamId, UnknownEvent};
use xiaoan_timer::{Alarm, Change, settled};

/// The only kind of deadline here.
const KIND: &str = "work-due";

/// Deadlines that an event of the work arms; none for events of other aggregates.
///
/// # Errors
/// When the event cannot be read.
pub fn changes(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let kind = recorded.stream.split_once('-').map(|(kind, _)| kind);
    match kind {
        Some(TaskForce::KIND) => armed::<TaskForce>(recorded),
        Some(Cleanup::KIND) => armed::<Cleanup>(recorded),
        Some(ReverseReview::KIND) => armed::<ReverseReview>(recorded),
        Some(MajorCase::KIND) => armed::<MajorCase>(recorded),
        Some(Exhibit::KIND) => armed::<Exhibit>(recorded),
        Some(Lookup::KIND) => armed::<Lookup>(recorded),
        _ => Ok(Vec::new()),
    }
}

fn armed<A: Work>(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let event = A::Event::decode(&recorded.r#type, &recorded.payload)?;
    let stream = StreamId::from(recorded.stream.clone());
    let dues = A::dues(&event).into_iter().filter_map(|due| xiaoan_proto::instant(&due));
    Ok(dues.map(|due| Change::arm(KIND, &stream, due)).collect())
}

/// Carries deadlines of the work out.
#[derive(Clone)]
pub struct Alarms {
    /// Task forces.
    pub task_forces: Repository<TaskForce>,
    /// Clean-up operations.
    pub cleanups: Repository<Cleanup>,
    /// Reverse reviews.
    pub reviews: Repository<ReverseReview>,
    /// Supervised cases.
    pub major_cases: Repository<MajorCase>,
    /// Exhibits.
    pub exhibits: Repository<Exhibit>,
    /// Dens; nothing falls due with them.
    pub dens: Repository<Den>,
    /// Lookups.
    pub lookups: Repository<Lookup>,
    /// Terms.
    pub rules: Arc<RuleBook>,
}

impl Alarms {
    /// Carries one out; `None` when it is none of ours.
    ///
    /// # Errors
    /// When the command did not get as far as a decision: it is tried again.
    pub async fn fire(&self, alarm: &Alarm) -> Option<anyhow::Result<()>> {
        if alarm.kind != KIND {
            return None;
        }
        let (kind, id) = alarm.stream.parts();
        Some(match kind {
            TaskForce::KIND => self.fall_due(&self.task_forces, id, alarm).await,
            Cleanup::KIND => self.fall_due(&self.cleanups, id, alarm).await,
            ReverseReview::KIND => self.fall_due(&self.reviews, id, alarm).await,
            MajorCase::KIND => self.fall_due(&self.major_cases, id, alarm).await,
            Exhibit::KIND => self.fall_due(&self.exhibits, id, alarm).await,
            Lookup::KIND => self.fall_due(&self.lookups, id, alarm).await,
            // An aggregate that this build does not know is nothing to decide; it would fail for ever otherwise.
            _ => Ok(()),
        })
    }

    async fn fall_due<A: Work>(&self, all: &Repository<A>, id: &str, alarm: &Alarm) -> anyhow::Result<()> {
        let decide = |work: &A, _| Ok::<_, Refused>(Decision::from(work.fall_due(alarm.due_at, &self.rules)));
        settled(all.execute(id, alarm.command(), decide).await)
    }
}
