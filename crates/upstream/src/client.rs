//! The client: made once, makes the sources. Holds the machine's certificate authorities and one connection pool for
//! each way of connecting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Clock;
use rustls::RootCertStore;
use tokio::sync::Semaphore;

use crate::absence::Absences;
use crate::breaker::Breaker;
use crate::error::SetupError;
use crate::limits::Limits;
use crate::observer::{NoObserver, Observer};
use crate::resolver::{GuardedResolver, Lookup, SystemLookup};
use crate::source::{Shared, Source, SourceConfig};
use crate::{redirect, trust, via};

/// More headers than this in one answer are an attack.
const MAX_HEADERS: usize = 128;
const MAX_HEADER_LIST_BYTES: u32 = 64 * 1024;
const POOL_IDLE_SECONDS: u64 = 60;
const USER_AGENT: &str = concat!("reliquary/", env!("CARGO_PKG_VERSION"));

/// Makes sources.
pub struct Upstream {
    pub(crate) limits: Arc<Limits>,
    pub(crate) instance: Arc<str>,
    pub(crate) clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    lookup: Arc<dyn Lookup>,
    native_roots: RootCertStore,
    clients: Mutex<Vec<(ClientKey, reqwest::Client)>>,
}

/// What a connection pool may not mix: a connection that was made under one of these must not serve another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ClientKey {
    extra_ca_pem: Option<Vec<u8>>,
    allow_private_network: bool,
}

impl Upstream {
    /// A client with these limits. `instance` is this server's name in the `Via` header, and should differ between
    /// servers; see [`crate::is_own_via`].
    ///
    /// # Errors
    /// When the instance name cannot stand in a header.
    pub fn new(
        limits: Limits,
        instance: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        Self::builder(instance, clock).limits(limits).build()
    }

    /// For more than [`Upstream::new`] sets.
    pub fn builder(instance: impl Into<String>, clock: Arc<dyn Clock>) -> UpstreamBuilder {
        UpstreamBuilder {
            limits: Limits::default(),
            instance: instance.into(),
            clock,
            observer: Arc::new(NoObserver),
            lookup: Arc::new(SystemLookup),
        }
    }

    /// A source. Make it once and keep it: its breaker and its memory of what is absent live in it.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn source(&self, config: SourceConfig) -> Result<Source, SetupError> {
        let SourceConfig {
            name,
            mut base,
            credentials,
            extra_ca_pem,
            allow_private_network,
        } = config;
        if let Err(reason) = redirect::check_form(&base) {
            return Err(SetupError::Base { name, reason });
        }
        base.set_fragment(None);
        let authorization = match &credentials {
            Some(credentials) => Some(
                credentials
                    .header()
                    .ok_or_else(|| SetupError::Credentials { name: name.clone() })?,
            ),
            None => None,
        };
        let client = self.client(extra_ca_pem.clone(), allow_private_network, &name)?;
        let client_elsewhere = self.client(extra_ca_pem, false, &name)?;
        let limits = &self.limits;
        let breaker = || {
            Arc::new(Breaker::new(
                limits.breaker_failures,
                limits.breaker_open_ms,
                Arc::clone(&self.clock),
            ))
        };
        Ok(Source::new(Shared {
            absences: Absences::new(limits.negative_ttl_ms, limits.negative_entries),
            places: Arc::new(Semaphore::new(
                limits
                    .concurrent_per_source
                    .clamp(1, Semaphore::MAX_PERMITS),
            )),
            breaker: breaker(),
            breaker_elsewhere: breaker(),
            name,
            base,
            authorization,
            allow_private_network,
            client,
            client_elsewhere,
            limits: Arc::clone(&self.limits),
            observer: Arc::clone(&self.observer),
            clock: Arc::clone(&self.clock),
            instance: Arc::clone(&self.instance),
        }))
    }

    /// The connection pool for a way of connecting.
    pub(crate) fn client(
        &self,
        extra_ca_pem: Option<Vec<u8>>,
        allow_private_network: bool,
        name: &str,
    ) -> Result<reqwest::Client, SetupError> {
        let key = ClientKey {
            extra_ca_pem,
            allow_private_network,
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == key) {
            return Ok(client.clone());
        }
        let tls = trust::client_config(&self.native_roots, key.extra_ca_pem.as_deref(), name)?;
        let resolver = GuardedResolver {
            lookup: Arc::clone(&self.lookup),
            allow_private_network: key.allow_private_network,
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver)
            // A proxy from the environment would get past the address rule, and the environment is the server's to read.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_millis(self.limits.connect_timeout_ms))
            .pool_idle_timeout(Duration::from_secs(POOL_IDLE_SECONDS))
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_LIST_BYTES)
            .build()
            .map_err(|error| SetupError::Client(error.to_string()))?;
        clients.push((key, client.clone()));
        Ok(client)
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("instance", &self.instance)
            .field("limits", &self.limits)
            .finish()
    }
}

/// Sets an [`Upstream`] up.
#[must_use]
pub struct UpstreamBuilder {
    limits: Limits,
    instance: String,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    lookup: Arc<dyn Lookup>,
}

impl UpstreamBuilder {
    /// Other limits than the defaults.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Who is told about exchanges; nobody by default.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Where addresses come from; the operating system by default.
    pub fn lookup(mut self, lookup: Arc<dyn Lookup>) -> Self {
        self.lookup = lookup;
        self
    }

    /// The client. Reads the machine's certificate authorities, so call it off the hot path.
    ///
    /// # Errors
    /// When the instance name cannot stand in a header.
    pub fn build(self) -> Result<Upstream, SetupError> {
        if !via::is_valid_instance(&self.instance) {
            return Err(SetupError::Instance(self.instance));
        }
        Ok(Upstream {
            limits: Arc::new(self.limits),
            instance: self.instance.into(),
            clock: self.clock,
            observer: self.observer,
            lookup: self.lookup,
            native_roots: trust::native_roots(),
            clients: Mutex::default(),
        })
    }
}
