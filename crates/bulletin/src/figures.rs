//! What a bulletin shows, as numbers. Everything is read from a closing and from what hq says of its bulletin; nothing is computed
//! but intervals.

use crate::error::Error;
use crate::numbers;
use time::Date;
use xiaoan_kernel::fraction::rate_places;
use xiaoan_kernel::wilson;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::{
    BulletinContents, ClosedEntry, ClosedSource, ClosedValue, Closing, Correction, Indicator, Scheme,
};
use xiaoan_proto::{INTEGRITY_MEASURES, MONEY_MEASURES};

/// How far a bulletin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not issued: 草稿 stands across every page.
    Draft,
    /// Issued on this day.
    Issued(Date),
}

/// What a bulletin shows.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Closing.
    pub closing_id: String,
    /// Board.
    pub board: String,
    /// Period as people name it.
    pub period: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Day on which it was frozen.
    pub frozen_on: Date,
    /// The correction whose figures are shown; `None` = the frozen ones.
    pub correction: Option<Correction>,
    /// Number of the edition, from 1.
    pub edition: i32,
    /// How far it is.
    pub stage: Stage,
    /// Scheme that was evaluated.
    pub scheme: Scheme,
    /// Indicator that ranks.
    pub ranked_by: Indicator,
    /// What stands beside the rate: the indicators that tell how far it can be trusted.
    pub checks: Vec<Indicator>,
    /// The other indicators.
    pub others: Vec<Indicator>,
    /// Units by rank, those without rank last.
    pub rows: Vec<Row>,
    /// The whole city.
    pub total: Option<Row>,
    /// Sources with position and chain head.
    pub sources: Vec<ClosedSource>,
    /// Digest of the closing (SHA-256).
    pub digest: Vec<u8>,
    /// Notices, listed cases, honours and the names of units.
    pub contents: BulletinContents,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Code; empty for the whole city.
    pub org_unit: String,
    /// Name.
    pub name: String,
    /// Rank.
    pub rank: Option<i32>,
    /// Whether the scheme's attention rule applied.
    pub attention: bool,
    /// By what it is ranked.
    pub ranked_by: Value,
    /// Beside it, in the order of [`Figures::checks`].
    pub checks: Vec<Value>,
    /// The others, in the order of [`Figures::others`].
    pub others: Vec<Value>,
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Value {
    /// Numerator.
    pub numerator: i64,
    /// Denominator; `None` for a count.
    pub denominator: Option<i64>,
    /// Whether there is enough to judge by.
    pub evaluable: bool,
    /// False when the closing stores no such figure.
    pub stored: bool,
}

impl Value {
    /// The 95 % interval in ten-thousandths, of a rate that is a proportion.
    #[must_use]
    pub fn interval(&self) -> Option<(i64, i64)> {
        let (low, high) = wilson::interval(self.numerator, self.denominator?)?;
        Some((low.into(), high.into()))
    }
}

impl Figures {
    /// Of a closing and what hq says of its bulletin; the contents name the correction whose figures are shown.
    ///
    /// # Errors
    /// [`Error::NoFigures`].
    pub fn read(
        closing: &Closing,
        contents: &BulletinContents,
        edition: i32,
        stage: Stage,
    ) -> Result<Self, Error> {
        let none = || Error::NoFigures(contents.correction);
        let correction = closing.corrections.iter().find(|c| c.number == contents.correction);
        let figures = match contents.correction {
            0 => closing.frozen.as_ref(),
            _ => correction.and_then(|c| c.figures.as_ref()),
        };
        let figures = figures.ok_or_else(none)?;
        let day = |date: Option<core::Date>| date.and_then(|d| Date::try_from(d).ok()).ok_or_else(none);
        let scheme = figures.scheme.clone().unwrap_or_default();
        let ranked_by =
            scheme.indicators.iter().find(|i| i.id == scheme.rank_by).cloned().unwrap_or_default();
        // A closing's own counts of integrity are made of these indicators (xiaoan_proto, `closing.rs`), and say nothing more.
        let (checks, mut others): (Vec<_>, Vec<_>) = scheme.indicators.iter().cloned().partition(is_check);
        others.retain(|indicator| indicator.id != ranked_by.id);
        let values = |entry: &ClosedEntry, indicators: &[Indicator]| {
            indicators.iter().map(|indicator| value(entry, &indicator.id)).collect()
        };
        let row = |entry: &ClosedEntry| Row {
            org_unit: entry.org_unit.clone(),
            name: if entry.name_zh.is_empty() { entry.org_unit.clone() } else { entry.name_zh.clone() },
            rank: entry.rank,
            attention: entry.attention,
            ranked_by: value(entry, &ranked_by.id),
            checks: values(entry, &checks),
            others: values(entry, &others),
        };
        let mut rows: Vec<_> = figures.entries.iter().map(row).collect();
        rows.sort_by(|a, b| {
            let place = |row: &Row| (row.rank.unwrap_or(i32::MAX), row.org_unit.clone());
            place(a).cmp(&place(b))
        });
        let total = figures.total.as_ref().map(|total| Row {
            org_unit: String::new(),
            name: "全市".into(),
            ..row(total)
        });
        let (from, to) = (day(figures.from)?, day(figures.to)?);
        Ok(Self {
            closing_id: closing.closing_id.clone(),
            board: closing.board.clone(),
            period: numbers::period(&closing.period, from, to),
            from,
            to,
            frozen_on: day(closing.frozen_on)?,
            correction: correction.cloned(),
            edition,
            stage,
            ranked_by,
            checks,
            others,
            rows,
            total,
            sources: figures.sources.clone(),
            digest: figures.digest.clone(),
            scheme,
            contents: contents.clone(),
        })
    }

    /// Name of a unit: as the contents have it, as the closing has it, or its code.
    #[must_use]
    pub fn name_of<'a>(&'a self, org_unit: &'a str) -> &'a str {
        let named = self.contents.units.iter().find(|unit| unit.org_unit == org_unit);
        let named = named.map(|unit| unit.name_zh.as_str()).filter(|name| !name.is_empty());
        let closed = || self.rows.iter().find(|row| row.org_unit == org_unit).map(|row| row.name.as_str());
        named.or_else(closed).unwrap_or(org_unit)
    }

    /// Day from which the figures count: the freezing, or the correction.
    #[must_use]
    pub fn figures_on(&self) -> Date {
        let corrected = self.correction.as_ref().and_then(|c| c.corrected_on);
        corrected.and_then(|day| Date::try_from(day).ok()).unwrap_or(self.frozen_on)
    }

    /// Day that stands in the files: of issue, or of the figures.
    #[must_use]
    pub fn dated(&self) -> Date {
        match self.stage {
            Stage::Draft => self.figures_on(),
            Stage::Issued(day) => day,
        }
    }
}

fn value(entry: &ClosedEntry, id: &str) -> Value {
    let found: Option<&ClosedValue> = entry.values.iter().find(|value| value.id == id);
    found.map_or(Value::default(), |value| Value {
        numerator: value.numerator,
        denominator: value.denominator,
        evaluable: value.evaluable,
        stored: true,
    })
}

/// Whether an indicator tells how far a rate can be trusted.
/// Whether what is counted is money: shown in yuan.
pub(crate) fn is_money(indicator: &Indicator) -> bool {
    indicator.numerator.as_ref().is_some_and(|part| MONEY_MEASURES.contains(&part.measure.as_str()))
}

/// Whether a figure is a share of cases, which has an interval. Of money it is none, as on the board.
pub(crate) fn is_share(indicator: &Indicator) -> bool {
    indicator.unit == "%" && !is_money(indicator)
}

/// Decimals of a figure with a denominator, as on the board.
pub(crate) fn places(indicator: &Indicator, denominator: i64) -> u32 {
    if indicator.unit == "%" { rate_places(denominator) } else { 2 }
}

fn is_check(indicator: &Indicator) -> bool {
    let measure = indicator.numerator.as_ref().map_or("", |part| part.measure.as_str());
    INTEGRITY_MEASURES.contains(&measure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::hq::v1::MeasureRef;

    fn interval(numerator: i64, denominator: i64) -> Option<(i64, i64)> {
        Value { numerator, denominator: Some(denominator), ..Value::default() }.interval()
    }

    #[test]
    fn k12_the_interval_to_four_decimals() {
        for (k, n, expected) in [
            (2, 5, (1176, 7693)),
            (8, 20, (2188, 6134)),
            (80, 200, (3346, 4692)),
            (0, 3, (0, 5615)),
            (3, 3, (4385, 10_000)),
        ] {
            assert_eq!(interval(k, n), Some(expected), "{k}/{n}");
        }
        assert_eq!((interval(3, 2), interval(0, 0)), (None, None));
    }

    #[test]
    fn a_figure_has_the_decimals_and_the_interval_that_the_board_gives_it() {
        let indicator = |measure: &str, unit: &str| Indicator {
            numerator: Some(MeasureRef { measure: measure.into(), ..Default::default() }),
            unit: unit.into(),
            ..Default::default()
        };
        let rate = indicator("case.solved", "%");
        assert_eq!((places(&rate, 999), places(&rate, 1_000)), (1, 2));
        assert_eq!(places(&indicator("case.solved", "件/百人"), 50), 2);
        assert!(is_share(&rate));
        let of_money = indicator("antifraud.returned", "%");
        assert!(is_money(&of_money) && !is_share(&of_money));
    }
}
