//! Takes judged rows over (`xiaoan_rpc::import`).

use super::{Judged, judge};
use crate::incident::{Incident, LegacyIncident};
use crate::moment::Moment;
use crate::refusal::{Reason, Remarks};
use crate::track::Bases;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use time::OffsetDateTime;
use tonic::Status;
use xiaoan_eventstore::{Repository, RequestKey};
use xiaoan_kernel::{Finding, OrgCode, OrgTree, Refusal, RequestId};
use xiaoan_proto::port::v1::{ImportIncidentsResponse, IncidentRow, RowOutcome, RowReport};
use xiaoan_rpc::import::{self, Bad, Good, Landed, Taken};

/// One import: who, when, by which rules, and where to.
pub struct Import<F> {
    /// Incidents.
    pub incidents: Repository<Incident>,
    /// Legal bases; part of every moment.
    pub bases: Arc<Bases>,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Now, for the whole import.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: String,
    /// Units that the caller may write for.
    pub may_write: F,
    /// W3C trace context, or empty.
    pub traceparent: String,
    /// Check everything, write nothing.
    pub dry_run: bool,
}

impl<F: Fn(OrgCode) -> bool + Sync> import::Import for Import<F> {
    type Row = IncidentRow;
    type Good = LegacyIncident;
    type Key = String;

    fn place(row: &IncidentRow) -> (i64, String) {
        (row.line, row.incident_no.clone())
    }

    async fn judge(&self, row: IncidentRow) -> Result<Result<Good<LegacyIncident>, Bad>, Status> {
        let Judged { remarks, incident } = judge(&row, &self.moment(), &self.may_write);
        let findings = remarks.findings();
        Ok(match incident {
            Some(says) => {
                let content = Sha256::digest(says.canonical().as_bytes()).into();
                Ok(Good { id: says.incident_no.clone(), content, warnings: findings, says })
            }
            None => Err(Bad { id: row.incident_no.chars().take(40).collect(), findings }),
        })
    }

    async fn land(&self, good: &Good<LegacyIncident>) -> Result<Landed, Status> {
        let facts = match Incident::default().decide_import(&good.says) {
            Ok(facts) => facts,
            Err(refused) => return Ok(Landed::Refused(refused.findings())),
        };
        let request = RequestKey { id: RequestId::of(&good.says.canonical()), digest: good.content };
        if self.dry_run {
            return import::would_be_written(&self.incidents, &good.id, request).await;
        }
        import::written(&self.incidents, &good.id, request, &facts, &self.actor, &self.traceparent).await
    }

    fn other_content(&self) -> Vec<Finding> {
        let mut remarks = Remarks::default();
        remarks.note("incident_no", Reason::OtherContentThere);
        remarks.findings()
    }
}

impl<F> Import<F> {
    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            skew: time::Duration::ZERO,
            actor: &self.actor,
            registrar: false,
            guard: false,
            bases: &self.bases,
            units: &self.units,
        }
    }
}

/// The answer of `ImportIncidents`.
#[must_use]
pub fn answer(taken: Taken) -> ImportIncidentsResponse {
    let report = |report: import::RowReport| RowReport {
        line: report.line,
        incident_no: report.id,
        outcome: match report.outcome {
            import::RowOutcome::Imported => RowOutcome::Imported,
            import::RowOutcome::AlreadyThere => RowOutcome::AlreadyThere,
            import::RowOutcome::Rejected => RowOutcome::Rejected,
        }
        .into(),
        findings: report.findings,
    };
    ImportIncidentsResponse {
        rows: taken.rows,
        imported: taken.imported,
        already_there: taken.already_there,
        rejected: taken.rejected,
        reports: taken.reports.into_iter().map(report).collect(),
        position: taken.position,
    }
}
