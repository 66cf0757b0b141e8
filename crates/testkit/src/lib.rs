//! What the tests of every crate build on: packages, fake public sources that count requests and misbehave on demand, and a
//! whole server in the test's own process.
//!
//! Everything listens on the loopback, on a port that the system chooses, and goes when its value goes. Nothing here is
//! part of the server, and nothing here reaches a real registry.

pub mod fake_cargo;
pub mod fake_maven;
pub mod fake_npm;
pub mod fake_nuget;
pub mod fake_pypi;
pub mod fake_ruby;
pub mod fake_source;
#[cfg(feature = "house")]
pub mod house;
pub mod memory_peak;
pub mod packages;
#[cfg(feature = "postgres-server")]
pub mod postgres;
#[cfg(feature = "house")]
pub mod postgres_proxy;
#[cfg(feature = "s3-server")]
pub mod s3_server;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "storage")]
pub mod storage;
