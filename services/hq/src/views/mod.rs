//! What hq lists, one file per table. Each is a projection of hq's own log. Org units are listed by the directory.

pub mod accountability;
pub mod campaigns;
pub mod closings;
pub mod interviews;
pub mod notices;
pub mod registers;
pub mod schemes;

use xiaoan_kernel::{Aggregate, EventSet, StreamId};
use xiaoan_projection::ApplyError;
use xiaoan_proto::eventlog::v1::RecordedEvent;

/// The event when it is one of this aggregate's.
fn event_of<A: Aggregate>(recorded: &RecordedEvent) -> Result<Option<A::Event>, ApplyError> {
    let stream = StreamId::from(recorded.stream.clone());
    if stream.parts().0 != A::KIND {
        return Ok(None);
    }
    A::Event::decode(&recorded.r#type, &recorded.payload)
        .map(Some)
        .map_err(|unknown| ApplyError::poison(recorded, unknown))
}
