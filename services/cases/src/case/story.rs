//! One case that the tests tell: a burglary at a station of Donggang, reported on 2026-06-07 at 01:58, 1,200 yuan lost,
//! solved seven hours later.

use super::{CaseEvent, LegacyCase};
use crate::moment::{Level, Moment};
use crate::rulebook::RuleBook;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_proto::cases::v1::{
    CaseFacts, CaseFiled, CaseSolved, CaseWithdrawn, DatedCount, Discovery, FileCaseRequest,
    PropertyRecovered, ProposeSolveRequest, SolveClass, SolveEvidence, SolveManner, SolveProposed,
    SuspectCaught, WithdrawalGround,
};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

pub(crate) const CASE_NO: &str = "A3711020100002026060001";
pub(crate) const STATION: &str = "371102010000";
const CATEGORY: &str = "050201";
const FILED_ON: Date = date!(2026 - 06 - 07);
const SOLVED_AT: OffsetDateTime = datetime!(2026-06-07 8:58 +8);

/// A desk with the shipped books and a small city, on 2026-10-01.
pub(crate) struct Desk {
    pub(crate) now: OffsetDateTime,
    pub(crate) rules: RuleBook,
    pub(crate) units: OrgTree,
}

impl Default for Desk {
    fn default() -> Self {
        let mut units = OrgTree::default();
        let code = |text| OrgCode::parse(text).unwrap();
        let from = date!(2020 - 01 - 01);
        units.place(code("371100000000"), None, from);
        for (bureau, stations) in [
            ("371102000000", ["371102010000", "371102020000"]),
            ("371103000000", ["371103010000", "371103020000"]),
        ] {
            units.place(code(bureau), Some(code("371100000000")), from);
            for station in stations {
                units.place(code(station), Some(code(bureau)), from);
            }
        }
        Self { now: datetime!(2026-10-01 12:00 +8), rules: RuleBook::shipped().unwrap(), units }
    }
}

impl Desk {
    pub(crate) fn moment<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        Moment {
            now: self.now,
            actor,
            unit: OrgCode::parse(STATION).unwrap(),
            level: Level::Station,
            registrar: false,
            rules: &self.rules,
            units: &self.units,
        }
    }
    pub(crate) fn registrar<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        Moment { registrar: true, ..self.moment(actor) }
    }
    /// A chief of Donggang bureau.
    pub(crate) fn chief<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        let unit = OrgCode::parse("371102000000").unwrap();
        Moment { unit, level: Level::County, ..self.moment(actor) }
    }
    /// Somebody of the city bureau.
    pub(crate) fn city<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        let unit = OrgCode::parse("371100000000").unwrap();
        Moment { unit, level: Level::City, ..self.moment(actor) }
    }
}

pub(crate) fn file_request() -> FileCaseRequest {
    FileCaseRequest {
        case_no: CASE_NO.into(),
        org_unit: STATION.into(),
        category: CATEGORY.into(),
        occurred_from: Some(timestamp(datetime!(2026-06-06 11:58 +8))),
        reported_at: Some(timestamp(datetime!(2026-06-07 1:58 +8))),
        filed_on: Some(FILED_ON.into()),
        loss_fen: 120_000,
        preventable: true,
        ..Default::default()
    }
}

pub(crate) fn filed_as(case_no: &str) -> CaseEvent {
    CaseFiled {
        case_no: case_no.into(),
        org_unit: STATION.into(),
        category: CATEGORY.into(),
        occurred_from: Some(timestamp(datetime!(2026-06-06 11:58 +8))),
        reported_at: Some(timestamp(datetime!(2026-06-07 1:58 +8))),
        filed_on: Some(FILED_ON.into()),
        loss_fen: 120_000,
        preventable: true,
        small_case: true,
        discovery: Discovery::Reported.into(),
        provenance: Provenance::Recorded.into(),
        ..Default::default()
    }
    .into()
}

pub(crate) fn filed() -> CaseEvent {
    filed_as(CASE_NO)
}

pub(crate) fn propose_request() -> ProposeSolveRequest {
    ProposeSolveRequest {
        case_no: CASE_NO.into(),
        solved_at: Some(timestamp(SOLVED_AT)),
        solve_class: SolveClass::Arrest.into(),
        evidence: Some(evidence()),
        ..Default::default()
    }
}

pub(crate) fn evidence() -> SolveEvidence {
    SolveEvidence { facts_ref: "卷1".into(), suspect_ref: "卷2".into(), custody_ref: "卷3".into() }
}

pub(crate) fn proposed(by: &str) -> CaseEvent {
    SolveProposed {
        case_no: CASE_NO.into(),
        solved_at: Some(timestamp(SOLVED_AT)),
        solve_class: SolveClass::Arrest.into(),
        evidence: Some(evidence()),
        manner: SolveManner::Direct.into(),
        proposed_by: by.into(),
        ..Default::default()
    }
    .into()
}

pub(crate) fn solved(proposed_by: &str, approved_by: &str) -> CaseEvent {
    solve_of(proposed_by, approved_by, vec![])
}

pub(crate) fn solved_with_arrests(proposed_by: &str, approved_by: &str, on: Date, count: i32) -> CaseEvent {
    solve_of(proposed_by, approved_by, vec![DatedCount { on: Some(on.into()), count }])
}

fn solve_of(proposed_by: &str, approved_by: &str, arrests: Vec<DatedCount>) -> CaseEvent {
    let facts = CaseFacts {
        org_unit: STATION.into(),
        category: CATEGORY.into(),
        filed_on: Some(FILED_ON.into()),
        loss_fen: 120_000,
        preventable: true,
        small_case: true,
        solved_on: Some(FILED_ON.into()),
        solve_class: SolveClass::Arrest.into(),
        solve_manner: SolveManner::Direct.into(),
        arrests,
        ..Default::default()
    };
    CaseSolved {
        case_no: CASE_NO.into(),
        facts: Some(facts),
        approved_by: approved_by.into(),
        proposed_by: proposed_by.into(),
        report_to_solve_minutes: 420,
        provenance: Provenance::Recorded.into(),
        ..Default::default()
    }
    .into()
}

pub(crate) fn caught(on: Date, count: i32) -> CaseEvent {
    SuspectCaught {
        case_no: CASE_NO.into(),
        caught_on: Some(on.into()),
        count,
        org_unit: STATION.into(),
        category: CATEGORY.into(),
        ..Default::default()
    }
    .into()
}

pub(crate) fn recovered(on: Date, fen: i64) -> CaseEvent {
    PropertyRecovered {
        case_no: CASE_NO.into(),
        recovered_on: Some(on.into()),
        fen,
        org_unit: STATION.into(),
        category: CATEGORY.into(),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

pub(crate) fn withdrawn_as_trivial() -> CaseEvent {
    CaseWithdrawn {
        case_no: CASE_NO.into(),
        ground: WithdrawalGround::Trivial.into(),
        withdrawn_on: Some(date!(2026 - 06 - 10).into()),
        ..Default::default()
    }
    .into()
}

pub(crate) fn legacy_case() -> LegacyCase {
    LegacyCase {
        case_no: CASE_NO.into(),
        unit: OrgCode::parse(STATION).unwrap(),
        category: CATEGORY.into(),
        reported_at: datetime!(2026-06-07 1:58 +8),
        occurred_at: Some(datetime!(2026-06-06 11:58 +8)),
        filed_on: FILED_ON,
        loss_fen: 120_000,
        preventable: true,
        solved: Some((date!(2026 - 06 - 24), SolveManner::Direct)),
        arrests: 2,
        recovered_fen: 60_000,
        withdrawn: None,
    }
}
