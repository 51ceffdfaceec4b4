//! One batch, one transaction.

use crate::metrics::{metrics, of};
use crate::{ApplyError, Projection, checkpoint};
use futures::FutureExt;
use sqlx::{Connection, PgConnection, PgPool};
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument;
use xiaoan_eventstore::{ChainHead, RecordedEvent};

/// What became of a batch.
pub(super) enum Applied {
    /// The database has it, by this process or by another one.
    Done(ChainHead),
    /// The checkpoint is not where this batch follows: begin again from it.
    Elsewhere,
    /// The checkpoint stands on an event that is not the source's.
    Contradicted(i64),
}

/// Why a batch was not applied.
pub(super) enum Failed {
    /// An event is poison, named by the projection.
    Poison { position: i64, reason: String },
    /// Some event of the batch makes it fail however often it is tried.
    Refused(String),
    /// The database failed; try again.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        if refuses_data(&error) { Self::Refused(error.to_string()) } else { Self::Database(error) }
    }
}

/// Whether the data itself was refused: data exceptions and violated constraints (SQLSTATE classes 22 and 23) come
/// again however often they are tried.
fn refuses_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

/// Applies what the database does not have yet of a batch.
pub(super) async fn apply<P: Projection>(
    pool: &PgPool,
    projection: &P,
    source: &str,
    wait_for_disk: bool,
    batch: &[RecordedEvent],
) -> Result<Applied, Failed> {
    let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(Applied::Elsewhere) };
    let span = tracing::info_span!(
        "projection batch",
        projection = projection.name(),
        source,
        from = first.position,
        to = last.position
    );
    link(&span, batch);
    apply_in_turn(pool, projection, source, wait_for_disk, batch, last).instrument(span).await
}

async fn apply_in_turn<P: Projection>(
    pool: &PgPool,
    projection: &P,
    source: &str,
    wait_for_disk: bool,
    batch: &[RecordedEvent],
    last: &RecordedEvent,
) -> Result<Applied, Failed> {
    let started = Instant::now();
    let begin = if wait_for_disk { "BEGIN" } else { "BEGIN; SET LOCAL synchronous_commit TO off" };
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin_with(begin).await?;
    let at = checkpoint::lock_in_tx(&mut tx, projection.name(), source).await?;
    let first = batch.first().map_or(0, |event| event.position);
    if at.position + 1 < first {
        return Ok(Applied::Elsewhere);
    }
    // Another process was faster with some of it.
    let done = usize::try_from(at.position + 1 - first).unwrap_or_default().min(batch.len());
    let (done, fresh) = batch.split_at(done);
    if let Some(event) = done.iter().rfind(|event| event.position == at.position)
        && event.hash != at.hash.as_slice()
    {
        return Ok(Applied::Contradicted(at.position));
    }
    let Some(head) = head_of(last) else { return Err(malformed(last)) };
    if fresh.is_empty() {
        return Ok(Applied::Done(head));
    }
    guarded(projection, &mut tx, fresh).await?;
    checkpoint::move_in_tx(&mut tx, projection.name(), source, &head).await?;
    tx.commit().await?;
    let attributes = of(projection.name(), source);
    metrics().events.add(fresh.len() as u64, &attributes);
    metrics().batch_seconds.record(started.elapsed().as_secs_f64(), &attributes);
    Ok(Applied::Done(head))
}

/// A projection that panics on an event must not take its process along, nor skip the event.
async fn guarded<P: Projection>(
    projection: &P,
    tx: &mut PgConnection,
    events: &[RecordedEvent],
) -> Result<(), Failed> {
    match AssertUnwindSafe(projection.apply(tx, events)).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(ApplyError::Poison { position, reason })) => Err(Failed::Poison { position, reason }),
        Ok(Err(ApplyError::Database(error))) => Err(error.into()),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Failed::Refused(format!("panicked: {text}")))
        }
    }
}

fn head_of(event: &RecordedEvent) -> Option<ChainHead> {
    let hash = event.hash.as_ref().try_into().ok()?;
    let recorded_at = event.recorded_at.as_ref().and_then(xiaoan_proto::instant)?;
    Some(ChainHead { position: event.position, hash, recorded_at })
}

fn malformed(event: &RecordedEvent) -> Failed {
    Failed::Poison { position: event.position, reason: "without hash or time".into() }
}

/// One event's batch continues its command's trace; a larger one points to the first few.
fn link(span: &tracing::Span, batch: &[RecordedEvent]) {
    if let [one] = batch {
        return xiaoan_telemetry::set_parent(span, &one.traceparent);
    }
    for event in batch.iter().filter(|event| !event.traceparent.is_empty()).take(16) {
        xiaoan_telemetry::add_link(span, &event.traceparent);
    }
}
