//! Tokens that were verified, so that a signature is checked once and not on every call.

use crate::caller::Caller;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// SHA-256 of a token: the cache holds nothing that could be presented.
pub(crate) type TokenDigest = [u8; 32];

/// What was verified, until when, and with which reading of the key set.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) caller: Caller,
    /// `exp` in seconds since 1970.
    pub(crate) expires: i64,
    pub(crate) generation: u64,
}

/// Two halves: when the newer is full it becomes the older, and what nobody asked for meanwhile is gone. Never more
/// than `capacity` entries, and every operation takes constant time.
pub(crate) struct TokenCache {
    half: usize,
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    newer: HashMap<TokenDigest, Verified>,
    older: HashMap<TokenDigest, Verified>,
}

impl TokenCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { half: (capacity / 2).max(1), halves: Mutex::default() }
    }

    pub(crate) fn get(&self, token: &TokenDigest) -> Option<Verified> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = halves.newer.get(token) {
            return Some(found.clone());
        }
        let found = halves.older.remove(token)?;
        self.insert_into(&mut halves, *token, found.clone());
        Some(found)
    }

    pub(crate) fn insert(&self, token: TokenDigest, verified: Verified) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        self.insert_into(&mut halves, token, verified);
    }

    pub(crate) fn remove(&self, token: &TokenDigest) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.newer.remove(token);
        halves.older.remove(token);
    }

    fn insert_into(&self, halves: &mut Halves, token: TokenDigest, verified: Verified) {
        if halves.newer.len() >= self.half {
            halves.older = std::mem::take(&mut halves.newer);
        }
        halves.newer.insert(token, verified);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.newer.len() + halves.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_kernel::OrgCode;

    fn verified() -> Verified {
        let org_unit = OrgCode::parse("371100000000").expect("12 digits");
        let caller = Caller { subject: "tester".into(), org_unit, roles: Vec::new(), member_unit: None };
        Verified { caller, expires: 0, generation: 1 }
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_keeps_what_is_asked_for() {
        let cache = TokenCache::new(10);
        let favourite = [255; 32];
        cache.insert(favourite, verified());
        for n in 0..100_u8 {
            cache.insert([n; 32], verified());
            assert!(cache.get(&favourite).is_some(), "after {n}");
            assert!(cache.len() <= 10);
        }
        assert!(cache.get(&[0; 32]).is_none());
        cache.remove(&favourite);
        assert!(cache.get(&favourite).is_none());
    }
}
