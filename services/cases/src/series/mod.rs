//! The aggregate `Series` (串并案): cases linked because the same people did them, and solves of one that bring others
//! (带破). Linking never makes one case of several: each keeps its own count.
//!
//! A brought solve touches several streams. What the series decides about its cases it decides on their states, which
//! are passed in; the handler appends series and cases in one append at the versions they were read, all or none.
//!
//! Invariants: at most one proposal is open · only linked cases are brought, by a linked case that is solved · the
//! approver is not the proposer · a case in an open proposal is not taken out.

mod brought;

pub use brought::Brought;

use crate::case::{CASE_NO_FORM, Case, case_no_is_well_formed};
use crate::moment::{Moment, chosen_id, text};
use crate::refusal::{Reason, Refused, Remarks};
use std::collections::{BTreeMap, BTreeSet};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    self, BroughtSolvesProposed, CaseLinked, CaseUnlinked, LinkCaseRequest, OpenSeriesRequest, SeriesOpened,
    UnlinkCaseRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a series.
    pub enum SeriesEvent {
        Opened(v1::SeriesOpened),
        Linked(v1::CaseLinked),
        Unlinked(v1::CaseUnlinked),
        BroughtProposed(v1::BroughtSolvesProposed),
        BroughtApproved(v1::BroughtSolvesApproved),
        BroughtReturned(v1::BroughtSolvesReturned),
    }
}

/// One series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// As `GetSeries` shows it, without etag.
    seen: v1::Series,
    /// The brought solves that wait for approval.
    proposal: Option<BroughtSolvesProposed>,
}

impl Aggregate for Series {
    const KIND: &'static str = "series";
    type Event = SeriesEvent;

    fn apply(&mut self, event: &SeriesEvent) {
        note(&mut self.seen, event);
        match event {
            SeriesEvent::BroughtProposed(proposed) => self.proposal = Some(proposed.clone()),
            SeriesEvent::BroughtApproved(_) | SeriesEvent::BroughtReturned(_) => self.proposal = None,
            SeriesEvent::Opened(_) | SeriesEvent::Linked(_) | SeriesEvent::Unlinked(_) => {}
        }
    }
}

/// Takes one event into a series as everybody sees it.
pub fn note(series: &mut v1::Series, event: &SeriesEvent) {
    match event {
        SeriesEvent::Opened(e) => {
            *series = v1::Series {
                series_id: e.series_id.clone(),
                org_unit: e.org_unit.clone(),
                title: e.title.clone(),
                case_nos: e.case_nos.clone(),
                ..Default::default()
            };
        }
        SeriesEvent::Linked(e) => series.case_nos.push(e.case_no.clone()),
        SeriesEvent::Unlinked(e) => series.case_nos.retain(|no| *no != e.case_no),
        SeriesEvent::BroughtProposed(e) => {
            series.proposed_case_nos.clone_from(&e.case_nos);
            series.proposed_by.clone_from(&e.proposed_by);
        }
        SeriesEvent::BroughtApproved(e) => {
            series.brought_case_nos.extend(e.case_nos.iter().cloned());
            series.proposed_case_nos.clear();
            series.proposed_by.clear();
        }
        SeriesEvent::BroughtReturned(_) => {
            series.proposed_case_nos.clear();
            series.proposed_by.clear();
        }
    }
}

/// States of the cases that a decision looks at, by case number; a case that is not in it does not exist.
pub type Cases = BTreeMap<String, Case>;

type Facts = Vec<Fact<SeriesEvent>>;

/// Cases in one series at most; also bounds how many streams one brought solve writes.
pub const MOST_CASES: usize = 500;

impl Series {
    /// The series as `GetSeries` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Series {
        &self.seen
    }
    /// Unit that leads it; `None` of a series that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }
    /// The cases that a decision about the open proposal looks at: the leading one and those it brings.
    #[must_use]
    pub fn cases_of_proposal(&self) -> Vec<String> {
        let Some(proposal) = &self.proposal else { return Vec::new() };
        std::iter::once(&proposal.lead_case_no).chain(&proposal.case_nos).cloned().collect()
    }

    /// Opens a series.
    ///
    /// # Errors
    /// SERIES-EXISTS, SERIES-CASE-UNKNOWN, CB-001, GE-006.
    pub fn decide_open(
        &self,
        request: &OpenSeriesRequest,
        series_id: &str,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        if !request.series_id.is_empty() {
            chosen_id(&mut remarks, "series_id", &request.series_id);
        }
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, Some(at.today()));
        text(&mut remarks, "title", &request.title, 1, 100);
        case_list(&mut remarks, &request.case_nos, 2);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::SeriesExists.into());
        }
        for case_no in &request.case_nos {
            exists(cases, case_no)?;
        }
        let Some(unit) = unit else { return Err(Reason::OrgUnitMalformed.into()) }; // cannot be: noted above
        let opened = SeriesOpened {
            series_id: series_id.to_owned(),
            org_unit: request.org_unit.clone(),
            title: request.title.clone(),
            case_nos: request.case_nos.clone(),
        };
        Ok(vec![Fact::new(opened, unit, at.today())])
    }

    /// Links one more case.
    ///
    /// # Errors
    /// SERIES-UNKNOWN, SERIES-CASE-UNKNOWN, SERIES-CASE-LINKED, GE-006.
    pub fn decide_link(
        &self,
        request: &LinkCaseRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        let case_no = &request.case_no;
        let mut remarks = Remarks::default();
        if !case_no_is_well_formed(case_no) {
            remarks.note("case_no", CASE_NO_FORM);
        }
        if self.seen.case_nos.len() >= MOST_CASES {
            remarks.note("case_no", TOO_MANY);
        }
        remarks.refuse()?;
        if self.seen.case_nos.contains(case_no) {
            return Err(Reason::SeriesCaseLinked { case_no: case_no.clone() }.into());
        }
        exists(cases, case_no)?;
        let linked = CaseLinked { series_id: self.seen.series_id.clone(), case_no: case_no.clone() };
        Ok(vec![Fact::new(linked, unit, at.today())])
    }

    /// Takes a case out. What the series brought stays solved: that is the case's own fact.
    ///
    /// # Errors
    /// SERIES-UNKNOWN, SERIES-CASE-NOT-LINKED, SERIES-CASE-PROPOSED, GE-006.
    pub fn decide_unlink(&self, request: &UnlinkCaseRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        let case_no = &request.case_no;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        if !self.seen.case_nos.contains(case_no) {
            return Err(Reason::SeriesCaseNotLinked { case_no: case_no.clone() }.into());
        }
        if self.cases_of_proposal().contains(case_no) {
            return Err(Reason::SeriesCaseProposed { case_no: case_no.clone() }.into());
        }
        let unlinked = CaseUnlinked {
            series_id: self.seen.series_id.clone(),
            case_no: case_no.clone(),
            reason: request.reason.clone(),
        };
        Ok(vec![Fact::new(unlinked, unit, at.today())])
    }

    fn existing(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| Reason::SeriesUnknown.into())
    }
}

/// Well-formed case numbers, `least` to 500 of them, none twice; notes GE-006 otherwise.
fn case_list(remarks: &mut Remarks, case_nos: &[String], least: usize) {
    let distinct: BTreeSet<_> = case_nos.iter().collect();
    if case_nos.len() > MOST_CASES {
        remarks.note("case_nos", TOO_MANY);
    } else if case_nos.len() < least || distinct.len() < case_nos.len() {
        remarks.note("case_nos", TOO_FEW);
    } else if !case_nos.iter().all(|no| case_no_is_well_formed(no)) {
        remarks.note("case_nos", CASE_NO_FORM);
    }
}

fn exists<'c>(cases: &'c Cases, case_no: &str) -> Result<&'c Case, Refused> {
    let unknown = || Reason::SeriesCaseUnknown { case_no: case_no.to_owned() };
    Ok(cases.get(case_no).filter(|case| case.is_known()).ok_or_else(unknown)?)
}

const TOO_MANY: Reason = Reason::Malformed { form_zh: "不超过500起案件", form_en: "at most 500 cases" };
const TOO_FEW: Reason = Reason::Malformed {
    form_zh: "足够多且互不重复的案件编号",
    form_en: "enough case numbers, none of them twice",
};

#[cfg(test)]
mod tests;
