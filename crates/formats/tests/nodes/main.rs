//! Several nodes over one PostgreSQL, and what becomes of one that dies or loses the database.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod outage;
mod sources;
