//! NuGet's package endpoint over a real catalog (on the storage that the run says), with a fake public
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
