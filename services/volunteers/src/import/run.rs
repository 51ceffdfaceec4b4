//! Takes judged rows over, many at a time so that the store commits them in groups.

use super::{LegacyVolunteer, judge};
use crate::moment::{Moment, is_id};
use crate::numbers::Numbers;
use crate::reason::{Reason, Refused, Remarks};
use crate::squadron::Squadron;
use crate::volunteer::Volunteer;
use crate::volunteer::application::SealedApplicant;
use futures::{Stream, TryStreamExt};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use time::{Date, OffsetDateTime};
use uuid::Uuid;
use xiaoan_eventstore::{Append, AppendError, NewEvent, Repository, RequestKey, StoreError, StreamWrite};
use xiaoan_kernel::{Aggregate, Finding, OrgCode, OrgTree, Refusal, RequestId, StreamId};
use xiaoan_privacy::{PrivacyError, Vault};
use xiaoan_proto::volunteers::v1::{ImportVolunteersResponse, RowOutcome, RowReport, VolunteerRow};
use xiaoan_rpc::wire;

/// Rows under way at once. Enough to fill the store's groups; bounds what an import holds besides its reports.
const AT_ONCE: usize = 64;

/// An import that stopped before its end. What had landed stays; the same file again finds it "already there".
#[derive(Debug)]
pub enum ImportFailed<E> {
    /// The caller's stream failed.
    Stream(E),
    /// The store failed.
    Store(StoreError),
    /// An applicant could not be sealed.
    Privacy(PrivacyError),
}

impl<E> From<StoreError> for ImportFailed<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl<E> From<PrivacyError> for ImportFailed<E> {
    fn from(error: PrivacyError) -> Self {
        Self::Privacy(error)
    }
}
impl<E> From<sqlx::Error> for ImportFailed<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// One import: who, when, and where to.
#[derive(Clone)]
pub struct Import {
    /// People.
    pub people: Repository<Volunteer>,
    /// Squadrons.
    pub squadrons: Repository<Squadron>,
    /// Numbers.
    pub numbers: Numbers,
    /// Seals.
    pub vault: Vault,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Now, for the whole import.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: String,
    /// W3C trace context, or empty.
    pub traceparent: String,
    /// Check everything, write nothing.
    pub dry_run: bool,
}

/// What became of a row that was good.
enum Landed {
    /// Recorded (or would be); position of its last event, 0 with `dry_run`.
    Imported(i64),
    /// Its content was recorded before.
    AlreadyThere,
    /// Its id is there with other content, or it is no longer possible.
    Refused(Refused),
}

/// What is done with a row.
enum Step {
    /// It was rejected when it was judged.
    Rejected(RowReport),
    /// Its id stood in an earlier line: looked at when that one has landed.
    Later(Good),
    /// It was tried.
    Tried(Good, Landed),
}

/// A row without errors.
struct Good {
    line: i64,
    volunteer: LegacyVolunteer,
    squadron: Option<Squadron>,
    content: [u8; 32],
    warnings: Vec<Finding>,
}

impl Import {
    /// Takes rows over to the end of the stream.
    ///
    /// # Errors
    /// [`ImportFailed`].
    pub async fn take<S, E>(
        &self,
        rows: S,
        may_write: impl Fn(OrgCode) -> bool,
    ) -> Result<ImportVolunteersResponse, ImportFailed<E>>
    where
        S: Stream<Item = Result<VolunteerRow, E>>,
    {
        let mut tally = Tally::default();
        let mut later = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let may_write = &may_write;
        let steps = rows.map_err(ImportFailed::Stream).map_ok(|row| {
            let repeated = !seen.insert(row.volunteer_id.clone());
            async move {
                Ok(match self.judge(&row, may_write).await? {
                    Err(report) => Step::Rejected(report),
                    Ok(good) if repeated => Step::Later(good),
                    Ok(good) => {
                        let landed = self.land(&good).await?;
                        Step::Tried(good, landed)
                    }
                })
            }
        });
        let mut steps = pin!(steps.try_buffer_unordered(AT_ONCE));
        while let Some(step) = steps.try_next().await? {
            match step {
                Step::Rejected(report) => tally.rejected(report),
                Step::Later(good) => later.push(good),
                Step::Tried(good, landed) => tally.tried(good, landed),
            }
        }
        later.sort_by_key(|good| good.line);
        for good in later {
            let landed = match tally.contents.get(&good.volunteer.volunteer_id) {
                Some(content) if *content == good.content => Landed::AlreadyThere,
                Some(_) => Landed::Refused(other_content()),
                None => self.land(&good).await?,
            };
            tally.tried(good, landed);
        }
        Ok(tally.into_response())
    }

    async fn judge(
        &self,
        row: &VolunteerRow,
        may_write: impl Fn(OrgCode) -> bool,
    ) -> Result<Result<Good, RowReport>, StoreError> {
        let squadron = if is_id(&row.squadron_id) {
            let found = self.squadrons.load(&row.squadron_id).await?;
            (found.version > 0).then_some(found.state)
        } else {
            None
        };
        let judged = judge(row, squadron.as_ref(), &self.moment(), may_write);
        Ok(match judged.volunteer {
            Some(volunteer) => {
                let content = self.vault.keyed_digest(&volunteer.canonical());
                let warnings = judged.remarks.findings();
                Ok(Good { line: row.line, volunteer, squadron, content, warnings })
            }
            None => {
                // A cell that is no id may hold anything, a name for example.
                let id = if is_id(&row.volunteer_id) { row.volunteer_id.clone() } else { String::new() };
                Err(report(row.line, id, RowOutcome::Rejected, &judged.remarks.findings()))
            }
        })
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, actor: &self.actor, units: &self.units }
    }

    async fn land<E>(&self, good: &Good) -> Result<Landed, ImportFailed<E>> {
        let id = &good.volunteer.volunteer_id;
        let request = RequestKey { id: request_id(good.content), digest: good.content };
        // Most rows of a file that comes again are there: nobody is sealed and no number used up for them.
        if self.people.load(id).await?.version > 0 {
            let remembered = self.people.store().remembered(request.id).await?.is_some();
            return Ok(if remembered { Landed::AlreadyThere } else { Landed::Refused(other_content()) });
        }
        if self.dry_run {
            return Ok(Landed::Imported(0));
        }
        let sealed = self.seal(request.id, &good.volunteer).await?;
        let unit = &good.volunteer.application.org_unit;
        let number = match &good.volunteer.enrolment {
            Some(_) => match self.numbers.next(unit).await? {
                Some(number) => number,
                None => return Ok(Landed::Refused(Reason::VolunteerNumbersExhausted.into())),
            },
            None => String::new(),
        };
        let facts = match good.volunteer.facts(&sealed, good.squadron.as_ref(), &number, &self.moment()) {
            Ok(facts) => facts,
            Err(refused) => return Ok(Landed::Refused(refused)),
        };
        let append = Append {
            request: Some(request),
            response: Vec::new(),
            writes: vec![StreamWrite {
                stream: StreamId::new(Volunteer::KIND, id),
                expected_version: 0,
                events: facts.into_iter().map(NewEvent::from).collect(),
            }],
            actor: self.actor.clone(),
            traceparent: self.traceparent.clone(),
        };
        loop {
            return match self.people.store().append(append.clone()).await {
                Ok(appended) if appended.replayed => Ok(Landed::AlreadyThere),
                Ok(appended) => Ok(Landed::Imported(appended.last_position)),
                // The id exists, and not by this content: that would have been remembered.
                Err(AppendError::Conflict { .. } | AppendError::RequestReused) => {
                    Ok(Landed::Refused(other_content()))
                }
                // Others are storing as well: the import is in no hurry, its rows wait.
                Err(AppendError::Overloaded) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
                Err(AppendError::Store(error)) => Err(error.into()),
            };
        }
    }

    async fn seal(
        &self,
        request: RequestId,
        volunteer: &LegacyVolunteer,
    ) -> Result<SealedApplicant, PrivacyError> {
        let person_id = Uuid::new_v5(&request.0, b"applicant");
        let stated = volunteer.application.person.clone().unwrap_or_default();
        let person = Some(self.vault.seal_person(&stated, person_id).await?);
        let birth = volunteer.application.birth_date.and_then(|day| Date::try_from(day).ok());
        let birth = birth.map(|day| day.to_string()).unwrap_or_default();
        let birth_date = self.vault.seal_value(person_id, crate::grpc::BIRTH_DATE, &birth).await?;
        Ok(SealedApplicant { person, birth_date })
    }
}

/// The id that always belongs to this content; the digest is keyed, so the id tells nothing about it.
fn request_id(content: [u8; 32]) -> RequestId {
    RequestId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &content))
}

fn other_content() -> Refused {
    let mut remarks = Remarks::default();
    remarks.note("volunteer_id", Reason::OtherContentThere);
    remarks.refuse().err().unwrap_or_else(|| Reason::OtherContentThere.into())
}

fn report(line: i64, volunteer_id: String, outcome: RowOutcome, findings: &[Finding]) -> RowReport {
    let findings = findings.iter().map(wire).collect();
    RowReport { line, volunteer_id, outcome: outcome.into(), findings }
}

/// Sums and reports so far. Every report is kept: a caller must be able to trust that what is not reported landed.
#[derive(Default)]
struct Tally {
    answer: ImportVolunteersResponse,
    /// Content by id of the rows that landed or were there.
    contents: HashMap<String, [u8; 32]>,
}

impl Tally {
    fn rejected(&mut self, report: RowReport) {
        self.answer.rows += 1;
        self.answer.rejected += 1;
        self.answer.reports.push(report);
    }

    fn tried(&mut self, good: Good, landed: Landed) {
        let Good { line, volunteer, content, warnings, .. } = good;
        let id = volunteer.volunteer_id;
        match landed {
            Landed::Imported(position) => {
                self.answer.rows += 1;
                self.answer.imported += 1;
                self.answer.position = self.answer.position.max(position);
                self.contents.insert(id.clone(), content);
                if !warnings.is_empty() {
                    self.answer.reports.push(report(line, id, RowOutcome::Imported, &warnings));
                }
            }
            Landed::AlreadyThere => {
                self.answer.rows += 1;
                self.answer.already_there += 1;
                self.contents.insert(id.clone(), content);
                self.answer.reports.push(report(line, id, RowOutcome::AlreadyThere, &[]));
            }
            Landed::Refused(refused) => {
                let mut findings = refused.findings();
                findings.extend(warnings);
                self.rejected(report(line, id, RowOutcome::Rejected, &findings));
            }
        }
    }

    fn into_response(mut self) -> ImportVolunteersResponse {
        self.answer.reports.sort_by_key(|report| report.line);
        self.answer
    }
}
