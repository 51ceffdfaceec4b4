//! Everything that happened to a volunteer or a patrol, from the log itself.

use super::{Owned, Sitting, Volunteers, well_formed};
use tonic::Status;
use xiaoan_eventstore::{RecordedEvent, Repository};
use xiaoan_kernel::StreamId;
use xiaoan_proto::volunteers::v1::HistoryEntry;
use xiaoan_rpc::{errors, event_json, store_status};

impl Volunteers {
    pub(super) async fn history<A: Owned>(
        &self,
        sitting: &Sitting,
        repository: &Repository<A>,
        id: &str,
    ) -> Result<Vec<HistoryEntry>, Status> {
        well_formed(A::FIELD, id)?;
        let state = repository.load(id).await.map_err(|e| store_status(&e))?.state;
        let unit = state.owner().ok_or_else(|| errors::not_found(&A::name(id)))?;
        sitting.may_read(unit.as_str())?;
        let stream = StreamId::new(A::KIND, id);
        let events = self.store.read_stream(&stream, 0).await.map_err(|e| store_status(&e))?;
        events.iter().map(entry).collect()
    }
}

fn entry(event: &RecordedEvent) -> Result<HistoryEntry, Status> {
    Ok(HistoryEntry {
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
