//! The one place where the rooms behind the shell are put together. Everything else in this crate knows a
//! [`Service`] only.
//!
//! Each function is the whole of what a command needs from those rooms; `commands` prints what they give.

mod bucket;
mod carriage;
mod connections;
mod development;
mod event_delivery;
mod event_reader;
mod iam;
mod observer;
mod storage;
mod sweeping;
mod upkeep;
mod webhook_signature;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use blobs::{BlobSettings, Blobs};
use catalog::{Caller, Catalog, ConnectionDirectory, Parts, Quotas, Rates, Settings};
use control::{ControlPlane, ControlSettings, Peer};
use formats::{PackageEndpoints, PackageLimits, PublicAddresses};
use http::{Method, Request, Response};
use model::{AccountId, ArnScope, ErrorKind, Principal, PrincipalKind, SystemClock};
use store::Store;
use upstream::{Limits, SmallDocuments, Upstream};

pub use self::carriage::{back_up, migrate, restore};
use self::connections::{Connections, NoConnections};
use self::event_delivery::EventDelivery;
pub use self::event_reader::EventReader;
use self::sweeping::Sweeping;
pub use self::upkeep::{inspect, sweep};
use crate::Body;
use crate::audit::AuditLog;
use crate::aws_profile::{AccessKey, ProfileFiles};
use crate::config::{self, Config, EndpointForm, Secret};
use crate::connection_address::{ConnectionAddress, ConnectionAddresses};
use crate::iam::Verb;
use crate::listener::ConnectionInfo;
use crate::metrics::Metrics;
use crate::request::Service;
use crate::start_error::StartError;

/// What the rooms are built from.
pub struct Opening {
    /// The settings. The data folder exists.
    pub config: Arc<Config>,
    /// Where external connections point; looked up when first needed.
    pub addresses: Arc<ConnectionAddresses>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The address that clients use, without a slash at its end.
    pub public_url: String,
    /// How this server calls itself in `Via` when it asks a public source.
    pub via_name: String,
}

/// What opening gives.
pub struct Opened<S> {
    /// What answers requests.
    pub service: S,
    /// The root access key of the account, if it is still to be written into the profile.
    pub first_key: Option<AccessKey>,
}

/// One access key, as `reliquary keys list` shows it.
#[derive(Debug, Clone)]
pub struct AccessKeyLine {
    /// The key's id.
    pub id: String,
    /// The ARN of the principal it belongs to.
    pub principal: String,
    /// Whether requests signed with it are taken.
    pub is_active: bool,
    /// When it was made, as RFC 3339.
    pub created_at: String,
}

/// Opens the data folder and puts the rooms together: migrations, the account, its root key on first start, in `--dev`
/// the domain `dev` with its repositories. Returns once requests can be served.
///
/// # Errors
/// The data folder cannot be used, is used by another server, or its schema is newer than this program.
pub async fn open(opening: Opening) -> Result<Opened<Rooms>, StartError> {
    let Opening {
        config,
        addresses,
        metrics,
        public_url,
        via_name,
    } = opening;
    let lock = lock_data_folder(&config.data)?;
    let store = storage::open_store(&config).await?;
    let blobs = storage::open_blobs(&config, &store).await?;
    let small_documents = SmallDocuments::new(via_name.clone(), Arc::new(SystemClock))
        .map_err(|error| StartError::because("identity providers cannot be asked", error))?;
    let audit = match config.audit.enabled {
        true => Some(AuditLog::open(&config, Arc::clone(&metrics))?),
        false => None,
    };
    let upstream = Upstream::builder(via_name, Arc::new(SystemClock))
        .limits(upstream_limits(&config))
        .observer(Arc::new(observer::UpstreamMetrics::new(Arc::clone(
            &metrics,
        ))))
        .build()
        .map_err(|error| StartError::because("public sources cannot be asked", error))?;
    let receivers = event_delivery::receivers(&config, &upstream)?;
    let connections = Connections::new(addresses, upstream, small_documents, formats::rules());
    let connections = Arc::new(connections);
    let catalog = open_catalog(&config, store, blobs, connections).await?;
    let first_key = make_first_key(&catalog, &ProfileFiles::in_data(&config.data)).await?;
    if config.dev {
        development::prepare(&catalog)
            .await
            .map_err(|error| StartError::because("the domain of --dev cannot be made", error))?;
    }
    let addresses = public_addresses(&config, &public_url)?;
    let delivery = EventDelivery::start(&config, &catalog, receivers, &metrics).await?;
    let beside = Beside {
        delivery: Mutex::new(Some(delivery)),
        sweeping: Mutex::new(Sweeping::start(&config, &catalog)),
        audit,
        _lock: lock,
    };
    Ok(Opened {
        service: Rooms::new(&config, catalog, addresses, beside),
        first_key,
    })
}

/// The rooms behind the shell: the API and the package endpoints over one catalog.
pub struct Rooms {
    catalog: Arc<Catalog>,
    control: ControlPlane,
    packages: PackageEndpoints,
    beside: Beside,
}

/// What there is beside the rooms, and ends with them.
struct Beside {
    delivery: Mutex<Option<EventDelivery>>,
    sweeping: Mutex<Option<Sweeping>>,
    audit: Option<AuditLog>,
    _lock: File,
}

impl Rooms {
    fn new(
        config: &Config,
        catalog: Arc<Catalog>,
        addresses: PublicAddresses,
        beside: Beside,
    ) -> Self {
        let endpoints = addresses.clone();
        let per_second = u32::try_from(config.quotas.requests_per_second).unwrap_or(u32::MAX);
        let control = ControlPlane::new(
            Arc::clone(&catalog),
            ControlSettings {
                body_limit_bytes: usize::try_from(config.limits.control_body_bytes)
                    .unwrap_or(usize::MAX),
                connection_status_text: config.connection_status_text.clone(),
                endpoint: Arc::new(move |domain, repository, format, _| {
                    endpoints.endpoint(domain, repository, format)
                }),
                requests_per_second: (per_second > 0).then_some(per_second),
            },
        );
        let limits = PackageLimits {
            publish_body_bytes: config.limits.publish_body_bytes,
            ..PackageLimits::default()
        };
        let packages = PackageEndpoints::new(Arc::clone(&catalog), addresses, limits);
        Self {
            catalog,
            control,
            packages,
            beside,
        }
    }
}

impl Service for Rooms {
    async fn call(&self, request: Request<Body>, connection: ConnectionInfo) -> Response<Body> {
        // Boxed, so that a package request, which must be fast, does not carry the size of an operation.
        if ControlPlane::is_for(&request) {
            Box::pin(self.control.handle(request, Peer(connection.peer))).await
        } else {
            self.packages.handle(request).await
        }
    }

    async fn check_ready(&self) -> Result<(), String> {
        self.catalog.ping().await.map_err(|error| {
            error
                .source
                .map_or(error.message, |source| source.to_string())
        })
    }

    fn only_reads<B>(&self, request: &Request<B>) -> bool {
        matches!(*request.method(), Method::GET | Method::HEAD) || ControlPlane::only_reads(request)
    }

    fn audit(&self) -> Option<&AuditLog> {
        self.beside.audit.as_ref()
    }

    async fn close(&self) {
        let delivery = self.beside.delivery.lock();
        let delivery = delivery.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(delivery) = delivery {
            delivery.close().await;
        }
        let sweeping = self.beside.sweeping.lock();
        let sweeping = sweeping.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sweeping) = sweeping {
            sweeping.close().await;
        }
        if let Some(audit) = &self.beside.audit {
            audit.close().await;
        }
    }
}

/// All access keys, of every account, oldest principal first.
///
/// # Errors
/// The data folder cannot be used.
pub async fn list_keys(config: &Config) -> Result<Vec<AccessKeyLine>, StartError> {
    let catalog = open_for_keys(config).await?;
    let keys = catalog
        .list_access_keys()
        .await
        .map_err(|error| StartError::because("keys cannot be read", error))?;
    let line = |key: catalog::AccessKey| AccessKeyLine {
        id: key.id,
        principal: key.principal.to_string(),
        is_active: key.active,
        created_at: jiff::Timestamp::from_millisecond(key.created_at.0)
            .map_or_else(|_| String::new(), |at| at.to_string()),
    };
    catalog.close().await;
    Ok(keys.into_iter().map(line).collect())
}

/// An access key that was made by a command.
pub struct MadeKey {
    /// The key.
    pub key: AccessKey,
    /// Whether whoever has it may do anything.
    pub has_policies: bool,
}

/// Makes an access key for the account's root, or for a user, who is made if there is none of that name.
///
/// # Errors
/// The data folder cannot be used, or the name is not one for a user.
pub async fn create_key(config: &Config, user: Option<&str>) -> Result<MadeKey, StartError> {
    let catalog = open_for_keys(config).await?;
    let account = config.account.clone();
    let principal = match user {
        None => Principal::root(account.clone()),
        Some(name) => Principal {
            account: account.clone(),
            kind: PrincipalKind::User,
            name: name.to_owned(),
        },
    };
    let made = make_key(&catalog, &operator(account), principal).await;
    catalog.close().await;
    made.map_err(|error| StartError::because("the key cannot be made", error))
}

async fn make_key(
    catalog: &Catalog,
    operator: &Caller,
    principal: Principal,
) -> model::Result<MadeKey> {
    let key = catalog
        .create_access_key(operator, principal.clone())
        .await?;
    let has_policies = principal.kind == PrincipalKind::Root
        || !catalog.list_attached_policies(&principal).await?.is_empty()
        || !catalog.list_inline_policies(&principal).await?.is_empty();
    Ok(MadeKey {
        key: shown_key(key),
        has_policies,
    })
}

/// Does what a verb of `reliquary iam` says, in the name of the account's root; gives what is to be printed, if anything.
/// A running server notices within five seconds.
///
/// # Errors
/// The data folder cannot be used, or what was asked for cannot be.
pub async fn iam(config: &Config, verb: Verb) -> Result<Option<serde_json::Value>, StartError> {
    let catalog = open_for_keys(config).await?;
    let done = Box::pin(iam::run(Arc::clone(&catalog), config.account.clone(), verb)).await;
    catalog.close().await;
    done.map_err(|error| match error.kind {
        ErrorKind::Internal => StartError::because("it could not be done", error),
        _ => StartError::new(error.message),
    })
}

/// Disables an access key. A running server notices within five seconds.
///
/// # Errors
/// The data folder cannot be used, or there is no such key.
pub async fn disable_key(config: &Config, id: &str) -> Result<(), StartError> {
    let catalog = open_for_keys(config).await?;
    let done = catalog
        .disable_access_key(&operator(config.account.clone()), id)
        .await;
    catalog.close().await;
    done.map_err(|error| StartError::because("the key cannot be disabled", error))
}

/// Contacts a public source, within bounds. The text says what it answered.
///
/// # Errors
/// It did not answer; the text says why.
pub async fn check_connection(address: &ConnectionAddress) -> Result<String, String> {
    connections::check(address).await
}

/// Who works at the command line of this host: whoever may read the data folder is the root of the account.
fn operator(account: AccountId) -> Caller {
    Caller::root(account)
}

fn shown_key(key: catalog::AccessKey) -> AccessKey {
    AccessKey {
        id: key.id,
        secret: Secret::new(key.secret.expose().to_owned()),
    }
}

/// The root's key, if it is still to be written into the profile: because it is made now, or because the start that made
/// it did not live to write it.
async fn make_first_key(
    catalog: &Catalog,
    profile: &ProfileFiles,
) -> Result<Option<AccessKey>, StartError> {
    let failed = |error| StartError::because("the root's access key cannot be made", error);
    let root = Principal::root(catalog.settings().account.clone());
    let keys = catalog.list_access_keys().await.map_err(failed)?;
    if !keys.is_empty() {
        let mut keys = keys.into_iter();
        let owed = keys.find(|key| profile.owes_credentials() && key.principal == root);
        return Ok(owed.map(shown_key));
    }
    profile.owe_credentials()?;
    let actor = operator(root.account.clone());
    let made = catalog.create_first_access_key(&actor, root).await;
    let made = made.map_err(failed)?;
    if made.is_none() {
        profile.settle_credentials()?;
    }
    Ok(made.map(shown_key))
}

/// One server to a data folder: the lock ends with the process, however it ends.
fn lock_data_folder(data: &Path) -> Result<File, StartError> {
    let path = data.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.map_err(|error| {
        StartError::because(format!("{} cannot be opened", path.display()), error)
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::new(format!(
            "the data folder {} is in use by another server; stop it, or give this one its own with --data",
            data.display()
        ))),
        Err(TryLockError::Error(error)) => Err(StartError::because(
            format!("{} cannot be locked", path.display()),
            error,
        )),
    }
}

async fn open_catalog(
    config: &Config,
    store: Store,
    blobs: Blobs,
    connections: Arc<dyn ConnectionDirectory>,
) -> Result<Arc<Catalog>, StartError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let quotas = Quotas {
        domains_per_account: count(config.quotas.domains_per_account),
        repositories_per_domain: count(config.quotas.repositories_per_domain),
        external_connections_per_domain: count(config.quotas.external_connections_per_domain),
        asset_size_bytes: config
            .quotas
            .asset_size_bytes
            .min(config.limits.asset_bytes),
        rates: rates(&config.quotas.rates),
        ..Quotas::default()
    };
    let settings = Settings {
        account: config.account.clone(),
        scope: ArnScope {
            partition: config.partition.clone(),
            region: config.region.clone(),
        },
        quotas,
        freshness_ms: count(config.upstream.freshness_ms),
        uses_source_freshness: config.upstream.freshness_ms
            == Config::default().upstream.freshness_ms,
        whole_version_bytes: config.upstream.whole_version_bytes,
        document_cache_bytes: config.cache.document_bytes,
        source_document_limit_bytes: config.upstream.document_bytes,
        redirect_lifetime: config.blobs.redirect_lifetime(),
        held_reads: std::time::Duration::from_millis(config.store.held_reads_ms),
        dev: config.dev,
    };
    let formats = formats::rules();
    let parts = Parts {
        store,
        blobs,
        connections,
        formats,
        clock: Arc::new(SystemClock),
        settings,
    };
    Catalog::open(parts)
        .await
        .map_err(|error| StartError::because("the catalog cannot be opened", error))
}

/// The request rates that are on.
fn rates(config: &config::Rates) -> Rates {
    if !config.enabled {
        return Rates::default();
    }
    let rate = |number: u64| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        (number > 0).then_some(number)
    };
    Rates {
        reads_per_account: rate(config.reads_per_account),
        writes_per_account: rate(config.writes_per_account),
        per_token: rate(config.per_token),
        per_address_without_token: rate(config.per_address_without_token),
        get_authorization_token: rate(config.get_authorization_token),
        get_package_version_asset: rate(config.get_package_version_asset),
        list_packages: rate(config.list_packages),
        list_package_versions: rate(config.list_package_versions),
        list_package_version_assets: rate(config.list_package_version_assets),
        publish_package_version: rate(config.publish_package_version),
        copy_package_versions: rate(config.copy_package_versions),
    }
}

/// A catalog for the key commands.
async fn open_for_keys(config: &Config) -> Result<Arc<Catalog>, StartError> {
    open_beside(config, Arc::new(NoConnections)).await
}

/// A catalog for commands that may run beside the server: they touch rows only.
async fn open_beside(
    config: &Config,
    connections: Arc<dyn ConnectionDirectory>,
) -> Result<Arc<Catalog>, StartError> {
    if config.store.url.is_none() && !config.data.is_dir() {
        return Err(StartError::new(format!(
            "there is no data folder {}; start the server once, or name the folder with --data",
            config.data.display()
        )));
    }
    let store = storage::open_store(config).await?;
    let folder = tempfile::tempdir()
        .map_err(|error| StartError::because("no scratch folder can be made", error))?;
    // Opening the real blobs would take the running server's staged files for leftovers.
    let blobs = Blobs::open_disk(folder.path(), BlobSettings::default())
        .map_err(|error| StartError::because("no scratch folder can be used", error))?;
    open_catalog(config, store, blobs, connections).await
}

fn upstream_limits(config: &Config) -> Limits {
    let upstream = &config.upstream;
    Limits {
        connect_timeout_ms: upstream.connect_timeout_ms,
        header_timeout_ms: upstream.response_timeout_ms,
        idle_timeout_ms: upstream.idle_timeout_ms,
        document_limit_bytes: upstream.document_bytes,
        asset_limit_bytes: config.limits.asset_bytes,
        negative_ttl_ms: upstream.negative_ttl_ms,
        concurrent_per_source: usize::try_from(upstream.max_connections_per_host)
            .unwrap_or(usize::MAX),
        ..Limits::default()
    }
}

fn public_addresses(config: &Config, public_url: &str) -> Result<PublicAddresses, StartError> {
    let url = url::Url::parse(public_url).map_err(|error| {
        StartError::because(format!("the public address {public_url} is none"), error)
    })?;
    let mut allowed_hosts = config.allowed_hosts.clone();
    if let (None, Some(port)) = (&config.public_url, url.port_or_known_default())
        && config.listen.ip().is_loopback()
    {
        // Whoever reaches a loopback listener may call it by any name of the loopback.
        allowed_hosts
            .extend(["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}")));
    }
    Ok(PublicAddresses {
        public_url: url,
        allowed_hosts,
        host_base: config.package_host_base.clone(),
        endpoint_form: match config.endpoint_form {
            EndpointForm::Path => formats::EndpointForm::Path,
            EndpointForm::Host => formats::EndpointForm::Host,
        },
    })
}
