//! The growing file behind a stage: a queue, a worker that empties it, and how far it came.
//!
//! The writer fills one buffer while a blocking thread writes and hashes the other, so a stage holds at most two buffers
//! however large the body is. The worker runs only while there is something to do; no thread waits for the network.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::{Buf, Bytes};
use model::Digests;
use tokio::sync::{Notify, watch};

use crate::digesting::DigestPass;
use crate::error::{BlobError, Result};
use crate::staging::{StagedFile, Staging};

/// The most that waits for the worker.
const QUEUE_BYTES: usize = 256 * 1024;
/// Below this a body that nobody follows is hashed where it is and reaches the disk only with its commit.
pub(crate) const SMALL_BYTES: usize = 64 * 1024;

/// How far a stage is, as its readers see it.
///
/// `Growing` → `Complete` → `Released`; `Failed` from either of the first two. The last two are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// More may come.
    Growing,
    /// All bytes are written, but nobody has vouched for them.
    Complete,
    /// The bytes are what they should be; readers may have the last of them.
    Released,
    /// Readers must not end well.
    Failed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// How many bytes can be read from the file.
    pub(crate) written_bytes: u64,
    pub(crate) phase: Phase,
}

/// What all bytes came to.
pub(crate) struct Finished {
    pub(crate) digests: Digests,
    pub(crate) size_bytes: u64,
    pub(crate) content: StagedContent,
}

/// Where the bytes of a finished stage are.
#[derive(Debug)]
pub(crate) enum StagedContent {
    Memory(Bytes),
    File(StagedFile),
}

#[derive(Default)]
struct Queue {
    buffer: Vec<u8>,
    /// The worker's emptied buffer, to be used again.
    spare: Vec<u8>,
    /// Whether a worker is there, or on its way, that will look at the queue again.
    working: bool,
    /// Whether the worker was ever needed.
    started: bool,
    /// Whether readers follow, so that bytes should reach the file at once.
    followed: bool,
    failure: Option<BlobError>,
}

/// What only the worker touches while there is one.
#[derive(Default)]
struct Work {
    digests: DigestPass,
    staged: Option<StagedFile>,
    /// Set by `discard`: a worker that took its batch just before must not make a file after it.
    discarded: bool,
}

pub(crate) struct Growth {
    staging: Arc<Staging>,
    queue: Mutex<Queue>,
    work: Mutex<Work>,
    /// Told when the worker took the queue or stopped. There is one writer, so one permit is enough.
    worker_moved: Notify,
    /// The staged file, once there is one; readers keep it even when it is removed.
    file: OnceLock<Arc<File>>,
    progress: watch::Sender<Progress>,
    failure_text: OnceLock<String>,
}

impl Growth {
    pub(crate) fn new(staging: Arc<Staging>) -> Arc<Self> {
        Arc::new(Self {
            staging,
            queue: Mutex::default(),
            work: Mutex::default(),
            worker_moved: Notify::new(),
            file: OnceLock::new(),
            progress: watch::Sender::new(Progress {
                written_bytes: 0,
                phase: Phase::Growing,
            }),
            failure_text: OnceLock::new(),
        })
    }

    /// Queues a chunk; waits while the queue is full.
    pub(crate) async fn write(self: &Arc<Self>, mut chunk: Bytes) -> Result<()> {
        loop {
            {
                let mut queue = self.lock_queue();
                if let Some(failure) = &queue.failure {
                    return Err(failure.clone());
                }
                let room_bytes = QUEUE_BYTES - queue.buffer.len();
                let taken = chunk.split_to(room_bytes.min(chunk.len()));
                queue.buffer.extend_from_slice(&taken);
                if queue.followed || queue.buffer.len() >= SMALL_BYTES {
                    self.wake_worker(&mut queue);
                }
            }
            if !chunk.has_remaining() {
                return Ok(());
            }
            self.worker_moved.notified().await;
        }
    }

    /// Readers follow from now on, so bytes go to the file as they come.
    pub(crate) fn follow(self: &Arc<Self>) {
        let mut queue = self.lock_queue();
        queue.followed = true;
        self.wake_worker(&mut queue);
    }

    /// Waits until every byte is where it will be committed from.
    pub(crate) async fn finish(self: &Arc<Self>) -> Result<Finished> {
        loop {
            {
                let mut queue = self.lock_queue();
                if let Some(failure) = &queue.failure {
                    return Err(failure.clone());
                }
                if !queue.working {
                    if !queue.started && queue.buffer.len() < SMALL_BYTES {
                        let bytes = Bytes::from(std::mem::take(&mut queue.buffer));
                        drop(queue);
                        return Ok(self.finished_in_memory(bytes));
                    }
                    if queue.buffer.is_empty() {
                        break;
                    }
                    self.wake_worker(&mut queue);
                }
            }
            self.worker_moved.notified().await;
        }
        let Work {
            digests, staged, ..
        } = std::mem::take(&mut *self.lock_work());
        let staged = staged.expect("a worker that started and did not fail has made the file");
        self.progress
            .send_modify(|progress| progress.phase = Phase::Complete);
        let size_bytes = self.progress.borrow().written_bytes;
        Ok(Finished {
            digests: digests.finish(),
            size_bytes,
            content: StagedContent::File(staged),
        })
    }

    fn finished_in_memory(&self, bytes: Bytes) -> Finished {
        self.progress
            .send_modify(|progress| progress.phase = Phase::Complete);
        Finished {
            digests: DigestPass::of(&bytes),
            size_bytes: bytes.len() as u64,
            content: StagedContent::Memory(bytes),
        }
    }

    pub(crate) fn release(&self) {
        self.progress.send_if_modified(|progress| {
            let released = progress.phase == Phase::Complete;
            if released {
                progress.phase = Phase::Released;
            }
            released
        });
    }

    /// Ends badly for readers, unless they have been released.
    pub(crate) fn fail(&self, text: &str) {
        self.progress.send_if_modified(|progress| {
            let failed = matches!(progress.phase, Phase::Growing | Phase::Complete);
            if failed {
                // Before the phase is seen. The first text stays.
                self.failure_text.get_or_init(|| text.to_owned());
                progress.phase = Phase::Failed;
            }
            failed
        });
    }

    /// Drops what is queued and removes the staged file. Blocks while the worker is in the middle of a buffer.
    pub(crate) fn discard(&self) {
        {
            let mut queue = self.lock_queue();
            queue.failure.get_or_insert(BlobError::Abandoned);
            queue.buffer = Vec::new();
        }
        let mut work = self.lock_work();
        work.discarded = true;
        drop(work.staged.take());
    }

    pub(crate) fn failure_text(&self) -> &str {
        self.failure_text.get().map_or("", String::as_str)
    }

    pub(crate) fn progress(&self) -> &watch::Sender<Progress> {
        &self.progress
    }

    pub(crate) fn file(&self) -> Option<&Arc<File>> {
        self.file.get()
    }

    fn wake_worker(self: &Arc<Self>, queue: &mut Queue) {
        if queue.working || queue.buffer.is_empty() {
            return;
        }
        queue.working = true;
        queue.started = true;
        let shift = Shift {
            growth: Arc::clone(self),
            over: false,
        };
        tokio::task::spawn_blocking(move || shift.work());
    }

    /// The next buffer to be written, or none and the worker is gone.
    fn next_batch(&self) -> Option<Vec<u8>> {
        let mut queue = self.lock_queue();
        if queue.buffer.is_empty() || queue.failure.is_some() {
            queue.working = false;
            drop(queue);
            self.worker_moved.notify_one();
            return None;
        }
        let spare = std::mem::take(&mut queue.spare);
        let batch = std::mem::replace(&mut queue.buffer, spare);
        drop(queue);
        self.worker_moved.notify_one();
        Some(batch)
    }

    fn write_batch(&self, batch: &[u8]) -> Result<()> {
        let mut work = self.lock_work();
        if work.discarded {
            return Err(BlobError::Abandoned);
        }
        if work.staged.is_none() {
            let staged = self.staging.create()?;
            self.file.get_or_init(|| Arc::clone(staged.file()));
            work.staged = Some(staged);
        }
        work.staged.as_ref().expect("made above").write_all(batch)?;
        // Readers first: hashing takes longer than writing.
        self.progress
            .send_modify(|progress| progress.written_bytes += batch.len() as u64);
        work.digests.update(batch);
        Ok(())
    }

    fn stop_with(&self, failure: BlobError) {
        self.fail(&failure.to_string());
        let mut queue = self.lock_queue();
        queue.failure.get_or_insert(failure);
        queue.working = false;
        drop(queue);
        self.worker_moved.notify_one();
    }

    fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One visit of the worker to a blocking thread. If it ends in any other way than `work` returning (a panic, or a
/// runtime that shuts down before it began), the writer is told rather than left waiting.
struct Shift {
    growth: Arc<Growth>,
    over: bool,
}

impl Shift {
    fn work(mut self) {
        while let Some(mut batch) = self.growth.next_batch() {
            if let Err(failure) = self.growth.write_batch(&batch) {
                self.growth.stop_with(failure);
                break;
            }
            batch.clear();
            self.growth.lock_queue().spare = batch;
        }
        self.over = true;
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        if !self.over {
            self.growth.stop_with(BlobError::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn d03_a_disk_that_fills_up_in_mid_write_fails_the_writer_and_the_readers() {
        let root = tempfile::tempdir().unwrap();
        let growth = Growth::new(Arc::new(Staging::open(root.path()).unwrap()));
        // The device that answers every write with "no space left".
        let full = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/full")
            .unwrap();
        growth.lock_work().staged = Some(StagedFile::for_test(full));

        growth
            .write(Bytes::from(vec![7; SMALL_BYTES]))
            .await
            .unwrap();
        let failure = growth.finish().await.err().expect("the disk is full");
        assert!(matches!(failure, BlobError::DiskFull { .. }), "{failure}");
        let again = growth
            .write(Bytes::from_static(b"more"))
            .await
            .expect_err("it stays failed");
        assert!(matches!(again, BlobError::DiskFull { .. }), "{again}");
        assert_eq!(growth.progress.borrow().phase, Phase::Failed);
        assert!(
            growth.failure_text().contains("full"),
            "{}",
            growth.failure_text()
        );
    }

    #[test]
    fn a_runtime_that_ends_before_the_worker_began_tells_the_writer() {
        let root = tempfile::tempdir().unwrap();
        let growth = Growth::new(Arc::new(Staging::open(root.path()).unwrap()));
        drop(Shift {
            growth: Arc::clone(&growth),
            over: false,
        });
        let failure = growth.lock_queue().failure.clone();
        assert!(matches!(failure, Some(BlobError::Abandoned)));
        assert_eq!(growth.progress.borrow().phase, Phase::Failed);
    }

    #[test]
    fn a_batch_that_outlives_its_stage_makes_no_file() {
        let root = tempfile::tempdir().unwrap();
        let growth = Growth::new(Arc::new(Staging::open(root.path()).unwrap()));
        growth.discard();
        let late = growth.write_batch(b"taken from the queue before the discard");
        assert!(matches!(late, Err(BlobError::Abandoned)), "{late:?}");
        assert_eq!(
            std::fs::read_dir(root.path().join("staging"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn a_final_phase_stays() {
        let root = tempfile::tempdir().unwrap();
        let growth = Growth::new(Arc::new(Staging::open(root.path()).unwrap()));
        let phase = || growth.progress.borrow().phase;
        growth.release();
        assert_eq!(
            phase(),
            Phase::Growing,
            "nothing is released before it is complete"
        );
        growth
            .progress
            .send_modify(|progress| progress.phase = Phase::Complete);
        growth.release();
        growth.fail("too late");
        assert_eq!(phase(), Phase::Released);
    }
}
