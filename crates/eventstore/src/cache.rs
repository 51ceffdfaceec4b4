//! What a repository keeps in memory: a bounded cache of states, and turns so that one process does not race itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// A state at a version.
#[derive(Debug)]
pub(crate) struct Cached<A> {
    pub state: Arc<A>,
    pub version: i64,
}

impl<A> Clone for Cached<A> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), version: self.version }
    }
}

impl<A: Default> Cached<A> {
    /// The state of what never was.
    pub fn never_was() -> Self {
        Self { state: Arc::new(A::default()), version: 0 }
    }
}

struct Slot<A> {
    id: String,
    cached: Cached<A>,
    /// Used since the hand last passed.
    used: bool,
}

/// A bounded map with second-chance eviction ("clock"): as good as LRU here, without a list to keep.
pub(crate) struct Cache<A> {
    capacity: usize,
    places: HashMap<String, usize>,
    slots: Vec<Slot<A>>,
    hand: usize,
}

impl<A> Cache<A> {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, places: HashMap::new(), slots: Vec::new(), hand: 0 }
    }

    pub fn get(&mut self, id: &str) -> Option<Cached<A>> {
        let slot = &mut self.slots[*self.places.get(id)?];
        slot.used = true;
        Some(slot.cached.clone())
    }

    /// Keeps a state; an older version never replaces a newer one.
    pub fn put(&mut self, id: &str, cached: Cached<A>) {
        if self.capacity == 0 {
            return;
        }
        if let Some(place) = self.places.get(id) {
            let slot = &mut self.slots[*place];
            slot.used = true;
            if cached.version >= slot.cached.version {
                slot.cached = cached;
            }
            return;
        }
        // New ones start without a second chance, so that a scan over many does not push out the busy ones.
        let slot = Slot { id: id.to_owned(), cached, used: false };
        if self.slots.len() < self.capacity {
            self.places.insert(id.to_owned(), self.slots.len());
            self.slots.push(slot);
            return;
        }
        while std::mem::take(&mut self.slots[self.hand].used) {
            self.hand = (self.hand + 1) % self.slots.len();
        }
        self.places.remove(&self.slots[self.hand].id);
        self.places.insert(id.to_owned(), self.hand);
        self.slots[self.hand] = slot;
        self.hand = (self.hand + 1) % self.slots.len();
    }

    /// Forgets a state that turned out to be wrong, whatever its version.
    pub fn forget(&mut self, id: &str) {
        let Some(place) = self.places.remove(id) else { return };
        self.slots.swap_remove(place);
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.id.clone(), place);
        }
        if self.hand >= self.slots.len() {
            self.hand = 0;
        }
    }
}

/// One command at a time per aggregate within this process. Losing a race costs a round trip and a commit's wait; waiting
/// for one's turn costs nothing more than that. Other processes still race, and the log decides.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    waiting: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

/// Somebody's turn; the next one's when dropped.
pub(crate) struct Turn {
    turns: Turns,
    id: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn on an aggregate, first come, first served.
    pub async fn take(&self, id: &str) -> Turn {
        let mutex = Arc::clone(self.lock().entry(id.to_owned()).or_default());
        // Made before waiting: a caller who gives up leaves nothing behind either.
        let mut turn = Turn { turns: self.clone(), id: id.to_owned(), guard: None };
        turn.guard = Some(mutex.lock_owned().await);
        turn
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut waiting = self.turns.lock();
        // Only the map's own reference is left: nobody holds it or waits, and nobody can come while the map is locked.
        if waiting.get(&self.id).is_some_and(|mutex| Arc::strong_count(mutex) == 1) {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(version: i64) -> Cached<i64> {
        Cached { state: Arc::new(version), version }
    }

    #[test]
    fn the_cache_stays_within_its_bound_and_keeps_what_is_used() {
        let mut cache = Cache::new(3);
        for id in ["a", "b", "c"] {
            cache.put(id, at(1));
        }
        for n in 0..100 {
            assert!(cache.get("a").is_some(), "a is used all the time, lost after {n}");
            cache.put(&format!("x{n}"), at(1));
            assert_eq!(cache.slots.len(), 3);
            assert_eq!(cache.places.len(), 3);
        }
        assert!(cache.get("b").is_none());
    }

    #[test]
    fn an_older_version_never_replaces_a_newer_one() {
        let mut cache = Cache::new(3);
        cache.put("a", at(5));
        cache.put("a", at(4));
        assert_eq!(cache.get("a").map(|c| c.version), Some(5));
    }

    #[test]
    fn a_forgotten_state_leaves_the_others_findable() {
        let mut cache = Cache::new(3);
        for (id, version) in [("a", 1), ("b", 2), ("c", 3)] {
            cache.put(id, at(version));
        }
        cache.forget("a");
        cache.forget("nobody");
        assert!(cache.get("a").is_none());
        assert_eq!(cache.get("b").map(|c| c.version), Some(2));
        assert_eq!(cache.get("c").map(|c| c.version), Some(3));
        cache.put("d", at(4));
        cache.put("e", at(5));
        assert_eq!(cache.slots.len(), 3);
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let mut cache = Cache::new(0);
        cache.put("a", at(1));
        assert!(cache.get("a").is_none());
    }

    #[tokio::test]
    async fn turns_are_taken_one_after_the_other_and_leave_nothing_behind() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let _other = turns.take("b").await;
        let second = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take("a").await) }
        });
        let gone = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.take("a").await) }
        });
        tokio::task::yield_now().await;
        gone.abort();
        let _ = gone.await;
        assert!(!second.is_finished());
        drop(first);
        second.await.expect("its turn came");
        drop(_other);
        assert!(turns.lock().is_empty());
    }
}
