//! Ruby's package endpoint over a real catalog (on the storage that the run says), with a fake public gem
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
