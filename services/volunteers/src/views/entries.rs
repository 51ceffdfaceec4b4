//! What each shown message is folded from and listed by.

use crate::duty_point::{self, DutyPoint, DutyPointEvent};
use crate::moment::recorded_instant;
use crate::patrol::{self, Patrol, PatrolEvent};
use crate::patrol_rule::{PatrolRuleEvent, PatrolRules};
use crate::squadron::{self, Squadron, SquadronEvent};
use crate::volunteer::{self, Volunteer, VolunteerEvent};
use time::Date;
use xiaoan_kernel::{Aggregate, city_day};
use xiaoan_proto::volunteers::v1;

/// A message that gets and lists show.
pub trait Entry: prost::Message + Default + Clone {
    /// Kind of the stream.
    const KIND: &'static str;
    /// Events that it is folded from.
    type Event;
    /// Takes one event.
    fn note(&mut self, event: &Self::Event);
    /// Puts the version in.
    fn set_etag(&mut self, etag: String);
    /// Unit.
    fn org_unit(&self) -> &str;
    /// Number of its state; 0 for what has none.
    fn state(&self) -> i32 {
        0
    }
    /// Squadron; empty without one.
    fn squadron_id(&self) -> &str {
        ""
    }
    /// Day that lists can be narrowed by.
    fn day(&self) -> Option<Date> {
        None
    }
}

impl Entry for v1::Volunteer {
    const KIND: &'static str = Volunteer::KIND;
    type Event = VolunteerEvent;
    fn note(&mut self, event: &VolunteerEvent) {
        volunteer::note(self, event);
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
    fn state(&self) -> i32 {
        self.state
    }
    fn squadron_id(&self) -> &str {
        self.squadron.as_ref().map_or("", |s| &s.squadron_id)
    }
}

impl Entry for v1::Squadron {
    const KIND: &'static str = Squadron::KIND;
    type Event = SquadronEvent;
    fn note(&mut self, event: &SquadronEvent) {
        squadron::note(self, event);
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
}

impl Entry for v1::DutyPoint {
    const KIND: &'static str = DutyPoint::KIND;
    type Event = DutyPointEvent;
    fn note(&mut self, event: &DutyPointEvent) {
        duty_point::note(self, event);
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
}

impl Entry for v1::Patrol {
    const KIND: &'static str = Patrol::KIND;
    type Event = PatrolEvent;
    fn note(&mut self, event: &PatrolEvent) {
        patrol::note(self, event);
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
    fn state(&self) -> i32 {
        self.state
    }
    fn squadron_id(&self) -> &str {
        self.squadron.as_ref().map_or("", |s| &s.squadron_id)
    }
    fn day(&self) -> Option<Date> {
        self.planned_from.as_ref().map(|from| city_day(recorded_instant(Some(from))))
    }
}

/// All versions of one rule, newest first; a rule is nobody's, it holds for the whole city.
impl Entry for v1::ListPatrolRulesResponse {
    const KIND: &'static str = PatrolRules::KIND;
    type Event = PatrolRuleEvent;
    fn note(&mut self, event: &PatrolRuleEvent) {
        match event {
            PatrolRuleEvent::Published(e) => {
                if let Some(rule) = &e.rule {
                    self.rules.insert(0, rule.clone());
                }
            }
        }
    }
    fn set_etag(&mut self, _etag: String) {}
    fn org_unit(&self) -> &str {
        ""
    }
}
