//! Filing a case (立案) and opening its investigation.

use super::{Case, CaseEvent, Facts};
use crate::moment::{Moment, chosen_id, known, persons, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::Standing;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    CaseFiled, CaseInvestigated, CaseState, Discovery, FileCaseRequest, InvestigateCaseRequest,
};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};

/// "A", 12 digits of the unit, YYYYMM, 4 digits: 23 characters (domain reference §A.2). Only the form is checked: a case
/// that was transferred keeps its number, and older systems numbered by other months.
pub const CASE_NO_FORM: Reason = Reason::Malformed {
    form_zh: "案件编号23位：A加12位单位代码、6位年月和4位序号",
    form_en: "a case number of 23 characters: A, 12 digits of the unit, YYYYMM and 4 digits",
};

/// Whether a text has the form of a case number.
#[must_use]
pub fn case_no_is_well_formed(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('A') else { return false };
    digits.len() == 22
        && digits.bytes().all(|b| b.is_ascii_digit())
        && matches!(digits[16..18].parse(), Ok(1..=12))
}

/// What is checked of every filing, stated through the API or in a spreadsheet. A value that is itself broken is
/// `None`: what depends on it is not judged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filing<'a> {
    pub(crate) unit: Option<OrgCode>,
    pub(crate) category: &'a str,
    pub(crate) occurred_at: Option<OffsetDateTime>,
    pub(crate) reported_at: Option<OffsetDateTime>,
    pub(crate) filed_on: Option<Date>,
    pub(crate) loss_fen: Option<i64>,
}

/// Names of the fields that a request and a row call differently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilingFields {
    pub(crate) occurred: &'static str,
    pub(crate) loss: &'static str,
}

impl Filing<'_> {
    /// Notes CB-002, CB-005, CB-013 and the warnings CB-014, CB-017.
    pub(crate) fn check(&self, remarks: &mut Remarks, fields: FilingFields, at: &Moment<'_>) {
        let category = self.check_category(remarks, at);
        if let (Some(reported), Some(filed_on)) = (self.reported_at, self.filed_on)
            && filed_on < city_day(reported)
        {
            remarks.note("filed_on", Reason::FiledBeforeReported);
        }
        if let (Some(occurred), Some(reported)) = (self.occurred_at, self.reported_at)
            && occurred > reported
        {
            remarks.note(fields.occurred, Reason::OccurredAfterReported);
        }
        let Some(loss_fen) = self.loss_fen else { return };
        if let Some(category) = category.filter(|c| c.valued && loss_fen == 0) {
            let (name_zh, name_en) = (category.name_zh.clone(), category.name_en.clone());
            remarks.note(fields.loss, Reason::ZeroLossOfValuedGoods { name_zh, name_en });
        }
        if loss_fen >= ONE_MILLION_YUAN {
            remarks.note(fields.loss, Reason::LossFromOneMillion { loss_fen });
        }
        if let (Some(unit), Some(filed_on), Some(category)) = (self.unit, self.filed_on, category)
            && at.rules.is_just_under_threshold(unit, &category.code, filed_on, loss_fen)
        {
            remarks.note(fields.loss, Reason::LossJustUnderThreshold { loss_fen });
        }
    }

    fn check_category<'r>(
        &self,
        remarks: &mut Remarks,
        at: &Moment<'r>,
    ) -> Option<&'r crate::rulebook::Category> {
        let code = self.category.to_owned();
        let standing = match self.filed_on {
            Some(day) => at.rules.categories.standing(&code, day),
            None => at.rules.categories.standing_ever(&code),
        };
        match standing {
            Standing::Leaf(category) => return Some(category),
            Standing::NotLeaf(c) => {
                let (name_zh, name_en) = (c.name_zh.clone(), c.name_en.clone());
                remarks.note("category", Reason::CategoryNotLeaf { code, name_zh, name_en });
            }
            Standing::NotInForce(_) => {
                let day = self.filed_on.unwrap_or_else(|| at.today());
                remarks.note("category", Reason::CategoryNotInForce { code, day });
            }
            Standing::Unknown => remarks.note("category", Reason::CategoryUnknown),
        }
        None
    }
}

/// From this value on a loss is looked at twice (CB-014, as NIBRS edit 342).
const ONE_MILLION_YUAN: i64 = 100_000_000;

impl Case {
    /// Everything that is to be said about a filing, warnings included. Pure: the handler also asks it before any
    /// person is sealed, so that a command that will be refused leaves no key behind.
    #[must_use]
    pub fn remarks_on_filing(request: &FileCaseRequest, at: &Moment<'_>) -> Remarks {
        Self::look_at_filing(request, at).0
    }

    fn look_at_filing<'a>(request: &'a FileCaseRequest, at: &Moment<'_>) -> (Remarks, Filing<'a>) {
        let mut remarks = Remarks::default();
        if !request.case_no.is_empty() && !case_no_is_well_formed(&request.case_no) {
            remarks.note("case_no", CASE_NO_FORM);
        }
        let filed_on = at.past_day(&mut remarks, "filed_on", request.filed_on.as_ref());
        let occurred = request.occurred_from.as_ref();
        let filing = Filing {
            unit: at.unit(&mut remarks, "org_unit", &request.org_unit, filed_on),
            category: &request.category,
            occurred_at: occurred.and_then(|at_| at.past_instant(&mut remarks, "occurred_from", Some(at_))),
            reported_at: at.past_instant(&mut remarks, "reported_at", request.reported_at.as_ref()),
            filed_on,
            loss_fen: Some(request.loss_fen).filter(|fen| *fen >= 0),
        };
        if request.loss_fen < 0 {
            remarks.note("loss_fen", NOT_NEGATIVE);
        }
        if request.loss_items < 0 {
            remarks.note("loss_items", NOT_NEGATIVE);
        }
        filing.check(&mut remarks, FilingFields { occurred: "occurred_from", loss: "loss_fen" }, at);
        if request.preventable
            && let Some(day) = filed_on
            && matches!(at.rules.categories.standing(&request.category, day), Standing::Leaf(_))
            && at.rules.work.preventable(&request.category, day).is_none()
        {
            let category = request.category.clone();
            remarks.note("preventable", Reason::NotListedAsPreventable { category });
        }
        text(&mut remarks, "loss_description", &request.loss_description, 0, 200);
        text(&mut remarks, "place", &request.place, 0, 200);
        let _: Discovery = known(&mut remarks, "discovery", request.discovery);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        if !request.alert_id.is_empty() {
            chosen_id(&mut remarks, "alert_id", &request.alert_id);
        }
        persons(&mut remarks, "victims", &request.victims);
        (remarks, filing)
    }

    /// Files a case under `case_no`: the request's own, or the number the service gave it.
    ///
    /// # Errors
    /// CASE-EXISTS, CB-001, CB-002, CB-003, CB-005, CB-013, GE-006.
    pub fn decide_file(
        &self,
        request: &FileCaseRequest,
        case_no: &str,
        victims: Vec<SealedPerson>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (remarks, filing) = Self::look_at_filing(request, at);
        remarks.refuse()?;
        if self.is_known() {
            return Err(Reason::CaseExists.into());
        }
        let (Some(unit), Some(filed_on)) = (filing.unit, filing.filed_on) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let discovery = match request.discovery() {
            Discovery::Unspecified => Discovery::Reported,
            stated => stated,
        };
        let filed = CaseFiled {
            case_no: case_no.to_owned(),
            org_unit: request.org_unit.clone(),
            category: request.category.clone(),
            occurred_from: request.occurred_from,
            reported_at: request.reported_at,
            filed_on: request.filed_on,
            loss_fen: request.loss_fen,
            loss_items: request.loss_items,
            loss_description: request.loss_description.clone(),
            place: request.place.clone(),
            dwelling: request.dwelling,
            preventable: request.preventable,
            small_case: at.rules.is_small_case(unit, &request.category, filed_on, request.loss_fen),
            discovery: discovery.into(),
            alert_id: request.alert_id.clone(),
            victims,
            provenance: stated(request.provenance()).into(),
            report_id: request.report_id.clone(),
            near_threshold: at.rules.is_just_under_threshold(
                unit,
                &request.category,
                filed_on,
                request.loss_fen,
            ),
        };
        Ok(vec![Fact::new(filed, unit, filed_on)])
    }

    /// Opens the investigation.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SOLVED, CASE-INVESTIGATING, CASE-PROPOSED, GE-006.
    pub fn decide_investigate(
        &self,
        request: &InvestigateCaseRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        self.not_solved()?;
        match self.state() {
            CaseState::Investigating => return Err(Reason::CaseInvestigating.into()),
            CaseState::SolveProposed => return Err(Reason::CaseProposed.into()),
            CaseState::Unspecified | CaseState::Filed | CaseState::Solved | CaseState::Withdrawn => {}
        }
        let mut remarks = Remarks::default();
        if !request.lead_officer.is_empty() {
            chosen_id(&mut remarks, "lead_officer", &request.lead_officer);
        }
        remarks.refuse()?;
        let investigated = CaseInvestigated {
            case_no: self.seen.case_no.clone(),
            lead_officer: request.lead_officer.clone(),
        };
        Ok(vec![Fact::new(CaseEvent::from(investigated), unit, at.today())])
    }
}

/// Below zero.
pub(crate) const NOT_NEGATIVE: Reason =
    Reason::Malformed { form_zh: "不小于0的数", form_en: "a number not below 0" };

/// Unspecified is treated as recorded by an officer.
pub(crate) fn stated(provenance: Provenance) -> Provenance {
    match provenance {
        Provenance::Unspecified => Provenance::Recorded,
        stated => stated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{self, Desk};
    use time::macros::{date, datetime};
    use xiaoan_kernel::Reason as _;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::timestamp;

    fn file(change: impl FnOnce(&mut FileCaseRequest)) -> Result<Facts, Refused> {
        let desk = Desk::default();
        let mut request = story::file_request();
        change(&mut request);
        Case::default().decide_file(&request, &request.case_no, vec![], &desk.moment("officer-1"))
    }

    fn codes(outcome: Result<Facts, Refused>) -> Vec<&'static str> {
        let refused = outcome.expect_err("should have been refused");
        refused.remarks().iter().map(|r| r.reason.said().code).collect()
    }

    #[test]
    fn a_filed_case_counts_on_its_day_for_its_unit() {
        let facts = file(|_| {}).unwrap();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 07));
        assert_eq!(facts[0].org_unit.as_str(), "371102010000");
        let CaseEvent::Filed(filed) = &facts[0].event else { panic!("{facts:?}") };
        assert!(filed.small_case, "{filed:?}");
        assert_eq!(filed.provenance(), Provenance::Recorded);
        assert_eq!(filed.discovery(), Discovery::Reported);
    }

    #[test]
    fn a_case_is_filed_once() {
        let desk = Desk::default();
        let request = story::file_request();
        given::<Case>([story::filed()])
            .when(|case| case.decide_file(&request, &request.case_no, vec![], &desk.moment("officer-1")))
            .then_refused(&["CASE-EXISTS"]);
    }

    #[test]
    fn everything_that_is_wrong_with_a_filing_is_said_at_once() {
        let outcome = file(|r| {
            r.org_unit = "999999999999".into();
            r.category = "050200".into();
            r.reported_at = Some(timestamp(datetime!(2031-01-01 0:00 UTC)));
            r.case_no = "B1".into();
            r.loss_fen = -1;
        });
        assert_eq!(codes(outcome), ["GE-006", "CB-001", "CB-003", "GE-006", "CB-002"]);
    }

    #[test]
    fn a_case_is_not_filed_before_its_report_nor_reported_before_it_occurred() {
        assert_eq!(codes(file(|r| r.filed_on = Some(date!(2026 - 06 - 06).into()))), ["CB-005"]);
        let later =
            |r: &mut FileCaseRequest| r.occurred_from = Some(timestamp(datetime!(2026-06-07 1:59 +8)));
        assert_eq!(codes(file(later)), ["CB-005"]);
        // 23:59 in Shanghai is the same day, even though it is the day before in UTC … and the other way round
        let night = |r: &mut FileCaseRequest| {
            r.reported_at = Some(timestamp(datetime!(2026-06-07 23:59 +8)));
        };
        assert!(file(night).is_ok());
    }

    #[test]
    fn a_car_is_worth_something_but_a_loss_of_twenty_yuan_is_still_a_case() {
        let car = |r: &mut FileCaseRequest| (r.category, r.loss_fen) = ("050223".into(), 0);
        assert_eq!(codes(file(car)), ["CB-013"]);
        assert!(file(|r| r.loss_fen = 2_000).is_ok());
        assert!(file(|r| r.loss_fen = 0).is_ok(), "an attempted burglary loses nothing");
    }

    #[test]
    fn a_million_and_a_loss_just_under_the_threshold_are_remarked_not_refused() {
        let desk = Desk::default();
        for (fen, code) in [(100_000_000, "CB-014"), (199_900, "CB-017")] {
            let request = FileCaseRequest { loss_fen: fen, ..story::file_request() };
            let said = Case::remarks_on_filing(&request, &desk.moment("officer-1")).findings();
            assert_eq!(said.iter().map(|f| f.code).collect::<Vec<_>>(), [code]);
            let facts = file(|r| r.loss_fen = fen).unwrap();
            let CaseEvent::Filed(filed) = &facts[0].event else { panic!("{facts:?}") };
            assert_eq!(filed.near_threshold, code == "CB-017", "the event says it too");
        }
    }

    #[test]
    fn a_case_ticked_as_preventable_outside_the_list_is_remarked_not_refused() {
        let desk = Desk::default();
        let said = |category: &str, preventable| {
            let request = FileCaseRequest { category: category.into(), preventable, ..story::file_request() };
            let said = Case::remarks_on_filing(&request, &desk.moment("officer-1")).findings();
            said.iter().map(|f| f.code).collect::<Vec<_>>()
        };
        assert_eq!(said("050240", true), ["CP-010"], "pickpocketing is not on the list");
        assert!(said("050240", false).is_empty());
        assert!(said("050201", true).is_empty(), "burglary is");
    }

    #[test]
    fn a_unit_must_exist_on_the_day_of_filing() {
        let outcome = file(|r| {
            r.filed_on = Some(date!(2019 - 12 - 31).into());
            r.reported_at = Some(timestamp(datetime!(2019-12-31 1:00 +8)));
            r.occurred_from = None;
        });
        assert_eq!(codes(outcome), ["CB-001"]);
    }

    #[test]
    fn an_enum_value_nobody_defined_is_malformed() {
        assert_eq!(codes(file(|r| r.discovery = 99)), ["GE-006"]);
    }

    #[test]
    fn a_case_number_has_a_form() {
        assert!(case_no_is_well_formed("A3711020100002026060001"));
        for bad in [
            "",
            "A371102010000202606001",
            "B3711020100002026060001",
            "A3711020100002026130001",
            "A37110201000020260600０1",
        ] {
            assert!(!case_no_is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn an_investigation_is_opened_once() {
        let desk = Desk::default();
        let request = InvestigateCaseRequest { lead_officer: "021345".into(), ..Default::default() };
        let at = desk.moment("officer-1");
        let open =
            given::<Case>([story::filed()]).when(|case| case.decide_investigate(&request, &at)).then([
                CaseInvestigated { case_no: story::CASE_NO.into(), lead_officer: "021345".into() }.into(),
            ]);
        assert_eq!(open.state(), CaseState::Investigating);
        let again = open.decide_investigate(&request, &at).unwrap_err();
        assert_eq!(again.remarks()[0].reason, Reason::CaseInvestigating);
        given::<Case>([]).when(|case| case.decide_investigate(&request, &at)).then_refused(&["CASE-UNKNOWN"]);
    }
}
