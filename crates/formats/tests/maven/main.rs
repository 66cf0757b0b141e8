//! Maven's package endpoint over a real catalog (on the storage that the run says). What every format
//! does is in the table of scenarios beside this folder.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checksums;
mod deployment;
mod group_plugins;
mod metadata;
mod publishing;
mod pull_through;
mod reading;
mod rights;
mod snapshots;
