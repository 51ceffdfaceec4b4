//! Drafts from a file: the API's own request in ProtoJSON.

use super::{Context, Verdict, What, fresh};
use crate::args::Service;
use crate::fault::Fault;
use crate::render;
use prost::{Message, Name};
use prost_reflect::{DeserializeOptions, DynamicMessage};
use serde_json::json;
use std::io::Read;
use std::path::Path;
use xiaoan_proto::antifraud::v1 as pb;

pub(super) async fn draft(context: &Context, what: What, file: &Path) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (order_id, receipt) = match what {
        What::Stop => {
            let mut request: pb::DraftStopRequest = read(file)?;
            give_id(&mut request.request_id);
            let send = async |r| clients.stop().draft_stop(r).await;
            let answer = clients.call(Service::Antifraud, request, send).await?;
            (answer.order_id, answer.receipt)
        }
        What::Freeze => {
            let mut request: pb::DraftFreezeRequest = read(file)?;
            give_id(&mut request.request_id);
            let send = async |r| clients.freeze().draft_freeze(r).await;
            let answer = clients.call(Service::Antifraud, request, send).await?;
            (answer.order_id, answer.receipt)
        }
        What::Return => {
            let mut request: pb::ProposeReturnRequest = read(file)?;
            give_id(&mut request.request_id);
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

fn give_id(request_id: &mut String) {
    if request_id.is_empty() {
        *request_id = fresh();
    }
}

/// A request in a file; a mistake is named by its place, never by what stands there: it may be a person's.
fn read<M: Message + Name + Default>(file: &Path) -> Result<M, Fault> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|e| Fault::Failed(format!("stdin: {e}")))?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|e| Fault::file(file, &e))?
    };
    parse(&text).map_err(|why| Fault::Usage(format!("{}: {why}", file.display())))
}

fn parse<M: Message + Name + Default>(text: &str) -> Result<M, String> {
    let descriptor = xiaoan_proto::descriptor_pool()
        .get_message_by_name(&M::full_name())
        .ok_or_else(|| format!("no message {}", M::full_name()))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options)
        .map_err(|e| format!("no {} at line {}, column {}", M::NAME, e.line(), e.column()))?;
    json.end().map_err(|e| format!("more than one document, at line {}", e.line()))?;
    M::decode(message.encode_to_vec().as_slice()).map_err(|_| format!("no {}", M::NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_the_apis_request_in_json() {
        let text = r#"{ "orgUnit": "371102010000",
            "account": { "memberUnit": "bank-01", "accountClass": "ACCOUNT_CLASS_PERSON",
                         "holder": { "name": "演示甲", "idNumber": "6222" } },
            "transfer": { "amountFen": "5000000", "transferredAt": "2026-03-01T01:00:00Z" } }"#;
        let request: pb::DraftStopRequest = parse(text).unwrap();
        assert_eq!(request.transfer.unwrap().amount_fen, 5_000_000);
        assert_eq!(request.account.unwrap().holder.unwrap().id_number, "6222");
    }

    #[test]
    fn a_mistake_is_named_by_its_place_and_not_by_what_stands_there() {
        let why = parse::<pb::DraftStopRequest>("{\n \"orgUnit\": 7, \"holder\": \"演示乙\" }").unwrap_err();
        assert!(why.contains("line 2") && !why.contains("演示乙"), "{why}");
        assert!(parse::<pb::DraftStopRequest>("{} {}").is_err());
        assert!(parse::<pb::DraftStopRequest>(r#"{ "nosuch": 1 }"#).is_err());
    }
}
