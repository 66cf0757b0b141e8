//! Copying blobs from one store to another, of the same kind or not.

use std::future::poll_fn;
use std::pin::Pin;

use http_body::Body;
use model::Sha256Digest;

use crate::blobs::Blobs;
use crate::error::{BlobError, Result};

impl Blobs {
    /// Copies a blob from another store; durable here when this returns. Gives its size, or none when the other store has
    /// no such blob. The digest is made anew of what was read: what was damaged there does not come here.
    pub async fn copy_from(&self, other: &Self, digest: &Sha256Digest) -> Result<Option<u64>> {
        let Some(blob) = other.open(digest).await? else {
            return Ok(None);
        };
        let mut stage = self.stage().await?;
        let mut body = blob.body();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let frame = frame.map_err(|error| BlobError::from_io("reading a blob", error))?;
            if let Ok(bytes) = frame.into_data() {
                stage.write(bytes).await?;
            }
        }
        let staged = stage.finish().await?;
        let found = staged.digests().sha256;
        if found != *digest {
            let detail = format!("its {} bytes have the digest {found}", staged.size_bytes());
            return Err(BlobError::Damaged {
                digest: *digest,
                detail,
            });
        }
        let size_bytes = staged.size_bytes();
        staged.commit().await?;
        Ok(Some(size_bytes))
    }
}
