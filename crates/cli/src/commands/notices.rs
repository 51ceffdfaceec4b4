//! `xiaoan notices …` and `xiaoan interviews …`: from a frozen month to what is done about it.

use super::{Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{self, show_day};
use crate::render::{self, Align, Field, Sheet, Tone};
use clap::{Args, Subcommand, ValueEnum};
use time::Date;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::hq::v1::{self as hq, InterviewState, Notice, NoticeState, NoticeStep, Post, Standing};

/// Notices and their rectification.
#[derive(Debug, Subcommand)]
pub enum Notices {
    /// Issue notices from a frozen period: for one unit, or for all that are below and have none (headquarters)
    Issue {
        /// Closing, for example theft-stations-2026-06
        closing_id: String,
        /// Only this unit
        #[arg(long = "org-unit", alias = "unit")]
        unit: Option<String>,
        /// Day of issue [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// The unit has seen it
    Acknowledge(Step),
    /// The unit submits its plan of rectification
    Plan(Worded),
    /// Approve the plan (headquarters)
    Approve(Step),
    /// Return the plan with what must be better (headquarters)
    Return(Worded),
    /// The unit has carried the plan out
    Implemented(Worded),
    /// The rectification was looked at and is good (headquarters)
    Verify(Step),
    /// The rectification was looked at and has failed (headquarters)
    Fail(Worded),
    /// Close a verified or failed notice (headquarters)
    Close(Step),
    /// Waive a notice with a reason (headquarters)
    Waive(Worded),
    /// Notices, the newest period first
    List {
        /// Only of this board
        #[arg(long, default_value = "")]
        board: String,
        /// Only of this unit
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
        /// Only those that are not closed, waived or withdrawn
        #[arg(long)]
        open: bool,
    },
    /// One notice with its deadlines
    Show {
        /// Notice
        notice_id: String,
    },
}

/// A step on a day.
#[derive(Debug, Args)]
pub struct Step {
    /// Notice, for example theft-stations-2026-06-371102010000
    pub notice_id: String,
    /// Day [default: today]
    #[arg(long, value_parser = moments::day)]
    pub on: Option<Date>,
}

/// A step with words.
#[derive(Debug, Args)]
pub struct Worded {
    /// Notice, for example theft-stations-2026-06-371102010000
    pub notice_id: String,
    /// What there is to say; no personal data
    #[arg(long)]
    pub text: String,
    /// Day [default: today]
    #[arg(long, value_parser = moments::day)]
    pub on: Option<Date>,
}

/// Interviews.
#[derive(Debug, Subcommand)]
pub enum Interviews {
    /// Trigger an interview that issuing the notices has not (headquarters)
    Trigger {
        /// Board
        #[arg(long)]
        board: String,
        /// Unit
        #[arg(long = "org-unit", alias = "unit")]
        unit: String,
        /// The months, oldest first, for example 2026-06,2026-07
        #[arg(long, value_delimiter = ',', required = true)]
        periods: Vec<String>,
    },
    /// Fix day and people (headquarters)
    Schedule {
        /// Interview, for example theft-stations-371102010000-2026-07
        interview_id: String,
        /// Day for which it is scheduled
        #[arg(long = "for", value_parser = moments::day)]
        scheduled_for: Date,
        /// Who interviews: UNIT:POST, for example 371100000000:city-deputy-chief
        #[arg(long, value_parser = officeholder)]
        by: hq::Officeholder,
        /// Who is interviewed: UNIT:POST; may be repeated
        #[arg(long = "with", value_parser = officeholder, required = true)]
        interviewees: Vec<hq::Officeholder>,
    },
    /// It was held, with those who were scheduled (headquarters)
    Hold {
        /// Interview
        interview_id: String,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Minutes and commitments (headquarters)
    Minutes {
        /// Interview
        interview_id: String,
        /// The minutes; no personal data
        #[arg(long)]
        text: String,
        /// A commitment: DAY:WHAT, for example "2026-11-30:night patrols"; may be repeated
        #[arg(long = "commitment", value_parser = commitment)]
        commitments: Vec<hq::CommitmentInput>,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// A commitment was met or missed (headquarters)
    Judge {
        /// Interview
        interview_id: String,
        /// Number of the commitment
        number: i32,
        /// Whether it was met
        #[arg(value_enum)]
        how: How,
        /// Day [default: today]
        #[arg(long, value_parser = moments::day)]
        on: Option<Date>,
    },
    /// Interviews, newest first
    List {
        /// Only of this board
        #[arg(long, default_value = "")]
        board: String,
        /// Only of this unit
        #[arg(long = "org-unit", alias = "unit", default_value = "")]
        unit: String,
    },
    /// One interview with its commitments
    Show {
        /// Interview
        interview_id: String,
    },
}

/// Whether a commitment was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// 已兑现
    Met,
    /// 未兑现
    Missed,
}

/// Posts as they are typed.
const POSTS: [(&str, Post); 5] = [
    ("station-head", Post::StationHead),
    ("deputy-bureau-chief", Post::DeputyBureauChief),
    ("bureau-chief", Post::BureauChief),
    ("city-deputy-chief", Post::CityDeputyChief),
    ("city-chief", Post::CityChief),
];

fn officeholder(text: &str) -> Result<hq::Officeholder, String> {
    let words = POSTS.map(|(word, _)| word).join(", ");
    let wrong = || format!("{text:?} is not of the form UNIT:POST; posts are {words}");
    let (org_unit, word) = text.split_once(':').ok_or_else(wrong)?;
    let (_, post) = POSTS.into_iter().find(|(known, _)| *known == word).ok_or_else(wrong)?;
    Ok(hq::Officeholder { org_unit: org_unit.to_owned(), post: post.into() })
}

fn commitment(text: &str) -> Result<hq::CommitmentInput, String> {
    let wrong = || format!("{text:?} is not of the form DAY:WHAT, for example \"2026-11-30:night patrols\"");
    let (day, what) = text.split_once(':').ok_or_else(wrong)?;
    Ok(hq::CommitmentInput { text: what.to_owned(), due_on: Some(moments::day(day)?.into()) })
}

/// `xiaoan notices …`.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Notices) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fresh = || context.request_id();
    let day = |on: Option<Date>| on.map(Into::into);
    /// The call of a step; the message goes again when the service is away for a moment.
    macro_rules! step {
        ($request:expr, $rpc:ident) => {
            clients.call(Service::Hq, $request, async |r| clients.notice().$rpc(r).await).await?.receipt
        };
    }
    let receipt = match what {
        Notices::Issue { closing_id, unit, on } => return issue(context, closing_id, unit, on).await,
        Notices::List { board, unit, open } => return list(context, board, unit, open).await,
        Notices::Show { notice_id } => return show(context, notice_id, 0).await,
        Notices::Acknowledge(Step { notice_id, on }) => step!(
            hq::AcknowledgeNoticeRequest {
                request_id: fresh(),
                notice_id,
                on: day(on),
                ..Default::default()
            },
            acknowledge_notice
        ),
        Notices::Plan(Worded { notice_id, text, on }) => step!(
            hq::SubmitNoticePlanRequest {
                request_id: fresh(),
                notice_id,
                plan: text,
                on: day(on),
                ..Default::default()
            },
            submit_notice_plan
        ),
        Notices::Approve(Step { notice_id, on }) => step!(
            hq::ReviewNoticePlanRequest {
                request_id: fresh(),
                notice_id,
                approved: true,
                on: day(on),
                ..Default::default()
            },
            review_notice_plan
        ),
        Notices::Return(Worded { notice_id, text, on }) => step!(
            hq::ReviewNoticePlanRequest {
                request_id: fresh(),
                notice_id,
                remark: text,
                on: day(on),
                ..Default::default()
            },
            review_notice_plan
        ),
        Notices::Implemented(Worded { notice_id, text, on }) => step!(
            hq::ReportNoticeImplementedRequest {
                request_id: fresh(),
                notice_id,
                report: text,
                on: day(on),
                ..Default::default()
            },
            report_notice_implemented
        ),
        Notices::Verify(Step { notice_id, on }) => step!(
            hq::VerifyNoticeRequest {
                request_id: fresh(),
                notice_id,
                verified: true,
                on: day(on),
                ..Default::default()
            },
            verify_notice
        ),
        Notices::Fail(Worded { notice_id, text, on }) => step!(
            hq::VerifyNoticeRequest {
                request_id: fresh(),
                notice_id,
                remark: text,
                on: day(on),
                ..Default::default()
            },
            verify_notice
        ),
        Notices::Close(Step { notice_id, on }) => step!(
            hq::CloseNoticeRequest { request_id: fresh(), notice_id, on: day(on), ..Default::default() },
            close_notice
        ),
        Notices::Waive(Worded { notice_id, text, on }) => step!(
            hq::WaiveNoticeRequest {
                request_id: fresh(),
                notice_id,
                reason: text,
                on: day(on),
                ..Default::default()
            },
            waive_notice
        ),
    };
    let (id, position) = named(receipt);
    show(context, id, position).await
}

/// Id and position of a receipt.
fn named(receipt: Option<Receipt>) -> (String, i64) {
    let receipt = receipt.unwrap_or_default();
    let id = receipt.name.split_once('/').map_or("", |(_, id)| id).to_owned();
    (id, receipt.position)
}

async fn issue(
    context: &Context,
    closing_id: String,
    unit: Option<String>,
    on: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let units = match unit {
        Some(unit) => vec![unit],
        None => {
            let request = hq::GetClosingRequest { closing_id: closing_id.clone(), at_least: 0 };
            let answer =
                clients.call(Service::Hq, request, async |r| clients.closing().get_closing(r).await).await?;
            let due = answer
                .consequences
                .into_iter()
                .filter(|found| found.standing() == Standing::Below && found.notice_id.is_empty());
            due.map(|found| found.org_unit).collect()
        }
    };
    let mut sheet = Sheet::new(&[
        (context.say("通报", "notice"), Align::Left),
        (context.say("约谈", "interview"), Align::Left),
    ]);
    let mut issued = Vec::new();
    for org_unit in units {
        let request = hq::IssueNoticeRequest {
            request_id: context.request_id_of(&org_unit),
            closing_id: closing_id.clone(),
            org_unit,
            issued_on: on.map(Into::into),
        };
        let answer =
            clients.call(Service::Hq, request, async |r| clients.notice().issue_notice(r).await).await?;
        sheet.row(vec![answer.notice_id.as_str().into(), answer.interview_ids.join(", ").into()]);
        issued.push(render::message_json(&answer));
    }
    render::print(context, &sheet, &issued.into(), "")?;
    Ok(Verdict::Done)
}

async fn list(context: &Context, board: String, org_unit: String, open_only: bool) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::ListNoticesRequest { board, org_unit, open_only, at_least: 0 };
    let answer = clients.call(Service::Hq, request, async |r| clients.notice().list_notices(r).await).await?;
    let mut sheet = Sheet::new(&[
        (context.say("通报", "notice"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("分子/分母", "k/n"), Align::Right),
        (context.say("通报日", "issued on"), Align::Left),
        (context.say("下一期限", "next due"), Align::Left),
    ]);
    for notice in &answer.notices {
        let next = notice.deadlines.iter().find(|d| !d.settled);
        let due = next.map(|d| format!("{} {}", step_word(context, d.step()), show_day(d.last_day)));
        let tone = if notice.overdue { Tone::Alert } else { Tone::Plain };
        sheet.row(vec![
            notice.notice_id.as_str().into(),
            Field::toned(state_word(context, notice), tone),
            format!("{}/{}", notice.numerator, notice.denominator).into(),
            show_day(notice.issued_on).into(),
            Field::toned(due.unwrap_or_default(), tone),
        ]);
    }
    render::print(context, &sheet, &render::message_json(&answer), "")?;
    Ok(Verdict::Done)
}

async fn show(context: &Context, notice_id: String, at_least: i64) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::GetNoticeRequest { notice_id, at_least };
    let answer = clients.call(Service::Hq, request, async |r| clients.notice().get_notice(r).await).await?;
    let notice = answer.notice.clone().unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("期限", "deadline"), Align::Left),
        (context.say("最后一日", "last day"), Align::Left),
        (context.say("情况", "how"), Align::Left),
    ]);
    for deadline in &notice.deadlines {
        let how = match (deadline.missed, deadline.settled) {
            (true, true) => Field::from(context.say("逾期完成", "late")),
            (true, false) => Field::toned(context.say("逾期", "OVERDUE"), Tone::Alert),
            (false, true) => Field::from(context.say("完成", "settled")),
            (false, false) => Field::from(context.say("未到期", "open")),
        };
        let last_day = show_day(deadline.last_day);
        sheet.row(vec![step_word(context, deadline.step()).into(), last_day.into(), how]);
    }
    let note = format!(
        "{} {} · {}/{} · {} {} {}",
        notice.notice_id,
        state_word(context, &notice),
        notice.numerator,
        notice.denominator,
        context.say("通报于", "issued on"),
        show_day(notice.issued_on),
        notice.remark,
    );
    render::print(context, &sheet, &render::message_json(&answer), note.trim_end())?;
    Ok(Verdict::Done)
}

fn state_word(context: &Context, notice: &Notice) -> &'static str {
    match notice.state() {
        NoticeState::Unspecified => "?",
        NoticeState::Issued => context.say("已通报", "issued"),
        NoticeState::Acknowledged => context.say("已签收", "acknowledged"),
        NoticeState::PlanSubmitted => context.say("已报方案", "plan submitted"),
        NoticeState::PlanReturned => context.say("方案退回", "plan returned"),
        NoticeState::PlanApproved => context.say("方案通过", "plan approved"),
        NoticeState::Implemented => context.say("已整改", "implemented"),
        NoticeState::Verified => context.say("验收合格", "verified"),
        NoticeState::Failed => context.say("验收不合格", "failed"),
        NoticeState::Closed => context.say("已办结", "closed"),
        NoticeState::Waived => context.say("已免予", "waived"),
        NoticeState::Withdrawn => context.say("已撤回", "withdrawn"),
    }
}

fn step_word(context: &Context, step: NoticeStep) -> &'static str {
    match step {
        NoticeStep::Unspecified => "?",
        NoticeStep::Acknowledge => context.say("签收", "acknowledge"),
        NoticeStep::Plan => context.say("报方案", "plan"),
        NoticeStep::Implement => context.say("整改", "implement"),
        NoticeStep::Verify => context.say("验收", "verify"),
    }
}

/// `xiaoan interviews …`.
///
/// # Errors
/// Whatever went wrong.
pub async fn interviews(context: &Context, what: Interviews) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fresh = || context.request_id();
    let day = |on: Option<Date>| on.map(Into::into);
    macro_rules! step {
        ($request:expr, $rpc:ident) => {
            clients.call(Service::Hq, $request, async |r| clients.interview().$rpc(r).await).await?.receipt
        };
    }
    let receipt = match what {
        Interviews::List { board, unit } => return list_interviews(context, board, unit).await,
        Interviews::Show { interview_id } => return show_interview(context, interview_id, 0).await,
        Interviews::Trigger { board, unit, periods } => step!(
            hq::TriggerInterviewRequest { request_id: fresh(), board, org_unit: unit, periods, on: None },
            trigger_interview
        ),
        Interviews::Schedule { interview_id, scheduled_for, by, interviewees } => step!(
            hq::ScheduleInterviewRequest {
                request_id: fresh(),
                interview_id,
                scheduled_for: Some(scheduled_for.into()),
                interviewer: Some(by),
                interviewees,
                ..Default::default()
            },
            schedule_interview
        ),
        Interviews::Hold { interview_id, on } => step!(
            hq::HoldInterviewRequest { request_id: fresh(), interview_id, on: day(on), ..Default::default() },
            hold_interview
        ),
        Interviews::Minutes { interview_id, text, commitments, on } => step!(
            hq::SignInterviewMinutesRequest {
                request_id: fresh(),
                interview_id,
                minutes: text,
                commitments,
                on: day(on),
                ..Default::default()
            },
            sign_interview_minutes
        ),
        Interviews::Judge { interview_id, number, how, on } => step!(
            hq::JudgeCommitmentRequest {
                request_id: fresh(),
                interview_id,
                number,
                met: how == How::Met,
                on: day(on),
                ..Default::default()
            },
            judge_commitment
        ),
    };
    let (id, position) = named(receipt);
    show_interview(context, id, position).await
}

async fn list_interviews(context: &Context, board: String, org_unit: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::ListInterviewsRequest { board, org_unit, at_least: 0 };
    let answer =
        clients.call(Service::Hq, request, async |r| clients.interview().list_interviews(r).await).await?;
    let mut sheet = Sheet::new(&[
        (context.say("约谈", "interview"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("触发日", "triggered on"), Align::Left),
        (context.say("约谈日", "day"), Align::Left),
    ]);
    for interview in &answer.interviews {
        sheet.row(vec![
            interview.interview_id.as_str().into(),
            interview_word(context, interview).into(),
            show_day(interview.triggered_on).into(),
            show_day(interview.held_on.or(interview.scheduled_for)).into(),
        ]);
    }
    render::print(context, &sheet, &render::message_json(&answer), "")?;
    Ok(Verdict::Done)
}

async fn show_interview(context: &Context, interview_id: String, at_least: i64) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = hq::GetInterviewRequest { interview_id, at_least };
    let answer =
        clients.call(Service::Hq, request, async |r| clients.interview().get_interview(r).await).await?;
    let interview = answer.interview.clone().unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("承诺", "commitment"), Align::Right),
        (context.say("内容", "what"), Align::Left),
        (context.say("期限", "due on"), Align::Left),
        (context.say("情况", "how"), Align::Left),
    ]);
    for commitment in &interview.commitments {
        let how = match commitment.state() {
            hq::CommitmentState::Met => context.say("已兑现", "met"),
            hq::CommitmentState::Missed => context.say("未兑现", "missed"),
            hq::CommitmentState::Open | hq::CommitmentState::Unspecified => context.say("未评定", "open"),
        };
        sheet.row(vec![
            commitment.number.to_string().into(),
            commitment.text.as_str().into(),
            show_day(commitment.due_on).into(),
            how.into(),
        ]);
    }
    let cause = match interview.withdrawal_cause() {
        hq::WithdrawalCause::Unspecified => "",
        hq::WithdrawalCause::Correction => context.say("因更正撤销", "withdrawn by a correction"),
        hq::WithdrawalCause::NoticeWaived => context.say("因通报免予撤销", "withdrawn: a notice was waived"),
    };
    let note = format!(
        "{} {} · {} {}",
        interview.interview_id,
        interview_word(context, &interview),
        interview.periods.join(", "),
        cause,
    );
    render::print(context, &sheet, &render::message_json(&answer), note.trim_end())?;
    Ok(Verdict::Done)
}

fn interview_word(context: &Context, interview: &hq::Interview) -> &'static str {
    match interview.state() {
        InterviewState::Unspecified => "?",
        InterviewState::Triggered => context.say("待约谈", "triggered"),
        InterviewState::Scheduled => context.say("已安排", "scheduled"),
        InterviewState::Held => context.say("已约谈", "held"),
        InterviewState::Minuted => context.say("已形成纪要", "minuted"),
        InterviewState::Closed => context.say("已办结", "closed"),
        InterviewState::Withdrawn => context.say("已撤销", "withdrawn"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_typed_as_unit_and_post_and_commitments_as_day_and_words() {
        let who = officeholder("371100000000:city-deputy-chief").expect("a post");
        assert_eq!((who.org_unit.as_str(), who.post()), ("371100000000", Post::CityDeputyChief));
        assert!(officeholder("371100000000").is_err() && officeholder("371100000000:mayor").is_err());
        assert_eq!(commitment("2026-11-30:夜间巡逻").expect("a commitment").text, "夜间巡逻");
        assert!(commitment("2026-02-30:x").is_err() && commitment("soon").is_err());
    }
}
