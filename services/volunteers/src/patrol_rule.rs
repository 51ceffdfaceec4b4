//! The aggregate `PatrolRules` (巡逻编组办法): all versions of one rule. What a patrol must be like, "1+2+9+N" for example,
//! is data with an effective date (domain reference §C: its meaning is local policy), and so are rest, overrun and the
//! tasks that volunteers may be given.

use crate::moment::{Moment, day, recorded_day, text};
use crate::reason::{Reason, Refused, Remarks};
use std::collections::BTreeSet;
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::volunteers::v1::{self, PatrolRule, PatrolRulePublished, PublishPatrolRuleRequest};

/// Rule that a patrol takes when it names none.
pub const STANDARD: &str = "standard";
/// Role that is counted from check-ins.
pub const VOLUNTEER: &str = "volunteer";

xiaoan_kernel::events! {
    /// What can happen to a rule.
    pub enum PatrolRuleEvent {
        Published(v1::PatrolRulePublished),
    }
}

/// All versions of a rule, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatrolRules {
    versions: Vec<PatrolRule>,
}

impl Aggregate for PatrolRules {
    const KIND: &'static str = "patrolrule";
    type Event = PatrolRuleEvent;

    fn apply(&mut self, event: &PatrolRuleEvent) {
        match event {
            PatrolRuleEvent::Published(e) => self.versions.extend(e.rule.clone()),
        }
    }
}

impl PatrolRules {
    /// The newest version that applies on a day.
    ///
    /// # Errors
    /// PATROL-RULE-UNKNOWN.
    pub fn on(&self, day: Date) -> Result<&PatrolRule, Reason> {
        let applies = |rule: &&PatrolRule| recorded_day(rule.effective_on) <= day;
        self.versions.iter().rev().find(applies).ok_or(Reason::PatrolRuleUnknown { day })
    }

    /// Publishes the next version; `by` is the unit of the caller.
    ///
    /// # Errors
    /// GE-006 (also: not the next version), PATROL-RULE-EARLIER.
    pub fn decide_publish(
        &self,
        request: &PublishPatrolRuleRequest,
        by: OrgCode,
        at: &Moment<'_>,
    ) -> Result<Vec<Fact<PatrolRuleEvent>>, Refused> {
        let stated = request.rule.clone().unwrap_or_default();
        let mut remarks = Remarks::default();
        look_at(&mut remarks, &stated);
        let effective = day(&mut remarks, "rule.effective_on", stated.effective_on.as_ref());
        let next = i32::try_from(self.versions.len()).unwrap_or(i32::MAX).saturating_add(1);
        remarks.ensure(stated.version == 0 || stated.version == next, "rule.version", NEXT_VERSION);
        remarks.refuse()?;
        if let (Some(effective), Some(last)) = (effective, self.versions.last()) {
            let before = recorded_day(last.effective_on);
            if effective < before {
                return Err(Reason::PatrolRuleEarlier { before }.into());
            }
        }
        let rule = PatrolRule { version: next, ..stated };
        Ok(vec![Fact::new(PatrolRulePublished { rule: Some(rule) }, by, at.today())])
    }
}

/// VO-006: whether volunteers may be given a task. Dispatch will ask the same.
///
/// # Errors
/// VO-006.
pub fn allows(rule: &PatrolRule, task: &str) -> Result<(), Reason> {
    if rule.allowed_tasks.iter().any(|allowed| allowed == task) {
        return Ok(());
    }
    Err(Reason::TaskForbidden { task: task.chars().take(64).collect() })
}

fn look_at(remarks: &mut Remarks, rule: &PatrolRule) {
    remarks.ensure(is_word(&rule.rule_id), "rule.rule_id", WORD);
    text(remarks, "rule.title_zh", &rule.title_zh, 1, 80);
    text(remarks, "rule.title_en", &rule.title_en, 1, 80);
    text(remarks, "rule.basis", &rule.basis, 0, 200);
    remarks.ensure((1..=12).contains(&rule.slots.len()), "rule.slots", SLOTS);
    let roles: BTreeSet<_> = rule.slots.iter().map(|slot| &slot.role).collect();
    remarks.ensure(roles.len() == rule.slots.len(), "rule.slots", ONCE);
    remarks.ensure(rule.slots.iter().any(|slot| slot.role == VOLUNTEER), "rule.slots", WITH_VOLUNTEERS);
    for slot in &rule.slots {
        remarks.ensure(is_word(&slot.role), "rule.slots.role", WORD);
        text(remarks, "rule.slots.name_zh", &slot.name_zh, 1, 40);
        text(remarks, "rule.slots.name_en", &slot.name_en, 1, 40);
        let sound =
            (0..=1000).contains(&slot.min) && (slot.max == 0 || (slot.min.max(1)..=1000).contains(&slot.max));
        remarks.ensure(sound, "rule.slots.min", STRENGTH);
    }
    remarks.ensure((0..=1440).contains(&rule.min_rest_minutes), "rule.min_rest_minutes", MINUTES);
    remarks.ensure((0..=240).contains(&rule.early_minutes), "rule.early_minutes", MINUTES);
    remarks.ensure((0..=480).contains(&rule.overrun_minutes), "rule.overrun_minutes", MINUTES);
    let tasks = (1..=64).contains(&rule.allowed_tasks.len()) && rule.allowed_tasks.iter().all(|t| is_word(t));
    remarks.ensure(tasks, "rule.allowed_tasks", WORD);
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const fn form(form_zh: &'static str, form_en: &'static str) -> Reason {
    Reason::Malformed { form_zh, form_en }
}
const WORD: Reason = form("1至64位小写字母、数字或连字符", "1 to 64 lower-case letters, digits or hyphens");
const SLOTS: Reason = form("1至12个岗位", "1 to 12 slots");
const ONCE: Reason = form("每个岗位只出现一次", "each role once");
const WITH_VOLUNTEERS: Reason = form("含有岗位 volunteer", "a list with the slot \"volunteer\"");
const STRENGTH: Reason =
    form("0至1000，上限为0或不小于下限", "0 to 1000, the maximum 0 or not below the minimum");
const MINUTES: Reason = form("规定范围内的分钟数", "minutes within the range that the API names");
const NEXT_VERSION: Reason = form("下一个版本号或0", "the next version, or 0");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patrol::story::rule;
    use crate::volunteer::story::{CITY, Desk, day};
    use xiaoan_kernel::given::given;

    fn publish(rule: PatrolRule) -> PublishPatrolRuleRequest {
        PublishPatrolRuleRequest { request_id: String::new(), rule: Some(rule) }
    }

    #[test]
    fn versions_follow_one_another_and_each_day_has_the_newest_that_applies() {
        let (desk, by) = (Desk::default(), OrgCode::parse(CITY).unwrap());
        let mut rules = PatrolRules::default();
        for (from, min) in [(1, 1), (10, 2)] {
            let mut rule = PatrolRule { effective_on: day(from), version: 0, ..rule() };
            rule.slots[3].min = min;
            for fact in rules.decide_publish(&publish(rule), by, &desk.moment()).unwrap() {
                rules.apply(&fact.event);
            }
        }
        let on = |n| rules.on(recorded_day(day(n))).map(|rule| (rule.version, rule.slots[3].min));
        assert_eq!(on(9), Ok((1, 1)));
        assert_eq!(on(10), Ok((2, 2)));
        let before = Date::from_calendar_date(2026, time::Month::May, 31).unwrap();
        assert_eq!(rules.on(before), Err(Reason::PatrolRuleUnknown { day: before }));
        let earlier = PatrolRule { effective_on: day(9), version: 0, ..rule() };
        let refused = rules.decide_publish(&publish(earlier), by, &desk.moment()).unwrap_err();
        assert!(refused.is(&Reason::PatrolRuleEarlier { before: recorded_day(day(10)) }));
    }

    #[test]
    fn a_rule_that_cannot_be_checked_is_not_published() {
        let (desk, by) = (Desk::default(), OrgCode::parse(CITY).unwrap());
        let mut bad = PatrolRule { version: 5, allowed_tasks: vec![], ..rule() };
        bad.slots.pop();
        bad.slots.push(bad.slots[0].clone());
        given::<PatrolRules>([])
            .when(|rules| rules.decide_publish(&publish(bad), by, &desk.moment()))
            .then_refused(&["GE-006", "GE-006", "GE-006", "GE-006"]);
    }

    #[test]
    fn vo_006_only_tasks_on_the_list_are_given_to_volunteers() {
        assert_eq!(allows(&rule(), "night-patrol"), Ok(()));
        assert_eq!(allows(&rule(), "arrest"), Err(Reason::TaskForbidden { task: "arrest".into() }));
    }
}
