//! A catalog with a domain, repositories and a clock that stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blobs::{BlobSettings, Blobs};
use bytes::Bytes;
use catalog::{
    AssetAddition, Caller, Catalog, ConnectionDirectory, ConnectionInfo, Encoding, FormatList,
    Grant, NewDomain, NewRepository, OfVersion, PackageView, Parts, PublishedAsset, Quotas,
    Settings, Source, VersionSelection,
};
use futures_util::future::BoxFuture;
use model::{
    AccountId, Action, ArnScope, AssetName, Clock, DomainName, DomainRef, EpochMillis,
    ExternalConnectionName, FormatId, OriginRestriction, OriginRestrictions, PackageCoordinates,
    PackageName, PackageVersionStatus, PageLimit, RepositoryName, VersionName,
};
use serde_json::{Value, json};
use store::{ChangeRow, Store};
use upstream::SourceError;

use crate::parts::{FORMATS, PARTS};

pub(crate) const NOW: i64 = 1_700_000_000_000;

struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> EpochMillis {
        EpochMillis(self.0.load(Ordering::SeqCst))
    }
}

struct NoConnections;

impl ConnectionDirectory for NoConnections {
    fn find(&self, _: &ExternalConnectionName) -> Option<ConnectionInfo> {
        None
    }

    fn source<'a>(
        &'a self,
        _: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        let reason = "there is none".to_owned();
        Box::pin(async move { Err(SourceError::Unavailable { reason }) })
    }
}

pub(crate) struct House {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) domain: DomainRef,
    pub(crate) root: Caller,
    clock: Arc<StandingClock>,
    blobs: Blobs,
    store: Store,
    _folder: tempfile::TempDir,
}

pub(crate) fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).unwrap()
}

pub(crate) fn version(name: &str) -> VersionName {
    VersionName::parse(name).unwrap()
}

pub(crate) fn asset(name: &str) -> AssetName {
    AssetName::parse(name).unwrap()
}

pub(crate) fn of(format: FormatId, name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format,
        namespace: None,
        name: PackageName::parse(name).unwrap(),
    }
}

/// The package that most tests are about.
pub(crate) fn kit() -> PackageCoordinates {
    of(PARTS, "kit")
}

/// All versions of a package and their assets, as a document: one line for each.
fn render(package: &PackageView, _: &str, _: u8) -> model::Result<Bytes> {
    let lines = package.versions.iter().map(|version| {
        let assets = version.assets.iter().map(|asset| asset.name.as_str());
        let assets: Vec<_> = assets.collect();
        format!("{} {}", version.version, assets.join(","))
    });
    Ok(lines.collect::<Vec<_>>().join("\n").into())
}

impl House {
    /// A house with the repository `main`.
    pub(crate) async fn open() -> Self {
        Self::with(Quotas::default()).await
    }

    pub(crate) async fn with(quotas: Quotas) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(StandingClock(AtomicI64::new(NOW)));
        let store = Store::open_sqlite(&folder.path().join("rows.sqlite"))
            .await
            .unwrap();
        let blobs =
            Blobs::open_disk(&folder.path().join("blobs"), BlobSettings::default()).unwrap();
        let owner = AccountId::parse("111122223333").unwrap();
        let catalog = Catalog::open(Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            connections: Arc::new(NoConnections),
            formats: FormatList::new(FORMATS),
            clock: Arc::<StandingClock>::clone(&clock),
            settings: Settings {
                account: owner.clone(),
                scope: ArnScope {
                    partition: "aws".into(),
                    region: "us-west-2".into(),
                },
                quotas,
                freshness_ms: 60_000,
                uses_source_freshness: false,
                whole_version_bytes: 0,
                document_cache_bytes: 1 << 20,
                source_document_limit_bytes: 1 << 20,
                redirect_lifetime: None,
                held_reads: std::time::Duration::ZERO,
                dev: false,
            },
        })
        .await
        .unwrap();
        let house = Self {
            catalog,
            domain: DomainRef {
                owner: owner.clone(),
                name: DomainName::parse("acme").unwrap(),
            },
            root: Caller::root(owner),
            clock,
            blobs,
            store,
            _folder: folder,
        };
        let new = NewDomain {
            name: house.domain.name.clone(),
            encryption_key: None,
            tags: Vec::new(),
        };
        house.catalog.create_domain(&house.root, new).await.unwrap();
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) async fn add_repository(&self, name: &str, upstreams: &[&str]) {
        let new = NewRepository {
            name: repository(name),
            description: String::new(),
            upstreams: upstreams.iter().map(|name| repository(name)).collect(),
            tags: Vec::new(),
        };
        let made = self
            .catalog
            .create_repository(&self.root, &self.domain, new);
        made.await.unwrap();
    }

    pub(crate) fn advance_ms(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) async fn grant(&self, name: &str) -> Grant {
        let (action, name) = (Action::PUBLISH_PACKAGE_VERSION, repository(name));
        self.catalog
            .grant(self.root.clone(), action, &self.domain, &name, None)
            .await
            .unwrap()
    }

    /// Adds a finished asset to a version of `kit` in `main`.
    pub(crate) async fn add(
        &self,
        version: &str,
        asset: &str,
        bytes: &[u8],
    ) -> model::Result<PublishedAsset> {
        self.add_to("main", &kit(), version, asset, bytes, true)
            .await
    }

    /// Adds an asset to a version of `kit` in `main` that is not finished with it.
    pub(crate) async fn add_unfinished(
        &self,
        version: &str,
        asset: &str,
        bytes: &[u8],
    ) -> model::Result<PublishedAsset> {
        self.add_to("main", &kit(), version, asset, bytes, false)
            .await
    }

    pub(crate) async fn add_to(
        &self,
        repository: &str,
        package: &PackageCoordinates,
        name: &str,
        asset_name: &str,
        bytes: &[u8],
        is_finished: bool,
    ) -> model::Result<PublishedAsset> {
        let mut stage = self.catalog.stage().await.unwrap();
        stage.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        let addition = AssetAddition {
            package: package.clone(),
            version: version(name),
            asset: asset(asset_name),
            staged: stage.finish().await.unwrap(),
            metadata: Some(json!({ "sent": { asset_name: true } }).to_string()),
            is_finished,
        };
        let grant = self.grant(repository).await;
        self.catalog.add_asset(&grant, addition).await
    }

    /// What package managers see of `kit` in a repository; empty when they see nothing.
    pub(crate) async fn seen(&self, repository: &str) -> String {
        let grant = self.grant(repository).await;
        let base: Arc<str> = "http://packages.example/".into();
        let found = self
            .catalog
            .document(&grant, &kit(), 0, &base, Encoding::Identity, render)
            .await;
        match found {
            Ok((document, _)) => String::from_utf8(document.bytes.to_vec()).unwrap(),
            Err(error) => {
                assert_eq!(error.kind, model::ErrorKind::NotFound, "{error:?}");
                String::new()
            }
        }
    }

    /// Whether package managers can download an asset of `kit`.
    pub(crate) async fn is_downloadable(&self, repository: &str, name: &str, file: &str) -> bool {
        let grant = self.grant(repository).await;
        let found = self
            .catalog
            .asset(&grant, &kit(), &version(name), &asset(file), true)
            .await;
        match found {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind, model::ErrorKind::NotFound, "{error:?}");
                false
            }
        }
    }

    /// Downloads an asset of `kit`, which retains its version in the repository.
    pub(crate) async fn download(&self, repository: &str, name: &str, file: &str) {
        let grant = self.grant(repository).await;
        self.catalog
            .asset(&grant, &kit(), &version(name), &asset(file), false)
            .await
            .unwrap();
    }

    /// Finishes a version of `kit` in `main`.
    pub(crate) async fn finish(&self, name: &str) -> model::Result<PackageVersionStatus> {
        let grant = self.grant("main").await;
        self.catalog
            .finish_version(&grant, &kit(), &version(name))
            .await
    }

    /// A version of `kit` in `main` as the API describes it: its name, its status and when it was published.
    pub(crate) async fn described(&self, name: &str) -> (String, PackageVersionStatus, i64) {
        let found = self
            .catalog
            .get_package_version(&self.domain, &repository("main"), &kit(), &version(name))
            .await;
        let found = found.unwrap().version;
        (
            found.version.to_string(),
            found.status,
            found.published_at.0,
        )
    }

    /// The assets of a version of `kit` as the API lists them.
    pub(crate) async fn listed_assets(
        &self,
        repository_name: &str,
        name: &str,
    ) -> OfVersion<Vec<String>> {
        let found = self
            .catalog
            .list_package_version_assets(
                &self.domain,
                &repository(repository_name),
                &kit(),
                &version(name),
                None,
                PageLimit::MAX,
            )
            .await
            .unwrap();
        let names = found.content.items.iter();
        OfVersion {
            version: found.version,
            revision: found.revision,
            content: names.map(|asset| asset.name.to_string()).collect(),
        }
    }

    /// What a repository holds of the metadata of a version of `kit`.
    pub(crate) async fn metadata(&self, repository: &str, name: &str) -> Option<Value> {
        let grant = self.grant(repository).await;
        let held = self
            .catalog
            .held_version_metadata(&grant, &kit(), &version(name))
            .await;
        held.unwrap()
            .map(|text| serde_json::from_str(&text).unwrap())
    }

    pub(crate) fn selection(names: &[&str]) -> VersionSelection {
        let names = names.iter().map(|name| (version(name), None));
        VersionSelection {
            versions: names.collect::<BTreeMap<_, _>>(),
            expected_status: None,
        }
    }

    /// Gives versions of `kit` in `main` a status.
    pub(crate) async fn set_status(&self, names: &[&str], status: PackageVersionStatus) {
        let (main, package) = (repository("main"), kit());
        let selection = Self::selection(names);
        let outcome = if status == PackageVersionStatus::Disposed {
            let disposed = self.catalog.dispose_package_versions(
                &self.root,
                &self.domain,
                &main,
                &package,
                selection,
            );
            disposed.await.unwrap()
        } else {
            let updated = self.catalog.update_package_versions_status(
                &self.root,
                &self.domain,
                &main,
                &package,
                selection,
                status,
            );
            updated.await.unwrap()
        };
        assert_eq!(outcome.successful.len(), names.len(), "{outcome:?}");
    }

    /// Sets the origin controls of a package in a repository.
    pub(crate) async fn set_origin(
        &self,
        repository_name: &str,
        package: &PackageCoordinates,
        publish: OriginRestriction,
        upstream: OriginRestriction,
    ) {
        let restrictions = OriginRestrictions { publish, upstream };
        let repository = repository(repository_name);
        self.catalog
            .put_package_origin(&self.root, &self.domain, &repository, package, restrictions)
            .await
            .unwrap();
    }

    /// How many blobs are stored.
    pub(crate) async fn blob_count(&self) -> usize {
        self.blobs.list(None, 10_000).await.unwrap().len()
    }

    /// The entries of the domain's log after the first `known`.
    pub(crate) async fn changes_after(&self, known: usize) -> Vec<(ChangeRow, Value)> {
        let mut reader = self.store.read().await.unwrap();
        let domain = reader
            .find_domain(&self.domain.owner, &self.domain.name)
            .await;
        let rows = reader.list_changes(domain.unwrap().unwrap().id, 0, 10_000);
        let rows = rows.await.unwrap().into_iter().skip(known);
        rows.map(|row| {
            let detail = serde_json::from_str(&row.detail).unwrap();
            (row, detail)
        })
        .collect()
    }
}
