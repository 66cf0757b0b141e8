//! Publishing by package managers that send a version asset by asset.
//!
//! Whole versions are another matter, see `publish`; so is the API's own way, see `publish_asset`.

use std::sync::Arc;

use blobs::Staged;
use model::{AssetName, Error, PackageCoordinates, PackageVersionStatus, Result, VersionName};

use crate::publish_asset::PublishedAsset;
use crate::{Catalog, Grant};

/// An asset to add to a version, which is made if it is not there.
#[derive(Debug)]
pub struct AssetAddition {
    /// The package.
    pub package: PackageCoordinates,
    /// The version, in the spelling that the client used.
    pub version: VersionName,
    /// The asset's name.
    pub asset: AssetName,
    /// The asset's bytes. [`crate::FormatRules::examine`] looks at them.
    pub staged: Staged,
    /// What the client said of the version beside the bytes, as the format's JSON; merged after what the bytes tell.
    pub metadata: Option<String>,
    /// Whether the version is Published with this asset; else a new version is Unfinished until
    /// [`Catalog::finish_version`].
    pub is_finished: bool,
}

impl Catalog {
    /// Adds an asset to a version. The same bytes again succeed and change nothing; other bytes under the same name are
    /// a conflict. When this returns, the asset survives a crash and is seen by every read.
    pub async fn add_asset(
        self: &Arc<Self>,
        _grant: &Grant,
        addition: AssetAddition,
    ) -> Result<PublishedAsset> {
        Err(Error::internal(format!(
            "asset {} cannot be added yet",
            addition.asset
        )))
    }

    /// Publishes an Unfinished version; one that is finished already stays as it is. The status it has afterwards.
    pub async fn finish_version(
        self: &Arc<Self>,
        _grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<PackageVersionStatus> {
        Err(Error::internal(format!(
            "version {version} of {package} cannot be finished yet"
        )))
    }

    /// What is held in the repository itself of a version that may be unfinished: the assets, in order of name. `None`
    /// when no such version is held. For the protocols that check uploads against each other.
    pub async fn held_assets(
        &self,
        _grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<Option<(PackageVersionStatus, Vec<model::Asset>)>> {
        Err(Error::internal(format!(
            "version {version} of {package} cannot be looked at yet"
        )))
    }

    /// Merges metadata into that of a version held in the repository itself, whatever its status.
    pub async fn merge_version_metadata(
        self: &Arc<Self>,
        _grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        _metadata: String,
    ) -> Result<()> {
        Err(Error::internal(format!(
            "version {version} of {package} cannot be changed yet"
        )))
    }

    /// The metadata of a version held in the repository itself, whatever its status.
    pub async fn held_version_metadata(
        &self,
        _grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<Option<String>> {
        Err(Error::internal(format!(
            "version {version} of {package} cannot be looked at yet"
        )))
    }
}
