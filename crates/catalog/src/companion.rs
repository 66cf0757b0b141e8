//! Companions of assets: the small documents that clients ask for beside an asset, found over the graph as assets are.
//!
//! One that belongs to a held asset is kept with it. One of an asset that nobody has fetched yet is fetched alone and
//! kept by itself, so that it answers when the source is gone; that makes no package and no version. Either is a blob,
//! and the bytes of small blobs are kept in memory by `blobs`.

use std::sync::Arc;

use bytes::Bytes;
use model::{
    AssetName, ChangeKind, Error, InvalidReason, PackageCoordinates, ResourceType, Result,
    Sha256Digest, VersionName,
};
use store::AssetCompanion;

use crate::asset_search::{AtSource, Located};
use crate::change_log::ChangeDetails;
use crate::failure::{Failure, copy_of, from_blobs, from_source, from_store};
use crate::lease::{PATIENCE, Turn};
use crate::pull::AssetKey;
use crate::repository_view::RepositoryView;
use crate::source::SourceCompanion;
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
        let made_at = self.reading_tick(view);
        let mut search = self.search_asset(view, package, version, asset).await?;
        loop {
            match search.next().await? {
                Located::Held {
                    companion: Some(companion),
                    ..
                } => {
                    let sha256 = companion.sha256;
                    let held = HeldCompanion { sha256, made_at };
                    self.held_companions.insert(key, Arc::new(held));
                    return self.read_companion(&sha256).await;
                }
                // Its bytes did not tell; its source may.
                Located::Held { .. } => {}
                Located::AtSource(found) => {
                    let Some(companion) = found.asset.companion.clone() else {
                        return Err(no_companion(asset));
                    };
                    return self.source_companion(view, package, found, companion).await;
                }
            }
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
        let digests = self.put(bytes).await?;
        Ok(Some(AssetCompanion {
            sha256: digests.sha256,
            size_bytes,
        }))
    }

    async fn read_companion(&self, sha256: &Sha256Digest) -> Result<Bytes> {
        let read = self.blobs.read_all(sha256, COMPANION_LIMIT_BYTES).await;
        read.map_err(from_blobs)?.ok_or_else(|| {
            Error::internal(format!("the bytes {sha256} of a companion are missing"))
        })
    }

    /// The companion of an asset that is not held: as it was kept, or from the source. Whoever asks for the same
    /// meanwhile waits for this answer.
    async fn source_companion(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        found: Box<AtSource>,
        companion: SourceCompanion,
    ) -> Result<Bytes> {
        let key = AssetKey::at_source(view, package, &found);
        let (catalog, unit_view, unit_key) = (Arc::clone(self), Arc::clone(view), key.clone());
        let led = self.companions.run(key, move || async move {
            let fetched = catalog.fetch_in_turn(&unit_view, found.node, unit_key, companion);
            fetched.await.map_err(Arc::new)
        });
        led.await
            .map_err(Error::internal)?
            .map_err(|error| copy_of(&error))
    }

    /// The companion of an asset as it was fetched before, unless the source names other bytes now.
    pub(crate) async fn kept_companion(
        &self,
        key: &AssetKey,
        companion: &SourceCompanion,
    ) -> Result<Option<AssetCompanion>> {
        let version_key = self.version_key(&key.package, &key.version)?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let kept = reader
            .find_source_companion(key.repository_id, &key.package, &version_key, &key.asset)
            .await
            .map_err(from_store)?;
        drop(reader);
        // Only what matched was kept. The index may name other bytes by now.
        let is_meant = |kept: &AssetCompanion| {
            let expected = companion.expected.sha256;
            expected.is_none_or(|expected| expected == kept.sha256)
        };
        Ok(kept.filter(is_meant))
    }

    /// Fetches a companion, unless it was fetched meanwhile: by whoever led before, or by another node.
    async fn fetch_in_turn(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        node: usize,
        key: AssetKey,
        companion: SourceCompanion,
    ) -> Result<Bytes> {
        let look = || async {
            Ok::<_, Error>(match self.kept_companion(&key, &companion).await? {
                Some(kept) => Some(self.read_companion(&kept.sha256).await?),
                None => None,
            })
        };
        if let Some(bytes) = look().await? {
            return Ok(bytes);
        }
        let turn = self.take_turn("companion", &key, PATIENCE, look);
        match turn.await? {
            Turn::Done(bytes) => Ok(bytes),
            Turn::Own(_lease) => self.fetch_companion(view, node, key, companion).await,
        }
    }

    async fn fetch_companion(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        node: usize,
        key: AssetKey,
        companion: SourceCompanion,
    ) -> Result<Bytes> {
        let node = &view.nodes[node];
        let connection = node
            .connection
            .as_ref()
            .map_or("", |(name, _)| name.as_str());
        let source = self.connection_source(node).await;
        let source = source.map_err(|fault| fault.into_error(connection))?;
        let fetched = source
            .small_file(&companion.url, COMPANION_LIMIT_BYTES)
            .await;
        let bytes = fetched.map_err(|error| match error {
            upstream::SourceError::Absent => no_companion(&key.asset),
            error => from_source(connection, &error),
        })?;
        let size_bytes = bytes.len() as u64;
        // What is stored without being the right bytes is named by nothing.
        let digests = self.put(bytes.clone()).await?;
        if let Some(algorithm) = companion.expected.mismatch(&digests) {
            tracing::warn!(
                connection, package = %key.package, version = %key.version, asset = %key.asset, algorithm,
                "the companion of an asset is not what the index names"
            );
            return Err(Error::upstream_unavailable(format!(
                "The public source {connection} sent another document beside '{}' than its index names.",
                key.asset
            )));
        }
        let version_key = self.version_key(&key.package, &key.version)?;
        let now = self.now();
        let entry = self
            .service_change(ChangeKind::MetadataRefreshed, node)
            .of_package(&key.package)
            .of_version(&key.version)
            .with(&serde_json::json!({
                "companionOf": key.asset.as_str(), "sha256": digests.sha256.to_hex(),
            }));
        let domain_id = view.domain_id;
        let kept: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // The repository may have been deleted while the source answered.
                    if tx.find_repository_by_id(key.repository_id).await?.is_some() {
                        let companion = AssetCompanion {
                            sha256: digests.sha256,
                            size_bytes,
                        };
                        let (id, place) = (key.repository_id, (&version_key, &key.asset));
                        tx.upsert_source_companion(id, &key.package, place, companion, now)
                            .await?;
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        kept?;
        Ok(bytes)
    }
}

fn no_companion(asset: &AssetName) -> Error {
    let message = format!("Asset '{asset}' has no document beside it.");
    Error::not_found(ResourceType::Asset, asset.as_str(), message)
}
