//! `do`: what names persons, and what happens to accidents.

use super::super::fields::acts;
use xiaoan_proto::port::v1 as pb;

acts! {
    Port pb:
    /// Commands with their fields in JSON.
    act {
        "report-incident" => incident.report_incident(ReportIncidentRequest),
        "register-guard" => guard.register_guard(RegisterGuardRequest),
        "report-accident" => accident.report_accident(ReportAccidentRequest),
        "amend-facts" => accident.amend_accident_facts(AmendAccidentFactsRequest),
        "request-officer" => accident.request_officer(RequestOfficerRequest),
        "assign-officers" => accident.assign_accident_officers(AssignAccidentOfficersRequest),
        "fix-evidence" => accident.fix_evidence(FixEvidenceRequest),
        "clear-scene" => accident.clear_scene(ClearSceneRequest),
        "sign-settlement" => accident.sign_settlement(SignSettlementRequest),
        "issue-certificate" => accident.issue_certificate(IssueCertificateRequest),
        "close-accident" => accident.close_accident(CloseAccidentRequest),
    }
}
