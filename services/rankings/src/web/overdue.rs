//! What hq decided as a board shows it: whether its period is closed, and which of its units are late with a notice.

use time::Date;
use xiaoan_proto::hq::v1::{Campaign, Closing, ClosingState, Notice, NoticeDeadline, NoticeStep};

use super::board::{BoardView, Place};
use super::format::{day_iso, day_text};
use super::lang::Lang;
use super::pages::period_label;
use super::{figure, links, words};

/// The state of a board's period.
#[derive(Debug)]
pub struct State {
    /// "已冻结，2026年7月5日" or "暂定".
    pub text: String,
    /// Page of the closing; empty while it is provisional.
    pub href: String,
}

/// The state of a period, closed or provisional.
pub fn state(closing: Option<&Closing>, place: &Place) -> State {
    let l = place.lang;
    let Some(closing) = closing else {
        return State { text: words::closing(ClosingState::Unspecified, l).to_owned(), href: String::new() };
    };
    let changed = closing.corrections.last().and_then(|correction| correction.corrected_on);
    let on = changed.or(closing.frozen_on).and_then(|day| Date::try_from(day).ok());
    let on = on.map(|day| day_text(day, l)).unwrap_or_default();
    // The closing is the same whatever moment the board is asked for.
    let now = Place { as_of: String::new(), ..place.clone() };
    State {
        text: format!("{}{}{on}", words::closing(closing.state(), l), l.t("，", ", ")),
        href: figure::page(&now, "closing", "", ""),
    }
}

/// A notice that a unit is late with.
#[derive(Debug)]
pub struct Overdue {
    /// "2026年6月通报逾期：".
    pub text: String,
    /// "报整改方案（应于 2026-07-20）", one for each deadline that has passed.
    pub steps: Vec<String>,
    /// Its row on the page of notices.
    pub href: String,
}

/// Marks the rows of units that are late with a notice, of whatever board.
pub fn mark(view: &mut BoardView, notices: &[Notice], campaigns: &[Campaign], l: Lang) {
    for row in view.ranked.iter_mut().chain(&mut view.unranked) {
        // A squadron stands under a unit and is none. A verification that is late is headquarters' own.
        let own =
            notices.iter().filter(|notice| row.key == notice.org_unit && passed(notice).next().is_some());
        row.overdue = own.map(|notice| overdue(notice, campaigns, l)).collect();
    }
}

/// What the unit itself is late with.
fn passed(notice: &Notice) -> impl Iterator<Item = &NoticeDeadline> {
    let late = |d: &&NoticeDeadline| d.missed && !d.settled && d.step() != NoticeStep::Verify;
    notice.deadlines.iter().filter(late)
}

fn overdue(notice: &Notice, campaigns: &[Campaign], l: Lang) -> Overdue {
    let steps = passed(notice).map(|deadline| {
        let day = deadline.last_day.and_then(|day| Date::try_from(day).ok()).map(day_iso);
        let (step, day) = (words::step(deadline.step(), l), day.unwrap_or_default());
        match l {
            Lang::Zh => format!("{step}（应于 {day}）"),
            Lang::En => format!("{step} (due {day})"),
        }
    });
    let period = period_label(&notice.period, campaigns, l);
    let page = links::to("/accountability", &[], l);
    Overdue {
        text: match l {
            Lang::Zh => format!("{period}通报逾期："),
            Lang::En => format!("notice of {period} overdue: "),
        },
        steps: steps.collect(),
        href: format!("{page}#n-{}", links::encoded(&notice.notice_id)),
    }
}
