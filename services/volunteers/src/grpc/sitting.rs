//! Who calls and when, for the length of one call.

use crate::moment::Moment;
use crate::reason::{Reason, Refused};
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use tonic::Status;
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_rpc::{Caller, Check, Role, errors};

/// One call.
pub(super) struct Sitting {
    pub(super) caller: Caller,
    pub(super) now: OffsetDateTime,
    pub(super) units: Arc<OrgTree>,
}

impl Sitting {
    /// What a decision is made with.
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, actor: &self.caller.subject, units: &self.units }
    }

    pub(super) fn today(&self) -> Date {
        city_day(self.now)
    }

    /// A unit that a request states, if it is one that headquarters has registered.
    pub(super) fn known(&self, org_unit: &str) -> Option<OrgCode> {
        OrgCode::parse(org_unit).ok().filter(|unit| self.units.knows(*unit))
    }

    /// Whether the caller has one of the roles for a unit today.
    pub(super) fn may_act_for(&self, roles: &[Role], unit: OrgCode) -> bool {
        self.caller.may_write_as(roles, &self.units, unit, self.today()).is_ok()
    }

    /// Refuses unless the caller has one of the roles for the unit; what has no unit does not exist, which the decision
    /// says itself.
    pub(super) fn acts_for(&self, roles: &[Role], unit: Option<OrgCode>) -> Result<(), Refused> {
        match unit {
            Some(unit) if !self.may_act_for(roles, unit) => Err(Reason::NotYourUnit { unit }.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses unless the caller may read what belongs to the unit. A volunteer leader reads what their unit has.
    pub(super) fn may_read(&self, unit: &str) -> Result<(), Status> {
        let unit = OrgCode::parse(unit).map_err(|e| errors::internal(&e))?;
        self.reads(unit)
    }

    fn reads(&self, unit: OrgCode) -> Result<(), Status> {
        let leads = self.caller.has(Role::VolunteerLeader);
        if leads && self.units.is_within(unit, self.caller.org_unit, self.today()) {
            return Ok(());
        }
        self.caller.may_read(&self.units, unit, self.today())
    }

    /// The units of a subtree that the caller may read; "" = the caller's own.
    pub(super) fn subtree(&self, org_unit: &str) -> Result<Vec<OrgCode>, Status> {
        let mut check = Check::new();
        let root = check.optional_org_unit("org_unit", org_unit);
        let (root, ()) = check.finish((root, Some(())))?;
        let root = root.unwrap_or(self.caller.org_unit);
        self.reads(root)?;
        let today = self.today();
        Ok(self.units.units().into_iter().filter(|unit| self.units.is_within(*unit, root, today)).collect())
    }
}
