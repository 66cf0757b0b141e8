//! The statements that requests wait for, as they run: what the tests of query plans ask both engines to explain.
//!
//! A noun names its hot statements right below their constants, with `hot!`, and its list is one line of
//! [`hot_statements`]. A statement that no request waits for is named in `tests/contract/plans.rs`, with the reason.

/// A statement that requests wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HotStatement {
    /// The file that it is written in, without its ending.
    pub noun: &'static str,
    /// The constant's name.
    pub name: &'static str,
    /// What SQLite runs.
    pub sqlite: &'static str,
    /// What PostgreSQL runs: the same, but for the counted pairs.
    pub postgres: &'static str,
}

/// Makes `HOT`, the list of a file's hot statements, from the constants' names.
macro_rules! hot {
    ($noun:literal: $($name:ident),+ $(,)?) => {
        pub(crate) const HOT: &[$crate::HotStatement] = &[$($crate::HotStatement {
            noun: $noun,
            name: stringify!($name),
            sqlite: $name,
            postgres: $name,
        }),+];
    };
}
pub(crate) use hot;

/// Every statement that requests wait for.
pub fn hot_statements() -> impl Iterator<Item = &'static HotStatement> {
    [
        crate::access_key::HOT,
        crate::asset::HOT,
        crate::change::HOT,
        crate::condemned_blob::HOT,
        crate::connection::HOT,
        crate::domain::HOT,
        crate::domain_package::HOT,
        crate::engine::HOT,
        crate::event_cursor::HOT,
        crate::installation_mark::HOT,
        crate::lease::HOT,
        crate::managed_policy::HOT,
        crate::oidc_provider::HOT,
        crate::package::HOT,
        crate::package_group::HOT,
        crate::package_version::HOT,
        crate::principal::HOT,
        crate::principal_policy::HOT,
        crate::repository::HOT,
        crate::resource_policy::HOT,
        crate::resource_tag::HOT,
        crate::role::HOT,
        crate::source_companion::HOT,
        crate::source_document::HOT,
        crate::tag::HOT,
    ]
    .into_iter()
    .flatten()
}
