//! Swift's package endpoint over a real catalog (on the storage that the run says). There is no public
//! source to pull from.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod house;
mod identifiers;
mod manifests;
mod publishing;
mod releases;
mod rights;
mod specification;
mod upstreams;
