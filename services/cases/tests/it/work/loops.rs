//! Whole loops: a clean-up, a reverse review, exhibits of a den, a supervised case, the three lookups.

use super::*;
use time::Duration;
use tonic::Code;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::timestamp;

/// A clean-up of small hotels from 2026-09-28 to 2026-10-01.
fn plan(org_unit: &str) -> v1::PlanCleanupRequest {
    v1::PlanCleanupRequest {
        request_id: id(),
        cleanup_id: "c-1".into(),
        org_unit: org_unit.into(),
        title: "秋季大清查".into(),
        starts_on: on(9, 28),
        ends_on: on(10, 1),
        venue_kinds: vec![v1::VenueKind::SmallHotel.into()],
    }
}

/// A hotel of that clean-up with one finding.
fn inspect(venue_id: &str, inspected_on: Option<Date>) -> v1::InspectVenueRequest {
    v1::InspectVenueRequest {
        request_id: id(),
        cleanup_id: "c-1".into(),
        venue_id: venue_id.into(),
        kind: v1::VenueKind::SmallHotel.into(),
        place: "示例路1号".into(),
        inspected_on,
        findings: vec![v1::CleanupFindingInput {
            kind: v1::CleanupFindingKind::UnregisteredGuest.into(),
            description: "三人未登记".into(),
        }],
        ..Default::default()
    }
}

/// What was found in hotel "v-1" is put right.
fn rectify(rectified_on: Option<Date>) -> v1::RectifyCleanupFindingRequest {
    v1::RectifyCleanupFindingRequest {
        request_id: id(),
        cleanup_id: "c-1".into(),
        finding_id: "v-1-1".into(),
        rectified_on,
        how: "已登记".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_cleanup_goes_from_its_plan_over_an_overdue_finding_to_its_end() {
    let world = World::start().await;
    let officer = world.officer();
    cleanups(&officer).plan_cleanup(plan(STATION)).await.unwrap();
    cleanups(&officer).inspect_venue(inspect("v-1", on(9, 28))).await.unwrap();
    let close = v1::CloseCleanupRequest {
        request_id: id(),
        cleanup_id: "c-1".into(),
        summary: "清查结束".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(cleanups(&officer).close_cleanup(close.clone()).await),
        no(Code::FailedPrecondition, "CLEANUP-FINDINGS-OPEN")
    );
    world.pass(Duration::days(14));
    let get = v1::GetCleanupRequest { cleanup_id: "c-1".into(), at_least: 0 };
    until(async || {
        let found = cleanups(&officer).get_cleanup(get.clone()).await.ok()?.into_inner().cleanup?;
        found.findings.first()?.overdue.then_some(())
    })
    .await;
    cleanups(&officer).rectify_cleanup_finding(rectify(on(10, 14))).await.unwrap();
    cleanups(&officer).close_cleanup(v1::CloseCleanupRequest { request_id: id(), ..close }).await.unwrap();
    let list = v1::ListCleanupsRequest {
        state: v1::CleanupState::Closed.into(),
        at_least: head(&world).await,
        ..Default::default()
    };
    let listed = cleanups(&officer).list_cleanups(list).await.unwrap().into_inner().cleanups;
    let sums = listed[0].counts[0];
    assert_eq!((sums.venues, sums.findings, sums.rectified, sums.overdue), (1, 1, 1, 1));
}

#[tokio::test]
async fn a_reverse_review_is_for_preventable_cases_and_closes_its_loop() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    let case_no = filed(&world).await;
    let fight = v1::FileCaseRequest { category: "050400".into(), ..burglary(&number(2)) };
    officer.file(fight).await.unwrap();
    let open = |case_no: &str| v1::OpenReverseReviewRequest {
        request_id: id(),
        case_no: case_no.into(),
        org_unit: STATION.into(),
        preventability: "门锁老旧".into(),
    };
    assert_eq!(
        refused(reviews(&chief).open_reverse_review(open(&number(2))).await),
        no(Code::FailedPrecondition, "CP-010"),
        "a snatch theft is not in the list"
    );
    reviews(&chief).open_reverse_review(open(&case_no)).await.unwrap();
    let scope = v1::ScopeReverseReviewRequest {
        request_id: id(),
        case_no: case_no.clone(),
        scope: "辖区巡防".into(),
        ..Default::default()
    };
    reviews(&officer).scope_reverse_review(scope).await.unwrap();
    let measure = |kind: v1::PreventionKind| v1::PreventionMeasureInput {
        kind: kind.into(),
        description: "落实到位".into(),
    };
    let findings = v1::RecordReverseReviewFindingsRequest {
        request_id: id(),
        case_no: case_no.clone(),
        findings: "巡逻不到位".into(),
        measures: [v1::PreventionKind::People, v1::PreventionKind::Physical, v1::PreventionKind::Technical]
            .map(measure)
            .to_vec(),
        ..Default::default()
    };
    reviews(&officer).record_reverse_review_findings(findings).await.unwrap();
    let determine = v1::DetermineReviewResponsibilityRequest {
        request_id: id(),
        case_no: case_no.clone(),
        responsibility: v1::ReviewResponsibility::Advice.into(),
        reason: "巡逻记录缺失".into(),
        ..Default::default()
    };
    let colleague = world.caller("officer-2", STATION, &["officer"]);
    assert_eq!(
        refused(reviews(&colleague).determine_review_responsibility(determine.clone()).await),
        no(Code::PermissionDenied, "REVIEW-OWN-UNIT")
    );
    reviews(&chief).determine_review_responsibility(determine).await.unwrap();
    let appeal = v1::AppealReverseReviewRequest {
        request_id: id(),
        case_no: case_no.clone(),
        reason: "当晚警力全部出警".into(),
        ..Default::default()
    };
    reviews(&officer).appeal_reverse_review(appeal).await.unwrap();
    let decide = v1::DecideReverseReviewAppealRequest {
        request_id: id(),
        case_no: case_no.clone(),
        responsibility: v1::ReviewResponsibility::Advice.into(),
        reason: "维持".into(),
        ..Default::default()
    };
    let city = world.caller("city-1", CITY, &["officer"]);
    reviews(&city).decide_reverse_review_appeal(decide).await.unwrap();
    for measure_id in ["1", "2", "3"] {
        let implement = v1::ImplementPreventionMeasureRequest {
            request_id: id(),
            case_no: case_no.clone(),
            measure_id: measure_id.into(),
            implemented_on: on(10, 1),
            proof: "验收单".into(),
            ..Default::default()
        };
        reviews(&officer).implement_prevention_measure(implement).await.unwrap();
    }
    let close = v1::CloseReverseReviewRequest {
        request_id: id(),
        case_no: case_no.clone(),
        effect: "未再发案".into(),
        ..Default::default()
    };
    reviews(&chief).close_reverse_review(close).await.unwrap();
    let list = v1::ListReverseReviewsRequest {
        state: v1::ReverseReviewState::Closed.into(),
        at_least: head(&world).await,
        ..Default::default()
    };
    let found = reviews(&officer).list_reverse_reviews(list).await.unwrap().into_inner().reviews;
    assert_eq!(found.len(), 1);
    assert!(found[0].appeal_decided && found[0].list_basis.starts_with("050201"));
}

#[tokio::test]
async fn exhibits_of_a_den_are_overdue_after_twenty_four_hours_and_leave_custody_in_numbers() {
    let world = World::start().await;
    let officer = world.officer();
    let case_no = filed(&world).await;
    let raid = v1::RaidDenRequest {
        request_id: id(),
        den_id: "d-1".into(),
        org_unit: STATION.into(),
        case_no: case_no.clone(),
        raided_at: Some(timestamp(datetime!(2026-10-01 11:00 +8))),
        place: "示例大厦".into(),
        officers: 40,
        suspects: 76,
    };
    dens(&officer).raid_den(raid).await.unwrap();
    let seize = |id_: &str, den_id: &str, kind: v1::ExhibitKind, count| v1::SeizeExhibitsRequest {
        request_id: id(),
        exhibit_id: id_.into(),
        org_unit: STATION.into(),
        case_no: case_no.clone(),
        den_id: den_id.into(),
        kind: kind.into(),
        count,
        seized_at: Some(timestamp(datetime!(2026-10-01 11:30 +8))),
        ..Default::default()
    };
    assert_eq!(
        refused(exhibits(&officer).seize_exhibits(seize("x-1", "d-9", v1::ExhibitKind::Phone, 600)).await),
        no(Code::FailedPrecondition, "EXHIBIT-DEN-UNKNOWN")
    );
    exhibits(&officer).seize_exhibits(seize("x-1", "d-1", v1::ExhibitKind::Phone, 600)).await.unwrap();
    exhibits(&officer).seize_exhibits(seize("x-2", "d-1", v1::ExhibitKind::Computer, 100)).await.unwrap();
    let hand_in = |id_: &str| v1::HandInExhibitsRequest {
        request_id: id(),
        exhibit_id: id_.into(),
        custodian: "021099".into(),
        handed_in_at: Some(timestamp(datetime!(2026-10-01 12:00 +8))),
        ..Default::default()
    };
    exhibits(&officer).hand_in_exhibits(hand_in("x-1")).await.unwrap();
    world.pass(Duration::hours(24));
    let get = v1::GetExhibitRequest { exhibit_id: "x-2".into(), at_least: 0 };
    until(async || {
        let found = exhibits(&officer).get_exhibit(get.clone()).await.ok()?.into_inner().exhibit?;
        found.overdue.then_some(())
    })
    .await;
    let give_back = v1::ReturnExhibitsRequest {
        request_id: id(),
        exhibit_id: "x-1".into(),
        count: 601,
        returned_on: on(10, 2),
        document: "返还清单1".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(exhibits(&officer).return_exhibits(give_back.clone()).await),
        no(Code::FailedPrecondition, "EXHIBIT-TOO-MANY")
    );
    let give_back = v1::ReturnExhibitsRequest { request_id: id(), count: 200, ..give_back };
    exhibits(&officer).return_exhibits(give_back).await.unwrap();
    let dispose = v1::DisposeExhibitsRequest {
        request_id: id(),
        exhibit_id: "x-1".into(),
        count: 400,
        disposal: v1::ExhibitDisposal::Destroyed.into(),
        disposed_on: on(10, 2),
        document: "销毁清单1".into(),
        ..Default::default()
    };
    exhibits(&officer).dispose_exhibits(dispose).await.unwrap();
    let list = v1::ListExhibitsRequest {
        case_no: case_no.clone(),
        state: v1::ExhibitState::Settled.into(),
        at_least: head(&world).await,
        ..Default::default()
    };
    let settled = exhibits(&officer).list_exhibits(list).await.unwrap().into_inner().exhibits;
    assert_eq!(settled.iter().map(|x| (x.returned, x.disposed)).collect::<Vec<_>>(), [(200, 400)]);
    let of_case = v1::ListDensRequest { case_no, ..Default::default() };
    assert_eq!(dens(&officer).list_dens(of_case).await.unwrap().into_inner().dens[0].suspects, 76);
    let get = v1::GetDenRequest { den_id: "d-1".into(), at_least: 0 };
    assert_eq!(dens(&officer).get_den(get).await.unwrap().into_inner().den.unwrap().officers, 40);
}

#[tokio::test]
async fn a_supervised_case_reports_and_ends_with_a_signed_reason() {
    let world = World::start().await;
    let chief = world.chief();
    let case_no = filed(&world).await;
    let supervise = v1::SuperviseMajorCaseRequest {
        request_id: id(),
        case_no: case_no.clone(),
        level: v1::SupervisionLevel::Ministry.into(),
        chief: "021001".into(),
        ..Default::default()
    };
    let elsewhere = world.caller("x", ELSEWHERE, &["officer"]);
    assert_eq!(
        refused(major_cases(&elsewhere).supervise_major_case(supervise.clone()).await).0,
        Code::PermissionDenied
    );
    let city = world.caller("city-1", CITY, &["officer"]);
    major_cases(&city).supervise_major_case(supervise).await.unwrap();
    world.pass(Duration::days(20));
    let get = v1::GetMajorCaseRequest { case_no: case_no.clone(), at_least: 0 };
    until(async || {
        let found = major_cases(&chief).get_major_case(get.clone()).await.ok()?.into_inner().major_case?;
        found.report_overdue.then_some(())
    })
    .await;
    let report = v1::ReportMajorCaseProgressRequest {
        request_id: id(),
        case_no: case_no.clone(),
        text: "抓获两人".into(),
        ..Default::default()
    };
    major_cases(&chief).report_major_case_progress(report).await.unwrap();
    let end = v1::EndMajorCaseSupervisionRequest {
        request_id: id(),
        case_no: case_no.clone(),
        ..Default::default()
    };
    assert_eq!(
        refused(major_cases(&city).end_major_case_supervision(end.clone()).await),
        no(Code::FailedPrecondition, "CP-008")
    );
    let signed = v1::EndMajorCaseSupervisionRequest {
        request_id: id(),
        reason: "移送外地".into(),
        signed_by: "021001".into(),
        ..end
    };
    major_cases(&city).end_major_case_supervision(signed).await.unwrap();
    let list = v1::ListMajorCasesRequest { at_least: head(&world).await, ..Default::default() };
    let found = major_cases(&chief).list_major_cases(list).await.unwrap().into_inner().major_cases;
    assert!(found[0].progress[0].late && !found[0].solved);
}

#[tokio::test]
async fn the_three_lookups_go_through_the_list_before_accountability() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    let case_no = filed(&world).await;
    let open = v1::OpenLookupsRequest {
        request_id: id(),
        case_no: case_no.clone(),
        city: CITY.into(),
        bureau: BUREAU.into(),
        station: STATION.into(),
    };
    lookups(&chief).open_lookups(open).await.unwrap();
    let get = v1::GetLookupsRequest { case_no: case_no.clone(), at_least: head(&world).await };
    let items = lookups(&chief).get_lookups(get).await.unwrap().into_inner().lookups.unwrap().items;
    let decide = v1::DecideAccountabilityRequest {
        request_id: id(),
        case_no: case_no.clone(),
        accountability: v1::Accountability::Referred.into(),
        subject: "通信代理点".into(),
        reason: "未核验开户人".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(lookups(&chief).decide_accountability(decide.clone()).await),
        no(Code::FailedPrecondition, "LOOKUP-ITEMS-OPEN")
    );
    let deputy = world.caller("deputy-1", BUREAU, &["officer"]);
    for item in items {
        let check = v1::CheckLookupItemRequest {
            request_id: id(),
            case_no: case_no.clone(),
            item_id: item.item_id,
            outcome: v1::LookupOutcome::Nothing.into(),
            ..Default::default()
        };
        lookups(&deputy).check_lookup_item(check).await.unwrap();
    }
    let decide = v1::DecideAccountabilityRequest { request_id: id(), ..decide };
    assert_eq!(
        refused(lookups(&deputy).decide_accountability(decide.clone()).await),
        no(Code::FailedPrecondition, "CB-006")
    );
    lookups(&chief).decide_accountability(decide).await.unwrap();
    let close = v1::CloseLookupsRequest {
        request_id: id(),
        case_no: case_no.clone(),
        summary: "已移送".into(),
        ..Default::default()
    };
    lookups(&chief).close_lookups(close).await.unwrap();
    let list = v1::ListLookupsRequest {
        state: v1::LookupState::Closed.into(),
        at_least: head(&world).await,
        ..Default::default()
    };
    assert_eq!(lookups(&chief).list_lookups(list).await.unwrap().into_inner().lookups.len(), 1);
    assert!(officer.case(&case_no, 0).await.case_no == case_no);
}

#[tokio::test]
async fn a_station_inspects_in_its_bureaus_cleanup_and_settles_what_it_found_itself() {
    let world = World::start().await;
    let (chief, officer) = (world.chief(), world.officer());
    cleanups(&chief).plan_cleanup(plan(BUREAU)).await.unwrap();
    cleanups(&officer).inspect_venue(inspect("v-1", on(9, 30))).await.expect("a station of the bureau");
    let elsewhere = world.caller("officer-3", ELSEWHERE, &["officer"]);
    assert_eq!(
        refused(cleanups(&elsewhere).inspect_venue(inspect("v-2", on(9, 30))).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    assert_eq!(
        refused(cleanups(&neighbour).rectify_cleanup_finding(rectify(on(10, 1))).await),
        no(Code::PermissionDenied, "GE-004"),
        "the finding is another station's"
    );
    cleanups(&officer).rectify_cleanup_finding(rectify(on(10, 1))).await.expect("its own");
    let get = v1::GetCleanupRequest { cleanup_id: "c-1".into(), at_least: head(&world).await };
    let seen = cleanups(&chief).get_cleanup(get).await.unwrap().into_inner().cleanup.unwrap();
    assert_eq!(seen.venues[0].inspected_by_unit, STATION);
}

#[tokio::test]
async fn a_tier_checks_its_own_items_of_the_lookups_and_the_bureau_all_of_them() {
    let world = World::start().await;
    let (chief, officer) = (world.chief(), world.officer());
    let case_no = filed(&world).await;
    let open = v1::OpenLookupsRequest {
        request_id: id(),
        case_no: case_no.clone(),
        city: CITY.into(),
        bureau: BUREAU.into(),
        station: STATION.into(),
    };
    lookups(&chief).open_lookups(open).await.unwrap();
    let check = |item_id: &str| v1::CheckLookupItemRequest {
        request_id: id(),
        case_no: case_no.clone(),
        item_id: item_id.into(),
        outcome: v1::LookupOutcome::Nothing.into(),
        ..Default::default()
    };
    lookups(&officer).check_lookup_item(check("C1")).await.expect("the station's own");
    for item_id in ["S1", "F1", "X9"] {
        assert_eq!(
            refused(lookups(&officer).check_lookup_item(check(item_id)).await),
            no(Code::PermissionDenied, "GE-004"),
            "{item_id}"
        );
    }
    let researcher = world.caller("officer-9", CITY, &["officer"]);
    lookups(&researcher).check_lookup_item(check("S1")).await.expect("the city's own");
    lookups(&chief).check_lookup_item(check("F1")).await.expect("the bureau's own");
    let get = v1::GetLookupsRequest { case_no: case_no.clone(), at_least: head(&world).await };
    let items = lookups(&chief).get_lookups(get).await.unwrap().into_inner().lookups.unwrap().items;
    let by: Vec<_> = items
        .iter()
        .filter(|item| !item.checked_unit.is_empty())
        .map(|item| (item.item_id.as_str(), item.checked_unit.as_str()))
        .collect();
    assert_eq!(by, [("S1", CITY), ("F1", BUREAU), ("C1", STATION)]);
}

#[tokio::test]
async fn a_preventable_solve_is_listed_until_it_has_its_review() {
    let world = World::start().await;
    let (chief, officer) = (world.chief(), world.officer());
    for n in 1..=3 {
        let preventable = n != 3;
        officer.file(v1::FileCaseRequest { preventable, ..burglary(&number(n)) }).await.expect("filed");
        officer.cases().propose_solve(propose(&number(n))).await.expect("proposed");
        chief.cases().approve_solve(approve(&number(n))).await.expect("solved");
    }
    let list = async |page_size: i32, page_token: String| {
        let at_least = head(&world).await;
        let request =
            v1::ListUnreviewedSolvesRequest { page_size, page_token, at_least, ..Default::default() };
        let page = reviews(&chief).list_unreviewed_solves(request).await.expect("a page").into_inner();
        let found: Vec<_> = page.solves.iter().map(|s| (s.case_no.clone(), s.listed)).collect();
        (found, page.next_page_token)
    };
    let (first, next) = list(1, String::new()).await;
    assert_eq!(first, [(number(1), true)]);
    assert_eq!(list(1, next).await, (vec![(number(2), true)], String::new()));
    let open = v1::OpenReverseReviewRequest {
        request_id: id(),
        case_no: number(1),
        org_unit: BUREAU.into(),
        preventability: "门窗未加固".into(),
    };
    reviews(&chief).open_reverse_review(open).await.expect("opened");
    assert_eq!(list(0, String::new()).await.0, [(number(2), true)]);
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    let theirs = reviews(&neighbour).list_unreviewed_solves(v1::ListUnreviewedSolvesRequest::default()).await;
    assert!(theirs.expect("a page").into_inner().solves.is_empty());
}
