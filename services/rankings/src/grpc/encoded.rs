//! `GetStandings` without making the message again: the bytes of standings are made once, when they are evaluated, and every
//! caller is sent the same ones. All other calls go to the generated server.

use super::Rankings;
use crate::reader::Standings;
use bytes::BufMut;
use prost::Message;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use xiaoan_proto::rankings::v1::GetStandingsRequest;
use xiaoan_proto::rankings::v1::rankings_service_server::RankingsServiceServer;

const GET_STANDINGS: &str = "/xiaoan.rankings.v1.RankingsService/GetStandings";

/// The gRPC service of rankings.
#[derive(Debug, Clone)]
pub struct RankingsServer {
    rankings: Rankings,
    generated: RankingsServiceServer<Rankings>,
}

impl RankingsServer {
    pub(super) fn new(rankings: Rankings) -> Self {
        Self { generated: RankingsServiceServer::new(rankings.clone()), rankings }
    }
}

impl NamedService for RankingsServer {
    const NAME: &'static str = <RankingsServiceServer<Rankings> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for RankingsServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.generated, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != GET_STANDINGS {
            return self.generated.call(request);
        }
        let method = GetStandings(self.rankings.clone());
        Box::pin(async move { Ok(Grpc::new(AsEncoded).unary(method, request).await) })
    }
}

struct GetStandings(Rankings);

impl UnaryService<GetStandingsRequest> for GetStandings {
    type Response = Arc<Standings>;
    type Future = BoxFuture<Response<Arc<Standings>>, Status>;

    fn call(&mut self, request: Request<GetStandingsRequest>) -> Self::Future {
        let rankings = self.0.clone();
        Box::pin(async move { rankings.find_standings(request).await.map(Response::new) })
    }
}

/// The codec of the call.
struct AsEncoded;

impl Codec for AsEncoded {
    type Encode = Arc<Standings>;
    type Decode = GetStandingsRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsEncoded {
    type Item = Arc<Standings>;
    type Error = Status;

    fn encode(&mut self, standings: Arc<Standings>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let bytes = standings.encoded();
        buffer.reserve(bytes.len());
        buffer.put(bytes);
        Ok(())
    }
}

impl Decoder for AsEncoded {
    type Item = GetStandingsRequest;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<GetStandingsRequest>, Status> {
        // As the generated codec says it.
        GetStandingsRequest::decode(buffer).map(Some).map_err(|e| Status::internal(e.to_string()))
    }
}
