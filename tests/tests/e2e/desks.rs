//! What stations and headquarters do around a closed month, each with a token of their own.

use crate::city::{Bearer, City};
use anyhow::{Context, Result, ensure};
use prost::{Message, Name};
use std::collections::HashMap;
use time::macros::datetime;
use tonic::Code;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::cases::v1::import_cases_request::Part;
use xiaoan_proto::cases::v1::{
    ApproveSolveRequest, CaseRow, ImportCasesRequest, ImportHeader, ProposeSolveRequest, SolveClass,
    SolveEvidence,
};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::closing_service_client::ClosingServiceClient;
use xiaoan_proto::hq::v1::interview_service_client::InterviewServiceClient;
use xiaoan_proto::hq::v1::notice_service_client::NoticeServiceClient;
use xiaoan_proto::hq::v1::{self as hq, NoticeState, NoticeStep, Standing};
use xiaoan_proto::timestamp;
use xiaoan_testkit::{DEADLINE, id, position, refused, wait_until};

pub const BOARD: &str = "theft-stations";
/// Below 40 % in June and in July.
pub const BELOW: &str = "371102010000";
/// Eight of twenty in every month: exactly 40.0 %.
pub const EXACT: &str = "371102020000";
/// Nine cases in June.
pub const SMALL: &str = "371102030000";

type Called = InterceptedService<Channel, Bearer>;

/// What people do in this city.
pub struct Desks<'a>(pub &'a City);

impl Desks<'_> {
    pub fn closings(&self) -> Result<ClosingServiceClient<Called>> {
        Ok(ClosingServiceClient::with_interceptor(self.0.lazy(&self.0.hq)?, self.0.headquarters()?))
    }
    pub fn notices(&self) -> Result<NoticeServiceClient<Called>> {
        Ok(NoticeServiceClient::with_interceptor(self.0.lazy(&self.0.hq)?, self.0.headquarters()?))
    }
    /// The station that is named, at its own desk.
    pub fn station(&self) -> Result<NoticeServiceClient<Called>> {
        let bearer = self.0.bearer_of("station-1", BELOW, &["officer"])?;
        Ok(NoticeServiceClient::with_interceptor(self.0.lazy(&self.0.hq)?, bearer))
    }
    pub fn interviews(&self) -> Result<InterviewServiceClient<Called>> {
        Ok(InterviewServiceClient::with_interceptor(self.0.lazy(&self.0.hq)?, self.0.headquarters()?))
    }
    pub fn cases(&self, subject: &str) -> Result<CaseServiceClient<Called>> {
        let bearer = self.0.bearer_of(subject, BELOW, &["officer"])?;
        Ok(CaseServiceClient::with_interceptor(self.0.lazy(&self.0.cases)?, bearer))
    }

    /// Stations send the thefts of three months; gives the position of the log after them.
    pub async fn import(&self, rows: impl Iterator<Item = CaseRow>) -> Result<i64> {
        let header = Part::Header(ImportHeader { dry_run: false, file_name: "cases.csv".into() });
        let parts = std::iter::once(header).chain(rows.map(Part::Row));
        let parts: Vec<_> = parts.map(|part| ImportCasesRequest { part: Some(part) }).collect();
        let mut cases = CaseServiceClient::with_interceptor(self.0.lazy(&self.0.cases)?, self.0.officer()?);
        let answer = cases.import_cases(tokio_stream::iter(parts)).await?.into_inner();
        ensure!(answer.rejected == 0, "{answer:?}");
        Ok(answer.position)
    }

    pub async fn freeze(&self, month: u8, on: time::Date) -> Result<()> {
        self.0.board(BOARD, &period(month)).await?;
        let at_least = HashMap::from([("cases".to_owned(), self.0.head("cases").await?)]);
        let command = hq::FreezePeriodRequest {
            request_id: id(),
            board: BOARD.into(),
            period: period(month),
            frozen_on: Some(on.into()),
            at_least,
        };
        let frozen = self.closings()?.freeze_period(command).await?.into_inner();
        assert_eq!(frozen.closing_id, closing_id(month));
        Ok(())
    }

    pub async fn issue(
        &self,
        month: u8,
        unit: &str,
        on: Option<time::Date>,
    ) -> Result<Result<hq::IssueNoticeResponse, tonic::Status>> {
        let command = hq::IssueNoticeRequest {
            request_id: id(),
            closing_id: closing_id(month),
            org_unit: unit.into(),
            issued_on: on.map(Date::from),
        };
        Ok(self.notices()?.issue_notice(command).await.map(tonic::Response::into_inner))
    }

    /// Why no notice was issued.
    pub async fn no_notice(&self, month: u8, unit: &str) -> Result<(Code, String)> {
        Ok(refused(self.issue(month, unit, None).await?))
    }

    pub async fn acknowledge(&self, month: u8, on: Option<time::Date>) -> Result<i64> {
        let command = hq::AcknowledgeNoticeRequest {
            request_id: id(),
            notice_id: notice_id(month),
            on: on.map(Date::from),
            ..Default::default()
        };
        let answer = self.station()?.acknowledge_notice(command).await?.into_inner();
        Ok(position(answer.receipt.as_ref()))
    }

    pub async fn closing(&self, month: u8) -> Result<hq::GetClosingResponse> {
        let request =
            hq::GetClosingRequest { closing_id: closing_id(month), at_least: self.0.head("hq").await? };
        Ok(self.closings()?.get_closing(request).await?.into_inner())
    }

    pub async fn notice(&self, month: u8, at_least: i64) -> Result<hq::Notice> {
        let request = hq::GetNoticeRequest { notice_id: notice_id(month), at_least };
        self.notices()?.get_notice(request).await?.into_inner().notice.context("a notice")
    }

    pub async fn interview(&self) -> Result<hq::Interview> {
        let request =
            hq::GetInterviewRequest { interview_id: interview_id(), at_least: self.0.head("hq").await? };
        self.interviews()?.get_interview(request).await?.into_inner().interview.context("an interview")
    }

    /// Notices of the board: month, unit, state, whether something is overdue.
    pub async fn listed(&self, open_only: bool) -> Result<Vec<(String, String, NoticeState, bool)>> {
        let at_least = self.0.head("hq").await?;
        let request =
            hq::ListNoticesRequest { board: BOARD.into(), open_only, at_least, ..Default::default() };
        let listed = self.notices()?.list_notices(request).await?.into_inner().notices;
        Ok(listed.into_iter().map(|n| (n.period.clone(), n.org_unit.clone(), n.state(), n.overdue)).collect())
    }

    /// Waits until a row of the accountability page says something.
    pub async fn page_says(&self, row: &str, what: &str) {
        let begins = format!("id=\"{row}\"");
        wait_until(DEADLINE, || async {
            let page = self.0.page("/accountability").await.unwrap_or_default();
            let row = page.split_once(&begins).and_then(|(_, from)| from.split_once("</tr>"));
            row.is_some_and(|(row, _)| row.contains(what))
        })
        .await;
    }

    /// One officer proposes and another approves that a theft of June was solved in June.
    pub async fn solve_late(&self, serial: usize) -> Result<()> {
        let reference = |page: &str| format!("卷{serial}-{page}");
        let propose = ProposeSolveRequest {
            request_id: id(),
            case_no: case_no(BELOW, 6, serial),
            solved_at: Some(timestamp(datetime!(2026-06-29 10:00 +8))),
            solve_class: SolveClass::Arrest.into(),
            evidence: Some(SolveEvidence {
                facts_ref: reference("1"),
                suspect_ref: reference("2"),
                custody_ref: reference("3"),
            }),
            ..Default::default()
        };
        self.cases("officer-1")?.propose_solve(propose).await?;
        let approve = ApproveSolveRequest {
            request_id: id(),
            case_no: case_no(BELOW, 6, serial),
            ..Default::default()
        };
        self.cases("officer-2")?.approve_solve(approve).await?;
        Ok(())
    }

    /// Everything that headquarters recorded of one type.
    pub async fn recorded<E: Message + Name + Default>(&self) -> Result<Vec<E>> {
        let log = self.0.whole_log("hq").await?;
        let of_type = log.iter().filter(|event| event.r#type == E::full_name());
        of_type.map(|event| Ok(E::decode(event.payload.as_ref())?)).collect()
    }

    /// `xiaoan closings verify`: closing and correction of everything that it counted again.
    pub async fn verified(&self) -> Result<Vec<(String, i64)>> {
        let ran = self.0.xiaoan(&["closings", "verify", "--output", "json"]).await?;
        ensure!(ran.code == 0, "{}{}", ran.stdout, ran.stderr);
        let all = ran.json()?["closings"].as_array().cloned().unwrap_or_default();
        let one = |closing: &serde_json::Value| {
            ensure!(closing["stored"] == true && closing["recounted"] == true, "{closing}");
            let closing_id = closing["closingId"].as_str().context("an id")?;
            Ok((closing_id.to_owned(), closing["correction"].as_i64().context("a number")?))
        };
        all.iter().map(one).collect()
    }
}

pub fn period(month: u8) -> String {
    format!("2026-{month:02}")
}
pub fn closing_id(month: u8) -> String {
    format!("{BOARD}-{}", period(month))
}
pub fn notice_id(month: u8) -> String {
    format!("{}-{BELOW}", closing_id(month))
}
pub fn interview_id() -> String {
    format!("{BOARD}-{BELOW}-2026-07")
}
pub fn case_no(unit: &str, month: u8, serial: usize) -> String {
    format!("A{unit}2026{month:02}{serial:04}")
}

/// So many thefts of a unit in a month, of which the first are solved in it.
pub fn thefts(unit: &'static str, month: u8, solved: usize, filed: usize) -> impl Iterator<Item = CaseRow> {
    (1..=filed).map(move |serial| CaseRow {
        line: i64::try_from(serial).unwrap_or(i64::MAX) + 1,
        case_no: case_no(unit, month, serial),
        org_unit: unit.into(),
        category: "050201".into(),
        reported_at: format!("2026-{month:02}-07 01:58"),
        occurred_at: format!("2026-{month:02}-06 11:58"),
        filed_on: format!("2026-{month:02}-07"),
        loss_yuan: "2600".into(),
        preventable: "是".into(),
        solved_on: if serial <= solved { format!("2026-{month:02}-24") } else { String::new() },
        solve_manner: if serial <= solved { "直接".into() } else { String::new() },
        ..Default::default()
    })
}

/// How units stand by the rule in a closed month, those without a case left out.
pub fn stand(closing: &hq::GetClosingResponse) -> Vec<(&str, i64, i64, Standing)> {
    let with_cases = closing.consequences.iter().filter(|c| c.denominator > 0);
    with_cases.map(|c| (c.org_unit.as_str(), c.numerator, c.denominator, c.standing())).collect()
}

pub fn deadline(notice: &hq::Notice, step: NoticeStep) -> Result<hq::NoticeDeadline> {
    let found = notice.deadlines.iter().find(|d| d.step() == step);
    found.copied().context("a deadline")
}
