//! A whole server without its listeners: rows, bytes, rules, package endpoints, and a source to pull from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blobs::{BlobSettings, Blobs};
use catalog::{
    Caller, Catalog, ConnectionDirectory, ConnectionInfo, NewDomain, NewRepository, Parts, Quotas,
    Rates, Settings, VersionQuery,
};
use formats::{EndpointForm, PackageEndpoints, PackageLimits, PublicAddresses};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::{
    AccountId, ArnScope, Clock, DomainName, DomainRef, EpochMillis, ExternalConnectionName,
    Namespace, Origin, PackageCoordinates, PackageName, PageLimit, Principal, PrincipalKind,
    RepositoryName,
};
use sha2::{Digest as _, Sha256};
use store::Store;
use testkit::fake_npm::FakeNpm;
use upstream::{Limits, Source, SourceConfig, SourceError, Upstream};
use url::Url;

pub(crate) const OWNER: &str = "111122223333";
pub(crate) const CONNECTION: &str = "public:npmjs";
/// How old a source's document may be before it is asked for again.
pub(crate) const FRESHNESS_MS: i64 = 60_000;

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

/// The one connection, which points to the fake registry.
struct Connections(Source);

impl ConnectionDirectory for Connections {
    fn find(&self, name: &ExternalConnectionName) -> Option<ConnectionInfo> {
        let format = formats::rules().find("npm").unwrap().id();
        (name.as_str() == CONNECTION).then(|| ConnectionInfo {
            name: name.clone(),
            format,
        })
    }

    fn source<'a>(
        &'a self,
        _: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        async { Ok(self.0.clone()) }.boxed()
    }
}

/// Settings that a test may want otherwise.
pub(crate) struct Plan {
    pub(crate) limits: PackageLimits,
    pub(crate) source_limits: Limits,
    pub(crate) dev: bool,
    pub(crate) rates: Rates,
}

impl Default for Plan {
    fn default() -> Self {
        let source_limits = Limits {
            header_timeout_ms: 2_000,
            idle_timeout_ms: 1_000,
            total_document_timeout_ms: 4_000,
            document_limit_bytes: 4 << 20,
            asset_limit_bytes: 4 << 20,
            // Misbehaviour is what these tests are about; one must not end the next.
            breaker_failures: 1_000,
            ..Limits::default()
        };
        Self {
            limits: PackageLimits::default(),
            source_limits,
            dev: false,
            rates: Rates::default(),
        }
    }
}

pub(crate) struct House {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) endpoints: Arc<PackageEndpoints>,
    pub(crate) source: FakeNpm,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Store,
    pub(crate) domain: DomainRef,
    pub(crate) token: String,
    blobs: Blobs,
    pub(crate) root: Caller,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    pub(crate) async fn with(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = FakeNpm::start().await;
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000)));
        let store = Store::open_sqlite(&folder.path().join("rows.sqlite"))
            .await
            .unwrap();
        let blobs =
            Blobs::open_disk(&folder.path().join("blobs"), BlobSettings::default()).unwrap();
        let upstream = Upstream::new(
            plan.source_limits,
            "house",
            Arc::clone(&clock) as Arc<dyn Clock>,
        )
        .unwrap();
        let config = SourceConfig {
            name: CONNECTION.to_owned(),
            base: Url::parse(source.base_url()).unwrap(),
            credentials: None,
            extra_ca_pem: None,
            allow_private_network: true,
        };
        let owner = AccountId::parse(OWNER).unwrap();
        let parts = Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            connections: Arc::new(Connections(upstream.source(config).unwrap())),
            formats: formats::rules(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings: Settings {
                account: owner.clone(),
                scope: ArnScope {
                    partition: "aws".into(),
                    region: "us-west-2".into(),
                },
                quotas: Quotas {
                    asset_size_bytes: 8 << 20,
                    rates: plan.rates,
                    ..Quotas::default()
                },
                freshness_ms: FRESHNESS_MS,
                uses_source_freshness: false,
                whole_version_bytes: 32 << 20,
                document_cache_bytes: 16 << 20,
                source_document_limit_bytes: 8 << 20,
                dev: plan.dev,
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
            allowed_hosts: vec!["localhost:8740".into()],
            host_base: Some("d.packages.example".into()),
            endpoint_form: EndpointForm::Path,
        };
        let endpoints = Arc::new(PackageEndpoints::new(
            Arc::clone(&catalog),
            addresses,
            plan.limits,
        ));
        let mut house = Self {
            catalog,
            endpoints,
            source,
            clock,
            store,
            domain,
            token: String::new(),
            blobs,
            root,
            _folder: folder,
        };
        house.token = house.token_of(&house.root).await;
        house
    }

    /// A house with one repository that is connected to the source.
    pub(crate) async fn connected() -> Self {
        let house = Self::open().await;
        house.add_connected("main").await;
        house
    }

    /// A house with one repository that is connected to nothing.
    pub(crate) async fn private() -> Self {
        let house = Self::open().await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) async fn token_of(&self, caller: &Caller) -> String {
        let lifetime = access::TokenLifetime::DEFAULT;
        self.catalog
            .create_authorization_token(caller, &self.domain, lifetime)
            .await
            .unwrap()
            .token
    }

    /// A token of a principal of another account, who may do nothing here.
    pub(crate) async fn strangers_token(&self) -> String {
        let account = AccountId::parse("999900001111").unwrap();
        let principal = Principal {
            account,
            kind: PrincipalKind::User,
            name: "mallory".into(),
        };
        self.token_of(&Caller::known(Arc::new(principal.into())))
            .await
    }

    pub(crate) async fn add_repository(&self, name: &str, upstreams: &[&str]) {
        let new = NewRepository {
            name: RepositoryName::parse(name).unwrap(),
            description: String::new(),
            upstreams: upstreams
                .iter()
                .map(|name| RepositoryName::parse(name).unwrap())
                .collect(),
            tags: Vec::new(),
        };
        self.catalog
            .create_repository(&self.root, &self.domain, new)
            .await
            .unwrap();
    }

    pub(crate) async fn add_connected(&self, name: &str) {
        self.add_repository(name, &[]).await;
        let (name, connection) = (
            RepositoryName::parse(name).unwrap(),
            ExternalConnectionName::parse(CONNECTION).unwrap(),
        );
        self.catalog
            .associate_external_connection(&self.root, &self.domain, &name, &connection)
            .await
            .unwrap();
    }

    /// The account's root, as the API knows it.
    pub(crate) const fn root(&self) -> &Caller {
        &self.root
    }

    /// The versions that a repository itself holds of a package, each with where it came from.
    pub(crate) async fn held(&self, repository: &str, package: &str) -> BTreeMap<String, String> {
        let repository = RepositoryName::parse(repository).unwrap();
        let listed = self
            .catalog
            .list_package_versions(
                &self.domain,
                &repository,
                &coordinates(package),
                VersionQuery::default(),
                None,
                PageLimit::MAX,
            )
            .await;
        let Ok((_, page)) = listed else {
            return BTreeMap::new();
        };
        let origin = |origin: Origin| match origin {
            Origin::Internal(repository) => repository.to_string(),
            Origin::External(connection) => connection.to_string(),
            Origin::Unknown => "unknown".to_owned(),
        };
        page.items
            .into_iter()
            .map(|found| (found.version.to_string(), origin(found.origin)))
            .collect()
    }

    /// Waits until a repository holds these versions: what is pulled through is noted behind the answer.
    pub(crate) async fn wait_until_held(&self, repository: &str, package: &str, versions: &[&str]) {
        for _ in 0..500 {
            let held = self.held(repository, package).await;
            if held.keys().map(String::as_str).eq(versions.iter().copied()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!(
            "{repository} holds {:?} of {package}",
            self.held(repository, package).await
        );
    }

    /// The digests of all stored blobs, in order.
    pub(crate) async fn stored(&self) -> Vec<String> {
        let blobs = self.blobs.list(None, 10_000).await.unwrap();
        blobs.into_iter().map(|blob| blob.digest.to_hex()).collect()
    }

    /// The bytes of the source's full document of a package, as it serves them.
    pub(crate) async fn source_document(&self, package: &str) -> Vec<u8> {
        let address = self
            .source
            .base_url()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let path = package.replace('/', "%2F");
        crate::wire::fetch(&address, &format!("/{path}"), "application/json").await
    }
}

/// The coordinates of `name` or `@scope/name`.
pub(crate) fn coordinates(package: &str) -> PackageCoordinates {
    let format = formats::rules().find("npm").unwrap().id();
    let (namespace, name) = match package
        .strip_prefix('@')
        .and_then(|scoped| scoped.split_once('/'))
    {
        Some((scope, name)) => (Some(Namespace::parse(scope).unwrap()), name),
        None => (None, package),
    };
    PackageCoordinates {
        format,
        namespace,
        name: PackageName::parse(name).unwrap(),
    }
}

/// Digests as the store names blobs, in order.
pub(crate) fn digests<'b>(contents: impl IntoIterator<Item = &'b [u8]>) -> Vec<String> {
    let mut digests: Vec<String> = contents
        .into_iter()
        .map(|bytes| hex::encode(Sha256::digest(bytes)))
        .collect();
    digests.sort();
    digests
}
