//! What the tests of every crate build on: fake public registries that count requests and misbehave on demand, and a
//! whole server in the test's own process.
//!
//! Everything listens on the loopback, on a port that the system chooses, and goes when its value goes. Nothing here is
//! part of the server, and nothing here reaches a real registry.

pub mod fake_npm;
#[cfg(feature = "server")]
pub mod server;
