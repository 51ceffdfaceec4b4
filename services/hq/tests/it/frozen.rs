//! Freezing and correcting against real processes: hq, cases and rankings over one broker.

use crate::house::{CITY, DONGGANG, STATION, fresh, on, receipt, refused, registration};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tonic::{Code, Request};
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::cases::v1::import_cases_request::Part;
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesRequest, ImportHeader};
use xiaoan_proto::closing_text;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::closing_service_client::ClosingServiceClient;
use xiaoan_proto::hq::v1::interview_service_client::InterviewServiceClient;
use xiaoan_proto::hq::v1::notice_service_client::NoticeServiceClient;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::hq::v1::scheme_service_client::SchemeServiceClient;
use xiaoan_proto::hq::v1::{
    self as hq, ClosedEntry, ClosedFigures, InterviewState, NoticeState, Standing, WithdrawalCause,
};
use xiaoan_proto::rankings::v1::GetStandingsRequest;
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_rpc::Secret;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_testkit::{
    DEADLINE, Process, ProcessBuilder, TestDb, TestIssuer, TestNats, free_port, wait_until,
};

pub const BOARD: &str = "theft-stations";
/// A station that solves eight of twenty.
const EXACT: &str = "371102020000";
/// A station with nine cases.
pub const SMALL: &str = "371102030000";

/// hq, cases and rankings.
pub struct City {
    pub issuer: TestIssuer,
    hq: Process,
    pub cases: Process,
    rankings: Process,
    _nats: TestNats,
    _databases: Vec<TestDb>,
}

impl City {
    pub async fn start() -> Self {
        let (issuer, nats) = (TestIssuer::new(), TestNats::start().await);
        let databases =
            vec![TestDb::create("hq").await, TestDb::create("cases").await, TestDb::create("rankings").await];
        let builder = |bin: &str, db: &TestDb| -> ProcessBuilder {
            Process::builder(bin)
                .envs(issuer.env())
                .env("XIAOAN_NATS_URL", nats.url())
                .env("XIAOAN_DATABASE_URL", db.url())
                .env("XIAOAN_KEK", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        };
        // hq asks rankings, and rankings follows hq: one of the addresses is fixed beforehand.
        let address = format!("127.0.0.1:{}", free_port());
        let hq = builder("hq", &databases[0])
            .env("XIAOAN_RANKINGS_URL", format!("http://{address}"))
            .spawn()
            .await;
        let mut units = OrgUnitServiceClient::new(caller(&issuer, &hq, CITY, &["hq"]));
        for (code, kind, parent) in [
            (CITY, OrgKind::CityBureau, ""),
            (DONGGANG, OrgKind::CountyBureau, CITY),
            (STATION, OrgKind::Station, DONGGANG),
            (EXACT, OrgKind::Station, DONGGANG),
            (SMALL, OrgKind::Station, DONGGANG),
        ] {
            units.register_org_unit(registration(code, kind, parent)).await.expect("a unit");
        }
        let source = format!("hq={}", hq.grpc_url());
        let cases = builder("cases", &databases[1]).env("XIAOAN_SOURCES", &source).spawn().await;
        let sources = format!("{source},cases={}", cases.grpc_url());
        let rankings = builder("rankings", &databases[2])
            .env("XIAOAN_SOURCES", sources)
            .env("XIAOAN_GRPC_ADDR", address)
            .env("XIAOAN_WEB_ADDR", "127.0.0.1:0")
            .spawn()
            .await;
        let city = Self { issuer, hq, cases, rankings, _nats: nats, _databases: databases };
        // Cases must know the units before it takes any case: a row of nothing but a unit says whether it does.
        wait_until(DEADLINE, || async { city.import(vec![row(SMALL, 5, 999, true)]).await.1 == 0 }).await;
        city
    }

    pub fn closings(&self) -> ClosingServiceClient<AuthenticatedChannel> {
        ClosingServiceClient::new(caller(&self.issuer, &self.hq, CITY, &["hq"]))
    }
    fn notices(&self) -> NoticeServiceClient<AuthenticatedChannel> {
        NoticeServiceClient::new(caller(&self.issuer, &self.hq, CITY, &["hq"]))
    }
    pub async fn issue(&self, month: u8, unit: &str) -> Result<hq::IssueNoticeResponse, tonic::Status> {
        let command = hq::IssueNoticeRequest {
            request_id: fresh(),
            closing_id: format!("{BOARD}-2026-{month:02}"),
            org_unit: unit.into(),
            issued_on: None,
        };
        self.notices().issue_notice(command).await.map(tonic::Response::into_inner)
    }

    /// Imports rows; gives the position of the log after them and how many were rejected.
    pub async fn import(&self, rows: Vec<CaseRow>) -> (i64, i64) {
        let mut cases = CaseServiceClient::new(caller(&self.issuer, &self.cases, CITY, &["officer"]));
        let header = Part::Header(ImportHeader { dry_run: false, file_name: "cases.csv".into() });
        let parts: Vec<_> = std::iter::once(header)
            .chain(rows.into_iter().map(Part::Row))
            .map(|part| ImportCasesRequest { part: Some(part) })
            .collect();
        let mut stream = Request::new(tokio_stream::iter(parts));
        stream.set_timeout(DEADLINE);
        let answer = cases.import_cases(stream).await.expect("an import").into_inner();
        (answer.position, answer.rejected)
    }

    pub async fn freeze(&self, month: u8, position: i64) -> hq::FreezePeriodRequest {
        let command = hq::FreezePeriodRequest {
            request_id: fresh(),
            board: BOARD.into(),
            period: format!("2026-{month:02}"),
            frozen_on: None,
            at_least: HashMap::from([("cases".to_owned(), position)]),
        };
        self.closings().freeze_period(command.clone()).await.expect("frozen");
        command
    }

    pub async fn closing(&self, month: u8, at_least: i64) -> hq::GetClosingResponse {
        let request = hq::GetClosingRequest { closing_id: format!("{BOARD}-2026-{month:02}"), at_least };
        self.closings().get_closing(request).await.expect("a closing").into_inner()
    }

    /// What rankings counts as of the positions of stored figures, by the stored scheme.
    async fn counted_again(&self, month: u8, stored: &ClosedFigures) -> ClosedFigures {
        let board = stored.scheme.as_ref().expect("a scheme").board.clone();
        let mut rankings = RankingsServiceClient::new(caller(&self.issuer, &self.rankings, CITY, &["hq"]));
        let request = GetStandingsRequest {
            board: board.clone(),
            period: format!("2026-{month:02}"),
            as_of_positions: stored.sources.iter().map(|s| (s.source.clone(), s.position)).collect(),
            scheme: stored.scheme.clone(),
            ..Default::default()
        };
        let standings = rankings.get_standings(request).await.expect("standings").into_inner();
        let figures = ClosedFigures::from(&standings);
        let digest = digest(&board, month, &figures);
        ClosedFigures { digest, ..figures }
    }
}

fn digest(board: &str, month: u8, figures: &ClosedFigures) -> Vec<u8> {
    let text = closing_text(board, &format!("2026-{month:02}"), figures, |b| Sha256::digest(b).into());
    Sha256::digest(text).to_vec()
}

pub fn caller(issuer: &TestIssuer, process: &Process, unit: &str, roles: &[&str]) -> AuthenticatedChannel {
    let token = Secret::new(&issuer.token("tester", unit, roles));
    channel(&ClientOptions::new(process.grpc_url()), &token).expect("a channel")
}

/// A theft filed in a month of 2026, solved in it or not.
fn row(unit: &str, month: u8, serial: usize, solved: bool) -> CaseRow {
    CaseRow {
        line: i64::try_from(serial).expect("small") + 1,
        case_no: format!("A{unit}2026{month:02}{serial:04}"),
        org_unit: unit.into(),
        category: "050201".into(),
        reported_at: format!("2026-{month:02}-07 01:58"),
        occurred_at: format!("2026-{month:02}-06 11:58"),
        filed_on: format!("2026-{month:02}-07"),
        loss_yuan: "2600".into(),
        preventable: "是".into(),
        solved_on: if solved { format!("2026-{month:02}-24") } else { String::new() },
        solve_manner: if solved { "直接".into() } else { String::new() },
        ..Default::default()
    }
}

/// So many cases of a unit, of which the first are solved.
pub fn cases(unit: &str, month: u8, solved: usize, filed: usize) -> impl Iterator<Item = CaseRow> {
    let unit = unit.to_owned();
    (1..=filed).map(move |serial| row(&unit, month, serial, serial <= solved))
}

#[tokio::test(flavor = "multi_thread")]
async fn k03_two_frozen_months_lead_to_an_interview_that_a_correction_of_the_first_withdraws() {
    let city = City::start().await;
    let rows = cases(STATION, 6, 3, 10)
        .chain(cases(STATION, 7, 7, 20))
        .chain(cases(EXACT, 6, 8, 20))
        .chain(cases(SMALL, 6, 1, 9));
    let (position, rejected) = city.import(rows.collect()).await;
    assert_eq!(rejected, 0);

    let june = city.freeze(6, position).await;
    city.freeze(7, position).await;
    let again = city.closings().freeze_period(june).await.expect("remembered").into_inner();
    assert!(again.receipt.as_ref().is_some_and(|r| r.replayed));
    let closing = city.closing(6, receipt(again.receipt).position).await;
    let stands: Vec<_> = closing
        .consequences
        .iter()
        .map(|c| (c.org_unit.as_str(), c.numerator, c.denominator, c.standing()))
        .collect();
    assert_eq!(
        stands,
        [
            (STATION, 3, 10, Standing::Below),
            (EXACT, 8, 20, Standing::NotBelow),
            (SMALL, 1, 9, Standing::TooFew)
        ]
    );
    let refusal = |answer| refused::<hq::IssueNoticeResponse>(answer);
    let state = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    assert_eq!(refusal(city.issue(6, EXACT).await), state("NOTICE-NOT-BELOW"));
    assert_eq!(refusal(city.issue(6, SMALL).await), state("CP-003"));
    assert!(city.issue(6, STATION).await.expect("a notice").interview_ids.is_empty());
    let second = city.issue(7, STATION).await.expect("a notice");
    let interview_id = format!("{BOARD}-{STATION}-2026-07");
    assert_eq!(second.interview_ids.as_slice(), std::slice::from_ref(&interview_id));

    // Two cases of June come late, both solved: five of twelve is 41.7 %.
    let late = vec![row(STATION, 6, 11, true), row(STATION, 6, 12, true)];
    let (position, rejected) = city.import(late).await;
    assert_eq!(rejected, 0);
    let correct = hq::CorrectPeriodRequest {
        request_id: fresh(),
        closing_id: format!("{BOARD}-2026-06"),
        reason: "补录两起已破案件".into(),
        at_least: HashMap::from([("cases".to_owned(), position)]),
        ..Default::default()
    };
    let corrected = city.closings().correct_period(correct.clone()).await.expect("corrected").into_inner();
    assert_eq!(corrected.number, 1);
    assert_eq!(corrected.withdrawn_notices, [format!("{BOARD}-2026-06-{STATION}")]);
    assert_eq!(corrected.withdrawn_interviews.as_slice(), std::slice::from_ref(&interview_id));
    let repeated = city.closings().correct_period(correct).await.expect("remembered").into_inner();
    assert_eq!((repeated.number, repeated.withdrawn_notices), (1, corrected.withdrawn_notices));

    let at_least = receipt(corrected.receipt).position;
    let mut interviews = InterviewServiceClient::new(caller(&city.issuer, &city.hq, CITY, &["officer"]));
    let request = hq::GetInterviewRequest { interview_id, at_least };
    let interview = interviews.get_interview(request).await.expect("an interview").into_inner().interview;
    let interview = interview.expect("an interview");
    assert_eq!(interview.state(), InterviewState::Withdrawn);
    assert_eq!(interview.withdrawal_cause(), WithdrawalCause::Correction);
    assert_eq!(interview.withdrawn_notice, format!("{BOARD}-2026-06-{STATION}"));
    let list = hq::ListNoticesRequest { at_least, ..Default::default() };
    let listed = city.notices().list_notices(list).await.expect("a list").into_inner().notices;
    let states: Vec<_> = listed.iter().map(|n| (n.period.as_str(), n.state())).collect();
    assert_eq!(states, [("2026-07", NoticeState::Issued), ("2026-06", NoticeState::Withdrawn)]);

    // The frozen figures are what they were, and both can be counted again to the byte.
    let shown = city.closing(6, at_least).await.closing.expect("a closing");
    assert_eq!(shown.frozen, closing.closing.and_then(|c| c.frozen));
    let frozen = shown.frozen.expect("figures");
    assert!(frozen.sources.iter().all(|source| source.chain_hash.len() == 32), "{:?}", frozen.sources);
    assert_eq!(city.counted_again(6, &frozen).await.digest, frozen.digest);
    let now = shown.corrections[0].figures.clone().expect("figures");
    assert_eq!(city.counted_again(6, &now).await.digest, now.digest);
    assert_ne!(now.digest, frozen.digest);
    let moved: Vec<_> = shown.corrections[0]
        .differences
        .iter()
        .filter(|d| d.indicator_id == "solve_rate")
        .map(|d| (d.org_unit.as_str(), d.numerator_before, d.numerator_after, d.denominator_after))
        .collect();
    assert_eq!(moved, [(STATION, 3, 5, Some(12))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_frozen_is_counted_again_whatever_is_decided_about_units_headcounts_and_schemes_afterwards()
{
    const BUREAUS: &str = "theft-bureaus";
    let city = City::start().await;
    let mut units = OrgUnitServiceClient::new(caller(&city.issuer, &city.hq, CITY, &["hq"]));
    let headcount = |officers| hq::RecordHeadcountRequest {
        request_id: fresh(),
        code: DONGGANG.into(),
        from: on(2020, 1, 1),
        officers,
    };
    let counted = units.record_headcount(headcount(420)).await.expect("recorded").into_inner();
    let (cases_at, rejected) =
        city.import(cases(STATION, 6, 3, 10).chain(cases(EXACT, 6, 8, 20)).collect()).await;
    assert_eq!(rejected, 0);
    let known =
        HashMap::from([("cases".to_owned(), cases_at), ("hq".to_owned(), receipt(counted.receipt).position)]);
    for board in [BOARD, BUREAUS] {
        let command = hq::FreezePeriodRequest {
            request_id: fresh(),
            board: board.into(),
            period: "2026-06".into(),
            at_least: known.clone(),
            frozen_on: None,
        };
        city.closings().freeze_period(command).await.expect("frozen");
    }

    // A station registered for a past day, a headcount corrected, a scheme of its own.
    let late = hq::RegisterOrgUnitRequest {
        effective_on: on(2026, 1, 1),
        ..registration("371102040000", OrgKind::Station, DONGGANG)
    };
    units.register_org_unit(late).await.expect("a unit");
    units.record_headcount(headcount(400)).await.expect("corrected");
    let mut schemes = SchemeServiceClient::new(caller(&city.issuer, &city.hq, CITY, &["hq"]));
    let mut rankings = RankingsServiceClient::new(caller(&city.issuer, &city.rankings, CITY, &["hq"]));
    let now = |board: &str, hq: i64| GetStandingsRequest {
        board: board.into(),
        period: "2026-06".into(),
        at_least: HashMap::from([("hq".to_owned(), hq)]),
        ..Default::default()
    };
    let standings = rankings.get_standings(now(BOARD, 0)).await.expect("standings").into_inner();
    let mut scheme = standings.scheme.expect("a scheme");
    scheme.indicators.truncate(3);
    scheme.consequences.clear();
    let publish = hq::PublishSchemeRequest { request_id: fresh(), scheme: Some(scheme), etag: String::new() };
    let published = schemes.publish_scheme(publish).await.expect("published").into_inner();
    let hq_at = receipt(published.receipt).position;
    let stations = rankings.get_standings(now(BOARD, hq_at)).await.expect("standings").into_inner();
    assert_eq!(
        (stations.entries.len(), stations.entries[0].indicators.len()),
        (4, 3),
        "now it is another board"
    );
    let officers = |entry: &ClosedEntry| {
        entry.values.iter().find(|v| v.id == "solved_per_100_officers").and_then(|v| v.denominator)
    };
    let bureaus = rankings.get_standings(now(BUREAUS, hq_at)).await.expect("standings").into_inner();
    assert_eq!(officers(&ClosedFigures::from(&bureaus).entries[0]), Some(400));

    for board in [BOARD, BUREAUS] {
        let request = hq::GetClosingRequest { closing_id: format!("{board}-2026-06"), at_least: hq_at };
        let closing = city.closings().get_closing(request).await.expect("a closing").into_inner().closing;
        let mut frozen = closing.and_then(|c| c.frozen).expect("figures");
        let again = city.counted_again(6, &frozen).await;
        assert_eq!((&again.entries, &again.scheme), (&frozen.entries, &frozen.scheme), "{board}");
        assert_eq!(again.digest, frozen.digest, "{board}");
        assert!(board == BOARD || officers(&frozen.entries[0]) == Some(420));
        // And a figure that somebody changed in the store does not go unnoticed.
        frozen.entries[0].values[0].numerator += 1;
        assert_ne!(digest(board, 6, &frozen), frozen.digest, "{board}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cp002_a_board_that_rankings_does_not_know_is_not_frozen() {
    let city = City::start().await;
    let freeze = |board: &str, period: &str| hq::FreezePeriodRequest {
        request_id: fresh(),
        board: board.into(),
        period: period.into(),
        ..Default::default()
    };
    let unknown = city.closings().freeze_period(freeze("nobodys-board", "2026-06")).await;
    assert_eq!(refused(unknown), (Code::FailedPrecondition, "CP-002".into()));
    let nothing = city.closings().freeze_period(freeze(BOARD, "2026-06-07")).await;
    assert_eq!(refused(nothing), (Code::InvalidArgument, "GE-006".into()));
    let next_year = city.closings().freeze_period(freeze(BOARD, "2199-06")).await;
    assert_eq!(refused(next_year), (Code::FailedPrecondition, "PERIOD-RUNS".into()));
}
