//! The generic package endpoint over a real catalog (on the storage that the run says).
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
