//! The breaker: after several failures in a row a source is left alone for a while, so that its clients get their
//! answer at once (usually from what is held) instead of waiting for one time-out each. Also keeps the pauses that a
//! source asks for with `Retry-After`.
//!
//! Closed, it lets everyone through. Open, nobody. When its time is over it lets exactly one through (half open), whose
//! fate decides which of the two it becomes; who comes meanwhile waits for that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Clock, EpochMillis};
use tokio::sync::Notify;

use crate::error::{Health, SourceError};

pub(crate) struct Breaker {
    max_failures: u32,
    open_ms: i64,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    probe_ended: Notify,
}

/// Why nobody is let through.
enum Closed {
    /// Until its time is over.
    Open(SourceError),
    /// Until the fate of a probe is known.
    Probing,
}

#[derive(Debug, Default)]
struct State {
    failures_in_a_row: u32,
    open_until: Option<EpochMillis>,
    /// The pass that was let through half open and has not reported yet.
    probe: Option<u64>,
    passes: u64,
}

/// Leave to ask the source once. Reports by [`Pass::report`]; dropped without a report (the asker went away), it gives
/// back the place of the probe, so that a cancelled probe cannot keep the breaker half open for ever.
pub(crate) struct Pass {
    breaker: Arc<Breaker>,
    number: u64,
}

impl Breaker {
    pub(crate) fn new(max_failures: u32, open_ms: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            max_failures: max_failures.max(1),
            open_ms: i64::try_from(open_ms).unwrap_or(i64::MAX),
            clock,
            state: Mutex::default(),
            probe_ended: Notify::new(),
        }
    }

    /// Fails while the source is left alone. Takes no place; a cheap question before waiting in a queue.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        match self.closed(&self.lock()) {
            Some(Closed::Open(refusal)) => Err(refusal),
            Some(Closed::Probing) | None => Ok(()),
        }
    }

    /// Leave to ask the source once. While a probe is out, its fate is waited for: it is mostly there in a moment, and a
    /// refusal meanwhile would be news to a client whose only fault is to come beside a refresh that nobody waits for.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<Pass, SourceError> {
        loop {
            // Enlisted before the look, so that an end between the two is not missed.
            let ended = self.probe_ended.notified();
            match self.try_enter() {
                Ok(pass) => return Ok(pass),
                Err(Closed::Open(refusal)) => return Err(refusal),
                Err(Closed::Probing) => ended.await,
            }
        }
    }

    fn try_enter(self: &Arc<Self>) -> Result<Pass, Closed> {
        let mut state = self.lock();
        if let Some(closed) = self.closed(&state) {
            return Err(closed);
        }
        state.passes += 1;
        let number = state.passes;
        if state.open_until.is_some() {
            state.probe = Some(number);
        }
        Ok(Pass {
            breaker: Arc::clone(self),
            number,
        })
    }

    fn closed(&self, state: &State) -> Option<Closed> {
        let open_until = state.open_until?;
        let left_ms = open_until.0.saturating_sub(self.clock.now().0);
        if left_ms <= 0 {
            return state.probe.map(|_| Closed::Probing);
        }
        let seconds = u32::try_from(left_ms.unsigned_abs().div_ceil(1000)).unwrap_or(u32::MAX);
        Some(Closed::Open(SourceError::BreakerOpen {
            retry_after_seconds: seconds.max(1),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// What became of it. `pause_seconds` is the pause that the source asked for. May be called again when the body
    /// fails after its headers were fine. Says whether the breaker opened by this.
    pub(crate) fn report(&self, health: Health, pause_seconds: Option<u32>) -> bool {
        let now = self.breaker.clock.now();
        let mut state = self.breaker.lock();
        let was_probe = self.end_probe(&mut state);
        match health {
            Health::Unknown => false,
            Health::Good => {
                state.failures_in_a_row = 0;
                // Stragglers from before it opened do not close it; the probe does.
                if was_probe {
                    state.open_until = None;
                }
                false
            }
            Health::Bad => {
                state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                let pause_ms = pause_seconds.map(|seconds| i64::from(seconds) * 1000);
                let opens = was_probe
                    || pause_ms.is_some()
                    || state.failures_in_a_row >= self.breaker.max_failures;
                if opens {
                    let until = now.plus_ms(pause_ms.unwrap_or(self.breaker.open_ms));
                    state.open_until = state.open_until.max(Some(until));
                }
                opens
            }
        }
    }
}

impl Pass {
    /// Whether it was the probe. Who waits for its end looks once this lock is given back.
    fn end_probe(&self, state: &mut State) -> bool {
        let was_probe = state.probe == Some(self.number);
        if was_probe {
            state.probe = None;
            self.breaker.probe_ended.notify_waiters();
        }
        was_probe
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.end_probe(&mut self.breaker.lock());
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::task::{Context, Waker};

    use super::*;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> EpochMillis {
            EpochMillis(self.0.load(Ordering::SeqCst))
        }
    }

    fn breaker() -> (Arc<Hand>, Arc<Breaker>) {
        let clock = Arc::new(Hand::default());
        let breaker = Arc::new(Breaker::new(
            3,
            10_000,
            Arc::clone(&clock) as Arc<dyn Clock>,
        ));
        (clock, breaker)
    }

    fn pass(breaker: &Arc<Breaker>) -> Pass {
        breaker.try_enter().ok().expect("it is not open")
    }

    fn open(breaker: &Arc<Breaker>) {
        for _ in 0..3 {
            pass(breaker).report(Health::Bad, None);
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let (clock, breaker) = breaker();
        open(&breaker);
        assert_eq!(
            breaker.check(),
            Err(SourceError::BreakerOpen {
                retry_after_seconds: 10
            })
        );
        clock.0.store(10_000, Ordering::SeqCst);
        let probe = pass(&breaker);
        assert!(
            matches!(breaker.try_enter(), Err(Closed::Probing)),
            "only one probe at a time"
        );
        probe.report(Health::Good, None);
        assert!(breaker.try_enter().is_ok());
        assert!(breaker.try_enter().is_ok());
    }

    #[tokio::test]
    async fn who_comes_beside_a_probe_shares_its_fate() {
        for (health, is_let_through) in [(Health::Good, true), (Health::Bad, false)] {
            let (clock, breaker) = breaker();
            open(&breaker);
            clock.0.store(10_000, Ordering::SeqCst);
            let probe = pass(&breaker);
            let mut beside = [Box::pin(breaker.enter()), Box::pin(breaker.enter())];
            for waiting in &mut beside {
                let mut cx = Context::from_waker(Waker::noop());
                assert!(waiting.as_mut().poll(&mut cx).is_pending());
            }
            probe.report(health, None);
            for waiting in beside {
                assert_eq!(waiting.await.is_ok(), is_let_through);
            }
        }
    }

    #[test]
    fn a_failed_probe_opens_it_again() {
        let (clock, breaker) = breaker();
        open(&breaker);
        clock.0.store(10_000, Ordering::SeqCst);
        pass(&breaker).report(Health::Bad, None);
        assert_eq!(
            breaker.check(),
            Err(SourceError::BreakerOpen {
                retry_after_seconds: 10
            })
        );
    }

    #[test]
    fn a_probe_that_went_away_leaves_its_place_to_the_next() {
        let (clock, breaker) = breaker();
        open(&breaker);
        clock.0.store(10_000, Ordering::SeqCst);
        drop(pass(&breaker));
        assert!(breaker.try_enter().is_ok());
        pass(&breaker).report(Health::Unknown, None);
        assert!(breaker.try_enter().is_ok());
    }

    #[test]
    fn a_success_between_failures_starts_the_count_afresh() {
        let (_, breaker) = breaker();
        for health in [
            Health::Bad,
            Health::Bad,
            Health::Good,
            Health::Bad,
            Health::Bad,
        ] {
            pass(&breaker).report(health, None);
        }
        assert!(breaker.try_enter().is_ok());
    }

    #[test]
    fn a_straggler_does_not_close_it() {
        let (_, breaker) = breaker();
        let straggler = pass(&breaker);
        open(&breaker);
        straggler.report(Health::Good, None);
        assert!(breaker.check().is_err());
    }

    #[test]
    fn x10_a_pause_that_the_source_asks_for_is_kept() {
        let (clock, breaker) = breaker();
        pass(&breaker).report(Health::Bad, Some(60));
        assert_eq!(
            breaker.check(),
            Err(SourceError::BreakerOpen {
                retry_after_seconds: 60
            })
        );
        clock.0.store(59_999, Ordering::SeqCst);
        assert!(breaker.check().is_err());
        clock.0.store(60_000, Ordering::SeqCst);
        assert!(breaker.check().is_ok());
    }
}
