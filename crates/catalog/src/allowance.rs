//! How much a pull may bring that no client has asked for yet.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A pull's bound in bytes. A client that joins lifts it, unless the pull was stopped at it already: between the two
/// there is no third state, so no client waits for a pull that will not go on.
#[derive(Debug)]
pub(crate) struct Allowance(Mutex<State>);

#[derive(Debug)]
enum State {
    Bounded(u64),
    Lifted,
    Stopped,
}

impl Allowance {
    /// For a pull that a client asked for.
    pub(crate) const fn unbounded() -> Self {
        Self(Mutex::new(State::Lifted))
    }

    /// For a pull that nobody asked for.
    pub(crate) const fn bounded(bytes: u64) -> Self {
        Self(Mutex::new(State::Bounded(bytes)))
    }

    /// Whether the pull may come to this many bytes. If not, it is stopped for good.
    pub(crate) fn admits(&self, bytes: u64) -> bool {
        let mut state = self.lock();
        if matches!(*state, State::Bounded(bound) if bytes > bound) {
            *state = State::Stopped;
        }
        !matches!(*state, State::Stopped)
    }

    /// A client joins. False: too late.
    pub(crate) fn lift(&self) -> bool {
        let mut state = self.lock();
        let goes_on = !matches!(*state, State::Stopped);
        if goes_on {
            *state = State::Lifted;
        }
        goes_on
    }

    /// Stops the pull if no client wants it.
    pub(crate) fn stop_unless_lifted(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Bounded(_)) {
            *state = State::Stopped;
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        matches!(*self.lock(), State::Stopped)
    }

    pub(crate) fn is_lifted(&self) -> bool {
        matches!(*self.lock(), State::Lifted)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_lifts_the_bound_or_learns_that_it_came_too_late() {
        let joined = Allowance::bounded(10);
        assert!(joined.admits(10));
        assert!(joined.lift() && joined.admits(1 << 40) && joined.is_lifted());
        joined.stop_unless_lifted();
        assert!(!joined.is_stopped(), "a client waits for it");
        let stopped = Allowance::bounded(10);
        assert!(!stopped.admits(11) && stopped.is_stopped());
        assert!(!stopped.lift());
        assert!(!stopped.admits(1), "what was stopped stays so");
        let closed = Allowance::bounded(10);
        closed.stop_unless_lifted();
        assert!(!closed.admits(1));
        assert!(Allowance::unbounded().admits(u64::MAX));
    }
}
