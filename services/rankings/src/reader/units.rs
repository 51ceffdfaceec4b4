//! The units of a day, kept while the directory stands where it stood: putting a thousand of them in order takes longer
//! than summing their facts.

use std::sync::{Arc, Mutex, PoisonError};
use time::Date;
use xiaoan_directory::{Directory, UnitInfo};

/// Days kept: the last days of the periods that screens show.
const KEPT: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Units(Mutex<Vec<Known>>);

#[derive(Debug)]
struct Known {
    position: i64,
    day: Date,
    units: Arc<Vec<UnitInfo>>,
}

impl Units {
    /// All units as they are on a day, parents before children.
    pub(super) fn on(&self, directory: &Directory, day: Date) -> Arc<Vec<UnitInfo>> {
        // Read before the units: they may be newer than it says, never older.
        let position = directory.position();
        let find = |known: &Known| known.position == position && known.day == day;
        if let Some(known) = self.kept().iter().find(|known| find(known)) {
            return Arc::clone(&known.units);
        }
        let units = Arc::new(directory.units_on(day));
        let mut kept = self.kept();
        kept.retain(|known| known.position == position && known.day != day);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Known { position, day, units: Arc::clone(&units) });
        units
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
