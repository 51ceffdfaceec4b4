//! `do`: a command of the service by its word, its fields in ProtoJSON.

use super::super::listing::show_accepted;
use super::{Act, Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use std::path::Path;
use xiaoan_kernel::RequestId;
use xiaoan_proto::cases::v1 as pb;

/// The request that the fields say; a request id is given when they say none.
fn read<M: prost::Message + prost::Name + Default>(fields: &str) -> Result<M, Fault> {
    let text = match fields.strip_prefix('@') {
        None => fields.to_owned(),
        Some(file) => std::fs::read_to_string(file).map_err(|e| Fault::file(Path::new(file), &e))?,
    };
    let wrong = |why: String| Fault::Usage(format!("the fields of {}: {why}", M::NAME));
    let mut value: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let object = value.as_object_mut().ok_or_else(|| wrong("no JSON object".to_owned()))?;
    object.entry("requestId").or_insert_with(|| json!(RequestId::fresh().to_string()));
    let descriptor = xiaoan_proto::descriptor_pool()
        .get_message_by_name(&M::full_name())
        .ok_or_else(|| wrong("this program does not know the command".to_owned()))?;
    let message = DynamicMessage::deserialize(descriptor, value).map_err(|e| wrong(e.to_string()))?;
    message.transcode_to().map_err(|e| wrong(e.to_string()))
}

macro_rules! commands {
    ($(#[$meta:meta])* $name:ident { $($word:literal => $client:ident.$method:ident($request:ident),)+ }) => {
        $(#[$meta])*
        pub async fn $name(context: &Context, act: &Act) -> Result<Verdict, Fault> {
            let clients = context.clients()?;
            let receipt = match act.command.as_str() {
                $($word => {
                    let request: pb::$request = read(&act.fields)?;
                    let call = async |r| clients.$client().$method(r).await;
                    clients.call(Service::Cases, request, call).await?.receipt
                })+
                other => {
                    let words = [$($word),+].join(", ");
                    let why = context.say("没有这个命令，可用的有", "there is no such command; there are");
                    return Err(Fault::Usage(format!("{other:?}: {why} {words}")));
                }
            };
            show_accepted(context, receipt)
        }
    };
}

commands! {
    /// Commands about task forces.
    task_force {
        "form-task-force" => task_force.form_task_force(FormTaskForceRequest),
        "staff-task-force" => task_force.staff_task_force(StaffTaskForceRequest),
        "assign-case" => task_force.assign_task_force_case(AssignTaskForceCaseRequest),
        "issue-directive" => task_force.issue_directive(IssueDirectiveRequest),
        "analyse-key-cases" => task_force.analyse_key_cases(AnalyseKeyCasesRequest),
        "analyse-month" => task_force.analyse_month(AnalyseMonthRequest),
        "record-results" => task_force.record_task_force_results(RecordTaskForceResultsRequest),
        "revoke-results" => task_force.revoke_task_force_results(RevokeTaskForceResultsRequest),
        "dissolve-task-force" => task_force.dissolve_task_force(DissolveTaskForceRequest),
    }
}

commands! {
    /// Commands about clean-up operations.
    cleanup {
        "plan-cleanup" => cleanup.plan_cleanup(PlanCleanupRequest),
        "inspect-venue" => cleanup.inspect_venue(InspectVenueRequest),
        "rectify-finding" => cleanup.rectify_cleanup_finding(RectifyCleanupFindingRequest),
        "hand-over-finding" => cleanup.hand_over_cleanup_finding(HandOverCleanupFindingRequest),
        "close-cleanup" => cleanup.close_cleanup(CloseCleanupRequest),
    }
}

commands! {
    /// Commands about reverse reviews.
    review {
        "open-review" => reverse_review.open_reverse_review(OpenReverseReviewRequest),
        "scope-review" => reverse_review.scope_reverse_review(ScopeReverseReviewRequest),
        "record-findings" => reverse_review.record_reverse_review_findings(RecordReverseReviewFindingsRequest),
        "determine-responsibility" => reverse_review.determine_review_responsibility(DetermineReviewResponsibilityRequest),
        "appeal" => reverse_review.appeal_reverse_review(AppealReverseReviewRequest),
        "decide-appeal" => reverse_review.decide_reverse_review_appeal(DecideReverseReviewAppealRequest),
        "implement-measure" => reverse_review.implement_prevention_measure(ImplementPreventionMeasureRequest),
        "close-review" => reverse_review.close_reverse_review(CloseReverseReviewRequest),
    }
}

commands! {
    /// Commands about supervised cases.
    major_case {
        "supervise" => major_case.supervise_major_case(SuperviseMajorCaseRequest),
        "report-progress" => major_case.report_major_case_progress(ReportMajorCaseProgressRequest),
        "end-supervision" => major_case.end_major_case_supervision(EndMajorCaseSupervisionRequest),
    }
}

commands! {
    /// Commands about exhibits and dens.
    exhibit {
        "raid-den" => den.raid_den(RaidDenRequest),
        "seize-exhibits" => exhibit.seize_exhibits(SeizeExhibitsRequest),
        "hand-in-exhibits" => exhibit.hand_in_exhibits(HandInExhibitsRequest),
        "return-exhibits" => exhibit.return_exhibits(ReturnExhibitsRequest),
        "dispose-exhibits" => exhibit.dispose_exhibits(DisposeExhibitsRequest),
    }
}

commands! {
    /// Commands about the three lookups.
    lookup {
        "open-lookups" => lookup.open_lookups(OpenLookupsRequest),
        "check-item" => lookup.check_lookup_item(CheckLookupItemRequest),
        "decide-accountability" => lookup.decide_accountability(DecideAccountabilityRequest),
        "close-lookups" => lookup.close_lookups(CloseLookupsRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_the_names_of_the_json_that_lists_print() {
        let fields = r#"{"taskForceId": "tf-1", "day": {"year": 2026, "month": 10, "day": 1}, "alerts": 9}"#;
        let read_: pb::IssueDirectiveRequest = read(fields).unwrap();
        assert_eq!((read_.task_force_id.as_str(), read_.alerts), ("tf-1", 9));
        assert_eq!(read_.request_id.len(), 36, "given when missing");
        let kept: pb::IssueDirectiveRequest = read(r#"{"requestId": "r"}"#).unwrap();
        assert_eq!(kept.request_id, "r");
        for wrong in [r#"{"colour": "red"}"#, "[]", "{"] {
            assert!(read::<pb::IssueDirectiveRequest>(wrong).is_err(), "{wrong}");
        }
    }
}
