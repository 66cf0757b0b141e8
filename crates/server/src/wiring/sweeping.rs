//! The sweep in the background: now and then, by one node at a time.

use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, SweepTerms};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;

/// The work that nodes agree on.
pub(super) const LEASE: &str = "sweep";
/// A server that is restarted more often than it sweeps still gets to it.
const FIRST_AFTER: Duration = Duration::from_secs(300);

/// The sweeps of this server. They end with this value.
pub(super) struct Sweeping {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sweeping {
    /// Begins, unless it is switched off.
    pub(super) fn start(config: &Config, catalog: &Arc<Catalog>) -> Option<Self> {
        let interval = Duration::from_millis(config.sweep.interval_ms);
        if interval.is_zero() {
            return None;
        }
        let terms = SweepTerms {
            grace_ms: i64::try_from(config.sweep.grace_ms).unwrap_or(i64::MAX / 2),
            dry_run: false,
        };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(catalog), terms, interval, stopped));
        Some(Self { stop, task })
    }

    /// Ends. What a sweep was removing at this moment, a later one removes.
    pub(super) async fn close(self) {
        self.stop.send_replace(true);
        // It ends by itself; a panic of it was told already.
        let _ = self.task.await;
    }
}

async fn run(
    catalog: Arc<Catalog>,
    terms: SweepTerms,
    interval: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let mut pause = interval.min(FIRST_AFTER);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = sweep(&catalog, terms) => {}
        }
        pause = interval;
    }
}

async fn sweep(catalog: &Catalog, terms: SweepTerms) {
    let lease = match catalog.take_lease(LEASE).await {
        Ok(Some(lease)) => lease,
        // Another node is at it.
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(error = ?error.source, "who sweeps cannot be agreed on");
            return;
        }
    };
    let swept = tokio::select! {
        swept = catalog.sweep(terms) => swept,
        () = lease.lost() => return,
    };
    match swept {
        Ok(report) => tracing::info!(
            blobs = report.blobs,
            unreferenced = report.unreferenced,
            removed = report.removed,
            removed_bytes = report.removed_bytes,
            stale_uploads = report.stale_uploads,
            "swept"
        ),
        Err(error) => {
            tracing::warn!(error = ?error.source, "sweeping failed; the next sweep goes on");
        }
    }
}
