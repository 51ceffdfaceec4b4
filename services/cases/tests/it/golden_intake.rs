//! Stored forms of the events of intake: alerts under way, reports, audits, breaches. As in `golden.rs`, the bytes are fixed in
//! `tests/golden/` and no switch rewrites them. In a golden event here every text says its field's name and every number
//! follows from it, so that a field whose number was changed or given to another is noticed.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_cases::alert::AlertEvent;
use xiaoan_cases::audit::AuditEvent;
use xiaoan_cases::deadline::DeadlineEvent;
use xiaoan_cases::report::ReportEvent;
use xiaoan_kernel::EventSet;

/// Events of alerts that have a hand-made golden form in `golden.rs`.
const BY_HAND: [&str; 3] = ["AlertReceived", "AlertDisposed", "AlertMarkedDuplicate"];
/// Files of the language whose events are checked here.
const PROTOS: [&str; 4] = ["alert.proto", "report_commands.proto", "audit.proto", "deadline.proto"];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// Names of the events, by the comment in their proto.
fn events() -> BTreeSet<String> {
    let protos = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/xiaoan/cases/v1"));
    let mut names = BTreeSet::new();
    for file in PROTOS {
        let text = std::fs::read_to_string(protos.join(file)).expect("a proto");
        for part in text.split("// Event:").skip(1) {
            let name =
                part.split_once("message ").and_then(|(_, rest)| rest.split_once(' ')).expect("a message").0;
            names.insert(name.to_owned());
        }
    }
    names.into_iter().filter(|name| !BY_HAND.contains(&name.as_str())).collect()
}

/// What a field holds in a golden event.
fn value(field: &FieldDescriptor) -> Value {
    let number: u32 = field.name().bytes().map(u32::from).sum();
    let small = i32::try_from(number).expect("small");
    match field.kind() {
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes(field.name().as_bytes().to_vec().into()),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(small),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(small.into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number.into()),
        Kind::Float | Kind::Double => panic!("no event has floats"),
        Kind::Enum(e) => Value::EnumNumber(e.values().map(|v| v.number()).max().expect("values")),
        Kind::Message(message) => Value::Message(full(&message)),
    }
}

fn full(descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let one = value(&field);
        let list = field.cardinality() == Cardinality::Repeated;
        message.set_field(&field, if list { Value::List(vec![one]) } else { one });
    }
    message
}

/// Every field that is there holds what its name says.
fn check(message: &DynamicMessage) {
    assert_eq!(message.unknown_fields().count(), 0, "{} lost a field", message.descriptor().full_name());
    for (field, found) in message.fields() {
        let found = match found {
            Value::List(list) => list.first().expect("one").clone(),
            other => other.clone(),
        };
        match &found {
            Value::Message(inner) => check(inner),
            Value::EnumNumber(number) => assert!(*number > 0, "{}", field.full_name()),
            other => assert_eq!(*other, value(&field), "{}", field.full_name()),
        }
    }
}

/// The event as its aggregate reads and writes it.
fn again(name: &str, bytes: &[u8]) -> Vec<u8> {
    fn by<E: EventSet>(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        E::decode(name, bytes).ok().map(|event| event.encode())
    }
    by::<AlertEvent>(name, bytes)
        .or_else(|| by::<ReportEvent>(name, bytes))
        .or_else(|| by::<AuditEvent>(name, bytes))
        .or_else(|| by::<DeadlineEvent>(name, bytes))
        .unwrap_or_else(|| panic!("{name} is an event of no aggregate"))
}

#[test]
fn the_stored_form_of_every_event_of_intake_never_changes() {
    let events = events();
    assert_eq!(events.len(), 27, "a new event needs its golden file and its arm in an aggregate");
    let mut missing = Vec::new();
    for event in &events {
        let name = format!("xiaoan.cases.v1.{event}");
        let file = folder().join(format!("{name}.hex"));
        let descriptor = xiaoan_proto::descriptor_pool().get_message_by_name(&name).expect("a message");
        let Ok(golden) = std::fs::read_to_string(&file) else {
            let bytes = hex::encode(prost::Message::encode_to_vec(&full(&descriptor)));
            missing.push(format!("{}: {bytes}", file.display()));
            continue;
        };
        let bytes = hex::decode(golden.trim()).expect("hex");
        check(&DynamicMessage::decode(descriptor, bytes.as_slice()).expect("readable"));
        let again = hex::encode(again(&name, &bytes));
        assert_eq!(again, golden.trim(), "the stored form of {name} has changed");
    }
    assert!(missing.is_empty(), "new events need their golden files:\n{}", missing.join("\n"));
}
