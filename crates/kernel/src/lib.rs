//! What every room of the suite stands on: ids, the clock, the city's calendar, money, org codes, and what an
//! aggregate is. No tokio, no sqlx, no tonic: nothing here does I/O.

mod aggregate;
mod calendar;
mod clock;
pub mod fraction;
pub mod given;
mod ids;
pub mod legal;
mod money;
mod org;
mod refusal;
mod remarks;
pub mod wilson;

pub use aggregate::{Aggregate, EventSet, Fact, UnknownEvent};
pub use calendar::{
    CITY_OFFSET, city_day, city_midnight, day_over, parse_city_minute, parse_day, whole_micros,
};
pub use clock::{Clock, FixedClock, SystemClock};
pub use ids::{RequestId, StreamId};
pub use money::{NotAnAmount, yuan_from_fen, yuan_to_fen};
pub use org::{NotAnOrgCode, OrgCode, OrgTree};
pub use refusal::{Finding, Refusal, RefusalKind, Severity};
pub use remarks::{Reason, Refused, Remark, Remarks, Said, Weight};

// The `events!` macro names these through `$crate`.
#[doc(hidden)]
pub use prost;
