//! Who calls and when, for the length of one call.

use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use crate::track::Bases;
use std::sync::Arc;
use time::{Date, Duration, OffsetDateTime};
use tonic::Status;
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_rpc::{Caller, Check, Role, errors};

/// Who records facts of a unit.
pub(super) const OFFICERS: &[Role] = &[Role::Officer, Role::Registrar];
/// The same, and the guards of the unit.
pub(super) const OFFICERS_AND_GUARDS: &[Role] = &[Role::Officer, Role::Registrar, Role::Guard];
/// Who determines liability: an officer, not a registrar.
pub(super) const OFFICERS_ALONE: &[Role] = &[Role::Officer];

/// One call.
pub(super) struct Sitting {
    pub(super) caller: Caller,
    pub(super) now: OffsetDateTime,
    pub(super) units: Arc<OrgTree>,
    pub(super) bases: Arc<Bases>,
}

impl Sitting {
    /// What a decision is made with.
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            skew: Duration::ZERO,
            actor: &self.caller.subject,
            registrar: self.caller.has(Role::Registrar),
            guard: self.caller.has(Role::Guard),
            units: &self.units,
            bases: &self.bases,
        }
    }

    pub(super) fn today(&self) -> Date {
        city_day(self.now)
    }

    /// Whether the caller, by one of these roles, may write for a unit today.
    pub(super) fn writes_for(&self, roles: &[Role], unit: OrgCode) -> bool {
        self.caller.may_write_as(roles, &self.units, unit, self.today()).is_ok()
    }

    /// Refuses unless the caller may write for the unit; a resource without a unit does not exist, which the decision
    /// says itself.
    pub(super) fn may_write(&self, roles: &[Role], unit: Option<OrgCode>) -> Result<(), Refused> {
        match unit {
            Some(unit) if !self.writes_for(roles, unit) => Err(Reason::NotYourUnit { unit }.into()),
            _ => Ok(()),
        }
    }

    /// Refuses unless the caller may read what belongs to the unit: a guard reads what a guard writes.
    pub(super) fn may_read(&self, roles: &[Role], unit: &str) -> Result<(), Status> {
        let unit = OrgCode::parse(unit).map_err(|e| errors::internal(&e))?;
        if roles.contains(&Role::Guard) && self.writes_for(&[Role::Guard], unit) {
            return Ok(());
        }
        self.caller.may_read(&self.units, unit, self.today())
    }

    /// The units of a subtree that the caller may read; "" = the caller's own.
    pub(super) fn subtree(&self, roles: &[Role], org_unit: &str) -> Result<Vec<OrgCode>, Status> {
        let mut check = Check::new();
        let root = check.optional_org_unit("org_unit", org_unit);
        let (root, ()) = check.finish((root, Some(())))?;
        let root = root.unwrap_or(self.caller.org_unit);
        self.may_read(roles, &root.to_string())?;
        let today = self.today();
        Ok(self.units.units().into_iter().filter(|unit| self.units.is_within(*unit, root, today)).collect())
    }
}
