//! One more asset in a version: the rules and the rows, inside one transaction. What publishing through the API and
//! publishing by package managers that send asset by asset have in common.
//!
//! Bytes are no concern here: they are stored before, and durable.

use std::sync::Arc;

use model::{
    Asset, AssetName, ChangeKind, EpochMillis, Error, OriginRestrictions, OriginType,
    PackageCoordinates, PackageVersionStatus, ResourceType, Result, VersionKey, VersionName,
};
use serde_json::json;
use store::{Connection, NewAsset, NewVersion, PackageRow, Tx, VersionContent, VersionMetadataRow};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::format_rules::Growth;
use crate::origin_gate::OriginGate;
use crate::packages::{asset_from_row, parse_version};
use crate::publish::revision_of;
use crate::publish_asset::PublishedAsset;
use crate::repository_view::{RepositoryView, repository_not_found};
use crate::storable_text::storable;
use crate::{Caller, Catalog, ExpectedDigests, FormatRules};

/// What a version says of itself when nothing but its assets was ever sent.
pub(crate) const NO_METADATA: &str = "{}";

/// What a repository holds of a version when an asset comes.
#[derive(Debug)]
pub(crate) struct HeldContent {
    pub(crate) row: VersionMetadataRow,
    pub(crate) status: PackageVersionStatus,
    /// In order of name.
    pub(crate) assets: Vec<Asset>,
}

impl HeldContent {
    pub(crate) async fn find(
        connection: &mut Connection,
        package_id: i64,
        key: &VersionKey,
    ) -> Result<Option<Self>, Failure> {
        let found = connection.find_version_metadata(package_id, key).await?;
        let Some(row) = found else { return Ok(None) };
        let rows = connection.list_assets_of_version(row.version.id).await?;
        let assets: Result<Vec<_>> = rows.iter().map(asset_from_row).collect();
        Ok(Some(Self {
            status: row.version.status()?,
            assets: assets?,
            row,
        }))
    }

    /// The answer to publishing an asset that is held already.
    pub(crate) fn published(&self, asset: &AssetName) -> Result<PublishedAsset> {
        let found = self.assets.iter().find(|held| held.name == *asset);
        Ok(PublishedAsset {
            version: parse_version(&self.row.version.version)?,
            revision: self.row.version.revision.clone(),
            status: self.status,
            asset: found.cloned().ok_or_else(|| {
                Error::internal(format!("asset {asset} is not among those that are held"))
            })?,
            is_new: false,
        })
    }
}

/// An asset that wants to be part of a version.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) package: PackageCoordinates,
    /// The version, as the client spells it.
    pub(crate) version: VersionName,
    pub(crate) asset: AssetName,
    /// What is known of its bytes: everything, once they have come.
    pub(crate) bytes: ExpectedDigests,
    /// Whether an asset of this name that is held already is refused whatever its bytes are.
    pub(crate) only_new: bool,
    /// Whether an unfinished version is finished with it.
    pub(crate) is_finished: bool,
}

/// What may be done about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Whether the very same asset is there already.
    pub(crate) is_there: bool,
    /// The status of the version before, where it is there.
    before: Option<PackageVersionStatus>,
    /// The status of the version afterwards.
    pub(crate) status: PackageVersionStatus,
}

impl Admission {
    /// Whether nothing is left to do: an answer was lost, and the client asks again.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.is_there && self.before == Some(self.status)
    }
}

impl Candidate {
    /// Refuses the asset where what is held of its version stands against it.
    pub(crate) fn check(
        &self,
        held: Option<&HeldContent>,
        growth: Growth,
        limit: usize,
    ) -> Result<Admission> {
        let status = self.status_after(held.map(|held| held.status));
        let Some(held) = held else {
            return Ok(Admission {
                is_there: false,
                before: None,
                status,
            });
        };
        let same_name = held.assets.iter().find(|asset| asset.name == self.asset);
        if self.only_new && same_name.is_some() {
            return Err(self.taken());
        }
        let is_there = same_name.is_some_and(|asset| self.bytes.mismatch(&asset.digests).is_none());
        let changes_nothing = is_there && self.is_finished;
        let is_open = match held.status {
            PackageVersionStatus::Unfinished => growth != Growth::Never || changes_nothing,
            PackageVersionStatus::Published | PackageVersionStatus::Unlisted => {
                growth == Growth::Always || changes_nothing
            }
            PackageVersionStatus::Archived
            | PackageVersionStatus::Disposed
            | PackageVersionStatus::Deleted => false,
        };
        if !is_open {
            return Err(self.closed(held, growth));
        }
        if !is_there && same_name.is_some() {
            let message = format!(
                "Asset '{}' of version {} of package '{}' already exists with other content. Assets do not change: \
                 use another name, or delete the version first.",
                self.asset, held.row.version.version, self.package
            );
            let kind = ResourceType::Asset;
            return Err(Error::conflict(kind, self.asset.as_str(), message));
        }
        if !is_there && held.assets.len() >= limit {
            let message = format!(
                "A package version can have at most {limit} assets, and version {} has as many.",
                held.row.version.version
            );
            let kind = ResourceType::PackageVersion;
            return Err(Error::quota_exceeded(kind, self.version.as_str(), message));
        }
        Ok(Admission {
            is_there,
            before: Some(held.status),
            status,
        })
    }

    fn taken(&self) -> Error {
        let message = format!(
            "Asset '{}' of version {} of package '{}' is there already, and the request is for a new one only.",
            self.asset, self.version, self.package
        );
        Error::precondition_failed(ResourceType::Asset, self.asset.as_str(), message)
    }

    fn closed(&self, held: &HeldContent, growth: Growth) -> Error {
        let when = match growth {
            Growth::Never => "it already exists, with all of its assets",
            Growth::WhileUnfinished => {
                "assets can be added only while a version is Unfinished, which it is as long as each of them is sent \
                 with unfinished=true"
            }
            Growth::Always => {
                "assets can be added only while a version is Unfinished, Published or Unlisted"
            }
        };
        let message = format!(
            "Version {} of package '{}' is {}: {when}. Publish another version number.",
            held.row.version.version, self.package, held.status
        );
        let kind = ResourceType::PackageVersion;
        Error::conflict(kind, self.version.as_str(), message)
    }

    /// What the version is afterwards. What was finished before stays what it is.
    const fn status_after(&self, before: Option<PackageVersionStatus>) -> PackageVersionStatus {
        match before {
            None | Some(PackageVersionStatus::Unfinished) if self.is_finished => {
                PackageVersionStatus::Published
            }
            None => PackageVersionStatus::Unfinished,
            Some(before) => before,
        }
    }
}

impl Catalog {
    /// Makes an asset whose bytes are stored a part of its version, in the repository that the view is of. `metadata` is
    /// what came of the version's with it, in the order in which it is merged.
    pub(crate) async fn grow(
        &self,
        caller: &Caller,
        view: Arc<RepositoryView>,
        candidate: Candidate,
        asset: NewAsset,
        metadata: Vec<String>,
        readme: Option<String>,
    ) -> Result<PublishedAsset> {
        let (domain_id, package) = (view.domain_id, candidate.package.clone());
        let unit = GrowthUnit {
            caller: caller.clone(),
            gate: self.origin_gate(domain_id, &package).await?,
            view,
            rules: self.rules(package.format)?,
            limit: self.settings.quotas.assets_per_version,
            now: self.now(),
            candidate,
            asset,
            metadata,
            readme,
        };
        let written: Result<PublishedAsset, Failure> =
            self.store.write(move |tx| Box::pin(unit.write(tx))).await;
        let published = written?;
        self.stamps.package_changed(domain_id, &package);
        Ok(published)
    }
}

/// A candidate whose bytes are stored, with all that its transaction needs.
struct GrowthUnit {
    caller: Caller,
    view: Arc<RepositoryView>,
    gate: OriginGate,
    rules: &'static dyn FormatRules,
    /// The most assets that a version may have.
    limit: usize,
    now: EpochMillis,
    candidate: Candidate,
    asset: NewAsset,
    metadata: Vec<String>,
    readme: Option<String>,
}

impl GrowthUnit {
    /// Writes the asset's rows, and those of its version and package where they are not there yet.
    async fn write(self, tx: &mut Tx) -> Result<PublishedAsset, Failure> {
        let domain_id = self.view.domain_id;
        // Whoever adds to the same version meanwhile waits here, and then finds this asset in it.
        tx.order_writes(domain_id).await?;
        let package = self.ensure_package(tx).await?;
        let key = self.rules.version_key(&self.candidate.version);
        let held = HeldContent::find(tx, package.id, &key).await?;
        let admission = self
            .candidate
            .check(held.as_ref(), self.rules.growth(), self.limit)?;
        let name = match &held {
            Some(held) => parse_version(&held.row.version.version)?,
            None => self.candidate.version.clone(),
        };
        if let (Some(held), true) = (&held, admission.changes_nothing()) {
            return Ok(held.published(&self.asset.name)?);
        }
        let metadata = self.metadata_after(held.as_ref(), admission.is_there);
        let revision = self.revision_after(held.as_ref(), admission.is_there, &metadata);
        let version_id = match &held {
            Some(held) => {
                self.update_version(tx, held, admission.status, &revision, &metadata)
                    .await?
            }
            None => {
                self.insert_version(tx, package.id, key, admission.status, &revision, &metadata)
                    .await?
            }
        };
        if !admission.is_there {
            tx.insert_asset(domain_id, version_id, &self.asset).await?;
        }
        let event = match &held {
            None => VersionEvent::created(admission.status, &revision, 1),
            Some(held) => VersionEvent {
                assets_added: usize::from(!admission.is_there),
                metadata_updated: held.row.metadata != metadata,
                status_changed: held.status != admission.status,
                ..VersionEvent::updated(admission.status, &revision)
            },
        };
        let mut detail = json!({
            "asset": {
                "name": self.asset.name.as_str(), "sizeBytes": self.asset.size_bytes,
                "sha256": self.asset.digests.sha256.to_hex(),
            },
        });
        // What is merged into a row cannot be told from it any more: the log keeps what came.
        if !admission.is_there && !self.metadata.is_empty() {
            detail["metadata"] = json!(self.metadata);
        }
        let entry = change(ChangeKind::AssetPublished, self.now, &self.caller)
            .in_repository(&self.view.home().name)
            .of_package(&self.candidate.package)
            .of_version(&name)
            .with_event(detail, &event);
        tx.append_change(domain_id, &entry).await?;
        Ok(self.published(name, revision, admission))
    }

    /// The package's row, if versions of it may be published here.
    async fn ensure_package(&self, tx: &mut Tx) -> Result<PackageRow, Failure> {
        let (home, package) = (self.view.home(), &self.candidate.package);
        let found = tx.find_package(home.id, package).await?;
        let own = found.as_ref().map(PackageRow::restrictions);
        let gate = self.gate.clone();
        let gate = gate.current(tx, self.view.domain_id, package).await?;
        gate.check_publish(home.id_and_name(), own, package)?;
        if let Some(row) = found {
            return Ok(row);
        }
        if tx.find_repository_by_id(home.id).await?.is_none() {
            return Err(repository_not_found(&self.view.domain, &home.name).into());
        }
        let restrictions = OriginRestrictions::PUBLISHED_FIRST;
        Ok(tx
            .ensure_package(home.id, package, restrictions, self.now)
            .await?)
    }

    fn metadata_after(&self, held: Option<&HeldContent>, is_there: bool) -> String {
        let before = held.map_or(NO_METADATA, |held| &held.row.metadata);
        if is_there {
            return before.to_owned();
        }
        let parts = self.metadata.iter();
        let merged = parts.fold(before.to_owned(), |merged, part| {
            self.rules.merge_metadata(&merged, part)
        });
        storable(merged)
    }

    fn revision_after(&self, held: Option<&HeldContent>, is_there: bool, metadata: &str) -> String {
        let own = (!is_there).then_some((&self.asset.name, &self.asset.digests));
        let assets = held.iter().flat_map(|held| &held.assets);
        let named = assets.map(|asset| (&asset.name, &asset.digests));
        revision_of(named.chain(own), metadata)
    }

    async fn update_version(
        &self,
        tx: &mut Tx,
        held: &HeldContent,
        status: PackageVersionStatus,
        revision: &str,
        metadata: &str,
    ) -> Result<i64, Failure> {
        let version = &held.row.version;
        // A version is published when it is finished, however long it took to bring its assets.
        let published_at = if held.status == status {
            EpochMillis(version.published_at_ms)
        } else {
            self.now
        };
        let content = VersionContent {
            status,
            revision,
            published_at,
            metadata,
            readme: self.readme.as_deref(),
        };
        tx.update_version_content(version.id, &content).await?;
        Ok(version.id)
    }

    async fn insert_version(
        &self,
        tx: &mut Tx,
        package_id: i64,
        key: VersionKey,
        status: PackageVersionStatus,
        revision: &str,
        metadata: &str,
    ) -> Result<i64, Failure> {
        let new = NewVersion {
            package_id,
            version: self.candidate.version.clone(),
            key,
            status,
            revision: revision.to_owned(),
            origin_type: OriginType::Internal,
            origin_name: self.view.home().name.as_str().to_owned(),
            published_at: self.now,
            source_published_at: None,
            metadata: metadata.to_owned(),
            readme: self.readme.clone(),
        };
        tx.insert_version(&new).await?.ok_or_else(|| {
            Error::internal("a version was made by someone else inside an ordered write").into()
        })
    }

    fn published(
        &self,
        version: VersionName,
        revision: String,
        admission: Admission,
    ) -> PublishedAsset {
        PublishedAsset {
            version,
            revision,
            status: admission.status,
            is_new: !admission.is_there,
            asset: Asset {
                name: self.asset.name.clone(),
                size_bytes: self.asset.size_bytes,
                digests: self.asset.digests.clone(),
            },
        }
    }
}
