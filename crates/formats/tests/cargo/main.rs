//! Cargo's package endpoint over a real catalog (on the storage that the run says), with a fake public
//! index on the loopback as its source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod config;
mod hostile_publish;
mod house;
mod names;
mod publish;
mod pull_through;
mod rights;
mod web_api;
mod yank;
