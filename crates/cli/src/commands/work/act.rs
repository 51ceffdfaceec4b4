//! `do`: a command of the service by its word, its fields in ProtoJSON.

use super::super::fields::acts;
use xiaoan_proto::cases::v1 as pb;

acts! {
    Cases pb:
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

acts! {
    Cases pb:
    /// Commands about clean-up operations.
    cleanup {
        "plan-cleanup" => cleanup.plan_cleanup(PlanCleanupRequest),
        "inspect-venue" => cleanup.inspect_venue(InspectVenueRequest),
        "rectify-finding" => cleanup.rectify_cleanup_finding(RectifyCleanupFindingRequest),
        "hand-over-finding" => cleanup.hand_over_cleanup_finding(HandOverCleanupFindingRequest),
        "close-cleanup" => cleanup.close_cleanup(CloseCleanupRequest),
    }
}

acts! {
    Cases pb:
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

acts! {
    Cases pb:
    /// Commands about supervised cases.
    major_case {
        "supervise" => major_case.supervise_major_case(SuperviseMajorCaseRequest),
        "report-progress" => major_case.report_major_case_progress(ReportMajorCaseProgressRequest),
        "end-supervision" => major_case.end_major_case_supervision(EndMajorCaseSupervisionRequest),
    }
}

acts! {
    Cases pb:
    /// Commands about exhibits and dens.
    exhibit {
        "raid-den" => den.raid_den(RaidDenRequest),
        "seize-exhibits" => exhibit.seize_exhibits(SeizeExhibitsRequest),
        "hand-in-exhibits" => exhibit.hand_in_exhibits(HandInExhibitsRequest),
        "return-exhibits" => exhibit.return_exhibits(ReturnExhibitsRequest),
        "dispose-exhibits" => exhibit.dispose_exhibits(DisposeExhibitsRequest),
    }
}

acts! {
    Cases pb:
    /// Commands about the three lookups.
    lookup {
        "open-lookups" => lookup.open_lookups(OpenLookupsRequest),
        "check-item" => lookup.check_lookup_item(CheckLookupItemRequest),
        "decide-accountability" => lookup.decide_accountability(DecideAccountabilityRequest),
        "close-lookups" => lookup.close_lookups(CloseLookupsRequest),
    }
}
