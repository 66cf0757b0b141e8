//! Which blobs a bucket holds, page by page.

use model::{EpochMillis, Sha256Digest};
use object_store::ObjectMeta;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};

use super::ObjectStorage;
use super::failure::sorted;
use crate::disk::StoredBlob;
use crate::error::Result;

/// How many keys a store lists at a time.
const KEYS_PER_PAGE: usize = 1_000;

impl ObjectStorage {
    pub(crate) async fn list(
        &self,
        after: Option<&Sha256Digest>,
        limit: usize,
    ) -> Result<Vec<StoredBlob>> {
        let prefix = format!("{}blobs/", self.prefix);
        let offset = after.map(|digest| self.path(digest).to_string());
        let mut blobs = Vec::new();
        let mut page_token = None;
        while blobs.len() < limit {
            let options = PaginatedListOptions {
                offset: offset.clone(),
                max_keys: Some((limit - blobs.len()).min(KEYS_PER_PAGE)),
                page_token,
                ..PaginatedListOptions::default()
            };
            let page = self.store.list_paginated(Some(&prefix), options).await;
            let page = page.map_err(|error| sorted("listing blobs", &error))?;
            let stored = page.result.objects.iter();
            blobs.extend(stored.filter_map(|meta| stored_blob(&prefix, meta)));
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        Ok(blobs)
    }
}

/// A blob of a listing; none for a key that is not ours.
fn stored_blob(prefix: &str, meta: &ObjectMeta) -> Option<StoredBlob> {
    let key = meta.location.as_ref().strip_prefix(prefix)?;
    let (first, rest) = key.split_once('/')?;
    Some(StoredBlob {
        digest: Sha256Digest::from_hex(&format!("{first}{rest}")).filter(|_| first.len() == 2)?,
        size_bytes: meta.size,
        modified_at: EpochMillis(meta.last_modified.timestamp_millis()),
    })
}
