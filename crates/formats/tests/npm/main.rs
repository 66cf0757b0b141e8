//! npm's package endpoint over a real catalog (on the storage that the run says), with a fake public
//! registry on the loopback as its source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod abuse;
mod addresses;
mod change_log;
mod confusion;
mod described;
mod documents;
mod edits;
mod events;
mod house;
mod identity;
mod misbehaviour;
mod nodes;
mod package_groups;
mod packages;
mod promotion;
mod publish;
mod pull_through;
mod rates;
mod readings;
mod rights;
mod status_calls;
mod statuses;
mod tarballs;
mod tokens;
mod unpublish;
mod upstreams;
mod wire;
