//! What a port dispatch system sends by itself: numbered records, each taken exactly once.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | records that were taken already are passed over; a number that is missing stops the stream | `take` |
//! | 2 | each record is decided on its incident or record of freight traffic, in the order of the numbers | `batch` |
//! | 3 | one append: what the records say, and `SystemRecordsTaken` on the system's own stream | `take` |
//! | 4 | the last number is acknowledged | `grpc/intake.rs` |
//!
//! Invariants: numbers of a system are dense in the log, 1, 2, 3 … · a number moves on in the same transaction with what its
//! record says, on the condition that nobody else moved it: a cut at any moment neither loses nor doubles a record · a record
//! that cannot be accepted moves the number too, and the log keeps that it was refused and why.

mod batch;
mod take;

pub use take::{TakeFailed, Taker};

use crate::moment::is_id;
use xiaoan_kernel::{Aggregate, OrgCode};
use xiaoan_proto::port::v1;

xiaoan_kernel::events! {
    /// Everything that can happen to the intake of a system.
    pub enum IntakeEvent {
        Taken(v1::SystemRecordsTaken),
    }
}

/// How far the records of one system are taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intake {
    org_unit: String,
    last_sequence: i64,
    refused: i64,
}

impl Aggregate for Intake {
    const KIND: &'static str = "intake";
    type Event = IntakeEvent;

    fn apply(&mut self, event: &IntakeEvent) {
        let IntakeEvent::Taken(taken) = event;
        self.org_unit.clone_from(&taken.org_unit);
        self.last_sequence = taken.last_sequence;
        self.refused += i64::try_from(taken.refused.len()).unwrap_or_default();
    }
}

impl Intake {
    /// Last number durably taken; 0 = none.
    #[must_use]
    pub fn last_sequence(&self) -> i64 {
        self.last_sequence
    }
    /// Records refused so far.
    #[must_use]
    pub fn refused(&self) -> i64 {
        self.refused
    }
    /// Unit of the system when it last sent something; `None` of a system that never did.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.org_unit).ok()
    }
}

/// Whether a token's subject can be the name of a system: 1 to 30 letters, digits or hyphens, no two hyphens in a row and
/// none at the end, so that "<system>--<record>" has one reading only.
#[must_use]
pub fn is_system(subject: &str) -> bool {
    is_id(subject, 30) && !subject.contains("--") && !subject.ends_with('-')
}

/// Id here of a record with a system's own id.
#[must_use]
pub fn id_of(system_id: &str, record_id: &str) -> String {
    format!("{system_id}--{record_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_made_of_system_and_record_has_one_reading_only() {
        assert!(is_system("port-dispatch-1"));
        for bad in ["", "a--b", "a-", "a b", &"x".repeat(31)] {
            assert!(!is_system(bad), "{bad}");
        }
        // The first "--" stands at the end of the system's name, whatever the record is called.
        for (system, record) in [("a", "b--c"), ("a", "-b"), ("a-b", "c")] {
            let id = id_of(system, record);
            assert_eq!(id.split_once("--"), Some((system, record)));
        }
    }

    #[test]
    fn the_intake_knows_the_last_number_and_what_was_refused() {
        let taken = |first_sequence, last_sequence, refused: usize| v1::SystemRecordsTaken {
            system_id: "port-1".into(),
            first_sequence,
            last_sequence,
            refused: vec![v1::RefusedSystemRecord::default(); refused],
            org_unit: "371190010000".into(),
        };
        let state = xiaoan_kernel::given::given::<Intake>([taken(1, 5, 1).into(), taken(6, 6, 0).into()]).0;
        assert_eq!((state.last_sequence(), state.refused()), (6, 1));
        assert_eq!(state.unit().map(|u| u.to_string()).as_deref(), Some("371190010000"));
    }
}
