//! `ImportVolunteers`: a header, then rows.

use super::{OFFICERS, Sitting, Volunteers};
use crate::import::{Import, ImportFailed};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use tonic::{Status, Streaming};
use xiaoan_kernel::{Finding, Severity};
use xiaoan_proto::volunteers::v1::import_volunteers_request::Part;
use xiaoan_proto::volunteers::v1::{ImportVolunteersRequest, ImportVolunteersResponse, VolunteerRow};
use xiaoan_rpc::{errors, invalid, store_status};

impl Volunteers {
    pub(super) async fn import(
        &self,
        sitting: &Sitting,
        mut stream: Streaming<ImportVolunteersRequest>,
    ) -> Result<ImportVolunteersResponse, Status> {
        let Some(Part::Header(header)) = stream.message().await?.and_then(|first| first.part) else {
            return Err(out_of_order("the first message must be the header", "第一条消息须为导入头"));
        };
        let import = Import {
            people: self.people.clone(),
            squadrons: self.squadrons.clone(),
            numbers: self.numbers.clone(),
            vault: self.vault.clone(),
            units: Arc::clone(&sitting.units),
            now: sitting.now,
            actor: sitting.caller.subject.clone(),
            traceparent: xiaoan_telemetry::current_traceparent(),
            dry_run: header.dry_run,
        };
        let may_write = |unit| sitting.may_act_for(OFFICERS, unit);
        let taken = import.take(rows_of(stream), may_write).await.map_err(|failed| match failed {
            ImportFailed::Stream(status) => status,
            ImportFailed::Store(error) => store_status(&error),
            ImportFailed::Privacy(error) => errors::internal(&error),
        })?;
        tracing::info!(
            rows = taken.rows,
            imported = taken.imported,
            already_there = taken.already_there,
            rejected = taken.rejected,
            dry_run = header.dry_run,
            "volunteers imported"
        );
        Ok(taken)
    }
}

fn rows_of(stream: Streaming<ImportVolunteersRequest>) -> impl Stream<Item = Result<VolunteerRow, Status>> {
    stream.map(|message| match message?.part {
        Some(Part::Row(row)) => Ok(row),
        Some(Part::Header(_)) | None => {
            Err(out_of_order("every message after the header must be a row", "导入头之后的消息须为数据行"))
        }
    })
}

fn out_of_order(en: &str, zh: &str) -> Status {
    let (zh, en) = (zh.to_owned(), en.to_owned());
    invalid(&[Finding { code: "GE-006", severity: Severity::Error, field: "part", zh, en }])
}
