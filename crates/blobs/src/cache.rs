//! What reading keeps at hand: the bytes of small blobs and, of large ones, open handles or sizes; both bounded.
//!
//! Content never changes under its digest, so nothing here can be out of date; it can only outlive a delete, which
//! `forget` and the count of forgets prevent.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use model::Sha256Digest;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::error::Result;

/// About what an entry costs beside its bytes.
const ENTRY_BYTES: u64 = 160;

/// A large blob, opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenFile {
    pub(crate) file: Arc<File>,
    pub(crate) size_bytes: u64,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Sha256Digest, Bytes> for ByBytes {
    fn weight(&self, _key: &Sha256Digest, value: &Bytes) -> u64 {
        value.len() as u64 + ENTRY_BYTES
    }
}

/// `L` is what is kept of a large blob.
#[derive(Debug)]
pub(crate) struct ReadCache<L> {
    memory: Cache<Sha256Digest, Bytes, ByBytes>,
    large: Cache<Sha256Digest, L>,
    item_bytes: u64,
    /// How often `forget` was called: who read before a delete must not add what it read after it.
    forgets: AtomicU64,
}

impl<L: Clone> ReadCache<L> {
    pub(crate) fn new(memory_bytes: u64, item_bytes: u64, large_items: usize) -> Self {
        // A shard takes no item larger than itself, and a cache that three items fill is none.
        let item_bytes = item_bytes.min(memory_bytes / 4);
        let shards = memory_bytes
            .checked_div(item_bytes)
            .map_or(1, |items| (items / 8).clamp(1, 16));
        let options = OptionsBuilder::new()
            .estimated_items_capacity(
                usize::try_from(memory_bytes / (32 * 1024))
                    .unwrap_or(1024)
                    .clamp(16, 65_536),
            )
            .weight_capacity(memory_bytes)
            .shards(usize::try_from(shards).expect("at most 16"))
            .build()
            .expect("both capacities are given");
        Self {
            memory: Cache::with_options(
                options,
                ByBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            large: Cache::new(large_items),
            item_bytes,
            forgets: AtomicU64::new(0),
        }
    }

    /// Whether a blob of this size is kept in memory.
    pub(crate) fn is_small(&self, size_bytes: u64) -> bool {
        size_bytes <= self.item_bytes
    }

    pub(crate) fn bytes(&self, digest: &Sha256Digest) -> Option<Bytes> {
        self.memory.get(digest)
    }

    pub(crate) fn large(&self, digest: &Sha256Digest) -> Option<L> {
        self.large.get(digest)
    }

    /// The bytes of a small blob; the first who asks runs `read`, the others wait for it.
    pub(crate) async fn bytes_or_read<F>(
        &self,
        digest: &Sha256Digest,
        before: Forgets,
        read: F,
    ) -> Result<Bytes>
    where
        F: Future<Output = Result<Bytes>>,
    {
        match self.memory.get_value_or_guard_async(digest).await {
            Ok(bytes) => Ok(bytes),
            Err(guard) => {
                let bytes = read.await?;
                // Refused only when the entry was forgotten meanwhile, which is as it should be.
                let _ = guard.insert(bytes.clone());
                if self.forgets() != before {
                    self.memory.remove(digest);
                }
                Ok(bytes)
            }
        }
    }

    pub(crate) fn keep_bytes(&self, digest: &Sha256Digest, before: Forgets, bytes: &Bytes) {
        self.memory.insert(*digest, bytes.clone());
        if self.forgets() != before {
            self.memory.remove(digest);
        }
    }

    pub(crate) fn keep_large(&self, digest: &Sha256Digest, before: Forgets, kept: &L) {
        self.large.insert(*digest, kept.clone());
        if self.forgets() != before {
            self.large.remove(digest);
        }
    }

    /// To be read before a file is opened, and handed back with what was read.
    pub(crate) fn forgets(&self) -> Forgets {
        Forgets(self.forgets.load(Ordering::SeqCst))
    }

    /// To be called after a file was removed.
    ///
    /// The race with a reader that opened the file before: either the reader adds its entry before the `remove` below,
    /// which then takes it away, or after, and then it sees the changed count and takes it away itself.
    pub(crate) fn forget(&self, digest: &Sha256Digest) {
        self.forgets.fetch_add(1, Ordering::SeqCst);
        self.memory.remove(digest);
        self.large.remove(digest);
    }
}

/// The count of forgets at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forgets(u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> Sha256Digest {
        Sha256Digest::from_bytes([byte; 32])
    }

    #[tokio::test]
    async fn an_entry_read_before_a_delete_is_not_kept_after_it() {
        let cache = ReadCache::<OpenFile>::new(1 << 20, 1 << 16, 4);
        let before = cache.forgets();
        let read = async {
            cache.forget(&digest(1));
            Ok(Bytes::from_static(b"old"))
        };
        assert_eq!(
            cache.bytes_or_read(&digest(1), before, read).await.unwrap(),
            "old"
        );
        assert_eq!(cache.bytes(&digest(1)), None);
    }

    #[tokio::test]
    async fn the_largest_small_item_is_kept_and_the_whole_stays_bounded() {
        let memory_bytes = 24 << 20;
        let item_bytes = 5 << 18;
        let cache = ReadCache::<OpenFile>::new(memory_bytes, item_bytes, 4);
        for byte in 0..100 {
            let bytes = Bytes::from(vec![byte; usize::try_from(item_bytes).unwrap()]);
            cache
                .bytes_or_read(&digest(byte), cache.forgets(), async { Ok(bytes) })
                .await
                .unwrap();
            assert!(
                cache.bytes(&digest(byte)).is_some() || byte > 8,
                "item {byte} was not kept"
            );
        }
        assert!(
            cache.memory.weight() <= memory_bytes,
            "{}",
            cache.memory.weight()
        );
        assert!(
            cache.memory.weight() >= memory_bytes / 2,
            "{}",
            cache.memory.weight()
        );
    }
}
