//! Python's package endpoint over a real catalog (SQLite and local disk in a folder of the test's own), with a fake public
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
