//! Asking public sources over HTTP: the one client of the workspace, and everything that keeps a slow, lying or
//! hostile source from hurting the server (time-outs, size limits, address rules, redirects, breaker). Events are sent
//! from here too (`post`), under the same rules.
//!
//! It knows no package format, no row and no stored byte. Nothing here takes a header from the caller, so nothing of
//! the caller can travel to a source. The protocol is RFC 9110 and RFC 9111.

mod absence;
mod address;
mod breaker;
mod client;
mod credentials;
mod decoding;
mod document;
mod download;
mod error;
mod flights;
mod incoming;
mod limits;
mod observer;
mod post;
mod progress;
mod reachability;
mod redirect;
mod resolver;
mod retry_after;
mod small_document;
mod source;
mod trust;
mod via;
mod visit;

pub use client::{Upstream, UpstreamBuilder};
pub use credentials::Credentials;
pub use document::{DocumentAnswer, Validators};
pub use download::{Download, FileDescription};
pub use error::{SetupError, SourceError};
pub use flights::{FlightLost, Flights};
pub use limits::Limits;
pub use observer::{NoObserver, Observer};
pub use post::{PostAnswer, Receiver, ReceiverConfig};
pub use reachability::Reachability;
pub use resolver::{Lookup, LookupFuture, SystemLookup};
pub use small_document::SmallDocuments;
pub use source::{Source, SourceConfig};
pub use url::Url;
pub use via::is_own_via;
