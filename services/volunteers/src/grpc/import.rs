//! `ImportVolunteers`: a header, then rows.

use super::{OFFICERS, Sitting, Volunteers};
use crate::import::{Import, answer};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use tonic::{Status, Streaming};
use xiaoan_proto::volunteers::v1::import_volunteers_request::Part;
use xiaoan_proto::volunteers::v1::{ImportVolunteersRequest, ImportVolunteersResponse, VolunteerRow};
use xiaoan_rpc::import;

impl Volunteers {
    pub(super) async fn import(
        &self,
        sitting: &Sitting,
        mut stream: Streaming<ImportVolunteersRequest>,
    ) -> Result<ImportVolunteersResponse, Status> {
        let Some(Part::Header(header)) = stream.message().await?.and_then(|first| first.part) else {
            return Err(import::header_missing());
        };
        let rows = Import {
            people: self.people.clone(),
            squadrons: self.squadrons.clone(),
            numbers: self.numbers.clone(),
            vault: self.vault.clone(),
            units: Arc::clone(&sitting.units),
            now: sitting.now,
            actor: sitting.caller.subject.clone(),
            may_write: |unit| sitting.may_act_for(OFFICERS, unit),
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
            "volunteers imported"
        );
        Ok(answer(taken))
    }
}

fn rows_of(stream: Streaming<ImportVolunteersRequest>) -> impl Stream<Item = Result<VolunteerRow, Status>> {
    stream.map(|message| match message?.part {
        Some(Part::Row(row)) => Ok(row),
        Some(Part::Header(_)) | None => Err(import::row_missing()),
    })
}
