//! Figures of others, surveys and inspections, rpc by rpc.

use crate::house::{CITY, House, STATION, fresh, on, receipt, refused};
use tonic::Code;
use xiaoan_proto::hq::v1::inspection_service_client::InspectionServiceClient;
use xiaoan_proto::hq::v1::reference_service_client::ReferenceServiceClient;
use xiaoan_proto::hq::v1::survey_service_client::SurveyServiceClient;
use xiaoan_proto::hq::v1::{self as hq, InspectionFinding, InspectionKind, SurveyKind};

fn figure() -> hq::ReferenceFigure {
    hq::ReferenceFigure {
        figure_id: "370000-burglary-2020".into(),
        place_code: "370000".into(),
        place_zh: "示例省".into(),
        measure: "burglary-solve-rate".into(),
        title_zh: "入室盗窃破案率".into(),
        period: "2020".into(),
        value: "38.60".into(),
        unit: "%".into(),
        source: "示例通报第1期".into(),
        source_on: on(2021, 1, 20),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_a_figure_of_others_is_taken_over_with_its_source_and_withdrawn() {
    let house = House::with_units().await;
    let mut client = ReferenceServiceClient::new(house.caller(&["hq"]));
    let record = |figure: hq::ReferenceFigure| hq::RecordReferenceFigureRequest {
        request_id: fresh(),
        figure: Some(figure),
    };
    let bare = hq::ReferenceFigure { source: String::new(), ..figure() };
    let answer = client.record_reference_figure(record(bare)).await;
    assert_eq!(refused(answer), (Code::InvalidArgument, "GE-006".into()));
    let first = client.record_reference_figure(record(figure())).await.expect("recorded").into_inner();
    let same = client.record_reference_figure(record(figure())).await.expect("the same").into_inner();
    assert_eq!(receipt(first.receipt).etag, receipt(same.receipt).etag);
    let withdraw = hq::WithdrawReferenceFigureRequest {
        request_id: fresh(),
        figure_id: figure().figure_id,
        reason: "发布单位已更正".into(),
        ..Default::default()
    };
    let answer = client.withdraw_reference_figure(withdraw).await.expect("withdrawn").into_inner();
    let query = hq::ListReferenceFiguresRequest {
        measure: "burglary-solve-rate".into(),
        at_least: receipt(answer.receipt).position,
        ..Default::default()
    };
    let listed = client.list_reference_figures(query).await.expect("a list").into_inner().figures;
    let withdrawn = hq::ReferenceFigure {
        withdrawn: true,
        withdrawn_because: "发布单位已更正".into(),
        etag: "2".into(),
        ..figure()
    };
    assert_eq!(listed, [withdrawn]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_a_survey_is_recorded_and_retracted() {
    let house = House::with_units().await;
    let mut client = SurveyServiceClient::new(house.caller(&["hq"]));
    let survey = hq::Survey {
        survey_id: "public-2020".into(),
        kind: SurveyKind::Both.into(),
        org_unit: CITY.into(),
        from: on(2020, 1, 1),
        to: on(2020, 12, 31),
        conducted_by: "示例统计机构".into(),
        rank: 1,
        rank_of: 16,
        source: "示例通报第2期".into(),
        published_on: on(2021, 1, 15),
        ..Default::default()
    };
    let record = || hq::RecordSurveyRequest { request_id: fresh(), survey: Some(survey.clone()) };
    client.record_survey(record()).await.expect("recorded");
    let again = client.record_survey(record()).await;
    assert_eq!(refused(again), (Code::FailedPrecondition, "SURVEY-EXISTS".into()));
    let retract = hq::RetractSurveyRequest {
        request_id: fresh(),
        survey_id: "public-2020".into(),
        etag: "1".into(),
        reason: "口径有误".into(),
    };
    let answer = client.retract_survey(retract).await.expect("retracted").into_inner();
    let at_least = receipt(answer.receipt).position;
    let query = hq::ListSurveysRequest { org_unit: CITY.into(), at_least, ..Default::default() };
    let listed = client.list_surveys(query).await.expect("a list").into_inner().surveys;
    let found: Vec<_> = listed.iter().map(|s| (s.rank, s.score_hundredths, s.retracted)).collect();
    assert_eq!(found, [(1, None, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_inspections_are_counted_by_kind_and_their_findings_put_right() {
    let house = House::with_units().await;
    let mut client = InspectionServiceClient::new(house.caller(&["hq"]));
    let record = |id: &str, kind: InspectionKind| hq::RecordInspectionRequest {
        request_id: fresh(),
        inspection_id: id.into(),
        kind: kind.into(),
        org_unit: STATION.into(),
        on: on(2026, 6, 10),
        findings: vec![InspectionFinding {
            text: "登记不及时".into(),
            due_on: on(2026, 6, 20),
            ..Default::default()
        }],
    };
    for id in ["visit-1", "visit-2"] {
        client.record_inspection(record(id, InspectionKind::Visit)).await.expect("recorded");
    }
    client.record_inspection(record("online-1", InspectionKind::Online)).await.expect("recorded");
    let resolve = hq::ResolveInspectionFindingRequest {
        request_id: fresh(),
        inspection_id: "online-1".into(),
        number: 1,
        on: on(2026, 6, 12),
        resolution: "已补录".into(),
        ..Default::default()
    };
    let answer = client.resolve_inspection_finding(resolve.clone()).await.expect("resolved").into_inner();
    let at_least = receipt(answer.receipt).position;
    let again = hq::ResolveInspectionFindingRequest { request_id: fresh(), ..resolve };
    let answer = client.resolve_inspection_finding(again).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "FINDING-RESOLVED".into()));
    let query = hq::CountInspectionsRequest {
        org_unit: STATION.into(),
        from: on(2026, 6, 1),
        to: on(2026, 6, 30),
        at_least,
    };
    let counts = client.count_inspections(query).await.expect("counts").into_inner();
    assert_eq!((counts.visits, counts.law_enforcement, counts.online), (2, 0, 1));
    let query =
        hq::ListInspectionsRequest { kind: InspectionKind::Online.into(), at_least, ..Default::default() };
    let listed = client.list_inspections(query).await.expect("a list").into_inner().inspections;
    let resolved: Vec<_> = listed.iter().flat_map(|i| &i.findings).map(|f| f.resolved_on).collect();
    assert_eq!(resolved, [on(2026, 6, 12)]);
}
