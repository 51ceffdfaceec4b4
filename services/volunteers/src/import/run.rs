//! Takes judged rows over (`xiaoan_rpc::import`).

use super::{LegacyVolunteer, judge};
use crate::moment::{Moment, is_id};
use crate::numbers::Numbers;
use crate::reason::{Reason, Refused, Remarks};
use crate::squadron::Squadron;
use crate::volunteer::Volunteer;
use crate::volunteer::application::SealedApplicant;
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use tonic::Status;
use uuid::Uuid;
use xiaoan_eventstore::{Repository, RequestKey};
use xiaoan_kernel::{Finding, OrgCode, OrgTree, Refusal, RequestId};
use xiaoan_privacy::{PrivacyError, Vault};
use xiaoan_proto::volunteers::v1::{ImportVolunteersResponse, RowOutcome, RowReport, VolunteerRow};
use xiaoan_rpc::import::{self, Bad, Good, Landed, Taken};
use xiaoan_rpc::{errors, store_status};

/// One import: who, when, and where to.
pub struct Import<F> {
    /// People.
    pub people: Repository<Volunteer>,
    /// Squadrons.
    pub squadrons: Repository<Squadron>,
    /// Numbers.
    pub numbers: Numbers,
    /// Seals.
    pub vault: Vault,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Now, for the whole import.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: String,
    /// Units that the caller may act for.
    pub may_write: F,
    /// W3C trace context, or empty.
    pub traceparent: String,
    /// Check everything, write nothing.
    pub dry_run: bool,
}

/// A volunteer, and the squadron that the row names.
pub struct Enrolled {
    volunteer: LegacyVolunteer,
    squadron: Option<Squadron>,
}

impl<F: Fn(OrgCode) -> bool + Sync> import::Import for Import<F> {
    type Row = VolunteerRow;
    type Good = Enrolled;
    type Key = String;

    fn place(row: &VolunteerRow) -> (i64, String) {
        (row.line, row.volunteer_id.clone())
    }

    async fn judge(&self, row: VolunteerRow) -> Result<Result<Good<Enrolled>, Bad>, Status> {
        let squadron = if is_id(&row.squadron_id) {
            let found = self.squadrons.load(&row.squadron_id).await.map_err(|e| store_status(&e))?;
            (found.version > 0).then_some(found.state)
        } else {
            None
        };
        let judged = judge(&row, squadron.as_ref(), &self.moment(), &self.may_write);
        let findings = judged.remarks.findings();
        Ok(match judged.volunteer {
            Some(volunteer) => {
                let content = self.vault.keyed_digest(&volunteer.canonical());
                let id = volunteer.volunteer_id.clone();
                Ok(Good { id, content, warnings: findings, says: Enrolled { volunteer, squadron } })
            }
            // A cell that is no id may hold anything, a name for example.
            None if is_id(&row.volunteer_id) => Err(Bad { id: row.volunteer_id, findings }),
            None => Err(Bad { id: String::new(), findings }),
        })
    }

    async fn land(&self, good: &Good<Enrolled>) -> Result<Landed, Status> {
        let Enrolled { volunteer, squadron } = &good.says;
        let request = RequestKey { id: request_id(good.content), digest: good.content };
        // Most rows of a file that comes again are there: nobody is sealed and no number used up for them.
        let landed = import::would_be_written(&self.people, &good.id, request).await?;
        if self.dry_run || !matches!(landed, Landed::Imported(_)) {
            return Ok(landed);
        }
        let sealed = self.seal(request.id, volunteer).await.map_err(|e| errors::internal(&e))?;
        let unit = &volunteer.application.org_unit;
        let number = match &volunteer.enrolment {
            Some(_) => match self.numbers.next(unit).await.map_err(|e| store_status(&e.into()))? {
                Some(number) => number,
                None => {
                    let refused = Refused::from(Reason::VolunteerNumbersExhausted);
                    return Ok(Landed::Refused(refused.findings()));
                }
            },
            None => String::new(),
        };
        let facts = match volunteer.facts(&sealed, squadron.as_ref(), &number, &self.moment()) {
            Ok(facts) => facts,
            Err(refused) => return Ok(Landed::Refused(refused.findings())),
        };
        import::written(&self.people, &good.id, request, &facts, &self.actor, &self.traceparent).await
    }

    fn other_content(&self) -> Vec<Finding> {
        let mut remarks = Remarks::default();
        remarks.note("volunteer_id", Reason::OtherContentThere);
        remarks.findings()
    }
}

impl<F> Import<F> {
    fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, actor: &self.actor, units: &self.units }
    }

    async fn seal(
        &self,
        request: RequestId,
        volunteer: &LegacyVolunteer,
    ) -> Result<SealedApplicant, PrivacyError> {
        let person_id = Uuid::new_v5(&request.0, b"applicant");
        let stated = volunteer.application.person.clone().unwrap_or_default();
        let person = Some(self.vault.seal_person(&stated, person_id).await?);
        let birth = volunteer.application.birth_date.and_then(|day| Date::try_from(day).ok());
        let birth = birth.map(|day| day.to_string()).unwrap_or_default();
        let birth_date = self.vault.seal_value(person_id, crate::grpc::BIRTH_DATE, &birth).await?;
        Ok(SealedApplicant { person, birth_date })
    }
}

/// The id that always belongs to this content; the digest is keyed, so the id tells nothing about it.
fn request_id(content: [u8; 32]) -> RequestId {
    RequestId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &content))
}

/// The answer of `ImportVolunteers`.
#[must_use]
pub fn answer(taken: Taken) -> ImportVolunteersResponse {
    let report = |report: import::RowReport| RowReport {
        line: report.line,
        volunteer_id: report.id,
        outcome: match report.outcome {
            import::RowOutcome::Imported => RowOutcome::Imported,
            import::RowOutcome::AlreadyThere => RowOutcome::AlreadyThere,
            import::RowOutcome::Rejected => RowOutcome::Rejected,
        }
        .into(),
        findings: report.findings,
    };
    ImportVolunteersResponse {
        rows: taken.rows,
        imported: taken.imported,
        already_there: taken.already_there,
        rejected: taken.rejected,
        reports: taken.reports.into_iter().map(report).collect(),
        position: taken.position,
    }
}
