//! The real server in this process: its own data folder, a port of its own, and clients that can say anything to it.
//!
//! What the binary does at start is done here, except for what belongs to a process: signals, the log, the profile. Rows
//! and files can be looked at beside the running server, as an operator could. On which database and which place of bytes
//! it stands is said by the run ([`Storage`]).

mod evidence;
mod exchange;
mod log;
mod signed;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::server::aws_profile::AccessKey;
use ::server::config::{
    BlobsConfig, BlobsCredentials, BlobsKind, Config, ConnectionConfig, Secret,
};
use ::server::connection_address::{ConnectionAddresses, public_connections};
use ::server::iam::{AttachedPolicyVerb, PolicyArn, UserName, Verb};
use ::server::metrics::Metrics;
use ::server::running::{Server, Sockets};
use ::server::wiring::{self, Opened, Opening};
use blobs::{S3Credentials, S3Settings};
use store::Store;
use tokio::sync::OnceCell;

use crate::fake_npm::FakeNpm;
use crate::storage::{CONNECTIONS, Ground, Storage};

pub use exchange::{Answer, Ask};
pub use log::Captured;
pub use signed::ApiCall;

/// The account of every test server.
pub const ACCOUNT: &str = "111122223333";
/// The region of every test server.
pub const REGION: &str = "us-west-2";
const VIA_NAME: &str = "reliquary-under-test";

/// A running server. Dropping it cuts everything; [`TestServer::stop`] lets requests finish.
#[expect(missing_debug_implementations, reason = "holds the running server")]
pub struct TestServer {
    running: Option<Server>,
    address: SocketAddr,
    config: Arc<Config>,
    metrics: Arc<Metrics>,
    key: AccessKey,
    /// The rows, looked at beside the server.
    rows: OnceCell<Store>,
    ground: Arc<Ground>,
}

impl TestServer {
    /// Starts a server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server whose settings were adjusted.
    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(Storage::of_this_run(), adjust).await
    }

    /// The same on a combination of the test's own choice.
    pub async fn start_on(storage: Storage, adjust: impl FnOnce(&mut Config)) -> Self {
        let ground = Ground::on(storage).await;
        let mut config = Config {
            data: ground.folder().to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            metrics_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            account: model::AccountId::parse(ACCOUNT).expect("twelve digits"),
            region: REGION.to_owned(),
            ..Config::default()
        };
        config.store.url = ground.database_url();
        config.store.connections = u64::from(CONNECTIONS);
        if let Some(bucket) = ground.bucket() {
            config.blobs = in_bucket(bucket);
        }
        adjust(&mut config);
        Self::open(Arc::new(config), Arc::new(ground), None).await
    }

    async fn open(config: Arc<Config>, ground: Arc<Ground>, key: Option<AccessKey>) -> Self {
        let metrics = Arc::new(Metrics::new());
        let sockets = Sockets::bind(&config)
            .await
            .expect("the loopback has a free port");
        let environment = Arc::new(BTreeMap::new());
        let opening = Opening {
            config: Arc::clone(&config),
            addresses: Arc::new(ConnectionAddresses::new(
                &config,
                public_connections(),
                environment,
            )),
            metrics: Arc::clone(&metrics),
            public_url: sockets.public_url().to_owned(),
            via_name: VIA_NAME.to_owned(),
        };
        let Opened { service, first_key } = wiring::open(opening)
            .await
            .expect("the data folder can be used");
        let running = sockets.serve(&config, service, Arc::clone(&metrics), VIA_NAME.to_owned());
        Self {
            address: running.address(),
            running: Some(running),
            config,
            metrics,
            key: first_key.or(key).expect("a first start makes a key"),
            rows: OnceCell::new(),
            ground,
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as clients use it, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The root access key of its account: id and secret.
    #[must_use]
    pub fn root_key(&self) -> (&str, &str) {
        (&self.key.id, self.key.secret.expose())
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.config.data
    }

    /// What `/metrics` would say.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.metrics.render()
    }

    /// Where `/metrics` is.
    #[must_use]
    pub fn metrics_url(&self) -> Option<String> {
        self.running.as_ref()?.metrics_url()
    }

    /// Another access key: of the root, or of a user, who is made if need be and may do everything. Id and secret.
    pub async fn create_key(&self, user: Option<&str>) -> (String, String) {
        let made = wiring::create_key(&self.config, user)
            .await
            .expect("the name is one for a user");
        if let Some(user) = user {
            let policy_arn = "arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess".to_owned();
            let attach = AttachedPolicyVerb::AttachUserPolicy {
                user: UserName {
                    user_name: user.to_owned(),
                },
                policy: PolicyArn { policy_arn },
            };
            wiring::iam(&self.config, Verb::AttachedPolicy(attach))
                .await
                .expect("the user was made a moment ago");
        }
        (made.key.id, made.key.secret.expose().to_owned())
    }

    /// Disables an access key as the command line does: beside the server.
    pub async fn disable_key(&self, id: &str) {
        wiring::disable_key(&self.config, id)
            .await
            .expect("there is such a key");
    }

    /// Lets requests finish, and ends.
    pub async fn stop(mut self) {
        self.end().await;
    }

    /// Ends, and starts again on the same data at another port.
    pub async fn restart(mut self) -> Self {
        self.end().await;
        let key = AccessKey {
            id: self.key.id.clone(),
            secret: self.key.secret.clone(),
        };
        Self::open(
            Arc::clone(&self.config),
            Arc::clone(&self.ground),
            Some(key),
        )
        .await
    }

    async fn end(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop(std::future::pending()).await;
        }
    }
}

/// The settings of a bucket as an operator would write them.
fn in_bucket(bucket: &S3Settings) -> BlobsConfig {
    let S3Credentials::Key { id, secret, .. } = &bucket.credentials else {
        panic!("the server of the tests has a key");
    };
    let endpoint = bucket.endpoint.as_deref().map(url::Url::parse);
    BlobsConfig {
        kind: BlobsKind::S3,
        endpoint: endpoint.map(|url| url.expect("the server of the tests has an address")),
        region: Some(bucket.region.clone()),
        bucket: Some(bucket.bucket.clone()),
        prefix: bucket.prefix.clone(),
        path_style: Some(bucket.path_style),
        allow_http: bucket.allow_http,
        credentials: BlobsCredentials::Key {
            id: id.clone(),
            secret: Secret::new(secret.clone()),
            session_token: None,
        },
        ..BlobsConfig::default()
    }
}

/// Points `public:npmjs` at a fake registry, which lives on the loopback.
pub fn connect_npm(config: &mut Config, registry: &FakeNpm) {
    connect(config, "public:npmjs", registry.base_url());
}

/// Points an external connection at a fake source, which lives on the loopback.
pub fn connect(config: &mut Config, connection: &str, url: &str) {
    let settings = ConnectionConfig {
        url: Some(url::Url::parse(url).expect("a fake source has an address")),
        allow_private_network: true,
        ..ConnectionConfig::default()
    };
    config.connections.insert(connection.to_owned(), settings);
}
