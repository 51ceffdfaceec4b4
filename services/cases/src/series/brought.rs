//! Brought solves (带破): proposed with the solve of one case, approved for all named cases at once, or sent back.

use super::{Cases, Facts, Series, SeriesEvent, case_list, exists};
use crate::case::solve::check_evidence;
use crate::case::{Case, CaseEvent};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1::{
    BroughtSolvesApproved, BroughtSolvesProposed, BroughtSolvesReturned, CaseState,
    ProposeBroughtSolvesRequest, ReturnBroughtSolvesRequest,
};

/// More than this many cases by one solve are looked at twice (CB-018).
const MANY: usize = 20;

/// An approved proposal: facts of the series and of each case, to be recorded together or not at all.
#[derive(Debug, Clone)]
pub struct Brought {
    /// Facts of the series.
    pub series: Vec<Fact<SeriesEvent>>,
    /// Facts of each brought case.
    pub cases: Vec<(String, Vec<Fact<CaseEvent>>)>,
}

impl Series {
    /// Everything that is to be said about proposed brought solves, warnings included.
    #[must_use]
    pub fn remarks_on_bringing(request: &ProposeBroughtSolvesRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Remarks::default();
        at.past_instant(&mut remarks, "solved_at", request.solved_at.as_ref());
        case_list(&mut remarks, &request.case_nos, 1);
        check_evidence(&mut remarks, request.evidence.as_ref());
        if request.case_nos.len() > MANY {
            remarks.note("case_nos", Reason::ManyBroughtByOne { cases: request.case_nos.len() });
        }
        remarks
    }

    /// Proposes that the solve of one linked case brings others.
    ///
    /// # Errors
    /// SERIES-UNKNOWN, SERIES-PROPOSED, SERIES-CASE-NOT-LINKED, SERIES-LEAD-NOT-SOLVED, CASE-SOLVED, CASE-WITHDRAWN,
    /// CB-003, CB-004, CB-008, GE-006.
    pub fn decide_propose_brought(
        &self,
        request: &ProposeBroughtSolvesRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        Self::remarks_on_bringing(request, at).refuse()?;
        if self.proposal.is_some() {
            return Err(Reason::SeriesProposed.into());
        }
        for case_no in std::iter::once(&request.lead_case_no).chain(&request.case_nos) {
            if !self.seen.case_nos.contains(case_no) {
                return Err(Reason::SeriesCaseNotLinked { case_no: case_no.clone() }.into());
            }
        }
        is_solved(cases, &request.lead_case_no)?;
        let solved_at = request.solved_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(at.now);
        for case_no in &request.case_nos {
            exists(cases, case_no)?.check_can_be_brought(solved_at)?;
        }
        let proposed = BroughtSolvesProposed {
            series_id: self.seen.series_id.clone(),
            lead_case_no: request.lead_case_no.clone(),
            case_nos: request.case_nos.clone(),
            solved_at: request.solved_at,
            evidence: request.evidence.clone(),
            proposed_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(proposed, unit, at.today())])
    }

    /// Approves the open proposal: every named case is solved, all or none.
    ///
    /// # Errors
    /// SERIES-UNKNOWN, SERIES-NOT-PROPOSED, CB-006, SERIES-LEAD-NOT-SOLVED (revoked meanwhile), CASE-SOLVED,
    /// CASE-WITHDRAWN.
    pub fn decide_approve_brought(&self, cases: &Cases, at: &Moment<'_>) -> Result<Brought, Refused> {
        let unit = self.existing()?;
        let proposal = self.proposal_by_another(at)?;
        is_solved(cases, &proposal.lead_case_no)?;
        let solved_at = proposal.solved_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(at.now);
        let mut solved = Vec::with_capacity(proposal.case_nos.len());
        for case_no in &proposal.case_nos {
            let facts = exists(cases, case_no)?.decide_solve_with_series(
                solved_at,
                &proposal.proposed_by,
                &self.seen.series_id,
                at,
            )?;
            solved.push((case_no.clone(), facts));
        }
        let approved = BroughtSolvesApproved {
            series_id: self.seen.series_id.clone(),
            lead_case_no: proposal.lead_case_no.clone(),
            case_nos: proposal.case_nos.clone(),
            approved_by: at.actor.to_owned(),
        };
        Ok(Brought { series: vec![Fact::new(approved, unit, at.today())], cases: solved })
    }

    /// Sends the open proposal back, so that a better one can be made.
    ///
    /// # Errors
    /// SERIES-UNKNOWN, SERIES-NOT-PROPOSED, CB-006, GE-006.
    pub fn decide_return_brought(
        &self,
        request: &ReturnBroughtSolvesRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.proposal_by_another(at)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let returned = BroughtSolvesReturned {
            series_id: self.seen.series_id.clone(),
            reason: request.reason.clone(),
            returned_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(returned, unit, at.today())])
    }

    fn proposal_by_another(&self, at: &Moment<'_>) -> Result<&BroughtSolvesProposed, Refused> {
        let proposal = self.proposal.as_ref().ok_or(Reason::SeriesNotProposed)?;
        if proposal.proposed_by == at.actor {
            return Err(Reason::ApproverIsProposer.into());
        }
        Ok(proposal)
    }
}

fn is_solved(cases: &Cases, lead: &str) -> Result<(), Refused> {
    let solved = |case: &Case| case.state() == CaseState::Solved;
    if cases.get(lead).is_some_and(solved) { Ok(()) } else { Err(Reason::SeriesLeadNotSolved.into()) }
}
