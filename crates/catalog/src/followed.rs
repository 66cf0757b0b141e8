//! Versions that go on following their public source: what it says of them anew becomes part of what is held.
//!
//! First where the connection is, when the source's document has changed; then further down, when an asset of the version
//! is fetched there (user guide, "Python package upstream behavior"). Only of versions that came from that source, that
//! clients may have, and whose package lets upstreams in.

use std::collections::HashMap;
use std::sync::Arc;

use model::{
    ChangeKind, GroupRestrictionType, OriginType, PackageCoordinates, Result, VersionKey,
    VersionName,
};
use serde_json::json;
use store::{PackageVersionRow, VersionMetadataRow};

use crate::Catalog;
use crate::change_log::{ChangeDetails, VersionEvent};
use crate::failure::{Failure, from_store};
use crate::held_version::HeldVersion;
use crate::packages::parse_version;
use crate::repository_view::{Node, RepositoryView, Walk};
use crate::source::{SourcePackage, SourceVersion};
use crate::storable_text::storable;

/// A version whose metadata is to become other.
struct Edit {
    name: VersionName,
    key: VersionKey,
    revision: String,
    metadata: String,
}

impl Catalog {
    /// Brings what a repository holds of a package from its source up to what the source says now.
    pub(crate) async fn follow_source(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
        said: &Arc<SourcePackage>,
    ) -> Result<()> {
        let rules = self.rules(package.format)?;
        let Some((connection, _)) = &node.connection else {
            return Ok(());
        };
        if !rules.follows_source() {
            return Ok(());
        }
        let gate = self.origin_gate(domain_id, package).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(node.id, package)
            .await
            .map_err(from_store)?;
        let Some(row) = row else { return Ok(()) };
        let restriction = GroupRestrictionType::ExternalUpstream;
        if !gate.allows(restriction, node.id, Some(row.restrictions())) {
            return Ok(());
        }
        let held = reader
            .list_version_metadata(row.id)
            .await
            .map_err(from_store)?;
        drop(reader);
        let mut following = Vec::new();
        for found in held {
            if follows(&found.version, connection.as_str())? {
                following.push(found);
            }
        }
        if following.is_empty() {
            return Ok(());
        }
        let said = Arc::clone(said);
        let edits = self
            .heavy_work
            .run(move || edits(rules, &said, following))
            .await??;
        if edits.is_empty() {
            return Ok(());
        }
        let template = self
            .service_change(ChangeKind::VersionMetadataUpdated, node)
            .of_package(package);
        let (package_id, connection) = (row.id, connection.as_str().to_owned());
        let written: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    for edit in edits {
                        let found = HeldVersion::find(tx, package_id, &edit.key).await?;
                        let Some(mut found) = found else { continue };
                        // Whoever changed it meanwhile did so knowing at least as much, or the next answer tells again.
                        if found.row.revision != edit.revision || !follows(&found.row, &connection)?
                        {
                            continue;
                        }
                        found.metadata = edit.metadata;
                        let revision = found.named_revision()?;
                        let (id, metadata) = (found.row.id, found.metadata.as_str());
                        tx.update_version_metadata(id, metadata, &revision).await?;
                        let event = VersionEvent {
                            metadata_updated: true,
                            ..VersionEvent::updated(found.status()?, &revision)
                        };
                        let detail = json!({ "revision": revision, "metadata": metadata });
                        let entry = template.clone().of_version(&edit.name);
                        tx.append_change(domain_id, &entry.with_event(detail, &event))
                            .await?;
                    }
                    Ok(())
                })
            })
            .await;
        written?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }

    /// Brings a version that was just fetched here up to what the repositories above hold of it. Returns at once.
    pub(crate) fn catch_up_behind(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        version: &VersionName,
    ) {
        let follows = self
            .rules(package.format)
            .is_ok_and(|rules| rules.follows_source());
        if !follows {
            return;
        }
        let (catalog, view) = (Arc::clone(self), Arc::clone(view));
        let (package, version) = (package.clone(), version.clone());
        self.background.spawn(async move {
            if let Err(error) = catalog.catch_up(&view, &package, &version).await {
                tracing::warn!(package = %package, version = %version, error = ?error, "following a source failed");
            }
        });
    }

    async fn catch_up(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<()> {
        let key = self.version_key(package, version)?;
        let gate = self.origin_gate(view.domain_id, package).await?;
        let reaches_upstreams = gate.reaches_upstreams(view.home());
        let mut origin: Option<String> = None;
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            let mut reader = self.store.read().await.map_err(from_store)?;
            let row = reader
                .find_package(node.id, package)
                .await
                .map_err(from_store)?;
            let mut is_held = false;
            if let Some(row) = &row {
                let found = reader
                    .find_version(row.id, &key)
                    .await
                    .map_err(from_store)?;
                if let Some(found) = found {
                    let origin = origin.get_or_insert_with(|| found.origin_name.clone());
                    if !follows(&found, origin)? {
                        return Ok(());
                    }
                    is_held = true;
                }
                if !row.upstream_allowed {
                    continue;
                }
            }
            drop(reader);
            if reaches_upstreams {
                walk.descend(node);
            }
            let is_origin = node
                .connection
                .as_ref()
                .is_some_and(|(name, _)| origin.as_deref() == Some(name.as_str()));
            if is_held && is_origin {
                if let Ok(Some(said)) = self.source_package(view, node, package).await {
                    self.follow_source(view.domain_id, node, package, &said)
                        .await?;
                }
                return self.retain(view, index, package, version).await;
            }
        }
        Ok(())
    }
}

/// Whether a version came from this connection and may be downloaded.
fn follows(version: &PackageVersionRow, connection: &str) -> Result<bool> {
    let status = version.status().map_err(from_store)?;
    Ok(version.origin_type == OriginType::External.as_str()
        && version.origin_name == connection
        && status.is_downloadable())
}

/// What the source says otherwise than it is held.
fn edits(
    rules: &dyn crate::FormatRules,
    said: &SourcePackage,
    held: Vec<VersionMetadataRow>,
) -> Result<Vec<Edit>> {
    let by_key: HashMap<VersionKey, &SourceVersion> = said
        .versions
        .iter()
        .map(|version| (rules.version_key(&version.version), version))
        .collect();
    let mut edits = Vec::new();
    for VersionMetadataRow { version, metadata } in held {
        let name = parse_version(&version.version)?;
        let key = rules.version_key(&name);
        let new = by_key
            .get(&key)
            .and_then(|said| std::str::from_utf8(&said.metadata).ok());
        let Some(new) = new else { continue };
        let merged = storable(rules.merge_metadata(&metadata, new));
        if merged != metadata {
            edits.push(Edit {
                name,
                key,
                revision: version.revision,
                metadata: merged,
            });
        }
    }
    Ok(edits)
}
