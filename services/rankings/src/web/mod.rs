//! The web board.

use crate::Reader;

/// The web board as a router; reads through `reader` only.
pub fn router(_reader: Reader) -> axum::Router {
    axum::Router::new()
}
