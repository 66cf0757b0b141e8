//! A catalog with rows, bytes and fake sources, and what tests ask of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blobs::{BlobSettings, Blobs};
use bytes::Bytes;
use catalog::{
    AssetAddition, Caller, Catalog, ConnectionDirectory, ConnectionInfo, Encoding, Grant,
    NewDomain, NewRepository, PackageView, Parts, Quotas, Settings, VersionSelection,
};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use model::{
    AccountId, Action, ArnScope, AssetName, Clock, DomainName, DomainRef, EpochMillis, ErrorKind,
    ExternalConnectionName, FormatId, Namespace, OriginRestriction, OriginRestrictions,
    PackageCoordinates, PackageName, PackageVersionStatus, PageLimit, RepositoryName, VersionName,
};
use serde_json::{Value, json};
use store::Store;
use upstream::{Limits, Source, SourceConfig, SourceError, Upstream};

use crate::fake_source::FakeSource;
use crate::formats::{FORMATS, LISTED, LOOSE};

pub(crate) const FRESHNESS_MS: i64 = 60_000;
pub(crate) const START_MS: i64 = 1_700_000_000_000;
/// What the rest of a version may have.
pub(crate) const WHOLE_BYTES: u64 = 1000;

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

struct Connections(HashMap<&'static str, (FormatId, Source)>);

impl ConnectionDirectory for Connections {
    fn find(&self, name: &ExternalConnectionName) -> Option<ConnectionInfo> {
        let (format, _) = self.0.get(name.as_str())?;
        Some(ConnectionInfo {
            name: name.clone(),
            format: *format,
        })
    }

    fn source<'a>(
        &'a self,
        name: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        async { Ok(self.0[name.as_str()].1.clone()) }.boxed()
    }
}

pub(crate) struct House {
    pub(crate) catalog: Arc<Catalog>,
    /// Behind `public:listed`.
    pub(crate) listed: FakeSource,
    /// Behind `public:loose`.
    pub(crate) loose: FakeSource,
    /// Behind `public:looser`, of the same format.
    pub(crate) looser: FakeSource,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Store,
    blobs: Blobs,
    domain: DomainRef,
    root: Caller,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(START_MS)));
        let rows = folder.path().join("rows.sqlite");
        let store = Store::open_sqlite(&rows).await.unwrap();
        let blobs = folder.path().join("blobs");
        let blobs = Blobs::open_disk(&blobs, BlobSettings::default()).unwrap();
        let limits = Limits {
            header_timeout_ms: 5_000,
            idle_timeout_ms: 60_000,
            breaker_failures: 1_000,
            ..Limits::default()
        };
        let now = Arc::clone(&clock) as Arc<dyn Clock>;
        let upstream = Upstream::new(limits, "house", now).unwrap();
        let [listed, loose, looser] = [
            FakeSource::start().await,
            FakeSource::start().await,
            FakeSource::start().await,
        ];
        let mut connections = HashMap::new();
        for (name, format, fake) in [
            ("public:listed", LISTED, &listed),
            ("public:loose", LOOSE, &loose),
            ("public:looser", LOOSE, &looser),
        ] {
            let config = SourceConfig {
                name: name.to_owned(),
                base: fake.base().clone(),
                credentials: None,
                extra_ca_pem: None,
                allow_private_network: true,
            };
            connections.insert(name, (format, upstream.source(config).unwrap()));
        }
        let owner = AccountId::parse("111122223333").unwrap();
        let mut settings = Settings {
            account: owner.clone(),
            scope: ArnScope {
                partition: "aws".into(),
                region: "us-west-2".into(),
            },
            quotas: Quotas::default(),
            freshness_ms: FRESHNESS_MS,
            uses_source_freshness: false,
            whole_version_bytes: WHOLE_BYTES,
            document_cache_bytes: 1 << 20,
            source_document_limit_bytes: 1 << 20,
            redirect_lifetime: None,
            held_reads: std::time::Duration::ZERO,
            dev: false,
        };
        adjust(&mut settings);
        let parts = Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            connections: Arc::new(Connections(connections)),
            formats: FORMATS,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings,
        };
        let catalog = Catalog::open(parts).await.unwrap();
        let root = Caller::root(owner.clone());
        let name = DomainName::parse("acme").unwrap();
        let new = NewDomain {
            name: name.clone(),
            encryption_key: None,
            tags: Vec::new(),
        };
        catalog.create_domain(&root, new).await.unwrap();
        Self {
            catalog,
            listed,
            loose,
            looser,
            clock,
            store,
            blobs,
            domain: DomainRef { owner, name },
            root,
            _folder: folder,
        }
    }

    /// `home`, above it `store` with this connection.
    pub(crate) async fn connected(connection: &str) -> Self {
        let house = Self::open().await;
        house.connect("store", connection).await;
        house.add_repository("home", &["store"]).await;
        house
    }

    pub(crate) async fn add_repository(&self, name: &str, upstreams: &[&str]) {
        let upstreams = upstreams.iter().map(|name| repository(name)).collect();
        let new = NewRepository {
            name: repository(name),
            description: String::new(),
            upstreams,
            tags: Vec::new(),
        };
        let made = self
            .catalog
            .create_repository(&self.root, &self.domain, new);
        made.await.unwrap();
    }

    /// Makes a repository with a connection.
    pub(crate) async fn connect(&self, name: &str, connection: &str) {
        self.add_repository(name, &[]).await;
        let (name, connection) = (repository(name), ExternalConnectionName::parse(connection));
        let connection = connection.unwrap();
        let (catalog, domain) = (&self.catalog, &self.domain);
        let made = catalog.associate_external_connection(&self.root, domain, &name, &connection);
        made.await.unwrap();
    }

    pub(crate) const fn root(&self) -> &Caller {
        &self.root
    }

    pub(crate) const fn domain(&self) -> &DomainRef {
        &self.domain
    }

    pub(crate) async fn grant(&self, repository_name: &str) -> Grant {
        let (caller, read) = (self.root.clone(), Action::READ_FROM_REPOSITORY);
        let home = repository(repository_name);
        let granted = self.catalog.grant(caller, read, &self.domain, &home, None);
        granted.await.unwrap()
    }

    /// Downloads an asset to its end.
    pub(crate) async fn get(&self, from: &str, place: Place<'_>) -> Result<Bytes, Fault> {
        let (package, version, asset) = place.parsed();
        let grant = self.grant(from).await;
        let asked = self
            .catalog
            .asset(&grant, &package, &version, &asset, false);
        let answer = asked.await.map_err(|error| Fault::Refused(error.kind))?;
        let body = answer.body.into_body(None).collect().await;
        body.map(http_body_util::Collected::to_bytes)
            .map_err(|_| Fault::Cut)
    }

    /// As HEAD asks: the size, if it is known.
    pub(crate) async fn head(&self, from: &str, place: Place<'_>) -> Result<Option<u64>, Fault> {
        let (package, version, asset) = place.parsed();
        let grant = self.grant(from).await;
        let asked = self.catalog.asset(&grant, &package, &version, &asset, true);
        let answer = asked.await.map_err(|error| Fault::Refused(error.kind))?;
        Ok(answer.body.size_bytes())
    }

    pub(crate) async fn companion(&self, from: &str, place: Place<'_>) -> Result<Bytes, Fault> {
        let (package, version, asset) = place.parsed();
        let grant = self.grant(from).await;
        let asked = self.catalog.companion(&grant, &package, &version, &asset);
        asked.await.map_err(|error| Fault::Refused(error.kind))
    }

    /// Publishes an asset into a repository.
    pub(crate) async fn publish(&self, to: &str, place: Place<'_>, bytes: &str) {
        let (package, version, asset) = place.parsed();
        let mut stage = self.catalog.stage().await.unwrap();
        stage.write(Bytes::from(bytes.to_owned())).await.unwrap();
        let addition = AssetAddition {
            package,
            version,
            asset,
            staged: stage.finish().await.unwrap(),
            metadata: None,
            is_finished: true,
        };
        let grant = self.grant(to).await;
        self.catalog.add_asset(&grant, addition).await.unwrap();
    }

    pub(crate) async fn set_status(
        &self,
        of: &str,
        place: Place<'_>,
        status: PackageVersionStatus,
    ) {
        let (package, version, _) = place.parsed();
        let selection = VersionSelection {
            versions: [(version, None)].into(),
            expected_status: None,
        };
        let (root, domain, of) = (&self.root, &self.domain, repository(of));
        let catalog = &self.catalog;
        let set = catalog
            .update_package_versions_status(root, domain, &of, &package, selection, status)
            .await;
        assert!(set.unwrap().failed.is_empty());
    }

    pub(crate) async fn set_upstream(
        &self,
        of: &str,
        package: &PackageCoordinates,
        upstream: OriginRestriction,
    ) {
        let restrictions = OriginRestrictions {
            publish: OriginRestriction::Allow,
            upstream,
        };
        let (root, domain, of) = (&self.root, &self.domain, repository(of));
        let catalog = &self.catalog;
        let set = catalog.put_package_origin(root, domain, &of, package, restrictions);
        set.await.unwrap();
    }

    /// What a repository itself holds of a version: revision, and names of assets. Empty if nothing.
    pub(crate) async fn held(&self, of: &str, place: Place<'_>) -> (String, Vec<String>) {
        let (package, version, _) = place.parsed();
        let (domain, of, limit) = (&self.domain, repository(of), PageLimit::MAX);
        let catalog = &self.catalog;
        let listed = catalog
            .list_package_version_assets(domain, &of, &package, &version, None, limit)
            .await;
        let Ok(listed) = listed else {
            return (String::new(), Vec::new());
        };
        let names = listed.content.items.iter();
        let names = names.map(|asset| asset.name.to_string());
        (listed.revision, names.collect())
    }

    pub(crate) async fn held_assets(&self, of: &str, place: Place<'_>) -> Vec<String> {
        self.held(of, place).await.1
    }

    /// The metadata that a repository itself holds of a version; null if nothing.
    pub(crate) async fn metadata(&self, of: &str, place: Place<'_>) -> Value {
        let (package, version, _) = place.parsed();
        let grant = self.grant(of).await;
        let catalog = &self.catalog;
        let held = catalog.held_version_metadata(&grant, &package, &version);
        let held = held.await.unwrap();
        held.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    /// A package as clients of a repository see it: of each version its assets, its metadata, and what is followed.
    pub(crate) async fn shown(&self, from: &str, package: &PackageCoordinates) -> Value {
        let grant = self.grant(from).await;
        let (base, encoding) = (Arc::from("http://here.example"), Encoding::Identity);
        let catalog = &self.catalog;
        let made = catalog.document(&grant, package, 0, &base, encoding, render);
        let (document, _) = made.await.unwrap();
        serde_json::from_slice(&document.bytes).unwrap()
    }

    /// Every event so far: `repository version operation +assets metadata`.
    pub(crate) async fn events(&self) -> Vec<String> {
        let mut reader = self.store.read().await.unwrap();
        let (owner, name) = (&self.domain.owner, &self.domain.name);
        let domain = reader.find_domain(owner, name).await.unwrap().unwrap();
        let changes = reader.list_changes(domain.id, 0, 1000).await.unwrap();
        let events = changes.into_iter().filter_map(|row| {
            let detail: Value = serde_json::from_str(&row.detail).unwrap();
            let event = detail.get("event")?;
            Some(format!(
                "{} {} {} +{} {}",
                row.repository.unwrap(),
                row.version.unwrap(),
                event["operationType"].as_str().unwrap(),
                event["assetsAdded"],
                event["metadataUpdated"],
            ))
        });
        events.collect()
    }

    /// How many blobs there are.
    pub(crate) async fn blob_count(&self) -> usize {
        self.blobs.list(None, 10_000).await.unwrap().len()
    }

    pub(crate) async fn package_exists(&self, of: &str, package: &PackageCoordinates) -> bool {
        let mut reader = self.store.read().await.unwrap();
        let (owner, name) = (&self.domain.owner, &self.domain.name);
        let domain = reader.find_domain(owner, name).await.unwrap().unwrap();
        let of = reader.find_repository(domain.id, &repository(of)).await;
        let id = of.unwrap().unwrap().id;
        reader.find_package(id, package).await.unwrap().is_some()
    }
}

fn render(view: &PackageView, _: &str, _: u8) -> model::Result<Bytes> {
    let versions = view.versions.iter().map(|version| {
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let names = version.assets.iter().map(|asset| asset.name.as_str());
        let shown = json!({
            "assets": names.collect::<Vec<_>>(),
            "metadata": read(version.metadata.as_bytes()),
            "followed": version.followed.as_deref().map(read),
        });
        (version.version.to_string(), shown)
    });
    let shown: serde_json::Map<_, _> = versions.collect();
    Ok(Bytes::from(Value::Object(shown).to_string()))
}

/// Why an asset did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Refused(ErrorKind),
    /// It began and did not end.
    Cut,
}

pub(crate) const NOT_FOUND: Fault = Fault::Refused(ErrorKind::NotFound);
pub(crate) const UNAVAILABLE: Fault = Fault::Refused(ErrorKind::UpstreamUnavailable);

/// An asset: package, version and name.
pub(crate) type Place<'a> = (&'a PackageCoordinates, &'a str, &'a str);

pub(crate) trait Parsed {
    fn parsed(&self) -> (PackageCoordinates, VersionName, AssetName);
}

impl Parsed for Place<'_> {
    fn parsed(&self) -> (PackageCoordinates, VersionName, AssetName) {
        (
            self.0.clone(),
            VersionName::parse(self.1).unwrap(),
            AssetName::parse(self.2).unwrap(),
        )
    }
}

fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).unwrap()
}

/// A package of the listed format.
pub(crate) fn listed(name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format: LISTED,
        namespace: None,
        name: PackageName::parse(name).unwrap(),
    }
}

/// A package of the loose format.
pub(crate) fn loose(namespace: &str, name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format: LOOSE,
        namespace: Some(Namespace::parse(namespace).unwrap()),
        name: PackageName::parse(name).unwrap(),
    }
}
