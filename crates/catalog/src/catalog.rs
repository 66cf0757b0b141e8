//! The catalog and what it is made of.

use std::sync::Arc;

use access::{SessionKeys, TokenKey, TokenKeys};
use blobs::Blobs;
use bytes::Bytes;
use model::{
    AccountId, Arn, ArnScope, Change, ChangeKind, Clock, DomainRef, EpochMillis, FormatId,
    PackageCoordinates, Principal, RepositoryName, Result, VersionKey, VersionName,
};
use quick_cache::sync::Cache;
use store::Store;
use upstream::Flights;

use crate::access_keys::KeyCache;
use crate::asset_reading::HeldAsset;
use crate::background::BackgroundWork;
use crate::companion::HeldCompanion;
use crate::connections::ConnectionDirectory;
use crate::document::{Document, DocumentCache, DocumentKey};
use crate::failure::from_store;
use crate::follower::Follower;
use crate::format_rules::{FormatList, FormatRules};
use crate::heavy_work::HeavyWork;
use crate::identity_rights::RightsCache;
use crate::namespace_document::{TopicAnswer, TopicKey};
use crate::package_group_table::GroupTables;
use crate::pull::{AssetKey, Pulls};
use crate::repository_document::RepositoryDocumentCache;
use crate::repository_view::ViewCache;
use crate::request_rates::RequestRates;
use crate::resource_rights::ResourceRightsCache;
use crate::sessions::{IssuerKeys, OpenedSessions};
use crate::settings::Settings;
use crate::source_cache::SourceCache;
use crate::source_documents::{RefreshKey, Refreshed};
use crate::stamps::{Stamps, Tick};
use crate::tokens::OpenedTokens;
use crate::whole_version::WholeVersions;

/// What a catalog is built from.
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Parts {
    /// The rows.
    pub store: Store,
    /// The bytes.
    pub blobs: Blobs,
    /// Where external connections point.
    pub connections: Arc<dyn ConnectionDirectory>,
    /// The formats.
    pub formats: FormatList,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator set.
    pub settings: Settings,
}

/// The rules over rows, bytes and public sources. Shared as an `Arc`.
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Catalog {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) connections: Arc<dyn ConnectionDirectory>,
    pub(crate) formats: FormatList,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) token_keys: TokenKeys,
    pub(crate) opened_tokens: OpenedTokens,
    pub(crate) session_keys: SessionKeys,
    pub(crate) opened_sessions: OpenedSessions,
    pub(crate) issuer_keys: IssuerKeys,
    pub(crate) rights: RightsCache,
    pub(crate) stamps: Arc<Stamps>,
    /// Where other processes write to the same database.
    pub(crate) follower: Option<Follower>,
    /// How this process calls itself where nodes must be told apart.
    pub(crate) node: String,
    pub(crate) resource_rights: ResourceRightsCache,
    pub(crate) views: ViewCache,
    pub(crate) group_tables: GroupTables,
    pub(crate) keys: KeyCache,
    pub(crate) documents: DocumentCache,
    pub(crate) repository_documents: RepositoryDocumentCache,
    pub(crate) renders: Flights<(DocumentKey, Tick), Result<Arc<Document>, Arc<model::Error>>>,
    pub(crate) held_assets: Cache<AssetKey, Arc<HeldAsset>>,
    pub(crate) held_companions: Cache<AssetKey, Arc<HeldCompanion>>,
    pub(crate) sources: SourceCache,
    pub(crate) refreshes: Flights<RefreshKey, Refreshed>,
    pub(crate) pulls: Pulls,
    pub(crate) companions: Flights<AssetKey, Result<Bytes, Arc<model::Error>>>,
    pub(crate) topic_refreshes: Flights<TopicKey, TopicAnswer>,
    pub(crate) whole_versions: WholeVersions,
    pub(crate) background: BackgroundWork,
    pub(crate) heavy_work: HeavyWork,
    pub(crate) rates: RequestRates,
}

impl Catalog {
    /// Opens the catalog: makes the account's root and the key that tokens are sealed with, when they are missing.
    pub async fn open(parts: Parts) -> Result<Arc<Self>> {
        let Parts {
            store,
            blobs,
            connections,
            formats,
            clock,
            settings,
        } = parts;
        let token_keys = open_token_keys(&store, clock.now(), &settings.account).await?;
        Self::fill_domain_packages(&store).await?;
        let (stamps, layouts) = (Arc::new(Stamps::default()), Arc::default());
        let follower = match store.is_shared() {
            true => {
                let held_reads = settings.held_reads;
                let started = Follower::start(&store, &stamps, &layouts, formats, held_reads);
                Some(started.await?)
            }
            false => None,
        };
        Ok(Arc::new(Self {
            session_keys: SessionKeys::of(&token_keys),
            token_keys,
            opened_tokens: OpenedTokens::default(),
            opened_sessions: OpenedSessions::default(),
            issuer_keys: IssuerKeys::default(),
            rights: RightsCache::default(),
            stamps,
            follower,
            node: uuid::Uuid::new_v4().simple().to_string(),
            resource_rights: ResourceRightsCache::default(),
            views: ViewCache::default(),
            group_tables: GroupTables::default(),
            keys: KeyCache::default(),
            documents: DocumentCache::new(settings.document_cache_bytes),
            repository_documents: RepositoryDocumentCache::default(),
            renders: Flights::default(),
            held_assets: Cache::new(16_384),
            held_companions: Cache::new(16_384),
            sources: SourceCache::new(layouts),
            refreshes: Flights::default(),
            pulls: Pulls::default(),
            companions: Flights::default(),
            topic_refreshes: Flights::default(),
            whole_versions: WholeVersions::default(),
            background: BackgroundWork::default(),
            heavy_work: HeavyWork::default(),
            rates: RequestRates::new(&settings.quotas.rates),
            store,
            blobs,
            connections,
            formats,
            clock,
            settings,
        }))
    }

    /// The formats.
    #[must_use]
    pub const fn formats(&self) -> FormatList {
        self.formats
    }

    /// What the operator set.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> EpochMillis {
        self.clock.now()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.store.ping().await.map_err(from_store)
    }

    /// Ends what was begun and closes the database.
    pub async fn close(&self) {
        self.background.close();
        self.pulls.close();
        if let Some(follower) = &self.follower {
            follower.close();
        }
        self.store.close().await;
    }

    /// A place to put bytes that are being uploaded. Nothing staged is visible, or survives a restart, until it is
    /// part of a [`crate::Publication`].
    pub async fn stage(&self) -> Result<blobs::Stage> {
        self.blobs.stage().await.map_err(crate::failure::from_blobs)
    }

    pub(crate) const fn scope(&self) -> &ArnScope {
        &self.settings.scope
    }

    /// The ARN of a domain.
    #[must_use]
    pub fn domain_arn(&self, domain: &DomainRef) -> Arn {
        self.scope().domain(&domain.owner, &domain.name)
    }

    /// The ARN of a repository.
    #[must_use]
    pub fn repository_arn(&self, domain: &DomainRef, repository: &RepositoryName) -> Arn {
        self.scope()
            .repository(&domain.owner, &domain.name, repository)
    }

    /// The ARN of a package.
    #[must_use]
    pub fn package_arn(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
    ) -> Arn {
        self.scope()
            .package(&domain.owner, &domain.name, repository, package)
    }

    /// The rules of a format that a row names.
    pub(crate) fn format(&self, id: &str) -> Result<&'static dyn FormatRules> {
        self.formats.find(id).ok_or_else(|| {
            model::Error::internal(format!(
                "a row names the format {id}, which this program lacks"
            ))
        })
    }

    /// What a version of a package is found by.
    pub(crate) fn version_key(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<VersionKey> {
        Ok(self.rules(package.format)?.version_key(version))
    }

    /// The rules of a format.
    pub(crate) fn rules(&self, format: FormatId) -> Result<&'static dyn FormatRules> {
        self.format(format.as_str())
    }
}

async fn open_token_keys(
    store: &Store,
    now: EpochMillis,
    account: &AccountId,
) -> Result<TokenKeys> {
    let mut reader = store.read().await.map_err(from_store)?;
    let mut rows = reader.list_signing_keys().await.map_err(from_store)?;
    drop(reader);
    if rows.is_empty() {
        let key = TokenKey::generate(uuid::Uuid::new_v4().simple().to_string())
            .map_err(model::Error::internal)?;
        let (id, secret) = (key.id().to_owned(), *key.secret());
        let root = Principal::root(account.clone());
        let unit_id = id;
        let made: Result<(), crate::failure::Failure> = store
            .write(move |tx| {
                Box::pin(async move {
                    // Of several nodes that start at once, one makes the key.
                    tx.lock_log(crate::change_log::INSTALLATION).await?;
                    if !tx.list_signing_keys().await?.is_empty() {
                        return Ok(());
                    }
                    tx.insert_principal(&root, now).await?;
                    tx.insert_signing_key(&unit_id, &secret, now).await?;
                    let change = Change {
                        kind: ChangeKind::SigningKeyCreated,
                        at: now,
                        source_published_at: None,
                        actor: "service".into(),
                        repository: None,
                        package: None,
                        version: None,
                        detail: serde_json::json!({ "id": unit_id }).to_string(),
                    };
                    tx.append_change(crate::change_log::INSTALLATION, &change)
                        .await?;
                    Ok(())
                })
            })
            .await;
        made?;
        let mut reader = store.read().await.map_err(from_store)?;
        rows = reader.list_signing_keys().await.map_err(from_store)?;
    }
    let keys: std::result::Result<Vec<_>, _> = rows
        .into_iter()
        .map(|row| TokenKey::new(row.id, &row.secret))
        .collect();
    TokenKeys::new(keys.map_err(model::Error::internal)?).map_err(model::Error::internal)
}
