//! `ImportCases`: a header, then rows.

use super::{Casebook, Sitting};
use crate::import::{Import, answer};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use tonic::{Status, Streaming};
use xiaoan_proto::cases::v1::import_cases_request::Part;
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesRequest, ImportCasesResponse};
use xiaoan_rpc::import;

impl Casebook {
    pub(super) async fn import(
        &self,
        sitting: &Sitting,
        mut stream: Streaming<ImportCasesRequest>,
    ) -> Result<ImportCasesResponse, Status> {
        let Some(Part::Header(header)) = stream.message().await?.and_then(|first| first.part) else {
            return Err(import::header_missing());
        };
        let rows = Import {
            cases: self.cases.clone(),
            rules: Arc::clone(&self.rules),
            units: Arc::clone(&sitting.units),
            now: sitting.now,
            actor: sitting.caller.subject.clone(),
            unit: sitting.caller.org_unit,
            may_write: |unit| sitting.writes_for(unit),
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
            "cases imported"
        );
        Ok(answer(taken))
    }
}

fn rows_of(stream: Streaming<ImportCasesRequest>) -> impl Stream<Item = Result<CaseRow, Status>> {
    stream.map(|message| match message?.part {
        Some(Part::Row(row)) => Ok(row),
        Some(Part::Header(_)) | None => Err(import::row_missing()),
    })
}
