//! Which blobs are being committed or deleted by this process right now.
//!
//! S3 cannot check a blob's age and delete it in one step, so a commit that ends between the two would be lost. Inside
//! one process the two sides take turns here, one blob at a time: a deletion waits for commits of the same digest, or
//! gives way to them, and a commit waits for a deletion. Other processes are not seen; see `Blobs` on what closes that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Sha256Digest;
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Traffic {
    under_way: Mutex<HashMap<Sha256Digest, UnderWay>>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UnderWay {
    Commits(usize),
    Deletion,
}

/// A commit or a deletion of one blob, until it is dropped.
#[derive(Debug)]
pub(crate) struct Passage {
    traffic: Arc<Traffic>,
    digest: Sha256Digest,
}

impl Traffic {
    /// Begins a commit, after a deletion that is under way. Commits of equal bytes do not disturb one another.
    pub(crate) async fn commit(self: &Arc<Self>, digest: &Sha256Digest) -> Passage {
        self.when(digest, Self::begin_commit).await
    }

    /// Begins a deletion when nothing else is under way.
    pub(crate) async fn delete(self: &Arc<Self>, digest: &Sha256Digest) -> Passage {
        self.when(digest, Self::begin_deletion).await
    }

    /// Begins a deletion unless a commit is under way.
    pub(crate) async fn delete_unless_committing(
        self: &Arc<Self>,
        digest: &Sha256Digest,
    ) -> Option<Passage> {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if self.begin_deletion(digest) {
                return Some(self.passage(digest));
            }
            if matches!(self.lock().get(digest), Some(UnderWay::Commits(_))) {
                return None;
            }
            changed.await;
        }
    }

    async fn when(
        self: &Arc<Self>,
        digest: &Sha256Digest,
        begin: fn(&Self, &Sha256Digest) -> bool,
    ) -> Passage {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // Before the look, so that what ends right after it is not missed.
            changed.as_mut().enable();
            if begin(self, digest) {
                return self.passage(digest);
            }
            changed.await;
        }
    }

    fn begin_commit(&self, digest: &Sha256Digest) -> bool {
        match self.lock().entry(*digest).or_insert(UnderWay::Commits(0)) {
            UnderWay::Commits(count) => {
                *count += 1;
                true
            }
            UnderWay::Deletion => false,
        }
    }

    fn begin_deletion(&self, digest: &Sha256Digest) -> bool {
        let mut under_way = self.lock();
        let free = !under_way.contains_key(digest);
        if free {
            under_way.insert(*digest, UnderWay::Deletion);
        }
        free
    }

    fn passage(self: &Arc<Self>, digest: &Sha256Digest) -> Passage {
        Passage {
            traffic: Arc::clone(self),
            digest: *digest,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sha256Digest, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let mut under_way = self.traffic.lock();
        match under_way.get_mut(&self.digest) {
            Some(UnderWay::Commits(count)) if *count > 1 => *count -= 1,
            _ => drop(under_way.remove(&self.digest)),
        }
        drop(under_way);
        self.traffic.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn digest(byte: u8) -> Sha256Digest {
        Sha256Digest::from_bytes([byte; 32])
    }

    #[tokio::test]
    async fn commits_share_and_deletions_take_turns_with_them() {
        let traffic = Arc::new(Traffic::default());
        let one = digest(1);
        let first = traffic.commit(&one).await;
        let second = traffic.commit(&one).await;
        assert!(traffic.delete_unless_committing(&one).await.is_none());
        let mut deletion = std::pin::pin!(traffic.delete(&one));
        drop(first);
        assert!(deletion.as_mut().now_or_never().is_none(), "one is left");
        let other = traffic.delete_unless_committing(&digest(2)).await;
        assert!(other.is_some(), "other blobs are not held up");
        drop(second);
        let deletion = deletion.await;
        let mut commit = std::pin::pin!(traffic.commit(&one));
        assert!(commit.as_mut().now_or_never().is_none());
        drop(deletion);
        drop((commit.await, other));
        assert!(traffic.lock().is_empty(), "nothing is remembered");
    }
}
