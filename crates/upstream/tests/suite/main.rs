//! The client against registries that misbehave. Everything stays on the loopback.

#![expect(
    clippy::unwrap_used,
    reason = "the lint's exception for tests does not see their helpers"
)]

// The name that the workspace knows the crate by.
extern crate reliquary_upstream as upstream;

mod addresses;
mod credentials;
mod documents;
mod downloads;
mod failing_sources;
mod files;
mod flights;
mod observation;
mod posts;
mod redirects;
mod registry;
mod small_documents;
mod tls;
