//! The generic package endpoint over a real catalog (SQLite and local disk in a folder of the test's own).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod files;
mod hostile_uploads;
mod house;
mod listings;
mod rights;
mod statuses;
mod versions;
mod wire;
