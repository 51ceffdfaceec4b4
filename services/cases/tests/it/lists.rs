//! Lists of cases: filters, pages, and who sees what.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::CaseState;

/// Nine cases of the station on three days, three categories.
async fn nine_cases(world: &World) -> i64 {
    let officer = world.officer();
    let mut last = 0;
    for n in 0..9_usize {
        let request = v1::FileCaseRequest {
            category: ["050201", "050224", "050300"][n % 3].into(),
            filed_on: june(7 + i32::try_from(n / 3).expect("filed")),
            ..burglary(&number(n + 1))
        };
        last = position(officer.file(request).await.expect("filed").receipt.as_ref());
    }
    last
}

async fn listed(caller: &Caller, request: v1::ListCasesRequest) -> Vec<String> {
    let response = caller.cases().list_cases(request).await.expect("a page").into_inner();
    response.cases.into_iter().map(|case| case.case_no).collect()
}

#[tokio::test]
async fn cases_are_listed_newest_filing_first_page_by_page_without_loss_or_repetition() {
    let world = World::start().await;
    let at_least = nine_cases(&world).await;
    let officer = world.officer();
    let expected: Vec<_> = [7, 8, 9, 4, 5, 6, 1, 2, 3].map(number).to_vec();
    for page_size in [1, 2, 4, 9, 100] {
        let mut request = v1::ListCasesRequest { page_size, at_least, ..Default::default() };
        let mut found = Vec::new();
        loop {
            let page = officer.cases().list_cases(request.clone()).await.unwrap().into_inner();
            found.extend(page.cases.into_iter().map(|case| case.case_no));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, expected, "pages of {page_size}");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_state_category_and_day() {
    let world = World::start().await;
    let at_least = nine_cases(&world).await;
    let officer = world.officer();
    let all = v1::ListCasesRequest { at_least, ..Default::default() };
    let thefts = v1::ListCasesRequest { category_prefix: "0502".into(), ..all.clone() };
    assert_eq!(listed(&officer, thefts).await.len(), 6);
    let days = v1::ListCasesRequest { filed_from: june(8), filed_to: june(8), ..all.clone() };
    assert_eq!(listed(&officer, days).await, [4, 5, 6].map(number));
    let investigate =
        v1::InvestigateCaseRequest { request_id: id(), case_no: number(5), ..Default::default() };
    let receipt = officer.cases().investigate_case(investigate).await.unwrap().into_inner().receipt;
    let open = v1::ListCasesRequest {
        state: CaseState::Investigating.into(),
        at_least: position(receipt.as_ref()),
        ..Default::default()
    };
    assert_eq!(listed(&officer, open).await, [number(5)]);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query() {
    let world = World::start().await;
    let at_least = nine_cases(&world).await;
    let officer = world.officer();
    let request = v1::ListCasesRequest { page_size: 2, at_least, ..Default::default() };
    let token = officer.cases().list_cases(request.clone()).await.unwrap().into_inner().next_page_token;
    let other = v1::ListCasesRequest { category_prefix: "0503".into(), page_token: token, ..request.clone() };
    assert_eq!(refused(officer.cases().list_cases(other).await), no(Code::InvalidArgument, "GE-006"));
    let bad = v1::ListCasesRequest { page_token: "zz".into(), ..request };
    assert_eq!(refused(officer.cases().list_cases(bad).await), no(Code::InvalidArgument, "GE-006"));
}

#[tokio::test]
async fn everybody_sees_their_subtree_and_headquarters_and_auditors_all() {
    let world = World::start().await;
    let at_least = nine_cases(&world).await;
    let of =
        |org_unit: &str| v1::ListCasesRequest { org_unit: org_unit.into(), at_least, ..Default::default() };
    assert_eq!(listed(&world.chief(), of("")).await.len(), 9, "the bureau's own subtree");
    assert_eq!(listed(&world.chief(), of(NEIGHBOUR)).await.len(), 0);
    let refusal = refused(world.chief().cases().list_cases(of(ELSEWHERE)).await);
    assert_eq!(refusal, no(Code::PermissionDenied, "GE-004"));
    let refusal = refused(world.chief().cases().list_cases(of("999999999999")).await);
    assert_eq!(refusal, no(Code::InvalidArgument, "CB-001"));
    for role in ["hq", "auditor"] {
        let reader = world.caller("reader", ELSEWHERE, &[role]);
        assert_eq!(listed(&reader, of(STATION)).await.len(), 9, "{role}");
        assert_eq!(reader.case(&number(1), 0).await.case_no, number(1));
    }
}

#[tokio::test]
async fn a_position_that_does_not_come_is_said_not_awaited_for_ever() {
    let world = World::start().await;
    let request = v1::GetCaseRequest { case_no: number(1), at_least: 1_000_000 };
    assert_eq!(refused(world.officer().cases().get_case(request).await), no(Code::Unavailable, "NOT-YET"));
}
