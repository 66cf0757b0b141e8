//! Turning a name into addresses, once, with the check on the very addresses that are then connected to. A check apart
//! from the connection would be answered with one address and the connection with another (rebinding).

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address;

/// What [`Lookup::lookup`] gives.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where addresses of names come from. Injected, so that tests can answer for names.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name, best first.
    fn lookup(&self, host: &str) -> LookupFuture;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> LookupFuture {
        let host = host.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// The resolver that the HTTP client connects through.
pub(crate) struct GuardedResolver {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) allow_private_network: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = self.lookup.lookup(&host);
        let allow_private_network = self.allow_private_network;
        Box::pin(async move {
            let addresses = found.await?;
            if addresses.is_empty() {
                return Err(
                    io::Error::new(io::ErrorKind::NotFound, "the name has no address").into(),
                );
            }
            // One bad address spoils the name: which of them is connected to is up to timing.
            if addresses
                .iter()
                .any(|address| !address::is_allowed(*address, allow_private_network))
            {
                return Err(ForbiddenName { host }.into());
            }
            // Port 0 is replaced by the port of the URL.
            let addresses: Addrs = Box::new(
                addresses
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0)),
            );
            Ok(addresses)
        })
    }
}

/// A name leads to where no connection goes. Travels through the client's error, to be found again by its type.
#[derive(Debug)]
pub(crate) struct ForbiddenName {
    pub(crate) host: String,
}

impl fmt::Display for ForbiddenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is in a network that connections may not reach",
            self.host
        )
    }
}

impl std::error::Error for ForbiddenName {}
