//! Keeping what was pulled: rows for a version that came from a public source or from an upstream repository.
//!
//! Neither changes what any document says, since the same version was shown before; so no ready document ends.

use std::sync::Arc;

use model::{
    AssetName, ChangeKind, Digests, Error, OriginRestrictions, OriginType, PackageCoordinates,
    PackageVersionStatus, PageLimit, Result, VersionName,
};
use store::{NewVersion, Tx};

use crate::Catalog;
use crate::change_log::ChangeDetails;
use crate::failure::Failure;
use crate::publish::revision_of;
use crate::repository_view::{Node, RepositoryView};
use crate::source::SourceVersion;
use crate::storable_text::storable;

impl Catalog {
    /// Notes an asset of a public source, whose bytes are stored, in the repository that has the connection.
    pub(crate) async fn ingest(
        &self,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
        version: &SourceVersion,
        asset: (&AssetName, u64, &Digests),
    ) -> Result<()> {
        let Some((connection, _)) = &node.connection else {
            return Err(Error::internal(
                "a version was ingested without a connection",
            ));
        };
        let metadata = String::from_utf8(version.metadata.to_vec()).map_err(Error::internal)?;
        let metadata = storable(metadata);
        let readme = version.readme.as_deref().map(String::from_utf8_lossy);
        let readme = readme.map(|text| storable(text.into_owned()));
        let (name, size_bytes, digests) = (asset.0.clone(), asset.1, asset.2.clone());
        let new = NewVersion {
            package_id: 0,
            version: version.version.clone(),
            status: PackageVersionStatus::Published,
            revision: revision_of([(&name, &digests)], &metadata),
            origin_type: OriginType::External,
            origin_name: connection.as_str().to_owned(),
            published_at: self.now(),
            source_published_at: version.published_at,
            metadata,
            readme,
        };
        let entry = self
            .service_change(ChangeKind::VersionIngested, node)
            .of_package(package)
            .of_version(&version.version)
            .published_at_source(version.published_at)
            .with(&serde_json::json!({
                "asset": name.as_str(), "sha256": digests.sha256.to_hex(), "connection": connection.as_str(),
            }));
        let (id, package) = (node.id, package.clone());
        let stored: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    if tx.find_repository_by_id(id).await?.is_none() {
                        return Ok(());
                    }
                    let now = new.published_at;
                    let row = tx
                        .ensure_package(id, &package, OriginRestrictions::INGESTED_FIRST, now)
                        .await?;
                    if !row.upstream_allowed {
                        return Ok(());
                    }
                    let new = NewVersion {
                        package_id: row.id,
                        ..new
                    };
                    let version_id = match tx.insert_version(&new).await? {
                        Some(id) => id,
                        None => {
                            let found = tx.find_version(row.id, new.version.as_str()).await?;
                            let found = found.ok_or_else(|| {
                                Error::internal("a version vanished while it was made")
                            })?;
                            if found.origin_type != OriginType::External.as_str() {
                                return Ok(());
                            }
                            found.id
                        }
                    };
                    if tx.find_asset(version_id, &name).await?.is_none() {
                        tx.insert_asset(domain_id, version_id, &name, size_bytes, &digests)
                            .await?;
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.map_err(Error::from)
    }

    /// Retains a version of an upstream repository in the repository that the client called.
    pub(crate) async fn retain(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        from: usize,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<()> {
        if from == 0 {
            return Ok(());
        }
        let entry = self
            .service_change(ChangeKind::VersionRetained, view.home())
            .of_package(package)
            .of_version(version)
            .with(&serde_json::json!({ "from": view.nodes[from].name.as_str() }));
        let now = self.now();
        let (domain_id, home_id, from_id) = (view.domain_id, view.home().id, view.nodes[from].id);
        let (package, version) = (package.clone(), version.clone());
        let stored: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    if tx.find_repository_by_id(home_id).await?.is_none() {
                        return Ok(());
                    }
                    let Some(source) = tx.find_package(from_id, &package).await? else {
                        return Ok(());
                    };
                    let row = tx
                        .ensure_package(home_id, &package, OriginRestrictions::INGESTED_FIRST, now)
                        .await?;
                    if row.upstream_allowed
                        && copy_version(tx, domain_id, source.id, row.id, &version).await?
                    {
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.map_err(Error::from)
    }
}

/// Copies a version's row and those of its assets between two packages of a domain. False when it was there.
async fn copy_version(
    tx: &mut Tx,
    domain_id: i64,
    from_package_id: i64,
    to_package_id: i64,
    version: &VersionName,
) -> Result<bool, Failure> {
    let Some(found) = tx
        .find_version_metadata(from_package_id, version.as_str())
        .await?
    else {
        return Ok(false);
    };
    let row = found.version;
    let readme = tx.find_version_readme(row.id).await?;
    let new = NewVersion {
        package_id: to_package_id,
        version: version.clone(),
        status: row.status()?,
        revision: row.revision.clone(),
        origin_type: OriginType::parse(&row.origin_type).unwrap_or(OriginType::Unknown),
        origin_name: row.origin_name.clone(),
        published_at: model::EpochMillis(row.published_at_ms),
        source_published_at: row.source_published_at_ms.map(model::EpochMillis),
        metadata: found.metadata,
        readme,
    };
    let Some(id) = tx.insert_version(&new).await? else {
        return Ok(false);
    };
    for asset in tx.list_assets(row.id, "", PageLimit::MAX).await? {
        let name = AssetName::parse(&asset.name)
            .map_err(|e| Error::internal(format!("asset of {}: {e}", row.id)))?;
        tx.insert_asset(domain_id, id, &name, asset.size(), &asset.digests()?)
            .await?;
    }
    Ok(true)
}
