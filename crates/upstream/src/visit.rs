//! One exchange with a source from the waiting line to its end: holds its place among the open requests and its pass
//! through the breaker, and tells the observer. However the exchange ends, dropping the visit gives everything back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use crate::breaker::{Breaker, Pass};
use crate::error::{Health, SourceError};
use crate::source::Shared;

pub(crate) struct Visit {
    shared: Arc<Shared>,
    pass: Pass,
    _place: OwnedSemaphorePermit,
    began: Instant,
    told: bool,
}

impl Visit {
    /// Waits for a place, and then for leave. The breaker is asked before too, so that nobody queues for a source that is
    /// left alone; it may have opened meanwhile.
    pub(crate) async fn begin(
        shared: &Arc<Shared>,
        breaker: &Arc<Breaker>,
    ) -> Result<Self, SourceError> {
        breaker.check()?;
        let limits = &shared.limits;
        let busy = SourceError::Busy {
            open: limits.concurrent_per_source,
        };
        let waiting = async {
            let place = Arc::clone(&shared.places).acquire_owned().await;
            // The semaphore is never closed; a time-out is the only way to fail.
            let place = place.map_err(|_| busy.clone())?;
            Ok((place, breaker.enter().await?))
        };
        let waited = timeout(Duration::from_millis(limits.queue_timeout_ms), waiting).await;
        let (place, pass) = waited.unwrap_or(Err(busy))?;
        shared.observer.on_open(&shared.name);
        Ok(Self {
            shared: Arc::clone(shared),
            pass,
            _place: place,
            began: Instant::now(),
            told: false,
        })
    }

    /// The exchange, or its headers, ended well.
    pub(crate) fn succeeded(&mut self, outcome: &'static str) {
        self.pass.report(Health::Good, None);
        self.tell(outcome);
    }

    /// The exchange failed.
    pub(crate) fn failed(&mut self, error: &SourceError) {
        let pause_seconds = match error {
            SourceError::Throttled {
                retry_after_seconds,
            } => Some(*retry_after_seconds),
            _ => None,
        };
        if self.pass.report(error.health(), pause_seconds) {
            tracing::warn!(source = %self.shared.name, %error, "a source is left alone for a while");
        }
        self.tell(error.label());
    }

    fn tell(&mut self, outcome: &'static str) {
        self.told = true;
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shared
            .observer
            .on_request(&self.shared.name, outcome, duration_ms);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.told {
            self.tell("abandoned");
        }
        self.shared.observer.on_close(&self.shared.name);
    }
}
