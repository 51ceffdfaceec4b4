//! Registering, moving and retiring look at more than one unit, so these commands take turns: otherwise two moves that
//! are each fine could make a loop together, or a unit could be registered under one that is being retired.
//!
//! So do closing, correcting and issuing: what follows depends on several closings, notices and interviews.

use super::{Hq, not_yet};
use std::sync::Arc;
use tonic::Status;
use xiaoan_kernel::OrgTree;
use xiaoan_rpc::store_status;

/// "org tree" in ASCII: a key that nobody else locks.
pub(super) const ORG_TREE: i64 = 0x6f72_6720_7472_6565;
/// "closings" in ASCII.
pub(super) const CLOSINGS: i64 = 0x636c_6f73_696e_6773;

/// The turn: nobody else changes the tree until it is dropped.
pub(super) struct Turn {
    /// All units by every event recorded before the turn began.
    pub(super) tree: Arc<OrgTree>,
    _held: xiaoan_rpc::Turn,
}

impl Hq {
    /// Waits for the turn and for the directory to have seen everything recorded so far.
    pub(super) async fn turn(&self) -> Result<Turn, Status> {
        let held = self.turns.take().await?;
        let head = self.store.head().await.map_err(|e| store_status(&e))?;
        self.directory
            .projection
            .wait_for(crate::SOURCE, head.position, super::PATIENCE)
            .await
            .map_err(|late| not_yet(&late))?;
        Ok(Turn { tree: self.directory.view.tree(), _held: held })
    }
}
