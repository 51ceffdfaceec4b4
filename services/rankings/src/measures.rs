//! The measures of the ledger. Schemes name them; a name that is not here always sums to nothing.

/// What a line counts. The number is what the tables store; it never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum Measure {
    /// Cases filed (立案), on the day of filing.
    CaseFiled = 1,
    /// Cases solved by arrest (破案), on the day of the solve: the throughput of domain reference §A.5.
    CaseSolved = 2,
    /// The same solves, booked on the day of filing: "of those filed then, how many are solved by now".
    CaseCohortSolved = 3,
    /// Small cases filed: loss below the theft threshold of the day of filing.
    SmallFiled = 4,
    /// Small cases solved.
    SmallSolved = 5,
    /// Small cases solved, booked on the day of filing.
    SmallCohortSolved = 6,
    /// Preventable cases (可防性案件) filed.
    PreventableFiled = 7,
    /// Suspects caught (抓获), on the day they were caught.
    Arrests = 8,
    /// Loss of the cases solved, in fen, on the day of the solve.
    SolvedLoss = 9,
    /// Property recovered (追回), in fen.
    Recovered = 10,
    /// Property given back to its owners (返还), in fen.
    Returned = 11,
    /// Alerts received (接警), without duplicates; the category is the alert's kind.
    AlertReceived = 12,
    /// Cases solved by exception (suspect dead …): never merged into `case.solved` (domain reference §A.5).
    ExceptionalSolved = 13,
}

/// Denominator that is no measure of the ledger: officers by the dated headcounts of hq.
pub const OFFICERS: &str = "officers";

impl Measure {
    /// How many there are.
    pub const COUNT: usize = 13;
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::CaseFiled,
        Self::CaseSolved,
        Self::CaseCohortSolved,
        Self::SmallFiled,
        Self::SmallSolved,
        Self::SmallCohortSolved,
        Self::PreventableFiled,
        Self::Arrests,
        Self::SolvedLoss,
        Self::Recovered,
        Self::Returned,
        Self::AlertReceived,
        Self::ExceptionalSolved,
    ];

    /// Name that schemes and the API use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CaseFiled => "case.filed",
            Self::CaseSolved => "case.solved",
            Self::CaseCohortSolved => "case.cohort_solved",
            Self::SmallFiled => "case.small.filed",
            Self::SmallSolved => "case.small.solved",
            Self::SmallCohortSolved => "case.small.cohort_solved",
            Self::PreventableFiled => "case.preventable.filed",
            Self::Arrests => "case.arrests",
            Self::SolvedLoss => "case.solved_loss",
            Self::Recovered => "case.recovered",
            Self::Returned => "case.returned",
            Self::AlertReceived => "alert.received",
            Self::ExceptionalSolved => "case.exceptional.solved",
        }
    }

    /// Its column in the tables of sums: the name with underscores.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::CaseFiled => "case_filed",
            Self::CaseSolved => "case_solved",
            Self::CaseCohortSolved => "case_cohort_solved",
            Self::SmallFiled => "case_small_filed",
            Self::SmallSolved => "case_small_solved",
            Self::SmallCohortSolved => "case_small_cohort_solved",
            Self::PreventableFiled => "case_preventable_filed",
            Self::Arrests => "case_arrests",
            Self::SolvedLoss => "case_solved_loss",
            Self::Recovered => "case_recovered",
            Self::Returned => "case_returned",
            Self::AlertReceived => "alert_received",
            Self::ExceptionalSolved => "case_exceptional_solved",
        }
    }

    /// Its place among [`ALL`](Self::ALL), from 0.
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize - 1
    }

    /// The measure of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }

    /// Number that the tables store.
    #[must_use]
    pub const fn id(self) -> i16 {
        self as i16
    }

    /// The measure of that number.
    #[must_use]
    pub fn with_id(id: i16) -> Option<Self> {
        let at = usize::try_from(id).ok()?.checked_sub(1)?;
        Self::ALL.get(at).copied()
    }

    /// Whether it is an amount of money, in fen.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Self::SolvedLoss | Self::Recovered | Self::Returned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_found_by_its_name_and_its_number() {
        for measure in Measure::ALL {
            assert_eq!(Measure::named(measure.name()), Some(measure));
            assert_eq!(Measure::with_id(measure.id()), Some(measure));
            assert_eq!(Measure::ALL[measure.place()], measure);
            assert_eq!(measure.column(), measure.name().replace('.', "_"));
        }
        assert_eq!(Measure::with_id(0), None);
        assert_eq!(Measure::with_id(14), None);
    }
}
