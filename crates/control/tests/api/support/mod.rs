//! A control plane of one test, with its data folder and its clock.

mod answer;
mod ask;
mod formats;
mod identities;
mod issuer;
mod seed;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blobs::{BlobSettings, Blobs};
use bytes::Bytes;
use catalog::{
    AccessKey, Caller, Catalog, ConnectionDirectory, ConnectionInfo, FormatList, NamedParty, Parts,
    Quotas, RequestPlace, Settings, Source,
};
use control::{ControlPlane, ControlSettings, EndpointType, Peer};
use futures_util::future::BoxFuture;
use model::{
    AccountId, ArnScope, Clock, DomainRef, EpochMillis, ExternalConnectionName, FormatId,
    Principal, PrincipalKind, RepositoryName,
};
use store::Store;
use tempfile::TempDir;
use upstream::{SmallDocuments, SourceConfig, SourceError, Url};

pub(crate) use answer::Answer;
pub(crate) use ask::{Ask, Signing, delete, get, post, put};
pub(crate) use formats::{GENERIC, NPM};
pub(crate) use identities::{Temporary, allows, principal, sts, trusts};
pub(crate) use issuer::{Issuer, Mood};
pub(crate) use seed::{on_package, package};

/// Where requests come from.
const PEER: [u8; 4] = [127, 0, 0, 1];
/// The account of the installation, and the one that strangers are of.
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const STRANGER: &str = "999999999999";
pub(crate) const REGION: &str = "us-west-2";
/// When everything happens: 2026-01-01T00:00:00.123Z.
pub(crate) const NOW: EpochMillis = EpochMillis(1_767_225_600_123);
/// The same as the API writes it.
pub(crate) const NOW_SECONDS: f64 = 1_767_225_600.123;

/// A clock that stands until it is moved.
pub(crate) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> EpochMillis {
        EpochMillis(self.0.load(Ordering::SeqCst))
    }
}

/// Two connections, and nothing behind them.
struct TwoConnections;

impl ConnectionDirectory for TwoConnections {
    fn find(&self, name: &ExternalConnectionName) -> Option<ConnectionInfo> {
        matches!(name.as_str(), "public:npmjs" | "company:mirror").then(|| ConnectionInfo {
            name: name.clone(),
            format: FormatId::new("npm"),
        })
    }

    fn source<'a>(
        &'a self,
        _name: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        let reason = "there is no network in tests".to_owned();
        Box::pin(async move { Err(SourceError::Unavailable { reason }) })
    }

    fn small_document<'a>(
        &'a self,
        party: &'a NamedParty,
        url: &'a Url,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        let config = SourceConfig {
            name: party.base.clone(),
            base: Url::parse(&party.base).unwrap(),
            credentials: None,
            extra_ca_pem: None,
            allow_private_network: party.allow_private_network,
        };
        Box::pin(async move {
            let documents = SmallDocuments::new("test", Arc::new(model::SystemClock)).unwrap();
            documents.fetch(config, url).await
        })
    }
}

/// What a test changes of a service before it starts.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) quotas: Quotas,
    pub(crate) dev: bool,
    pub(crate) requests_per_second: Option<u32>,
    pub(crate) connection_status_text: Option<String>,
    pub(crate) body_limit_bytes: Option<usize>,
}

/// A control plane over a catalog of its own.
pub(crate) struct Service {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) control: ControlPlane,
    pub(crate) store: Store,
    /// The root's access key.
    pub(crate) key: AccessKey,
    folder: TempDir,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// A service with the domain `acme` and the repository `team-a`.
    pub(crate) async fn with_repository() -> Self {
        let service = Self::start().await;
        service.make_domain("acme").await;
        service.make_repository("team-a").await;
        service
    }

    pub(crate) async fn start_with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(StandingClock(AtomicI64::new(NOW.0)));
        let store = Store::open_sqlite(&folder.path().join("rows.db"))
            .await
            .unwrap();
        let blobs =
            Blobs::open_disk(&folder.path().join("blobs"), BlobSettings::default()).unwrap();
        let account = AccountId::parse(ACCOUNT).unwrap();
        let settings = Settings {
            account: account.clone(),
            scope: ArnScope {
                partition: "aws".into(),
                region: REGION.into(),
            },
            quotas: setup.quotas,
            freshness_ms: 60_000,
            uses_source_freshness: false,
            whole_version_bytes: 32 << 20,
            document_cache_bytes: 1 << 20,
            source_document_limit_bytes: 1 << 20,
            redirect_lifetime: None,
            held_reads: std::time::Duration::ZERO,
            dev: setup.dev,
        };
        let catalog = Catalog::open(Parts {
            store: store.clone(),
            blobs,
            connections: Arc::new(TwoConnections),
            formats: FormatList::new(formats::FORMATS),
            clock: Arc::<StandingClock>::clone(&clock),
            settings,
        })
        .await
        .unwrap();
        let mut settings = ControlSettings::new(Arc::new(endpoint));
        settings.requests_per_second = setup.requests_per_second;
        if let Some(text) = setup.connection_status_text {
            settings.connection_status_text = text;
        }
        if let Some(limit) = setup.body_limit_bytes {
            settings.body_limit_bytes = limit;
        }
        let root = Principal::root(account);
        let operator = Caller::known(Arc::new(root.clone().into()));
        let key = catalog.create_access_key(&operator, root).await.unwrap();
        let control = ControlPlane::new(Arc::clone(&catalog), settings);
        Self {
            catalog,
            clock,
            control,
            store,
            key,
            folder,
        }
    }

    /// A key of another principal.
    pub(crate) async fn make_key(
        &self,
        account: &str,
        kind: PrincipalKind,
        name: &str,
    ) -> AccessKey {
        let account = AccountId::parse(account).unwrap();
        let principal = Principal {
            account,
            kind,
            name: name.into(),
        };
        self.catalog
            .create_access_key(&self.root(), principal)
            .await
            .unwrap()
    }

    /// A key of a user of the account who may do everything in it.
    pub(crate) async fn make_admin(&self, name: &str) -> AccessKey {
        let key = self.make_key(ACCOUNT, PrincipalKind::User, name).await;
        let policy = "arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess";
        self.catalog
            .attach_policy(&self.root(), &key.principal, policy)
            .await
            .unwrap();
        key
    }

    /// The account's root, as the command line is.
    pub(crate) fn root(&self) -> Caller {
        Caller::known(Arc::new(self.key.principal.clone().into()))
    }

    /// Sends a request signed by the root.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        self.send(ask.signed_by(&self.key, self.catalog.now()))
            .await
    }

    /// Sends a request signed by this key.
    pub(crate) async fn ask_as(&self, key: &AccessKey, ask: Ask) -> Answer {
        self.send(ask.signed_by(key, self.catalog.now())).await
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        let place = RequestPlace {
            source_ip: Some(PEER.into()),
            secure_transport: false,
        };
        self.send_from(ask, place).await
    }

    /// Sends a request as it is, from somewhere.
    pub(crate) async fn send_from(&self, ask: Ask, place: RequestPlace) -> Answer {
        let peer = Peer(SocketAddr::from((PEER, 50_000)));
        let mut request = ask.into_request();
        request.extensions_mut().insert(place);
        let response = self.control.handle(request, peer).await;
        Answer::read(response).await
    }

    pub(crate) async fn make_domain(&self, name: &str) {
        self.ask(post("/v1/domain").query("domain", name))
            .await
            .ok();
    }

    /// Makes a repository in `acme`.
    pub(crate) async fn make_repository(&self, name: &str) {
        self.ask(
            post("/v1/repository")
                .query("domain", "acme")
                .query("repository", name),
        )
        .await
        .ok();
    }

    /// The entries of `acme`'s change log: kind and detail.
    pub(crate) async fn changes(&self) -> Vec<(String, serde_json::Value)> {
        let mut reader = self.store.read().await.unwrap();
        let domain = acme();
        let domain = reader.find_domain(&domain.owner, &domain.name).await;
        let log_id = domain.unwrap().unwrap().id;
        let rows = reader.list_changes(log_id, 0, 10_000).await.unwrap();
        rows.into_iter()
            .map(|row| (row.kind, serde_json::from_str(&row.detail).unwrap()))
            .collect()
    }

    /// Sends a request whose body is not the one in the `Ask`.
    pub(crate) async fn send_with(&self, ask: Ask, body: control::Body) -> Answer {
        let peer = Peer(SocketAddr::from((PEER, 50_000)));
        let request = ask.into_request().map(|_| body);
        let response = self.control.handle(request, peer).await;
        Answer::read(response).await
    }

    /// How many files with bytes lie in the data folder, staged or committed.
    pub(crate) fn blob_files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).unwrap();
            entries
                .map(|entry| entry.unwrap())
                .map(|entry| match entry.file_type().unwrap().is_dir() {
                    true => count(&entry.path()),
                    false => 1,
                })
                .sum()
        }
        count(&self.folder.path().join("blobs"))
    }

    /// Makes a repository in `acme` that has these upstreams.
    pub(crate) async fn make_downstream(&self, name: &str, upstreams: &[&str]) {
        let upstreams: Vec<_> = upstreams
            .iter()
            .map(|name| serde_json::json!({ "repositoryName": name }))
            .collect();
        self.ask(
            post("/v1/repository")
                .query("domain", "acme")
                .query("repository", name)
                .json(&serde_json::json!({ "upstreams": upstreams })),
        )
        .await
        .ok();
    }

    /// How many entries all change logs have.
    pub(crate) async fn change_count(&self) -> usize {
        let mut reader = self.store.read().await.unwrap();
        let mut count = 0;
        for log_id in 0..50 {
            count += reader.list_changes(log_id, 0, 10_000).await.unwrap().len();
        }
        count
    }
}

fn endpoint(
    domain: &DomainRef,
    repository: &RepositoryName,
    format: FormatId,
    kind: EndpointType,
) -> String {
    let DomainRef { owner, name } = domain;
    format!(
        "http://{name}-{owner}.{}.packages.example/{format}/{repository}",
        kind.as_str()
    )
}

/// `acme`, of the installation's account.
pub(crate) fn acme() -> DomainRef {
    DomainRef {
        owner: AccountId::parse(ACCOUNT).unwrap(),
        name: model::DomainName::parse("acme").unwrap(),
    }
}
