//! The gRPC services of hq, one file each. A handler is: who calls, what the aggregate decides, the receipt.

mod accountability;
mod bulletins;
mod campaigns;
mod closings;
mod interviews;
mod notices;
mod org_units;
mod registers;
mod schemes;
mod turn;

pub use accountability::Accountable;
pub use bulletins::Bulletin;
pub use registers::Registers;

use crate::campaign::Campaign;
use crate::org_unit::OrgUnit;
use crate::scheme::Scheme;
use crate::views::campaigns::Campaigns;
use crate::views::schemes::Schemes;
use std::sync::Arc;
use std::time::Duration;
use time::Date;
use tonic::{Request, Status};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{EventStore, Repository};
use xiaoan_kernel::city_day;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_rpc::{Caller, Role, Turns, errors};

/// How long a query waits for its `at_least`; the call's own deadline may be shorter.
const PATIENCE: Duration = Duration::from_secs(5);
/// Aggregates kept in memory: a city has some hundreds of units.
const CACHED: usize = 4096;

/// What the handlers share.
#[derive(Clone)]
pub struct Hq {
    store: EventStore,
    units: Repository<OrgUnit>,
    campaigns: Repository<Campaign>,
    schemes: Repository<Scheme>,
    turns: Turns,
    directory: Shown<Directory>,
    listed_campaigns: Shown<Campaigns>,
    listed_schemes: Shown<Schemes>,
}

/// A view with the projection that fills it.
pub struct Shown<V> {
    /// What is asked.
    pub view: Arc<V>,
    /// What it has seen.
    pub projection: ProjectionHandle,
}

impl<V> Clone for Shown<V> {
    fn clone(&self) -> Self {
        Self { view: Arc::clone(&self.view), projection: self.projection.clone() }
    }
}

impl<V> Shown<V> {
    /// The view, once it has seen a position of hq's log; 0 = as it is.
    async fn at_least(&self, position: i64) -> Result<&V, Status> {
        if position > 0 {
            self.projection
                .wait_for(crate::SOURCE, position, PATIENCE)
                .await
                .map_err(|late| not_yet(&late))?;
        }
        Ok(&self.view)
    }
}

impl Hq {
    /// Over a store and its views.
    #[must_use]
    pub fn new(
        store: EventStore,
        directory: Shown<Directory>,
        campaigns: Shown<Campaigns>,
        schemes: Shown<Schemes>,
    ) -> Self {
        Self {
            units: Repository::new(store.clone(), CACHED),
            campaigns: Repository::new(store.clone(), CACHED),
            schemes: Repository::new(store.clone(), CACHED),
            turns: Turns::new(store.pool().clone(), turn::ORG_TREE),
            directory,
            listed_campaigns: campaigns,
            listed_schemes: schemes,
            store,
        }
    }

    /// The city's calendar day, by the store's clock.
    fn today(&self) -> Date {
        city_day(self.store.clock().now())
    }
}

/// The caller and the command, provided that headquarters calls. An auditor never writes.
fn decision_of_hq<C>(request: Request<C>) -> Result<(Caller, C), Status> {
    let caller = Caller::of(&request)?;
    caller.require(Role::Hq)?;
    Ok((caller, request.into_inner()))
}

/// A query of anybody whom the server has let in: what headquarters decides is known to all units.
fn question<Q>(request: Request<Q>) -> Result<Q, Status> {
    Caller::of(&request)?;
    Ok(request.into_inner())
}

fn not_yet(late: &NotYet) -> Status {
    match late {
        NotYet::Behind { position, wanted, .. } => errors::not_yet(*wanted, *position),
        NotYet::Stopped { .. } | NotYet::OtherSource { .. } => errors::internal(late),
    }
}
