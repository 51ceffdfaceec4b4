//! The sources: services whose events book lines. A measure belongs to one source, so each source has tables of sums of
//! its own and its runner never touches another one's rows.

use crate::measures::Measure;

/// A service whose events book lines, in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Stop-payment, freeze and return of money.
    Antifraud,
    /// Alerts and cases.
    Cases,
    /// Incidents, guards and traffic of the port.
    Port,
    /// Volunteers, squadrons and patrols.
    Volunteers,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Antifraud, Self::Cases, Self::Port, Self::Volunteers];

    /// Name of the service and of its log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Antifraud => "antifraud",
            Self::Cases => "cases",
            Self::Port => "port",
            Self::Volunteers => "volunteers",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// What its events book, in the order of the columns of its sums.
    #[must_use]
    pub fn measures(self) -> &'static [Measure] {
        match self {
            Self::Cases => &OF_CASES,
            Self::Antifraud => &Measure::ALL[13..17],
            Self::Port => &Measure::ALL[17..22],
            Self::Volunteers => &Measure::ALL[22..33],
        }
    }

    /// The most measures that one source has.
    pub const WIDEST: usize = OF_CASES.len();
}

/// Those of cases were added in two goes: the facts, and what tells how far they can be trusted.
const OF_CASES: [Measure; 23] = [
    Measure::CaseFiled,
    Measure::CaseSolved,
    Measure::CaseCohortSolved,
    Measure::SmallFiled,
    Measure::SmallSolved,
    Measure::SmallCohortSolved,
    Measure::PreventableFiled,
    Measure::Arrests,
    Measure::SolvedLoss,
    Measure::Recovered,
    Measure::Returned,
    Measure::AlertReceived,
    Measure::ExceptionalSolved,
    Measure::WithdrawnNoCrime,
    Measure::ReclassifiedDown,
    Measure::SolvesRevoked,
    Measure::RecordedLate,
    Measure::AlertsNotFiled,
    Measure::ReportsRegistered,
    Measure::FiledLate,
    Measure::AuditSampled,
    Measure::AuditRecorded,
    Measure::NearThreshold,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_of_one_source_and_knows_its_column_there() {
        let mut seen = Vec::new();
        for source in Source::ALL {
            assert_eq!(Source::named(source.name()), Some(source));
            assert!(source.measures().len() <= Source::WIDEST);
            for (place, measure) in source.measures().iter().enumerate() {
                assert_eq!((measure.source(), measure.place()), (source, place), "{measure:?}");
                seen.push(*measure);
            }
        }
        seen.sort();
        assert_eq!(seen, Measure::ALL);
        assert!(Source::ALL.map(Source::name).is_sorted());
    }
}
