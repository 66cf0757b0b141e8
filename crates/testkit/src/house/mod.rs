//! The rules and the package endpoints over real rows and real bytes, in a folder of the test's own, without listeners.
//!
//! What a test needs of a format, its fake source above all, it brings along: the house knows no format. A clock that
//! stands still tells the time. On which database and which place of bytes it stands is said by the run ([`Storage`]).

mod client;
mod groups;
mod guests;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use blobs::Blobs;
use catalog::{
    Caller, Catalog, ConnectionDirectory, ConnectionInfo, NewDomain, NewRepository, Parts, Quotas,
    RepositoryChanges, Settings,
};
use formats::{EndpointForm, PackageEndpoints, PackageLimits, PublicAddresses};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::{
    AccountId, ArnScope, Clock, DomainName, DomainRef, EpochMillis, ExternalConnectionName,
    Principal, PrincipalKind, RepositoryName, TaggableResource,
};
use sha2::{Digest as _, Sha256};
use store::Store;
use upstream::{Limits, Source, SourceConfig, SourceError, Upstream};
use url::Url;

use crate::postgres::Database;
use crate::storage::{Rows, Storage, open_postgres};

pub use client::{Answer, Client, empty, fetch, follow, full, piecemeal, pieces, send};

/// The account of every house.
pub const OWNER: &str = "111122223333";
/// How old a source's document may be before it is asked for again.
pub const FRESHNESS_MS: i64 = 60_000;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// Moves it on.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> EpochMillis {
        EpochMillis(self.0.load(Ordering::SeqCst))
    }
}

/// An external connection and where it leads.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name, e.g. `public:npmjs`.
    pub name: &'static str,
    /// The format of its packages.
    pub format: &'static str,
    /// The address of the source.
    pub url: String,
}

struct Connections(BTreeMap<&'static str, (model::FormatId, Source)>);

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
        let (_, source) = &self.0[name.as_str()];
        async { Ok(source.clone()) }.boxed()
    }
}

/// Settings that a test may want otherwise.
#[derive(Debug)]
pub struct Plan {
    /// The limits of package requests.
    pub limits: PackageLimits,
    /// The limits of what sources send.
    pub source_limits: Limits,
    /// Whether errors tell what only a developer may know.
    pub dev: bool,
    /// How much there may be of everything.
    pub quotas: Quotas,
    /// For how long an address is good to which downloads are redirected; none where none are.
    pub redirect_lifetime: Option<Duration>,
    /// For how long what is held is shown while the database is away.
    pub held_reads: Duration,
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
            quotas: Quotas {
                asset_size_bytes: 8 << 20,
                ..Quotas::default()
            },
            redirect_lifetime: None,
            held_reads: Duration::ZERO,
        }
    }
}

/// A running house, with one domain.
#[expect(missing_debug_implementations, reason = "holds the catalog")]
pub struct House {
    /// The rules.
    pub catalog: Arc<Catalog>,
    /// The package endpoints.
    pub endpoints: Arc<PackageEndpoints>,
    /// The time.
    pub clock: Arc<TestClock>,
    /// The rows.
    pub store: Store,
    /// The domain.
    pub domain: DomainRef,
    /// The root of the account, as the API knows it.
    pub root: Caller,
    /// A token of the root.
    pub token: String,
    blobs: Blobs,
    /// The database that it shares with its neighbours, if it has any.
    database: Option<Arc<Database>>,
    _folder: Arc<tempfile::TempDir>,
}

impl House {
    /// Opens a house with these connections.
    pub async fn open(plan: Plan, connections: &[Connection]) -> Self {
        Self::open_on(Storage::of_this_run(), plan, connections).await
    }

    /// Opens a house whose rows are in a PostgreSQL database whatever the run says, so that it can have neighbours.
    pub async fn open_on_postgres(plan: Plan, connections: &[Connection]) -> Self {
        let storage = Storage {
            rows: Rows::Postgres,
            ..Storage::of_this_run()
        };
        Self::open_on(storage, plan, connections).await
    }

    /// Opens a house on a combination of the test's own choice.
    pub async fn open_on(storage: Storage, plan: Plan, connections: &[Connection]) -> Self {
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let blobs = storage.new_blobs(folder.path()).await;
        Self::found(plan, connections, storage, blobs, folder).await
    }

    /// Opens a house over bytes that the test keeps, with a database of this kind.
    pub async fn open_over(
        plan: Plan,
        connections: &[Connection],
        rows: Rows,
        blobs: Blobs,
    ) -> Self {
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let storage = Storage {
            rows,
            ..Storage::of_this_run()
        };
        Self::found(plan, connections, storage, blobs, folder).await
    }

    async fn found(
        plan: Plan,
        connections: &[Connection],
        storage: Storage,
        blobs: Blobs,
        folder: tempfile::TempDir,
    ) -> Self {
        let (store, database) = storage.new_rows(folder.path()).await;
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000)));
        let around = (clock, Arc::new(folder));
        let mut house = Self::over(plan, connections, (store, blobs), around).await;
        house.database = database;
        let new = NewDomain {
            name: house.domain.name.clone(),
            encryption_key: None,
            tags: Vec::new(),
        };
        let made = house.catalog.create_domain(&house.root, new).await;
        made.expect("there is no domain yet");
        house.token = house.token_of(&house.root).await;
        house
    }

    /// Opens another node over the same rows and bytes: nothing in memory is common to both but the clock and what lies
    /// ready of the bytes.
    pub async fn neighbour(&self, plan: Plan, connections: &[Connection]) -> Self {
        let store = open_postgres(self.database()).await;
        self.neighbour_over(store, plan, connections).await
    }

    /// The same over a way of its own to the rows.
    pub async fn neighbour_over(
        &self,
        store: Store,
        plan: Plan,
        connections: &[Connection],
    ) -> Self {
        let mut house = Self::over(
            plan,
            connections,
            (store, self.blobs.clone()),
            (Arc::clone(&self.clock), Arc::clone(&self._folder)),
        )
        .await;
        house.database.clone_from(&self.database);
        house.token.clone_from(&self.token);
        house
    }

    /// Runs a statement in the house's PostgreSQL, past the house; what it tells.
    pub fn psql(&self, statement: &str) -> String {
        self.database().psql(statement)
    }

    /// The house's database.
    ///
    /// # Panics
    /// The house is not on PostgreSQL.
    #[must_use]
    pub fn database(&self) -> &Database {
        let database = self.database.as_deref();
        database.expect("the house is on PostgreSQL")
    }

    async fn over(
        plan: Plan,
        connections: &[Connection],
        (store, blobs): (Store, Blobs),
        (clock, folder): (Arc<TestClock>, Arc<tempfile::TempDir>),
    ) -> Self {
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let upstream = Upstream::new(plan.source_limits.clone(), "house", Arc::clone(&time))
            .expect("the limits are in order");
        let owner = AccountId::parse(OWNER).expect("twelve digits");
        let parts = Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            connections: Arc::new(directory(&upstream, connections)),
            formats: formats::rules(),
            clock: time,
            settings: settings(&owner, &plan),
        };
        let catalog = Catalog::open(parts)
            .await
            .expect("rows and bytes can be used");
        let domain = DomainRef {
            owner: owner.clone(),
            name: DomainName::parse("acme").expect("a domain's name"),
        };
        let addresses = PublicAddresses {
            public_url: Url::parse("http://packages.example").expect("an address"),
            allowed_hosts: vec!["localhost:8740".into()],
            host_base: Some("d.packages.example".into()),
            endpoint_form: EndpointForm::Path,
        };
        let endpoints = PackageEndpoints::new(Arc::clone(&catalog), addresses, plan.limits);
        Self {
            catalog,
            endpoints: Arc::new(endpoints),
            clock,
            store,
            domain,
            root: Caller::root(owner),
            token: String::new(),
            blobs,
            database: None,
            _folder: folder,
        }
    }

    /// A token of a principal.
    pub async fn token_of(&self, caller: &Caller) -> String {
        let lifetime = access::TokenLifetime::DEFAULT;
        let made = self
            .catalog
            .create_authorization_token(caller, &self.domain, lifetime)
            .await;
        made.expect("the domain exists").token
    }

    /// A token of a principal of another account, who may do nothing here.
    pub async fn strangers_token(&self) -> String {
        let principal = Principal {
            account: AccountId::parse("999900001111").expect("twelve digits"),
            kind: PrincipalKind::User,
            name: "mallory".into(),
        };
        self.token_of(&Caller::known(Arc::new(principal.into())))
            .await
    }

    /// Makes a repository.
    pub async fn add_repository(&self, name: &str, upstreams: &[&str]) {
        let new = NewRepository {
            name: repository(name),
            description: String::new(),
            upstreams: upstreams.iter().map(|name| repository(name)).collect(),
            tags: Vec::new(),
        };
        let made = self
            .catalog
            .create_repository(&self.root, &self.domain, new);
        made.await.expect("the repository is new");
    }

    /// Makes a repository that is connected to a source.
    pub async fn add_connected(&self, name: &str, connection: &str) {
        self.add_repository(name, &[]).await;
        let connection = ExternalConnectionName::parse(connection).expect("a connection's name");
        let name = repository(name);
        let made = self.catalog.associate_external_connection(
            &self.root,
            &self.domain,
            &name,
            &connection,
        );
        made.await.expect("the house has this connection");
    }

    /// Takes a repository's connection away.
    pub async fn disconnect(&self, name: &str, connection: &str) {
        let connection = ExternalConnectionName::parse(connection).expect("a connection's name");
        let name = repository(name);
        let gone = self.catalog.disassociate_external_connection(
            &self.root,
            &self.domain,
            &name,
            &connection,
        );
        gone.await.expect("the repository has this connection");
    }

    /// Puts a tag on a repository.
    pub async fn tag_repository(&self, name: &str, key: &str, value: &str) {
        let resource = TaggableResource::Repository(self.domain.clone(), repository(name));
        let tags = vec![(key.to_owned(), value.to_owned())];
        let tagged = self.catalog.tag_resource(&self.root, &resource, tags).await;
        tagged.expect("the repository exists");
    }

    /// Puts other repositories above one.
    pub async fn set_upstreams(&self, name: &str, upstreams: &[&str]) {
        let changes = RepositoryChanges {
            upstreams: Some(upstreams.iter().map(|name| repository(name)).collect()),
            ..RepositoryChanges::default()
        };
        let name = repository(name);
        let made = self
            .catalog
            .update_repository(&self.root, &self.domain, &name, changes);
        made.await.expect("the repositories exist");
    }

    /// The digests of all stored blobs, in order.
    pub async fn stored(&self) -> Vec<String> {
        let blobs = self.blobs.list(None, 10_000).await;
        let blobs = blobs.expect("the folder can be read");
        blobs.into_iter().map(|blob| blob.digest.to_hex()).collect()
    }
}

fn settings(account: &AccountId, plan: &Plan) -> Settings {
    Settings {
        account: account.clone(),
        scope: ArnScope {
            partition: "aws".into(),
            region: "us-west-2".into(),
        },
        quotas: plan.quotas.clone(),
        freshness_ms: FRESHNESS_MS,
        uses_source_freshness: false,
        whole_version_bytes: 32 << 20,
        document_cache_bytes: 16 << 20,
        source_document_limit_bytes: 8 << 20,
        redirect_lifetime: plan.redirect_lifetime,
        held_reads: plan.held_reads,
        dev: plan.dev,
    }
}

fn directory(upstream: &Upstream, connections: &[Connection]) -> Connections {
    let sources = connections.iter().map(|connection| {
        let config = SourceConfig {
            name: connection.name.to_owned(),
            base: Url::parse(&connection.url).expect("a fake source has an address"),
            credentials: None,
            extra_ca_pem: None,
            allow_private_network: true,
        };
        let format = formats::rules()
            .find(connection.format)
            .expect("a format of this program");
        let source = upstream.source(config).expect("the settings are in order");
        (connection.name, (format.id(), source))
    });
    Connections(sources.collect())
}

/// A repository's name.
#[must_use]
pub fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).expect("tests use good names for repositories")
}

/// Digests as the store names blobs, in order.
pub fn digests<'b>(contents: impl IntoIterator<Item = &'b [u8]>) -> Vec<String> {
    let mut digests: Vec<String> = contents
        .into_iter()
        .map(|bytes| hex::encode(Sha256::digest(bytes)))
        .collect();
    digests.sort();
    digests
}
