//! The bytes of events whose golden form is a file: `tests/golden/<event>.hex`, with every field set. There is no switch that
//! rewrites the files. (The first events of hq have theirs in `golden.rs`.)
//!
//! In a golden event every text says its field's name and every number follows from it, so that a field whose number was changed
//! or given to another is noticed. Fields added later are absent in the old bytes, and must be.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use xiaoan_hq::closing::ClosingEvent;
use xiaoan_hq::interview::InterviewEvent;
use xiaoan_hq::notice::NoticeEvent;
use xiaoan_hq::register::commendation::CommendationEvent;
use xiaoan_hq::register::inspection::InspectionEvent;
use xiaoan_hq::register::reference::ReferenceEvent;
use xiaoan_hq::register::supervision::ListedCaseEvent;
use xiaoan_hq::register::survey::SurveyEvent;
use xiaoan_kernel::{EventSet, UnknownEvent};

/// Protos whose events are in `golden.rs`.
const IN_GOLDEN_RS: [&str; 3] = ["org.proto", "campaign.proto", "scheme.proto"];

/// Reads an event and writes it again.
type Again = fn(&str, &[u8]) -> Result<Vec<u8>, UnknownEvent>;

fn again<E: EventSet>(name: &str, bytes: &[u8]) -> Result<Vec<u8>, UnknownEvent> {
    E::decode(name, bytes).map(|event| event.encode())
}

/// One line for each aggregate.
const AGGREGATES: &[Again] = &[
    again::<CommendationEvent>,
    again::<ListedCaseEvent>,
    again::<ReferenceEvent>,
    again::<SurveyEvent>,
    again::<InspectionEvent>,
    again::<ClosingEvent>,
    again::<NoticeEvent>,
    again::<InterviewEvent>,
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// Events of the language of this service, by the comment in their proto.
fn events() -> BTreeSet<String> {
    let protos = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/xiaoan/hq/v1"));
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(protos).expect("protos") {
        let entry = entry.expect("an entry");
        if IN_GOLDEN_RS.iter().any(|file| entry.file_name() == *file) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("a proto");
        for part in text.split("// Event:").skip(1) {
            let name =
                part.split_once("message ").and_then(|(_, rest)| rest.split_once(' ')).expect("a message").0;
            names.insert(format!("xiaoan.hq.v1.{name}"));
        }
    }
    names
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
fn the_stored_form_of_every_event_with_a_golden_file_never_changes() {
    let events = events();
    let mut missing = Vec::new();
    for name in &events {
        let file = folder().join(format!("{name}.hex"));
        let descriptor = xiaoan_proto::descriptor_pool().get_message_by_name(name).expect("a message");
        let Ok(golden) = std::fs::read_to_string(&file) else {
            let bytes = hex::encode(prost::Message::encode_to_vec(&full(&descriptor)));
            missing.push(format!("{}\n{bytes}", file.display()));
            continue;
        };
        let bytes = hex::decode(golden.trim()).expect("hex");
        check(&DynamicMessage::decode(descriptor, bytes.as_slice()).expect("readable"));
        // And the service reads and writes it as it is.
        let same = AGGREGATES.iter().find_map(|again| again(name, &bytes).ok());
        let same = same.unwrap_or_else(|| panic!("no aggregate of AGGREGATES has {name}"));
        assert_eq!(hex::encode(same), golden.trim(), "the stored form of {name} has changed");
    }
    assert!(missing.is_empty(), "new events need their golden files:\n{}", missing.join("\n"));
    let files = std::fs::read_dir(folder()).expect("folder").count();
    assert_eq!(files, events.len(), "a golden file without an event: old logs hold it still");
}
