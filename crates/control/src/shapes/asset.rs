//! Assets.

use model::Asset;
use serde::Serialize;

/// `AssetSummary`.
#[derive(Debug, Serialize)]
pub(crate) struct AssetSummary {
    name: String,
    size: u64,
    hashes: Hashes,
}

#[derive(Debug, Serialize)]
struct Hashes {
    #[serde(rename = "MD5")]
    md5: String,
    #[serde(rename = "SHA-1")]
    sha1: String,
    #[serde(rename = "SHA-256")]
    sha256: String,
    #[serde(rename = "SHA-512")]
    sha512: String,
}

impl From<&Asset> for AssetSummary {
    fn from(asset: &Asset) -> Self {
        Self {
            name: asset.name.to_string(),
            size: asset.size_bytes,
            hashes: Hashes {
                md5: asset.digests.md5.to_hex(),
                sha1: asset.digests.sha1.to_hex(),
                sha256: asset.digests.sha256.to_hex(),
                sha512: asset.digests.sha512.to_hex(),
            },
        }
    }
}
