//! What a service answered, as a test asks for it.

use std::fmt::Debug;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;
use xiaoan_proto::core::v1::Receipt;

/// A fresh request id.
#[must_use]
pub fn id() -> String {
    Uuid::now_v7().to_string()
}

/// Status and reason of a refusal; panics when there was none.
#[track_caller]
pub fn refused<T: Debug>(answer: Result<T, Status>) -> (Code, String) {
    match answer {
        Ok(answer) => panic!("should have been refused: {answer:?}"),
        Err(status) => {
            let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
            (status.code(), reason)
        }
    }
}

/// What [`refused`] should give.
#[must_use]
pub fn no(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

/// Position of a receipt; panics when there is none.
#[must_use]
#[track_caller]
pub fn position(receipt: Option<&Receipt>) -> i64 {
    receipt.unwrap_or_else(|| panic!("an answer without a receipt")).position
}
