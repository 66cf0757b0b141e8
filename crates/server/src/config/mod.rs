//! The settings of the server: defaults, below the TOML file, below the environment, below flags.
//!
//! Each value remembers where it came from, so that `reliquary config` can say it and a complaint can name the line.
//! Reading is a table of settings of our own over `toml`'s spanned values (`setting`): one row gives a key its
//! reader, its printer and the text that says what is allowed. This module reads no environment by itself.

mod address_range;
mod blobs;
mod connection;
mod error;
mod event_endpoint;
mod origin;
mod report;
mod setting;
mod source;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use model::AccountId;
use url::Url;

pub use address_range::AddressRange;
pub use blobs::{BlobsConfig, BlobsCredentials, BlobsKind, RedirectDownloads};
pub use connection::{ConnectionConfig, KnownConnection};
pub use error::{ConfigError, Problem};
pub use event_endpoint::EventEndpoint;
pub(crate) use event_endpoint::signing_key;
pub use origin::Origin;
pub use report::{Entry, render_json, render_table};
pub use value::Secret;
#[cfg(test)]
pub(crate) use value::address_ranges as trusted_proxies_of;

/// The environment of the process, handed in.
pub type Environment = BTreeMap<String, OsString>;

/// Every setting, with its effective value.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds everything: rows, bytes, the AWS profile.
    pub data: PathBuf,
    /// Where rows are kept.
    pub store: StoreConfig,
    /// The folder of bytes that several nodes share; the data folder if none is named.
    pub blobs_folder: Option<PathBuf>,
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Where `/metrics` listens; nothing listens if it is off.
    pub metrics_listen: Option<SocketAddr>,
    /// The address that clients use, where it is not the listening one. Read it with [`Config::public_url_at`].
    pub public_url: Option<Url>,
    /// The host name under which package endpoints of the host form live.
    pub package_host_base: Option<String>,
    /// The form of package endpoints that is handed out.
    pub endpoint_form: EndpointForm,
    /// The account that first start makes.
    pub account: AccountId,
    /// The region in ARNs and in credential scopes.
    pub region: String,
    /// The partition in ARNs.
    pub partition: String,
    /// Certificate and key files.
    pub tls: TlsFiles,
    /// What is logged, and how.
    pub log: Log,
    /// Where audit records are kept.
    pub audit: Audit,
    /// Whom events are sent to.
    pub events: Events,
    /// Bounds on what one client may send or hold.
    pub limits: Limits,
    /// Where bytes are kept.
    pub blobs: BlobsConfig,
    /// Sizes of the memory caches.
    pub cache: Cache,
    /// How public sources are asked.
    pub upstream: Upstream,
    /// When bytes that nothing refers to are removed.
    pub sweep: Sweep,
    /// How much of each thing there may be.
    pub quotas: Quotas,
    /// Other hosts, with a port if need be, that clients may use; links in answers then use that host too.
    pub allowed_hosts: Vec<String>,
    /// Proxies in front of this server whose word on where a request came from is taken.
    pub trusted_proxies: Vec<AddressRange>,
    /// How long requests in flight may take once shutdown is asked for.
    pub shutdown_grace_ms: u64,
    /// How the status of an external connection is spelled on the wire: the published shape and the service differ.
    pub connection_status_text: String,
    /// What the operator says about external connections, by name.
    pub connections: BTreeMap<String, ConnectionConfig>,
    /// Laptop mode: any access key is the root of the account. Only a flag sets it.
    pub dev: bool,
}

/// Where rows are kept: in a file in the data folder, or in PostgreSQL, where several nodes share them.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The PostgreSQL database; nothing for the file.
    pub url: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The file that holds its password.
    pub password_file: Option<PathBuf>,
    /// Connections of this node, at most.
    pub connections: u64,
    /// How long a request waits for a connection.
    pub connect_timeout_ms: u64,
    /// How long a statement of a request may take.
    pub statement_timeout_ms: u64,
    /// For how long after PostgreSQL was heard last reads are answered from what is held in memory; 0 for never.
    pub held_reads_ms: u64,
}

/// The two forms of package endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointForm {
    /// `{public_url}/{format}/d/{domain}-{owner}/{repository}/`
    Path,
    /// `{scheme}://{domain}-{owner}.{base}/{format}/{repository}/`
    Host,
}

/// The files of TLS; both or none.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// The private key, PEM.
    pub key: Option<PathBuf>,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// Text for people, JSON for machines.
    pub format: LogFormat,
    /// A level, or directives per target.
    pub level: String,
    /// Whether every request leaves a line.
    pub access: bool,
}

/// Where audit records are kept, and how many.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Whether records are written at all.
    pub enabled: bool,
    /// Whether requests that change something are refused while records cannot be written.
    pub required: bool,
    /// The folder; `audit` in the data folder if none is named. Read it with [`Config::audit_folder`].
    pub path: Option<PathBuf>,
    /// A file that has grown to this is put aside.
    pub max_bytes: u64,
    /// A file that is as old as this is put aside.
    pub max_age_ms: u64,
    /// How many files are kept, the one that is written included.
    pub keep_files: u64,
}

/// Whom events are sent to, and how patiently.
#[derive(Debug, Clone)]
pub struct Events {
    /// From the beginning of a delivery to its answer.
    pub timeout_ms: u64,
    /// The pause after the first delivery that failed. It doubles with each that follows.
    pub first_retry_ms: u64,
    /// The longest pause.
    pub longest_retry_ms: u64,
    /// How often the log is looked at when nothing says that it has grown.
    pub poll_ms: u64,
    /// The receivers.
    pub endpoints: Vec<EventEndpoint>,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Bounds on what one client may send or hold.
#[derive(Debug, Clone)]
pub struct Limits {
    /// All header lines of one request.
    pub header_bytes: u64,
    /// Path and query of one request.
    pub url_bytes: u64,
    /// The body of a control-plane request.
    pub control_body_bytes: u64,
    /// The body of one package publish that carries its asset inside a document.
    pub publish_body_bytes: u64,
    /// One asset.
    pub asset_bytes: u64,
    /// From the first byte of a request head to its last, and for a TLS handshake.
    pub header_timeout_ms: u64,
    /// A connection with no request.
    pub idle_timeout_ms: u64,
    /// Between two pieces of a request body.
    pub request_body_idle_timeout_ms: u64,
    /// A client that does not take what is sent to it.
    pub write_idle_timeout_ms: u64,
    /// Open connections; more wait in the backlog of the system.
    pub max_connections: u64,
}

/// Sizes of the memory caches.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Rendered documents.
    pub document_bytes: u64,
    /// Small assets.
    pub asset_bytes: u64,
}

/// How much of each thing there may be. The defaults are those of the service.
#[derive(Debug, Clone)]
pub struct Quotas {
    /// Domains of one account.
    pub domains_per_account: u64,
    /// Repositories of one domain.
    pub repositories_per_domain: u64,
    /// External connections of all repositories of one domain.
    pub external_connections_per_domain: u64,
    /// One asset that is published.
    pub asset_size_bytes: u64,
    /// Requests to the API that one account may make in a second; 0 for any number.
    pub requests_per_second: u64,
    /// Requests in a second, told apart as the service does.
    pub rates: Rates,
}

/// Requests in a second; 0 for any number. The defaults are those of the service, and nothing is counted until they are
/// switched on.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rates {
    pub enabled: bool,
    pub reads_per_account: u64,
    pub writes_per_account: u64,
    pub per_token: u64,
    pub per_address_without_token: u64,
    pub get_authorization_token: u64,
    pub get_package_version_asset: u64,
    pub list_packages: u64,
    pub list_package_versions: u64,
    pub list_package_version_assets: u64,
    pub publish_package_version: u64,
    pub copy_package_versions: u64,
}

/// How public sources are asked.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// To connect, TLS included.
    pub connect_timeout_ms: u64,
    /// From the request to the head of the answer.
    pub response_timeout_ms: u64,
    /// Between two pieces of an answer's body.
    pub idle_timeout_ms: u64,
    /// How long a document is taken as fresh without asking. Left at its default, formats whose sources change seldom
    /// may have a longer time of their own.
    pub freshness_ms: u64,
    /// How long "not there" is remembered.
    pub negative_ttl_ms: u64,
    /// The largest document (not asset) that is read from a source.
    pub document_bytes: u64,
    /// Once one file of a version was fetched, the others follow in the background if they have no more bytes than
    /// this together; 0 for never.
    pub whole_version_bytes: u64,
    /// Connections to one host at a time.
    pub max_connections_per_host: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("reliquary-data"),
            store: StoreConfig {
                url: None,
                password: None,
                password_file: None,
                connections: 20,
                connect_timeout_ms: 5_000,
                statement_timeout_ms: 20_000,
                held_reads_ms: 0,
            },
            blobs_folder: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8740)),
            metrics_listen: Some(SocketAddr::from(([127, 0, 0, 1], 8741))),
            public_url: None,
            package_host_base: None,
            endpoint_form: EndpointForm::Path,
            account: AccountId::parse("000000000000").expect("twelve digits"),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
            tls: TlsFiles::default(),
            log: Log {
                format: LogFormat::Text,
                level: "info".to_owned(),
                access: true,
            },
            audit: Audit {
                enabled: true,
                required: true,
                path: None,
                max_bytes: 64 << 20,
                max_age_ms: 86_400_000,
                keep_files: 30,
            },
            events: Events {
                timeout_ms: 10_000,
                first_retry_ms: 1_000,
                longest_retry_ms: 300_000,
                poll_ms: 5_000,
                endpoints: Vec::new(),
            },
            limits: Limits {
                header_bytes: 32 << 10,
                url_bytes: 16 << 10,
                control_body_bytes: 1 << 20,
                publish_body_bytes: 2 << 30,
                asset_bytes: 5 << 30,
                header_timeout_ms: 15_000,
                idle_timeout_ms: 75_000,
                request_body_idle_timeout_ms: 30_000,
                write_idle_timeout_ms: 60_000,
                max_connections: 4096,
            },
            blobs: BlobsConfig::default(),
            cache: Cache {
                document_bytes: 16 << 20,
                asset_bytes: 12 << 20,
            },
            quotas: Quotas {
                domains_per_account: 10,
                repositories_per_domain: 1000,
                external_connections_per_domain: 1000,
                asset_size_bytes: 5 << 30,
                requests_per_second: 0,
                rates: Rates {
                    enabled: false,
                    reads_per_account: 800,
                    writes_per_account: 100,
                    per_token: 1200,
                    per_address_without_token: 600,
                    get_authorization_token: 40,
                    get_package_version_asset: 50,
                    list_packages: 200,
                    list_package_versions: 200,
                    list_package_version_assets: 200,
                    publish_package_version: 10,
                    copy_package_versions: 5,
                },
            },
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            upstream: Upstream {
                connect_timeout_ms: 10_000,
                response_timeout_ms: 30_000,
                idle_timeout_ms: 30_000,
                freshness_ms: 300_000,
                negative_ttl_ms: 60_000,
                document_bytes: 256 << 20,
                whole_version_bytes: 32 << 20,
                max_connections_per_host: 32,
            },
            sweep: Sweep {
                interval_ms: 3_600_000,
                grace_ms: 86_400_000,
            },
            shutdown_grace_ms: 30_000,
            connection_status_text: "Available".to_owned(),
            connections: BTreeMap::new(),
            dev: false,
        }
    }
}

impl Config {
    /// Whether the service speaks TLS itself.
    #[must_use]
    pub const fn uses_tls(&self) -> bool {
        self.tls.certificate.is_some()
    }

    /// The folder of audit records.
    #[must_use]
    pub fn audit_folder(&self) -> PathBuf {
        let named = self.audit.path.clone();
        named.unwrap_or_else(|| self.data.join("audit"))
    }

    /// The folder that holds the bytes of packages, for all nodes.
    #[must_use]
    pub fn shared_blobs_folder(&self) -> PathBuf {
        let named = self.blobs_folder.clone();
        named.unwrap_or_else(|| self.data.clone())
    }

    /// The address that clients use, without a slash at its end, when the service listens on `bound`.
    #[must_use]
    pub fn public_url_at(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let scheme = if self.uses_tls() { "https" } else { "http" };
        let reachable = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => {
                SocketAddr::from(([127, 0, 0, 1], bound.port()))
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], bound.port()))
            }
            IpAddr::V4(_) | IpAddr::V6(_) => bound,
        };
        format!("{scheme}://{reachable}")
    }
}

/// When bytes that nothing refers to are removed.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// How often they are looked for; 0 for never.
    pub interval_ms: u64,
    /// How long they stay after nothing refers to them any more.
    pub grace_ms: u64,
}

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config FILE`
    pub config_file: Option<PathBuf>,
    /// The flag as typed, the key it sets, and the value, in the order of the command line.
    pub settings: Vec<(String, String, String)>,
    /// `--dev`
    pub dev: bool,
}

/// The effective settings and where each came from.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The values.
    pub config: Config,
    /// Each value as text, with its origin, in the order of the table.
    pub entries: Vec<Entry>,
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
}

/// Reads the settings. `known` are the connections that need no `format` and no `url` from the operator,
/// `formats` the formats that an operator-defined connection may have.
///
/// # Errors
/// Every unknown key and bad value, all at once.
pub fn load(
    environment: &Environment,
    flags: &Flags,
    known: &[KnownConnection],
    formats: &[&str],
) -> Result<Effective, ConfigError> {
    let mut problems = Vec::new();
    let file = source::find_file(environment, flags, &mut problems);
    let mut given = Vec::new();
    if let Some(file) = &file {
        given.extend(source::read_file(
            &file.path,
            file.through_data_folder,
            &mut problems,
        ));
    }
    let from_environment = source::read_environment(environment, known, &given, &mut problems);
    given.extend(from_environment);
    given.extend(source::read_flags(flags, &mut problems));

    let mut config = Config {
        dev: flags.dev,
        ..Config::default()
    };
    let mut origins = BTreeMap::new();
    for item in given {
        setting::apply(&mut config, &mut origins, item, &mut problems);
    }
    connection::finish(
        &mut config,
        &origins,
        environment,
        known,
        formats,
        &mut problems,
    );
    blobs::finish(&mut config, &origins, environment, &mut problems);
    event_endpoint::finish(&mut config, &origins, environment, &mut problems);
    error::check_together(
        &config,
        &origins,
        file.as_ref().map(|file| file.path.as_path()),
        &mut problems,
    );
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    let entries = report::entries(&config, &origins);
    Ok(Effective {
        config,
        entries,
        file: file.map(|file| file.path),
    })
}

#[cfg(test)]
mod tests;
