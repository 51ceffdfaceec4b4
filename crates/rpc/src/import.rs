//! The import of a spreadsheet's rows, many at a time so that the store commits them in groups.
//!
//! | step | what happens |
//! |---|---|
//! | 1 | a row is judged: every code that applies, errors and warnings |
//! | 2 | a good row becomes one append under a request id made of its content |
//! | 3 | a row whose key stood in an earlier line waits until that one has landed, and is then taken in the order of the lines |
//!
//! Invariants: a good row lands whole or not at all · the same content twice is "already there", whoever imports it · a key
//! that is there with other content is reported, never overwritten · a dry run reports the same and writes nothing · what is
//! not reported landed. An import that stops before its end leaves what had landed; the same file again finds it "already
//! there".

use crate::errors::{invalid, store_status, wire};
use futures::{Stream, TryStreamExt};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::hash::Hash;
use std::pin::pin;
use std::time::Duration;
use tonic::Status;
use xiaoan_eventstore::{Append, AppendError, Repository, RequestKey, StreamWrite};
use xiaoan_kernel::{Aggregate, Fact, Finding, Severity, StreamId};
use xiaoan_proto::core::v1 as core;

/// Rows under way at once. Enough to fill the store's groups; bounds what an import holds besides its reports.
const AT_ONCE: usize = 64;

/// What a service knows about its rows.
pub trait Import: Sync {
    /// A row as it came.
    type Row: Send;
    /// What a good row says.
    type Good: Send + Sync;
    /// What makes two rows the same thing; small, because one is kept for every row.
    type Key: Eq + Hash + Clone + Send;

    /// The row's line in the caller's file, and its key.
    fn place(row: &Self::Row) -> (i64, Self::Key);

    /// Every code that applies.
    ///
    /// # Errors
    /// When it cannot be judged; that stops the import.
    fn judge(
        &self,
        row: Self::Row,
    ) -> impl Future<Output = Result<Result<Good<Self::Good>, Bad>, Status>> + Send;

    /// Takes a good row over, or in a dry run says what would become of it. See [`written`] and [`would_be_written`].
    ///
    /// # Errors
    /// When the store fails; that stops the import.
    fn land(&self, good: &Good<Self::Good>) -> impl Future<Output = Result<Landed, Status>> + Send;

    /// What is said of a row whose key is there with other content.
    fn other_content(&self) -> Vec<Finding>;
}

/// A row without errors.
#[derive(Debug)]
pub struct Good<T> {
    /// Its id as reports show it.
    pub id: String,
    /// Digest of its content.
    pub content: [u8; 32],
    /// What is to be looked at again.
    pub warnings: Vec<Finding>,
    /// What it says.
    pub says: T,
}

/// A row with errors.
#[derive(Debug)]
pub struct Bad {
    /// Its id as far as it may be shown.
    pub id: String,
    /// Errors first.
    pub findings: Vec<Finding>,
}

/// What became of a row that was good.
#[derive(Debug)]
pub enum Landed {
    /// Recorded (or would be); position of its last event, 0 in a dry run.
    Imported(i64),
    /// Its content was recorded before.
    AlreadyThere,
    /// Its key is there with other content.
    OtherContent,
    /// It was refused after all.
    Refused(Vec<Finding>),
}

/// What is reported of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOutcome {
    /// Recorded, with warnings.
    Imported,
    /// Recorded before.
    AlreadyThere,
    /// Not recorded.
    Rejected,
}

/// A row that something is to be said of.
#[derive(Debug, Clone, PartialEq)]
pub struct RowReport {
    /// Its line in the caller's file.
    pub line: i64,
    /// Its id.
    pub id: String,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Why, errors first.
    pub findings: Vec<core::Finding>,
}

/// Sums, and every report: a caller must be able to trust that what is not reported landed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// Rows that came.
    pub rows: i64,
    /// Recorded, or would be.
    pub imported: i64,
    /// Recorded before.
    pub already_there: i64,
    /// Not recorded.
    pub rejected: i64,
    /// By line.
    pub reports: Vec<RowReport>,
    /// Position of the last event recorded.
    pub position: i64,
}

/// What is done with a row.
enum Step<T> {
    /// It was rejected when it was judged.
    Rejected(Bad),
    /// Its key stood in an earlier line.
    Later(Good<T>),
    /// It was tried.
    Tried(Good<T>, Landed),
}

/// Takes rows over to the end of the stream.
///
/// # Errors
/// The stream's, or the store's.
pub async fn take<I, S>(import: &I, rows: S) -> Result<Taken, Status>
where
    I: Import,
    S: Stream<Item = Result<I::Row, Status>>,
{
    let mut tally = Tally { taken: Taken::default(), contents: HashMap::new() };
    let mut later = Vec::new();
    let mut seen = HashSet::new();
    let steps = rows.map_ok(|row| {
        let (line, key) = I::place(&row);
        let repeated = !seen.insert(key.clone());
        async move {
            let step = match import.judge(row).await? {
                Err(bad) => Step::Rejected(bad),
                Ok(good) if repeated => Step::Later(good),
                Ok(good) => {
                    let landed = import.land(&good).await?;
                    Step::Tried(good, landed)
                }
            };
            Ok((line, key, step))
        }
    });
    let mut steps = pin!(steps.try_buffer_unordered(AT_ONCE));
    while let Some((line, key, step)) = steps.try_next().await? {
        match step {
            Step::Rejected(bad) => tally.rejected(line, bad),
            Step::Later(good) => later.push((line, key, good)),
            Step::Tried(good, landed) => tally.tried(import, line, key, good, landed),
        }
    }
    later.sort_by_key(|(line, ..)| *line);
    for (line, key, good) in later {
        let landed = match tally.contents.get(&key) {
            Some(content) if *content == good.content => Landed::AlreadyThere,
            Some(_) => Landed::OtherContent,
            None => import.land(&good).await?,
        };
        tally.tried(import, line, key, good, landed);
    }
    tally.taken.reports.sort_by_key(|report| report.line);
    Ok(tally.taken)
}

/// Sums and reports so far.
struct Tally<K> {
    taken: Taken,
    /// Content by key of the rows that landed or were there.
    contents: HashMap<K, [u8; 32]>,
}

impl<K: Eq + Hash> Tally<K> {
    fn rejected(&mut self, line: i64, bad: Bad) {
        self.taken.rows += 1;
        self.taken.rejected += 1;
        self.report(line, bad.id, RowOutcome::Rejected, &bad.findings);
    }

    fn tried<I: Import<Key = K>>(
        &mut self,
        import: &I,
        line: i64,
        key: K,
        good: Good<I::Good>,
        landed: Landed,
    ) {
        let Good { id, content, warnings, .. } = good;
        match landed {
            Landed::Imported(position) => {
                self.taken.rows += 1;
                self.taken.imported += 1;
                self.taken.position = self.taken.position.max(position);
                self.contents.insert(key, content);
                if !warnings.is_empty() {
                    self.report(line, id, RowOutcome::Imported, &warnings);
                }
            }
            Landed::AlreadyThere => {
                self.taken.rows += 1;
                self.taken.already_there += 1;
                self.contents.insert(key, content);
                self.report(line, id, RowOutcome::AlreadyThere, &[]);
            }
            Landed::OtherContent => {
                let findings = [import.other_content(), warnings].concat();
                self.rejected(line, Bad { id, findings });
            }
            Landed::Refused(findings) => {
                let findings = [findings, warnings].concat();
                self.rejected(line, Bad { id, findings });
            }
        }
    }

    fn report(&mut self, line: i64, id: String, outcome: RowOutcome, findings: &[Finding]) {
        let findings = findings.iter().map(wire).collect();
        self.taken.reports.push(RowReport { line, id, outcome, findings });
    }
}

/// Appends the facts of a row that makes a new stream, under the request id of its content.
///
/// # Errors
/// When the store fails.
pub async fn written<A: Aggregate>(
    things: &Repository<A>,
    id: &str,
    request: RequestKey,
    facts: &[Fact<A::Event>],
    actor: &str,
    traceparent: &str,
) -> Result<Landed, Status> {
    let append = Append {
        request: Some(request),
        response: Vec::new(),
        writes: vec![StreamWrite::of(StreamId::new(A::KIND, id), 0, facts)],
        actor: actor.to_owned(),
        traceparent: traceparent.to_owned(),
    };
    loop {
        return match things.store().append(append.clone()).await {
            Ok(appended) if appended.replayed => Ok(Landed::AlreadyThere),
            Ok(appended) => Ok(Landed::Imported(appended.last_position)),
            // The key exists, and not by this content: that would have been remembered.
            Err(AppendError::Conflict { .. } | AppendError::RequestReused) => Ok(Landed::OtherContent),
            // Others are storing as well: the import is in no hurry, its rows wait.
            Err(AppendError::Overloaded) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            Err(AppendError::Store(error)) => Err(store_status(&error)),
        };
    }
}

/// What [`written`] would say. What was remembered has a stream, so most rows take one look.
///
/// # Errors
/// When the store fails.
pub async fn would_be_written<A: Aggregate>(
    things: &Repository<A>,
    id: &str,
    request: RequestKey,
) -> Result<Landed, Status> {
    if things.load(id).await.map_err(|e| store_status(&e))?.version == 0 {
        return Ok(Landed::Imported(0));
    }
    let remembered = things.store().remembered(request.id).await.map_err(|e| store_status(&e))?;
    Ok(if remembered.is_some() { Landed::AlreadyThere } else { Landed::OtherContent })
}

/// INVALID_ARGUMENT (GE-006): an import whose first message is no header.
#[must_use]
pub fn header_missing() -> Status {
    out_of_order("the first message must be the header", "第一条消息须为导入头")
}

/// INVALID_ARGUMENT (GE-006): a message after the header that is no row.
#[must_use]
pub fn row_missing() -> Status {
    out_of_order("every message after the header must be a row", "导入头之后的消息须为数据行")
}

fn out_of_order(en: &str, zh: &str) -> Status {
    let (zh, en) = (zh.to_owned(), en.to_owned());
    invalid(&[Finding { code: "GE-006", severity: Severity::Error, field: "part", zh, en }])
}
