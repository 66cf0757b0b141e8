//! How many requests an account may make in a second: a bucket of tokens for each account.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{AccountId, EpochMillis, Error, Result};

/// One request, in thousandths: a bucket of `rate` requests in a second gains `rate` thousandths in a millisecond.
const REQUEST: i64 = 1000;

/// The limit, and what each account has left of it.
#[derive(Debug)]
pub(crate) struct Throttle {
    per_second: Option<i64>,
    // Only accounts whose signature was right get here, so the map stays small.
    buckets: Mutex<HashMap<AccountId, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: i64,
    at: EpochMillis,
}

impl Throttle {
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        Self {
            per_second: per_second.map(|rate| i64::from(rate.max(1))),
            buckets: Mutex::default(),
        }
    }

    /// Counts one request, or refuses it.
    pub(crate) fn take(&self, account: &AccountId, now: EpochMillis) -> Result<()> {
        let Some(rate) = self.per_second else {
            return Ok(());
        };
        let full = rate * REQUEST;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(account.clone()).or_insert(Bucket {
            left: full,
            at: now,
        });
        // A clock that was set back neither fills nor empties a bucket.
        let elapsed_ms = now.0.saturating_sub(bucket.at.0).max(0);
        bucket.left = elapsed_ms
            .saturating_mul(rate)
            .saturating_add(bucket.left)
            .min(full);
        bucket.at = now;
        if bucket.left >= REQUEST {
            bucket.left -= REQUEST;
            return Ok(());
        }
        // The rate is one in a second at least, so within a second there is room for one more.
        Err(Error::throttled("Rate exceeded", 1))
    }
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again_for_each_account_alone() {
        let account = |id| AccountId::parse(id).unwrap();
        let (own, other) = (account("111122223333"), account("111122223334"));
        let throttle = Throttle::new(Some(2));
        let now = EpochMillis(1_767_225_600_000);
        assert!(throttle.take(&own, now).is_ok());
        assert!(throttle.take(&own, now).is_ok());
        let error = throttle.take(&own, now).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Throttled);
        assert_eq!(error.retry_after_seconds, Some(1));
        assert!(throttle.take(&other, now).is_ok());
        assert!(throttle.take(&own, now.plus_ms(499)).is_err());
        assert!(throttle.take(&own, now.plus_ms(500)).is_ok());
        assert!(throttle.take(&own, now.plus_ms(-60_000)).is_err());
        for _ in 0..2 {
            assert!(throttle.take(&own, now.plus_ms(600_000)).is_ok());
        }
        assert!(throttle.take(&own, now.plus_ms(600_000)).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let throttle = Throttle::new(None);
        let account = AccountId::parse("111122223333").unwrap();
        assert!((0..1000).all(|_| throttle.take(&account, EpochMillis(0)).is_ok()));
    }
}
