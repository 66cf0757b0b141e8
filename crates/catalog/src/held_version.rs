//! A package version with all its rows: what copying and retaining take from one repository to another. Bytes are
//! never touched: both repositories are of one domain, which holds them once.

use std::collections::HashMap;

use model::{EpochMillis, OriginType, PackageVersionStatus, VersionKey, VersionName};
use store::{AssetRow, Connection, NewVersion, PackageVersionRow, StoreResult, Tx, VersionContent};

use crate::change_log::VersionEvent;
use crate::failure::Failure;
use crate::packages::parse_version;
use crate::publish::revision_of;

/// A version as one repository holds it.
#[derive(Debug, Clone)]
pub(crate) struct HeldVersion {
    pub(crate) row: PackageVersionRow,
    key: VersionKey,
    pub(crate) metadata: String,
    pub(crate) readme: Option<String>,
    pub(crate) assets: Vec<AssetRow>,
}

impl HeldVersion {
    pub(crate) async fn find(
        connection: &mut Connection,
        package_id: i64,
        key: &VersionKey,
    ) -> Result<Option<Self>, Failure> {
        let found = connection.find_version_metadata(package_id, key).await?;
        let Some(found) = found else { return Ok(None) };
        let readme = connection.find_version_readme(found.version.id).await?;
        let assets = connection.list_assets_of_version(found.version.id).await?;
        Ok(Some(Self {
            row: found.version,
            key: key.clone(),
            metadata: found.metadata,
            readme,
            assets,
        }))
    }

    pub(crate) fn status(&self) -> Result<PackageVersionStatus, Failure> {
        Ok(self.row.status()?)
    }

    pub(crate) fn origin_type(&self) -> OriginType {
        OriginType::parse(&self.row.origin_type).unwrap_or(OriginType::Unknown)
    }

    /// The revision that its assets and its metadata come to.
    pub(crate) fn named_revision(&self) -> Result<String, Failure> {
        let assets = self.assets.iter().map(AssetRow::to_new);
        let assets = assets.collect::<StoreResult<Vec<_>>>()?;
        let named = assets.iter().map(|asset| (&asset.name, &asset.digests));
        Ok(revision_of(named, &self.metadata))
    }

    /// When its public source published it, where it has one.
    pub(crate) fn source_published_at(&self) -> Option<EpochMillis> {
        self.row.source_published_at_ms.map(EpochMillis)
    }

    /// Adds the same version to another package, with its status, revision and origin. False when one is there.
    pub(crate) async fn insert(
        &self,
        tx: &mut Tx,
        domain_id: i64,
        package_id: i64,
    ) -> Result<bool, Failure> {
        let new = NewVersion {
            package_id,
            version: parse_version(&self.row.version)?,
            key: self.key.clone(),
            status: self.status()?,
            revision: self.row.revision.clone(),
            origin_type: self.origin_type(),
            origin_name: self.row.origin_name.clone(),
            published_at: EpochMillis(self.row.published_at_ms),
            source_published_at: self.source_published_at(),
            metadata: self.metadata.clone(),
            readme: self.readme.clone(),
        };
        let Some(id) = tx.insert_version(&new).await? else {
            return Ok(false);
        };
        for asset in &self.assets {
            tx.insert_asset(domain_id, id, &asset.to_new()?).await?;
        }
        Ok(true)
    }

    /// The same content under another name.
    pub(crate) fn named(&self, version: &VersionName, key: VersionKey) -> Self {
        let mut named = self.clone();
        named.row.version = version.as_str().to_owned();
        named.key = key;
        named
    }

    /// The same content with a status that it has got now.
    pub(crate) fn with_status(mut self, status: PackageVersionStatus, at: EpochMillis) -> Self {
        self.row.status = status.as_str().to_owned();
        self.row.published_at_ms = at.0;
        self
    }

    /// Puts this content in the place of that of a version.
    pub(crate) async fn replace(
        &self,
        tx: &mut Tx,
        domain_id: i64,
        old: &Self,
    ) -> Result<(), Failure> {
        tx.delete_assets_of_version(domain_id, old.row.id).await?;
        for asset in &self.assets {
            tx.insert_asset(domain_id, old.row.id, &asset.to_new()?)
                .await?;
        }
        let content = VersionContent {
            status: self.status()?,
            revision: &self.row.revision,
            published_at: EpochMillis(self.row.published_at_ms),
            metadata: &self.metadata,
            readme: self.readme.as_deref(),
        };
        tx.update_version_content(old.row.id, &content).await?;
        Ok(())
    }

    /// Deletes the version. Its tags stay.
    pub(crate) async fn delete(&self, tx: &mut Tx, domain_id: i64) -> Result<(), Failure> {
        tx.delete_assets_of_version(domain_id, self.row.id).await?;
        tx.delete_version(self.row.id).await?;
        Ok(())
    }

    /// Whether the other has the same assets, with the same companions, and the same metadata.
    pub(crate) fn is_identical(&self, other: &Self) -> bool {
        fn content(asset: &AssetRow) -> (&str, &[u8], Option<&[u8]>) {
            let companion = asset.companion_sha256.as_deref();
            (&asset.name, &asset.sha256, companion)
        }
        // Both lists are in order of name.
        let (ours, theirs) = (self.assets.iter(), other.assets.iter());
        self.metadata == other.metadata && ours.map(content).eq(theirs.map(content))
    }

    /// What it means to a repository that this version is new there, or stands in place of another.
    pub(crate) fn event(&self, replaced: Option<&Self>) -> Result<VersionEvent<'_>, Failure> {
        let (status, revision) = (self.status()?, self.row.revision.as_str());
        let Some(replaced) = replaced else {
            return Ok(VersionEvent::created(status, revision, self.assets.len()));
        };
        let before: HashMap<&str, &[u8]> = replaced
            .assets
            .iter()
            .map(|asset| (asset.name.as_str(), asset.sha256.as_slice()))
            .collect();
        let mut event = VersionEvent::updated(status, revision);
        let mut kept = 0;
        for asset in &self.assets {
            match before.get(asset.name.as_str()) {
                None => event.assets_added += 1,
                Some(sha256) => {
                    kept += 1;
                    event.assets_updated += usize::from(*sha256 != asset.sha256.as_slice());
                }
            }
        }
        event.assets_removed = before.len() - kept;
        event.metadata_updated = self.metadata != replaced.metadata;
        event.status_changed = status != replaced.status()?;
        Ok(event)
    }
}
