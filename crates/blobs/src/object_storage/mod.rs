//! Blobs in an S3-compatible store: one object for each, `{prefix}/blobs/{first byte of the SHA-256}/{the rest}`.
//!
//! Bytes are staged on the local disk as for a local store and uploaded by the commit (`upload`); they are read by
//! one request each (`opening`, `body`). Nothing here is shared between nodes but the bucket itself.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod body;
mod bucket;
mod client;
mod failure;
mod leavings;
mod listing;
mod opening;
mod settings;
mod traffic;
mod upload;

use std::ops::Range;
use std::path::Path as FolderPath;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use model::{Digests, EpochMillis, Sha256Digest};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer as _};
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore as _, ObjectStoreExt as _};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use self::body::{ObjectStream, is_intact};
use self::bucket::client_of;
use self::client::Connections;
use self::failure::{found, sorted};
use self::opening::Openings;
use self::traffic::Traffic;
use crate::StoredBlob;
use crate::blobs::{BlobSettings, SignedHeaders};
use crate::cache::ReadCache;
use crate::digesting::DigestPass;
use crate::disk::Disk;
use crate::error::{BlobError, Result, blocking};
use crate::growth::StagedContent;
use crate::piece::PiecePool;
use crate::staging::Staging;

pub(crate) use self::body::{RemoteBody, RemoteObject};
pub use self::settings::{S3Credentials, S3Patience, S3Settings};

/// Of how many large blobs the size is remembered.
const KNOWN_SIZES: usize = 16_384;
/// From here on bytes are hashed on a thread of their own.
const HASH_ELSEWHERE_BYTES: usize = 64 * 1024;
/// The dates in answers have no fractions of a second.
const DATE_GRAIN_MS: i64 = 999;

#[derive(Debug)]
pub(crate) struct ObjectStorage {
    store: AmazonS3,
    /// What the store's client sends over.
    connections: Connections,
    /// Empty, or with a slash at its end.
    prefix: String,
    staging: Arc<Staging>,
    /// Buffers for those who follow a stage.
    pool: Arc<PiecePool>,
    cache: ReadCache<u64>,
    traffic: Arc<Traffic>,
    room: Arc<Semaphore>,
    /// Blobs that are being opened.
    openings: Openings,
}

impl ObjectStorage {
    /// Opens a bucket, with a staging folder below `root`, and tries whether it can be written, read and deleted from.
    pub(crate) async fn open(
        root: &FolderPath,
        s3: &S3Settings,
        settings: BlobSettings,
    ) -> Result<Self> {
        let staging = Staging::open(root)?;
        let prefix = match s3.prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let (store, connections) = client_of(s3)?;
        let storage = Self {
            store,
            connections,
            prefix,
            staging: Arc::new(staging),
            pool: Arc::default(),
            cache: ReadCache::new(
                settings.memory_cache_bytes,
                settings.memory_cache_item_bytes,
                KNOWN_SIZES,
            ),
            traffic: Arc::default(),
            room: upload::room_for_parts(),
            openings: Openings::default(),
        };
        storage.probe().await?;
        Ok(storage)
    }

    pub(crate) fn staging(&self) -> &Arc<Staging> {
        &self.staging
    }

    pub(crate) fn pool(&self) -> &Arc<PiecePool> {
        &self.pool
    }

    fn path(&self, digest: &Sha256Digest) -> Path {
        Path::from(format!("{}blobs/{}", self.prefix, Disk::key(digest)))
    }

    /// Writes, reads and deletes an object of its own.
    async fn probe(&self) -> Result<()> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| {
            BlobError::from_io("naming a probe object", std::io::Error::other(error))
        })?;
        let path = Path::from(format!("{}probe/{}", self.prefix, hex::encode(name)));
        let bytes = Bytes::copy_from_slice(&name);
        let step = |action: &'static str| move |error: object_store::Error| sorted(action, &error);
        let put = self.store.put(&path, bytes.clone().into()).await;
        put.map_err(step("writing a probe object"))?;
        let reading = "reading a probe object";
        let answer = self.store.get(&path).await.map_err(step(reading))?;
        let read = answer.bytes().await.map_err(step(reading))?;
        let deleted = self.store.delete(&path).await;
        deleted.map_err(step("deleting a probe object"))?;
        if read == bytes {
            return Ok(());
        }
        Err(BlobError::Refused {
            action: reading,
            detail: "it gave back other bytes than were written".to_owned(),
        })
    }

    pub(crate) async fn put(self: &Arc<Self>, bytes: Bytes) -> Result<Digests> {
        let hashed = bytes.clone();
        let digests = blocking("hashing a blob", move || Ok(DigestPass::of(&hashed))).await?;
        let size_bytes = bytes.len() as u64;
        let content = StagedContent::Memory(bytes);
        self.install(content, digests.sha256, size_bytes).await?;
        Ok(digests)
    }

    /// Makes staged bytes a blob. Goes on even if the caller is cancelled.
    pub(crate) async fn install(
        self: &Arc<Self>,
        content: StagedContent,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> Result<()> {
        let storage = Arc::clone(self);
        let commit = tokio::spawn(async move {
            let passage = storage.traffic.commit(&digest).await;
            storage.upload(content, digest, size_bytes).await?;
            // It may have replaced a damaged one of another size.
            if storage
                .cache
                .large(&digest)
                .is_some_and(|size| size != size_bytes)
            {
                storage.forget(&digest);
            }
            drop(passage);
            Ok(())
        });
        match commit.await {
            Ok(result) => result,
            // A panic, or a runtime that is shutting down.
            Err(stopped) => Err(BlobError::from_io(
                "storing a blob",
                std::io::Error::other(stopped),
            )),
        }
    }

    /// The size of an object and its bytes, as they come.
    async fn get(&self, digest: &Sha256Digest) -> Result<Option<(u64, ObjectStream)>> {
        let answer = self.store.get(&self.path(digest)).await;
        let answer = found(body::ACTION, answer)?;
        Ok(answer.map(|answer| (answer.meta.size, answer.into_stream())))
    }

    /// A stretch of an object that was seen to have `size_bytes`.
    async fn get_range(
        &self,
        digest: &Sha256Digest,
        size_bytes: u64,
        range: Range<u64>,
    ) -> Result<ObjectStream> {
        let options = GetOptions {
            range: (range != (0..size_bytes)).then_some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let answer = self.store.get_opts(&self.path(digest), options).await;
        match found(body::ACTION, answer)? {
            Some(answer) if answer.meta.size == size_bytes => Ok(answer.into_stream()),
            other => {
                self.forget(digest);
                let detail = match other {
                    Some(answer) => format!("it had {size_bytes} bytes, now {}", answer.meta.size),
                    None => "it was deleted while it was being read".to_owned(),
                };
                Err(BlobError::Damaged {
                    digest: *digest,
                    detail,
                })
            }
        }
    }

    /// What the store says about an object, without its bytes.
    async fn head(
        &self,
        action: &'static str,
        digest: &Sha256Digest,
    ) -> Result<Option<ObjectMeta>> {
        let path = self.path(digest);
        let head = found(action, self.store.head(&path).await)?;
        if head.is_some() {
            return Ok(head);
        }
        // An answer without a body does not tell whether the object is missing or its bucket; this one does.
        let answer = found(action, self.store.get(&path).await)?;
        Ok(answer.map(|answer| answer.meta))
    }

    pub(crate) async fn contains(&self, digest: &Sha256Digest) -> Result<bool> {
        if self.cache.bytes(digest).is_some() || self.cache.large(digest).is_some() {
            return Ok(true);
        }
        Ok(self.head("looking for a blob", digest).await?.is_some())
    }

    /// Reads and hashes a blob anew, past every cache.
    pub(crate) async fn verify(&self, digest: &Sha256Digest) -> Result<Option<u64>> {
        let Some((size_bytes, mut stream)) = self.get(digest).await? else {
            return Ok(None);
        };
        let mut hash = Sha256::new();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| sorted("verifying a blob", &error))?;
            hash = hashed(hash, piece).await?;
        }
        let intact = is_intact(hash, digest);
        if intact.is_err() {
            self.forget(digest);
        }
        intact.map(|()| Some(size_bytes))
    }

    /// The size and all digests of a blob, read anew past every cache.
    pub(crate) async fn read_digests(
        &self,
        digest: &Sha256Digest,
    ) -> Result<Option<(u64, Digests)>> {
        const ACTION: &str = "verifying a blob";
        let Some((_, mut stream)) = self.get(digest).await? else {
            return Ok(None);
        };
        let (mut pass, mut size_bytes) = (DigestPass::default(), 0);
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| sorted(ACTION, &error))?;
            size_bytes += piece.len() as u64;
            let hash = move || {
                pass.update(&piece);
                Ok(pass)
            };
            pass = blocking(ACTION, hash).await?;
        }
        Ok(Some((size_bytes, pass.finish())))
    }

    pub(crate) async fn find(&self, digest: &Sha256Digest) -> Result<Option<StoredBlob>> {
        let meta = self.head("looking for a blob", digest).await?;
        Ok(meta.map(|meta| StoredBlob {
            digest: *digest,
            size_bytes: meta.size,
            modified_at: EpochMillis(meta.last_modified.timestamp_millis()),
        }))
    }

    /// Moves an object to `{prefix}/quarantine/{SHA-256}`.
    pub(crate) async fn quarantine(self: &Arc<Self>, digest: &Sha256Digest) -> Result<bool> {
        const ACTION: &str = "moving a damaged blob away";
        let _passage = self.traffic.delete(digest).await;
        let away = Path::from(format!("{}quarantine/{}", self.prefix, digest.to_hex()));
        let copied = self.store.copy(&self.path(digest), &away).await;
        let is_there = found(ACTION, copied)?.is_some();
        if is_there {
            let deleted = self.store.delete(&self.path(digest)).await;
            found(ACTION, deleted)?;
        }
        self.forget(digest);
        Ok(is_there)
    }

    pub(crate) async fn delete(
        self: &Arc<Self>,
        digest: &Sha256Digest,
        cutoff: Option<EpochMillis>,
    ) -> Result<bool> {
        const ACTION: &str = "deleting a blob";
        let passage = match cutoff {
            Some(_) => self.traffic.delete_unless_committing(digest).await,
            None => Some(self.traffic.delete(digest).await),
        };
        let Some(_passage) = passage else {
            return Ok(false);
        };
        let Some(meta) = self.head(ACTION, digest).await? else {
            return Ok(false);
        };
        let modified_ms = meta.last_modified.timestamp_millis();
        if cutoff.is_some_and(|cutoff| modified_ms + DATE_GRAIN_MS >= cutoff.0) {
            return Ok(false);
        }
        let deleted = self.store.delete(&meta.location).await;
        let deleted = found(ACTION, deleted)?.is_some();
        self.forget(digest);
        Ok(deleted)
    }

    pub(crate) async fn signed_url(
        &self,
        digest: &Sha256Digest,
        lifetime: Duration,
        headers: &SignedHeaders<'_>,
    ) -> Result<String> {
        let query = [
            ("response-content-type", headers.content_type),
            ("response-content-disposition", headers.content_disposition),
            ("response-cache-control", headers.cache_control),
        ];
        let query = query
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value)));
        let options = SignedUrlOptions::new().with_query(query);
        let url = self
            .store
            .signed_url_opts(http::Method::GET, &self.path(digest), lifetime, &options)
            .await;
        url.map(String::from)
            .map_err(|error| sorted("signing an address", &error))
    }
}

async fn hashed(mut hash: Sha256, bytes: Bytes) -> Result<Sha256> {
    if bytes.len() < HASH_ELSEWHERE_BYTES {
        hash.update(&bytes);
        return Ok(hash);
    }
    blocking("hashing a blob", move || {
        hash.update(&bytes);
        Ok(hash)
    })
    .await
}
