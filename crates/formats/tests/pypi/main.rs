//! Python's package endpoint over a real catalog (on the storage that the run says), with a fake public
//! index on the loopback as its source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod house;
mod json_api;
mod pages;
mod pull_through;
mod rights;
mod statuses;
mod upload;
mod upload_form;
