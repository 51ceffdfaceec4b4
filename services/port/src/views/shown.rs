//! What a resource says of itself, so that one table holds all of them.

use crate::accident::{self, AccidentEvent};
use crate::freight::{self, FreightEvent};
use crate::guard::{self, GuardEvent};
use crate::incident::{self, IncidentEvent};
use crate::moment::recorded;
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_proto::port::v1;

/// A message that a `Get` shows.
pub trait Shown: prost::Message + Default + Send + Sync {
    /// Kind of its stream.
    const KIND: &'static str;
    /// Its events.
    type Event: EventSet;
    /// Takes one event into it.
    fn note(&mut self, event: &Self::Event);
    /// Unit it belongs to.
    fn unit(&self) -> &str;
    /// When it counts; the epoch where it stands by id only.
    fn at(&self) -> OffsetDateTime;
    /// Number of its state, 0 where it has none.
    fn state_number(&self) -> i32 {
        0
    }
    /// Number of its kind, 0 where it has none.
    fn facet_number(&self) -> i32 {
        0
    }
    /// Says its version.
    fn set_etag(&mut self, etag: String);
}

impl Shown for v1::Incident {
    const KIND: &'static str = incident::Incident::KIND;
    type Event = IncidentEvent;
    fn note(&mut self, event: &IncidentEvent) {
        incident::note(self, event);
    }
    fn unit(&self) -> &str {
        &self.org_unit
    }
    fn at(&self) -> OffsetDateTime {
        recorded(self.reported_at.as_ref())
    }
    fn state_number(&self) -> i32 {
        self.state
    }
    fn facet_number(&self) -> i32 {
        self.kind
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
}

impl Shown for v1::Accident {
    const KIND: &'static str = accident::Accident::KIND;
    type Event = AccidentEvent;
    fn note(&mut self, event: &AccidentEvent) {
        accident::note(self, event);
    }
    fn unit(&self) -> &str {
        &self.org_unit
    }
    fn at(&self) -> OffsetDateTime {
        recorded(self.occurred_at.as_ref())
    }
    fn state_number(&self) -> i32 {
        self.state
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
}

impl Shown for v1::Guard {
    const KIND: &'static str = guard::Guard::KIND;
    type Event = GuardEvent;
    fn note(&mut self, event: &GuardEvent) {
        guard::note(self, event);
    }
    fn unit(&self) -> &str {
        &self.org_unit
    }
    fn at(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
}

impl Shown for v1::FreightTraffic {
    const KIND: &'static str = freight::Freight::KIND;
    type Event = FreightEvent;
    fn note(&mut self, event: &FreightEvent) {
        freight::note(self, event);
    }
    fn unit(&self) -> &str {
        &self.org_unit
    }
    fn at(&self) -> OffsetDateTime {
        recorded(self.from.as_ref())
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
}
