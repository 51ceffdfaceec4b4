//! What every list of resources does: asks page by page until there are enough, and prints a sheet or one document.

use super::{Context, Verdict};
use crate::fault::Fault;
use crate::render::{self, Sheet, message_json};
use serde_json::{Value, json};

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
