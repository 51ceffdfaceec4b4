//! Drafts from a file: the API's own request in ProtoJSON.

use super::super::fields;
use super::{Context, Verdict, What};
use crate::args::Service;
use crate::fault::Fault;
use crate::render;
use serde_json::json;
use std::path::Path;
use xiaoan_proto::antifraud::v1 as pb;

pub(super) async fn draft(context: &Context, what: What, file: &Path) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (order_id, receipt) = match what {
        What::Stop => {
            let request: pb::DraftStopRequest = fields::read_file(context, file)?;
            let send = async |r| clients.stop().draft_stop(r).await;
            let answer = clients.call(Service::Antifraud, request, send).await?;
            (answer.order_id, answer.receipt)
        }
        What::Freeze => {
            let request: pb::DraftFreezeRequest = fields::read_file(context, file)?;
            let send = async |r| clients.freeze().draft_freeze(r).await;
            let answer = clients.call(Service::Antifraud, request, send).await?;
            (answer.order_id, answer.receipt)
        }
        What::Return => {
            let request: pb::ProposeReturnRequest = fields::read_file(context, file)?;
            let send = async |r| clients.return_order().propose_return(r).await;
            let answer = clients.call(Service::Antifraud, request, send).await?;
            (answer.order_id, answer.receipt)
        }
    };
    let receipt = receipt.unwrap_or_default();
    let document = json!({ "orderId": order_id, "receipt": render::message_json(&receipt) });
    match context.output() {
        crate::args::Output::Json => render::out(&format!("{document:#}\n"))?,
        crate::args::Output::Table | crate::args::Output::Csv => render::out(&format!("{order_id}\n"))?,
    }
    Ok(Verdict::Done)
}
