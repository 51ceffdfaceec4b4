//! Cases under listed supervision (挂牌督办): a bureau chief takes the case in person, by a day; the list is city-wide (facts row
//! A11, domain reference §H.1).

use super::refusal::{Reason, Refused};
use super::{By, Keys, Register, end_of, reference, step_day, unit_of};
use crate::cases::{KnownCase, Revoked, Solve};
use crate::fields::{finding, recorded_day, values};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, Finding, OrgCode, StreamId};
use xiaoan_proto::hq::v1::{
    self as hq, CaseOwner, ListedCaseProgress, ListedCaseState as State, Officeholder, Post, SupervisionLevel,
};
use xiaoan_rpc::Check;
use xiaoan_timer::Change;

xiaoan_kernel::events! {
    /// What can happen to a listed case.
    pub enum ListedCaseEvent {
        Listed(hq::CaseListed),
        ProgressReported(hq::ListedCaseProgressReported),
        Extended(hq::ListedCaseExtended),
        ProgressOverdue(hq::ProgressOverdue),
        Delisted(hq::CaseDelisted),
        Relisted(hq::CaseRelisted),
    }
}

/// The deadline that the durable timer keeps.
pub const DUE: &str = "listed-case-due";

/// A case under listed supervision.
#[derive(Debug, Clone, Default)]
pub struct ListedCase {
    shown: Option<hq::ListedCase>,
}

type Decided = Result<Vec<Fact<ListedCaseEvent>>, Refused>;

impl From<hq::ListedCase> for ListedCase {
    fn from(shown: hq::ListedCase) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for ListedCase {
    const KIND: &'static str = "listedcase";
    type Event = ListedCaseEvent;

    fn apply(&mut self, event: &ListedCaseEvent) {
        if let ListedCaseEvent::Listed(e) = event {
            self.shown = Some(listed(e));
            return;
        }
        let Some(shown) = &mut self.shown else { return };
        match event {
            ListedCaseEvent::Listed(_) => {}
            ListedCaseEvent::ProgressReported(e) => {
                shown.last_step_on = e.progress.as_ref().and_then(|p| p.on);
                shown.progress.extend(e.progress.clone());
            }
            ListedCaseEvent::Extended(e) => {
                shown.due_on = e.due_on;
                shown.extensions += 1;
                shown.overdue = false;
                shown.last_step_on = e.on;
            }
            ListedCaseEvent::ProgressOverdue(_) => shown.overdue = true,
            ListedCaseEvent::Delisted(e) => {
                shown.state = if e.solved { State::Solved } else { State::NotSolved }.into();
                shown.solved_on = e.solved_on;
                shown.solved_position = e.solved_position;
                shown.reason.clone_from(&e.reason);
                shown.signed_by.clone_from(&e.signed_by);
                (shown.delisted_on, shown.last_step_on) = (e.on, e.on);
            }
            ListedCaseEvent::Relisted(e) => {
                shown.state = State::Listed.into();
                (shown.solved_on, shown.solved_position, shown.delisted_on) = (None, 0, None);
                (shown.relisted_on, shown.last_step_on) = (e.on, e.on);
                shown.revoked_position = e.revoked_position;
                shown.overdue = false;
            }
        }
    }
}

fn listed(e: &hq::CaseListed) -> hq::ListedCase {
    hq::ListedCase {
        case_no: e.case_no.clone(),
        org_unit: e.org_unit.clone(),
        level: e.level,
        owner: e.owner.clone(),
        state: State::Listed.into(),
        listed_on: e.on,
        due_on: e.due_on,
        last_step_on: e.on,
        ..Default::default()
    }
}

impl Register for ListedCase {
    type Shown = hq::ListedCase;
    fn into_shown(self) -> Option<hq::ListedCase> {
        self.shown
    }
    fn keys(shown: &hq::ListedCase) -> Keys<'_> {
        Keys {
            id: &shown.case_no,
            org_unit: &shown.org_unit,
            state: shown.state,
            kind: shown.level,
            reference: shown.owner.as_ref().map_or("", |owner| &owner.subject),
            day: shown.listed_on,
        }
    }
    fn put_etag(shown: &mut hq::ListedCase, etag: String) {
        shown.etag = etag;
    }
}

/// What an event means to the durable timer.
#[must_use]
pub fn deadlines(stream: &StreamId, event: &ListedCaseEvent) -> Vec<Change> {
    let due = match event {
        ListedCaseEvent::Listed(e) => e.due_on,
        ListedCaseEvent::Extended(e) => e.due_on,
        ListedCaseEvent::Relisted(e) => e.due_on,
        ListedCaseEvent::Delisted(_) => return vec![Change::cancel_all(stream)],
        ListedCaseEvent::ProgressReported(_) | ListedCaseEvent::ProgressOverdue(_) => return Vec::new(),
    };
    // A deadline of a kind replaces the one before.
    let armed = end_of(due).map(|over| Change::arm(DUE, stream, over));
    std::iter::once(Change::cancel(DUE, stream)).chain(armed).collect()
}

/// CP-009: one leader of a bureau, not a unit. `is_bureau` = the office's unit is a bureau of ours.
fn owner_field(check: &mut Check, owner: Option<&CaseOwner>, is_bureau: bool) {
    let subject = owner.map_or("", |owner| &owner.subject);
    let plain = (1..=40).contains(&subject.len())
        && subject.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && OrgCode::parse(subject).is_err();
    let post = owner.and_then(|owner| owner.office.as_ref()).map_or(Post::Unspecified, Officeholder::post);
    let (zh, en) =
        ("包案人须为具名的局领导，不能是单位", "a case is taken by one leader of a bureau, not by a unit");
    check.ensure(plain && is_bureau && post >= Post::DeputyBureauChief, "CP-009", "owner", zh, en);
}

/// CP-008: solved and shown, or a reason that somebody of the city bureau signs.
fn delisting(command: &hq::DelistCaseRequest) -> Vec<Finding> {
    let solved = command.solved_on.is_some() && command.solved_position > 0;
    let said_solved = command.solved_on.is_some() || command.solved_position != 0;
    let signed = command
        .signed_by
        .as_ref()
        .is_some_and(|who| OrgCode::parse(&who.org_unit).is_ok() && who.post() >= Post::CityDeputyChief);
    let reasoned = !command.reason.is_empty() && signed;
    let said_reason = !command.reason.is_empty() || command.signed_by.is_some();
    if (solved && !said_reason) || (reasoned && !said_solved) {
        return Vec::new();
    }
    finding(
        "CP-008",
        "reason",
        "摘牌须已破案（写明破案日期和记录位置），或由市局领导签署理由",
        "a case leaves the list when it is solved (state the day and the position of the record), or for a reason that a \
         leader of the city bureau signs",
    )
}

impl ListedCase {
    /// Puts it on the list, again when it had left it. `case` = as `cases` has it; `is_bureau` = the chief's unit is a bureau of
    /// ours.
    ///
    /// # Errors
    /// `LISTED-CASE-EXISTS`, `CASE-UNKNOWN` or fields, among them CP-009.
    pub fn decide_list(
        &self,
        command: &hq::ListCaseRequest,
        case: Option<&KnownCase>,
        is_bureau: bool,
        by: By<'_>,
    ) -> Decided {
        let mut check = Check::new();
        reference(&mut check, "case_no", &command.case_no);
        let unit = check.org_unit("org_unit", &command.org_unit);
        let level = check.choice::<SupervisionLevel>("level", command.level);
        owner_field(&mut check, command.owner.as_ref(), is_bureau);
        let before = self.shown.as_ref().and_then(|shown| shown.last_step_on);
        let on = step_day(&mut check, "on", command.on, before, by.today);
        let due_on = check.day("due_on", command.due_on);
        let in_order = on.zip(due_on).is_none_or(|(on, due)| on < due);
        check.ensure(in_order, "GE-006", "due_on", "限期须晚于挂牌日", "must be after the day of listing");
        let (unit, level, on, due_on) = values(check, (unit, level, on, due_on))?;
        if self.shown.as_ref().is_some_and(|shown| shown.state() == State::Listed) {
            return Err(Reason::ListedCaseExists.into());
        }
        if case.is_none() {
            return Err(Reason::CaseUnknown.into());
        }
        let event = hq::CaseListed {
            case_no: command.case_no.clone(),
            org_unit: command.org_unit.clone(),
            level: level.into(),
            owner: command.owner.clone(),
            on: Some(on.into()),
            due_on: Some(due_on.into()),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The chief reports, or headquarters for the chief. `may` = the caller is of the chief's bureau, or of headquarters.
    ///
    /// # Errors
    /// `GE-004`, `LISTED-CASE-UNKNOWN`, `LISTED-CASE-STATE` or fields.
    pub fn decide_report(
        &self,
        command: &hq::ReportListedCaseProgressRequest,
        may: impl Fn(&CaseOwner) -> bool,
        by: By<'_>,
    ) -> Decided {
        let (shown, unit) = self.on_the_list()?;
        if !shown.owner.as_ref().is_some_and(may) {
            return Err(Reason::NotTheOwners.into());
        }
        let mut check = Check::new();
        let on = step_day(&mut check, "on", command.on, shown.last_step_on, by.today);
        let text = check.text("text", &command.text, 1..=500);
        let (on, text) = values(check, (on, text))?;
        let progress = ListedCaseProgress {
            number: i32::try_from(shown.progress.len() + 1).unwrap_or(i32::MAX),
            on: Some(on.into()),
            text,
            reported_by: by.subject.to_owned(),
        };
        let event = hq::ListedCaseProgressReported {
            case_no: shown.case_no.clone(),
            org_unit: shown.org_unit.clone(),
            progress: Some(progress),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Moves the due day.
    ///
    /// # Errors
    /// `LISTED-CASE-UNKNOWN`, `LISTED-CASE-STATE` or fields.
    pub fn decide_extend(&self, command: &hq::ExtendListedCaseRequest, by: By<'_>) -> Decided {
        let (shown, unit) = self.on_the_list()?;
        let mut check = Check::new();
        let on = step_day(&mut check, "on", command.on, shown.last_step_on, by.today);
        let due_on = check.day("due_on", command.due_on);
        let reason = check.text("reason", &command.reason, 1..=500);
        let before = recorded_day(shown.due_on);
        let later = due_on.is_none_or(|due| before < due && on.is_none_or(|on| on < due));
        let (zh, en) = ("新限期须晚于原限期和当日", "must be after the due day before and after that day");
        check.ensure(later, "GE-006", "due_on", zh, en);
        let (on, due_on, reason) = values(check, (on, due_on, reason))?;
        let event = hq::ListedCaseExtended {
            case_no: shown.case_no.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            due_on: Some(due_on.into()),
            reason,
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The due day is over. Decides nothing when the case has left the list or the day was moved meanwhile.
    ///
    /// # Errors
    /// `LISTED-CASE-UNKNOWN`.
    pub fn decide_overdue(&self, due_at: OffsetDateTime) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::ListedCaseUnknown)?;
        if shown.state() != State::Listed || shown.overdue || end_of(shown.due_on) != Some(due_at) {
            return Ok(Vec::new());
        }
        let event = hq::ProgressOverdue {
            case_no: shown.case_no.clone(),
            org_unit: shown.org_unit.clone(),
            due_on: shown.due_on,
            due_at: Some(xiaoan_proto::timestamp(due_at)),
        };
        let day = recorded_day(shown.due_on);
        // The day on which it is overdue is the first one after the due day.
        let day = day.next_day().unwrap_or(day);
        Ok(vec![Fact::new(event, unit_of(&shown.org_unit)?, day)])
    }

    /// The solve by which a command takes it off the list, so that it must be known; `None` when it does not, or is refused for
    /// its fields.
    #[must_use]
    pub fn stated_solve(command: &hq::DelistCaseRequest) -> Option<Solve> {
        let on = xiaoan_proto::day(command.solved_on)?;
        delisting(command).is_empty().then_some(Solve { on, position: command.solved_position })
    }

    /// Takes it off the list. `solve` = the one that stands, as `cases` has it.
    ///
    /// # Errors
    /// `LISTED-CASE-UNKNOWN`, `LISTED-CASE-STATE` or fields, among them CP-008.
    pub fn decide_delist(
        &self,
        command: &hq::DelistCaseRequest,
        solve: Option<Solve>,
        by: By<'_>,
    ) -> Decided {
        let (shown, unit) = self.on_the_list()?;
        let mut check = Check::new();
        let on = step_day(&mut check, "on", command.on, shown.last_step_on, by.today);
        let solved_on = match command.solved_on {
            None => Some(None),
            stated => check.past_day("solved_on", stated, by.today).map(Some),
        };
        check.findings(delisting(command));
        check.text("reason", &command.reason, 0..=500);
        let (on, solved_on): (Date, Option<Date>) = values(check, (on, solved_on))?;
        let stated = solved_on.map(|on| Solve { on, position: command.solved_position });
        if stated.is_some() && stated != solve {
            return Err(Reason::OtherSolve { stands: solve }.into());
        }
        let event = hq::CaseDelisted {
            case_no: shown.case_no.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            solved: solved_on.is_some(),
            solved_on: command.solved_on,
            solved_position: command.solved_position,
            reason: command.reason.clone(),
            signed_by: command.signed_by.clone(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The solve by which it left the list was revoked: it comes back. Decides nothing when it left by another one, or did not
    /// leave as solved.
    ///
    /// # Errors
    /// `LISTED-CASE-UNKNOWN`.
    pub fn decide_relist(&self, revoked: Revoked) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::ListedCaseUnknown)?;
        if shown.state() != State::Solved || shown.solved_position >= revoked.position {
            return Ok(Vec::new());
        }
        let on = revoked.on().max(recorded_day(shown.last_step_on));
        let event = hq::CaseRelisted {
            case_no: shown.case_no.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            due_on: shown.due_on,
            revoked_position: revoked.position,
            solved_position: shown.solved_position,
        };
        Ok(vec![Fact::new(event, unit_of(&shown.org_unit)?, on)])
    }

    fn on_the_list(&self) -> Result<(&hq::ListedCase, OrgCode), Refused> {
        let shown = self.shown.as_ref().ok_or(Reason::ListedCaseUnknown)?;
        if shown.state() != State::Listed {
            return Err(Reason::ListedCaseState.into());
        }
        Ok((shown, unit_of(&shown.org_unit)?))
    }
}

#[cfg(test)]
mod tests;
