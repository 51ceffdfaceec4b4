//! The units of a day, kept while the directory stands where it stood: putting a thousand of them in order takes longer
//! than summing their facts. And the units as they were known, which are read once for each position that is asked for.

use super::{Knowledge, ReadError};
use crate::decisions;
use sqlx::PgConnection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::Date;
use xiaoan_directory::{Directory, OrgUnits, UnitInfo};

/// Days kept: the last days of the periods that screens show.
const KEPT: usize = 16;
/// Pasts kept: a closing that is counted again asks for one, its corrections for some more.
const PASTS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Units {
    days: Mutex<Vec<Known>>,
    pasts: Mutex<Vec<OrgUnits>>,
}

#[derive(Debug)]
struct Known {
    position: i64,
    day: Date,
    units: Arc<Vec<UnitInfo>>,
}

impl Units {
    /// All units as they are on a day, parents before children.
    pub(super) fn on(&self, directory: &Directory, day: Date) -> Arc<Vec<UnitInfo>> {
        self.of(&directory.now(), day)
    }

    /// The same of units as they were known.
    pub(super) fn of(&self, known: &OrgUnits, day: Date) -> Arc<Vec<UnitInfo>> {
        let position = known.position();
        let find = |known: &Known| known.position == position && known.day == day;
        if let Some(known) = lock(&self.days).iter().find(|known| find(known)) {
            return Arc::clone(&known.units);
        }
        let units = Arc::new(known.units_on(day));
        let mut kept = lock(&self.days);
        // What has changed since is not asked for again, so the oldest go first.
        kept.retain(|known| !find(known));
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Known { position, day, units: Arc::clone(&units) });
        units
    }

    /// The units that hq had told of: all, or by what was known of its log.
    pub(super) async fn known(
        &self,
        connection: &mut PgConnection,
        directory: &Directory,
        knowledge: &Knowledge,
    ) -> Result<OrgUnits, ReadError> {
        let Some(cut) = knowledge.of(decisions::SOURCE) else { return Ok(directory.now()) };
        let told = decisions::units_told(connection, cut).await?;
        if let Some(past) = lock(&self.pasts).iter().find(|past| past.position() == told) {
            return Ok(past.clone());
        }
        let past = decisions::units_as_told(connection, told).await?;
        let mut kept = lock(&self.pasts);
        if kept.len() >= PASTS {
            kept.remove(0);
        }
        kept.push(past.clone());
        Ok(past)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
