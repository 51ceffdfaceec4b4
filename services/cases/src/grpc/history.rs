//! `GetCaseHistory`: everything that happened to a case, from the log itself.

use super::{Casebook, Sitting, well_formed};
use crate::case::Case;
use tonic::Status;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, OrgCode, StreamId};
use xiaoan_proto::cases::v1::{CaseHistoryEntry, GetCaseHistoryRequest, GetCaseHistoryResponse};
use xiaoan_rpc::{errors, event_json, store_status};

impl Casebook {
    /// Whoever may read one of the units that the case was ever with reads its history: a station that handed a case
    /// over keeps what it did (domain reference §H.0).
    pub(super) async fn history(
        &self,
        sitting: &Sitting,
        message: &GetCaseHistoryRequest,
    ) -> Result<GetCaseHistoryResponse, Status> {
        well_formed(&message.case_no)?;
        let stream = StreamId::new(Case::KIND, &message.case_no);
        let events = self.store.read_stream(&stream, 0).await.map_err(|e| store_status(&e))?;
        let Some(last) = events.last() else {
            return Err(errors::not_found(&format!("cases/{}", message.case_no)));
        };
        let now_with = self.cases.load(&message.case_no).await.map_err(|e| store_status(&e))?.state.unit();
        let units = events.iter().filter_map(|e| OrgCode::parse(&e.org_unit).ok()).chain(now_with);
        let mut allowed = sitting.may_read(&last.org_unit);
        for unit in units {
            if allowed.is_ok() {
                break;
            }
            allowed = sitting.caller.may_read(&sitting.units, unit, sitting.today());
        }
        allowed?;
        let entries = events.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(GetCaseHistoryResponse { entries })
    }
}

fn entry(event: &RecordedEvent) -> Result<CaseHistoryEntry, Status> {
    Ok(CaseHistoryEntry {
        position: event.position,
        version: event.version,
        r#type: event.r#type.clone(),
        occurred_on: event.occurred_on,
        recorded_at: event.recorded_at,
        actor: event.actor.clone(),
        event_json: event_json(event)?,
        hash: event.hash.to_vec(),
    })
}
