//! What every place that holds blobs must do, run on each of them; and what only a local disk (`disk`) or an object
//! store (`s3`) can show.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod commit;
mod copy;
mod delete;
mod disk;
mod follow;
mod leavings;
mod proxy;
mod read;
mod s3;
mod upkeep;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use model::Sha256Digest;
use reliquary_blobs::{BlobSettings, Blobs, S3Settings, StoredBlob};
use tempfile::TempDir;
use testkit::s3_server::S3Server;

/// A store of blobs of one kind, empty at first, and gone with this value.
struct Store {
    blobs: Blobs,
    folder: TempDir,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Disk,
    S3,
}

impl Store {
    fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open_disk(&folder.path().join("data"), BlobSettings::default()).unwrap();
        Self {
            blobs,
            folder,
            kind: Kind::Disk,
        }
    }

    async fn on_s3() -> Self {
        Self::in_bucket(&S3Server::get().settings()).await
    }

    async fn in_bucket(s3: &S3Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let opened = Blobs::open_s3(&root, s3, BlobSettings::default()).await;
        Self {
            blobs: opened.unwrap(),
            folder,
            kind: Kind::S3,
        }
    }

    /// Within this many milliseconds two dates of blobs may look the same, or lag behind the clock.
    const fn date_grain_ms(&self) -> i64 {
        match self.kind {
            Kind::Disk => 30,
            Kind::S3 => 1_200,
        }
    }

    async fn put(&self, bytes: &Bytes) -> Sha256Digest {
        self.blobs.put(bytes.clone()).await.unwrap().sha256
    }

    async fn read(&self, digest: &Sha256Digest) -> Option<Bytes> {
        let blob = self.blobs.open(digest).await.unwrap()?;
        Some(whole(blob.body()).await.unwrap())
    }

    async fn listed(&self) -> Vec<StoredBlob> {
        self.blobs.list(None, usize::MAX).await.unwrap()
    }

    /// Waits until nothing is staged any more.
    async fn wait_until_nothing_is_staged(&self) {
        let staging = self.folder.path().join("data/staging");
        eventually("the staging folder is empty", || {
            std::fs::read_dir(&staging).unwrap().count() == 0
        })
        .await;
    }
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never came true: {what}");
}

async fn whole<B: Body<Data = Bytes, Error = std::io::Error>>(body: B) -> std::io::Result<Bytes> {
    Ok(body.collect().await?.to_bytes())
}

/// Bytes that differ from place to place and from seed to seed.
fn sample(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

/// Makes one test of each named function on each kind of store.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {
        mod on_disk {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::Store::on_disk()).await;
                }
            )+
        }
        mod on_s3 {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::Store::on_s3().await).await;
                }
            )+
        }
    };
}
use on_every_store;
