//! The rows of the page of notices, interviews and listed cases.

use time::Date;
use xiaoan_kernel::city_day;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::{
    CommitmentState, Interview, InterviewState, ListedCase, ListedCaseState, Notice, NoticeDeadline,
    NoticeState, Officeholder,
};

use super::accountability::Around;
use super::board::Place;
use super::format::{day_iso, whole};
use super::lang::Lang;
use super::pages::period_label;
use super::{figure, links, words};

/// A notice.
#[derive(Debug)]
pub struct NoticeRow {
    /// Id.
    pub id: String,
    /// Code of the unit that is named.
    pub unit: String,
    /// Its name.
    pub unit_name: String,
    /// Title of the board.
    pub board: String,
    /// Name of the period.
    pub period: String,
    /// Page of the closing it rests on.
    pub href: String,
    /// "7/20", by which it was issued.
    pub fraction: String,
    /// "40%".
    pub threshold: String,
    /// State.
    pub state: &'static str,
    /// Day of issue.
    pub issued_on: String,
    /// Day of the last step.
    pub last_step_on: String,
    /// A deadline has passed and what was due is not done.
    pub overdue: bool,
    /// Deadlines in the order in which they were fixed.
    pub steps: Vec<Step>,
    /// What headquarters said last; empty for nothing.
    pub remark: String,
}

/// A deadline.
#[derive(Debug)]
pub struct Step {
    /// What must be done.
    pub name: &'static str,
    /// Last day on which it can be.
    pub last_day: String,
    /// The time is up and it is not done.
    pub overdue: bool,
    /// It was done, though too late.
    pub late: bool,
    /// Done, or no longer needed.
    pub settled: bool,
    /// Days of a year without known holidays decided.
    pub assumed: bool,
}

/// An interview.
#[derive(Debug)]
pub struct InterviewRow {
    /// Id.
    pub id: String,
    /// Code of the unit.
    pub unit: String,
    /// Its name.
    pub unit_name: String,
    /// Title of the board.
    pub board: String,
    /// Months it rests on, with the page of each closing.
    pub periods: Vec<(String, String)>,
    /// State.
    pub state: &'static str,
    /// Nothing more is to be done.
    pub over: bool,
    /// The time for holding it has passed and it is not held.
    pub overdue: bool,
    /// What was done on which day.
    pub days: Vec<(&'static str, String)>,
    /// Post of whoever interviews; empty until it is fixed.
    pub interviewer: String,
    /// Posts of those who are interviewed.
    pub interviewees: String,
    /// "1/2": commitments met; empty without any.
    pub promises: String,
    /// How many were missed.
    pub missed: usize,
    /// Why it was withdrawn; empty when it was not.
    pub cause: &'static str,
    /// Page of the closing that took its ground away.
    pub cause_href: String,
}

/// A case under listed supervision.
#[derive(Debug)]
pub struct ListedRow {
    /// Number of the case.
    pub case_no: String,
    /// Code of the unit that investigates it.
    pub unit: String,
    /// Its name.
    pub unit_name: String,
    /// Who watches.
    pub level: &'static str,
    /// Post of the chief who took it.
    pub owner: String,
    /// Day on which it was listed.
    pub listed_on: String,
    /// Day by which it is to be solved.
    pub due_on: String,
    /// That day has passed and it is still on the list.
    pub overdue: bool,
    /// "2 次，最近 2026-06-09"; empty without a report.
    pub progress: String,
    /// How often the day was moved.
    pub extensions: i32,
    /// How it left the list; empty while it is on it.
    pub left: String,
    /// Why it left without being solved.
    pub reason: String,
}

/// A day as tables show it; empty when it is not stated.
fn day(date: Option<core::Date>) -> String {
    date.and_then(|date| Date::try_from(date).ok()).map(day_iso).unwrap_or_default()
}

/// Makes the rows.
pub struct Maker<'a> {
    /// What they are named by.
    pub around: &'a Around<'a>,
    /// Language.
    pub l: Lang,
}

impl Maker<'_> {
    fn unit(&self, code: &str) -> String {
        (self.around.names)(code).map_or_else(|| code.to_owned(), |(zh, en)| self.l.name(&zh, &en).to_owned())
    }

    fn board(&self, board: &str) -> String {
        let scheme = self.around.boards.iter().find(|scheme| scheme.board == board);
        scheme.map_or(board, |scheme| self.l.name(&scheme.title_zh, &scheme.title_en)).to_owned()
    }

    fn closing(&self, board: &str, period: &str, unit: &str) -> String {
        let place =
            Place { board: board.to_owned(), period: period.to_owned(), as_of: String::new(), lang: self.l };
        format!("{}#u-{}", figure::page(&place, "closing", "", ""), links::encoded(unit))
    }

    fn period(&self, period: &str) -> String {
        period_label(period, self.around.campaigns, self.l)
    }

    fn office(&self, of: &Officeholder) -> String {
        words::office(of, &self.unit(&of.org_unit), self.l)
    }

    /// A notice.
    pub fn notice(&self, of: &Notice) -> NoticeRow {
        let l = self.l;
        let deadline = |d: &NoticeDeadline| Step {
            name: words::step(d.step(), l),
            last_day: day(d.last_day),
            overdue: d.missed && !d.settled,
            late: d.missed && d.settled,
            settled: d.settled,
            assumed: d.assumed,
        };
        NoticeRow {
            id: of.notice_id.clone(),
            unit_name: self.unit(&of.org_unit),
            board: self.board(&of.board),
            period: self.period(&of.period),
            href: self.closing(&of.board, &of.period, &of.org_unit),
            fraction: format!("{}/{}", whole(of.numerator), whole(of.denominator)),
            threshold: match of.threshold_denominator {
                100 => format!("{}%", of.threshold_numerator),
                n => format!("{}/{n}", of.threshold_numerator),
            },
            state: words::notice(of.state(), l),
            issued_on: day(of.issued_on),
            last_step_on: day(of.last_step_on),
            overdue: of.overdue,
            steps: of.deadlines.iter().map(deadline).collect(),
            remark: match of.state() {
                NoticeState::Withdrawn if !of.remark.is_empty() => {
                    format!("{} {}", l.t("更正后为", "by the correction"), of.remark)
                }
                _ => of.remark.clone(),
            },
            unit: of.org_unit.clone(),
        }
    }

    /// An interview.
    pub fn interview(&self, of: &Interview) -> InterviewRow {
        let l = self.l;
        let withdrawn = of.state() == InterviewState::Withdrawn;
        let open = matches!(of.state(), InterviewState::Triggered | InterviewState::Scheduled);
        let hold_by = of.hold_by.as_ref().filter(|_| open).and_then(xiaoan_proto::instant);
        let hold_by = hold_by.map(|at| core::Date::from(city_day(at)));
        let days = [
            (l.t("触发", "triggered"), of.triggered_on),
            (l.t("应于此前约谈", "to be held before"), hold_by),
            (l.t("安排在", "scheduled for"), of.scheduled_for),
            (l.t("约谈", "held"), of.held_on),
            (l.t("撤销", "withdrawn"), of.last_step_on.filter(|_| withdrawn)),
        ];
        let judged = |state: CommitmentState| of.commitments.iter().filter(|c| c.state() == state).count();
        let missed = judged(CommitmentState::Missed);
        let fallen = of.notice_ids.iter().position(|id| *id == of.withdrawn_notice);
        let fallen = fallen.filter(|_| withdrawn).and_then(|at| of.periods.get(at));
        InterviewRow {
            id: of.interview_id.clone(),
            unit_name: self.unit(&of.org_unit),
            board: self.board(&of.board),
            periods: of
                .periods
                .iter()
                .map(|period| (self.period(period), self.closing(&of.board, period, &of.org_unit)))
                .collect(),
            state: words::interview(of.state(), l),
            over: matches!(of.state(), InterviewState::Closed | InterviewState::Withdrawn),
            overdue: of.overdue,
            days: days
                .into_iter()
                .map(|(name, on)| (name, day(on)))
                .filter(|(_, on)| !on.is_empty())
                .collect(),
            interviewer: of.interviewer.as_ref().map(|office| self.office(office)).unwrap_or_default(),
            interviewees: of
                .interviewees
                .iter()
                .map(|office| self.office(office))
                .collect::<Vec<_>>()
                .join(l.t("、", "; ")),
            promises: match of.commitments.len() {
                0 => String::new(),
                all => format!("{}/{all}", judged(CommitmentState::Met)),
            },
            missed,
            cause: if withdrawn { words::cause(of.withdrawal_cause(), l) } else { "" },
            cause_href: fallen.map(|p| self.closing(&of.board, p, &of.org_unit)).unwrap_or_default(),
            unit: of.org_unit.clone(),
        }
    }

    /// A listed case.
    pub fn listed(&self, of: &ListedCase) -> ListedRow {
        let l = self.l;
        let last = of.progress.last().map(|told| day(told.on)).unwrap_or_default();
        ListedRow {
            unit_name: self.unit(&of.org_unit),
            level: words::level(of.level(), l),
            owner: of
                .owner
                .as_ref()
                .and_then(|owner| owner.office.as_ref())
                .map(|office| self.office(office))
                .unwrap_or_default(),
            listed_on: day(of.listed_on),
            due_on: day(of.due_on),
            overdue: of.overdue && of.state() == ListedCaseState::Listed,
            progress: match (of.progress.len(), l) {
                (0, _) => String::new(),
                (n, Lang::Zh) => format!("{n} 次，最近 {last}"),
                (n, Lang::En) => format!("{n}, last {last}"),
            },
            extensions: of.extensions,
            left: match of.state() {
                ListedCaseState::Solved => format!("{} {}", l.t("已破", "solved"), day(of.solved_on)),
                ListedCaseState::NotSolved => l.t("未破，经签批", "not solved, signed").to_owned(),
                ListedCaseState::Listed | ListedCaseState::Unspecified => String::new(),
            },
            reason: of.reason.clone(),
            case_no: of.case_no.clone(),
            unit: of.org_unit.clone(),
        }
    }
}
