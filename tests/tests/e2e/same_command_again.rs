//! The same command twice, ten times at once, and with another body; a stale etag; an unknown unit; a malformed message.

use crate::city::City;
use crate::storm::a_case;
use anyhow::Result;
use tonic::Code;
use tonic_types::StatusExt;
use xiaoan_proto::cases::v1::{InvestigateCaseRequest, TransferCaseRequest};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_counts_once_however_often_it_is_sent() -> Result<()> {
    let city = City::start().await?;
    let mut cases = city.cases_client().await?;

    let request = a_case(1);
    let first = cases.file_case(request.clone()).await?.into_inner();
    let second = cases.file_case(request.clone()).await?.into_inner();
    let (first, second) = (first.receipt.unwrap_or_default(), second.receipt.unwrap_or_default());
    assert!(!first.replayed && second.replayed);
    assert_eq!((first.position, &first.etag, &first.name), (second.position, &second.etag, &second.name));

    let at_once = a_case(2);
    let answers = futures::future::join_all((0..10).map(|_| {
        let (mut client, request) = (cases.clone(), at_once.clone());
        async move { client.file_case(request).await }
    }))
    .await;
    let receipts: Vec<_> = answers
        .into_iter()
        .map(|a| Ok(a?.into_inner().receipt.unwrap_or_default()))
        .collect::<Result<_>>()?;
    assert_eq!(receipts.iter().filter(|r| !r.replayed).count(), 1, "one of ten is the command itself");
    assert!(receipts.iter().all(|r| r.position == receipts[0].position));
    assert_eq!(city.head("cases").await?, 2);

    let mut other_body = request.clone();
    other_body.loss_fen += 1;
    let refused = cases.file_case(other_body).await.expect_err("another body under the same id");
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(refused.get_details_error_info().map(|e| e.reason), Some("GE-002".into()));

    // A stale etag is ABORTED with GE-001, and changes nothing.
    let investigate = |etag: &str| InvestigateCaseRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        case_no: request.case_no.clone(),
        etag: etag.into(),
        lead_officer: "000001".into(),
    };
    cases.investigate_case(investigate(&first.etag)).await?;
    let transfer = TransferCaseRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        case_no: request.case_no.clone(),
        etag: first.etag.clone(),
        to_org_unit: "371102020000".into(),
        reason: "示例".into(),
    };
    let stale = cases.transfer_case(transfer).await.expect_err("the etag is stale");
    assert_eq!(stale.code(), Code::Aborted);
    assert_eq!(stale.get_details_error_info().map(|e| e.reason), Some("GE-001".into()));

    let mut nowhere = a_case(3);
    nowhere.org_unit = "999999999999".into();
    let unknown = cases.file_case(nowhere).await.expect_err("nobody knows that unit");
    assert_eq!(unknown.code(), Code::InvalidArgument);
    assert_eq!(unknown.get_details_error_info().map(|e| e.reason), Some("CB-001".into()));

    let mut no_day = a_case(4);
    no_day.filed_on = Some(xiaoan_proto::core::v1::Date { year: 2021, month: 2, day: 30 });
    let mut no_id = a_case(4);
    no_id.request_id = "not a uuid".into();
    for (malformed, field) in [(no_day, "filed_on"), (no_id, "request_id")] {
        let refused = cases.file_case(malformed).await.expect_err("malformed");
        assert_eq!(refused.code(), Code::InvalidArgument);
        let violations = refused.get_details_bad_request().map(|b| b.field_violations).unwrap_or_default();
        let named: Vec<_> = violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(named, [field]);
        assert_eq!(refused.get_details_error_info().map(|e| e.reason), Some("GE-006".into()));
        assert!(refused.get_details_localized_message().is_some());
    }

    let anonymous = city.cases_client_without_token().await?.file_case(a_case(5)).await;
    assert_eq!(anonymous.expect_err("no token").code(), Code::Unauthenticated);
    assert_eq!(city.head("cases").await?, 3);
    Ok(())
}
