//! Takes judged rows over (`xiaoan_rpc::import`).

use super::{Judged, judge};
use crate::case::{Case, LegacyCase};
use crate::moment::{Level, Moment};
use crate::refusal::{Reason, Remarks};
use crate::rulebook::RuleBook;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use time::OffsetDateTime;
use tonic::Status;
use xiaoan_eventstore::{Repository, RequestKey};
use xiaoan_kernel::{Finding, OrgCode, OrgTree, Refusal, RequestId};
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesResponse, RowOutcome, RowReport};
use xiaoan_rpc::import::{self, Bad, Good, Landed, Taken};

/// One import: who, when, by which rules, and where to.
pub struct Import<F> {
    /// Cases.
    pub cases: Repository<Case>,
    /// Rule books.
    pub rules: Arc<RuleBook>,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Now, for the whole import.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: String,
    /// Unit of the caller.
    pub unit: OrgCode,
    /// Units that the caller may write for.
    pub may_write: F,
    /// W3C trace context, or empty.
    pub traceparent: String,
    /// Check everything, write nothing.
    pub dry_run: bool,
}

impl<F: Fn(OrgCode) -> bool + Sync> import::Import for Import<F> {
    type Row = CaseRow;
    type Good = LegacyCase;
    type Key = u128;

    /// The 22 digits of a case number as a number: exact, and smaller than the text.
    fn place(row: &CaseRow) -> (i64, u128) {
        (row.line, row.case_no.trim_start_matches('A').parse().unwrap_or_default())
    }

    async fn judge(&self, row: CaseRow) -> Result<Result<Good<LegacyCase>, Bad>, Status> {
        let Judged { remarks, case } = judge(&row, &self.moment(), &self.may_write);
        let findings = remarks.findings();
        Ok(match case {
            Some(says) => {
                let content = Sha256::digest(says.canonical().as_bytes()).into();
                Ok(Good { id: says.case_no.clone(), content, warnings: findings, says })
            }
            None => Err(Bad { id: row.case_no.chars().take(40).collect(), findings }),
        })
    }

    async fn land(&self, good: &Good<LegacyCase>) -> Result<Landed, Status> {
        let facts = match Case::default().decide_import(&good.says, &self.moment()) {
            Ok(facts) => facts,
            Err(refused) => return Ok(Landed::Refused(refused.findings())),
        };
        let request = RequestKey { id: RequestId::of(&good.says.canonical()), digest: good.content };
        if self.dry_run {
            return import::would_be_written(&self.cases, &good.id, request).await;
        }
        import::written(&self.cases, &good.id, request, &facts, &self.actor, &self.traceparent).await
    }

    fn other_content(&self) -> Vec<Finding> {
        let mut remarks = Remarks::default();
        remarks.note("case_no", Reason::OtherContentThere);
        remarks.findings()
    }
}

impl<F> Import<F> {
    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            actor: &self.actor,
            unit: self.unit,
            level: Level::Station,
            registrar: false,
            rules: &self.rules,
            units: &self.units,
        }
    }
}

/// The answer of `ImportCases`.
#[must_use]
pub fn answer(taken: Taken) -> ImportCasesResponse {
    let report = |report: import::RowReport| RowReport {
        line: report.line,
        case_no: report.id,
        outcome: match report.outcome {
            import::RowOutcome::Imported => RowOutcome::Imported,
            import::RowOutcome::AlreadyThere => RowOutcome::AlreadyThere,
            import::RowOutcome::Rejected => RowOutcome::Rejected,
        }
        .into(),
        findings: report.findings,
    };
    ImportCasesResponse {
        rows: taken.rows,
        imported: taken.imported,
        already_there: taken.already_there,
        rejected: taken.rejected,
        reports: taken.reports.into_iter().map(report).collect(),
        position: taken.position,
    }
}
