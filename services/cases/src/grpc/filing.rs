//! The commands of a case that hold persons: they are sealed before anything is decided, and only if the command has a
//! chance, so that a refused command leaves no key behind.

use super::{Casebook, Sitting, remembered};
use crate::case::Case;
use crate::refusal::{Reason, Refused};
use crate::report::Report;
use prost::Message;
use std::collections::BTreeMap;
use tonic::Status;
use uuid::Uuid;
use xiaoan_eventstore::{CommandError, CommandMeta, Decision, Outcome};
use xiaoan_kernel::{OrgCode, RequestId};
use xiaoan_proto::cases::v1::{FileCaseRequest, FileCaseResponse, RecordSuspectCaughtRequest};
use xiaoan_proto::core::v1::{PersonInput, SealedPerson};
use xiaoan_rpc::wire;
use xiaoan_rpc::{command_status, errors, receipt};

/// How often the service tries another number when somebody else has used the one it gave.
const NUMBERS_TRIED: usize = 32;

impl Casebook {
    pub(super) async fn file(
        &self,
        sitting: &Sitting,
        message: &FileCaseRequest,
    ) -> Result<FileCaseResponse, Status> {
        let meta = self.meta(sitting, &message.request_id, message, "")?;
        let unit = OrgCode::parse(&message.org_unit).ok().filter(|unit| sitting.writes_for(*unit));
        let promising = unit.is_some() && !Case::remarks_on_filing(message, &sitting.moment()).reject();
        let victims = if promising {
            self.seal(meta.request.id, "victims", &message.victims).await?
        } else {
            Vec::new()
        };
        if !message.report_id.is_empty() {
            return self.file_report(sitting, message, &meta, &victims).await;
        }
        let outcome = match (message.case_no.as_str(), promising) {
            ("", true) => self.file_under_given_number(sitting, message, &meta, &victims).await?,
            // Will be refused; if not, then because it was accepted before.
            ("", false) => {
                self.file_under(sitting, message, "-", &meta, &victims).await.map_err(command_status)?
            }
            (case_no, _) => {
                self.file_under(sitting, message, case_no, &meta, &victims).await.map_err(command_status)?
            }
        };
        let mut answer: FileCaseResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("cases/{}", answer.case_no), &outcome));
        Ok(answer)
    }

    /// Files the case of a report whose filing was approved: case and report in one append.
    async fn file_report(
        &self,
        sitting: &Sitting,
        message: &FileCaseRequest,
        meta: &CommandMeta,
        victims: &[SealedPerson],
    ) -> Result<FileCaseResponse, Status> {
        super::well_formed_id("report_id", &message.report_id)?;
        let case_no = self.number_of_report(sitting, message, meta).await?;
        let warnings = Case::remarks_on_filing(message, &sitting.moment()).findings();
        let answer = FileCaseResponse {
            receipt: None,
            findings: warnings.iter().map(wire).collect(),
            case_no: case_no.clone(),
        };
        let which = |_: &Case| vec![message.report_id.clone()];
        let decide = |case: &Case, reports: &BTreeMap<String, Report>| {
            Case::remarks_on_filing(message, &sitting.moment()).refuse()?;
            sitting.may_write(OrgCode::parse(&message.org_unit).ok())?;
            let report = reports.get(&message.report_id).cloned().unwrap_or_default();
            let filed_on = crate::case::day(message.filed_on);
            let of_report = report.decide_filed(&case_no, &message.org_unit, filed_on)?;
            let of_case = case.decide_file(message, &case_no, victims.to_vec(), &sitting.moment())?;
            let decision = Decision { facts: of_case, response: answer.encode_to_vec() };
            Ok((decision, BTreeMap::from([(message.report_id.clone(), of_report)])))
        };
        let outcome = self
            .cases
            .execute_across::<_, Refused>(&case_no, &self.reports, which, meta, decide)
            .await
            .map_err(command_status)?;
        let mut answer: FileCaseResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("cases/{}", answer.case_no), &outcome));
        Ok(answer)
    }

    /// The number that the request names, that was given when it came before, or the next one of the unit and month.
    async fn number_of_report(
        &self,
        sitting: &Sitting,
        message: &FileCaseRequest,
        meta: &CommandMeta,
    ) -> Result<String, Status> {
        let known = self.store.remembered(meta.request.id).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
        if let Some(known) = known.filter(|known| known.digest == meta.request.digest) {
            return Ok(remembered::<FileCaseResponse>(&known.appended.response)?.case_no);
        }
        // Nor does one that the report refuses.
        let filed_on = crate::case::day(message.filed_on);
        let report = self.reports.load(&message.report_id).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
        let promising = report.state.decide_filed("-", &message.org_unit, filed_on).is_ok()
            && !Case::remarks_on_filing(message, &sitting.moment()).reject();
        if !message.case_no.is_empty() || !promising {
            return Ok(if message.case_no.is_empty() { "-".to_owned() } else { message.case_no.clone() });
        }
        for _ in 0..NUMBERS_TRIED {
            let given = self.numbers.next(&message.org_unit, filed_on).await.map_err(super::broken)?;
            let Some(case_no) = given else {
                return Err(xiaoan_rpc::refusal_status(&Refused::from(Reason::CaseNumbersExhausted)));
            };
            let there = self.cases.load(&case_no).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
            if there.version == 0 {
                return Ok(case_no);
            }
        }
        Err(errors::lost_race())
    }

    async fn file_under(
        &self,
        sitting: &Sitting,
        message: &FileCaseRequest,
        case_no: &str,
        meta: &CommandMeta,
        victims: &[SealedPerson],
    ) -> Result<Outcome, CommandError<Refused>> {
        let decide = |case: &Case, _| {
            let at = sitting.moment();
            let warnings = Case::remarks_on_filing(message, &at).refuse()?;
            sitting.may_write(OrgCode::parse(&message.org_unit).ok())?;
            let facts = case.decide_file(message, case_no, victims.to_vec(), &at)?;
            let findings = warnings.iter().map(|remark| wire(&remark.finding())).collect();
            let answer = FileCaseResponse { receipt: None, findings, case_no: case_no.to_owned() };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        self.cases.execute(case_no, meta.clone(), decide).await
    }

    /// Files under the next number of the unit and month. A number in use, by an import for example, is passed over.
    async fn file_under_given_number(
        &self,
        sitting: &Sitting,
        message: &FileCaseRequest,
        meta: &CommandMeta,
        victims: &[SealedPerson],
    ) -> Result<Outcome, Status> {
        // A command that comes again must not use up a number.
        let known = self.store.remembered(meta.request.id).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
        if let Some(known) = known {
            if known.digest != meta.request.digest {
                return Err(errors::request_reused());
            }
            let version = known.appended.versions.first().copied().unwrap_or_default();
            return Ok(Outcome { appended: known.appended, version });
        }
        let filed_on = crate::case::day(message.filed_on);
        for _ in 0..NUMBERS_TRIED {
            let given = self.numbers.next(&message.org_unit, filed_on).await.map_err(super::broken)?;
            let Some(case_no) = given else {
                return Err(xiaoan_rpc::refusal_status(&Refused::from(Reason::CaseNumbersExhausted)));
            };
            match self.file_under(sitting, message, &case_no, meta, victims).await {
                Err(CommandError::Refused(refused)) if refused.is(&Reason::CaseExists) => {}
                other => return other.map_err(command_status),
            }
        }
        Err(errors::lost_race())
    }

    /// Seals the suspects of a command that has a chance.
    pub(super) async fn seal_suspects(
        &self,
        sitting: &Sitting,
        message: &RecordSuspectCaughtRequest,
    ) -> Result<Vec<SealedPerson>, Status> {
        let meta = self.meta(sitting, &message.request_id, message, &message.etag)?;
        if message.suspects.is_empty() || Case::remarks_on_suspects(message, &sitting.moment()).reject() {
            return Ok(Vec::new());
        }
        let case = self.cases.load(&message.case_no).await.map_err(|e| xiaoan_rpc::store_status(&e))?;
        if !case.state.unit().is_some_and(|unit| sitting.writes_for(unit)) {
            return Ok(Vec::new());
        }
        self.seal(meta.request.id, "suspects", &message.suspects).await
    }

    /// Seals persons. The n-th person of a field of a command always has the same id, so a retry makes no second key.
    pub(super) async fn seal(
        &self,
        request: RequestId,
        field: &str,
        persons: &[PersonInput],
    ) -> Result<Vec<SealedPerson>, Status> {
        let with_ids = persons
            .iter()
            .enumerate()
            .map(|(n, person)| (Uuid::new_v5(&request.0, format!("{field}/{n}").as_bytes()), person));
        self.vault.seal_persons(with_ids).await.map_err(|e| errors::internal(&e))
    }
}
