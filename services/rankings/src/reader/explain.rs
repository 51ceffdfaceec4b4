//! The lines behind one number.

use super::{Knowledge, ReadError, Reader, period};
use crate::decisions::{self, Schemes};
use crate::ledger::lines::{self, Mark, Selection};
use crate::ledger::unit_number;
use crate::measures::{Measure, OFFICERS};
use crate::standings::attribution::Attribution;
use crate::standings::evaluate;
use crate::standings::period::Days;
use std::collections::HashSet;
use xiaoan_kernel::{OrgCode, OrgTree, parse_day};
use xiaoan_proto::rankings::v1::{ExplainRequest, ExplainResponse};

/// Lines on a page when nothing is said, and at most.
const PAGE: i64 = 500;
const MOST: i64 = 5_000;

impl Reader {
    /// The ledger lines behind one number, by day, source and position; `sum` and `count` span all pages. Any unit may
    /// be asked for, entrant of the board or not: its subtree's lines on the days they stood below it.
    ///
    /// # Errors
    /// As [`standings`](Self::standings), and [`ReadError::BadArgument`] for an unknown unit or indicator, an
    /// indicator without a denominator when that is asked for, officers (a headcount has no lines), a page size out of
    /// 0..=5000 and a page token that is none.
    pub async fn explain(&self, request: &ExplainRequest) -> Result<ExplainResponse, ReadError> {
        let limit = match i64::from(request.page_size) {
            0 => PAGE,
            size @ 1..=MOST => size,
            size => return Err(bad("page_size", format!("{size} is not within 0..5000"))),
        };
        let after = read_token(&request.page_token)?;
        let as_of = match &request.as_of {
            None => None,
            Some(at) => Some(xiaoan_proto::instant(at).ok_or_else(|| bad("as_of", "it is no instant"))?),
        };
        let knowledge = Knowledge::new(as_of, request.as_of_positions.clone())?;
        self.reached(&knowledge).await?;
        let mut tx = self.snapshot().await?;
        let period = period(&mut tx, &request.period).await?;
        let schemes = Schemes::read(&mut tx, knowledge.of(decisions::SOURCE)).await?;
        let known = self.inner.units.known(&mut tx, &self.inner.directory, &knowledge).await?;
        let scheme = schemes.in_force(&request.board, period.days.from);
        let scheme = scheme.ok_or_else(|| ReadError::UnknownBoard { board: request.board.clone() })?;
        let indicator = scheme.indicators.iter().find(|i| i.id == request.indicator);
        let indicator = indicator
            .ok_or_else(|| bad("indicator", format!("the board has no indicator {:?}", request.indicator)))?;
        let part = match request.denominator {
            true => indicator.denominator.as_ref().ok_or_else(|| bad("denominator", "a count has none"))?,
            false => indicator.numerator.as_ref().ok_or_else(|| bad("indicator", "it counts nothing"))?,
        };
        if part.measure == OFFICERS {
            return Err(bad(
                "denominator",
                "officers are headcounts recorded by hq, not lines of the ledger",
            ));
        }
        // An indicator that is counted for one unit is counted for it in every row. A squadron's lines are told by their
        // category alone, whatever unit it belongs to.
        let units = match (evaluate::scope(indicator), request.squadron.as_str()) {
            (Some(scope), _) => Some(segments(known.tree(), scope, period.days)),
            (None, "") => units_behind(known.tree(), &request.org_unit, period.days)?,
            (None, _) => None,
        };
        let measure = Measure::named(&part.measure);
        let selection = Selection {
            // A measure that is not booked has no lines.
            measure: measure.map_or(0, Measure::id),
            prefix: part.category_prefix.clone(),
            category: Some(request.squadron.clone()).filter(|squadron| !squadron.is_empty()),
            days: period.days,
            units,
            known: measure.and_then(|measure| knowledge.of(measure.source().name())),
        };
        let (sum, count) = lines::totals(&mut tx, &selection).await?;
        let (lines, next) = lines::page(&mut tx, &selection, after, limit).await?;
        tx.commit().await?;
        Ok(ExplainResponse {
            lines,
            sum,
            count,
            next_page_token: next.map(|m| token(&m)).unwrap_or_default(),
        })
    }
}

/// Units with the days on which their facts count for `unit`; `None` for the whole city.
fn units_behind(tree: &OrgTree, unit: &str, days: Days) -> Result<Option<Vec<(i64, Days)>>, ReadError> {
    if unit.is_empty() {
        return Ok(None);
    }
    let unit = OrgCode::parse(unit).map_err(|e| bad("org_unit", e.to_string()))?;
    if !tree.knows(unit) {
        return Err(bad("org_unit", format!("there is no unit {unit}")));
    }
    Ok(Some(segments(tree, unit, days)))
}

/// Nothing for a unit that is not there.
fn segments(tree: &OrgTree, unit: OrgCode, days: Days) -> Vec<(i64, Days)> {
    let segments = Attribution::of(tree, &HashSet::from([unit]), days).segments_of(unit, days);
    segments.into_iter().map(|(unit, days)| (unit_number(unit), days)).collect()
}

fn bad(field: &'static str, reason: impl Into<String>) -> ReadError {
    ReadError::BadArgument { field, reason: reason.into() }
}

fn token(mark: &Mark) -> String {
    let Mark { day, source, position, line_no } = mark;
    hex::encode(format!("{day}/{position}/{line_no}/{source}"))
}

fn read_token(token: &str) -> Result<Option<Mark>, ReadError> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = String::from_utf8(hex::decode(token).ok()?).ok()?;
        let mut parts = text.splitn(4, '/');
        let day = parse_day(parts.next()?)?;
        let (position, line_no) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Mark { day, source: parts.next()?.to_owned(), position, line_no })
    };
    read().map(Some).ok_or_else(|| bad("page_token", "it is not from a response of this call"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_page_token_reads_back_and_anything_else_is_refused() {
        let mark = Mark { day: date!(2026 - 06 - 07), source: "cases/a".into(), position: 42, line_no: 3 };
        assert_eq!(read_token(&token(&mark)).expect("a token"), Some(mark));
        assert_eq!(read_token("").expect("first page"), None);
        for bad in ["x", "00", "deadbeef"] {
            assert!(read_token(bad).is_err(), "{bad}");
        }
    }
}
