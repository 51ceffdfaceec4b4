//! `xiaoan reports …`: reports (受案) with their time limits, and the limits that ran out.

use super::fields::Act;
use super::listing::{documents, pages, show_accepted, show_list, show_one};
use super::{Context, Verdict, acts};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments::{self, show_day, show_instant};
use crate::render::{Align, Field, Sheet, Tone, message_json};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use time::{Date, OffsetDateTime};
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::timestamp;

/// Reports.
#[derive(Debug, Subcommand)]
pub enum Reports {
    /// Reports of a unit and those below it, latest first
    List(List),
    /// One report with its time limits; the reporter is not shown
    Get {
        /// Its id
        report_id: String,
    },
    /// Time limits of law that ran out, latest first
    Breaches(Breaches),
    /// Register a report; who reported is registered by forms, not here
    Register(Register),
    /// Decide a report: county level or above
    Decide {
        /// Report
        report_id: String,
        /// What is decided
        #[arg(value_enum)]
        outcome: Outcome,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Approve a longer review: 7 days for a clue, 30 by a county head
    Extend {
        /// Report
        report_id: String,
        /// 7 or 30
        #[arg(long)]
        days: i32,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who asked for it
        #[arg(long)]
        requested_by: String,
    },
    /// Record that the notice of not filing was served
    Serve {
        /// Report
        report_id: String,
    },
    /// Decide otherwise, finally; registrars only
    Override {
        /// Report
        report_id: String,
        /// file or not-file
        #[arg(value_enum)]
        outcome: Outcome,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// A command with its fields in JSON: register (with the person who reported: @FILE or -), issue-receipt, note-receipt-refused,
    /// switch-track, find-foreign-jurisdiction, transfer, request-reconsideration, decide-reconsideration, record-reasons-asked,
    /// explain-non-filing, record-filing-ordered, ask-agency-for-materials, record-agency-materials, extend-security-case,
    /// exclude-expert-time, decide-security-case
    #[command(
        after_help = "Example: xiaoan reports do issue-receipt '{\"reportId\": \"r-1\", \"receiptNo\": \"2026-1\"}'"
    )]
    Do(Act),
}

/// A new report.
#[derive(Debug, Args)]
pub struct Register {
    /// Id; letters, digits, hyphens [default: a UUID]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Procedure
    #[arg(long, value_enum)]
    pub track: Track,
    /// When somebody reported
    #[arg(long, value_parser = moments::moment)]
    pub reported_at: OffsetDateTime,
    /// Alert it comes from
    #[arg(long, default_value = "")]
    pub alert: String,
    /// What it is about, without personal data
    #[arg(long)]
    pub summary: String,
    /// Number of the receipt
    #[arg(long, default_value = "")]
    pub receipt: String,
}

/// Procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Track {
    /// 刑事
    Criminal,
    /// 行政
    Administrative,
    /// 行政，复杂
    Complex,
}

impl From<Track> for pb::ReportTrack {
    fn from(track: Track) -> Self {
        match track {
            Track::Criminal => Self::Criminal,
            Track::Administrative => Self::Administrative,
            Track::Complex => Self::AdministrativeComplex,
        }
    }
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// 立案
    File,
    /// 不予立案
    NotFile,
    /// 行政受案
    Administrative,
}

impl From<Outcome> for pb::ReportOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::File => Self::File,
            Outcome::NotFile => Self::NotFile,
            Outcome::Administrative => Self::Administrative,
        }
    }
}

/// Which reports.
#[derive(Debug, Args)]
pub struct List {
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Only this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
    /// Only those with a time limit that has run out and was not met
    #[arg(long)]
    pub overdue: bool,
    /// First day registered
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day registered
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Which breaches.
#[derive(Debug, Args)]
pub struct Breaches {
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// First day
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// State of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// 已登记，回执未出
    Registered,
    /// 审查中
    UnderReview,
    /// 已批准立案
    FilingApproved,
    /// 已立案
    Filed,
    /// 不予立案
    NotFiled,
    /// 已移送
    Transferred,
    /// 行政受案
    Administrative,
}

impl From<State> for pb::ReportState {
    fn from(state: State) -> Self {
        match state {
            State::Registered => Self::Registered,
            State::UnderReview => Self::UnderReview,
            State::FilingApproved => Self::FilingApproved,
            State::Filed => Self::Filed,
            State::NotFiled => Self::NotFiled,
            State::Transferred => Self::Transferred,
            State::Administrative => Self::Administrative,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Reports) -> Result<Verdict, Fault> {
    match what {
        Reports::List(what) => list(context, what).await,
        Reports::Get { report_id } => {
            let clients = context.clients()?;
            let request = pb::GetReportRequest { report_id, at_least: 0 };
            let found = call!(Cases, clients.report().get_report(request));
            show_one(context, &found.report.as_ref().map_or(Value::Null, message_json))
        }
        Reports::Do(act) => acts::report(context, &act).await,
        Reports::Breaches(what) => breaches(context, what).await,
        act => carry_out(context, act).await,
    }
}

async fn carry_out(context: &Context, act: Reports) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request_id = context.request_id();
    let receipt = match act {
        Reports::Register(what) => {
            let request = pb::RegisterReportRequest {
                request_id,
                report_id: what.id,
                org_unit: what.unit,
                track: pb::ReportTrack::from(what.track).into(),
                reported_at: Some(timestamp(what.reported_at)),
                alert_id: what.alert,
                summary: what.summary,
                receipt_no: what.receipt,
                ..Default::default()
            };
            call!(Cases, clients.report().register_report(request)).receipt
        }
        Reports::Decide { report_id, outcome, reason } => {
            let request = pb::DecideReportRequest {
                request_id,
                report_id,
                outcome: pb::ReportOutcome::from(outcome).into(),
                reason,
                ..Default::default()
            };
            call!(Cases, clients.report().decide_report(request)).receipt
        }
        Reports::Extend { report_id, days, reason, requested_by } => {
            let request = pb::ExtendReviewRequest {
                request_id,
                report_id,
                days,
                reason,
                requested_by,
                ..Default::default()
            };
            call!(Cases, clients.report().extend_review(request)).receipt
        }
        Reports::Serve { report_id } => {
            let request = pb::ServeNotFiledNoticeRequest { request_id, report_id, ..Default::default() };
            call!(Cases, clients.report().serve_not_filed_notice(request)).receipt
        }
        Reports::Override { report_id, outcome, reason } => {
            let request = pb::OverrideReportRequest {
                request_id,
                report_id,
                outcome: pb::ReportOutcome::from(outcome).into(),
                reason,
                ..Default::default()
            };
            call!(Cases, clients.report().override_report(request)).receipt
        }
        Reports::Do(_) | Reports::List(_) | Reports::Get { .. } | Reports::Breaches(_) => None, // no acts; done before
    };
    show_accepted(context, receipt)
}

async fn list(context: &Context, what: List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (found, more) = pages(what.limit, async |page_size, page_token| {
        let request = pb::ListReportsRequest {
            org_unit: what.unit.clone(),
            from: what.from.map(Into::into),
            to: what.to.map(Into::into),
            state: what.state.map_or(pb::ReportState::Unspecified, Into::into).into(),
            overdue: what.overdue,
            page_size,
            page_token,
            ..Default::default()
        };
        let page = call!(Cases, clients.report().list_reports(request));
        Ok((page.reports, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("受案", "report"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("登记", "registered"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("期限", "limit"), Align::Left),
        (context.say("届满", "due"), Align::Left),
        (context.say("案件", "case"), Align::Left),
    ])
    .may_drop(6, 1);
    for report in &found {
        let running = report.clocks.iter().rfind(|clock| clock.met_at.is_none() && !clock.lifted);
        let late = report.clocks.iter().any(|clock| clock.late);
        let state = state(context, report.state());
        sheet.row(vec![
            report.report_id.as_str().into(),
            report.org_unit.as_str().into(),
            show_instant(report.registered_at.as_ref()).into(),
            if late {
                Field::toned(format!("{state} · {}", context.say("逾期", "late")), Tone::Alert)
            } else {
                state.into()
            },
            running.map_or("", |clock| &clock.rule_id).into(),
            running.map(|clock| show_instant(clock.due_at.as_ref())).unwrap_or_default().into(),
            report.case_no.as_str().into(),
        ]);
    }
    show_list(context, &sheet, "reports", &documents(&found), more)
}

async fn breaches(context: &Context, what: Breaches) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (found, more) = pages(what.limit, async |page_size, page_token| {
        let request = pb::ListBreachesRequest {
            org_unit: what.unit.clone(),
            from: what.from.map(Into::into),
            to: what.to.map(Into::into),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = call!(Cases, clients.case_deadline().list_breaches(request));
        Ok((page.breaches, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("期限", "limit"), Align::Left),
        (context.say("事项", "about"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("届满", "due"), Align::Left),
        (context.say("计入日", "day"), Align::Left),
    ]);
    for breach in &found {
        sheet.row(vec![
            breach.rule_id.as_str().into(),
            breach.subject.as_str().into(),
            breach.org_unit.as_str().into(),
            show_instant(breach.due_at.as_ref()).into(),
            show_day(breach.due_on).into(),
        ]);
    }
    show_list(context, &sheet, "breaches", &documents(&found), more)
}

fn state(context: &Context, state: pb::ReportState) -> &'static str {
    match state {
        pb::ReportState::Unspecified => "?",
        pb::ReportState::Registered => context.say("已登记", "registered"),
        pb::ReportState::UnderReview => context.say("审查中", "under review"),
        pb::ReportState::FilingApproved => context.say("已批准立案", "filing approved"),
        pb::ReportState::Filed => context.say("已立案", "filed"),
        pb::ReportState::NotFiled => context.say("不予立案", "not filed"),
        pb::ReportState::Transferred => context.say("已移送", "transferred"),
        pb::ReportState::Administrative => context.say("行政受案", "administrative"),
    }
}
