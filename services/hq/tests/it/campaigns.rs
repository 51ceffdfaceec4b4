//! `CampaignService`, rpc by rpc.

use crate::house::{House, fresh, on, receipt, refused};
use tonic::Code;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::campaign_service_client::CampaignServiceClient;

fn open(campaign_id: &str) -> hq::OpenCampaignRequest {
    hq::OpenCampaignRequest {
        request_id: fresh(),
        campaign_id: campaign_id.into(),
        name_zh: "秋风".into(),
        name_en: "Autumn Wind".into(),
        from: on(2020, 9, 1),
        to: on(2021, 7, 10),
    }
}

fn close(campaign_id: &str, etag: &str) -> hq::CloseCampaignRequest {
    hq::CloseCampaignRequest {
        request_id: fresh(),
        campaign_id: campaign_id.into(),
        etag: etag.into(),
        closed_on: on(2021, 7, 10),
    }
}

async fn listed(house: &House, at_least: i64) -> Vec<hq::Campaign> {
    let request = hq::ListCampaignsRequest { at_least };
    house.campaigns().list_campaigns(request).await.expect("a list").into_inner().campaigns
}

#[tokio::test(flavor = "multi_thread")]
async fn a01_a_campaign_is_opened_and_closed_and_the_newest_is_listed_first() {
    let house = House::new().await;
    let mut client = house.campaigns();
    client.open_campaign(open("autumn-wind")).await.expect("opened");
    client.open_campaign(open("winter-watch")).await.expect("opened");
    let closed = client.close_campaign(close("autumn-wind", "1")).await.expect("closed").into_inner();
    let receipt = receipt(closed.receipt);
    assert_eq!((receipt.name.as_str(), receipt.etag.as_str()), ("campaigns/autumn-wind", "2"));
    let campaigns = listed(&house, receipt.position).await;
    let newest = hq::Campaign {
        campaign_id: "winter-watch".into(),
        name_zh: "秋风".into(),
        name_en: "Autumn Wind".into(),
        from: on(2020, 9, 1),
        to: on(2021, 7, 10),
        closed: false,
        etag: "1".into(),
    };
    let closed =
        hq::Campaign { campaign_id: "autumn-wind".into(), closed: true, etag: "2".into(), ..newest.clone() };
    assert_eq!(campaigns, [newest, closed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_opened_once_and_closed_once() {
    let house = House::new().await;
    let mut client = house.campaigns();
    client.open_campaign(open("autumn-wind")).await.expect("opened");
    let state = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    assert_eq!(refused(client.open_campaign(open("autumn-wind")).await), state("CAMPAIGN-EXISTS"));
    client.close_campaign(close("autumn-wind", "")).await.expect("closed");
    assert_eq!(refused(client.close_campaign(close("autumn-wind", "")).await), state("CAMPAIGN-NOT-OPEN"));
    let unknown = client.close_campaign(close("spring-clean", "")).await;
    assert_eq!(refused(unknown), (Code::NotFound, "CAMPAIGN-UNKNOWN".into()));
    let stale = client.close_campaign(close("autumn-wind", "1")).await;
    assert_eq!(refused(stale), (Code::Aborted, "GE-001".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_headquarters_opens_campaigns() {
    let house = House::new().await;
    for roles in [&["officer"][..], &["hq", "auditor"]] {
        let mut client = CampaignServiceClient::new(house.caller(roles));
        let answer = client.open_campaign(open("autumn-wind")).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()));
    }
    assert_eq!(listed(&house, 0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_wants_a_position_of_the_future_is_told_to_come_back() {
    let house = House::new().await;
    let answer = house.campaigns().list_campaigns(hq::ListCampaignsRequest { at_least: 99 }).await;
    assert_eq!(refused(answer), (Code::Unavailable, "NOT-YET".into()));
}
