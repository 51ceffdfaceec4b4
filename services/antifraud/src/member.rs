//! The aggregate `MemberUnit` (成员单位): banks, operators and departments of the joint meeting (facts rows J3, J4).

use crate::moment::{Moment, choice, choice_or_default, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact};
use xiaoan_proto::antifraud::v1::{
    self, AssignOnSiteRoleRequest, JoinMemberUnitRequest, LeaveMemberUnitRequest, MemberKind, OnSiteRole,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a member unit.
    pub enum MemberEvent {
        Joined(v1::MemberUnitJoined),
        RoleAssigned(v1::OnSiteRoleAssigned),
        Left(v1::MemberUnitLeft),
    }
}

/// A member unit, as lists show it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Member {
    seen: v1::MemberUnit,
}

impl Aggregate for Member {
    const KIND: &'static str = "member";
    type Event = MemberEvent;

    fn apply(&mut self, event: &MemberEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into a member unit as everybody sees it.
pub fn note(member: &mut v1::MemberUnit, event: &MemberEvent) {
    match event {
        MemberEvent::Joined(e) => {
            *member = v1::MemberUnit {
                member_unit: e.member_unit.clone(),
                kind: e.kind,
                name_zh: e.name_zh.clone(),
                name_en: e.name_en.clone(),
                on_site_role: e.on_site_role,
                joined_on: e.joined_on,
                left_on: None,
                etag: String::new(),
            };
        }
        MemberEvent::RoleAssigned(e) => member.on_site_role = e.on_site_role,
        MemberEvent::Left(e) => member.left_on = e.left_on,
    }
}

type Facts = Vec<Fact<MemberEvent>>;

/// Lower-case letters, digits and hyphens, 1..=40: also the form of the token's `member_unit`.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Member {
    /// As lists show it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::MemberUnit {
        &self.seen
    }

    /// Whether orders can be sent to it: a bank that has joined and not left.
    #[must_use]
    pub fn takes_orders(&self) -> bool {
        self.seen.kind() == MemberKind::Bank && self.seen.left_on.is_none()
    }

    /// Takes the unit in.
    ///
    /// # Errors
    /// MEMBER-EXISTS, CB-003, GE-006.
    pub fn decide_join(&self, command: &JoinMemberUnitRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        remarks.ensure(
            is_id(&command.member_unit),
            "member_unit",
            Reason::Malformed {
                form_zh: "1至40个小写字母、数字或连字符",
                form_en: "1 to 40 lower-case letters, digits or hyphens",
            },
        );
        let _: MemberKind = choice(&mut remarks, "kind", command.kind);
        let _: OnSiteRole = choice_or_default(&mut remarks, "on_site_role", command.on_site_role);
        text(&mut remarks, "name_zh", &command.name_zh, 1, 60);
        text(&mut remarks, "name_en", &command.name_en, 0, 80);
        let joined_on = at.past_day(&mut remarks, "joined_on", command.joined_on);
        remarks.refuse()?;
        if !self.seen.member_unit.is_empty() {
            return Err(Reason::MemberExists.into());
        }
        let joined = v1::MemberUnitJoined {
            member_unit: command.member_unit.clone(),
            kind: command.kind,
            name_zh: command.name_zh.clone(),
            name_en: command.name_en.clone(),
            on_site_role: command.on_site_role,
            joined_on: command.joined_on,
        };
        Ok(vec![Fact::new(joined, at.unit, joined_on.unwrap_or_else(|| at.today()))])
    }

    /// Gives it another role on site.
    ///
    /// # Errors
    /// MEMBER-UNKNOWN, MEMBER-LEFT, MEMBER-ROLE-UNCHANGED, CB-003, GE-006.
    pub fn decide_assign(
        &self,
        command: &AssignOnSiteRoleRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        self.present()?;
        let mut remarks = Remarks::default();
        let _: OnSiteRole = choice_or_default(&mut remarks, "on_site_role", command.on_site_role);
        let from = at.past_day(&mut remarks, "from", command.from);
        remarks.refuse()?;
        if self.seen.on_site_role == command.on_site_role {
            return Err(Reason::RoleUnchanged.into());
        }
        let assigned = v1::OnSiteRoleAssigned {
            member_unit: self.seen.member_unit.clone(),
            on_site_role: command.on_site_role,
            from: command.from,
        };
        Ok(vec![Fact::new(assigned, at.unit, from.unwrap_or_else(|| at.today()))])
    }

    /// Takes it out; its orders stay.
    ///
    /// # Errors
    /// MEMBER-UNKNOWN, MEMBER-LEFT, CB-003, GE-006.
    pub fn decide_leave(&self, command: &LeaveMemberUnitRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        self.present()?;
        let mut remarks = Remarks::default();
        let left_on = at.past_day(&mut remarks, "left_on", command.left_on);
        let joined_on = self.seen.joined_on.and_then(|day| Date::try_from(day).ok());
        remarks.ensure(
            left_on.is_none_or(|left| joined_on.is_none_or(|joined| joined <= left)),
            "left_on",
            Reason::Malformed {
                form_zh: "不早于加入之日的日期", form_en: "a day not before joining"
            },
        );
        remarks.refuse()?;
        let left =
            v1::MemberUnitLeft { member_unit: self.seen.member_unit.clone(), left_on: command.left_on };
        Ok(vec![Fact::new(left, at.unit, left_on.unwrap_or_else(|| at.today()))])
    }

    fn present(&self) -> Result<(), Refused> {
        if self.seen.member_unit.is_empty() {
            return Err(Reason::MemberUnknown.into());
        }
        if self.seen.left_on.is_some() {
            return Err(Reason::MemberLeft.into());
        }
        Ok(())
    }
}
