//! External connections as the catalog needs them: their names and formats, and sources that can be asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use catalog::{ConnectionDirectory, ConnectionInfo, FormatList, NamedParty};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::{ExternalConnectionName, SystemClock};
use upstream::{Limits, SmallDocuments, Source, SourceConfig, SourceError, Upstream, Url};

use crate::connection_address::{ConnectionAddress, ConnectionAddresses, Credentials};

/// The connections of this server.
pub(super) struct Connections {
    addresses: Arc<ConnectionAddresses>,
    upstream: Upstream,
    small_documents: SmallDocuments,
    formats: FormatList,
    /// Made once each: breaker and memory of what is absent live in a source.
    sources: Mutex<HashMap<String, Source>>,
}

impl Connections {
    pub(super) fn new(
        addresses: Arc<ConnectionAddresses>,
        upstream: Upstream,
        small_documents: SmallDocuments,
        formats: FormatList,
    ) -> Self {
        Self {
            addresses,
            upstream,
            small_documents,
            formats,
            sources: Mutex::default(),
        }
    }

    async fn open(&self, name: &str) -> Result<Source, SourceError> {
        if let Some(source) = self
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
        {
            return Ok(source.clone());
        }
        let unavailable = |reason: String| SourceError::Unavailable { reason };
        let address = self
            .addresses
            .find(name)
            .await
            .map_err(|error| unavailable(error.to_string()))?;
        let config = source_config(&address).map_err(unavailable)?;
        let source = self
            .upstream
            .source(config)
            .map_err(|error| unavailable(error.to_string()))?;
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sources.entry(name.to_owned()).or_insert(source).clone())
    }
}

impl ConnectionDirectory for Connections {
    fn find(&self, name: &ExternalConnectionName) -> Option<ConnectionInfo> {
        let (_, format) = self
            .addresses
            .names()
            .find(|(known, _)| *known == name.as_str())?;
        Some(ConnectionInfo {
            name: name.clone(),
            format: self.formats.find(format)?.id(),
        })
    }

    fn source<'a>(
        &'a self,
        name: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        self.open(name.as_str()).boxed()
    }

    fn small_document<'a>(
        &'a self,
        party: &'a NamedParty,
        url: &'a Url,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        async move {
            let base = Url::parse(&party.base).map_err(|_| SourceError::ForbiddenUrl {
                reason: "the party's address is no URL",
            })?;
            let config = SourceConfig {
                name: party.base.clone(),
                base,
                credentials: None,
                extra_ca_pem: party.extra_ca_pem.clone().map(String::into_bytes),
                allow_private_network: party.allow_private_network,
            };
            self.small_documents.fetch(config, url).await
        }
        .boxed()
    }
}

/// For commands that ask no source.
pub(super) struct NoConnections;

impl ConnectionDirectory for NoConnections {
    fn find(&self, _: &ExternalConnectionName) -> Option<ConnectionInfo> {
        None
    }

    fn source<'a>(
        &'a self,
        name: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>> {
        async move {
            Err(SourceError::Unavailable {
                reason: format!("{name} is not asked by this command"),
            })
        }
        .boxed()
    }
}

fn source_config(address: &ConnectionAddress) -> Result<SourceConfig, String> {
    let extra_ca_pem = match &address.ca_file {
        Some(path) => {
            Some(std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
        None => None,
    };
    let credentials = address
        .credentials
        .as_ref()
        .map(|credentials| match credentials {
            Credentials::Basic { username, password } => upstream::Credentials::Basic {
                username: username.clone(),
                password: password.expose().to_owned(),
            },
            Credentials::Bearer(token) => upstream::Credentials::Bearer(token.expose().to_owned()),
        });
    Ok(SourceConfig {
        name: address.name.clone(),
        base: address.url.clone(),
        credentials,
        extra_ca_pem,
        allow_private_network: address.allow_private_network,
    })
}

/// Asks a source whether it is there.
pub(super) async fn check(address: &ConnectionAddress) -> Result<String, String> {
    let limits = Limits {
        connect_timeout_ms: 10_000,
        header_timeout_ms: 10_000,
        ..Limits::default()
    };
    let upstream = Upstream::new(limits, "reliquary-check", Arc::new(SystemClock))
        .map_err(|e| e.to_string())?;
    let source = upstream
        .source(source_config(address)?)
        .map_err(|error| error.to_string())?;
    let answer = source.check().await.map_err(|error| error.to_string())?;
    Ok(format!(
        "status {} after {} ms",
        answer.status, answer.latency_ms
    ))
}
