//! What every list of resources does: asks page by page until there are enough, and prints a sheet or one document. And how one
//! resource and an accepted command are shown.

use super::{Context, Verdict};
use crate::fault::Fault;
use crate::render::{self, Align, Field, Sheet, message_json};
use serde_json::{Value, json};
use xiaoan_proto::core::v1::Receipt;

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

/// Prints what became of a command.
pub fn show_accepted(context: &Context, receipt: Option<Receipt>) -> Result<Verdict, Fault> {
    let receipt = receipt.unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("资源", "resource"), Align::Left),
        (context.say("版本", "version"), Align::Right),
        (context.say("位置", "position"), Align::Right),
    ]);
    sheet.row(vec![
        receipt.name.as_str().into(),
        receipt.etag.as_str().into(),
        receipt.position.to_string().into(),
    ]);
    let document = json!({
        "name": receipt.name, "etag": receipt.etag, "position": receipt.position, "replayed": receipt.replayed,
    });
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}
