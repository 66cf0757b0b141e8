//! One version by itself, over the whole graph: for the protocols whose clients ask for a single version, listed or not.
//!
//! Only what is held is found, and finding it retains nothing: that comes with the asset.

use std::sync::Arc;

use model::{Asset, AssetName, EpochMillis, PackageCoordinates, Result, VersionName};

use crate::asset_search::Located;
use crate::failure::from_store;
use crate::packages::{asset_from_row, parse_version, version_not_found};
use crate::{Catalog, Grant};

/// A version that clients may have, as the nearest repository holds it.
#[derive(Debug, Clone)]
pub struct HeldRelease {
    /// Its name, in its first spelling.
    pub version: VersionName,
    /// The format's own metadata of it, as JSON.
    pub metadata: String,
    /// When it was published.
    pub published_at: EpochMillis,
    /// The asset that it was found by.
    pub asset: Asset,
}

impl Catalog {
    /// A version that is held with this asset, in the repository or above it, and that clients may have.
    pub async fn find_release(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<HeldRelease> {
        let view = grant.view();
        let not_found = || version_not_found(package, version);
        let mut search = self.search_asset(view, package, version, asset).await?;
        let node = loop {
            match search.next().await? {
                Located::Held { node, .. } => break node,
                Located::AtSource(_) => {}
            }
        };
        let key = self.version_key(package, version)?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.nodes[node].id, package)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(not_found)?;
        let found = reader
            .find_version_metadata(row.id, &key)
            .await
            .map_err(from_store)?;
        let found = found.ok_or_else(not_found)?;
        let held = reader
            .find_asset(found.version.id, asset)
            .await
            .map_err(from_store)?;
        let held = held.ok_or_else(not_found)?;
        let published_at_ms = found
            .version
            .source_published_at_ms
            .unwrap_or(found.version.published_at_ms);
        Ok(HeldRelease {
            version: parse_version(&found.version.version)?,
            metadata: found.metadata,
            published_at: EpochMillis(published_at_ms),
            asset: asset_from_row(&held)?,
        })
    }
}
