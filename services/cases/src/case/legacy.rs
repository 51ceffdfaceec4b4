//! A case as an older system knew it, taken over in one append: filed, suspects caught, solved, property recovered,
//! withdrawn. Decisions of that system are taken over as they were made (no evidence, no second officer, no registrar
//! is on record there), and every event says so by its provenance.

use super::solve::Solve;
use super::{Case, CaseEvent, Facts};
use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    CaseFiled, Discovery, PropertyRecovered, SolveClass, SolveManner, SuspectCaught, WithdrawalGround,
};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

/// Who proposed a solve that an older system recorded.
pub const LEGACY_PROPOSER: &str = "legacy-import";

/// A row that has been read and found consistent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyCase {
    /// 23 characters.
    pub case_no: String,
    /// Unit.
    pub unit: OrgCode,
    /// A leaf in force on `filed_on`.
    pub category: String,
    /// When it was reported, to the minute or second.
    pub reported_at: OffsetDateTime,
    /// When it occurred; not after the report.
    pub occurred_at: Option<OffsetDateTime>,
    /// Day of filing.
    pub filed_on: Date,
    /// Loss in fen, not negative.
    pub loss_fen: i64,
    /// Preventable.
    pub preventable: bool,
    /// Day and manner of the solve; never together with `withdrawn`.
    pub solved: Option<(Date, SolveManner)>,
    /// Suspects caught, 0..1000; counted on the day of the solve, or of the filing while unsolved.
    pub arrests: i32,
    /// Recovered in fen, 0..=loss; counted like the suspects.
    pub recovered_fen: i64,
    /// Day and ground of the withdrawal.
    pub withdrawn: Option<(Date, WithdrawalGround)>,
}

impl LegacyCase {
    /// The row's content in one spelling, whatever the file's: "1300.0" and "1300.00" are one content.
    #[must_use]
    pub fn canonical(&self) -> String {
        let (solved_on, manner) =
            self.solved.map_or((String::new(), 0), |(on, m)| (on.to_string(), i32::from(m)));
        let (withdrawn_on, ground) =
            self.withdrawn.map_or((String::new(), 0), |(on, g)| (on.to_string(), i32::from(g)));
        format!(
            "legacy-case/1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{solved_on}\n{manner}\n{}\n{}\n{withdrawn_on}\n{ground}\n",
            self.case_no,
            self.unit,
            self.category,
            self.reported_at.unix_timestamp(),
            self.occurred_at.map_or(String::new(), |at| at.unix_timestamp().to_string()),
            self.filed_on,
            self.loss_fen,
            self.preventable,
            self.arrests,
            self.recovered_fen,
        )
    }
}

impl Case {
    /// Takes a legacy case over.
    ///
    /// # Errors
    /// GE-002 when the case number is there already (the same content is recognised before, by its request id).
    pub fn decide_import(&self, row: &LegacyCase, at: &Moment<'_>) -> Result<Facts, Refused> {
        if self.is_known() {
            return Err(Reason::OtherContentThere.into());
        }
        let provenance = Provenance::LegacyImport;
        let mut case = Self::default();
        let mut facts = Facts::new();
        let mut record = |case: &mut Self, event: CaseEvent, on: Date| {
            case.apply(&event);
            facts.push(Fact { event, org_unit: row.unit, occurred_on: on });
        };
        let filed = CaseFiled {
            case_no: row.case_no.clone(),
            org_unit: row.unit.to_string(),
            category: row.category.clone(),
            occurred_from: row.occurred_at.map(timestamp),
            reported_at: Some(timestamp(row.reported_at)),
            filed_on: Some(row.filed_on.into()),
            loss_fen: row.loss_fen,
            preventable: row.preventable,
            small_case: at.rules.is_small_case(row.unit, &row.category, row.filed_on, row.loss_fen),
            near_threshold: at.rules.is_just_under_threshold(
                row.unit,
                &row.category,
                row.filed_on,
                row.loss_fen,
            ),
            discovery: Discovery::Reported.into(),
            provenance: provenance.into(),
            ..Default::default()
        };
        record(&mut case, filed.into(), row.filed_on);
        let counted_on = row.solved.map_or(row.filed_on, |(on, _)| on);
        if row.arrests > 0 {
            let caught = SuspectCaught {
                case_no: row.case_no.clone(),
                caught_on: Some(counted_on.into()),
                count: row.arrests,
                org_unit: row.unit.to_string(),
                category: row.category.clone(),
                provenance: provenance.into(),
                ..Default::default()
            };
            record(&mut case, caught.into(), counted_on);
        }
        if let Some((on, manner)) = row.solved {
            let solve = Solve {
                on,
                class: SolveClass::Arrest,
                manner,
                approved_by: at.actor,
                proposed_by: LEGACY_PROPOSER,
                minutes: 0, // only the day is known
                series_id: "",
                provenance,
            };
            let solved = case.solved(&solve)?;
            record(&mut case, solved.event, on);
        }
        if row.recovered_fen > 0 {
            let recovered = PropertyRecovered {
                case_no: row.case_no.clone(),
                recovered_on: Some(counted_on.into()),
                fen: row.recovered_fen,
                org_unit: row.unit.to_string(),
                category: row.category.clone(),
                provenance: provenance.into(),
            };
            record(&mut case, recovered.into(), counted_on);
        }
        if let Some((on, ground)) = row.withdrawn {
            let withdrawn = case.withdrawn(ground, on, "", provenance);
            record(&mut case, withdrawn.into(), on);
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{self, Desk};
    use time::macros::date;
    use xiaoan_kernel::EventSet;
    use xiaoan_kernel::given::given;

    #[test]
    fn a_solved_row_is_filed_caught_solved_and_recovered_on_its_days() {
        let desk = Desk::default();
        let facts = given::<Case>([])
            .when(|case| case.decide_import(&story::legacy_case(), &desk.moment("clerk-1")))
            .then_facts();
        let said: Vec<_> = facts
            .iter()
            .map(|f| (f.event.type_name().rsplit('.').next().unwrap_or_default().to_owned(), f.occurred_on))
            .collect();
        let (filed, solved) = (date!(2026 - 06 - 07), date!(2026 - 06 - 24));
        assert_eq!(
            said,
            [
                ("CaseFiled".to_owned(), filed),
                ("SuspectCaught".to_owned(), solved),
                ("CaseSolved".to_owned(), solved),
                ("PropertyRecovered".to_owned(), solved),
            ]
        );
        let CaseEvent::Solved(e) = &facts[2].event else { panic!("{facts:?}") };
        assert_eq!((e.proposed_by.as_str(), e.approved_by.as_str()), (LEGACY_PROPOSER, "clerk-1"));
        assert_eq!(e.facts.as_ref().unwrap().arrests[0].count, 2);
    }

    #[test]
    fn a_row_withdrawn_for_no_crime_leaves_the_count_without_a_registrar_of_ours() {
        let desk = Desk::default();
        let row = LegacyCase {
            solved: None,
            arrests: 0,
            recovered_fen: 0,
            withdrawn: Some((date!(2026 - 06 - 10), WithdrawalGround::NoCrime)),
            ..story::legacy_case()
        };
        let facts =
            given::<Case>([]).when(|case| case.decide_import(&row, &desk.moment("clerk-1"))).then_facts();
        let CaseEvent::Withdrawn(e) = &facts[1].event else { panic!("{facts:?}") };
        assert!(e.leaves_count);
        assert_eq!(e.provenance(), Provenance::LegacyImport);
    }

    #[test]
    fn arrests_without_a_solve_count_on_the_day_of_filing() {
        let desk = Desk::default();
        let row = LegacyCase { solved: None, recovered_fen: 0, ..story::legacy_case() };
        let facts =
            given::<Case>([]).when(|case| case.decide_import(&row, &desk.moment("clerk-1"))).then_facts();
        assert_eq!(facts[1].occurred_on, date!(2026 - 06 - 07));
    }

    #[test]
    fn a_case_number_that_is_there_is_not_imported_over() {
        let desk = Desk::default();
        given::<Case>([story::filed()])
            .when(|case| case.decide_import(&story::legacy_case(), &desk.moment("clerk-1")))
            .then_refused(&["GE-002"]);
    }
}
