//! The two formats of these tests.

use bytes::Bytes;
use catalog::{
    AssetBytes, Examined, ExpectedDigests, FormatList, FormatRules, Growth, PublicSource,
    SourceAsset, SourceChecksum, SourceCompanion, SourcePackage, SourceRequest, SourceVersion,
    Unreadable,
};
use model::{
    AssetName, Constraint, EpochMillis, Error, FormatId, Namespace, PackageCoordinates,
    PackageName, Sha1Digest, Sha256Digest, VersionDetails, VersionKey, VersionName,
};
use serde_json::{Map, Value};
use url::Url;

pub(crate) const LISTED: FormatId = FormatId::new("listed");
pub(crate) const LOOSE: FormatId = FormatId::new("loose");

pub(crate) const FORMATS: FormatList = FormatList::new(&[&Listed, &Loose]);

/// The longest age that the loose source names for its documents.
pub(crate) const LOOSE_FRESHNESS_MS: i64 = 3 * 60 * 60 * 1000;

/// A format whose source lists assets, and which follows it. `1` and `1.0.0` are one version.
struct Listed;

/// A format whose source lists no assets.
struct Loose;

/// What an asset's bytes tell, in both formats: the line after `TELLS:`. Bytes that say `BROKEN` cannot be read.
fn told(asset: &AssetName, bytes: &mut dyn AssetBytes) -> model::Result<Examined> {
    let mut text = String::new();
    bytes.read_to_string(&mut text).map_err(Error::internal)?;
    if text.contains("BROKEN") {
        return Err(Error::internal("these bytes tell nothing"));
    }
    let Some((_, line)) = text.split_once("TELLS:") else {
        return Ok(Examined::default());
    };
    let metadata = serde_json::json!({ "told": { asset.as_str(): line } });
    Ok(Examined {
        metadata: Some(metadata.to_string()),
        readme: Some(format!("about {line}")),
        companion: Some(Bytes::from(format!("companion: {line}"))),
    })
}

/// Objects are merged member by member, the new value before the old.
fn merged(held: &mut Value, new: Value) {
    match (held, new) {
        (Value::Object(held), Value::Object(new)) => {
            for (name, value) in new {
                merged(held.entry(name).or_insert(Value::Null), value);
            }
        }
        (held, new) => *held = new,
    }
}

fn merge(held: &str, new: &str) -> String {
    let read = |text| serde_json::from_str(text).unwrap_or(Value::Object(Map::new()));
    let mut sum: Value = read(held);
    merged(&mut sum, read(new));
    sum.to_string()
}

impl FormatRules for Listed {
    fn id(&self) -> FormatId {
        LISTED
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        Ok(PackageCoordinates {
            format: LISTED,
            namespace,
            name,
        })
    }

    fn version_key(&self, version: &VersionName) -> VersionKey {
        let mut text = version.as_str();
        while let Some(shorter) = text.strip_suffix(".0") {
            text = shorter;
        }
        VersionKey::new(text)
    }

    fn growth(&self) -> Growth {
        Growth::Always
    }

    fn examine(
        &self,
        _: &PackageCoordinates,
        _: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> model::Result<Examined> {
        told(asset, bytes)
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        merge(held, new)
    }

    fn follows_source(&self) -> bool {
        true
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(self)
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl PublicSource for Listed {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let path = format!("index/{}", package.name);
        let url = base.join(&path);
        Ok(SourceRequest {
            url: url.map_err(|error| Unreadable(error.to_string()))?,
            accept: "application/json",
        })
    }

    fn read(
        &self,
        _: &Url,
        _: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
        let document: Value = serde_json::from_slice(document).map_err(unreadable)?;
        let versions = document["versions"].as_array().into_iter().flatten();
        let versions = versions.filter_map(|version| {
            let assets = version["assets"].as_array().into_iter().flatten();
            Some(SourceVersion {
                version: VersionName::parse(version["version"].as_str()?).ok()?,
                metadata: Bytes::from(version["metadata"].to_string()),
                readme: None,
                published_at: version["published_at"].as_i64().map(EpochMillis),
                assets: assets.filter_map(read_asset).collect(),
            })
        });
        Ok(SourcePackage {
            versions: versions.collect(),
            tags: Vec::new(),
            extras: Bytes::new(),
        })
    }
}

fn read_asset(asset: &Value) -> Option<SourceAsset> {
    let expected = |digest: &Value| ExpectedDigests {
        sha256: digest.as_str().and_then(Sha256Digest::from_hex),
        ..ExpectedDigests::default()
    };
    let companion = asset["companion"].as_str().and_then(|url| {
        Some(SourceCompanion {
            url: Url::parse(url).ok()?,
            expected: expected(&asset["companion_sha256"]),
        })
    });
    Some(SourceAsset {
        size_bytes: asset["size"].as_u64(),
        companion,
        ..SourceAsset::new(
            AssetName::parse(asset["name"].as_str()?).ok()?,
            Url::parse(asset["url"].as_str()?).ok()?,
            expected(&asset["sha256"]),
        )
    })
}

impl FormatRules for Loose {
    fn id(&self) -> FormatId {
        LOOSE
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        Ok(PackageCoordinates {
            format: LOOSE,
            namespace,
            name,
        })
    }

    fn growth(&self) -> Growth {
        Growth::Always
    }

    fn examine(
        &self,
        _: &PackageCoordinates,
        _: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> model::Result<Examined> {
        told(asset, bytes)
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        merge(held, new)
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(self)
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

/// Where the loose source has an asset, without the slash at its beginning.
pub(crate) fn loose_path(package: &PackageCoordinates, version: &str, asset: &str) -> String {
    let namespace = package.namespace_str().replace('.', "/");
    format!("{namespace}/{}/{version}/{asset}", package.name)
}

impl PublicSource for Loose {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let path = loose_path(package, "-", "versions");
        let url = base.join(&path);
        Ok(SourceRequest {
            url: url.map_err(|error| Unreadable(error.to_string()))?,
            accept: "text/plain",
        })
    }

    fn read(
        &self,
        _: &Url,
        _: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let text = String::from_utf8_lossy(document);
        let names = text.split_whitespace();
        let versions = names.filter_map(|name| VersionName::parse(name).ok());
        let versions = versions.map(|version| SourceVersion {
            version,
            metadata: Bytes::from_static(b"{}"),
            readme: None,
            published_at: None,
            assets: Vec::new(),
        });
        Ok(SourcePackage {
            versions: versions.collect(),
            ..SourcePackage::default()
        })
    }

    fn unlisted_asset(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<Option<SourceAsset>, Unreadable> {
        if asset.as_str().starts_with('.') {
            return Ok(None);
        }
        let path = loose_path(package, version.as_str(), asset.as_str());
        let at = |path: &str| {
            base.join(path)
                .map_err(|error| Unreadable(error.to_string()))
        };
        let checksum = SourceChecksum {
            url: at(&format!("{path}.sha1"))?,
            read: |text| {
                let sha1 = Sha1Digest::from_hex(text.split_whitespace().next()?)?;
                Some(ExpectedDigests {
                    sha1: Some(sha1),
                    ..ExpectedDigests::default()
                })
            },
            limit_bytes: 4096,
        };
        Ok(Some(SourceAsset {
            checksum: Some(checksum),
            ..SourceAsset::new(asset.clone(), at(&path)?, ExpectedDigests::default())
        }))
    }

    fn usual_assets(&self, _: &PackageCoordinates, _: &VersionName) -> Vec<AssetName> {
        let names = ["a.pom", "a.jar", "a-sources.jar"];
        names.map(|name| AssetName::parse(name).unwrap()).into()
    }

    fn namespace_document(
        &self,
        base: &Url,
        namespace: &Namespace,
    ) -> Result<Option<SourceRequest>, Unreadable> {
        let path = format!("{}/index", namespace.as_str().replace('.', "/"));
        let url = base.join(&path);
        Ok(Some(SourceRequest {
            url: url.map_err(|error| Unreadable(error.to_string()))?,
            accept: "text/plain",
        }))
    }

    fn freshness_ms(&self) -> Option<i64> {
        Some(LOOSE_FRESHNESS_MS)
    }
}
