//! Bulletins over the wire: what they say, that they are issued once, and what an edition keeps.

use crate::closings::BOARD;
use crate::house::{CITY, House, STATION, fresh, receipt, refused};
use time::macros::{date, datetime};
use tonic::Code;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::bulletin_service_client::BulletinServiceClient;
use xiaoan_proto::hq::v1::{BulletinContents, BulletinFile, BulletinTypeface, Post, SupervisionLevel};
use xiaoan_rpc::client::AuthenticatedChannel;

impl House {
    fn bulletins(&self) -> BulletinServiceClient<AuthenticatedChannel> {
        BulletinServiceClient::new(self.caller(&["hq"]))
    }
    async fn contents(&self) -> hq::GetBulletinContentsResponse {
        let request = hq::GetBulletinContentsRequest { closing_id: june(), at_least: 0 };
        self.bulletins().get_bulletin_contents(request).await.expect("contents").into_inner()
    }
}

fn june() -> String {
    format!("{BOARD}-2026-06")
}

fn issue(contents: Option<BulletinContents>) -> hq::IssueBulletinRequest {
    hq::IssueBulletinRequest {
        request_id: fresh(),
        contents,
        issued_on: Some(date!(2026 - 10 - 12).into()),
        template: "gbt9704-1".into(),
        pdf: Some(BulletinFile { sha256: vec![1; 32], bytes: 60_000 }),
        spreadsheet: Some(BulletinFile { sha256: vec![2; 32], bytes: 9_000 }),
        typefaces: vec![BulletinTypeface { name: "FandolFang-Regular.otf".into(), sha256: vec![3; 32] }],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cp011_a_bulletin_says_what_hq_knows_and_is_issued_once() {
    let house = House::with_units_at(datetime!(2026-10-12 09:00 +8)).await;
    let nothing = hq::GetBulletinContentsRequest { closing_id: june(), at_least: 0 };
    let answer = house.bulletins().get_bulletin_contents(nothing).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "CP-001".into()));
    house.record(crate::closings::below("2026-06")).await;

    let before = house.contents().await;
    assert_eq!((before.edition, before.issued), (1, false));
    let composed = before.contents.expect("contents");
    assert_eq!((composed.issuer.as_str(), composed.correction), (CITY, 0));
    assert!(composed.notices.is_empty(), "no notice, so nobody is named");

    let notice = hq::IssueNoticeRequest {
        request_id: fresh(),
        closing_id: june(),
        org_unit: STATION.into(),
        issued_on: None,
    };
    house.notices().issue_notice(notice).await.expect("a notice");
    let stale = house.bulletins().issue_bulletin(issue(Some(composed))).await;
    assert_eq!(refused(stale), (Code::FailedPrecondition, "BULLETIN-STALE".into()));

    let composed = house.contents().await.contents.expect("contents");
    let named: Vec<_> = composed.notices.iter().map(|n| (n.org_unit.as_str(), n.numerator)).collect();
    assert_eq!(named, [(STATION, 7)]);
    let units: Vec<_> = composed.units.iter().map(|u| (u.org_unit.as_str(), u.name_zh.as_str())).collect();
    assert_eq!(units, [(CITY, "示例单位"), (STATION, "示例单位")]);

    let command = issue(Some(composed.clone()));
    let mut officer = BulletinServiceClient::new(house.officer(STATION));
    let denied = officer.issue_bulletin(command.clone()).await;
    assert_eq!(refused(denied), (Code::PermissionDenied, "GE-004".into()));
    let issued = house.bulletins().issue_bulletin(command.clone()).await.expect("issued").into_inner();
    assert_eq!(issued.edition, 1);
    assert!(receipt(issued.receipt).position > 0);
    let repeated = house.bulletins().issue_bulletin(command).await.expect("remembered").into_inner();
    assert!(receipt(repeated.receipt).replayed);
    let again = house.bulletins().issue_bulletin(issue(Some(composed.clone()))).await;
    assert_eq!(refused(again), (Code::FailedPrecondition, "CP-011".into()));
    let after = house.contents().await;
    assert_eq!((after.edition, after.issued), (2, true));

    // What happens later changes nothing of what was issued. Anybody may look.
    let acknowledge = hq::WaiveNoticeRequest {
        request_id: fresh(),
        notice_id: format!("{}-{STATION}", june()),
        reason: "统计口径有误".into(),
        ..Default::default()
    };
    house.notices().waive_notice(acknowledge).await.expect("waived");
    let list = hq::ListBulletinsRequest { closing_id: june() };
    let kept = officer.list_bulletins(list).await.expect("a list").into_inner().bulletins;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].contents, Some(composed));
    assert_eq!(kept[0].pdf, Some(BulletinFile { sha256: vec![1; 32], bytes: 60_000 }));
    assert!(house.contents().await.contents.is_some_and(|c| c.notices.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_cases_stand_in_it_with_the_post_that_answers() {
    use xiaoan_proto::hq::v1::supervision_service_client::SupervisionServiceClient;
    let house = House::with_units_at(datetime!(2026-06-12 09:00 +8)).await;
    let bureau = crate::house::DONGGANG;
    let list = hq::ListCaseRequest {
        request_id: fresh(),
        case_no: "A3711020100002026060001".into(),
        org_unit: STATION.into(),
        level: SupervisionLevel::City.into(),
        owner: Some(hq::CaseOwner {
            subject: "chief-1".into(),
            office: Some(hq::Officeholder { org_unit: bureau.into(), post: Post::BureauChief.into() }),
        }),
        on: None,
        due_on: Some(date!(2026 - 08 - 31).into()),
    };
    house.files("A3711020100002026060001").await;
    SupervisionServiceClient::new(house.caller(&["hq"])).list_case(list).await.expect("listed");
    house.move_to(datetime!(2026-07-02 09:00 +8));
    house.record(crate::closings::below("2026-06")).await;
    let contents = house.contents().await.contents.expect("contents");
    let found = &contents.listed_cases[0];
    assert_eq!(found.case_no, "A3711020100002026060001");
    assert_eq!(
        found.office.as_ref().map(|o| (o.org_unit.as_str(), o.post())),
        Some((bureau, Post::BureauChief))
    );
    assert!(contents.units.iter().any(|unit| unit.org_unit == bureau));
}
