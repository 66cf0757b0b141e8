//! The thread that writes audit records: what has gathered becomes lines, and the lines one write.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use tokio::sync::mpsc;

use super::file::AuditFiles;
use super::record::{self, Installation};
use super::{AuditEntry, State};
use crate::metrics::Metrics;

/// Entries of one write.
const BATCH: usize = 2048;
/// How long entries gather. It also spares each request the call that wakes a sleeping thread.
const GATHER: Duration = Duration::from_millis(20);
/// Between two attempts to write the same.
const RETRY: Duration = Duration::from_millis(500);

/// Writes until nobody can hand over more.
pub(super) fn run(
    mut entries: mpsc::Receiver<AuditEntry>,
    mut files: AuditFiles,
    installation: &Installation,
    state: &State,
    metrics: &Metrics,
) {
    let mut batch = Vec::new();
    let mut line = Vec::new();
    while entries.blocking_recv_many(&mut batch, BATCH) > 0 {
        let count = batch.len() as u64;
        for entry in batch.drain(..) {
            line.clear();
            record::write(&entry, installation, &mut line);
            files.push(&line);
        }
        if write(&mut files, state) {
            metrics.audit_records_written(count);
        } else {
            metrics.audit_records_lost(count);
            tracing::error!(
                count,
                "audit records were lost: the server ends and they cannot be written"
            );
        }
        batch.shrink_to(BATCH);
        if !state.is_closing.load(Ordering::Relaxed) {
            sleep(GATHER);
        }
    }
    if let Err(error) = files.sync() {
        tracing::warn!(%error, "the audit records may not survive a loss of power now");
    }
}

/// Writes what was pushed, however long it takes; false if the server ends before it could.
fn write(files: &mut AuditFiles, state: &State) -> bool {
    let mut was_failing = false;
    loop {
        match files.flush() {
            Ok(()) => {
                if was_failing {
                    tracing::warn!("audit records are written again");
                }
                state.is_failing.store(false, Ordering::Relaxed);
                return true;
            }
            Err(error) => {
                state.is_failing.store(true, Ordering::Relaxed);
                if !was_failing {
                    tracing::error!(%error, "audit records cannot be written; trying again");
                }
                was_failing = true;
                if state.is_closing.load(Ordering::Relaxed) {
                    return false;
                }
                sleep(RETRY);
            }
        }
    }
}
