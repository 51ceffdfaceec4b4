//! Which rpc is which decision. A line of the table is a command about one that is there: who calls, what the aggregate
//! decides, the receipt. `handlers` are those of `openings.rs`.

use super::{Wanted, WorkDesk};
use crate::views::work::TASK_FORCE_WORK;
use crate::work::{Cleanup, Den, Exhibit, Lookup, MajorCase, ReverseReview, TaskForce};
use tonic::{Request, Response, Status};
use xiaoan_kernel::Aggregate;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::cleanup_service_server::CleanupService;
use xiaoan_proto::cases::v1::den_service_server::DenService;
use xiaoan_proto::cases::v1::exhibit_service_server::ExhibitService;
use xiaoan_proto::cases::v1::lookup_service_server::LookupService;
use xiaoan_proto::cases::v1::major_case_service_server::MajorCaseService;
use xiaoan_proto::cases::v1::reverse_review_service_server::ReverseReviewService;
use xiaoan_proto::cases::v1::task_force_service_server::TaskForceService;

macro_rules! service {
    (
        $service:ident of $aggregate:ident in $all:ident by $id:ident;
        handlers { $($open:ident($open_request:ident) -> $open_response:ident = $handler:ident;)* }
        decisions { $($change:ident($request:ident) -> $response:ident = $decide:ident;)* }
        $(get $get:ident($get_request:ident) -> $get_response:ident.$one:ident;)?
        $(query $query:ident($query_request:ident) -> $query_response:ident = $query_handler:ident;)*
        $(list $list:ident($list_request:ident) -> $list_response:ident.$many:ident of $kind:expr, $state:ident $(, belonging to $parent:ident)?;)*
    ) => {
        #[tonic::async_trait]
        impl $service for WorkDesk {
            $(async fn $open(
                &self,
                request: Request<v1::$open_request>,
            ) -> Result<Response<v1::$open_response>, Status> {
                let receipt = self.$handler(request).await?;
                Ok(Response::new(v1::$open_response { receipt }))
            })*

            $(async fn $change(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                let (sitting, m) = self.book.enter(request)?;
                let key = (m.$id.as_str(), m.request_id.as_str(), m.etag.as_str());
                let receipt =
                    self.change(&self.all.$all, &sitting, key, &m, |work, at| work.$decide(&m, at)).await?;
                Ok(Response::new(v1::$response { receipt }))
            })*

            $(async fn $get(
                &self,
                request: Request<v1::$get_request>,
            ) -> Result<Response<v1::$get_response>, Status> {
                let (sitting, m) = self.book.enter(request)?;
                let found = self.get::<$aggregate>(&sitting, &m.$id, m.at_least).await?;
                Ok(Response::new(v1::$get_response { $one: Some(found) }))
            })?

            $(async fn $query(
                &self,
                request: Request<v1::$query_request>,
            ) -> Result<Response<v1::$query_response>, Status> {
                self.$query_handler(request).await.map(Response::new)
            })*

            $(async fn $list(
                &self,
                request: Request<v1::$list_request>,
            ) -> Result<Response<v1::$list_response>, Status> {
                let (sitting, m) = self.book.enter(request)?;
                let wanted = Wanted {
                    org_unit: &m.org_unit,
                    state: (m.state, v1::$state::try_from(m.state).is_ok()),
                    parent: [$(m.$parent.as_str(),)? ""][0],
                    page_size: m.page_size,
                    page_token: &m.page_token,
                    at_least: m.at_least,
                };
                let ($many, next_page_token) = self.list(&sitting, $kind, wanted).await?;
                Ok(Response::new(v1::$list_response { $many, next_page_token }))
            })*
        }
    };
}

service! {
    TaskForceService of TaskForce in task_forces by task_force_id;
    handlers {
        form_task_force(FormTaskForceRequest) -> FormTaskForceResponse = form;
        assign_task_force_case(AssignTaskForceCaseRequest) -> AssignTaskForceCaseResponse = assign;
        analyse_key_cases(AnalyseKeyCasesRequest) -> AnalyseKeyCasesResponse = analyse_cases;
    }
    decisions {
        staff_task_force(StaffTaskForceRequest) -> StaffTaskForceResponse = decide_staff;
        issue_directive(IssueDirectiveRequest) -> IssueDirectiveResponse = decide_issue_directive;
        analyse_month(AnalyseMonthRequest) -> AnalyseMonthResponse = decide_analyse_month;
        record_task_force_results(RecordTaskForceResultsRequest) -> RecordTaskForceResultsResponse = decide_record_results;
        revoke_task_force_results(RevokeTaskForceResultsRequest) -> RevokeTaskForceResultsResponse = decide_revoke_results;
        dissolve_task_force(DissolveTaskForceRequest) -> DissolveTaskForceResponse = decide_dissolve;
    }
    query get_task_force(GetTaskForceRequest) -> GetTaskForceResponse = task_force;
    list list_task_forces(ListTaskForcesRequest) -> ListTaskForcesResponse.task_forces of TaskForce::KIND, TaskForceState;
    list list_task_force_work(ListTaskForceWorkRequest) -> ListTaskForceWorkResponse.work of TASK_FORCE_WORK, TaskForceWorkState, belonging to task_force_id;
}

service! {
    CleanupService of Cleanup in cleanups by cleanup_id;
    handlers {
        plan_cleanup(PlanCleanupRequest) -> PlanCleanupResponse = plan;
        hand_over_cleanup_finding(HandOverCleanupFindingRequest) -> HandOverCleanupFindingResponse = hand_over;
        rectify_cleanup_finding(RectifyCleanupFindingRequest) -> RectifyCleanupFindingResponse = rectify;
        inspect_venue(InspectVenueRequest) -> InspectVenueResponse = inspect;
    }
    decisions {
        close_cleanup(CloseCleanupRequest) -> CloseCleanupResponse = decide_close;
    }
    get get_cleanup(GetCleanupRequest) -> GetCleanupResponse.cleanup;
    list list_cleanups(ListCleanupsRequest) -> ListCleanupsResponse.cleanups of Cleanup::KIND, CleanupState;
}

service! {
    ReverseReviewService of ReverseReview in reviews by case_no;
    handlers {
        open_reverse_review(OpenReverseReviewRequest) -> OpenReverseReviewResponse = open_review;
    }
    decisions {
        scope_reverse_review(ScopeReverseReviewRequest) -> ScopeReverseReviewResponse = decide_scope;
        record_reverse_review_findings(RecordReverseReviewFindingsRequest) -> RecordReverseReviewFindingsResponse = decide_record_findings;
        determine_review_responsibility(DetermineReviewResponsibilityRequest) -> DetermineReviewResponsibilityResponse = decide_determine;
        appeal_reverse_review(AppealReverseReviewRequest) -> AppealReverseReviewResponse = decide_appeal;
        decide_reverse_review_appeal(DecideReverseReviewAppealRequest) -> DecideReverseReviewAppealResponse = decide_appeal_decision;
        implement_prevention_measure(ImplementPreventionMeasureRequest) -> ImplementPreventionMeasureResponse = decide_implement;
        close_reverse_review(CloseReverseReviewRequest) -> CloseReverseReviewResponse = decide_close;
    }
    get get_reverse_review(GetReverseReviewRequest) -> GetReverseReviewResponse.review;
    query list_unreviewed_solves(ListUnreviewedSolvesRequest) -> ListUnreviewedSolvesResponse = unreviewed;
    list list_reverse_reviews(ListReverseReviewsRequest) -> ListReverseReviewsResponse.reviews of ReverseReview::KIND, ReverseReviewState;
}

service! {
    MajorCaseService of MajorCase in major_cases by case_no;
    handlers {
        supervise_major_case(SuperviseMajorCaseRequest) -> SuperviseMajorCaseResponse = supervise;
        end_major_case_supervision(EndMajorCaseSupervisionRequest) -> EndMajorCaseSupervisionResponse = end_supervision;
    }
    decisions {
        report_major_case_progress(ReportMajorCaseProgressRequest) -> ReportMajorCaseProgressResponse = decide_report;
    }
    get get_major_case(GetMajorCaseRequest) -> GetMajorCaseResponse.major_case;
    list list_major_cases(ListMajorCasesRequest) -> ListMajorCasesResponse.major_cases of MajorCase::KIND, MajorCaseState;
}

service! {
    DenService of Den in dens by den_id;
    handlers {
        raid_den(RaidDenRequest) -> RaidDenResponse = raid;
    }
    decisions {
    }
    get get_den(GetDenRequest) -> GetDenResponse.den;
    list list_dens(ListDensRequest) -> ListDensResponse.dens of Den::KIND, DenState, belonging to case_no;
}

service! {
    ExhibitService of Exhibit in exhibits by exhibit_id;
    handlers {
        seize_exhibits(SeizeExhibitsRequest) -> SeizeExhibitsResponse = seize;
    }
    decisions {
        hand_in_exhibits(HandInExhibitsRequest) -> HandInExhibitsResponse = decide_hand_in;
        return_exhibits(ReturnExhibitsRequest) -> ReturnExhibitsResponse = decide_return;
        dispose_exhibits(DisposeExhibitsRequest) -> DisposeExhibitsResponse = decide_dispose;
    }
    get get_exhibit(GetExhibitRequest) -> GetExhibitResponse.exhibit;
    list list_exhibits(ListExhibitsRequest) -> ListExhibitsResponse.exhibits of Exhibit::KIND, ExhibitState, belonging to case_no;
}

service! {
    LookupService of Lookup in lookups by case_no;
    handlers {
        open_lookups(OpenLookupsRequest) -> OpenLookupsResponse = open_lookups_of;
        check_lookup_item(CheckLookupItemRequest) -> CheckLookupItemResponse = check_item;
    }
    decisions {
        decide_accountability(DecideAccountabilityRequest) -> DecideAccountabilityResponse = decide_accountability;
        close_lookups(CloseLookupsRequest) -> CloseLookupsResponse = decide_close;
    }
    get get_lookups(GetLookupsRequest) -> GetLookupsResponse.lookups;
    list list_lookups(ListLookupsRequest) -> ListLookupsResponse.lookups of Lookup::KIND, LookupState;
}
