//! Backups, restores and migrations of real installations: SQLite and PostgreSQL, a folder and an S3-compatible server.
//! Each test says from which kind to which it carries, so it does not ask what the storage of the run is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Under the name that the rest of the workspace knows it by.
extern crate reliquary_carriage as carriage;

mod backup;
mod house;
mod increments;
mod killed;
mod migration;
mod restore;
