//! Backups, restores and migrations of real installations: SQLite and PostgreSQL, a folder and an S3-compatible server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Under the name that the rest of the workspace knows it by.
extern crate reliquary_carriage as carriage;

mod backup;
mod house;
mod killed;
mod migration;
#[expect(unreachable_pub, reason = "public where it is shared from")]
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;
mod restore;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "shared with other tests, which use more of it"
)]
#[path = "../../../testkit/src/s3_server.rs"]
mod s3_server;
