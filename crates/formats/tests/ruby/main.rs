//! Ruby's package endpoint over a real catalog (SQLite and local disk in a folder of the test's own), with a fake public gem
//! host on the loopback as its source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod described;
mod hostile_gems;
mod house;
mod index;
mod older_indexes;
mod pull_through;
mod push;
mod rights;
mod yank;
