//! Rows for what was pulled through: an asset of a public source, in the repository that has the connection.

use bytes::Bytes;
use model::{
    Change, ChangeKind, Digests, EpochMillis, Error, GroupRestrictionType, OriginRestrictions,
    OriginType, PackageCoordinates, PackageVersionStatus, Result, VersionKey, VersionName,
};
use serde_json::json;
use store::{AssetCompanion, NewAsset, NewVersion, Tx, VersionContent};

use crate::asset_search::AtSource;
use crate::change_log::{ChangeDetails, VersionEvent};
use crate::companion::COMPANION_LIMIT_BYTES;
use crate::failure::Failure;
use crate::format_rules::{Examined, Growth};
use crate::origin_gate::OriginGate;
use crate::publish::revision_of;
use crate::pull::AssetKey;
use crate::repository_view::RepositoryView;
use crate::rival_names::is_shut_out;
use crate::source::SourceAsset;
use crate::storable_text::storable;
use crate::version_growth::{HeldContent, NO_METADATA};
use crate::{Catalog, FormatRules};

/// An asset that has come in whole.
#[derive(Debug)]
pub(crate) struct Ingested {
    pub(crate) size_bytes: u64,
    pub(crate) digests: Digests,
    pub(crate) examined: Examined,
    /// When its source last changed it.
    pub(crate) last_modified: Option<EpochMillis>,
}

impl Catalog {
    /// Notes an asset of a public source, whose bytes are stored. True when the version is new with it.
    pub(crate) async fn ingest(
        &self,
        view: &RepositoryView,
        key: &AssetKey,
        found: &AtSource,
        ingested: Ingested,
    ) -> Result<bool> {
        let node = &view.nodes[found.node];
        let Some((connection, _)) = &node.connection else {
            return Err(Error::internal(
                "a version was ingested without a connection",
            ));
        };
        let (package, version) = (&key.package, &found.version);
        let rules = self.rules(package.format)?;
        let published_at = version.published_at.or(ingested.last_modified);
        let said = String::from_utf8(version.metadata.to_vec()).map_err(Error::internal)?;
        let readme = version.readme.as_deref().map(String::from_utf8_lossy);
        let readme = readme.map(std::borrow::Cow::into_owned);
        let entry = self
            .service_change(ChangeKind::VersionIngested, node)
            .of_package(package)
            .published_at_source(published_at);
        let examined = ingested.examined;
        let companion = self
            .companion_of(key, &found.asset, examined.companion)
            .await?;
        let unit = Ingest {
            domain_id: view.domain_id,
            repository_id: node.id,
            gate: self.origin_gate(view.domain_id, package).await?,
            rules,
            connection: connection.as_str().to_owned(),
            package: package.clone(),
            version: version.version.clone(),
            key: rules.version_key(&version.version),
            asset: NewAsset {
                name: found.asset.name.clone(),
                size_bytes: ingested.size_bytes,
                digests: ingested.digests,
                companion,
            },
            said: (!said.is_empty()).then_some(said),
            told: examined.metadata,
            readme: readme.or(examined.readme).map(storable),
            now: self.now(),
            published_at,
            entry,
        };
        let stored: Result<bool, Failure> =
            self.store.write(move |tx| Box::pin(unit.write(tx))).await;
        let is_new = stored?;
        // What one asset tells may change what is said of its version. Elsewhere, documents say the same before and after.
        if rules.growth() == Growth::Always {
            self.stamps.package_changed(view.domain_id, package);
        }
        Ok(is_new)
    }

    /// What is kept beside an asset: what its own bytes told, else what was fetched before, and in either case only what
    /// its source's index names, if it names anything. Clients hold it against the digest in the index.
    async fn companion_of(
        &self,
        key: &AssetKey,
        asset: &SourceAsset,
        told: Option<Bytes>,
    ) -> Result<Option<AssetCompanion>> {
        let named = asset.companion.as_ref();
        if let Some(bytes) = told.filter(|bytes| bytes.len() as u64 <= COMPANION_LIMIT_BYTES) {
            let size_bytes = bytes.len() as u64;
            let digests = self.put(bytes).await?;
            if named.is_none_or(|named| named.expected.mismatch(&digests).is_none()) {
                return Ok(Some(AssetCompanion {
                    sha256: digests.sha256,
                    size_bytes,
                }));
            }
        }
        match named {
            Some(named) => self.kept_companion(key, named).await,
            None => Ok(None),
        }
    }
}

/// An asset as the transaction needs it.
#[derive(Clone)]
struct Ingest {
    domain_id: i64,
    repository_id: i64,
    gate: OriginGate,
    rules: &'static dyn FormatRules,
    connection: String,
    package: PackageCoordinates,
    version: VersionName,
    key: VersionKey,
    asset: NewAsset,
    /// What the source's index says of the version, where there is one.
    said: Option<String>,
    /// What the asset's bytes tell of it.
    told: Option<String>,
    readme: Option<String>,
    now: EpochMillis,
    published_at: Option<EpochMillis>,
    entry: Change,
}

impl Ingest {
    async fn write(self, tx: &mut Tx) -> Result<bool, Failure> {
        tx.order_writes(self.domain_id).await?;
        // Everything may have changed while the bytes came: then the clients that asked get them, and nothing is kept.
        if tx
            .find_repository_by_id(self.repository_id)
            .await?
            .is_none()
        {
            return Ok(false);
        }
        let gate = self.gate.clone();
        let gate = gate.current(tx, self.domain_id, &self.package).await?;
        let may = |own| {
            gate.allows(
                GroupRestrictionType::ExternalUpstream,
                self.repository_id,
                own,
            )
        };
        if !may(None) || is_shut_out(tx, self.rules, self.repository_id, &self.package).await? {
            return Ok(false);
        }
        let restrictions = OriginRestrictions::INGESTED_FIRST;
        let row = tx
            .ensure_package(self.repository_id, &self.package, restrictions, self.now)
            .await?;
        if !may(Some(row.restrictions())) {
            return Ok(false);
        }
        let held = HeldContent::find(tx, row.id, &self.key).await?;
        let is_new = held.is_none();
        let is_added = match held {
            None => self.insert_version(tx, row.id).await?,
            Some(held) => self.add_to(tx, &held).await?,
        };
        if is_added {
            let (package, asset) = (&self.package, &self.asset.name);
            tx.delete_source_companion(self.repository_id, package, &self.key, asset)
                .await?;
        }
        Ok(is_new && is_added)
    }

    async fn insert_version(&self, tx: &mut Tx, package_id: i64) -> Result<bool, Failure> {
        let metadata = self.merged(NO_METADATA, true);
        let new = NewVersion {
            package_id,
            version: self.version.clone(),
            key: self.key.clone(),
            status: PackageVersionStatus::Published,
            revision: revision_of([(&self.asset.name, &self.asset.digests)], &metadata),
            origin_type: OriginType::External,
            origin_name: self.connection.clone(),
            published_at: self.now,
            source_published_at: self.published_at,
            metadata,
            readme: self.readme.clone(),
        };
        let id = tx.insert_version(&new).await?.ok_or_else(|| {
            Error::internal("a version was made by someone else inside an ordered write")
        })?;
        tx.insert_asset(self.domain_id, id, &self.asset).await?;
        let event = VersionEvent::created(new.status, &new.revision, 1);
        self.log(tx, &self.version, &event).await
    }

    /// Adds the asset to a version that is there, if it came from the same source and may be downloaded.
    async fn add_to(&self, tx: &mut Tx, held: &HeldContent) -> Result<bool, Failure> {
        let version = &held.row.version;
        let is_same = version.origin_type == OriginType::External.as_str()
            && version.origin_name == self.connection;
        let is_there = held.assets.iter().any(|a| a.name == self.asset.name);
        if !is_same || is_there || !held.status.is_downloadable() {
            return Ok(false);
        }
        let metadata = self.merged(&held.row.metadata, self.rules.follows_source());
        let assets = held.assets.iter().map(|a| (&a.name, &a.digests));
        let own = (&self.asset.name, &self.asset.digests);
        let revision = revision_of(assets.chain([own]), &metadata);
        let content = VersionContent {
            status: held.status,
            revision: &revision,
            published_at: EpochMillis(version.published_at_ms),
            metadata: &metadata,
            readme: self.readme.as_deref(),
        };
        tx.update_version_content(version.id, &content).await?;
        tx.insert_asset(self.domain_id, version.id, &self.asset)
            .await?;
        let event = VersionEvent {
            assets_added: 1,
            metadata_updated: metadata != held.row.metadata,
            ..VersionEvent::updated(held.status, &revision)
        };
        let name = crate::packages::parse_version(&version.version)?;
        self.log(tx, &name, &event).await
    }

    fn merged(&self, held: &str, with_index: bool) -> String {
        let said = self.said.iter().filter(|_| with_index);
        let merged = said
            .chain(&self.told)
            .fold(held.to_owned(), |merged, part| {
                self.rules.merge_metadata(&merged, part)
            });
        storable(merged)
    }

    async fn log(
        &self,
        tx: &mut Tx,
        version: &VersionName,
        event: &VersionEvent<'_>,
    ) -> Result<bool, Failure> {
        let detail = json!({
            "asset": self.asset.name.as_str(), "sha256": self.asset.digests.sha256.to_hex(),
            "connection": self.connection,
        });
        let entry = self.entry.clone().of_version(version);
        tx.append_change(self.domain_id, &entry.with_event(detail, event))
            .await?;
        Ok(true)
    }
}
