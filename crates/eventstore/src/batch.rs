//! One batch of commands as one call of `eventstore.append`, in one round trip that is its own transaction.

use crate::command::Command;
use crate::{AppendError, Appended};
use sqlx::{PgConnection, Row};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

const APPEND: &str = "
    SELECT command, outcome, first_position, last_position, recorded_at, lost_write, versions, response, previous_hash
    FROM eventstore.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";

/// Outcomes as `eventstore.append` numbers them.
mod outcome {
    pub const APPENDED: i32 = 0;
    pub const CONFLICT: i32 = 1;
    pub const REMEMBERED: i32 = 2;
    pub const REUSED: i32 = 3;
}

/// What became of one command.
pub(crate) type Answer = Result<Appended, AppendError>;

/// What the database says of one command.
pub(crate) struct Told {
    pub answer: Answer,
    /// The hash that its first event builds on.
    pub previous_hash: Vec<u8>,
}

/// The columns of a batch: one vector per parameter of `eventstore.append`.
#[derive(Default)]
struct Columns<'a> {
    request_ids: Vec<Option<Uuid>>,
    digests: Vec<&'a [u8]>,
    responses: Vec<&'a [u8]>,
    versions_after: Vec<&'a str>,
    actors: Vec<&'a str>,
    traceparents: Vec<&'a str>,
    write_commands: Vec<i32>,
    write_streams: Vec<&'a str>,
    write_expected: Vec<i64>,
    event_commands: Vec<i32>,
    event_writes: Vec<i32>,
    event_versions: Vec<i64>,
    event_types: Vec<&'a str>,
    event_payloads: Vec<&'a [u8]>,
    event_units: Vec<&'a str>,
    event_days: Vec<Date>,
    event_contents: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(commands: &'a [&'a Command]) -> Self {
        let mut columns = Self::default();
        for (command, number) in commands.iter().zip(1_i32..) {
            columns.push(command, number);
        }
        columns
    }

    fn push(&mut self, command: &'a Command, number: i32) {
        let append = &command.append;
        self.request_ids.push(append.request.map(|request| request.id.0));
        self.digests.push(append.request.as_ref().map_or(&[], |request| request.digest.as_slice()));
        self.responses.push(&append.response);
        self.versions_after.push(&command.versions_literal);
        self.actors.push(&append.actor);
        self.traceparents.push(&append.traceparent);
        let mut contents = command.contents.iter();
        for write in &append.writes {
            self.write_commands.push(number);
            self.write_streams.push(write.stream.as_str());
            self.write_expected.push(write.expected_version);
            // Batches and commands are bounded far below 2^31.
            let write_number = i32::try_from(self.write_streams.len()).unwrap_or(i32::MAX);
            for ((event, content), version) in
                write.events.iter().zip(contents.by_ref()).zip(write.expected_version + 1..)
            {
                self.event_commands.push(number);
                self.event_writes.push(write_number);
                self.event_versions.push(version);
                self.event_types.push(&event.type_name);
                self.event_payloads.push(&event.payload);
                self.event_units.push(event.org_unit.as_str());
                self.event_days.push(event.occurred_on);
                self.event_contents.push(content);
            }
        }
    }
}

/// Writes a batch whose commands share neither a stream nor a request id. `now` in whole microseconds.
///
/// # Errors
/// The database's, for the batch as a whole; then nothing of it was recorded unless the connection was lost.
pub(crate) async fn write(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    commands: &[&Command],
) -> Result<Vec<Told>, sqlx::Error> {
    let c = Columns::of(commands);
    // All rows are fetched to the end: the transaction commits after the last row, so an answer seen earlier would be
    // an answer not yet durable.
    let rows = sqlx::query(APPEND)
        .bind(now)
        .bind(&c.request_ids)
        .bind(&c.digests)
        .bind(&c.responses)
        .bind(&c.versions_after)
        .bind(&c.actors)
        .bind(&c.traceparents)
        .bind(&c.write_commands)
        .bind(&c.write_streams)
        .bind(&c.write_expected)
        .bind(&c.event_commands)
        .bind(&c.event_writes)
        .bind(&c.event_versions)
        .bind(&c.event_types)
        .bind(&c.event_payloads)
        .bind(&c.event_units)
        .bind(&c.event_days)
        .bind(&c.event_contents)
        .fetch_all(connection)
        .await?;
    if rows.len() != commands.len() {
        return Err(sqlx::Error::Protocol(format!("{} answers to {} commands", rows.len(), commands.len())));
    }
    let told: Result<_, sqlx::Error> = rows
        .iter()
        .zip(commands)
        .map(|(row, command)| Ok(Told { answer: answer(row, command, &c)?, previous_hash: row.try_get(8)? }))
        .collect();
    // Committed, but not understood: that is an unknown outcome, not a refused statement.
    told.map_err(|error| sqlx::Error::Protocol(error.to_string()))
}

fn answer(
    row: &sqlx::postgres::PgRow,
    command: &Command,
    columns: &Columns<'_>,
) -> Result<Answer, sqlx::Error> {
    let appended = |versions, replayed, response| -> Result<Appended, sqlx::Error> {
        Ok(Appended {
            first_position: row.try_get(2)?,
            last_position: row.try_get(3)?,
            recorded_at: row.try_get(4)?,
            versions,
            replayed,
            response,
        })
    };
    Ok(match row.try_get::<i32, _>(1)? {
        outcome::APPENDED => Ok(appended(command.versions.clone(), false, command.append.response.clone())?),
        outcome::CONFLICT => {
            let lost: i32 = row.try_get(5)?;
            let stream = usize::try_from(lost - 1).ok().and_then(|index| columns.write_streams.get(index));
            Err(AppendError::Conflict { stream: stream.copied().unwrap_or_default().to_owned().into() })
        }
        outcome::REMEMBERED => Ok(appended(row.try_get(6)?, true, row.try_get(7)?)?),
        outcome::REUSED => Err(AppendError::RequestReused),
        other => return Err(sqlx::Error::Protocol(format!("unknown outcome {other}"))),
    })
}
