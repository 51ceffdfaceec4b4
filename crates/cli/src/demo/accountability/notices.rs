//! Notices (facts row A9): one for every invented station below 40 % in a closed month, each followed as far as it came.

use super::closings::{closing_id, day};
use super::{BOARD, Course, NAME};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::months;
use crate::demo::stage::{Actor, Shown, Tale};
use crate::demo::sums::Sums;
use crate::fault::Fault;
use xiaoan_proto::hq::v1::{self as hq, NoticeState};

/// A station that was below in a month when it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Below {
    /// Place of the month among [`months::all`].
    pub(super) month: usize,
    /// Station.
    pub(super) unit: &'static str,
}

/// How far a notice came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// Nobody has acknowledged it.
    Issued,
    /// No plan has come.
    Acknowledged,
    /// The plan was returned, and no better one has come.
    Returned,
    /// Headquarters looks at the plan.
    PlanSubmitted,
    /// The plan is not carried out.
    Approved,
    /// It was carried out and did not do; nothing better has come.
    Failed,
    /// The plan came late and was returned once; closed in the end.
    LatePlan,
    /// Closed.
    Closed,
}

impl Fate {
    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Self; 8] = [
        Self::Issued,
        Self::Acknowledged,
        Self::Returned,
        Self::PlanSubmitted,
        Self::Approved,
        Self::Failed,
        Self::LatePlan,
        Self::Closed,
    ];

    /// Whether a step is missing whose time is over.
    fn is_overdue(self) -> bool {
        !matches!(self, Self::PlanSubmitted | Self::LatePlan | Self::Closed)
    }
    fn is_open(self) -> bool {
        !matches!(self, Self::LatePlan | Self::Closed)
    }
}

/// Who was below in which month, in the order of months and of the table of stations.
pub(super) fn below(sums: &Sums) -> Vec<Below> {
    let months = months::all();
    let mut below = Vec::new();
    for (month, span) in months.iter().enumerate() {
        let mine = months::nameable().filter(|s| months::is_below(months::rate(sums, s.code, *span)));
        below.extend(mine.map(|station| Below { month, unit: station.code }));
    }
    below
}

/// How far one came that has so many after it: the latest are still on their way, each in another place; one plan was late.
pub(super) fn fate(after: usize) -> Fate {
    match after {
        0 => Fate::Issued,
        1 => Fate::Acknowledged,
        2 => Fate::Returned,
        3 => Fate::PlanSubmitted,
        4 => Fate::Approved,
        5 => Fate::Failed,
        6 => Fate::LatePlan,
        _ => Fate::Closed,
    }
}

pub(super) fn notice_id(month: usize, unit: &str) -> String {
    format!("{}-{unit}", closing_id(month))
}

/// From the fifth of the next month on.
pub(super) fn tale(below: &Below, fate: Fate) -> Tale {
    let Below { month, unit } = *below;
    let station = Actor::officer(unit);
    let (headquarters, id) = (Actor::headquarters(&["hq"]), || notice_id(month, unit));
    let on = |days: i64| Some(day(month, days).into());
    let issue = hq::IssueNoticeRequest {
        closing_id: closing_id(month),
        org_unit: unit.into(),
        issued_on: on(5),
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, id()).with(&headquarters, issue);
    if fate == Fate::Issued {
        return tale;
    }
    tale.add(&station, hq::AcknowledgeNoticeRequest { notice_id: id(), on: on(6), ..Default::default() });
    if fate == Fate::Acknowledged {
        return tale;
    }
    let plan = |days| hq::SubmitNoticePlanRequest {
        notice_id: id(),
        plan: "演示：加强夜间巡逻和技防，复盘未破案件".into(),
        on: on(days),
        ..Default::default()
    };
    let review = |approved, days| hq::ReviewNoticePlanRequest {
        notice_id: id(),
        approved,
        remark: if approved { "" } else { "演示：措施不具体" }.into(),
        on: on(days),
        ..Default::default()
    };
    // Ten working days are over four weeks later, whatever holidays lie between.
    let first = if fate == Fate::LatePlan { 33 } else { 10 };
    tale.add(&station, plan(first));
    if fate == Fate::PlanSubmitted {
        return tale;
    }
    if matches!(fate, Fate::Returned | Fate::LatePlan) {
        tale.add(&headquarters, review(false, first + 2));
        if fate == Fate::Returned {
            return tale;
        }
        tale.add(&station, plan(first + 4));
    }
    tale.add(&headquarters, review(true, first + 5));
    if fate == Fate::Approved {
        return tale;
    }
    let report = hq::ReportNoticeImplementedRequest {
        notice_id: id(),
        report: "演示：方案已落实".into(),
        on: on(first + 25),
        ..Default::default()
    };
    tale.add(&station, report);
    let verified = fate != Fate::Failed;
    let verify = hq::VerifyNoticeRequest {
        notice_id: id(),
        verified,
        remark: if verified { "" } else { "演示：现场核查未达到要求" }.into(),
        on: on(first + 28),
        ..Default::default()
    };
    tale.add(&headquarters, verify);
    if verified {
        let close = hq::CloseNoticeRequest { notice_id: id(), on: on(first + 29), ..Default::default() };
        tale.add(&headquarters, close);
    }
    tale
}

pub(super) async fn figures(clients: &Clients, course: &Course) -> Result<Vec<Shown>, Fault> {
    let request = hq::ListNoticesRequest { board: BOARD.into(), ..Default::default() };
    let ask = async |r| clients.notice().list_notices(r).await;
    let notices = clients.call(Service::Hq, request, ask).await?.notices;
    let mine: Vec<_> = course.below.iter().map(|below| notice_id(below.month, below.unit)).collect();
    let notices: Vec<_> = notices.iter().filter(|notice| mine.contains(&notice.notice_id)).collect();
    let in_state = |state| notices.iter().filter(|notice| notice.state() == state).count();
    let overdue = notices.iter().filter(|notice| notice.overdue).count();
    let fates: Vec<_> = course.below.iter().map(|below| course.fate(below)).collect();
    let withdrawn = course.late.iter().count();
    let closed = fates.iter().filter(|fate| !fate.is_open()).count();
    Ok(vec![
        Shown::of("通报", "notices below 40% (A9)", &mine.len(), &notices.len()),
        Shown::of("通报办结", "notices closed", &closed, &in_state(NoticeState::Closed)),
        Shown::of("通报撤回", "notices withdrawn", &withdrawn, &in_state(NoticeState::Withdrawn)),
        Shown::of(
            "通报逾期",
            "notices overdue",
            &fates.iter().filter(|fate| fate.is_overdue()).count(),
            &overdue,
        ),
    ])
}
