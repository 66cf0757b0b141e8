//! Keeping what was pulled: rows for a version that came from a public source or from an upstream repository.
//!
//! Neither changes what any document says, since the same version was shown before; so no ready document ends.

use std::sync::Arc;

use model::{
    AssetName, ChangeKind, Digests, Error, GroupRestrictionType, OriginRestrictions, OriginType,
    PackageCoordinates, PackageVersionStatus, Result, VersionName,
};
use store::{NewAsset, NewVersion};

use crate::Catalog;
use crate::change_log::{ChangeDetails, VersionEvent};
use crate::failure::Failure;
use crate::held_version::HeldVersion;
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
        let asset = NewAsset {
            name: asset.0.clone(),
            size_bytes: asset.1,
            digests: asset.2.clone(),
            companion: None,
        };
        let new = NewVersion {
            package_id: 0,
            version: version.version.clone(),
            key: self.version_key(package, &version.version)?,
            status: PackageVersionStatus::Published,
            revision: revision_of([(&asset.name, &asset.digests)], &metadata),
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
            .published_at_source(version.published_at);
        let detail = serde_json::json!({
            "asset": asset.name.as_str(), "sha256": asset.digests.sha256.to_hex(), "connection": connection.as_str(),
        });
        let gate = self.origin_gate(domain_id, package).await?;
        let (id, package) = (node.id, package.clone());
        let stored: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    if tx.find_repository_by_id(id).await?.is_none() {
                        return Ok(());
                    }
                    let gate = gate.current(tx, domain_id, &package).await?;
                    let restriction = GroupRestrictionType::ExternalUpstream;
                    if !gate.allows(restriction, id, None) {
                        return Ok(());
                    }
                    let now = new.published_at;
                    let row = tx
                        .ensure_package(id, &package, OriginRestrictions::INGESTED_FIRST, now)
                        .await?;
                    if !gate.allows(restriction, id, Some(row.restrictions())) {
                        return Ok(());
                    }
                    let new = NewVersion {
                        package_id: row.id,
                        ..new
                    };
                    let added = tx.insert_version(&new).await?;
                    let (version_id, status, revision) = match added {
                        Some(id) => (id, new.status, new.revision.clone()),
                        None => {
                            let found = tx.find_version(row.id, &new.key).await?;
                            let found = found.ok_or_else(|| {
                                Error::internal("a version vanished while it was made")
                            })?;
                            let status = found.status()?;
                            if found.origin_type != OriginType::External.as_str()
                                || !status.is_downloadable()
                            {
                                return Ok(());
                            }
                            (found.id, status, found.revision)
                        }
                    };
                    if tx.find_asset(version_id, &asset.name).await?.is_none() {
                        tx.insert_asset(domain_id, version_id, &asset).await?;
                        let event = if added.is_some() {
                            VersionEvent::created(status, &revision, 1)
                        } else {
                            VersionEvent {
                                assets_added: 1,
                                ..VersionEvent::updated(status, &revision)
                            }
                        };
                        let entry = entry.with_event(detail, &event);
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
            .of_version(version);
        let from_name = view.nodes[from].name.clone();
        let now = self.now();
        let (domain_id, home_id, from_id) = (view.domain_id, view.home().id, view.nodes[from].id);
        let gate = self.origin_gate(domain_id, package).await?;
        let key = self.version_key(package, version)?;
        let package = package.clone();
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
                    let Some(held) = HeldVersion::find(tx, source.id, &key).await? else {
                        return Ok(());
                    };
                    // Someone may have archived it since the request looked.
                    if !held.status()?.is_downloadable() {
                        return Ok(());
                    }
                    let gate = gate.current(tx, domain_id, &package).await?;
                    let restriction = GroupRestrictionType::InternalUpstream;
                    if !gate.allows(restriction, home_id, None) {
                        return Ok(());
                    }
                    let row = tx
                        .ensure_package(home_id, &package, OriginRestrictions::INGESTED_FIRST, now)
                        .await?;
                    if gate.allows(restriction, home_id, Some(row.restrictions()))
                        && held.insert(tx, domain_id, row.id).await?
                    {
                        let detail = serde_json::json!({
                            "from": from_name.as_str(), "revision": held.row.revision,
                        });
                        let entry = entry
                            .published_at_source(held.source_published_at())
                            .with_event(detail, &held.event(None)?);
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.map_err(Error::from)
    }
}
