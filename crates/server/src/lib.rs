//! The outer shell of Reliquary: configuration, command line, listeners, logs, metrics and shutdown.
//!
//! No rule of the service lives here. The rooms behind are reached through [`wiring`] alone; everything else in this
//! crate knows only that there is a [`request::Service`] to call. It is a library as well as a binary, so that
//! tests can start a server inside their own process ([`running::Server`]).

pub mod audit;
pub mod aws_profile;
pub mod cli;
pub mod commands;
pub mod config;
pub mod connection_address;
pub mod fsck;
pub mod iam;
pub mod listener;
pub mod logging;
pub mod metrics;
pub mod progress_bar;
pub mod request;
pub mod running;
pub mod start_error;
pub mod wiring;

/// A body of a request or a response, between any two layers.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, std::io::Error>;
