//! `FreightTrafficService`.

use super::queries::{Asked, Listed};
use super::sitting::OFFICERS;
use super::{Port, Target, given_id, plain, remembered};
use crate::freight::Freight;
use crate::moment::Moment;
use prost::Message;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::Aggregate;
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::freight_traffic_service_server::FreightTrafficService;
use xiaoan_rpc::receipt;

impl Port {
    fn freight_record<'t>(&'t self, id: &'t str) -> Target<'t, Freight> {
        Target { repository: &self.freight, field: "record_id", id, unit: Freight::unit, roles: OFFICERS }
    }
}

fn asked(id: &str) -> Asked<'_> {
    Asked { collection: "freight", field: "record_id", id, roles: OFFICERS }
}

#[tonic::async_trait]
impl FreightTrafficService for Port {
    async fn direct_freight_traffic(
        &self,
        request: Request<v1::DirectFreightTrafficRequest>,
    ) -> Result<Response<v1::DirectFreightTrafficResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let record_id = given_id(&m.record_id, &meta);
        let decide = |record: &Freight, at: &Moment<'_>| {
            sitting.may_write(OFFICERS, Self::unit_of(&m.org_unit))?;
            let facts = record.decide_direct(&m, &record_id, None, at)?;
            let answer = v1::DirectFreightTrafficResponse { receipt: None, record_id: record_id.clone() };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.change(&sitting, &self.freight_record(&record_id), meta, decide).await?;
        let mut answer: v1::DirectFreightTrafficResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("freight/{}", answer.record_id), &outcome));
        Ok(Response::new(answer))
    }

    async fn correct_freight_traffic(
        &self,
        request: Request<v1::CorrectFreightTrafficRequest>,
    ) -> Result<Response<v1::CorrectFreightTrafficResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let target = self.freight_record(&m.record_id);
        let outcome = self.change(&sitting, &target, meta, |r, at| plain(r.decide_correct(&m, at))).await?;
        let receipt = Some(receipt(format!("freight/{}", m.record_id), &outcome));
        Ok(Response::new(v1::CorrectFreightTrafficResponse { receipt }))
    }

    async fn get_freight_traffic(
        &self,
        request: Request<v1::GetFreightTrafficRequest>,
    ) -> Result<Response<v1::GetFreightTrafficResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let shown = self.get(&sitting, &asked(&m.record_id), m.at_least).await?;
        Ok(Response::new(v1::GetFreightTrafficResponse { record: Some(shown) }))
    }

    async fn list_freight_traffic(
        &self,
        request: Request<v1::ListFreightTrafficRequest>,
    ) -> Result<Response<v1::ListFreightTrafficResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let listed = Listed {
            org_unit: &m.org_unit,
            from: m.from,
            to: m.to,
            state: 0,
            facet: 0,
            authorised_on: None,
            page_size: m.page_size,
            page_token: &m.page_token,
            at_least: m.at_least,
            roles: OFFICERS,
        };
        let (records, next_page_token) = self.list(&sitting, &listed).await?;
        Ok(Response::new(v1::ListFreightTrafficResponse { records, next_page_token }))
    }

    async fn get_freight_traffic_history(
        &self,
        request: Request<v1::GetFreightTrafficHistoryRequest>,
    ) -> Result<Response<v1::GetFreightTrafficHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let page = (m.page_size, m.page_token.as_str());
        let (entries, next_page_token) =
            self.history(&sitting, Freight::KIND, &asked(&m.record_id), page).await?;
        Ok(Response::new(v1::GetFreightTrafficHistoryResponse { entries, next_page_token }))
    }
}
