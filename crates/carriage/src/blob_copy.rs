//! Bringing blobs from one place to another, and reading again what has arrived.

use std::collections::HashMap;
use std::future::ready;

use blobs::Blobs;
use futures_util::{StreamExt, TryStreamExt, stream};
use model::Sha256Digest;

use crate::error::{CarriageError, Result};
use crate::progress::{Progress, Unit};
use crate::survey::NamedBlobs;

/// Blobs on their way at the same time.
const AT_ONCE: usize = 8;
/// Blobs in a page of a listing.
const PAGE: usize = 1_000;

/// What was brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) count: u64,
    pub(crate) size_bytes: u64,
}

/// The blobs that a place holds, with their sizes.
pub(crate) async fn held(blobs: &Blobs) -> Result<HashMap<Sha256Digest, u64>> {
    let mut held = HashMap::new();
    let mut after = None;
    loop {
        let page = blobs.list(after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|blob| blob.digest);
        held.extend(page.into_iter().map(|blob| (blob.digest, blob.size_bytes)));
        if is_last {
            return Ok(held);
        }
    }
}

/// Copies the blobs that are not there yet. What is there in the right size is taken for the same.
pub(crate) async fn bring(
    from: &Blobs,
    to: &Blobs,
    wanted: &NamedBlobs,
    progress: &dyn Progress,
) -> Result<Brought> {
    let held = held(to).await?;
    let missing: Vec<_> = wanted
        .0
        .iter()
        .map(|(digest, named)| (*digest, named.size_bytes))
        .filter(|(digest, size_bytes)| held.get(digest) != Some(size_bytes))
        .collect();
    drop(held);
    let total: u64 = missing.iter().map(|(_, size_bytes)| size_bytes).sum();
    progress.begin("copying blobs", total, Unit::Bytes);
    let copies = missing.into_iter().map(|(digest, size_bytes)| async move {
        match to.copy_from(from, &digest).await? {
            None => return Err(wanted.missing(&digest)),
            Some(found) if found != size_bytes => {
                return Err(CarriageError::Damaged(format!(
                    "the blob {digest} has {found} bytes, and the rows say {size_bytes}; `reliquary fsck` says more"
                )));
            }
            Some(_) => {}
        }
        progress.advance(size_bytes);
        Ok(size_bytes)
    });
    let brought = stream::iter(copies)
        .buffer_unordered(AT_ONCE)
        .try_fold(Brought::default(), |sum, size_bytes| {
            ready(Ok(Brought {
                count: sum.count + 1,
                size_bytes: sum.size_bytes + size_bytes,
            }))
        })
        .await?;
    progress.end();
    Ok(brought)
}

/// Reads every blob and compares digest and size.
pub(crate) async fn verify(
    blobs: &Blobs,
    wanted: &NamedBlobs,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin("verifying blobs", wanted.size_bytes(), Unit::Bytes);
    let checks = wanted.0.iter().map(|(digest, named)| async move {
        match blobs.verify(digest).await? {
            Some(found) if found == named.size_bytes => {
                progress.advance(found);
                Ok(())
            }
            Some(found) => Err(CarriageError::Damaged(format!(
                "the blob {digest} has {found} bytes, and the rows say {}",
                named.size_bytes
            ))),
            None => Err(wanted.missing(digest)),
        }
    });
    stream::iter(checks)
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    progress.end();
    Ok(())
}
