//! The measures of the ledger. Schemes name them; a name that is not here always sums to nothing.

use crate::source::Source;

pub use xiaoan_proto::OFFICERS;

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
    /// Money stopped by banks (止付), in fen, as confirmed by the bank, on its day (facts row J2). Never added to frozen:
    /// the same yuan is first stopped, then frozen.
    Stopped = 14,
    /// Money frozen by banks (冻结), in fen, as confirmed by the bank.
    Frozen = 15,
    /// Money given back to victims through banks (资金返还), in fen.
    PaidBack = 16,
    /// Stop orders that a bank confirmed.
    StopsConfirmed = 17,
    /// Incidents that hinder the port's production (facts row P1); the category is the kind.
    Incidents = 18,
    /// Incidents closed, on the day of closing.
    IncidentsClosed = 19,
    /// Port guards given the power to settle minor accidents (facts row P3), less those that lost it.
    GuardsAuthorised = 20,
    /// Freight vehicles directed (facts row P5).
    FreightVehicles = 21,
    /// Accidents settled by agreement.
    Settlements = 22,
    /// Volunteers that applied (facts row V1).
    Applied = 23,
    /// Volunteers vetted and numbered.
    Enrolled = 24,
    /// Squadrons formed (facts row V2); the category is the kind.
    Squadrons = 25,
    /// Duty points opened (facts row V2); the category is the kind.
    DutyPoints = 26,
    /// Patrols held (facts row V3), on the day they ended; the category is the squadron, as for all that follows.
    Patrols = 27,
    /// Minutes that volunteers patrolled, each counted once.
    PatrolMinutes = 28,
    /// Fugitives caught with help (facts row V4).
    FugitivesCaught = 29,
    /// Suspects caught with help.
    SuspectsCaught = 30,
    /// People rescued.
    PeopleRescued = 31,
    /// Traffic jams eased.
    TrafficEased = 32,
    /// Disputes mediated.
    DisputesMediated = 33,
    /// Cases withdrawn because there had been no crime, on the day of filing; a case refiled after that is no longer among
    /// them. What bears on the honesty of a rate stands beside it (domain reference §E), never in it.
    WithdrawnNoCrime = 34,
    /// Cases moved to a category that weighs less, on the day of filing, under the category that they left.
    ReclassifiedDown = 35,
    /// Solves revoked, on the day of the solve; a case solved again after that still counts here.
    SolvesRevoked = 36,
    /// Cases recorded in a later month than that of filing, on the day of filing; what was taken over from an older
    /// system is not among them, for its own day of recording is not known.
    RecordedLate = 37,
    /// Alerts disposed of without a case, on the day of receipt; the category is how.
    AlertsNotFiled = 38,
    /// Reports registered (受案登记); the category is the track.
    ReportsRegistered = 39,
    /// Reports filed as a case after their review was due, on the day of filing.
    FiledLate = 40,
    /// Alerts that an audit found should have been recorded, on the day of receipt (domain reference §A.4).
    AuditSampled = 41,
    /// Those of them that had been recorded.
    AuditRecorded = 42,
    /// Cases filed with a loss just under the threshold of their categories (remark CB-017), on the day of filing.
    NearThreshold = 43,
}

impl Measure {
    /// How many there are.
    pub const COUNT: usize = xiaoan_proto::MEASURES.len();
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
        Self::Stopped,
        Self::Frozen,
        Self::PaidBack,
        Self::StopsConfirmed,
        Self::Incidents,
        Self::IncidentsClosed,
        Self::GuardsAuthorised,
        Self::FreightVehicles,
        Self::Settlements,
        Self::Applied,
        Self::Enrolled,
        Self::Squadrons,
        Self::DutyPoints,
        Self::Patrols,
        Self::PatrolMinutes,
        Self::FugitivesCaught,
        Self::SuspectsCaught,
        Self::PeopleRescued,
        Self::TrafficEased,
        Self::DisputesMediated,
        Self::WithdrawnNoCrime,
        Self::ReclassifiedDown,
        Self::SolvesRevoked,
        Self::RecordedLate,
        Self::AlertsNotFiled,
        Self::ReportsRegistered,
        Self::FiledLate,
        Self::AuditSampled,
        Self::AuditRecorded,
        Self::NearThreshold,
    ];

    /// Name that schemes and the API use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        xiaoan_proto::MEASURES[self as usize - 1].0
    }

    /// Its column in its source's tables of sums: the name with underscores.
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
            Self::Stopped => "antifraud_stopped",
            Self::Frozen => "antifraud_frozen",
            Self::PaidBack => "antifraud_returned",
            Self::StopsConfirmed => "antifraud_stops_confirmed",
            Self::Incidents => "port_incidents",
            Self::IncidentsClosed => "port_incidents_closed",
            Self::GuardsAuthorised => "port_guards_authorised",
            Self::FreightVehicles => "port_freight_vehicles",
            Self::Settlements => "port_settlements",
            Self::Applied => "volunteer_applied",
            Self::Enrolled => "volunteer_enrolled",
            Self::Squadrons => "volunteer_squadrons",
            Self::DutyPoints => "volunteer_duty_points",
            Self::Patrols => "volunteer_patrols",
            Self::PatrolMinutes => "volunteer_patrol_minutes",
            Self::FugitivesCaught => "volunteer_fugitives_caught",
            Self::SuspectsCaught => "volunteer_suspects_caught",
            Self::PeopleRescued => "volunteer_people_rescued",
            Self::TrafficEased => "volunteer_traffic_eased",
            Self::DisputesMediated => "volunteer_disputes_mediated",
            Self::WithdrawnNoCrime => "case_withdrawn_no_crime",
            Self::ReclassifiedDown => "case_reclassified_down",
            Self::SolvesRevoked => "case_solve_revoked",
            Self::RecordedLate => "case_recorded_late",
            Self::AlertsNotFiled => "alert_not_filed",
            Self::ReportsRegistered => "report_registered",
            Self::FiledLate => "report_filed_late",
            Self::AuditSampled => "audit_sampled",
            Self::AuditRecorded => "audit_recorded",
            Self::NearThreshold => "case_near_threshold",
        }
    }

    /// Source whose events book it.
    #[must_use]
    pub const fn source(self) -> Source {
        match self as i16 {
            ..=13 => Source::Cases,
            14..=17 => Source::Antifraud,
            18..=22 => Source::Port,
            23..=33 => Source::Volunteers,
            34.. => Source::Cases,
        }
    }

    /// Its place among the measures of its source, from 0.
    #[must_use]
    pub const fn place(self) -> usize {
        let first = match self.source() {
            // Those of cases that were added later stand behind its first thirteen.
            Source::Cases if self as usize > 33 => return self as usize - 34 + 13,
            Source::Cases => Self::CaseFiled,
            Source::Antifraud => Self::Stopped,
            Source::Port => Self::Incidents,
            Source::Volunteers => Self::Applied,
        };
        self as usize - first as usize
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

    /// Whether it says how far a rate can be trusted: shown beside the rate, ranks nobody.
    #[must_use]
    pub const fn is_integrity(self) -> bool {
        matches!(
            self,
            Self::WithdrawnNoCrime
                | Self::ReclassifiedDown
                | Self::SolvesRevoked
                | Self::RecordedLate
                | Self::AlertsNotFiled
                | Self::ReportsRegistered
                | Self::FiledLate
                | Self::AuditSampled
                | Self::AuditRecorded
                | Self::NearThreshold
        )
    }

    /// Whether it is an amount of money, in fen.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(
            self,
            Self::SolvedLoss
                | Self::Recovered
                | Self::Returned
                | Self::Stopped
                | Self::Frozen
                | Self::PaidBack
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_found_by_its_name_and_its_number() {
        for (measure, (name, source)) in Measure::ALL.into_iter().zip(xiaoan_proto::MEASURES) {
            assert_eq!((measure.name(), measure.source().name()), (name, source));
            assert_eq!(Measure::named(name), Some(measure));
            assert_eq!(Measure::with_id(measure.id()), Some(measure));
            assert_eq!(measure.column(), name.replace('.', "_"));
            assert_eq!(measure.is_integrity(), xiaoan_proto::INTEGRITY_MEASURES.contains(&name), "{name}");
            assert_eq!(measure.is_money(), xiaoan_proto::MONEY_MEASURES.contains(&name), "{name}");
        }
        assert_eq!(Measure::with_id(0), None);
        assert_eq!(Measure::with_id(44), None);
    }

    #[test]
    fn what_a_board_of_squadrons_may_count_is_booked_by_volunteers() {
        for name in xiaoan_proto::SQUADRON_MEASURES {
            assert_eq!(Measure::named(name).map(Measure::source), Some(Source::Volunteers), "{name}");
        }
    }
}
