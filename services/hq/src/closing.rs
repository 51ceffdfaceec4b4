//! Closed periods (结账): frozen once, corrected beside the frozen figures, never changed (domain reference §E, §H.1).
//!
//! Invariant: what a closing shows is what rankings counted at the stored positions, under the stored scheme; anybody can count it
//! again (`xiaoan closings verify`).

mod difference;

use crate::refusal::{Reason, Refused, Remarks};
use crate::step::{self, Step};
use sha2::{Digest, Sha256};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::closing_text;
use xiaoan_proto::hq::v1::{self as hq, ClosedFigures, ClosingState};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

xiaoan_kernel::events! {
    /// What can happen to a period of a board.
    pub enum ClosingEvent {
        Frozen(hq::PeriodFrozen),
        Corrected(hq::PeriodCorrected),
    }
}

/// A period of a board; provisional until it is frozen.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    shown: Option<hq::Closing>,
}

type Decided = Result<Vec<Fact<ClosingEvent>>, Refused>;

/// Id of the closing of a period.
#[must_use]
pub fn closing_id(board: &str, period: &str) -> String {
    format!("{board}-{period}")
}

/// The figures that count now: those of the last correction, or the frozen ones.
#[must_use]
pub fn current(closing: &hq::Closing) -> Option<&ClosedFigures> {
    closing.corrections.last().map_or(closing.frozen.as_ref(), |correction| correction.figures.as_ref())
}

/// What rankings showed, with its digest.
#[must_use]
pub fn figures_of(board: &str, period: &str, standings: &GetStandingsResponse) -> ClosedFigures {
    let figures = ClosedFigures::from(standings);
    let text = closing_text(board, period, &figures, |bytes| Sha256::digest(bytes).into());
    ClosedFigures { digest: Sha256::digest(text).to_vec(), ..figures }
}

/// Why standings cannot be closed: a source has stopped, so that they are not what was recorded.
///
/// # Errors
/// `CLOSING-SOURCE-STOPPED`.
pub fn whole(standings: &GetStandingsResponse) -> Result<(), Refused> {
    match standings.sources.iter().find(|source| !source.problem.is_empty()) {
        Some(stopped) => Err(Reason::SourceStopped { source: stopped.source.clone() }.into()),
        None => Ok(()),
    }
}

impl Aggregate for Closing {
    const KIND: &'static str = "closing";
    type Event = ClosingEvent;

    fn apply(&mut self, event: &ClosingEvent) {
        match event {
            ClosingEvent::Frozen(e) => {
                self.shown = Some(hq::Closing {
                    closing_id: e.closing_id.clone(),
                    board: e.board.clone(),
                    period: e.period.clone(),
                    state: ClosingState::Frozen.into(),
                    frozen_on: e.frozen_on,
                    frozen: e.figures.clone(),
                    ..Default::default()
                });
            }
            ClosingEvent::Corrected(e) => {
                if let Some(closing) = &mut self.shown {
                    closing.state = ClosingState::Corrected.into();
                    closing.corrections.extend(e.correction.clone());
                }
            }
        }
    }
}

impl From<hq::Closing> for Closing {
    fn from(shown: hq::Closing) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Closing {
    /// As it is shown; nothing while the period is provisional.
    #[must_use]
    pub fn shown(&self) -> Option<&hq::Closing> {
        self.shown.as_ref()
    }
    /// As it is shown, taken out.
    #[must_use]
    pub fn into_shown(self) -> Option<hq::Closing> {
        self.shown
    }

    /// The frozen closing.
    ///
    /// # Errors
    /// CP-001 while it is not frozen.
    pub fn frozen(&self) -> Result<&hq::Closing, Refused> {
        self.shown.as_ref().ok_or_else(|| Reason::NotFrozen.into())
    }

    /// Looks at what is asked for before rankings is.
    ///
    /// # Errors
    /// Wrong fields; CP-001 when it is frozen already.
    pub fn may_freeze(&self, command: &hq::FreezePeriodRequest) -> Result<(), Refused> {
        let mut remarks = Remarks::default();
        remarks.ensure(is_word(&command.board), "board", Reason::Slug);
        remarks.ensure(is_word(&command.period), "period", Reason::Slug);
        remarks.refuse()?;
        match self.shown {
            Some(_) => Err(Reason::FrozenAlready.into()),
            None => Ok(()),
        }
    }

    /// Freezes it with the figures that rankings showed; `by` is headquarters' unit.
    ///
    /// # Errors
    /// See [`Reason`].
    pub fn decide_freeze(
        &self,
        command: &hq::FreezePeriodRequest,
        figures: ClosedFigures,
        by: OrgCode,
        today: Date,
    ) -> Decided {
        self.may_freeze(command)?;
        let to = last_day(&figures)?;
        if to >= today {
            return Err(Reason::PeriodRuns { to }.into());
        }
        let earliest = to.next_day().unwrap_or(to);
        let on = Step { field: "frozen_on", stated: command.frozen_on, earliest, today }.day()?;
        let event = hq::PeriodFrozen {
            closing_id: closing_id(&command.board, &command.period),
            board: command.board.clone(),
            period: command.period.clone(),
            frozen_on: Some(on.into()),
            org_unit: by.to_string(),
            figures: Some(figures),
        };
        Ok(vec![Fact::new(event, by, on)])
    }

    /// Records the figures that rankings shows now beside those on record.
    ///
    /// # Errors
    /// See [`Reason`].
    pub fn decide_correct(
        &self,
        command: &hq::CorrectPeriodRequest,
        figures: ClosedFigures,
        by: OrgCode,
        today: Date,
    ) -> Decided {
        let closing = self.frozen()?;
        let before = current(closing).ok_or(Reason::NotFrozen)?;
        let mut remarks = Remarks::default();
        step::text(&mut remarks, "reason", &command.reason, 500);
        remarks.refuse()?;
        let last = closing.corrections.last().map_or(closing.frozen_on, |c| c.corrected_on);
        let earliest = step::recorded(last);
        let on = Step { field: "corrected_on", stated: command.corrected_on, earliest, today }.day()?;
        let behind = before.sources.iter().find(|known| {
            let now = figures.sources.iter().find(|source| source.source == known.source);
            now.is_some_and(|now| now.position < known.position)
        });
        if let Some(behind) = behind {
            return Err(Reason::SourceBehind { source: behind.source.clone() }.into());
        }
        let differences = difference::between(before, &figures);
        if differences.is_empty() {
            return Err(Reason::Unchanged.into());
        }
        let correction = hq::Correction {
            number: next_number(closing),
            reason: command.reason.trim().to_owned(),
            corrected_on: Some(on.into()),
            figures: Some(figures),
            differences,
        };
        let event = hq::PeriodCorrected {
            closing_id: closing.closing_id.clone(),
            board: closing.board.clone(),
            period: closing.period.clone(),
            org_unit: by.to_string(),
            correction: Some(correction),
        };
        Ok(vec![Fact::new(event, by, on)])
    }
}

/// Number of the correction whose figures count; 0 = the frozen ones.
#[must_use]
pub fn correction_number(closing: &hq::Closing) -> i32 {
    closing.corrections.last().map_or(0, |correction| correction.number)
}

fn next_number(closing: &hq::Closing) -> i32 {
    correction_number(closing) + 1
}

fn last_day(figures: &ClosedFigures) -> Result<Date, Refused> {
    figures.to.and_then(|to| Date::try_from(to).ok()).ok_or_else(|| Reason::Day.into())
}

/// Boards and periods stand in names of streams: letters, digits and hyphens.
fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests;
