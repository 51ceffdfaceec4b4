//! `ImportCases`: a header, then rows.

use super::{Casebook, Sitting};
use crate::import::{Import, ImportFailed};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use tonic::{Status, Streaming};
use xiaoan_kernel::{Finding, Severity};
use xiaoan_proto::cases::v1::import_cases_request::Part;
use xiaoan_proto::cases::v1::{CaseRow, ImportCasesRequest, ImportCasesResponse};
use xiaoan_rpc::{invalid, store_status};

impl Casebook {
    pub(super) async fn import(
        &self,
        sitting: &Sitting,
        mut stream: Streaming<ImportCasesRequest>,
    ) -> Result<ImportCasesResponse, Status> {
        let Some(Part::Header(header)) = stream.message().await?.and_then(|first| first.part) else {
            return Err(out_of_order("the first message must be the header", "第一条消息须为导入头"));
        };
        let import = Import {
            cases: self.cases.clone(),
            rules: Arc::clone(&self.rules),
            units: Arc::clone(&sitting.units),
            now: sitting.now,
            actor: sitting.caller.subject.clone(),
            unit: sitting.caller.org_unit,
            traceparent: xiaoan_telemetry::current_traceparent(),
            dry_run: header.dry_run,
        };
        let taken = import.take(rows_of(stream), |unit| sitting.writes_for(unit)).await.map_err(
            |failed| match failed {
                ImportFailed::Stream(status) => status,
                ImportFailed::Store(error) => store_status(&error),
            },
        )?;
        tracing::info!(
            rows = taken.rows,
            imported = taken.imported,
            already_there = taken.already_there,
            rejected = taken.rejected,
            dry_run = header.dry_run,
            "cases imported"
        );
        Ok(taken)
    }
}

fn rows_of(stream: Streaming<ImportCasesRequest>) -> impl Stream<Item = Result<CaseRow, Status>> {
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
