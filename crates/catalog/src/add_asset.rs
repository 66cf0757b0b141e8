//! Publishing by package managers that send a version asset by asset.
//!
//! Whole versions are another matter, see `publish`; so is the API's own way, see `publish_asset`.

use std::sync::Arc;

use blobs::Staged;
use futures_util::future::try_join;
use model::{
    Asset, AssetName, ChangeKind, PackageCoordinates, PackageVersionStatus, Result, VersionName,
};
use serde_json::json;
use store::{NewAsset, PackageRow, VersionContent};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_store};
use crate::packages::{parse_version, version_not_found};
use crate::publish::revision_of;
use crate::publish_asset::{PublishedAsset, asset_too_large};
use crate::storable_text::storable;
use crate::version_growth::{Candidate, HeldContent};
use crate::{Catalog, Examined, ExpectedDigests, Grant};

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
    ///
    /// A version that is held here takes assets whatever it came from; what the upstream repositories and public
    /// sources hold stands only against versions that are new here.
    pub async fn add_asset(
        self: &Arc<Self>,
        grant: &Grant,
        addition: AssetAddition,
    ) -> Result<PublishedAsset> {
        let AssetAddition {
            package,
            version,
            asset,
            staged,
            metadata,
            is_finished,
        } = addition;
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        if staged.size_bytes() > limit_bytes {
            return Err(asset_too_large(&asset, limit_bytes));
        }
        let candidate = Candidate {
            package,
            version,
            asset,
            bytes: ExpectedDigests::exactly(staged.digests()),
            only_new: false,
            is_finished,
        };
        if let Some(published) = self.check_before_addition(grant, &candidate).await? {
            self.put_back(staged).await?;
            return Ok(published);
        }
        let examined = self
            .examine(
                &candidate.package,
                &candidate.version,
                &candidate.asset,
                &staged,
            )
            .await?;
        let (size_bytes, digests) = (staged.size_bytes(), staged.digests().clone());
        let (companion, ()) = try_join(
            self.store_companion(examined.companion),
            self.commit(staged),
        )
        .await?;
        let new = NewAsset {
            name: candidate.asset.clone(),
            size_bytes,
            digests,
            companion,
        };
        let view = Arc::clone(grant.view());
        let metadata = [examined.metadata, metadata].into_iter().flatten();
        let (metadata, readme) = (metadata.collect(), examined.readme.map(storable));
        self.grow(grant.caller(), view, candidate, new, metadata, readme)
            .await
    }

    /// What can be told before the bytes are looked at and stored: refusals by rule, and that there is nothing to do.
    async fn check_before_addition(
        self: &Arc<Self>,
        grant: &Grant,
        candidate: &Candidate,
    ) -> Result<Option<PublishedAsset>> {
        let (view, package) = (grant.view(), &candidate.package);
        let rules = self.rules(package.format)?;
        // Before this takes a connection of its own: whoever holds one and waits for another may wait for itself.
        let gate = self.origin_gate(view.domain_id, package).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        let own = row.as_ref().map(PackageRow::restrictions);
        gate.check_publish(view.home().id_and_name(), own, package)?;
        let mut held = None;
        if let Some(row) = &row {
            let key = rules.version_key(&candidate.version);
            held = HeldContent::find(&mut reader, row.id, &key).await?;
        }
        drop(reader);
        let limit = self.settings.quotas.assets_per_version;
        let admission = candidate.check(held.as_ref(), rules.growth(), limit)?;
        if let (Some(held), true) = (&held, admission.changes_nothing()) {
            return Ok(Some(held.published(&candidate.asset)?));
        }
        // A package that is new here is reachable: it has no origin controls yet that say otherwise.
        if held.is_none() && row.is_none_or(|row| row.upstream_allowed) {
            self.check_not_upstream(grant, package, &candidate.version)
                .await?;
        }
        Ok(None)
    }

    /// What the format reads out of an asset's bytes.
    pub(crate) async fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        staged: &Staged,
    ) -> Result<Examined> {
        let rules = self.rules(package.format)?;
        let (package, version, asset) = (package.clone(), version.clone(), asset.clone());
        let mut bytes = staged.bytes();
        self.heavy_work
            .run(move || rules.examine(&package, &version, &asset, &mut bytes))
            .await?
    }

    /// Publishes an Unfinished version; one that is finished already stays as it is. The status it has afterwards.
    pub async fn finish_version(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<PackageVersionStatus> {
        let key = self.version_key(package, version)?;
        let gate = self.origin_gate(grant.view().domain_id, package).await?;
        let (view, now) = (Arc::clone(grant.view()), self.now());
        let domain_id = view.domain_id;
        let entry = change(ChangeKind::VersionStatusUpdated, now, grant.caller())
            .in_repository(&view.home().name)
            .of_package(package);
        let (unit_package, version) = (package.clone(), version.clone());
        let written: Result<PackageVersionStatus, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let gate = gate.current(tx, domain_id, &unit_package).await?;
                    let not_found = || version_not_found(&unit_package, &version);
                    let home = view.home();
                    let row = tx.find_package(home.id, &unit_package).await?;
                    let row = row.ok_or_else(not_found)?;
                    gate.check_publish(
                        home.id_and_name(),
                        Some(row.restrictions()),
                        &unit_package,
                    )?;
                    let held = tx.find_version_metadata(row.id, &key).await?;
                    let held = held.ok_or_else(not_found)?;
                    let before = held.version.status()?;
                    if before != PackageVersionStatus::Unfinished {
                        return Ok(before);
                    }
                    let status = PackageVersionStatus::Published;
                    let revision = held.version.revision.as_str();
                    let content = VersionContent {
                        status,
                        revision,
                        published_at: now,
                        metadata: &held.metadata,
                        readme: None,
                    };
                    tx.update_version_content(held.version.id, &content).await?;
                    let event = VersionEvent {
                        status_changed: true,
                        ..VersionEvent::updated(status, revision)
                    };
                    let detail = json!({ "from": before.as_str(), "to": status.as_str() });
                    let name = parse_version(&held.version.version)?;
                    let entry = entry.of_version(&name).with_event(detail, &event);
                    tx.append_change(domain_id, &entry).await?;
                    Ok(status)
                })
            })
            .await;
        let status = written?;
        self.stamps.package_changed(domain_id, package);
        Ok(status)
    }

    /// What is held in the repository itself of a version that may be unfinished: the assets, in order of name. `None`
    /// when no such version is held. For the protocols that check uploads against each other.
    pub async fn held_assets(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<Option<(PackageVersionStatus, Vec<Asset>)>> {
        let held = self.held_content(grant, package, version).await?;
        Ok(held.map(|held| (held.status, held.assets)))
    }

    /// The metadata of a version held in the repository itself, whatever its status.
    pub async fn held_version_metadata(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<Option<String>> {
        let held = self.held_content(grant, package, version).await?;
        Ok(held.map(|held| held.row.metadata))
    }

    async fn held_content(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<Option<HeldContent>> {
        let key = self.version_key(package, version)?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(grant.view().home().id, package)
            .await
            .map_err(from_store)?;
        let Some(row) = row else { return Ok(None) };
        Ok(HeldContent::find(&mut reader, row.id, &key).await?)
    }

    /// Merges metadata into that of a version held in the repository itself, whatever its status.
    pub async fn merge_version_metadata(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        metadata: String,
    ) -> Result<()> {
        let rules = self.rules(package.format)?;
        let key = rules.version_key(version);
        let (domain_id, home_id) = (grant.view().domain_id, grant.view().home().id);
        let kind = ChangeKind::VersionMetadataUpdated;
        let entry = change(kind, self.now(), grant.caller())
            .in_repository(&grant.view().home().name)
            .of_package(package);
        let (unit_package, version) = (package.clone(), version.clone());
        let written: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let not_found = || version_not_found(&unit_package, &version);
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row = row.ok_or_else(not_found)?;
                    let held = HeldContent::find(tx, row.id, &key).await?;
                    let held = held.ok_or_else(not_found)?;
                    let merged = storable(rules.merge_metadata(&held.row.metadata, &metadata));
                    if merged == held.row.metadata {
                        return Ok(());
                    }
                    let assets = held.assets.iter();
                    let named = assets.map(|asset| (&asset.name, &asset.digests));
                    let revision = revision_of(named, &merged);
                    tx.update_version_metadata(held.row.version.id, &merged, &revision)
                        .await?;
                    let event = VersionEvent {
                        metadata_updated: true,
                        ..VersionEvent::updated(held.status, &revision)
                    };
                    // What came, as with an asset: the row has the sum of it.
                    let detail = json!({ "revision": revision, "metadata": [metadata] });
                    let name = parse_version(&held.row.version.version)?;
                    let entry = entry.of_version(&name).with_event(detail, &event);
                    tx.append_change(domain_id, &entry).await?;
                    Ok(())
                })
            })
            .await;
        written?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }
}
