//! Who calls, and where they may write.

use crate::errors::{denied, internal, invalid};
use time::Date;
use tonic::Status;
use xiaoan_kernel::{Finding, OrgCode, OrgTree, Severity};

/// What a caller may do, from the token's `roles` claim. Words that are none of these are ignored: an
/// identity provider may have its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `officer`: records facts of the own unit and those below it.
    Officer,
    /// `registrar`: as an officer, and decides what needs a registrar (downgrades, for example).
    Registrar,
    /// `hq`: takes headquarters' decisions; does not record units' facts.
    Hq,
    /// `auditor`: reads everything and never writes, whatever other roles the token names.
    Auditor,
    /// `service`: a process of the suite; reads logs.
    Service,
    /// `bank`: a bank or operator on site; sees and answers the orders of its own `member_unit` only.
    Bank,
    /// `port-system`: a port dispatch system; hands in what it recorded, for the own unit and those below it.
    PortSystem,
    /// `guard`: a port guard; fixes evidence and guides agreements, never decides liability (PO-001).
    Guard,
    /// `volunteer-leader`: leads a squadron; keeps its patrols.
    VolunteerLeader,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Officer,
        Self::Registrar,
        Self::Hq,
        Self::Auditor,
        Self::Service,
        Self::Bank,
        Self::PortSystem,
        Self::Guard,
        Self::VolunteerLeader,
    ];

    /// The role by its word in the claim.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
    /// Its word in the claim.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Registrar => "registrar",
            Self::Hq => "hq",
            Self::Auditor => "auditor",
            Self::Service => "service",
            Self::Bank => "bank",
            Self::PortSystem => "port-system",
            Self::Guard => "guard",
            Self::VolunteerLeader => "volunteer-leader",
        }
    }
}

/// The verified caller of a request; made by the authentication layer only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`; becomes the `actor` of events.
    pub subject: String,
    /// The token's `org_unit`.
    pub org_unit: OrgCode,
    /// The token's `roles`, without words that are no role.
    pub roles: Vec<Role>,
    /// The token's `member_unit`, for example "bank-01": the member unit of the joint meeting that the caller works
    /// for. Most callers have none.
    pub member_unit: Option<String>,
}

impl Caller {
    /// The caller of a request.
    ///
    /// # Errors
    /// INTERNAL when the handler is mounted without the authentication layer: it then refuses everybody.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or_else(|| internal("a request reached its handler without a verified caller"))
    }

    /// Whether the token names the role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// For commands that need a role, such as `hq`. A token that also names `auditor` is refused: an auditor
    /// never writes (domain reference §G: admin, audit and business are separated).
    ///
    /// # Errors
    /// PERMISSION_DENIED (GE-004).
    pub fn require(&self, role: Role) -> Result<(), Status> {
        if role != Role::Auditor {
            self.not_an_auditor()?;
        }
        self.require_any(&[role])
    }

    /// For reading calls that one of several roles may make.
    ///
    /// # Errors
    /// PERMISSION_DENIED (GE-004).
    pub fn require_any(&self, roles: &[Role]) -> Result<(), Status> {
        if roles.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        let words = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" | ");
        Err(denied(format!("需要角色 {words}"), format!("needs the role {words}")))
    }

    /// For commands that record a unit's facts: an officer or registrar, for the own unit or one below it on
    /// that day. `day` is the business day on which the tree is looked at, usually today.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (CB-001) when no such unit is known; PERMISSION_DENIED (GE-004) otherwise.
    pub fn may_write(&self, tree: &OrgTree, unit: OrgCode, day: Date) -> Result<(), Status> {
        self.may_write_as(&[Role::Officer, Role::Registrar], tree, unit, day)
    }

    /// For commands that others than officers give about a unit (a guard, a port system, a squadron leader): one of
    /// these roles, for the own unit or one below it on that day.
    ///
    /// # Errors
    /// As [`Self::may_write`].
    pub fn may_write_as(
        &self,
        roles: &[Role],
        tree: &OrgTree,
        unit: OrgCode,
        day: Date,
    ) -> Result<(), Status> {
        self.not_an_auditor()?;
        known(tree, unit)?;
        self.require_any(roles)?;
        self.within_own(tree, unit, day)
    }

    /// For calls of a member unit's own people, such as a bank's desk: the role, and the member unit of the token.
    /// A call that names another member unit is refused by comparing with what this gives.
    ///
    /// # Errors
    /// PERMISSION_DENIED (GE-004).
    pub fn member_of(&self, role: Role) -> Result<&str, Status> {
        self.require(role)?;
        self.member_unit
            .as_deref()
            .ok_or_else(|| denied("令牌未写明成员单位 member_unit", "the token names no member_unit"))
    }

    /// For queries about a unit: `hq`, `auditor` and `service` read everything, others the own unit and those
    /// below it on that day.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (CB-001) when no such unit is known; PERMISSION_DENIED (GE-004) otherwise.
    pub fn may_read(&self, tree: &OrgTree, unit: OrgCode, day: Date) -> Result<(), Status> {
        known(tree, unit)?;
        if [Role::Hq, Role::Auditor, Role::Service].iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        self.require_any(&[Role::Officer, Role::Registrar])?;
        self.within_own(tree, unit, day)
    }

    fn not_an_auditor(&self) -> Result<(), Status> {
        if self.has(Role::Auditor) {
            return Err(denied("审计员只读，不得写入", "an auditor reads everything and writes nothing"));
        }
        Ok(())
    }

    fn within_own(&self, tree: &OrgTree, unit: OrgCode, day: Date) -> Result<(), Status> {
        if tree.is_within(unit, self.org_unit, day) {
            return Ok(());
        }
        let own = self.org_unit;
        Err(denied(
            format!("单位 {unit} 不在本单位 {own} 及其下级范围内"),
            format!("unit {unit} is neither your unit {own} nor below it"),
        ))
    }
}

fn known(tree: &OrgTree, unit: OrgCode) -> Result<(), Status> {
    if tree.knows(unit) {
        return Ok(());
    }
    Err(invalid(&[Finding {
        code: "CB-001",
        severity: Severity::Error,
        field: "org_unit",
        zh: format!("没有代码为 {unit} 的单位，请核对单位代码"),
        en: format!("no org unit has the code {unit}; check the code"),
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use tonic::Code;
    use tonic_types::StatusExt;

    const CITY: &str = "371100000000";
    const BUREAU: &str = "371102000000";
    const STATION: &str = "371102010000";
    const OTHER: &str = "371103010000";

    fn code(text: &str) -> OrgCode {
        OrgCode::parse(text).expect("12 digits")
    }

    fn tree() -> OrgTree {
        let mut tree = OrgTree::default();
        let always = date!(1949 - 10 - 01);
        tree.place(code(CITY), None, always);
        tree.place(code(BUREAU), Some(code(CITY)), always);
        tree.place(code(STATION), Some(code(BUREAU)), always);
        tree.place(code(OTHER), Some(code(CITY)), always);
        tree
    }

    fn caller(unit: &str, roles: &[Role]) -> Caller {
        Caller { subject: "tester".into(), org_unit: code(unit), roles: roles.to_vec(), member_unit: None }
    }

    fn write(caller: &Caller, unit: &str) -> Result<(), (Code, String)> {
        caller
            .may_write(&tree(), code(unit), date!(2026 - 06 - 30))
            .map_err(|s| (s.code(), s.get_details_error_info().map(|i| i.reason).unwrap_or_default()))
    }

    #[test]
    fn a_unit_writes_for_itself_and_below_and_nowhere_else() {
        let denied = Err((Code::PermissionDenied, "GE-004".to_owned()));
        for role in [Role::Officer, Role::Registrar] {
            assert_eq!(write(&caller(STATION, &[role]), STATION), Ok(()));
            assert_eq!(write(&caller(BUREAU, &[role]), STATION), Ok(()));
            assert_eq!(write(&caller(CITY, &[role]), OTHER), Ok(()));
            assert_eq!(write(&caller(STATION, &[role]), BUREAU), denied);
            assert_eq!(write(&caller(STATION, &[role]), OTHER), denied);
            assert_eq!(write(&caller(BUREAU, &[role]), OTHER), denied);
        }
    }

    #[test]
    fn an_auditor_never_writes_whatever_else_the_token_says() {
        let both = caller(CITY, &[Role::Officer, Role::Auditor, Role::Hq]);
        assert_eq!(write(&both, CITY), Err((Code::PermissionDenied, "GE-004".to_owned())));
        assert!(both.require(Role::Hq).is_err());
        assert!(both.require(Role::Auditor).is_ok());
        assert!(both.may_read(&tree(), code(OTHER), date!(2026 - 06 - 30)).is_ok());
    }

    #[test]
    fn headquarters_decides_but_records_no_units_facts() {
        let hq = caller(CITY, &[Role::Hq]);
        assert!(hq.require(Role::Hq).is_ok());
        assert_eq!(write(&hq, STATION), Err((Code::PermissionDenied, "GE-004".to_owned())));
    }

    #[test]
    fn an_unknown_unit_is_a_wrong_field_not_a_missing_permission() {
        let unknown = "371199990000";
        assert_eq!(
            write(&caller(CITY, &[Role::Officer]), unknown),
            Err((Code::InvalidArgument, "CB-001".to_owned()))
        );
    }

    #[test]
    fn reading_stays_within_the_own_subtree_unless_the_role_sees_all() {
        let day = date!(2026 - 06 - 30);
        assert!(caller(STATION, &[Role::Officer]).may_read(&tree(), code(OTHER), day).is_err());
        assert!(caller(BUREAU, &[Role::Officer]).may_read(&tree(), code(STATION), day).is_ok());
        assert!(caller(STATION, &[]).may_read(&tree(), code(STATION), day).is_err());
        for role in [Role::Hq, Role::Auditor, Role::Service] {
            assert!(caller(STATION, &[role]).may_read(&tree(), code(OTHER), day).is_ok());
        }
    }

    #[test]
    fn the_words_of_the_roles_read_back_as_themselves() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Officer"), None);
        assert_eq!(Role::parse("port-system"), Some(Role::PortSystem));
        assert_eq!(Role::parse("volunteer-leader"), Some(Role::VolunteerLeader));
    }

    #[test]
    fn a_guard_a_bank_and_a_port_system_write_nothing_that_officers_write() {
        let denied = Err((Code::PermissionDenied, "GE-004".to_owned()));
        for role in [Role::Bank, Role::PortSystem, Role::Guard, Role::VolunteerLeader] {
            assert_eq!(write(&caller(CITY, &[role]), STATION), denied);
        }
        let day = date!(2026 - 06 - 30);
        let guard = caller(BUREAU, &[Role::Guard]);
        assert!(guard.may_write_as(&[Role::Guard], &tree(), code(STATION), day).is_ok());
        assert!(guard.may_write_as(&[Role::Guard], &tree(), code(OTHER), day).is_err());
    }

    #[test]
    fn a_bank_is_a_member_unit_only_when_its_token_says_so() {
        let mut bank = caller(CITY, &[Role::Bank]);
        assert!(bank.member_of(Role::Bank).is_err());
        bank.member_unit = Some("bank-01".into());
        assert_eq!(bank.member_of(Role::Bank).ok(), Some("bank-01"));
        bank.roles = vec![Role::Officer];
        assert!(bank.member_of(Role::Bank).is_err());
    }
}
