//! Telling a slow body from one that is kept open for ever. A time-out between chunks alone is not enough: a byte a
//! minute passes it. So each window of time must bring a number of bytes.
//!
//! Only time spent waiting for the source counts, not time in which nobody asked for the next chunk.

use std::time::Duration;

/// The running window.
#[derive(Debug)]
pub(crate) struct Progress {
    window: Duration,
    window_bytes: u64,
    waited: Duration,
    received: u64,
}

/// The source is too slow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

impl Progress {
    pub(crate) const fn new(window: Duration, window_bytes: u64) -> Self {
        Self {
            window,
            window_bytes,
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// How long to wait for the next chunk.
    pub(crate) const fn patience(&self) -> Duration {
        self.window.saturating_sub(self.waited)
    }

    /// After waiting, with what came. At the end of a window the next begins, if this one brought enough.
    pub(crate) fn record(&mut self, waited: Duration, bytes: u64) -> Result<(), TooSlow> {
        self.waited = self.waited.saturating_add(waited);
        self.received = self.received.saturating_add(bytes);
        if self.waited >= self.window {
            // Silence is too slow even where no number is asked for.
            if self.received < self.window_bytes.max(1) {
                return Err(TooSlow);
            }
            self.waited = Duration::ZERO;
            self.received = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn x06_a_byte_now_and_then_is_too_slow() {
        let mut progress = Progress::new(SECOND * 30, 1024);
        for _ in 0..29 {
            assert_eq!(progress.record(SECOND, 1), Ok(()));
        }
        assert_eq!(progress.record(SECOND, 1), Err(TooSlow));
    }

    #[test]
    fn steady_and_bursty_bodies_are_fine() {
        let mut progress = Progress::new(SECOND * 30, 1024);
        for _ in 0..1000 {
            assert_eq!(progress.record(SECOND, 40), Ok(()));
        }
        for _ in 0..10 {
            assert_eq!(progress.record(Duration::ZERO, 100_000), Ok(()));
            assert_eq!(
                progress.record(progress.patience(), 0),
                Ok(()),
                "one burst carries its window"
            );
        }
        assert_eq!(progress.record(SECOND * 30, 0), Err(TooSlow));
    }
}
