//! Suspects caught (抓获) and the solve (破案): proposed by one, approved by another, revoked when it was wrong.
//!
//! "Solved" is the project's own definition (domain reference §A.5), because procedure law has none: (a) the facts are
//! proven, (b) the suspect did it, (c) a principal suspect is in custody, under measures or sentenced; or, kept apart
//! and never merged silently, solved by exception.

use super::{Case, Facts, day};
use crate::case::filing::stated;
use crate::moment::{Moment, NOT_ONE_OF, known, persons, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::cases::v1::{
    CaseFacts, CaseSolved, CaseState, ExceptionalGround, ProposeSolveRequest, RecordSuspectCaughtRequest,
    ReturnSolveRequest, RevokeSolveRequest, SolveClass, SolveEvidence, SolveManner, SolveProposed,
    SolveReturned, SolveRevoked, SuspectCaught,
};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};

/// Custody or measures that a suspect can be under.
const MEASURES: [&str; 6] = ["", "detained", "arrested", "bailed", "surveillance", "other"];

/// Evidence (a), (b), (c): each a reference of at most 200 characters; notes CB-008 or GE-006.
pub(crate) fn check_evidence(remarks: &mut Remarks, evidence: Option<&SolveEvidence>) {
    let none = SolveEvidence::default();
    let evidence = evidence.unwrap_or(&none);
    for (part, field, reference) in [
        ('a', "evidence.facts_ref", &evidence.facts_ref),
        ('b', "evidence.suspect_ref", &evidence.suspect_ref),
        ('c', "evidence.custody_ref", &evidence.custody_ref),
    ] {
        if reference.trim().is_empty() {
            remarks.note(field, Reason::EvidenceMissing { part });
        } else {
            text(remarks, field, reference, 1, 200);
        }
    }
}

fn exceptional_is_complete(ground: Option<&ExceptionalGround>) -> bool {
    ground.is_some_and(|g| {
        matches!(g.code.as_str(), "A" | "B" | "C" | "D" | "E")
            && g.offender_known
            && g.location_known
            && !g.outside_reason.trim().is_empty()
    })
}

impl Case {
    /// Everything that is to be said about suspects caught; asked before any person is sealed.
    #[must_use]
    pub fn remarks_on_suspects(request: &RecordSuspectCaughtRequest, at: &Moment<'_>) -> Remarks {
        Self::look_at_suspects(request, at).0
    }

    fn look_at_suspects(request: &RecordSuspectCaughtRequest, at: &Moment<'_>) -> (Remarks, Option<Date>) {
        let mut remarks = Remarks::default();
        let caught_on = at.past_day(&mut remarks, "caught_on", request.caught_on.as_ref());
        let named = request.suspects.len();
        if !(1..=1000).contains(&request.count) || usize::try_from(request.count).is_ok_and(|n| n < named) {
            remarks.note(
                "count",
                Reason::Malformed {
                    form_zh: "1至1000的人数，且不少于列明的人数",
                    form_en: "a number of 1 to 1000, at least the number of persons named",
                },
            );
        }
        if !MEASURES.contains(&request.measure.as_str()) {
            remarks.note("measure", NOT_ONE_OF);
        }
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        persons(&mut remarks, "suspects", &request.suspects);
        (remarks, caught_on)
    }

    /// Records suspects caught, before or after the solve.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CB-003, CB-010 (on or before an exceptional solve), GE-006.
    pub fn decide_suspect_caught(
        &self,
        request: &RecordSuspectCaughtRequest,
        suspects: Vec<SealedPerson>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        let (mut remarks, caught_on) = Self::look_at_suspects(request, at);
        let facts = self.facts();
        if facts.solve_class() == SolveClass::Exceptional
            && caught_on.is_some_and(|on| on <= day(facts.solved_on))
        {
            remarks.note("caught_on", Reason::ArrestBeforeExceptional);
        }
        remarks.refuse()?;
        let caught = SuspectCaught {
            case_no: self.seen.case_no.clone(),
            caught_on: request.caught_on,
            count: request.count,
            suspects,
            measure: request.measure.clone(),
            org_unit: facts.org_unit,
            category: facts.category,
            provenance: stated(request.provenance()).into(),
        };
        Ok(vec![Fact::new(caught, unit, day(request.caught_on))])
    }

    /// Proposes that the case is solved.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SOLVED, CASE-PROPOSED, CB-003, CB-004, CB-008, CB-009, CB-010, GE-006.
    pub fn decide_propose_solve(
        &self,
        request: &ProposeSolveRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        self.not_solved()?;
        if self.state() == CaseState::SolveProposed {
            return Err(Reason::CaseProposed.into());
        }
        let mut remarks = Remarks::default();
        let solved_at = at.past_instant(&mut remarks, "solved_at", request.solved_at.as_ref());
        if let Some(solved_at) = solved_at {
            self.check_solved_at(&mut remarks, solved_at);
        }
        match known(&mut remarks, "solve_class", request.solve_class) {
            SolveClass::Unspecified => remarks.note("solve_class", NOT_ONE_OF),
            SolveClass::Arrest => check_evidence(&mut remarks, request.evidence.as_ref()),
            SolveClass::Exceptional => {
                if !exceptional_is_complete(request.exceptional.as_ref()) {
                    remarks.note("exceptional", Reason::ExceptionalIncomplete);
                }
                if solved_at.is_some_and(|at| self.has_arrest_until(city_day(at))) {
                    remarks.note("solve_class", Reason::ArrestBeforeExceptional);
                }
            }
        }
        if known::<SolveManner>(&mut remarks, "manner", request.manner) == SolveManner::Brought {
            remarks.note("manner", BROUGHT_THROUGH_SERIES);
        }
        remarks.refuse()?;
        let proposed = SolveProposed {
            case_no: self.seen.case_no.clone(),
            solved_at: request.solved_at,
            solve_class: request.solve_class,
            evidence: request.evidence.clone(),
            exceptional: request.exceptional.clone(),
            manner: SolveManner::Direct.into(),
            proposed_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(proposed, unit, at.today())])
    }

    /// Approves the proposed solve; it counts on the day of the solve.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-NOT-PROPOSED, CB-006, CB-010 (suspects caught since the proposal).
    pub fn decide_approve_solve(&self, at: &Moment<'_>) -> Result<Facts, Refused> {
        self.existing()?;
        let proposal = self.proposal_by_another(at)?;
        let solved_at = proposal.solved_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(at.now);
        let class = proposal.solve_class();
        if class == SolveClass::Exceptional && self.has_arrest_until(city_day(solved_at)) {
            let mut remarks = Remarks::default();
            remarks.note("solve_class", Reason::ArrestBeforeExceptional);
            remarks.refuse()?;
        }
        let solve = Solve {
            on: city_day(solved_at),
            class,
            manner: proposal.manner(),
            approved_by: at.actor,
            proposed_by: &proposal.proposed_by,
            minutes: self.minutes_until(solved_at),
            series_id: "",
            provenance: Provenance::Recorded,
        };
        Ok(vec![self.solved(&solve)?])
    }

    /// Solves the case with the others of its series (带破). The series has checked proposer, approver and evidence.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SOLVED, CB-004.
    pub fn decide_solve_with_series(
        &self,
        solved_at: OffsetDateTime,
        proposed_by: &str,
        series_id: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        self.check_can_be_brought(solved_at)?;
        let solve = Solve {
            on: city_day(solved_at),
            class: SolveClass::Arrest,
            manner: SolveManner::Brought,
            approved_by: at.actor,
            proposed_by,
            minutes: self.minutes_until(solved_at),
            series_id,
            provenance: Provenance::Recorded,
        };
        Ok(vec![self.solved(&solve)?])
    }

    /// Whether a series may solve the case at that time.
    ///
    /// # Errors
    /// As [`decide_solve_with_series`](Self::decide_solve_with_series).
    pub fn check_can_be_brought(&self, solved_at: OffsetDateTime) -> Result<(), Refused> {
        self.existing()?;
        self.not_withdrawn()?;
        self.not_solved()?;
        let mut remarks = Remarks::default();
        self.check_solved_at(&mut remarks, solved_at);
        remarks.refuse().map(drop)
    }

    /// Sends a proposal back.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-NOT-PROPOSED, CB-006, GE-006.
    pub fn decide_return_solve(
        &self,
        request: &ReturnSolveRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.proposal_by_another(at)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let returned = SolveReturned {
            case_no: self.seen.case_no.clone(),
            reason: request.reason.clone(),
            returned_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(returned, unit, at.today())])
    }

    /// Revokes a solve. Suspects caught stay caught: they are facts of their own.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-NOT-SOLVED, GE-006.
    pub fn decide_revoke_solve(
        &self,
        request: &RevokeSolveRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        if self.state() != CaseState::Solved {
            return Err(Reason::CaseNotSolved.into());
        }
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let revoked = SolveRevoked {
            case_no: self.seen.case_no.clone(),
            reason: request.reason.clone(),
            facts: Some(self.facts()),
        };
        Ok(vec![Fact::new(revoked, unit, at.today())])
    }

    fn proposal_by_another(&self, at: &Moment<'_>) -> Result<&SolveProposed, Refused> {
        let proposal = self.proposal.as_ref().ok_or(Reason::CaseNotProposed)?;
        if proposal.proposed_by == at.actor {
            return Err(Reason::ApproverIsProposer.into());
        }
        Ok(proposal)
    }

    /// Notes CB-004 for a solve before the day of filing, or before the report.
    fn check_solved_at(&self, remarks: &mut Remarks, solved_at: OffsetDateTime) {
        if city_day(solved_at) < self.filed_on() || self.reported_at().is_some_and(|r| solved_at < r) {
            remarks.note("solved_at", Reason::SolvedBeforeFiled { case_no: self.seen.case_no.clone() });
        }
    }

    fn has_arrest_until(&self, on: Date) -> bool {
        self.facts().arrests.iter().any(|caught| day(caught.on) <= on)
    }

    fn reported_at(&self) -> Option<OffsetDateTime> {
        self.seen.reported_at.as_ref().and_then(xiaoan_proto::instant)
    }

    /// Minutes from the report to the solve (facts row A2).
    fn minutes_until(&self, solved_at: OffsetDateTime) -> i64 {
        self.reported_at().map_or(0, |reported| (solved_at - reported).whole_minutes().max(0))
    }

    pub(super) fn solved(&self, solve: &Solve<'_>) -> Result<Fact<super::CaseEvent>, Refused> {
        let unit = self.existing()?;
        let facts = CaseFacts {
            solved_on: Some(solve.on.into()),
            solve_class: solve.class.into(),
            solve_manner: solve.manner.into(),
            ..self.facts()
        };
        let solved = CaseSolved {
            case_no: self.seen.case_no.clone(),
            facts: Some(facts),
            approved_by: solve.approved_by.to_owned(),
            proposed_by: solve.proposed_by.to_owned(),
            report_to_solve_minutes: solve.minutes,
            series_id: solve.series_id.to_owned(),
            provenance: solve.provenance.into(),
        };
        Ok(Fact::new(solved, unit, solve.on))
    }
}

/// What makes a case solved.
pub(super) struct Solve<'a> {
    pub(super) on: Date,
    pub(super) class: SolveClass,
    pub(super) manner: SolveManner,
    pub(super) approved_by: &'a str,
    pub(super) proposed_by: &'a str,
    pub(super) minutes: i64,
    pub(super) series_id: &'a str,
    pub(super) provenance: Provenance,
}

const BROUGHT_THROUGH_SERIES: Reason = Reason::Malformed {
    form_zh: "直接；带破须通过串并案办理",
    form_en: "direct; brought solves go through a series",
};

#[cfg(test)]
mod tests;
