//! Who calls and when, for the length of one call.

use crate::moment::{Level, Moment};
use crate::refusal::{Reason, Refused};
use crate::rulebook::RuleBook;
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use tonic::Status;
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_rpc::{Caller, Check, Role};

/// One call.
pub(super) struct Sitting {
    pub(super) caller: Caller,
    pub(super) now: OffsetDateTime,
    /// Level of the caller's unit.
    pub(super) level: Level,
    pub(super) units: Arc<OrgTree>,
    pub(super) rules: Arc<RuleBook>,
}

impl Sitting {
    /// What a decision is made with.
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            actor: &self.caller.subject,
            unit: self.caller.org_unit,
            level: self.level,
            registrar: self.caller.has(Role::Registrar),
            rules: &self.rules,
            units: &self.units,
        }
    }

    pub(super) fn today(&self) -> Date {
        city_day(self.now)
    }

    /// Whether the caller may write for a unit today.
    pub(super) fn writes_for(&self, unit: OrgCode) -> bool {
        self.caller.may_write(&self.units, unit, self.today()).is_ok()
    }

    /// Refuses unless the caller may write for the unit; a resource without a unit does not exist, which the decision
    /// says itself.
    pub(super) fn may_write(&self, unit: Option<OrgCode>) -> Result<(), Refused> {
        match unit {
            Some(unit) if !self.writes_for(unit) => Err(Reason::NotYourUnit { unit }.into()),
            _ => Ok(()),
        }
    }

    /// Refuses unless the caller may read what belongs to the unit.
    pub(super) fn may_read(&self, unit: &str) -> Result<(), Status> {
        let unit = OrgCode::parse(unit).map_err(|e| xiaoan_rpc::errors::internal(&e))?;
        self.caller.may_read(&self.units, unit, self.today())
    }

    /// The units of a subtree that the caller may read; "" = the caller's own.
    pub(super) fn subtree(&self, org_unit: &str) -> Result<Vec<OrgCode>, Status> {
        let mut check = Check::new();
        let root = check.optional_org_unit("org_unit", org_unit);
        let (root, ()) = check.finish((root, Some(())))?;
        let root = root.unwrap_or(self.caller.org_unit);
        self.caller.may_read(&self.units, root, self.today())?;
        let today = self.today();
        Ok(self.units.units().into_iter().filter(|unit| self.units.is_within(*unit, root, today)).collect())
    }
}
