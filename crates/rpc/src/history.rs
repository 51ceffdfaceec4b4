//! An event as a person or program reads it in a history.

use crate::errors;
use prost_reflect::{DynamicMessage, SerializeOptions};
use tonic::Status;
use xiaoan_eventstore::RecordedEvent;

/// The event in ProtoJSON, with the names of the `.proto` file in lowerCamelCase as the standard says. Personal values
/// stay sealed.
///
/// # Errors
/// INTERNAL when this build does not know the event's type or cannot read its bytes.
pub fn event_json(event: &RecordedEvent) -> Result<String, Status> {
    let unreadable = |why: String| {
        errors::internal(&format!("event at position {} cannot be shown: {why}", event.position))
    };
    let descriptor = xiaoan_proto::descriptor_pool()
        .get_message_by_name(&event.r#type)
        .ok_or_else(|| unreadable(format!("no message {}", event.r#type)))?;
    let message =
        DynamicMessage::decode(descriptor, event.payload.as_ref()).map_err(|e| unreadable(e.to_string()))?;
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    message
        .serialize_with_options(&mut serializer, &SerializeOptions::new())
        .map_err(|e| unreadable(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| unreadable(e.to_string()))
}
