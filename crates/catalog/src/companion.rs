//! Companions of assets: the small documents that clients ask for beside an asset, found over the graph as assets are.

use std::sync::Arc;

use bytes::Bytes;
use model::{AssetName, Error, PackageCoordinates, Result, VersionName};

use crate::{Catalog, Grant};

impl Catalog {
    /// The companion of an asset: held with it, or from the public source; asking for it does not bring the asset in.
    /// Not found when the asset has none.
    pub async fn companion(
        self: &Arc<Self>,
        _grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<Bytes> {
        Err(Error::internal(format!(
            "the companion of {asset} of {version} of {package} cannot be looked for yet"
        )))
    }
}
