//! What follows from closed periods. Pure functions over closings, notices and interviews that are recorded; nothing is computed
//! here that rankings has not counted.
//!
//! | question | answer |
//! |---|---|
//! | how does a unit stand by the rule? | [`standing`]: below only when strictly below, with enough to judge by, and the gate reached |
//! | do its notices make a streak? | [`streak_ending`]: as many months as the rule says, adjacent in the calendar |
//! | what does a correction take away? | [`loses_ground`] of a notice, [`has_fallen`] of an interview |

use std::collections::BTreeMap;
use std::fmt;
use xiaoan_proto::hq::v1::{
    ClosedEntry, ClosedFigures, ClosedValue, Consequence, ConsequenceKind, ConsequenceRule, GapPolicy,
    NoticeState, Scheme, Standing,
};

/// The rule of a scheme by which notices are issued.
#[must_use]
pub fn rule_of(scheme: &Scheme) -> Option<&ConsequenceRule> {
    scheme.consequences.iter().find(|rule| rule.kind() == ConsequenceKind::Notice)
}

/// Whether k of n is strictly below a fraction, by cross-multiplication: exactly 40.0 % is not below 40 % (vector K1).
#[must_use]
pub fn is_below(numerator: i64, denominator: i64, of: (i64, i64)) -> bool {
    i128::from(numerator) * i128::from(of.1) < i128::from(of.0) * i128::from(denominator)
}

/// How an entry stands by a rule of its scheme.
#[must_use]
pub fn standing(scheme: &Scheme, rule: &ConsequenceRule, entry: &ClosedEntry) -> Standing {
    let Some((numerator, denominator)) = evaluable(scheme, &rule.indicator_id, entry) else {
        return Standing::TooFew;
    };
    if !reaches_gate(scheme, rule, entry) {
        return Standing::Held;
    }
    match is_below(numerator, denominator, (rule.threshold_numerator, rule.threshold_denominator)) {
        true => Standing::Below,
        false => Standing::NotBelow,
    }
}

/// Numerator and denominator of an indicator, when there is enough to judge by.
fn evaluable(scheme: &Scheme, id: &str, entry: &ClosedEntry) -> Option<(i64, i64)> {
    let least = scheme.indicators.iter().find(|i| i.id == id).map_or(0, |i| i.min_denominator);
    let value = value_of(entry, id)?;
    let denominator = value.denominator?;
    (denominator >= least.max(1)).then_some((value.numerator, denominator))
}

fn value_of<'a>(entry: &'a ClosedEntry, id: &str) -> Option<&'a ClosedValue> {
    entry.values.iter().find(|value| value.id == id)
}

fn reaches_gate(scheme: &Scheme, rule: &ConsequenceRule, entry: &ClosedEntry) -> bool {
    if rule.integrity_gate.is_empty() {
        return true;
    }
    match evaluable(scheme, &rule.integrity_gate, entry) {
        Some((k, n)) => !is_below(k, n, (rule.gate_numerator, rule.gate_denominator)),
        None => !rule.gate_required,
    }
}

/// How every entry of a closed board stands; nothing without a rule.
#[must_use]
pub fn consequences(figures: &ClosedFigures) -> Vec<Consequence> {
    let Some((scheme, rule)) = figures.scheme.as_ref().and_then(|s| Some((s, rule_of(s)?))) else {
        return Vec::new();
    };
    figures.entries.iter().map(|entry| consequence(scheme, rule, entry)).collect()
}

/// How one entry stands, with the figures looked at.
#[must_use]
pub fn consequence(scheme: &Scheme, rule: &ConsequenceRule, entry: &ClosedEntry) -> Consequence {
    let value = value_of(entry, &rule.indicator_id);
    Consequence {
        org_unit: entry.org_unit.clone(),
        indicator_id: rule.indicator_id.clone(),
        numerator: value.map_or(0, |v| v.numerator),
        denominator: value.and_then(|v| v.denominator).unwrap_or_default(),
        standing: standing(scheme, rule, entry).into(),
        notice_id: String::new(),
    }
}

/// A month of the calendar. Only months make streaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// "2026-06"; `None` for any other period.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, many| text.len() == many && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then_some(Self(year * 12 + month - 1))
    }
    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }
    /// Months since the year 0, as the database keeps it.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
    /// The month of that number.
    #[must_use]
    pub fn numbered(number: i32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// What is known of a unit in one closed month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// How it stands by the figures that count now.
    pub standing: Standing,
    /// Its notice, if there is one.
    pub notice: Option<NoticeState>,
}

/// A unit's closed months on one board.
pub type History = BTreeMap<Month, Past>;

/// Whether a month counts as one of a streak: below, and with a notice that stands.
fn counts(past: Past, rule: &ConsequenceRule) -> bool {
    let stands = match past.notice {
        None | Some(NoticeState::Withdrawn) => false,
        Some(NoticeState::Waived) => !rule.waived_breaks,
        Some(_) => true,
    };
    past.standing == Standing::Below && stands
}

/// The months of the streak that ends with `last`, oldest first; `None` when there is none. A month that was not closed ends
/// it under either policy: what is not known is not passed over.
#[must_use]
pub fn streak_ending(history: &History, last: Month, rule: &ConsequenceRule) -> Option<Vec<Month>> {
    let wanted = usize::try_from(rule.streak).ok().filter(|n| *n > 0)?;
    let mut months = Vec::with_capacity(wanted);
    let mut month = last;
    loop {
        let past = *history.get(&month)?;
        if counts(past, rule) {
            months.push(month);
            if months.len() == wanted {
                months.reverse();
                return Some(months);
            }
        } else {
            let cannot_be_judged = matches!(past.standing, Standing::TooFew | Standing::Held);
            let passed_over = cannot_be_judged && rule.gap_policy() == GapPolicy::Skip && !months.is_empty();
            if !passed_over {
                return None;
            }
        }
        month = month.previous();
    }
}

/// All streaks that a month is part of: of a notice that is issued now, as the last month or as an earlier one.
#[must_use]
pub fn streaks_with(history: &History, month: Month, rule: &ConsequenceRule) -> Vec<Vec<Month>> {
    let later = history.range(month..).map(|(last, _)| *last);
    later
        .filter_map(|last| streak_ending(history, last, rule))
        .filter(|months| months.contains(&month))
        .collect()
}

/// Whether a notice loses its ground: by the corrected figures its unit is no longer below. One that was waived or withdrawn
/// has none to lose.
#[must_use]
pub fn loses_ground(state: NoticeState, standing: Option<Standing>) -> bool {
    !matches!(state, NoticeState::Waived | NoticeState::Withdrawn) && standing != Some(Standing::Below)
}

/// Whether the ground of an interview has fallen away: its months make no streak any more (vector K3).
#[must_use]
pub fn has_fallen(history: &History, months: &[Month], rule: &ConsequenceRule) -> bool {
    let Some(last) = months.last() else { return false };
    streak_ending(history, *last, rule).as_deref() != Some(months)
}

#[cfg(test)]
mod tests;
