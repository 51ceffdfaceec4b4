//! Golden events: the bytes of an event with every field set, fixed in a file `<full type name>.hex`. Events are stored for
//! ever, so there is no switch that rewrites the files.
//!
//! In a golden event every text says its field's name and every number follows from it, so that a field whose number was changed
//! or given to another is noticed. Fields added later are absent in the old bytes, and must be.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use xiaoan_kernel::{EventSet, UnknownEvent};

/// Reads an event and writes it again, as the aggregate that records it does.
pub type Again = fn(&str, &[u8]) -> Result<Vec<u8>, UnknownEvent>;

/// [`Again`] of the aggregate with these events.
///
/// # Errors
/// When it has no such event.
pub fn again<E: EventSet>(name: &str, bytes: &[u8]) -> Result<Vec<u8>, UnknownEvent> {
    E::decode(name, bytes).map(|event| event.encode())
}

/// Full names of the events that a package's protos tell, by their comment `// Event:`; `wanted` is asked for each file's name.
#[must_use]
pub fn events_of(package: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto")).join(package.replace('.', "/"));
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut names = BTreeSet::new();
    for entry in entries.flatten() {
        if !wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path())
            .unwrap_or_else(|e| panic!("{}: {e}", entry.path().display()));
        for part in text.split("// Event:").skip(1) {
            let name = part.split_once("message ").and_then(|(_, rest)| rest.split_once(' '));
            let (name, _) =
                name.unwrap_or_else(|| panic!("an event without a message: {}", entry.path().display()));
            names.insert(format!("{package}.{name}"));
        }
    }
    names
}

/// Every event's file in `folder` holds what the fields' names say, and one of the aggregates reads and writes it as it is.
///
/// # Panics
/// When one has changed, lost a field, or has no file; then with the bytes that the file should hold.
#[track_caller]
pub fn unchanged(folder: &Path, events: &BTreeSet<String>, aggregates: &[Again]) {
    let mut missing = Vec::new();
    for name in events {
        let file = folder.join(format!("{name}.hex"));
        let descriptor = xiaoan_proto::descriptor_pool()
            .get_message_by_name(name)
            .unwrap_or_else(|| panic!("no message {name}"));
        let Ok(golden) = std::fs::read_to_string(&file) else {
            let bytes = hex::encode(prost::Message::encode_to_vec(&full(&descriptor)));
            missing.push(format!("{}\n{bytes}", file.display()));
            continue;
        };
        let bytes = hex::decode(golden.trim()).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let message = DynamicMessage::decode(descriptor, bytes.as_slice());
        check(&message.unwrap_or_else(|e| panic!("{name} cannot be read: {e}")));
        // And the service reads and writes it as it is.
        let same = aggregates.iter().find_map(|again| again(name, &bytes).ok());
        let same = same.unwrap_or_else(|| panic!("{name} is an event of none of the aggregates"));
        assert_eq!(hex::encode(same), golden.trim(), "the stored form of {name} has changed");
    }
    assert!(missing.is_empty(), "new events need their golden files:\n{}", missing.join("\n"));
}

/// What a field holds in a golden event.
fn value(field: &FieldDescriptor) -> Value {
    let number: u32 = field.name().bytes().map(u32::from).sum();
    // A name of 100 letters adds up to 12,000.
    let small = i32::try_from(number).unwrap_or(i32::MAX);
    match field.kind() {
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes(field.name().as_bytes().to_vec().into()),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(small),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(small.into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number.into()),
        Kind::Float | Kind::Double => panic!("no event has floats"),
        Kind::Enum(e) => Value::EnumNumber(e.values().map(|v| v.number()).max().unwrap_or_default()),
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
#[track_caller]
fn check(message: &DynamicMessage) {
    assert_eq!(message.unknown_fields().count(), 0, "{} lost a field", message.descriptor().full_name());
    for (field, found) in message.fields() {
        let found = match found {
            Value::List(list) => list.first().unwrap_or_else(|| panic!("{} is empty", field.full_name())),
            other => other,
        };
        match found {
            Value::Message(inner) => check(inner),
            Value::EnumNumber(number) => assert!(*number > 0, "{}", field.full_name()),
            other => assert_eq!(*other, value(&field), "{}", field.full_name()),
        }
    }
}
