//! Endpoints, tokens, deadlines, and retries that send the very same command again.

use crate::args::{Globals, Service};
use crate::fault::Fault;
use crate::keys;
use std::future::Future;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;
use xiaoan_proto::antifraud::v1::bank_desk_service_client::BankDeskServiceClient;
use xiaoan_proto::antifraud::v1::freeze_service_client::FreezeServiceClient;
use xiaoan_proto::antifraud::v1::instruction_service_client::InstructionServiceClient;
use xiaoan_proto::antifraud::v1::ledger_service_client::LedgerServiceClient;
use xiaoan_proto::antifraud::v1::member_unit_service_client::MemberUnitServiceClient;
use xiaoan_proto::antifraud::v1::order_service_client::OrderServiceClient;
use xiaoan_proto::antifraud::v1::return_service_client::ReturnServiceClient;
use xiaoan_proto::antifraud::v1::stop_service_client::StopServiceClient;
use xiaoan_proto::cases::v1::alert_service_client::AlertServiceClient;
use xiaoan_proto::cases::v1::audit_service_client::AuditServiceClient;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::cases::v1::cleanup_service_client::CleanupServiceClient;
use xiaoan_proto::cases::v1::deadline_service_client::DeadlineServiceClient;
use xiaoan_proto::cases::v1::den_service_client::DenServiceClient;
use xiaoan_proto::cases::v1::exhibit_service_client::ExhibitServiceClient;
use xiaoan_proto::cases::v1::lookup_service_client::LookupServiceClient;
use xiaoan_proto::cases::v1::major_case_service_client::MajorCaseServiceClient;
use xiaoan_proto::cases::v1::report_service_client::ReportServiceClient;
use xiaoan_proto::cases::v1::reverse_review_service_client::ReverseReviewServiceClient;
use xiaoan_proto::cases::v1::series_service_client::SeriesServiceClient;
use xiaoan_proto::cases::v1::task_force_service_client::TaskForceServiceClient;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::hq::v1::bulletin_service_client::BulletinServiceClient;
use xiaoan_proto::hq::v1::campaign_service_client::CampaignServiceClient;
use xiaoan_proto::hq::v1::closing_service_client::ClosingServiceClient;
use xiaoan_proto::hq::v1::commendation_service_client::CommendationServiceClient;
use xiaoan_proto::hq::v1::inspection_service_client::InspectionServiceClient;
use xiaoan_proto::hq::v1::interview_service_client::InterviewServiceClient;
use xiaoan_proto::hq::v1::notice_service_client::NoticeServiceClient;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::hq::v1::reference_service_client::ReferenceServiceClient;
use xiaoan_proto::hq::v1::scheme_service_client::SchemeServiceClient;
use xiaoan_proto::hq::v1::supervision_service_client::SupervisionServiceClient;
use xiaoan_proto::hq::v1::survey_service_client::SurveyServiceClient;
use xiaoan_proto::port::v1::accident_service_client::AccidentServiceClient;
use xiaoan_proto::port::v1::freight_traffic_service_client::FreightTrafficServiceClient;
use xiaoan_proto::port::v1::guard_service_client::GuardServiceClient;
use xiaoan_proto::port::v1::incident_service_client::IncidentServiceClient;
use xiaoan_proto::port::v1::intake_service_client::IntakeServiceClient;
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::timers::v1::timers_service_client::TimersServiceClient;
use xiaoan_proto::volunteers::v1::patrol_service_client::PatrolServiceClient;
use xiaoan_proto::volunteers::v1::squadron_service_client::SquadronServiceClient;
use xiaoan_proto::volunteers::v1::volunteer_service_client::VolunteerServiceClient;

/// Attempts of one call, the first included: about three seconds, in which a restarted service is back.
const ATTEMPTS: u32 = 6;
/// A month of a large city's standings or an import's report fits.
const LARGEST_ANSWER: usize = 64 << 20;

/// The services, reached when first called, and the caller's token.
#[derive(Clone)]
pub struct Clients {
    cases: Remote,
    hq: Remote,
    rankings: Remote,
    antifraud: Remote,
    port: Remote,
    volunteers: Remote,
    token: Option<String>,
    deadline: Duration,
    attempts: u32,
}

#[derive(Clone)]
struct Remote {
    channel: Channel,
    url: String,
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $remote:ident, $client:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $client<Channel> {
            $client::new(self.$remote.channel.clone()).max_decoding_message_size(LARGEST_ANSWER)
        }
    };
}

impl Clients {
    /// Clients for the addresses of the command line. Nothing is connected yet.
    ///
    /// # Errors
    /// When an address is none, or a named token or CA file cannot be read.
    pub fn new(globals: &Globals) -> Result<Self, Fault> {
        let remote = |url: &str| -> Result<Remote, Fault> {
            let wrong =
                |e: &dyn std::fmt::Display| Fault::Usage(format!("{url:?} is no address of a service: {e}"));
            let mut endpoint = Endpoint::from_shared(url.to_owned())
                .map_err(|e| wrong(&e))?
                .connect_timeout(Duration::from_secs(5))
                .tcp_nodelay(true);
            if url.starts_with("https") {
                let mut tls = ClientTlsConfig::new();
                if let Some(file) = &globals.ca_file {
                    let pem = std::fs::read(file).map_err(|e| Fault::file(file, &e))?;
                    tls = tls.ca_certificate(Certificate::from_pem(pem));
                }
                if let (Some(cert), Some(key)) = (&globals.client_cert, &globals.client_key) {
                    let read =
                        |file: &std::path::Path| std::fs::read(file).map_err(|e| Fault::file(file, &e));
                    tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
                }
                endpoint = endpoint.tls_config(tls).map_err(|e| wrong(&e))?;
            }
            Ok(Remote { channel: endpoint.connect_lazy(), url: url.to_owned() })
        };
        Ok(Self {
            cases: remote(&globals.cases_url)?,
            hq: remote(&globals.hq_url)?,
            rankings: remote(&globals.rankings_url)?,
            antifraud: remote(&globals.antifraud_url)?,
            port: remote(&globals.port_url)?,
            volunteers: remote(&globals.volunteers_url)?,
            token: find_token(globals, &["token"])?,
            deadline: Duration::from_secs(globals.deadline),
            attempts: ATTEMPTS,
        })
    }

    /// The same services with another token.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    /// The same services, asked once: for looking whether they are there.
    #[must_use]
    pub fn once(&self) -> Self {
        Self { attempts: 1, ..self.clone() }
    }

    client!(/** Cases. */ case, cases, CaseServiceClient);
    client!(/** Alerts. */ alert, cases, AlertServiceClient);
    client!(/** Series. */ series, cases, SeriesServiceClient);
    client!(/** Task forces. */ task_force, cases, TaskForceServiceClient);
    client!(/** Clean-up operations. */ cleanup, cases, CleanupServiceClient);
    client!(/** Reverse responsibility reviews. */ reverse_review, cases, ReverseReviewServiceClient);
    client!(/** Supervised major cases. */ major_case, cases, MajorCaseServiceClient);
    client!(/** Dens. */ den, cases, DenServiceClient);
    client!(/** Exhibits. */ exhibit, cases, ExhibitServiceClient);
    client!(/** The three lookups. */ lookup, cases, LookupServiceClient);
    client!(/** Reports. */ report, cases, ReportServiceClient);
    client!(/** Audits of recording integrity. */ audit, cases, AuditServiceClient);
    client!(/** Time limits of alerts and reports that ran out. */ case_deadline, cases, DeadlineServiceClient);
    client!(/** Org units. */ org, hq, OrgUnitServiceClient);
    client!(/** Campaigns. */ campaign, hq, CampaignServiceClient);
    client!(/** Scoring schemes. */ scheme, hq, SchemeServiceClient);
    client!(/** Closed periods. */ closing, hq, ClosingServiceClient);
    client!(/** Bulletins of closings. */ bulletin, hq, BulletinServiceClient);
    client!(/** Notices. */ notice, hq, NoticeServiceClient);
    client!(/** Interviews. */ interview, hq, InterviewServiceClient);
    client!(/** Commendations. */ commendation, hq, CommendationServiceClient);
    client!(/** Cases under listed supervision. */ supervision, hq, SupervisionServiceClient);
    client!(/** Figures of others. */ reference, hq, ReferenceServiceClient);
    client!(/** Surveys. */ survey, hq, SurveyServiceClient);
    client!(/** Inspections. */ inspection, hq, InspectionServiceClient);
    client!(/** Standings. */ rankings, rankings, RankingsServiceClient);
    client!(/** Member units of the joint meeting. */ member_unit, antifraud, MemberUnitServiceClient);
    client!(/** Stops. */ stop, antifraud, StopServiceClient);
    client!(/** Freezes. */ freeze, antifraud, FreezeServiceClient);
    client!(/** Returns. */ return_order, antifraud, ReturnServiceClient);
    client!(/** Orders, whichever kind. */ order, antifraud, OrderServiceClient);
    client!(/** Instructions to banks. */ instruction, antifraud, InstructionServiceClient);
    client!(/** The three ledgers of money. */ money_ledger, antifraud, LedgerServiceClient);
    client!(/** The banks' desk. */ bank_desk, antifraud, BankDeskServiceClient);
    client!(/** Volunteers. */ volunteer, volunteers, VolunteerServiceClient);
    client!(/** Squadrons and duty points. */ squadron, volunteers, SquadronServiceClient);
    client!(/** Patrols and the rules for them. */ patrol, volunteers, PatrolServiceClient);

    client!(/** Incidents of the port. */ incident, port, IncidentServiceClient);
    client!(/** Accidents in the port. */ accident, port, AccidentServiceClient);
    client!(/** Guards of the port. */ guard, port, GuardServiceClient);
    client!(/** Freight traffic directed. */ freight, port, FreightTrafficServiceClient);
    client!(/** Records of port dispatch systems. */ intake, port, IntakeServiceClient);

    /// The event log of a service.
    #[must_use]
    pub fn event_log(&self, service: Service) -> EventLogServiceClient<Channel> {
        EventLogServiceClient::new(self.remote(service).channel.clone())
            .max_decoding_message_size(LARGEST_ANSWER)
    }
    /// The projections of a service.
    #[must_use]
    pub fn projections(&self, service: Service) -> ProjectionsServiceClient<Channel> {
        ProjectionsServiceClient::new(self.remote(service).channel.clone())
    }

    /// The deadlines of a service.
    #[must_use]
    pub fn timers(&self, service: Service) -> TimersServiceClient<Channel> {
        TimersServiceClient::new(self.remote(service).channel.clone())
    }

    fn remote(&self, service: Service) -> &Remote {
        match service {
            Service::Cases => &self.cases,
            Service::Hq => &self.hq,
            Service::Rankings => &self.rankings,
            Service::Antifraud => &self.antifraud,
            Service::Port => &self.port,
            Service::Volunteers => &self.volunteers,
        }
    }

    /// A request with the token and the deadline.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn request<T>(&self, message: T) -> Result<Request<T>, Fault> {
        let mut request = self.request_without_deadline(message)?;
        request.set_timeout(self.deadline);
        Ok(request)
    }

    /// A request with the token, for streams that last as long as they last.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn request_without_deadline<T>(&self, message: T) -> Result<Request<T>, Fault> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let mut value: MetadataValue<_> = format!("Bearer {token}")
                .parse()
                .map_err(|_| Fault::Usage("the token holds characters that no token has".into()))?;
            value.set_sensitive(true);
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }

    /// Makes a call; when the service is unavailable or overloaded, makes the same call again, with the same
    /// request id because it is the same message.
    ///
    /// # Errors
    /// [`Fault::Call`] with what the service said in the end.
    pub async fn call<T, R, F>(
        &self,
        service: Service,
        message: T,
        send: impl Fn(Request<T>) -> F,
    ) -> Result<R, Fault>
    where
        T: Clone,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let mut attempt = 1;
        loop {
            let status = match send(self.request(message.clone())?).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => status,
            };
            if attempt >= self.attempts
                || !matches!(status.code(), Code::Unavailable | Code::ResourceExhausted)
            {
                return Err(self.fault(service, status));
            }
            tokio::time::sleep(pause(&status, attempt)).await;
            attempt += 1;
        }
    }

    /// A fault of a call to a service.
    #[must_use]
    pub fn fault(&self, service: Service, status: Status) -> Fault {
        Fault::Call {
            service: service.word(),
            url: self.remote(service).url.clone(),
            status: Box::new(status),
        }
    }
}

/// What an rpc answers, as [`Clients::call`] has it, or a return with the fault: `call!(Cases, clients.case().file_case(request))`.
macro_rules! call {
    ($service:ident, $clients:ident.$client:ident().$rpc:ident($request:expr $(,)?) $(,)?) => {
        $clients
            .call($crate::args::Service::$service, $request, async |r| $clients.$client().$rpc(r).await)
            .await?
    };
}
pub(crate) use call;

/// What the service asks for, otherwise 50 ms doubled with each attempt.
fn pause(status: &Status, attempt: u32) -> Duration {
    status
        .get_details_retry_info()
        .and_then(|info| info.retry_delay)
        .map_or(Duration::from_millis(50 << attempt.min(6)), |asked| asked.min(Duration::from_secs(5)))
}

/// The token that was given, or that of a given file, or the nearest `.dev/<name>` in the order of names.
///
/// # Errors
/// When a named file cannot be read.
pub fn find_token(globals: &Globals, names: &[&str]) -> Result<Option<String>, Fault> {
    if let Some(token) = globals.token.as_ref().filter(|t| !t.trim().is_empty()) {
        return Ok(Some(token.trim().to_owned()));
    }
    let file =
        globals.token_file.clone().or_else(|| names.iter().find_map(|name| keys::nearest_dev_file(name)));
    let Some(file) = file else { return Ok(None) };
    let token = std::fs::read_to_string(&file).map_err(|e| Fault::file(&file, &e))?;
    Ok(Some(token.trim().to_owned()))
}

impl Service {
    /// All of them, writers first.
    pub const ALL: [Self; 6] =
        [Self::Cases, Self::Hq, Self::Antifraud, Self::Port, Self::Volunteers, Self::Rankings];
    /// The word a user types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Hq => "hq",
            Self::Rankings => "rankings",
            Self::Antifraud => "antifraud",
            Self::Port => "port",
            Self::Volunteers => "volunteers",
        }
    }
}
