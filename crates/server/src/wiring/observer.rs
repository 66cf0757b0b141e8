//! What public sources took, as metrics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use upstream::Observer;

use crate::metrics::{Metrics, OpenOne};

/// Turns what `upstream` tells into counters.
pub(super) struct UpstreamMetrics {
    metrics: Arc<Metrics>,
    open: Mutex<HashMap<String, Vec<OpenOne>>>,
}

impl UpstreamMetrics {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            open: Mutex::default(),
        }
    }
}

impl Observer for UpstreamMetrics {
    fn on_request(&self, source: &str, outcome: &'static str, duration_ms: u64) {
        self.metrics
            .upstream_asked(source, outcome, Duration::from_millis(duration_ms));
    }

    fn on_open(&self, source: &str) {
        let one = self.metrics.fetch_opened();
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(source.to_owned())
            .or_default()
            .push(one);
    }

    fn on_close(&self, source: &str) {
        if let Some(open) = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(source)
        {
            open.pop();
        }
    }
}
