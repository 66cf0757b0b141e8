//! The shell around a stand-in for the rooms behind it, driven over the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a failure of the stage itself may end the test"
)]

mod connections;
mod requests;
mod stage;
