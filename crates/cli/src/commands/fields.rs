//! A command's fields as JSON (the API's own request in ProtoJSON): on the command line, in a file (`@FILE`) or on stdin (`-`); and
//! `do WORD FIELDS` for commands that are too rare for flags of their own.
//!
//! Rule: what names a person never stands on the command line, which everybody on the machine may see; and a mistake in it is named
//! by its place, never by what stands there.

use super::Context;
use crate::fault::Fault;
use clap::Args;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// A command with its fields.
#[derive(Debug, Clone, Args)]
pub struct Act {
    /// The command's word, for example issue-directive; a word that is none lists them
    pub command: String,
    /// Its fields as JSON (names as in --output json), @FILE, or - for stdin; requestId is given when it is missing
    #[arg(default_value = "{}")]
    pub fields: String,
}

/// The message that an argument says: JSON, `@FILE` or `-`.
///
/// # Errors
/// When it cannot be read, is no such message, or names a person in the argument itself.
pub fn read<M: Message + Name + Default>(context: &Context, fields: &str) -> Result<M, Fault> {
    match (fields, fields.strip_prefix('@')) {
        ("-", _) => read_file(context, Path::new("-")),
        (_, Some(file)) => read_file(context, Path::new(file)),
        (text, None) => {
            let descriptor = descriptor::<M>().map_err(Fault::Usage)?;
            if holds_persons(&descriptor) {
                return Err(Fault::Usage(format!(
                    "{} {}",
                    M::NAME,
                    context.say(
                        "含个人信息，不得写在命令行上：请写入文件用 @FILE，或用 - 从标准输入读取",
                        "holds personal data, which does not belong on the command line: give @FILE, or - for stdin"
                    )
                )));
            }
            let said = parse(text, || context.request_id());
            said.map_err(|why| Fault::Usage(format!("the fields of {}: {why}", M::NAME)))
        }
    }
}

/// The message in a file; `-` = stdin.
///
/// # Errors
/// When it cannot be read or is no such message.
pub fn read_file<M: Message + Name + Default>(context: &Context, file: &Path) -> Result<M, Fault> {
    let text = read_text(file)?;
    parse(&text, || context.request_id()).map_err(|why| Fault::Usage(format!("{}: {why}", file.display())))
}

/// What a file holds; `-` = stdin.
///
/// # Errors
/// When it cannot be read.
pub fn read_text(file: &Path) -> Result<String, Fault> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file).map_err(|e| Fault::file(file, &e));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|e| Fault::Failed(format!("stdin: {e}")))?;
    Ok(text)
}

/// A message in JSON; one that has a request id and says none is given one.
///
/// # Errors
/// Why it is no such message.
pub fn parse<M: Message + Name + Default>(
    text: &str,
    request_id: impl FnOnce() -> String,
) -> Result<M, String> {
    let descriptor = descriptor::<M>()?;
    let private = holds_persons(&descriptor);
    let wrong = |e: serde_json::Error| match private {
        true => format!("no {} at line {}, column {}", M::NAME, e.line(), e.column()),
        false => e.to_string(),
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let mut message = DynamicMessage::deserialize(descriptor, &mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    if let Some(field) = message.descriptor().get_field_by_name("request_id")
        && !message.has_field(&field)
    {
        message.set_field(&field, Value::String(request_id()));
    }
    message.transcode_to().map_err(|_| format!("no {}", M::NAME))
}

fn descriptor<M: Name>() -> Result<MessageDescriptor, String> {
    let known = xiaoan_proto::descriptor_pool().get_message_by_name(&M::full_name());
    known.ok_or_else(|| format!("this program knows no {}", M::full_name()))
}

/// Whether there is a person in a message, however deep.
fn holds_persons(message: &MessageDescriptor) -> bool {
    fn within(message: &MessageDescriptor, seen: &mut BTreeSet<String>) -> bool {
        message.full_name() == "xiaoan.core.v1.PersonInput"
            || seen.insert(message.full_name().to_owned())
                && message.fields().any(|field| field.kind().as_message().is_some_and(|m| within(m, seen)))
    }
    within(message, &mut BTreeSet::new())
}

/// Makes a function that sends a command of a service by its word: `acts! { Service module: name { "word" => client.rpc(Request), } }`.
macro_rules! acts {
    (
        $service:ident $pb:ident:
        $(#[$meta:meta])* $name:ident { $($word:literal => $client:ident.$method:ident($request:ident),)+ }
    ) => {
        $(#[$meta])*
        pub async fn $name(
            context: &$crate::commands::Context,
            act: &$crate::commands::fields::Act,
        ) -> Result<$crate::commands::Verdict, $crate::fault::Fault> {
            let clients = context.clients()?;
            let receipt = match act.command.as_str() {
                $($word => {
                    let request: $pb::$request = $crate::commands::fields::read(context, &act.fields)?;
                    $crate::connect::call!($service, clients.$client().$method(request)).receipt
                })+
                other => {
                    let words = [$($word),+].join(", ");
                    let why = context.say("没有这个命令，可用的有", "there is no such command; there are");
                    return Err($crate::fault::Fault::Usage(format!("{other:?}: {why} {words}")));
                }
            };
            $crate::commands::listing::show_accepted(context, receipt)
        }
    };
}
pub(crate) use acts;

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_proto::{antifraud, cases, volunteers};

    fn read<M: Message + Name + Default>(text: &str) -> Result<M, String> {
        parse(text, || "given".to_owned())
    }

    #[test]
    fn fields_are_the_names_of_the_json_that_lists_print() {
        use cases::v1::IssueDirectiveRequest;
        let fields = r#"{"taskForceId": "tf-1", "day": {"year": 2026, "month": 10, "day": 1}, "alerts": 9}"#;
        let said: IssueDirectiveRequest = read(fields).unwrap();
        assert_eq!((said.task_force_id.as_str(), said.alerts), ("tf-1", 9));
        assert_eq!(said.request_id, "given");
        let kept: IssueDirectiveRequest = read(r#"{"requestId": "r"}"#).unwrap();
        assert_eq!(kept.request_id, "r");
        for wrong in [r#"{"colour": "red"}"#, "[]", "{", "{} {}"] {
            assert!(read::<IssueDirectiveRequest>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_has_no_request_id_is_read_as_well_and_what_is_wrong_in_it_is_said() {
        let rule: volunteers::v1::PatrolRule = read(
            r#"{"ruleId": "standard", "minRestMinutes": 480, "effectiveOn": {"year": 2026, "month": 6, "day": 1},
                "slots": [{"role": "volunteer", "nameZh": "义警", "nameEn": "volunteers", "min": 1}]}"#,
        )
        .unwrap();
        assert_eq!((rule.min_rest_minutes, rule.slots[0].min), (480, 1));
        assert!(read::<volunteers::v1::PatrolRule>(r#"{"colour": "red"}"#).unwrap_err().contains("colour"));
    }

    #[test]
    fn a_draft_is_the_apis_request_and_a_mistake_in_it_is_named_by_its_place() {
        use antifraud::v1::DraftStopRequest;
        let text = r#"{ "orgUnit": "371102010000",
            "account": { "memberUnit": "bank-01", "accountClass": "ACCOUNT_CLASS_PERSON",
                         "holder": { "name": "演示甲", "idNumber": "6222" } },
            "transfer": { "amountFen": "5000000", "transferredAt": "2026-03-01T01:00:00Z" } }"#;
        let request: DraftStopRequest = read(text).unwrap();
        assert_eq!(request.transfer.unwrap().amount_fen, 5_000_000);
        assert_eq!(request.account.unwrap().holder.unwrap().id_number, "6222");
        let why = read::<DraftStopRequest>("{\n \"orgUnit\": 7, \"holder\": \"演示乙\" }").unwrap_err();
        assert!(why.contains("line 2") && !why.contains("演示乙"), "{why}");
        assert!(read::<DraftStopRequest>("{} {}").is_err());
        assert!(read::<DraftStopRequest>(r#"{ "nosuch": 1 }"#).is_err());
    }

    #[test]
    fn a_person_is_found_however_deep_it_lies() {
        let holds =
            |name: &str| holds_persons(&xiaoan_proto::descriptor_pool().get_message_by_name(name).unwrap());
        assert!(holds("xiaoan.volunteers.v1.ReceiveApplicationRequest"));
        assert!(holds("xiaoan.port.v1.ReportAccidentRequest"), "of a party");
        assert!(!holds("xiaoan.cases.v1.IssueDirectiveRequest"));
    }
}
