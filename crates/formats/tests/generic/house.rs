//! A server without its listeners: rows, bytes, rules, package endpoints. Nothing is pulled from anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blobs::{BlobSettings, Blobs};
use catalog::{
    Caller, Catalog, ConnectionDirectory, ConnectionInfo, CopyRequest, NewDomain, NewRepository,
    Parts, PolicyHolder, Quotas, Settings, VersionQuery, VersionSelection,
};
use formats::{EndpointForm, PackageEndpoints, PackageLimits, PublicAddresses};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::{
    AccountId, ArnScope, Clock, DomainName, DomainRef, EpochMillis, ExternalConnectionName,
    Namespace, PackageCoordinates, PackageName, PackageVersionStatus, PageLimit, PolicyDocument,
    RepositoryName, VersionName,
};
use serde_json::{Value, json};
use store::Store;
use upstream::{Source, SourceError};
use url::Url;

pub(crate) const OWNER: &str = "111122223333";
pub(crate) const ASSET_LIMIT_BYTES: u64 = 1 << 20;
pub(crate) const ASSETS_PER_VERSION: usize = 6;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> EpochMillis {
        EpochMillis(self.0.load(Ordering::SeqCst))
    }
}

/// No connection leads anywhere.
struct NoConnections;

impl ConnectionDirectory for NoConnections {
    fn find(&self, _: &ExternalConnectionName) -> Option<ConnectionInfo> {
        None
    }

    fn source<'a>(
        &'a self,
        _: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        async { Err(SourceError::Absent) }.boxed()
    }
}

pub(crate) struct House {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) endpoints: Arc<PackageEndpoints>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) token: String,
    pub(crate) root: Caller,
    domain: DomainRef,
    blobs: Blobs,
    store: Store,
    _folder: tempfile::TempDir,
}

impl House {
    /// A house with one repository, `main`.
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000)));
        let rows = folder.path().join("rows.sqlite");
        let store = Store::open_sqlite(&rows).await.unwrap();
        let bytes = folder.path().join("blobs");
        let blobs = Blobs::open_disk(&bytes, BlobSettings::default()).unwrap();
        let owner = AccountId::parse(OWNER).unwrap();
        let parts = Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            connections: Arc::new(NoConnections),
            formats: formats::rules(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings: Settings {
                account: owner.clone(),
                scope: ArnScope {
                    partition: "aws".into(),
                    region: "us-west-2".into(),
                },
                quotas: Quotas {
                    asset_size_bytes: ASSET_LIMIT_BYTES,
                    assets_per_version: ASSETS_PER_VERSION,
                    ..Quotas::default()
                },
                freshness_ms: 60_000,
                uses_source_freshness: false,
                whole_version_bytes: 0,
                document_cache_bytes: 1 << 20,
                source_document_limit_bytes: 1 << 20,
                dev: false,
            },
        };
        let catalog = Catalog::open(parts).await.unwrap();
        let root = Caller::root(owner.clone());
        let domain = DomainRef {
            owner,
            name: DomainName::parse("acme").unwrap(),
        };
        let new = NewDomain {
            name: domain.name.clone(),
            encryption_key: None,
            tags: Vec::new(),
        };
        catalog.create_domain(&root, new).await.unwrap();
        let addresses = PublicAddresses {
            public_url: Url::parse("http://packages.example").unwrap(),
            allowed_hosts: Vec::new(),
            host_base: None,
            endpoint_form: EndpointForm::Path,
        };
        let limits = PackageLimits::default();
        let endpoints = PackageEndpoints::new(Arc::clone(&catalog), addresses, limits);
        let mut house = Self {
            catalog,
            endpoints: Arc::new(endpoints),
            clock,
            token: String::new(),
            root,
            domain,
            blobs,
            store,
            _folder: folder,
        };
        house.token = house.token_of(&house.root).await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) async fn token_of(&self, caller: &Caller) -> String {
        let lifetime = access::TokenLifetime::DEFAULT;
        let made = self
            .catalog
            .create_authorization_token(caller, &self.domain, lifetime)
            .await;
        made.unwrap().token
    }

    /// A token of the root of another account, who may do here what policies say.
    pub(crate) async fn guests_token(&self) -> String {
        let account = AccountId::parse("999900001111").unwrap();
        self.token_of(&Caller::root(account)).await
    }

    pub(crate) async fn add_repository(&self, name: &str, upstreams: &[&str]) {
        let upstreams = upstreams.iter();
        let new = NewRepository {
            name: RepositoryName::parse(name).unwrap(),
            description: String::new(),
            upstreams: upstreams
                .map(|name| RepositoryName::parse(name).unwrap())
                .collect(),
            tags: Vec::new(),
        };
        self.catalog
            .create_repository(&self.root, &self.domain, new)
            .await
            .unwrap();
    }

    /// Sets a repository's policy: each statement is its effect, action and resource, for everyone.
    pub(crate) async fn set_policy(&self, repository: &str, statements: &[(&str, &str, &str)]) {
        let statements: Vec<Value> = statements
            .iter()
            .map(|(effect, action, resource)| {
                json!({ "Effect": effect, "Principal": "*", "Action": action, "Resource": resource })
            })
            .collect();
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: RepositoryName::parse(repository).ok(),
        };
        let document = PolicyDocument::parse(&document.to_string()).unwrap();
        self.catalog
            .put_resource_policy(&self.root, holder, &document, None)
            .await
            .unwrap();
    }

    pub(crate) async fn set_status(&self, version: &str, target: PackageVersionStatus) {
        let (repository, package) = (repository("main"), installer());
        let selection = VersionSelection {
            versions: [(VersionName::parse(version).unwrap(), None)].into(),
            expected_status: None,
        };
        let (caller, domain) = (&self.root, &self.domain);
        let outcome = match target {
            PackageVersionStatus::Disposed => {
                self.catalog
                    .dispose_package_versions(caller, domain, &repository, &package, selection)
                    .await
            }
            PackageVersionStatus::Deleted => {
                self.catalog
                    .delete_package_versions(caller, domain, &repository, &package, selection)
                    .await
            }
            target => {
                self.catalog
                    .update_package_versions_status(
                        caller,
                        domain,
                        &repository,
                        &package,
                        selection,
                        target,
                    )
                    .await
            }
        };
        assert!(outcome.unwrap().failed.is_empty());
    }

    pub(crate) async fn copy(&self, version: &str, destination: &str, allow_overwrite: bool) {
        let request = CopyRequest {
            source: repository("main"),
            destination: repository(destination),
            package: installer(),
            versions: [(VersionName::parse(version).unwrap(), None)].into(),
            allow_overwrite,
            include_from_upstream: false,
        };
        let outcome = self
            .catalog
            .copy_package_versions(&self.root, &self.domain, request)
            .await;
        assert!(outcome.unwrap().failed.is_empty());
    }

    /// The versions of `tools/installer` that a repository holds, with their statuses.
    pub(crate) async fn held(&self, name: &str) -> Vec<(String, String)> {
        let query = VersionQuery::default();
        let listed = self
            .catalog
            .list_package_versions(
                &self.domain,
                &repository(name),
                &installer(),
                query,
                None,
                PageLimit::MAX,
            )
            .await;
        let Ok((_, page)) = listed else {
            return Vec::new();
        };
        let items = page.items.into_iter();
        items
            .map(|found| (found.version.to_string(), found.status.to_string()))
            .collect()
    }

    /// How many entries the log of the domain has.
    pub(crate) async fn changes(&self) -> usize {
        let mut reader = self.store.read().await.unwrap();
        let domain = reader
            .find_domain(&self.domain.owner, &self.domain.name)
            .await
            .unwrap()
            .unwrap();
        reader
            .list_changes(domain.id, 0, 10_000)
            .await
            .unwrap()
            .len()
    }

    /// How many blobs are stored.
    pub(crate) async fn stored(&self) -> usize {
        self.blobs.list(None, 10_000).await.unwrap().len()
    }
}

pub(crate) fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).unwrap()
}

/// The package of most tests.
pub(crate) fn installer() -> PackageCoordinates {
    PackageCoordinates {
        format: formats::rules().find("generic").unwrap().id(),
        namespace: Some(Namespace::parse("tools").unwrap()),
        name: PackageName::parse("installer").unwrap(),
    }
}
