//! Ids of requests: unique and without pattern, but no secrets, so the system is asked for randomness once and not for
//! every request.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

/// Gives out ids.
pub(super) struct RequestIds {
    next: AtomicU64,
    keys: [RandomState; 2],
}

impl Default for RequestIds {
    fn default() -> Self {
        Self {
            next: AtomicU64::new(0),
            keys: [RandomState::new(), RandomState::new()],
        }
    }
}

impl RequestIds {
    /// Another id, in the form of a random UUID.
    pub(super) fn next(&self) -> Uuid {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.keys.each_ref().map(|key| key.hash_one(number));
        let bits = u128::from(high) << 64 | u128::from(low);
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_random_uuids_and_do_not_repeat() {
        let ids = RequestIds::default();
        let other = RequestIds::default();
        let given: HashSet<Uuid> = (0..1000).flat_map(|_| [ids.next(), other.next()]).collect();
        assert_eq!(given.len(), 2000);
        assert!(given.iter().all(|id| id.get_version_num() == 4));
    }
}
