//! Swift's package endpoint over a real catalog (SQLite and local disk in a folder of the test's own). There is no public
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
