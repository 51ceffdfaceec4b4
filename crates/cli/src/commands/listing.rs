//! What every list of resources does: asks page by page until there are enough, and prints a sheet or one document. And how one
//! resource and an accepted command are shown.

use super::{Context, Verdict};
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, message_json};
use serde_json::{Value, json};
use xiaoan_proto::core::v1::{self as core, Receipt};

/// Resources asked for at once.
const PAGE: usize = 500;

/// Pages until there are enough; whether there are more. `limit` 0 = all.
pub async fn pages<T>(
    limit: usize,
    mut fetch: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Fault>,
) -> Result<(Vec<T>, bool), Fault> {
    let wanted = if limit == 0 { usize::MAX } else { limit };
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let size = i32::try_from(PAGE.min(wanted - found.len())).unwrap_or(i32::MAX);
        let (page, next) = fetch(size, token).await?;
        found.extend(page);
        if next.is_empty() || found.len() >= wanted {
            return Ok((found, !next.is_empty()));
        }
        token = next;
    }
}

/// The number of the enum's value that a user's word means, for example "timed-out"; 0 = any, for no word.
pub fn state<E>(word: &str, prefix: &str, named: impl Fn(&str) -> Option<E>) -> Result<i32, Fault>
where
    i32: From<E>,
{
    if word.is_empty() {
        return Ok(0);
    }
    let known = word_of(word, prefix, named).map(i32::from).filter(|number| *number != 0);
    known.ok_or_else(|| Fault::Usage(format!("{word:?} is no state of these")))
}

/// The value of an enum that a user's word means, for example "people-rescued".
pub fn word_of<E>(word: &str, prefix: &str, named: impl Fn(&str) -> Option<E>) -> Option<E> {
    named(&format!("{prefix}{}", word.to_ascii_uppercase().replace(['-', ' '], "_")))
}

/// Messages as JSON documents.
pub fn documents<M: prost::Message + prost::Name>(messages: &[M]) -> Vec<Value> {
    messages.iter().map(message_json).collect()
}

/// Prints a list, and says when there was nothing or when there is more.
pub fn show_list(
    context: &Context,
    sheet: &Sheet,
    name: &str,
    documents: &[Value],
    more: bool,
) -> Result<Verdict, Fault> {
    let note = match (documents.is_empty(), more) {
        (true, _) => context.say(" 没有符合条件的记录", " nothing of the kind").to_owned(),
        (_, true) => format!(
            "\n {}",
            context.say("还有更多：--limit 0 列出全部", "there are more: --limit 0 lists all")
        ),
        _ => String::new(),
    };
    render::print(context, sheet, &json!({ name: documents, "more": more }), &note)?;
    Ok(Verdict::Done)
}

/// Prints one resource: a line for each field that is set.
pub fn show_one(context: &Context, document: &Value) -> Result<Verdict, Fault> {
    let mut sheet = Sheet::new(&[
        (context.say("项目", "item"), Align::Left),
        (context.say("内容", "value"), Align::Left),
    ]);
    for (name, value) in document.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        sheet.row(vec![name.as_str().into(), Field::from(text)]);
    }
    render::print(context, &sheet, document, "")?;
    Ok(Verdict::Done)
}

/// What an answer says beside its receipt: titles in both languages, name in JSON, value.
pub struct Beside<'a>(pub &'a str, pub &'a str, pub &'a str, pub Value);

/// Prints what became of a command.
pub fn show_accepted(context: &Context, receipt: Option<Receipt>) -> Result<Verdict, Fault> {
    show_accepted_with(context, receipt, &[])
}

/// Prints what became of a command, with what its answer says beside the receipt.
pub fn show_accepted_with(
    context: &Context,
    receipt: Option<Receipt>,
    beside: &[Beside<'_>],
) -> Result<Verdict, Fault> {
    let receipt = receipt.unwrap_or_default();
    let mut columns = vec![
        (context.say("资源", "resource"), Align::Left),
        (context.say("版本", "version"), Align::Right),
        (context.say("位置", "position"), Align::Right),
    ];
    let mut cells: Vec<Field> =
        vec![receipt.name.as_str().into(), receipt.etag.as_str().into(), receipt.position.to_string().into()];
    let mut document = json!({
        "name": receipt.name, "etag": receipt.etag, "position": receipt.position, "replayed": receipt.replayed,
    });
    for Beside(zh, en, name, value) in beside {
        columns.push((context.say(*zh, *en), Align::Right));
        cells.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned).into());
        document[*name] = value.clone();
    }
    let mut sheet = Sheet::new(&columns);
    sheet.row(cells);
    let note = context.say(" 此前已受理过，未再执行", " accepted before; not done again");
    render::print(context, &sheet, &document, if receipt.replayed { note } else { "" })?;
    Ok(Verdict::Done)
}

/// One event of a history, whichever service tells it.
pub struct Told {
    /// Position in the service's log.
    pub position: i64,
    /// Version of the resource after it.
    pub version: i64,
    /// Full type name.
    pub r#type: String,
    /// Day on which it counts.
    pub occurred_on: Option<core::Date>,
    /// When it was recorded.
    pub recorded_at: Option<prost_types::Timestamp>,
    /// Who did it.
    pub actor: String,
    /// The event in JSON.
    pub event_json: String,
    /// Hash of the chain after it.
    pub hash: Vec<u8>,
}

macro_rules! told {
    ($($entry:ty),+) => {$(
        impl From<$entry> for Told {
            fn from(e: $entry) -> Self {
                Self {
                    position: e.position,
                    version: e.version,
                    r#type: e.r#type,
                    occurred_on: e.occurred_on,
                    recorded_at: e.recorded_at,
                    actor: e.actor,
                    event_json: e.event_json,
                    hash: e.hash,
                }
            }
        }
    )+};
}
told!(
    xiaoan_proto::antifraud::v1::HistoryEntry,
    xiaoan_proto::cases::v1::CaseHistoryEntry,
    xiaoan_proto::port::v1::HistoryEntry,
    xiaoan_proto::volunteers::v1::HistoryEntry
);

/// Prints what happened to a resource, oldest first.
pub fn show_history(
    context: &Context,
    entries: impl IntoIterator<Item = impl Into<Told>>,
) -> Result<Verdict, Fault> {
    let mut sheet = Sheet::new(&[
        (context.say("版本", "version"), Align::Right),
        (context.say("事件", "event"), Align::Left),
        (context.say("发生日", "day"), Align::Left),
        (context.say("记录人", "actor"), Align::Left),
        (context.say("记录时间", "recorded at"), Align::Left),
        (context.say("位置", "position"), Align::Right),
        (context.say("哈希", "hash"), Align::Left),
    ])
    .may_drop(5, 1)
    .may_drop(6, 2);
    let mut documents = Vec::new();
    for entry in entries {
        let entry: Told = entry.into();
        sheet.row(vec![
            entry.version.to_string().into(),
            entry.r#type.rsplit('.').next().unwrap_or_default().into(),
            show_day(entry.occurred_on).into(),
            entry.actor.as_str().into(),
            show_instant(entry.recorded_at.as_ref()).into(),
            entry.position.to_string().into(),
            hex::encode(entry.hash.get(..6).unwrap_or_default()).into(),
        ]);
        documents.push(json!({
            "position": entry.position, "version": entry.version, "type": entry.r#type,
            "occurredOn": show_day(entry.occurred_on), "recordedAt": rfc3339(entry.recorded_at.as_ref()),
            "actor": entry.actor, "hash": hex::encode(&entry.hash),
            "event": serde_json::from_str::<Value>(&entry.event_json).unwrap_or(Value::Null),
        }));
    }
    render::print(context, &sheet, &json!({ "entries": documents }), "")?;
    Ok(Verdict::Done)
}
