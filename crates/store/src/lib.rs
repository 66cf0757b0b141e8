//! Rows. The only crate that knows SQL.
//!
//! Each statement is written once, in the portable subset that `docs/architecture.md` lists, and runs on SQLite
//! and on PostgreSQL through the concrete driver of each ([`engine`]). Rules live in `catalog`, not here.

mod access_key;
mod asset;
mod change;
mod condemned_blob;
mod connection;
mod domain;
mod domain_package;
pub mod engine;
mod error;
mod event_cursor;
mod hot_statement;
pub mod image;
mod inspection;
mod installation_mark;
mod lease;
mod managed_policy;
mod migration;
mod oidc_provider;
mod package;
mod package_group;
mod package_version;
mod postgres_handle;
mod postgres_settings;
mod principal;
mod principal_policy;
mod repository;
mod resource_policy;
mod resource_tag;
mod role;
mod signing_key;
mod snapshot;
mod source_companion;
mod source_document;
mod sqlite_writer;
mod tag;

pub use access_key::AccessKeyRow;
pub use asset::{AssetCompanion, AssetRow, NewAsset};
pub use change::{ChangeRow, ChangedRow, LogRow};
pub use condemned_blob::CondemnedBlobRow;
pub use connection::ExternalConnectionRow;
pub use domain::DomainRow;
pub use domain_package::DomainPackageRow;
pub use engine::{Connection, Listener, Store, Tx};
pub use error::{StoreError, StoreResult};
pub use event_cursor::EventBacklogRow;
pub use hot_statement::{HotStatement, hot_statements};
pub use inspection::{AssetPlaceRow, BlobReferenceRow, BlobUserRow, BrokenRow, VersionPlaceRow};
pub use managed_policy::ManagedPolicyRow;
pub use migration::SCHEMA;
pub use oidc_provider::OidcProviderRow;
pub use package::{PackageFilter, PackageNameRow, PackageRow};
pub use package_group::{AllowedRepositoryRow, PackageGroupRow};
pub use package_version::{
    NewVersion, PackageVersionRow, VersionContent, VersionFilter, VersionMetadataRow,
};
pub use postgres_settings::PostgresSettings;
pub use principal::PrincipalRow;
pub use principal_policy::PrincipalPolicyRow;
pub use repository::{RepositoryRow, UpstreamRow};
pub use resource_policy::ResourcePolicyRow;
pub use role::RoleRow;
pub use signing_key::SigningKeyRow;
pub use snapshot::Snapshot;
pub use source_document::{DocumentSubject, SourceDocumentRow};
pub use tag::TagRow;
