//! NuGet's package endpoint over a real catalog (SQLite and local disk in a folder of the test's own), with a fake public
//! gallery on the loopback as its source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod house;
mod listing;
mod pull_through;
mod push;
mod push_refusals;
mod reading;
mod rights;
mod search;
mod service_index;
