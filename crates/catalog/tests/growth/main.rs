//! Versions that grow asset by asset, through a catalog in the test's own process and a small format made for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Under the name that the rest of the workspace knows it by.
extern crate reliquary_catalog as catalog;

mod additions;
mod companions;
mod house;
mod metadata;
mod names;
mod origins;
mod parts;
mod spellings;
mod statuses;
