//! Events → rows of the tables, in columns: the shape that UNNEST and COPY take.

use super::{PREFIX_LENGTHS, unit_number};
use crate::booking::{self, Line};
use crate::source::Source;
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::ApplyError;

/// A line with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedLine<'a> {
    pub(super) source: Source,
    pub(super) position: i64,
    pub(super) line_no: i16,
    pub(super) event_type: i16,
    pub(super) recorded_at: OffsetDateTime,
    pub(super) stream: &'a str,
    pub(super) line: Line,
}

/// The source of a batch.
///
/// # Errors
/// Poison: nothing is known of it.
pub(super) fn source_of(event: &RecordedEvent) -> Result<Source, ApplyError> {
    Source::named(&event.source)
        .ok_or_else(|| ApplyError::poison(event, format!("nothing is known of source {:?}", event.source)))
}

/// Lines of one event, placed.
///
/// # Errors
/// Poison: an event that cannot be booked, or lacks what every recorded event has.
pub(super) fn place(source: Source, event: &RecordedEvent) -> Result<Vec<PlacedLine<'_>>, ApplyError> {
    let recorded_at = event.recorded_at.as_ref().and_then(xiaoan_proto::instant);
    let recorded_on = recorded_at.map(xiaoan_kernel::city_day);
    let lines = booking::book(source, &event.stream, &event.r#type, &event.payload, recorded_on)
        .map_err(|e| ApplyError::poison(event, e))?;
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let poison = |what: &str| ApplyError::poison(event, what);
    let recorded_at = recorded_at.ok_or_else(|| poison("recorded_at is missing or no instant"))?;
    let event_type = booking::event_type_id(&event.r#type).ok_or_else(|| poison("its type has no number"))?;
    (1_i16..)
        .zip(lines)
        .map(|(line_no, line)| {
            if line.measure.source() != source {
                return Err(poison("it books what belongs to another source"));
            }
            let stream = event.stream.as_str();
            Ok(PlacedLine {
                source,
                position: event.position,
                line_no,
                event_type,
                recorded_at,
                stream,
                line,
            })
        })
        .collect()
}

/// A sum per measure of a source, in the order of [`Source::measures`]; places behind the last are not used.
pub(super) type Quantities = [i64; Source::WIDEST];
/// (day, unit, category) and (prefix, month, unit), sorted, so that two writers never lock in opposite orders.
pub(super) type DayKey = (Date, i64, String);
pub(super) type MonthKey = (String, Date, i64);

/// Rows of a batch of one source, column by column.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) source: Source,
    pub(super) position: Vec<i64>,
    pub(super) line_no: Vec<i16>,
    pub(super) measure: Vec<i16>,
    pub(super) org_unit: Vec<i64>,
    pub(super) category: Vec<String>,
    pub(super) occurred_on: Vec<Date>,
    pub(super) quantity: Vec<i64>,
    pub(super) recorded_at: Vec<OffsetDateTime>,
    pub(super) event_type: Vec<i16>,
    pub(super) stream: Vec<String>,
    pub(super) days: BTreeMap<DayKey, Quantities>,
    pub(super) months: BTreeMap<MonthKey, Quantities>,
}

impl Columns {
    fn new(source: Source) -> Self {
        Self {
            source,
            position: Vec::new(),
            line_no: Vec::new(),
            measure: Vec::new(),
            org_unit: Vec::new(),
            category: Vec::new(),
            occurred_on: Vec::new(),
            quantity: Vec::new(),
            recorded_at: Vec::new(),
            event_type: Vec::new(),
            stream: Vec::new(),
            days: BTreeMap::new(),
            months: BTreeMap::new(),
        }
    }

    /// Rows of consecutive events of a source.
    ///
    /// # Errors
    /// As [`place`].
    pub(super) fn of(source: Source, batch: &[RecordedEvent]) -> Result<Self, ApplyError> {
        let mut columns = Self::new(source);
        for event in batch {
            for placed in place(source, event)? {
                columns.add(placed);
            }
        }
        Ok(columns)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.position.is_empty()
    }

    fn add(&mut self, placed: PlacedLine<'_>) {
        let line = placed.line;
        let (measure, unit, on) = (line.measure, unit_number(line.org_unit), line.occurred_on);
        let day = self.days.entry((on, unit, line.category.clone())).or_default();
        day[measure.place()] += line.quantity;
        for prefix in prefixes(&line.category) {
            let month = self.months.entry((prefix.to_owned(), month_of(on), unit)).or_default();
            month[measure.place()] += line.quantity;
        }
        self.position.push(placed.position);
        self.line_no.push(placed.line_no);
        self.measure.push(measure.id());
        self.org_unit.push(unit);
        self.category.push(line.category);
        self.occurred_on.push(on);
        self.quantity.push(line.quantity);
        self.recorded_at.push(placed.recorded_at);
        self.event_type.push(placed.event_type);
        self.stream.push(placed.stream.to_owned());
    }
}

/// First day of a day's month.
pub(super) fn month_of(day: Date) -> Date {
    day.replace_day(1).unwrap_or(day)
}

/// A category cut to each of the lengths that it reaches.
pub(super) fn prefixes(category: &str) -> impl Iterator<Item = &str> {
    PREFIX_LENGTHS.into_iter().filter_map(move |length| {
        if length == 0 {
            return Some("");
        }
        let (last, c) = category.char_indices().nth(length - 1)?;
        category.get(..last + c.len_utf8())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_cut_to_the_lengths_it_reaches() {
        let cut = |category| prefixes(category).collect::<Vec<_>>();
        assert_eq!(cut("050201"), ["", "05", "0502", "050201"]);
        assert_eq!(cut("theft"), ["", "th", "thef"]);
        assert_eq!(cut("纠纷"), ["", "纠纷"]);
        assert_eq!(cut(""), [""]);
    }
}
