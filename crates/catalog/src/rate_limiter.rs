//! How many requests in a second: a bucket for each key, all of them in memory of fixed size.
//!
//! A bucket is one number, the instant at which it will be full again (the generic cell rate algorithm, ITU-T I.371). The
//! table has a few places for each hash of a key; a new key takes the place whose bucket is fullest. A bucket that is full is
//! nothing to forget, and a key that has used up its own is the last to lose it, so neither a million addresses nor one
//! that hides among them gets around the limit.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use model::{EpochMillis, Error, Result};

const SECOND: i64 = 1_000_000_000;
/// Places for each hash.
const PLACES: usize = 8;

/// A limit, and what each key has left of it.
#[derive(Debug)]
pub struct RateLimiter {
    per_second: i64,
    sets: Box<[Mutex<[Bucket; PLACES]>]>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// The key's hash; 0 where there is none.
    key: u64,
    /// When it is full, in nanoseconds of the clock.
    full_at: i64,
}

impl RateLimiter {
    /// A limit of some requests in a second, as many of them at once, for at least `keys` keys at a time.
    #[must_use]
    pub fn new(per_second: u32, keys: usize) -> Self {
        let sets = keys.div_ceil(PLACES).max(1).next_power_of_two();
        Self {
            per_second: i64::from(per_second.max(1)),
            sets: std::iter::repeat_with(Mutex::default).take(sets).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Counts one request of a key, or refuses it.
    pub fn take(&self, key: impl Hash, now: EpochMillis) -> Result<()> {
        self.take_many(key, 1, now)
    }

    /// Counts as many requests of a key, or refuses them all. More than a second's worth count as that.
    pub fn take_many(&self, key: impl Hash, requests: u32, now: EpochMillis) -> Result<()> {
        let requests = i64::from(requests).min(self.per_second);
        let cost = SECOND / self.per_second * requests;
        let now = now.0.saturating_mul(1_000_000);
        let hash = self.hasher.hash_one(key);
        let index = usize::try_from(hash % self.sets.len() as u64).expect("below a length");
        let key = hash.max(1);
        let mut set = self.sets[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let bucket = bucket_of(&mut set, key, now);
        // A clock that was set back finds buckets that fill in the far future. They are empty, and no worse.
        bucket.full_at = bucket.full_at.clamp(now, now.saturating_add(SECOND));
        let full_at = bucket.full_at.saturating_add(cost);
        if full_at.saturating_sub(now) <= SECOND {
            bucket.full_at = full_at;
            return Ok(());
        }
        // A bucket fills within a second, so by then there is room.
        Err(Error::throttled("Rate exceeded", 1))
    }
}

fn bucket_of(set: &mut [Bucket; PLACES], key: u64, now: i64) -> &mut Bucket {
    let found = set.iter().position(|bucket| bucket.key == key);
    let index = found.unwrap_or_else(|| {
        let fullest = (0..PLACES).min_by_key(|index| set[*index].full_at);
        let index = fullest.unwrap_or(0);
        set[index] = Bucket { key, full_at: now };
        index
    });
    &mut set[index]
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    const NOW: EpochMillis = EpochMillis(1_767_225_600_000);

    #[test]
    fn a_bucket_empties_and_fills_again_for_each_key_alone() {
        let limiter = RateLimiter::new(2, 16);
        assert!(limiter.take("own", NOW).is_ok());
        assert!(limiter.take("own", NOW).is_ok());
        let error = limiter.take("own", NOW).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Throttled);
        assert_eq!(error.retry_after_seconds, Some(1));
        assert!(limiter.take("other", NOW).is_ok());
        assert!(limiter.take("own", NOW.plus_ms(499)).is_err());
        assert!(limiter.take("own", NOW.plus_ms(500)).is_ok());
        for _ in 0..2 {
            assert!(limiter.take("own", NOW.plus_ms(600_000)).is_ok());
        }
        assert!(limiter.take("own", NOW.plus_ms(600_000)).is_err());
    }

    #[test]
    fn y04_a_clock_that_is_set_back_empties_a_bucket_for_a_second_at_most() {
        let limiter = RateLimiter::new(2, 16);
        assert!(limiter.take("own", NOW).is_ok());
        let back = NOW.plus_ms(-3_600_000);
        assert!(limiter.take("own", back).is_err());
        assert!(limiter.take("own", back.plus_ms(500)).is_ok());
        assert!(limiter.take("own", back.plus_ms(1_500)).is_ok());
    }

    #[test]
    fn every_rate_lets_exactly_that_many_through_at_once() {
        for rate in [1, 3, 7, 600, 1200] {
            let limiter = RateLimiter::new(rate, 16);
            let passed = (0..2 * rate).filter(|_| limiter.take("own", NOW).is_ok());
            assert_eq!(passed.count(), rate as usize);
        }
    }

    #[test]
    fn many_requests_at_once_count_as_many() {
        let limiter = RateLimiter::new(10, 16);
        assert!(limiter.take_many("own", 8, NOW).is_ok());
        assert!(limiter.take_many("own", 3, NOW).is_err());
        assert!(limiter.take_many("own", 2, NOW).is_ok());
        assert!(limiter.take_many("own", 1000, NOW.plus_ms(1_000)).is_ok());
        assert!(limiter.take("own", NOW.plus_ms(1_000)).is_err());
    }

    #[test]
    fn d07_a_million_keys_take_no_more_memory_and_free_nobody() {
        let limiter = RateLimiter::new(5, 4096);
        let size = limiter.sets.len();
        assert!(limiter.take_many("greedy", 5, NOW).is_ok());
        for address in 0..1_000_000_u32 {
            // Whoever comes once is let in, however many others there are.
            assert!(limiter.take(address, NOW).is_ok(), "{address}");
        }
        assert!(limiter.take("greedy", NOW).is_err());
        assert_eq!(limiter.sets.len(), size);
    }
}
