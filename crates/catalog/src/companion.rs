//! Companions of assets: the small documents that clients ask for beside an asset, found over the graph as assets are.
//!
//! A companion is a blob of its own, named by its asset's row. Which repository's it is, is remembered as for assets;
//! the bytes of small blobs are kept in memory by `blobs`.

use std::sync::Arc;

use bytes::Bytes;
use model::{
    AssetName, Error, InvalidReason, PackageCoordinates, ResourceType, Result, Sha256Digest,
    VersionName,
};
use store::AssetCompanion;

use crate::failure::from_blobs;
use crate::pull::{AssetKey, Located};
use crate::stamps::Tick;
use crate::{Catalog, Grant};

/// The largest companion that is kept or served. pip and uv read them whole.
pub(crate) const COMPANION_LIMIT_BYTES: u64 = 8 << 20;

/// Where a companion's bytes are, as long as no change to its package comes.
#[derive(Debug)]
pub(crate) struct HeldCompanion {
    sha256: Sha256Digest,
    made_at: Tick,
}

impl Catalog {
    /// The companion of an asset: held with it, or from the public source; asking for it does not bring the asset in.
    /// Not found when the asset has none.
    pub async fn companion(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<Bytes> {
        let view = grant.view();
        let key = AssetKey::new(view.home().id, package, version, asset);
        if let Some(held) = self.held_companions.get(&key)
            && self
                .stamps
                .package_is_valid(held.made_at, view.domain_id, package)
        {
            return self.read_companion(&held.sha256).await;
        }
        let made_at = self.stamps.now();
        match self.locate(view, package, version, asset).await? {
            Located::Held {
                companion: Some(companion),
                ..
            } => {
                let sha256 = companion.sha256;
                let held = HeldCompanion { sha256, made_at };
                self.held_companions.insert(key, Arc::new(held));
                self.read_companion(&sha256).await
            }
            Located::Held {
                companion: None, ..
            }
            | Located::AtSource { .. } => Err(no_companion(version, asset)),
        }
    }

    /// Stores what is to be kept beside an asset, before any row names it.
    pub(crate) async fn store_companion(
        &self,
        bytes: Option<Bytes>,
    ) -> Result<Option<AssetCompanion>> {
        let Some(bytes) = bytes else { return Ok(None) };
        let size_bytes = bytes.len() as u64;
        if size_bytes > COMPANION_LIMIT_BYTES {
            let message = format!(
                "The metadata inside the asset has {size_bytes} bytes, and may have at most {COMPANION_LIMIT_BYTES}."
            );
            return Err(Error::invalid(InvalidReason::FieldValidation, message));
        }
        let digests = self.blobs.put(bytes).await.map_err(from_blobs)?;
        Ok(Some(AssetCompanion {
            sha256: digests.sha256,
            size_bytes,
        }))
    }

    async fn read_companion(&self, sha256: &Sha256Digest) -> Result<Bytes> {
        let bytes = self.blobs.read_all(sha256, COMPANION_LIMIT_BYTES).await;
        bytes.map_err(from_blobs)?.ok_or_else(|| {
            Error::internal(format!("the bytes {sha256} of a companion are missing"))
        })
    }
}

fn no_companion(version: &VersionName, asset: &AssetName) -> Error {
    let message = format!("Nothing is known beside asset '{asset}' of version '{version}'.");
    Error::not_found(ResourceType::Asset, asset.as_str(), message)
}
