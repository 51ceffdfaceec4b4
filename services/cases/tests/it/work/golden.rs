//! Events are stored for ever: the bytes of every event of the work on cases, with every field set, are fixed in
//! `tests/golden-work/`. There is no switch that rewrites the files.
//!
//! In a golden event every text says its field's name and every number follows from it, so that a field whose number was changed
//! or given to another is noticed. Fields added later are absent in the old bytes, and must be.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_cases::work::{
    CleanupEvent, DenEvent, ExhibitEvent, LookupEvent, MajorCaseEvent, ReverseReviewEvent, TaskForceEvent,
};
use xiaoan_kernel::EventSet;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden-work"))
}

/// Files of the language that say the work on cases.
const PROTOS: [&str; 7] =
    ["task_force", "cleanup", "reverse_review", "major_case", "den", "exhibit", "lookup"];

/// Every event of the work on cases, by the comment in its proto.
fn events() -> BTreeSet<String> {
    let protos = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/xiaoan/cases/v1"));
    let mut names = BTreeSet::new();
    for proto in PROTOS {
        let text = std::fs::read_to_string(protos.join(format!("{proto}.proto"))).expect("a proto");
        for part in text.split("// Event:").skip(1) {
            let name =
                part.split_once("message ").and_then(|(_, rest)| rest.split_once(' ')).expect("a message").0;
            names.insert(format!("xiaoan.cases.v1.{name}"));
        }
    }
    names
}

/// The bytes as the aggregate that records the event writes them again.
fn again(name: &str, bytes: &[u8]) -> Vec<u8> {
    fn of<E: EventSet>(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        E::decode(name, bytes).ok().map(|event| event.encode())
    }
    let all = [
        of::<TaskForceEvent>,
        of::<CleanupEvent>,
        of::<ReverseReviewEvent>,
        of::<MajorCaseEvent>,
        of::<DenEvent>,
        of::<ExhibitEvent>,
        of::<LookupEvent>,
    ];
    all.iter().find_map(|of| of(name, bytes)).expect("an event of one of the aggregates")
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

#[test]
fn the_stored_form_of_every_event_never_changes() {
    let events = events();
    assert_eq!(events.len(), 41, "a new event needs its golden file and its arm in an aggregate");
    for name in &events {
        let file = folder().join(format!("{name}.hex"));
        let descriptor = xiaoan_proto::descriptor_pool().get_message_by_name(name).expect("a message");
        let golden = std::fs::read_to_string(&file).unwrap_or_else(|_| {
            let bytes = hex::encode(prost::Message::encode_to_vec(&full(&descriptor)));
            panic!("a new event needs its golden file {}:\n{bytes}", file.display())
        });
        let bytes = hex::decode(golden.trim()).expect("hex");
        check(&DynamicMessage::decode(descriptor, bytes.as_slice()).expect("readable"));
        // And the service reads and writes it as it is.
        assert_eq!(hex::encode(again(name, &bytes)), golden.trim(), "the stored form of {name} has changed");
    }
    let files = std::fs::read_dir(folder()).expect("folder").count();
    assert_eq!(files, events.len(), "a golden file without an event: old logs hold it still");
}
