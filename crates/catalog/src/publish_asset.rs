//! Publishing through the API, one asset at a time: a version grows while it is Unfinished and is closed by the call
//! that finishes it (user guide, "Publish and consume generic packages").
//!
//! Whole versions, as package managers publish them, are another matter: see `publish`. Here too the bytes come first,
//! durable under their digest; then rows and change in one transaction; then the answer.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use model::{
    Asset, AssetName, ChangeKind, DomainRef, EpochMillis, Error, InvalidReason, OriginRestrictions,
    OriginType, PackageCoordinates, PackageVersionStatus, PageLimit, RepositoryName, ResourceType,
    Result, Sha256Digest, VersionName,
};
use serde_json::json;
use store::{Connection, NewVersion, PackageRow, Tx, VersionMetadataRow};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_blobs, from_store};
use crate::origin_gate::OriginGate;
use crate::packages::asset_from_row;
use crate::publish::revision_of;
use crate::repository_view::{RepositoryView, repository_not_found};
use crate::{Caller, Catalog, Staged};

/// What a version says of itself when nothing but its assets was ever sent.
const NO_METADATA: &str = "{}";

/// Bytes on their way in.
pub type IncomingBytes<'a> = dyn Stream<Item = Result<Bytes>> + Send + Unpin + 'a;

/// An asset to publish.
#[derive(Debug, Clone)]
pub struct AssetPublication {
    /// The package.
    pub package: PackageCoordinates,
    /// The version.
    pub version: VersionName,
    /// The name of the asset.
    pub asset: AssetName,
    /// What the bytes must come to.
    pub sha256: Sha256Digest,
    /// How many bytes were announced, if that was said before the first of them.
    pub announced_bytes: Option<u64>,
    /// Whether more assets will follow.
    pub unfinished: bool,
}

/// What publishing an asset came to.
#[derive(Debug, Clone)]
pub struct PublishedAsset {
    /// The version's revision with this asset.
    pub revision: String,
    /// The version's status.
    pub status: PackageVersionStatus,
    /// The asset.
    pub asset: Asset,
}

/// What a repository holds of a version when an asset comes.
struct Held {
    row: VersionMetadataRow,
    status: PackageVersionStatus,
    assets: Vec<Asset>,
}

impl Catalog {
    /// Publishes an asset of a version that grows asset by asset. The rules are asked before the first byte is taken
    /// and again when the rows are written; what is refused leaves nothing behind. Sending an asset again as it is
    /// held succeeds and changes nothing, so that a call whose answer was lost can be repeated.
    pub async fn publish_asset(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        publication: AssetPublication,
        bytes: &mut IncomingBytes<'_>,
    ) -> Result<PublishedAsset> {
        let view = self.repository_view(domain, repository).await?;
        self.check_before_asset(&view, &publication).await?;
        let staged = self.receive_asset(&publication, bytes).await?;
        let asset = Asset {
            name: publication.asset.clone(),
            size_bytes: staged.size_bytes(),
            digests: staged.digests().clone(),
        };
        staged.commit().await.map_err(from_blobs)?;
        let package = publication.package.clone();
        let published = self.write_asset(caller, &view, publication, asset).await?;
        self.stamps.package_changed(view.domain_id, &package);
        Ok(published)
    }

    /// What can be told before bytes are taken.
    async fn check_before_asset(
        &self,
        view: &RepositoryView,
        publication: &AssetPublication,
    ) -> Result<()> {
        let package = &publication.package;
        let rules = self.rules(package.format)?;
        if !rules.is_published_through_api() {
            let message = format!(
                "Packages of the format {} are published with their package manager, not asset by asset.",
                package.format
            );
            return Err(Error::invalid(InvalidReason::Other, message));
        }
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        if publication
            .announced_bytes
            .is_some_and(|bytes| bytes > limit_bytes)
        {
            return Err(asset_too_large(&publication.asset, limit_bytes));
        }
        // Before this takes a connection of its own: whoever holds one and waits for another may wait for itself.
        let gate = self.origin_gate(view.domain_id, package).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        let own = row.as_ref().map(PackageRow::restrictions);
        gate.check_publish(view.home().id_and_name(), own, package)?;
        let Some(row) = row else { return Ok(()) };
        let held = find_held(
            &mut reader,
            row.id,
            &rules.version_key(&publication.version),
        )
        .await?;
        let limit = self.settings.quotas.assets_per_version;
        publication.check(held.as_ref(), limit)?;
        Ok(())
    }

    /// Takes the bytes and holds them against what was declared.
    async fn receive_asset(
        &self,
        publication: &AssetPublication,
        bytes: &mut IncomingBytes<'_>,
    ) -> Result<Staged> {
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        let mut stage = self.stage().await?;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            if stage.written_bytes() + chunk.len() as u64 > limit_bytes {
                return Err(asset_too_large(&publication.asset, limit_bytes));
            }
            stage.write(chunk).await.map_err(from_blobs)?;
        }
        let staged = stage.finish().await.map_err(from_blobs)?;
        let (received, declared) = (staged.digests().sha256, publication.sha256);
        if received == declared {
            return Ok(staged);
        }
        let message = format!(
            "The SHA-256 of the received asset content is {received}, but assetSHA256 (the header \
             x-amz-content-sha256) declared {declared}. Nothing was stored; send the asset again."
        );
        Err(Error::invalid(InvalidReason::FieldValidation, message))
    }

    async fn write_asset(
        &self,
        caller: &Caller,
        view: &RepositoryView,
        publication: AssetPublication,
        asset: Asset,
    ) -> Result<PublishedAsset> {
        let unit = Unit {
            domain_id: view.domain_id,
            home_id: view.home().id,
            home: view.home().name.clone(),
            limit: self.settings.quotas.assets_per_version,
            now: self.now(),
            gate: self
                .origin_gate(view.domain_id, &publication.package)
                .await?,
            key: self.version_key(&publication.package, &publication.version)?,
            publication,
            asset,
        };
        let (caller, domain) = (caller.clone(), view.domain.clone());
        let written: Result<PublishedAsset, Failure> = self
            .store
            .write(move |tx| Box::pin(async move { unit.write(tx, &caller, &domain).await }))
            .await;
        Ok(written?)
    }
}

/// An asset as the transaction needs it.
struct Unit {
    domain_id: i64,
    home_id: i64,
    home: RepositoryName,
    limit: usize,
    now: EpochMillis,
    gate: OriginGate,
    publication: AssetPublication,
    key: model::VersionKey,
    asset: Asset,
}

impl Unit {
    async fn write(
        self,
        tx: &mut Tx,
        caller: &Caller,
        domain: &DomainRef,
    ) -> Result<PublishedAsset, Failure> {
        let package = &self.publication.package;
        // Whoever adds to the same version meanwhile waits here, and then finds this asset in it.
        tx.order_writes(self.domain_id).await?;
        let found = tx.find_package(self.home_id, package).await?;
        let own = found.as_ref().map(PackageRow::restrictions);
        let gate = self.gate.clone().current(tx, self.domain_id, package);
        gate.await?
            .check_publish((self.home_id, &self.home), own, package)?;
        let row = match found {
            Some(row) => row,
            None => {
                if tx.find_repository_by_id(self.home_id).await?.is_none() {
                    return Err(repository_not_found(domain, &self.home).into());
                }
                let restrictions = OriginRestrictions::PUBLISHED_FIRST;
                tx.ensure_package(self.home_id, package, restrictions, self.now)
                    .await?
            }
        };
        let held = find_held(tx, row.id, &self.key).await?;
        let is_there = self.publication.check(held.as_ref(), self.limit)?;
        let before = held.as_ref().map(|held| held.status);
        let status = self.publication.status_after(before);
        if let (Some(held), true) = (&held, is_there && before == Some(status)) {
            return Ok(PublishedAsset {
                revision: held.row.version.revision.clone(),
                status,
                asset: self.asset,
            });
        }
        let (version_id, revision) = self
            .write_version(tx, row.id, held.as_ref(), is_there, status)
            .await?;
        if !is_there {
            let new = store::NewAsset {
                name: self.asset.name.clone(),
                size_bytes: self.asset.size_bytes,
                digests: self.asset.digests.clone(),
                companion: None,
            };
            tx.insert_asset(self.domain_id, version_id, &new).await?;
        }
        let event = match before {
            None => VersionEvent::created(status, &revision, 1),
            Some(before) => VersionEvent {
                assets_added: usize::from(!is_there),
                status_changed: before != status,
                ..VersionEvent::updated(status, &revision)
            },
        };
        let detail = json!({
            "asset": {
                "name": self.asset.name.as_str(), "sizeBytes": self.asset.size_bytes,
                "sha256": self.asset.digests.sha256.to_hex(),
            },
        });
        let entry = change(ChangeKind::AssetPublished, self.now, caller)
            .in_repository(&self.home)
            .of_package(package)
            .of_version(&self.publication.version)
            .with_event(detail, &event);
        tx.append_change(self.domain_id, &entry).await?;
        Ok(PublishedAsset {
            revision,
            status,
            asset: self.asset,
        })
    }

    /// Makes the version's row, or brings it up to date; gives its id and its revision.
    async fn write_version(
        &self,
        tx: &mut Tx,
        package_id: i64,
        held: Option<&Held>,
        is_there: bool,
        status: PackageVersionStatus,
    ) -> Result<(i64, String), Failure> {
        let own = (!is_there).then_some(&self.asset);
        let assets = held.iter().flat_map(|held| &held.assets).chain(own);
        let named = assets.map(|asset| (&asset.name, &asset.digests));
        let metadata = held.map_or(NO_METADATA, |held| &held.row.metadata);
        let revision = revision_of(named, metadata);
        if let Some(held) = held {
            let version = &held.row.version;
            // A version is published when it is finished, however long it took to bring its assets.
            let published_at = if held.status == status {
                EpochMillis(version.published_at_ms)
            } else {
                self.now
            };
            tx.update_version_content(
                version.id,
                &store::VersionContent {
                    status,
                    revision: &revision,
                    published_at,
                    metadata,
                    readme: None,
                },
            )
            .await?;
            return Ok((version.id, revision));
        }
        let new = NewVersion {
            package_id,
            version: self.publication.version.clone(),
            key: self.key.clone(),
            status,
            revision: revision.clone(),
            origin_type: OriginType::Internal,
            origin_name: self.home.as_str().to_owned(),
            published_at: self.now,
            source_published_at: None,
            metadata: NO_METADATA.to_owned(),
            readme: None,
        };
        let id = tx.insert_version(&new).await?.ok_or_else(|| {
            Error::internal("a version was made by someone else inside an ordered write")
        })?;
        Ok((id, revision))
    }
}

impl AssetPublication {
    /// Refuses the asset where what is held stands against it; else tells whether it is held already.
    fn check(&self, held: Option<&Held>, limit: usize) -> Result<bool> {
        let Some(held) = held else { return Ok(false) };
        let same_name = held.assets.iter().find(|asset| asset.name == self.asset);
        let is_there = same_name.is_some_and(|asset| asset.digests.sha256 == self.sha256);
        let is_open = match held.status {
            PackageVersionStatus::Unfinished => true,
            PackageVersionStatus::Published | PackageVersionStatus::Unlisted => {
                is_there && !self.unfinished
            }
            PackageVersionStatus::Archived
            | PackageVersionStatus::Disposed
            | PackageVersionStatus::Deleted => false,
        };
        if !is_open {
            let message = format!(
                "Version {} of package '{}' is {}: assets can be added only while a version is Unfinished. Publish \
                 another version number.",
                self.version, self.package, held.status
            );
            let kind = ResourceType::PackageVersion;
            return Err(Error::conflict(kind, self.version.as_str(), message));
        }
        if !is_there && same_name.is_some() {
            let message = format!(
                "Asset '{}' of version {} of package '{}' already exists with other content. Assets do not change: \
                 use another name, or delete the version first.",
                self.asset, self.version, self.package
            );
            let kind = ResourceType::Asset;
            return Err(Error::conflict(kind, self.asset.as_str(), message));
        }
        if !is_there && held.assets.len() >= limit {
            let message = format!(
                "A package version can have at most {limit} assets, and version {} has as many.",
                self.version
            );
            let kind = ResourceType::PackageVersion;
            return Err(Error::quota_exceeded(kind, self.version.as_str(), message));
        }
        Ok(is_there)
    }

    /// What the version is afterwards. What was finished before stays what it is.
    fn status_after(&self, before: Option<PackageVersionStatus>) -> PackageVersionStatus {
        match before {
            None | Some(PackageVersionStatus::Unfinished) if self.unfinished => {
                PackageVersionStatus::Unfinished
            }
            None | Some(PackageVersionStatus::Unfinished) => PackageVersionStatus::Published,
            Some(before) => before,
        }
    }
}

async fn find_held(
    connection: &mut Connection,
    package_id: i64,
    key: &model::VersionKey,
) -> Result<Option<Held>, Failure> {
    let found = connection.find_version_metadata(package_id, key).await?;
    let Some(row) = found else { return Ok(None) };
    let rows = connection
        .list_assets(row.version.id, "", PageLimit::MAX)
        .await?;
    let assets: Result<Vec<_>> = rows.iter().map(asset_from_row).collect();
    Ok(Some(Held {
        status: row.version.status()?,
        assets: assets?,
        row,
    }))
}

/// The quota of an asset's size, exceeded.
pub(crate) fn asset_too_large(asset: &AssetName, limit_bytes: u64) -> Error {
    let message = format!("An asset can have at most {limit_bytes} bytes, and '{asset}' has more.");
    Error::quota_exceeded(ResourceType::Asset, asset.as_str(), message)
}
