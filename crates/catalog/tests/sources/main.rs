//! Public sources whose packages have several assets, through two formats that exist only here: one whose source lists
//! the assets of its versions and that follows it, one whose source lists none. Everything stays on the loopback.

#![expect(
    clippy::unwrap_used,
    reason = "the lint's exception for tests does not see their helpers"
)]

// The name that the workspace knows the crate by.
extern crate reliquary_catalog as catalog;

mod companions;
mod confusion;
mod fake_source;
mod following;
mod formats;
mod growing;
mod house;
mod namespaces;
mod unlisted;
mod whole_versions;
