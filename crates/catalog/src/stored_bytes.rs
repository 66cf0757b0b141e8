//! Making bytes durable, in step with the sweep, before rows refer to them.
//!
//! Bytes that are on their way out (`sweep`) are not to be counted on, also when they still lie there: whoever has them
//! anew waits until the sweep is done with them, stores them, and only then says that rows may refer to them again.

use std::time::{Duration, Instant};

use blobs::{Committed, Staged};
use bytes::Bytes;
use model::{Digests, Error, Result, Sha256Digest};
use store::CondemnedBlobRow;

use crate::Catalog;
use crate::failure::{Failure, from_blobs, from_store};

/// How long whoever stores bytes waits for a sweep that is removing them.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(25);

impl Catalog {
    /// Makes staged bytes a blob: durable, and free to be referred to, when this returns.
    pub(crate) async fn commit(&self, staged: Staged) -> Result<()> {
        self.commit_held(staged).await?.release();
        Ok(())
    }

    /// As [`Catalog::commit`], but those who follow wait for the last bytes.
    pub(crate) async fn commit_held(&self, staged: Staged) -> Result<Committed> {
        let sha256 = staged.digests().sha256;
        let gone = self.wait_for_sweep(&sha256).await?;
        let committed = staged.commit_held().await.map_err(from_blobs)?;
        if let Some(mark) = gone {
            self.welcome(sha256, mark).await?;
        }
        Ok(committed)
    }

    /// Stores bytes that are known whole.
    pub(crate) async fn put(&self, bytes: Bytes) -> Result<Digests> {
        let digests = self.blobs.put(bytes.clone()).await.map_err(from_blobs)?;
        if let Some(mark) = self.wait_for_sweep(&digests.sha256).await? {
            // They may have been removed before or after they were stored just now.
            self.blobs.put(bytes).await.map_err(from_blobs)?;
            self.welcome(digests.sha256, mark).await?;
        }
        Ok(digests)
    }

    /// Stores bytes again that a row refers to, where they have been lost: who sends them anew brings them back.
    pub(crate) async fn put_back(&self, staged: Staged) -> Result<()> {
        let sha256 = staged.digests().sha256;
        if self
            .blobs
            .find(&sha256)
            .await
            .map_err(from_blobs)?
            .is_none()
        {
            staged.commit().await.map_err(from_blobs)?;
            tracing::info!(%sha256, "bytes that were missing have been sent again and are back");
        }
        Ok(())
    }

    /// Waits while the bytes are being removed. When they have been, the mark that says so: nothing may refer to them
    /// until they are stored anew and welcome.
    async fn wait_for_sweep(&self, sha256: &Sha256Digest) -> Result<Option<String>> {
        let began = Instant::now();
        loop {
            let mut reader = self.store.read().await.map_err(from_store)?;
            let going = reader.find_going_blob(sha256).await.map_err(from_store)?;
            drop(reader);
            match going {
                None => return Ok(None),
                Some(row) if row.state == CondemnedBlobRow::GONE => return Ok(Some(row.mark)),
                Some(_) if began.elapsed() >= PATIENCE => return Err(being_removed(*sha256)),
                Some(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn welcome(&self, sha256: Sha256Digest, mark: String) -> Result<()> {
        let unit = self.store.write(move |tx| {
            Box::pin(async move { Ok::<_, Failure>(tx.welcome_blob(&sha256, &mark).await?) })
        });
        Ok(unit.await?)
    }
}

/// The answer to who would refer to bytes at the very moment in which they are removed.
pub(crate) fn being_removed(sha256: Sha256Digest) -> Error {
    let mut error = Error::unavailable(
        "The same bytes were being removed at this moment, because nothing referred to them. Send them again.",
    )
    .caused_by(store::StoreError::BlobGoing(sha256));
    error.retry_after_seconds = Some(1);
    error
}
