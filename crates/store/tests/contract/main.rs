//! The contract of the store: every test runs on SQLite and on a real PostgreSQL.
//!
//! One file per noun. A test is an ordinary async function over a [`database::TestDatabase`]; the list given to
//! `on_both_engines!` at the top of its file makes `sqlite::<name>` and `postgres::<name>` of it, each with a
//! database of its own. A statement without a test is unfinished, and `statements` says which one that is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Under the name that the rest of the workspace knows it by.
extern crate reliquary_store as store;

/// Makes two tests, one on each engine, of every function named.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let db = crate::database::TestDatabase::on_sqlite().await;
                super::$test(&db).await;
                db.remove().await;
            }
        )+}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let db = crate::database::TestDatabase::on_postgres().await;
                super::$test(&db).await;
                db.remove().await;
            }
        )+}
    };
}

mod access_key;
mod asset;
mod change;
mod condemned_blob;
mod connection;
mod database;
mod domain;
mod domain_package;
mod event_cursor;
mod following;
mod image;
mod inspection;
mod installation_mark;
mod killed_process;
mod lease;
mod managed_policy;
mod migration;
mod oidc_provider;
mod package;
mod package_group;
mod package_version;
mod package_walk;
mod plans;
mod postgres_server;
mod principal;
mod principal_policy;
mod repository;
mod resource_policy;
mod resource_tag;
mod role;
mod samples;
mod schema;
mod signing_key;
mod source_companion;
mod source_document;
mod statements;
mod tag;
mod write_unit;
