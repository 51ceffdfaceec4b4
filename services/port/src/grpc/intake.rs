//! `IntakeService`: the stream of a port dispatch system. A batch is whatever has arrived by the time the one before it is
//! in the log, so a fast system is taken in large steps and a slow one at once.

use super::{Port, Sitting};
use crate::intake::{TakeFailed, Taker, is_system};
use crate::refusal::{Reason, Refused};
use futures::stream::try_unfold;
use futures::{FutureExt, Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};
use xiaoan_proto::port::v1::intake_service_server::IntakeService;
use xiaoan_proto::port::v1::take_records_request::Part;
use xiaoan_proto::port::v1::{
    GetIntakeRequest, GetIntakeResponse, Opened, SystemRecord, TakeRecordsRequest, TakeRecordsResponse,
    Taken, take_records_response,
};
use xiaoan_rpc::{Caller, Role, errors, refusal_status, store_status};

/// Most records of one append.
const BATCH: usize = 256;

/// A system on the line.
struct Line {
    port: Port,
    caller: Caller,
    inbound: Streaming<TakeRecordsRequest>,
    opened: bool,
    /// What came behind the records of a batch: the end, or a failure.
    behind: Option<Result<(), Status>>,
}

impl Line {
    /// The answer to the opening, then one acknowledgement after the other; `None` at the end.
    async fn next(&mut self) -> Result<Option<TakeRecordsResponse>, Status> {
        if !self.opened {
            return self.open().await;
        }
        match self.behind.take() {
            Some(Ok(())) => return Ok(None),
            Some(Err(status)) => return Err(status),
            None => {}
        }
        let Some(first) = self.inbound.message().await? else { return Ok(None) };
        let mut records = vec![record(first)?];
        while records.len() < BATCH && self.behind.is_none() {
            // Only what is there already: nobody waits for a batch to be full.
            match self.inbound.next().now_or_never() {
                None => break,
                Some(None) => self.behind = Some(Ok(())),
                Some(Some(Err(status))) => self.behind = Some(Err(status)),
                Some(Some(Ok(message))) => match record(message) {
                    Ok(record) => records.push(record),
                    Err(status) => self.behind = Some(Err(status)),
                },
            }
        }
        let taken = self.port.take(&self.caller, &records).await?;
        Ok(Some(TakeRecordsResponse { part: Some(take_records_response::Part::Taken(taken)) }))
    }

    async fn open(&mut self) -> Result<Option<TakeRecordsResponse>, Status> {
        let first = self.inbound.message().await?.and_then(|message| message.part);
        let Some(Part::Opening(opening)) = first else { return Err(out_of_order()) };
        self.opened = true;
        let system_id = self.caller.subject.clone();
        let intake = self.port.intakes.load(&system_id).await.map_err(|e| store_status(&e))?;
        let last_sequence = intake.state.last_sequence();
        let software: String = opening.software.chars().filter(|c| !c.is_control()).take(100).collect();
        tracing::info!(system = %system_id, last_sequence, software, "port system on the line");
        let opened = Opened { last_sequence, system_id };
        Ok(Some(TakeRecordsResponse { part: Some(take_records_response::Part::Opened(opened)) }))
    }
}

fn record(message: TakeRecordsRequest) -> Result<SystemRecord, Status> {
    match message.part {
        Some(Part::Record(record)) => Ok(record),
        Some(Part::Opening(_)) | None => Err(out_of_order()),
    }
}

fn out_of_order() -> Status {
    refusal_status(&Refused::from(Reason::IntakeOutOfOrder))
}

impl Port {
    async fn take(&self, caller: &Caller, records: &[SystemRecord]) -> Result<Taken, Status> {
        // Now and the units are those of the batch, not those of an opening some days ago.
        let Sitting { now, units, bases, .. } = self.sitting(caller.clone());
        let taker = Taker {
            intakes: self.intakes.clone(),
            incidents: self.incidents.clone(),
            freight: self.freight.clone(),
            system_id: caller.subject.clone(),
            org_unit: caller.org_unit,
            now,
            units: Arc::clone(&units),
            bases,
            traceparent: xiaoan_telemetry::current_traceparent(),
        };
        let today = xiaoan_kernel::city_day(now);
        let may_write = |unit| caller.may_write_as(&[Role::PortSystem], &units, unit, today).is_ok();
        taker.take(records, may_write).await.map_err(|failed| match failed {
            TakeFailed::Refused(refused) => refusal_status(&refused),
            TakeFailed::Store(error) => store_status(&error),
            TakeFailed::LostRace => errors::lost_race(),
        })
    }

    /// The system that calls: a token with the role, and a subject that can be part of an id.
    fn system(caller: &Caller) -> Result<(), Status> {
        caller.require(Role::PortSystem)?;
        if is_system(&caller.subject) {
            return Ok(());
        }
        Err(errors::denied(
            "令牌的主体不能作为系统编号：须为至多30位字母、数字或单个连字符",
            "the subject of the token cannot name a system: up to 30 letters, digits or single hyphens",
        ))
    }
}

#[tonic::async_trait]
impl IntakeService for Port {
    type TakeRecordsStream = Pin<Box<dyn Stream<Item = Result<TakeRecordsResponse, Status>> + Send>>;

    async fn take_records(
        &self,
        request: Request<Streaming<TakeRecordsRequest>>,
    ) -> Result<Response<Self::TakeRecordsStream>, Status> {
        let caller = Caller::of(&request)?;
        Self::system(&caller)?;
        let line =
            Line { port: self.clone(), caller, inbound: request.into_inner(), opened: false, behind: None };
        let answers =
            try_unfold(line, |mut line| async move { Ok(line.next().await?.map(|answer| (answer, line))) });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_intake(
        &self,
        request: Request<GetIntakeRequest>,
    ) -> Result<Response<GetIntakeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let own = m.system_id.is_empty() || m.system_id == sitting.caller.subject;
        let system_id = if own { sitting.caller.subject.clone() } else { m.system_id };
        if own {
            Self::system(&sitting.caller)?;
        } else {
            super::well_formed_id("system_id", &system_id)?;
        }
        let intake = self.intakes.load(&system_id).await.map_err(|e| store_status(&e))?;
        if !own {
            let Some(unit) = intake.state.unit() else {
                return Err(errors::not_found(&format!("intakes/{system_id}")));
            };
            sitting.may_read(super::sitting::OFFICERS, &unit.to_string())?;
        }
        Ok(Response::new(GetIntakeResponse {
            system_id,
            last_sequence: intake.state.last_sequence(),
            refused: intake.state.refused(),
        }))
    }
}
