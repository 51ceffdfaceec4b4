//! `do`: commands about cases, series and reports, and about headquarters' registers, by their words, with their fields in ProtoJSON.

use super::fields::acts;
use xiaoan_proto::cases::v1 as cases;
use xiaoan_proto::hq::v1 as hq;

acts! {
    Cases cases:
    /// Commands about cases.
    case {
        "file" => case.file_case(FileCaseRequest),
        "investigate" => case.investigate_case(InvestigateCaseRequest),
        "record-suspect-caught" => case.record_suspect_caught(RecordSuspectCaughtRequest),
        "propose-solve" => case.propose_solve(ProposeSolveRequest),
        "approve-solve" => case.approve_solve(ApproveSolveRequest),
        "return-solve" => case.return_solve(ReturnSolveRequest),
        "revoke-solve" => case.revoke_solve(RevokeSolveRequest),
        "recover-property" => case.recover_property(RecoverPropertyRequest),
        "return-property" => case.return_property(ReturnPropertyRequest),
        "reclassify" => case.reclassify_case(ReclassifyCaseRequest),
        "transfer" => case.transfer_case(TransferCaseRequest),
        "withdraw" => case.withdraw_case(WithdrawCaseRequest),
        "serve-withdrawal-notice" => case.serve_withdrawal_notice(ServeWithdrawalNoticeRequest),
        "refile" => case.refile_case(RefileCaseRequest),
    }
}

acts! {
    Cases cases:
    /// Commands about series.
    series {
        "open" => series.open_series(OpenSeriesRequest),
        "link" => series.link_case(LinkCaseRequest),
        "unlink" => series.unlink_case(UnlinkCaseRequest),
        "propose-brought-solves" => series.propose_brought_solves(ProposeBroughtSolvesRequest),
        "approve-brought-solves" => series.approve_brought_solves(ApproveBroughtSolvesRequest),
        "return-brought-solves" => series.return_brought_solves(ReturnBroughtSolvesRequest),
    }
}

acts! {
    Cases cases:
    /// Commands about reports.
    report {
        "register" => report.register_report(RegisterReportRequest),
        "issue-receipt" => report.issue_receipt(IssueReceiptRequest),
        "note-receipt-refused" => report.note_receipt_refused(NoteReceiptRefusedRequest),
        "switch-track" => report.switch_track(SwitchTrackRequest),
        "find-foreign-jurisdiction" => report.find_foreign_jurisdiction(FindForeignJurisdictionRequest),
        "transfer" => report.transfer_report(TransferReportRequest),
        "request-reconsideration" => report.request_reconsideration(RequestReconsiderationRequest),
        "decide-reconsideration" => report.decide_reconsideration(DecideReconsiderationRequest),
        "record-reasons-asked" => report.record_reasons_asked(RecordReasonsAskedRequest),
        "explain-non-filing" => report.explain_non_filing(ExplainNonFilingRequest),
        "record-filing-ordered" => report.record_filing_ordered(RecordFilingOrderedRequest),
        "ask-agency-for-materials" => report.ask_agency_for_materials(AskAgencyForMaterialsRequest),
        "record-agency-materials" => report.record_agency_materials(RecordAgencyMaterialsRequest),
        "extend-security-case" => report.extend_security_case(ExtendSecurityCaseRequest),
        "exclude-expert-time" => report.exclude_expert_time(ExcludeExpertTimeRequest),
        "decide-security-case" => report.decide_security_case(DecideSecurityCaseRequest),
    }
}

acts! {
    Hq hq:
    /// Commands about honours.
    commendation {
        "nominate" => commendation.nominate_for_commendation(NominateForCommendationRequest),
        "revoke" => commendation.revoke_commendation(RevokeCommendationRequest),
    }
}

acts! {
    Hq hq:
    /// Commands about cases under listed supervision.
    listed_case {
        "list-case" => supervision.list_case(ListCaseRequest),
        "extend" => supervision.extend_listed_case(ExtendListedCaseRequest),
        "delist" => supervision.delist_case(DelistCaseRequest),
    }
}

acts! {
    Hq hq:
    /// Commands about surveys.
    survey {
        "record" => survey.record_survey(RecordSurveyRequest),
        "retract" => survey.retract_survey(RetractSurveyRequest),
    }
}

acts! {
    Hq hq:
    /// Commands about inspections.
    inspection {
        "record" => inspection.record_inspection(RecordInspectionRequest),
        "resolve-finding" => inspection.resolve_inspection_finding(ResolveInspectionFindingRequest),
    }
}
