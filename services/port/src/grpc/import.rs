//! `ImportIncidents`: a header, then rows.

use super::sitting::OFFICERS;
use super::{Port, Sitting};
use crate::import::{Import, answer};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use tonic::{Status, Streaming};
use xiaoan_proto::port::v1::import_incidents_request::Part;
use xiaoan_proto::port::v1::{ImportIncidentsRequest, ImportIncidentsResponse, IncidentRow};
use xiaoan_rpc::import;

impl Port {
    pub(super) async fn import(
        &self,
        sitting: &Sitting,
        mut stream: Streaming<ImportIncidentsRequest>,
    ) -> Result<ImportIncidentsResponse, Status> {
        let Some(Part::Header(header)) = stream.message().await?.and_then(|first| first.part) else {
            return Err(import::header_missing());
        };
        let rows = Import {
            incidents: self.incidents.clone(),
            bases: Arc::clone(&self.bases),
            units: Arc::clone(&sitting.units),
            now: sitting.now,
            actor: sitting.caller.subject.clone(),
            may_write: |unit| sitting.writes_for(OFFICERS, unit),
            traceparent: xiaoan_telemetry::current_traceparent(),
            dry_run: header.dry_run,
        };
        let taken = import::take(&rows, rows_of(stream)).await?;
        tracing::info!(
            rows = taken.rows,
            imported = taken.imported,
            already_there = taken.already_there,
            rejected = taken.rejected,
            dry_run = header.dry_run,
            "incidents imported"
        );
        Ok(answer(taken))
    }
}

fn rows_of(stream: Streaming<ImportIncidentsRequest>) -> impl Stream<Item = Result<IncidentRow, Status>> {
    stream.map(|message| match message?.part {
        Some(Part::Row(row)) => Ok(row),
        Some(Part::Header(_)) | None => Err(import::row_missing()),
    })
}
