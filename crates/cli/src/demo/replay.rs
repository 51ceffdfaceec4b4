//! Sends the plan, many stories at a time. Request ids follow from the plan, so that sending it again changes nothing.

use super::plan::{Body, LAST_ALERT, Plan, Step, Story, Who};
use super::stage::Stopped;
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use crate::keys::Signer;
use futures::StreamExt;
use indicatif::ProgressBar;
use std::collections::HashMap;
use time::Duration;
use tonic::Code;
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_proto::cases::v1::{AlertState, GetAlertRequest};
use xiaoan_proto::core::v1::Receipt;

/// What the replay did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replayed {
    /// Commands accepted now.
    pub accepted: u64,
    /// Commands that had been accepted before.
    pub remembered: u64,
    /// Last position in the log of cases.
    pub cases_position: i64,
    /// Last position in the log of hq.
    pub hq_position: i64,
}

impl Replayed {
    fn take(&mut self, service: Service, receipt: Option<&Receipt>) {
        let Some(receipt) = receipt else { return };
        if receipt.replayed {
            self.remembered += 1;
        } else {
            self.accepted += 1;
        }
        match service {
            Service::Cases => self.cases_position = self.cases_position.max(receipt.position),
            Service::Hq => self.hq_position = self.hq_position.max(receipt.position),
            // The cases part commands nobody else.
            Service::Rankings | Service::Antifraud | Service::Port | Service::Volunteers => {}
        }
    }
    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.remembered += other.remembered;
        self.cases_position = self.cases_position.max(other.cases_position);
        self.hq_position = self.hq_position.max(other.hq_position);
    }
}

/// Whether every command was accepted before, as the service tells it: the last command of all marks an alert as a
/// duplicate, and it is sent alone after all others.
///
/// # Errors
/// When cases cannot be asked.
pub async fn is_loaded(clients: &Clients) -> Result<bool, Fault> {
    let request = GetAlertRequest { alert_id: LAST_ALERT.to_owned(), at_least: 0 };
    match clients.call(Service::Cases, request, async |r| clients.alert().get_alert(r).await).await {
        Ok(answer) => Ok(answer.alert.is_some_and(|a| a.state() == AlertState::Duplicate)),
        Err(fault) if fault.grpc_code() == Some(Code::NotFound) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Sends every command; stops at the first that is not accepted.
///
/// # Errors
/// The command that was not accepted.
pub async fn replay(
    plan: &Plan,
    clients: &Clients,
    signer: &Signer,
    in_flight: usize,
    bar: &ProgressBar,
) -> Result<Replayed, Box<Stopped>> {
    let officers = officers(plan, clients, signer)
        .map_err(|fault| Box::new(Stopped { story: String::new(), rpc: "token", fault }))?;
    let mut sum = Replayed::default();
    for phase in &plan.phases {
        let mut running = futures::stream::iter(&phase.stories)
            .map(|story| tell(story, &officers, bar))
            .buffer_unordered(in_flight);
        while let Some(told) = running.next().await {
            sum.add(&told?);
        }
    }
    Ok(sum)
}

/// One token for each invented officer.
fn officers(plan: &Plan, clients: &Clients, signer: &Signer) -> Result<HashMap<Who, Clients>, Fault> {
    let now = SystemClock.now();
    let mut officers = HashMap::new();
    for who in plan.steps().map(|step| &step.who) {
        if !officers.contains_key(who) {
            let roles: Vec<_> = who.roles.iter().map(ToString::to_string).collect();
            let token = signer.mint(&who.subject, who.unit, &roles, now, Duration::hours(12))?;
            officers.insert(who.clone(), clients.with_token(Some(token)));
        }
    }
    Ok(officers)
}

async fn tell(
    story: &Story,
    officers: &HashMap<Who, Clients>,
    bar: &ProgressBar,
) -> Result<Replayed, Box<Stopped>> {
    let mut sum = Replayed::default();
    for step in &story.steps {
        let stopped = |fault| Box::new(Stopped { story: story.key.clone(), rpc: step.body.name(), fault });
        let clients = &officers[&step.who];
        let (service, receipt) = send(clients, step).await.map_err(stopped)?;
        sum.take(service, receipt.as_ref());
        bar.inc(1);
    }
    Ok(sum)
}

async fn send(clients: &Clients, step: &Step) -> Result<(Service, Option<Receipt>), Fault> {
    macro_rules! send {
        ($service:ident, $client:ident, $rpc:ident, $message:ident) => {{
            let answer = clients
                .call(Service::$service, $message.clone(), async |r| clients.$client().$rpc(r).await)
                .await?;
            (Service::$service, answer.receipt)
        }};
    }
    Ok(match &step.body {
        Body::OpenCampaign(m) => send!(Hq, campaign, open_campaign, m),
        Body::PublishScheme(m) => send!(Hq, scheme, publish_scheme, m),
        Body::ReceiveAlert(m) => send!(Cases, alert, receive_alert, m),
        Body::DisposeAlert(m) => send!(Cases, alert, dispose_alert, m),
        Body::MarkAlertDuplicate(m) => send!(Cases, alert, mark_alert_duplicate, m),
        Body::FileCase(m) => send!(Cases, case, file_case, m),
        Body::InvestigateCase(m) => send!(Cases, case, investigate_case, m),
        Body::RecordSuspectCaught(m) => send!(Cases, case, record_suspect_caught, m),
        Body::ProposeSolve(m) => send!(Cases, case, propose_solve, m),
        Body::ApproveSolve(m) => send!(Cases, case, approve_solve, m),
        Body::ReturnSolve(m) => send!(Cases, case, return_solve, m),
        Body::RevokeSolve(m) => send!(Cases, case, revoke_solve, m),
        Body::RecoverProperty(m) => send!(Cases, case, recover_property, m),
        Body::ReturnProperty(m) => send!(Cases, case, return_property, m),
        Body::ReclassifyCase(m) => send!(Cases, case, reclassify_case, m),
        Body::TransferCase(m) => send!(Cases, case, transfer_case, m),
        Body::WithdrawCase(m) => send!(Cases, case, withdraw_case, m),
        Body::RefileCase(m) => send!(Cases, case, refile_case, m),
        Body::OpenSeries(m) => send!(Cases, series, open_series, m),
        Body::LinkCase(m) => send!(Cases, series, link_case, m),
        Body::ProposeBroughtSolves(m) => send!(Cases, series, propose_brought_solves, m),
        Body::ApproveBroughtSolves(m) => send!(Cases, series, approve_brought_solves, m),
    })
}
