//! Takes judged rows over, many at a time so that the store commits them in groups.

use super::{Judged, judge};
use crate::case::{Case, LegacyCase};
use crate::moment::{Level, Moment};
use crate::refusal::{Reason, Refused, Remarks, wire};
use crate::rulebook::RuleBook;
use futures::{Stream, TryStreamExt};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use xiaoan_eventstore::{Append, AppendError, NewEvent, Repository, RequestKey, StoreError, StreamWrite};
use xiaoan_kernel::{Aggregate, EventSet, Finding, OrgCode, OrgTree, Refusal, RequestId, StreamId};
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesResponse, RowOutcome, RowReport};

/// Rows under way at once. Enough to fill the store's groups; bounds what an import holds besides its reports.
const AT_ONCE: usize = 64;

/// An import that stopped before its end. What had landed stays; the same file again finds it "already there".
#[derive(Debug)]
pub enum ImportFailed<E> {
    /// The caller's stream failed.
    Stream(E),
    /// The store failed.
    Store(StoreError),
}

/// One import: who, when, by which rules, and where to.
#[derive(Clone)]
pub struct Import {
    /// Cases.
    pub cases: Repository<Case>,
    /// Rule books.
    pub rules: Arc<RuleBook>,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Now, for the whole import.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: String,
    /// Unit of the caller.
    pub unit: OrgCode,
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
    /// Its number is there with other content.
    Refused(Refused),
}

/// What is done with a row.
enum Step {
    /// It was rejected when it was judged.
    Rejected(RowReport),
    /// Its number stood in an earlier line: looked at when that one has landed.
    Later(Good),
    /// It was tried.
    Tried(Good, Landed),
}

/// A row without errors.
struct Good {
    line: i64,
    case: LegacyCase,
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
    ) -> Result<ImportCasesResponse, ImportFailed<E>>
    where
        S: Stream<Item = Result<CaseRow, E>>,
    {
        let mut tally = Tally::default();
        let mut later = Vec::new();
        let mut seen: HashSet<u128> = HashSet::new();
        let steps = rows.map_err(ImportFailed::Stream).map_ok(|row| {
            let judged = self.judge(&row, &may_write);
            let repeated = judged.as_ref().is_ok_and(|good| !seen.insert(number(&good.case)));
            async move {
                match judged {
                    Err(report) => Ok(Step::Rejected(report)),
                    Ok(good) if repeated => Ok(Step::Later(good)),
                    Ok(good) => {
                        let landed = self.land(&good).await.map_err(ImportFailed::Store)?;
                        Ok(Step::Tried(good, landed))
                    }
                }
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
            let landed = match tally.contents.get(&number(&good.case)) {
                Some(content) if *content == good.content => Landed::AlreadyThere,
                Some(_) => Landed::Refused(other_content()),
                None => self.land(&good).await.map_err(ImportFailed::Store)?,
            };
            tally.tried(good, landed);
        }
        Ok(tally.into_response())
    }

    fn judge(&self, row: &CaseRow, may_write: impl Fn(OrgCode) -> bool) -> Result<Good, RowReport> {
        let Judged { remarks, case } = judge(row, &self.moment(), may_write);
        match case {
            Some(case) => {
                let content = Sha256::digest(case.canonical().as_bytes()).into();
                Ok(Good { line: row.line, case, content, warnings: remarks.findings() })
            }
            None => {
                let case_no = row.case_no.chars().take(40).collect();
                Err(report(row.line, case_no, RowOutcome::Rejected, &remarks.findings()))
            }
        }
    }

    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            actor: &self.actor,
            unit: self.unit,
            level: Level::Station,
            registrar: false,
            rules: &self.rules,
            units: &self.units,
        }
    }

    async fn land(&self, good: &Good) -> Result<Landed, StoreError> {
        let case = Case::default();
        let facts = match case.decide_import(&good.case, &self.moment()) {
            Ok(facts) => facts,
            Err(refused) => return Ok(Landed::Refused(refused)),
        };
        let request = RequestKey { id: RequestId::of(&good.case.canonical()), digest: good.content };
        if self.dry_run {
            return self.would_land(request, &good.case.case_no).await;
        }
        let events = facts.into_iter().map(|fact| NewEvent {
            type_name: fact.event.type_name(),
            payload: fact.event.encode(),
            org_unit: fact.org_unit,
            occurred_on: fact.occurred_on,
        });
        let append = Append {
            request: Some(request),
            response: Vec::new(),
            writes: vec![StreamWrite {
                stream: StreamId::new(Case::KIND, &good.case.case_no),
                expected_version: 0,
                events: events.collect(),
            }],
            actor: self.actor.clone(),
            traceparent: self.traceparent.clone(),
        };
        loop {
            return match self.cases.store().append(append.clone()).await {
                Ok(appended) if appended.replayed => Ok(Landed::AlreadyThere),
                Ok(appended) => Ok(Landed::Imported(appended.last_position)),
                // The number exists, and not by this content: that would have been remembered.
                Err(AppendError::Conflict { .. } | AppendError::RequestReused) => {
                    Ok(Landed::Refused(other_content()))
                }
                // Others are storing as well: the import is in no hurry, its rows wait.
                Err(AppendError::Overloaded) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
                Err(AppendError::Store(error)) => Err(error),
            };
        }
    }

    /// What `land` would say. What was remembered has a stream, so most rows take one look.
    async fn would_land(&self, request: RequestKey, case_no: &str) -> Result<Landed, StoreError> {
        if self.cases.load(case_no).await?.version == 0 {
            return Ok(Landed::Imported(0));
        }
        let remembered = self.cases.store().remembered(request.id).await?.is_some();
        Ok(if remembered { Landed::AlreadyThere } else { Landed::Refused(other_content()) })
    }
}

fn other_content() -> Refused {
    let mut remarks = Remarks::default();
    remarks.note("case_no", Reason::OtherContentThere);
    remarks.refuse().err().unwrap_or_else(|| Reason::OtherContentThere.into())
}

/// The 22 digits of a case number as a number: exact, and smaller than the text.
fn number(case: &LegacyCase) -> u128 {
    case.case_no.trim_start_matches('A').parse().unwrap_or_default()
}

fn report(line: i64, case_no: String, outcome: RowOutcome, findings: &[Finding]) -> RowReport {
    let findings = findings.iter().map(wire).collect();
    RowReport { line, case_no, outcome: outcome.into(), findings }
}

/// Sums and reports so far. Every report is kept: a caller must be able to trust that what is not reported landed.
#[derive(Default)]
struct Tally {
    rows: i64,
    imported: i64,
    already_there: i64,
    rejected: i64,
    position: i64,
    reports: Vec<RowReport>,
    /// Content by case number of the rows that landed or were there.
    contents: HashMap<u128, [u8; 32]>,
}

impl Tally {
    fn rejected(&mut self, report: RowReport) {
        self.rows += 1;
        self.rejected += 1;
        self.reports.push(report);
    }

    fn tried(&mut self, good: Good, landed: Landed) {
        let Good { line, case, content, warnings } = good;
        let key = number(&case);
        let case_no = case.case_no;
        match landed {
            Landed::Imported(position) => {
                self.rows += 1;
                self.imported += 1;
                self.position = self.position.max(position);
                self.contents.insert(key, content);
                if !warnings.is_empty() {
                    self.reports.push(report(line, case_no, RowOutcome::Imported, &warnings));
                }
            }
            Landed::AlreadyThere => {
                self.rows += 1;
                self.already_there += 1;
                self.contents.insert(key, content);
                self.reports.push(report(line, case_no, RowOutcome::AlreadyThere, &[]));
            }
            Landed::Refused(refused) => {
                let mut findings = refused.findings();
                findings.extend(warnings);
                self.rejected(report(line, case_no, RowOutcome::Rejected, &findings));
            }
        }
    }

    fn into_response(mut self) -> ImportCasesResponse {
        self.reports.sort_by_key(|report| report.line);
        ImportCasesResponse {
            rows: self.rows,
            imported: self.imported,
            already_there: self.already_there,
            rejected: self.rejected,
            reports: self.reports,
            position: self.position,
        }
    }
}
