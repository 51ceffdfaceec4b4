//! `CampaignService`.

use super::{Hq, decision_of_hq, question};
use crate::campaign::Campaign;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::campaign_service_server::CampaignService;
use xiaoan_rpc::{command_meta, command_status, receipt, store_status};

#[tonic::async_trait]
impl CampaignService for Hq {
    async fn open_campaign(
        &self,
        request: Request<hq::OpenCampaignRequest>,
    ) -> Result<Response<hq::OpenCampaignResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, "")?;
        let decide =
            |campaign: &Campaign, _| campaign.decide_open(&command, caller.org_unit).map(Decision::from);
        let outcome =
            self.campaigns.execute(&command.campaign_id, meta, decide).await.map_err(command_status)?;
        let receipt = Some(receipt(name(&command.campaign_id), &outcome));
        Ok(Response::new(hq::OpenCampaignResponse { receipt }))
    }

    async fn close_campaign(
        &self,
        request: Request<hq::CloseCampaignRequest>,
    ) -> Result<Response<hq::CloseCampaignResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let decide =
            |campaign: &Campaign, _| campaign.decide_close(&command, caller.org_unit).map(Decision::from);
        let outcome =
            self.campaigns.execute(&command.campaign_id, meta, decide).await.map_err(command_status)?;
        let receipt = Some(receipt(name(&command.campaign_id), &outcome));
        Ok(Response::new(hq::CloseCampaignResponse { receipt }))
    }

    async fn list_campaigns(
        &self,
        request: Request<hq::ListCampaignsRequest>,
    ) -> Result<Response<hq::ListCampaignsResponse>, Status> {
        let query = question(request)?;
        let view = self.listed_campaigns.at_least(query.at_least).await?;
        let campaigns = view.list().await.map_err(|e| store_status(&e))?;
        Ok(Response::new(hq::ListCampaignsResponse { campaigns }))
    }
}

/// Resource name.
fn name(campaign_id: &str) -> String {
    format!("campaigns/{campaign_id}")
}
