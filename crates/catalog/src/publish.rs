//! Publishing: bytes first, then rows and change in one transaction, then the answer.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blobs::Staged;
use model::{
    AssetName, ChangeKind, Digests, Error, OriginRestrictions, OriginType, PackageCoordinates,
    PackageVersionStatus, PageLimit, ResourceType, Result, VersionKey, VersionName,
};
use sha2::{Digest as _, Sha256};
use store::{Connection, NewVersion, PackageRow};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_store};
use crate::packages::parse_version;
use crate::publish_asset::asset_too_large;
use crate::repository_view::{Walk, repository_not_found};
use crate::rival_names::check_no_rival;
use crate::storable_text::storable;
use crate::{Catalog, FormatRules, Grant, SourcePackage, VersionFilter};

/// A version to publish, complete.
#[derive(Debug)]
pub struct Publication {
    /// The package.
    pub package: PackageCoordinates,
    /// The version.
    pub version: VersionName,
    /// The format's own metadata of it, as JSON.
    pub metadata: String,
    /// Its readme.
    pub readme: Option<String>,
    /// Its assets.
    pub assets: Vec<NewAsset>,
    /// The tags that are to name it.
    pub tags: Vec<String>,
}

/// An asset to publish, its bytes staged.
#[derive(Debug)]
pub struct NewAsset {
    /// Its name.
    pub name: AssetName,
    /// Its bytes.
    pub staged: Staged,
}

/// What a publish came to.
#[derive(Debug, Clone)]
pub struct Published {
    /// The name of the version's assets and metadata.
    pub revision: String,
    /// False when the same version with the same bytes was there already.
    pub created: bool,
}

/// The name of one exact set of assets and metadata: base64 of a SHA-256, 44 characters.
pub(crate) fn revision_of<'a>(
    assets: impl IntoIterator<Item = (&'a AssetName, &'a Digests)>,
    metadata: &str,
) -> String {
    let mut assets: Vec<_> = assets.into_iter().collect();
    assets.sort_by_key(|(name, _)| *name);
    let mut hash = Sha256::new();
    for (name, digests) in assets {
        // The length stands before the name, so that no two lists of assets read the same.
        hash.update((name.as_str().len() as u64).to_be_bytes());
        hash.update(name.as_str());
        hash.update(digests.sha256.as_bytes());
    }
    hash.update(Sha256::digest(metadata));
    STANDARD.encode(hash.finalize())
}

/// A version as the transaction needs it.
struct Unit {
    new: NewVersion,
    assets: Vec<store::NewAsset>,
    tags: Vec<String>,
}

impl Catalog {
    /// Publishes a version. Publishing the same bytes again succeeds and changes nothing; other bytes under the
    /// same version are a conflict. When this returns, the version survives a crash and is seen by every read.
    pub async fn publish(
        self: &Arc<Self>,
        grant: &Grant,
        publication: Publication,
    ) -> Result<Published> {
        let Publication {
            package,
            version,
            metadata,
            readme,
            assets,
            tags,
        } = publication;
        let (metadata, readme) = (storable(metadata), readme.map(storable));
        let limit = self.settings.quotas.assets_per_version;
        if assets.len() > limit {
            let message = format!(
                "A package version can have at most {limit} assets, and {} were sent.",
                assets.len()
            );
            return Err(Error::quota_exceeded(
                ResourceType::PackageVersion,
                version.as_str(),
                message,
            ));
        }
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        if let Some(asset) = assets.iter().find(|a| a.staged.size_bytes() > limit_bytes) {
            return Err(asset_too_large(&asset.name, limit_bytes));
        }
        let rows: Vec<_> = assets
            .iter()
            .map(|asset| store::NewAsset {
                name: asset.name.clone(),
                size_bytes: asset.staged.size_bytes(),
                digests: asset.staged.digests().clone(),
                companion: None,
            })
            .collect();
        let key = self.version_key(&package, &version)?;
        if let Some(published) = self
            .check_before_publish(grant, &package, (&version, &key), &rows)
            .await?
        {
            for asset in assets {
                self.put_back(asset.staged).await?;
            }
            return Ok(published);
        }
        for asset in assets {
            self.commit(asset.staged).await?;
        }
        let revision = revision_of(
            rows.iter().map(|asset| (&asset.name, &asset.digests)),
            &metadata,
        );
        let new = NewVersion {
            package_id: 0,
            version,
            key,
            status: PackageVersionStatus::Published,
            revision,
            origin_type: OriginType::Internal,
            origin_name: grant.view().home().name.as_str().to_owned(),
            published_at: self.now(),
            source_published_at: None,
            metadata,
            readme,
        };
        self.write_publication(
            grant,
            &package,
            Unit {
                new,
                assets: rows,
                tags,
            },
        )
        .await
    }

    /// What can be told before bytes are stored: refusals by rule, and that there is nothing to do.
    async fn check_before_publish(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: (&VersionName, &VersionKey),
        assets: &[store::NewAsset],
    ) -> Result<Option<Published>> {
        let view = grant.view();
        let gate = self.origin_gate(view.domain_id, package).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        gate.check_publish(
            view.home().id_and_name(),
            row.as_ref().map(PackageRow::restrictions),
            package,
        )?;
        if let Some(row) = &row {
            let rules = self.rules(package.format)?;
            let outcome = existing_version(&mut reader, rules, row, package, version, assets)
                .await
                .map_err(Error::from)?;
            if outcome.is_some() {
                return Ok(outcome);
            }
        }
        drop(reader);
        // A package that is new here is reachable: it has no origin controls yet that say otherwise.
        if row.is_none_or(|row| row.upstream_allowed) {
            self.check_not_upstream(grant, package, version.0).await?;
        }
        Ok(None)
    }

    /// Refuses a version that an upstream repository or a public source already has. A source that does not answer
    /// does not stand against it.
    pub(crate) async fn check_not_upstream(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<()> {
        let view = grant.view();
        let rules = self.rules(package.format)?;
        let key = rules.version_key(version);
        let gate = self.origin_gate(view.domain_id, package).await?;
        let reaches_upstreams = gate.reaches_upstreams(view.home());
        let mut walk = Walk::of(view);
        let mut is_held = false;
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            let mut reader = self.store.read().await.map_err(from_store)?;
            let row = reader
                .find_package(node.id, package)
                .await
                .map_err(from_store)?;
            is_held |= index == 0 && row.is_some();
            if let Some(row) = &row {
                let found = reader
                    .find_version(row.id, &key)
                    .await
                    .map_err(from_store)?;
                let is_taken = index != 0
                    && (found.is_some()
                        || number_is_taken(&mut reader, rules, row, version).await?);
                if is_taken {
                    return Err(already_exists(
                        package,
                        version,
                        &format!("upstream repository '{}'", node.name),
                    ));
                }
                if index != 0 && !row.upstream_allowed {
                    continue;
                }
            } else if !is_held {
                check_no_rival(&mut reader, rules, node.id, package)
                    .await
                    .map_err(Error::from)?;
            }
            drop(reader);
            if reaches_upstreams {
                walk.descend(node);
            }
            if let Ok(Some(source)) = self.source_package(view, node, package).await
                && (source.version(rules, version).is_some()
                    || source_has_number(rules, &source, version))
            {
                return Err(already_exists(
                    package,
                    version,
                    "a public source that this repository reaches",
                ));
            }
        }
        Ok(())
    }

    async fn write_publication(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        unit: Unit,
    ) -> Result<Published> {
        let view = grant.view();
        let now = unit.new.published_at;
        let event = VersionEvent::created(unit.new.status, &unit.new.revision, unit.assets.len());
        let entry = change(ChangeKind::VersionPublished, now, grant.caller())
            .in_repository(&view.home().name)
            .of_package(package)
            .of_version(&unit.new.version)
            .with_event(
                serde_json::json!({
                    "revision": unit.new.revision,
                    "tags": unit.tags,
                    "assets": unit.assets.iter().map(|asset| serde_json::json!({
                        "name": asset.name.as_str(), "sizeBytes": asset.size_bytes,
                        "sha256": asset.digests.sha256.to_hex(),
                    })).collect::<Vec<_>>(),
                }),
                &event,
            );
        let gate = self.origin_gate(view.domain_id, package).await?;
        let rules = self.rules(package.format)?;
        let (view, unit_package) = (Arc::clone(view), package.clone());
        let domain_id = view.domain_id;
        let written: Result<Published, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let (home, package) = (view.home(), unit_package);
                    tx.order_writes(domain_id).await?;
                    let gate = gate.current(tx, domain_id, &package).await?;
                    let row = tx.find_package(home.id, &package).await?;
                    gate.check_publish(
                        home.id_and_name(),
                        row.as_ref().map(PackageRow::restrictions),
                        &package,
                    )?;
                    let row = match row {
                        Some(row) => row,
                        None => {
                            if tx.find_repository_by_id(home.id).await?.is_none() {
                                return Err(repository_not_found(&view.domain, &home.name).into());
                            }
                            check_no_rival(tx, rules, home.id, &package).await?;
                            let restrictions = OriginRestrictions::PUBLISHED_FIRST;
                            tx.ensure_package(home.id, &package, restrictions, now)
                                .await?
                        }
                    };
                    let Unit { new, assets, tags } = unit;
                    let new = NewVersion {
                        package_id: row.id,
                        ..new
                    };
                    if number_is_taken(tx, rules, &row, &new.version).await? {
                        let place = "this repository";
                        return Err(already_exists(&package, &new.version, place).into());
                    }
                    let Some(version_id) = tx.insert_version(&new).await? else {
                        let version = (&new.version, &new.key);
                        let there =
                            existing_version(tx, rules, &row, &package, version, &assets).await?;
                        return there.ok_or_else(|| {
                            Error::internal("a version vanished while it was made").into()
                        });
                    };
                    for asset in &assets {
                        tx.insert_asset(domain_id, version_id, asset).await?;
                    }
                    for tag in &tags {
                        tx.upsert_package_tag(row.id, tag, &new.version).await?;
                    }
                    tx.append_change(domain_id, &entry).await?;
                    Ok(Published {
                        revision: new.revision,
                        created: true,
                    })
                })
            })
            .await;
        let written = written?;
        self.stamps.package_changed(domain_id, package);
        Ok(written)
    }
}

/// What is there under this version: nothing, the very same assets (nothing to do), or others (a conflict).
async fn existing_version(
    connection: &mut Connection,
    rules: &dyn FormatRules,
    row: &PackageRow,
    package: &PackageCoordinates,
    (version, key): (&VersionName, &VersionKey),
    assets: &[store::NewAsset],
) -> Result<Option<Published>, Failure> {
    let Some(found) = connection.find_version(row.id, key).await? else {
        if number_is_taken(connection, rules, row, version).await? {
            return Err(already_exists(package, version, "this repository").into());
        }
        return Ok(None);
    };
    let held = connection.list_assets(found.id, "", PageLimit::MAX).await?;
    let same = found.status()?.is_downloadable()
        && held.len() == assets.len()
        && held.iter().all(|row| {
            assets.iter().any(|asset| {
                row.name == asset.name.as_str()
                    && row.sha256 == asset.digests.sha256.as_bytes().as_slice()
            })
        });
    if same {
        return Ok(Some(Published {
            revision: found.revision,
            created: false,
        }));
    }
    Err(already_exists(package, version, "this repository").into())
}

/// Whether a package has another version of the same number, where numbers are not the versions' own keys.
async fn number_is_taken(
    connection: &mut Connection,
    rules: &dyn FormatRules,
    row: &PackageRow,
    version: &VersionName,
) -> Result<bool> {
    let Some(number) = rules.number_key(version) else {
        return Ok(false);
    };
    let key = rules.version_key(version);
    let mut after = String::new();
    loop {
        let filter = VersionFilter::default();
        let rows = connection
            .list_versions_by_name(row.id, &after, filter, PageLimit::MAX)
            .await
            .map_err(from_store)?;
        let is_last = rows.len() <= PageLimit::MAX.rows();
        for row in rows {
            let name = parse_version(&row.version)?;
            let is_other = rules.version_key(&name) != key;
            if is_other && rules.number_key(&name).as_ref() == Some(&number) {
                return Ok(true);
            }
            after = row.version;
        }
        if is_last {
            return Ok(false);
        }
    }
}

fn source_has_number(
    rules: &dyn FormatRules,
    source: &SourcePackage,
    version: &VersionName,
) -> bool {
    let Some(number) = rules.number_key(version) else {
        return false;
    };
    let mut versions = source.versions.iter();
    versions.any(|found| rules.number_key(&found.version).as_ref() == Some(&number))
}

fn already_exists(package: &PackageCoordinates, version: &VersionName, place: &str) -> Error {
    let message = format!(
        "Version {version} of package '{package}' already exists in {place}. Publish another version number."
    );
    Error::conflict(ResourceType::PackageVersion, version.as_str(), message)
}
