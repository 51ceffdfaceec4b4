//! Share of `cases`: telecom and network fraud, and what the port bureau did about crime in its area.
//!
//! | file | what it does |
//! |---|---|
//! | `telecom` | facts row J1: 278 cases solved (149 the year before), 252 suspects caught (102) |
//! | `december` | P7, J9, J10: the case "12·31" with three dens, exhibits, lookups; two cases that the ministry supervises |
//! | `economic` | P6: the task force "Sharp Sword" and its six economic cases |
//!
//! GA 240.1 has no leaf for telecom fraud: it is 050300, and every case of it here is one. The cases of the accounts that banks
//! stopped (share of `antifraud`) are among them, under the numbers that the stops name.

mod december;
mod economic;
mod telecom;

use super::plan::bureau_of;
use super::stage::{Actor, Asked, Share, Shown, Tale, counted, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

demo_commands! { Cases, case:
    pb::FileCaseRequest => file_case,
    pb::RecordSuspectCaughtRequest => record_suspect_caught,
    pb::ProposeSolveRequest => propose_solve,
    pb::ApproveSolveRequest => approve_solve,
    pb::RecoverPropertyRequest => recover_property,
}
demo_commands! { Cases, den: pb::RaidDenRequest => raid_den }
demo_commands! { Cases, exhibit:
    pb::SeizeExhibitsRequest => seize_exhibits,
    pb::HandInExhibitsRequest => hand_in_exhibits,
}
demo_commands! { Cases, major_case:
    pb::SuperviseMajorCaseRequest => supervise_major_case,
    pb::ReportMajorCaseProgressRequest => report_major_case_progress,
    pb::EndMajorCaseSupervisionRequest => end_major_case_supervision,
}
demo_commands! { Cases, lookup:
    pb::OpenLookupsRequest => open_lookups,
    pb::CheckLookupItemRequest => check_lookup_item,
    pb::DecideAccountabilityRequest => decide_accountability,
    pb::CloseLookupsRequest => close_lookups,
}
demo_commands! { Cases, task_force:
    pb::FormTaskForceRequest => form_task_force,
    pb::AssignTaskForceCaseRequest => assign_task_force_case,
    pb::IssueDirectiveRequest => issue_directive,
    pb::RecordTaskForceResultsRequest => record_task_force_results,
    pb::RevokeTaskForceResultsRequest => revoke_task_force_results,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Cases,
    title_zh: "诈骗、港航案件",
    title_en: "fraud, cases of the port",
    commands: || counted(phases().iter().flatten()),
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded: december::is_loaded,
    figures,
};

const NAME: &str = "fraud";
/// GA 240.1: fraud.
const FRAUD: &str = "050300";
/// The port bureau and the station of its cases.
const PORT: (&str, &str) = ("371190000000", "371190010000");

/// Cases first; what refers to them finds them there; the last command of all closes the lookups.
fn phases() -> Vec<Vec<Tale>> {
    let cases = telecom::tales().into_iter().chain(december::cases()).chain(economic::cases());
    let work = december::work().into_iter().chain([economic::task_force()]);
    vec![cases.collect(), work.collect(), vec![december::last()]]
}

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let mut shown = december::figures(clients).await?;
        shown.extend(economic::figures(clients).await?);
        Ok(shown)
    })
}

/// A case from its filing to what became of it.
struct Draft {
    case_no: String,
    unit: &'static str,
    category: &'static str,
    reported_at: OffsetDateTime,
    filed_on: Date,
    loss_fen: i64,
    what: &'static str,
    /// Suspects caught, day by day.
    caught: Vec<(Date, i32)>,
    solved_at: Option<OffsetDateTime>,
    recovered_fen: i64,
}

impl Draft {
    fn tale(&self) -> Tale {
        let (officer, case_no) = (Actor::officer(self.unit), || self.case_no.clone());
        let file = pb::FileCaseRequest {
            case_no: case_no(),
            org_unit: self.unit.into(),
            category: self.category.into(),
            occurred_from: Some(timestamp(self.reported_at - Duration::hours(3))),
            reported_at: Some(timestamp(self.reported_at)),
            filed_on: Some(self.filed_on.into()),
            loss_fen: self.loss_fen,
            loss_description: self.what.into(),
            discovery: pb::Discovery::Reported.into(),
            provenance: Provenance::Demo.into(),
            ..Default::default()
        };
        let mut tale = Tale::new(NAME, case_no()).with(&officer, file);
        for (day, count) in &self.caught {
            let caught = pb::RecordSuspectCaughtRequest {
                case_no: case_no(),
                caught_on: Some((*day).into()),
                count: *count,
                measure: "detained".into(),
                provenance: Provenance::Demo.into(),
                ..Default::default()
            };
            tale.add(&officer, caught);
        }
        let Some(solved_at) = self.solved_at else { return tale };
        let record = |of: &str| format!("DEMO-{}-{of}", self.case_no);
        let evidence =
            pb::SolveEvidence { facts_ref: record("a"), suspect_ref: record("b"), custody_ref: record("c") };
        let propose = pb::ProposeSolveRequest {
            case_no: case_no(),
            solved_at: Some(timestamp(solved_at)),
            solve_class: pb::SolveClass::Arrest.into(),
            evidence: Some(evidence),
            manner: pb::SolveManner::Direct.into(),
            ..Default::default()
        };
        tale.add(&officer, propose);
        let approve = pb::ApproveSolveRequest { case_no: case_no(), ..Default::default() };
        tale.add(&Actor::approver(bureau_of(self.unit)), approve);
        if self.recovered_fen > 0 {
            let recover = pb::RecoverPropertyRequest {
                case_no: case_no(),
                recovered_on: Some(city_day(solved_at).into()),
                fen: self.recovered_fen,
                ..Default::default()
            };
            tale.add(&officer, recover);
        }
        tale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::stage::closed_by;

    #[test]
    fn every_tale_of_the_share_has_a_key_of_its_own_and_the_last_command_closes_it() {
        closed_by(&phases(), "close_lookups");
    }
}
