//! Attacks on the whole server: its API and its package endpoints over real rows, real files and real sockets, with a
//! fake public registry behind. The table of all attacks, and which test covers which, is `docs/attacks.md`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod audit;
mod exhaustion;
mod immutability;
mod integrity;
mod paths;
mod proxy;
mod rates;
mod receiver;
mod rights;
mod secrets;
mod strings;
mod support;
mod throwing;
mod tokens;
mod uploads;
mod webhooks;
