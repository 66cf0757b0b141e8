//! Where an external connection points.
//!
//! First what the operator says; then what the ecosystem's own tools on this host are set to use, their built-in default
//! included; then an address that is public knowledge. Looking happens when a connection is first needed, off the async
//! threads, once. The formats own the declarations
//! ([`catalog::PublicConnection`]); this folder only follows them.

mod archive;
mod engine;
mod program;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use catalog::PublicConnection;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::config::{Config, ConnectionConfig, Environment, KnownConnection, Secret};

/// How long a failure to find an address stands before another look.
const FAILURE_STANDS: Duration = Duration::from_secs(30);

/// Where a connection points, with whose credentials, and who said so.
#[derive(Debug, Clone)]
pub struct ConnectionAddress {
    /// The connection's name.
    pub name: String,
    /// The format it speaks.
    pub format: String,
    /// Where it points; never with user name or password in it.
    pub url: Url,
    /// What to send along.
    pub credentials: Option<Credentials>,
    /// Certificates to trust for this connection only.
    pub ca_file: Option<PathBuf>,
    /// Whether it may point into loopback, link-local or private networks: only the operator can say so.
    pub allow_private_network: bool,
    /// Who said where it points.
    pub origin: String,
}

/// Credentials for a public source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token.
    Bearer(Secret),
}

/// No address is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAddress {
    /// The connection's name.
    pub name: String,
    /// What an operator can do, besides setting the url.
    pub remedy: String,
    /// What was looked at, and what came of it.
    pub tried: Vec<String>,
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            remedy,
            tried,
        } = self;
        write!(
            f,
            "no address known for {name}: set connections.\"{name}\".url or {remedy}"
        )?;
        if tried.is_empty() {
            Ok(())
        } else {
            write!(f, " (looked at: {})", tried.join("; "))
        }
    }
}

impl std::error::Error for NoAddress {}

type Finding = Result<Arc<ConnectionAddress>, NoAddress>;

/// One connection, with what is known of it so far.
struct Connection {
    format: String,
    config: ConnectionConfig,
    spec: Option<ConnectionSpec>,
    found: Mutex<Option<(Instant, Finding)>>,
}

/// All connections of this server, and where they point.
pub struct ConnectionAddresses {
    connections: BTreeMap<String, Connection>,
    environment: Arc<Environment>,
}

/// An external connection that exists without the operator's help, and the format it speaks.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionSpec {
    /// What its format declares.
    pub declared: PublicConnection,
    /// The format.
    pub format: &'static str,
}

/// The connections that exist without the operator's help.
pub fn public_connections() -> impl Iterator<Item = ConnectionSpec> {
    formats::rules().iter().flat_map(|format| {
        let of_format = |declared: &PublicConnection| ConnectionSpec {
            declared: *declared,
            format: format.id().as_str(),
        };
        format
            .connections()
            .iter()
            .map(of_format)
            .collect::<Vec<_>>()
    })
}

/// Their names and formats, for the reading of the configuration.
#[must_use]
pub fn known_connections() -> Vec<KnownConnection> {
    public_connections()
        .map(|spec| KnownConnection {
            name: spec.declared.name,
            format: spec.format,
        })
        .collect()
}

impl ConnectionAddresses {
    /// The declared connections and those of the operator. Nothing is looked up yet.
    #[must_use]
    pub fn new(
        config: &Config,
        specs: impl IntoIterator<Item = ConnectionSpec>,
        environment: Arc<Environment>,
    ) -> Self {
        let mut connections: BTreeMap<String, Connection> = BTreeMap::new();
        for spec in specs {
            let config = config
                .connections
                .get(spec.declared.name)
                .cloned()
                .unwrap_or_default();
            let format = spec.format.to_owned();
            connections.insert(
                spec.declared.name.to_owned(),
                Connection {
                    format,
                    config,
                    spec: Some(spec),
                    found: Mutex::default(),
                },
            );
        }
        for (name, config) in &config.connections {
            connections
                .entry(name.clone())
                .or_insert_with(|| Connection {
                    format: config.format.clone().unwrap_or_default(),
                    config: config.clone(),
                    spec: None,
                    found: Mutex::default(),
                });
        }
        Self {
            connections,
            environment,
        }
    }

    /// Names and formats, sorted by name.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.connections
            .iter()
            .map(|(name, connection)| (name.as_str(), connection.format.as_str()))
    }

    /// Where a connection points. Callers that come together share one look; a failure stands for a short while.
    ///
    /// # Errors
    /// No address is known; the text says what to do.
    pub async fn find(&self, name: &str) -> Finding {
        let Some(connection) = self.connections.get(name) else {
            let remedy = "name one of those that `reliquary connections` lists".to_owned();
            return Err(NoAddress {
                name: name.to_owned(),
                remedy,
                tried: Vec::new(),
            });
        };
        let mut found = connection.found.lock().await;
        if let Some((at, finding)) = &*found
            && (finding.is_ok() || at.elapsed() < FAILURE_STANDS)
        {
            return finding.clone();
        }
        let finding = self.look(name, connection).await;
        *found = Some((Instant::now(), finding.clone()));
        finding
    }

    async fn look(&self, name: &str, connection: &Connection) -> Finding {
        let config = &connection.config;
        let (url, mut credentials, origin) = match (&config.url, connection.spec) {
            (Some(url), _) => (url.clone(), None, "the configuration".to_owned()),
            (None, Some(spec)) => {
                let environment = Arc::clone(&self.environment);
                let looked =
                    tokio::task::spawn_blocking(move || engine::discover(&spec, &environment))
                        .await;
                let panicked = |_| NoAddress {
                    name: name.to_owned(),
                    remedy: spec.declared.remedy.to_owned(),
                    tried: vec!["the look-up itself failed".to_owned()],
                };
                let found = looked.map_err(panicked)??;
                (found.url, found.credentials, found.origin)
            }
            (None, None) => {
                let remedy = "remove the connection".to_owned();
                return Err(NoAddress {
                    name: name.to_owned(),
                    remedy,
                    tried: Vec::new(),
                });
            }
        };
        if let Some(token) = &config.token {
            credentials = Some(Credentials::Bearer(token.clone()));
        } else if let (Some(username), Some(password)) = (&config.username, &config.password) {
            credentials = Some(Credentials::Basic {
                username: username.clone(),
                password: password.clone(),
            });
        }
        Ok(Arc::new(ConnectionAddress {
            name: name.to_owned(),
            format: connection.format.clone(),
            url,
            credentials,
            ca_file: config.ca_file.clone(),
            allow_private_network: config.allow_private_network,
            origin,
        }))
    }
}

#[cfg(test)]
mod tests;
