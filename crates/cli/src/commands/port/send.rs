//! `xiaoan port send`: records of a port dispatch system, out of a file, on the stream that machines use. What is taken already is
//! not sent again, so a file that broke off is simply sent again.

use super::super::{Context, Verdict, fields};
use crate::args::Service;
use crate::fault::Fault;
use crate::render::{self, Align, Sheet, message_json};
use serde_json::json;
use std::path::Path;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use xiaoan_proto::port::v1 as pb;
use xiaoan_proto::port::v1::take_records_request::Part as Said;
use xiaoan_proto::port::v1::take_records_response::Part as Told;

/// Records on their way at once.
const AHEAD: usize = 64;

/// The records of a file, one JSON document a line; empty lines are passed over.
fn records(text: &str) -> Result<Vec<pb::SystemRecord>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(n, line): (usize, &str)| {
        fields::parse::<pb::SystemRecord>(line, String::new).map_err(|why| format!("line {n}: {why}"))
    };
    lines.map(read).collect()
}

pub async fn send(context: &Context, file: &Path, software: String) -> Result<Verdict, Fault> {
    let text = fields::read_text(file)?;
    let records = records(&text).map_err(|why| Fault::Usage(format!("{}: {why}", file.display())))?;
    let clients = context.clients()?;
    let fault = |status| clients.fault(Service::Port, status);
    let (to_port, said) = mpsc::channel(AHEAD);
    let request = clients.request_without_deadline(ReceiverStream::new(said))?;
    // The channel has room for the opening before anybody reads it.
    let opening = pb::TakeRecordsRequest { part: Some(Said::Opening(pb::Opening { software })) };
    let _ = to_port.send(opening).await;
    let mut told = clients.intake().take_records(request).await.map_err(fault)?.into_inner();
    let first = told.message().await.map_err(fault)?.and_then(|told| told.part);
    let Some(Told::Opened(opened)) = first else {
        return Err(Fault::Failed(context.say("服务没有应答开始", "the service did not open").to_owned()));
    };
    let total = records.len();
    let new: Vec<_> = records.into_iter().filter(|r| r.sequence > opened.last_sequence).collect();
    let sent = new.len();
    let sending = tokio::spawn(async move {
        for record in new {
            let part = Some(Said::Record(record));
            // Nobody listens any more: what the service said about it is read below.
            if to_port.send(pb::TakeRecordsRequest { part }).await.is_err() {
                return;
            }
        }
    });
    let (mut last_sequence, mut position, mut refused) = (opened.last_sequence, 0, Vec::new());
    while let Some(message) = told.message().await.map_err(fault)? {
        if let Some(Told::Taken(taken)) = message.part {
            last_sequence = taken.last_sequence;
            position = taken.position.max(position);
            refused.extend(taken.refused);
        }
    }
    let _ = sending.await;
    let mut sheet = Sheet::new(&[
        (context.say("序号", "sequence"), Align::Right),
        (context.say("记录", "record"), Align::Left),
        (context.say("代码", "code"), Align::Left),
        (context.say("说明", "why"), Align::Left),
    ]);
    for record in &refused {
        for finding in &record.findings {
            sheet.row(vec![
                record.sequence.to_string().into(),
                record.record_id.as_str().into(),
                finding.code.as_str().into(),
                context.say(&finding.message_zh, &finding.message_en).as_str().into(),
            ]);
        }
    }
    let note = format!(
        " {}: {} {total} · {} {sent} · {} {} · {} {last_sequence}",
        opened.system_id,
        context.say("文件", "in the file"),
        context.say("发送", "sent"),
        context.say("拒绝", "refused"),
        refused.len(),
        context.say("已收至", "taken up to"),
    );
    let document = json!({
        "systemId": opened.system_id, "records": total, "sent": sent, "lastSequence": last_sequence,
        "position": position, "refused": refused.iter().map(message_json).collect::<Vec<_>>(),
    });
    render::print(context, &sheet, &document, &note)?;
    Ok(if refused.is_empty() { Verdict::Done } else { Verdict::SomeRejected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_record_and_a_wrong_one_is_named() {
        let good =
            r#"{"sequence": "1", "recordId": "r1", "orgUnit": "371190010000", "freight": {"vehicles": "3"}}"#;
        assert_eq!(records(&format!("{good}\n\n")).unwrap()[0].sequence, 1);
        assert!(records(&format!("{good}\n{{\"colour\": 1}}\n")).unwrap_err().starts_with("line 2: "));
    }
}
