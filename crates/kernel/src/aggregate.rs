//! What an aggregate is: a state that only its own events change.

use crate::OrgCode;
use std::fmt::Debug;
use time::Date;

/// A state rebuilt from its events. `apply` is total and pure: an event that was recorded is never refused.
///
/// Deciding is plain methods on the state, one per command, `fn decide_x(&self, command, …) -> Result<Vec<Fact<_>>, Refusal>`:
/// pure as well, with the time and everything else passed in (architecture.md, invariant 11).
pub trait Aggregate: Default + Clone + Debug + Send + Sync + 'static {
    /// Word before the hyphen in the stream's name, for example `case`.
    const KIND: &'static str;
    /// The events of this aggregate.
    type Event: EventSet;
    /// Takes one event into the state.
    fn apply(&mut self, event: &Self::Event);
}

/// The closed set of events of one aggregate; made by [`crate::events!`].
pub trait EventSet: Sized + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Full protobuf type name of this event, for example `xiaoan.cases.v1.CaseFiled`.
    fn type_name(&self) -> String;
    /// Protobuf bytes.
    fn encode(&self) -> Vec<u8>;
    /// The event of that type in these bytes.
    ///
    /// # Errors
    /// When the type is none of the set's, or the bytes are no message of it.
    fn decode(type_name: &str, payload: &[u8]) -> Result<Self, UnknownEvent>;
}

/// An event that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read event {type_name}: {reason}")]
pub struct UnknownEvent {
    /// Its type.
    pub type_name: String,
    /// Why.
    pub reason: String,
}

/// A decided event with where and when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<E> {
    /// What happened.
    pub event: E,
    /// Unit whose fact it is.
    pub org_unit: OrgCode,
    /// The city's calendar day on which it counts.
    pub occurred_on: Date,
}

impl<E> Fact<E> {
    /// A fact of a unit on a day.
    pub fn new(event: impl Into<E>, org_unit: OrgCode, occurred_on: Date) -> Self {
        Self { event: event.into(), org_unit, occurred_on }
    }
}

/// Declares the event enum of an aggregate over proto messages, with its encoding by type name.
///
/// ```ignore
/// xiaoan_kernel::events! { pub enum CaseEvent { Filed(CaseFiled), Solved(CaseSolved) } }
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variant:ident($message:ty)),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        $vis enum $name { $($variant($message)),+ }

        $(impl From<$message> for $name {
            fn from(event: $message) -> Self { Self::$variant(event) }
        })+

        impl $crate::EventSet for $name {
            fn type_name(&self) -> String {
                use $crate::prost::Name;
                match self { $(Self::$variant(_) => <$message>::full_name()),+ }
            }
            fn encode(&self) -> Vec<u8> {
                use $crate::prost::Message;
                match self { $(Self::$variant(event) => event.encode_to_vec()),+ }
            }
            fn decode(type_name: &str, payload: &[u8]) -> Result<Self, $crate::UnknownEvent> {
                use $crate::prost::{Message, Name};
                $(if type_name == <$message>::full_name() {
                    return <$message>::decode(payload).map(Self::$variant).map_err(|e| $crate::UnknownEvent {
                        type_name: type_name.to_owned(), reason: e.to_string(),
                    });
                })+
                Err($crate::UnknownEvent { type_name: type_name.to_owned(), reason: "not an event of this aggregate".into() })
            }
        }
    };
}
