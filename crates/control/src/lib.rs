//! The AWS API over HTTP: 48 operations of REST-JSON, of which those of [`ControlPlane::operation_names`] are here.
//!
//! `protocol` reads and writes the wire: routes, signatures, parameters, JSON, errors, page tokens. `operations` has
//! one file per operation: what it takes, the right it needs, one call of the catalog, what it gives. `shapes` are
//! the structures that several of them answer with. `sts` is the security token service beside it. No rule of the service is here. Public document:
//! <https://docs.aws.amazon.com/codeartifact/latest/APIReference/Welcome.html>.

mod control_plane;
mod operation;
mod operations;
mod protocol;
#[cfg(test)]
mod service_model;
mod settings;
mod shapes;
mod sts;

pub use control_plane::{ControlPlane, Peer};
pub use settings::{ControlSettings, EndpointBuilder, EndpointType};

/// A body of a request or a response, between any two layers.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, std::io::Error>;
