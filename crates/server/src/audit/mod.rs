//! The audit log: one record for every call of the API and every request of a package client, refused ones too.
//!
//! A request hands over plain values and goes on; one thread makes the records and writes them (`record`, `file`). If
//! that thread falls behind so far that the queue is full, requests wait for it, `LONGEST_WAIT` at most; a record that
//! finds no place even then is counted and told in the server's log. While records cannot be written, requests that
//! change something are refused, unless the operator says otherwise.

mod file;
mod record;
mod writer;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use catalog::RequestFacts;
use http::{HeaderValue, Method, StatusCode, Uri};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use self::file::AuditFiles;
use self::record::Installation;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::start_error::StartError;

/// Records that wait to be written: a second and more of the busiest server.
const QUEUE: usize = 32_768;
/// How long a request waits for a place in a full queue.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A request, as far as its record needs it.
#[derive(Debug)]
pub struct AuditEntry {
    /// When it came.
    pub at: SystemTime,
    /// Its id.
    pub request_id: Arc<str>,
    /// Its method.
    pub method: Method,
    /// Its target. Of the query nothing is recorded.
    pub uri: Uri,
    /// Its user agent.
    pub user_agent: Option<HeaderValue>,
    /// Where it came from.
    pub source_ip: IpAddr,
    /// How it was answered.
    pub status: StatusCode,
    /// What it was about; absent if nobody got as far as to know.
    pub facts: Option<RequestFacts>,
}

/// What requests and the writing thread tell each other.
#[derive(Debug, Default)]
struct State {
    /// The last attempt to write failed.
    is_failing: AtomicBool,
    /// No more entries come, so what cannot be written now never will be.
    is_closing: AtomicBool,
}

/// The audit log. Dropping it writes out what is left.
pub struct AuditLog {
    queue: Mutex<Option<mpsc::Sender<AuditEntry>>>,
    open_queue: mpsc::WeakSender<AuditEntry>,
    state: Arc<State>,
    thread: Mutex<Option<JoinHandle<()>>>,
    metrics: Arc<Metrics>,
    is_required: bool,
}

impl AuditLog {
    /// Opens the folder of records and starts the thread that writes them.
    ///
    /// # Errors
    /// The folder or the file in it cannot be made or written.
    pub fn open(config: &Config, metrics: Arc<Metrics>) -> Result<Self, StartError> {
        let folder = config.audit_folder();
        let files = AuditFiles::open(&folder, &config.audit).map_err(|error| {
            let folder = folder.display();
            let message = format!(
                "audit records cannot be kept in {folder} (choose another folder with audit.path)"
            );
            StartError::because(message, error)
        })?;
        let installation = Installation::of(config);
        let (queue, entries) = mpsc::channel(QUEUE);
        let state = Arc::new(State::default());
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .stack_size(256 << 10)
            .spawn({
                let (state, metrics) = (Arc::clone(&state), Arc::clone(&metrics));
                move || writer::run(entries, files, &installation, &state, &metrics)
            })
            .map_err(|error| StartError::because("threads cannot be started", error))?;
        Ok(Self {
            open_queue: queue.downgrade(),
            queue: Mutex::new(Some(queue)),
            state,
            thread: Mutex::new(Some(thread)),
            metrics,
            is_required: config.audit.required,
        })
    }

    /// Whether requests that change something must be refused, because they could not be recorded.
    #[must_use]
    pub fn refuses_changes(&self) -> bool {
        self.is_required && self.state.is_failing.load(Ordering::Relaxed)
    }

    /// Hands over a request. Returns at once unless the queue is full.
    pub async fn record(&self, entry: AuditEntry) {
        let Some(queue) = self.open_queue.upgrade() else {
            self.lose();
            return;
        };
        match queue.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(entry)) => {
                let sent = tokio::time::timeout(LONGEST_WAIT, queue.send(entry)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    self.lose();
                }
            }
            Err(TrySendError::Closed(_)) => self.lose(),
        }
    }

    fn lose(&self) {
        self.metrics.audit_records_lost(1);
        tracing::error!(
            "an audit record was lost: records are not written fast enough, or not at all"
        );
    }

    /// Writes out what is left, and ends.
    pub async fn close(&self) {
        if let Some(thread) = self.end() {
            // A thread that panicked has said so already.
            let joined = tokio::task::spawn_blocking(move || thread.join().is_ok());
            joined.await.ok();
        }
    }

    fn end(&self) -> Option<JoinHandle<()>> {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.state.is_closing.store(true, Ordering::Relaxed);
        drop(queue);
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        if let Some(thread) = self.end() {
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests;
