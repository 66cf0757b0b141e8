//! Downloads that the object store answers itself: who is let in here gets an address there that is good for a short time.
//!
//! A repository asks for it by a tag, the operator allows it by a setting, and only bytes in an object store can be
//! fetched there. Only assets that are held are redirected, and only once everything else was checked; what reads an asset
//! for itself, or tells about one, opens it here.

use std::time::Duration;

use blobs::{Blobs, SignedHeaders};
use model::{Digests, Result};

use crate::Catalog;
use crate::asset_body::AssetBody;
use crate::failure::from_blobs;
use crate::repository_view::RepositoryView;
use crate::resource_rights::ResourceRights;

/// The tag of a repository whose downloads are redirected, with the value `true`.
pub const REDIRECT_TAG: &str = "reliquary:redirect-downloads";

/// The right to sign an address for one blob.
#[derive(Debug)]
pub(crate) struct Redirect {
    blobs: Blobs,
    digests: Digests,
    lifetime: Duration,
}

impl Redirect {
    pub(crate) const fn digests(&self) -> &Digests {
        &self.digests
    }

    /// An address, whose answer has these headers; none where blobs are on the local disk.
    pub(crate) async fn address(&self, headers: &SignedHeaders<'_>) -> Result<Option<String>> {
        let sha256 = &self.digests.sha256;
        let signed = self.blobs.signed_url(sha256, self.lifetime, headers);
        signed.await.map_err(from_blobs)
    }
}

impl Catalog {
    /// Whether a repository with these tags asks for redirects, and may.
    pub(crate) fn redirects_downloads(&self, rights: &ResourceRights) -> bool {
        let asks = |(key, value): &(String, String)| key == REDIRECT_TAG && value == "true";
        self.settings.redirect_lifetime.is_some() && rights.tags.iter().any(asks)
    }

    /// The bytes of an asset that a row names, for a client: from here, or from the object store. Whoever sends them
    /// waits until they are ready. Nothing where they have been lost; who is sent to the store learns it there.
    pub(crate) async fn deliver_held(
        &self,
        view: &RepositoryView,
        digests: Digests,
        only_describe: bool,
    ) -> Result<Option<AssetBody>> {
        match self.settings.redirect_lifetime {
            Some(lifetime) if view.redirects_downloads && !only_describe => {
                let blobs = self.blobs.clone();
                Ok(Some(AssetBody::elsewhere(Redirect {
                    blobs,
                    digests,
                    lifetime,
                })))
            }
            _ => self.find_held(digests).await,
        }
    }
}
