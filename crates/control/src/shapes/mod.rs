//! The structures that several operations answer with (API reference, "Data Types").

mod asset;
mod domain;
mod package;
mod package_group;
mod package_version;
mod repository;
mod resource_policy;
mod version_outcome;

pub(crate) use asset::AssetSummary;
pub(crate) use domain::{DomainDescription, DomainStatus, DomainSummary};
pub(crate) use package::{PackageOriginConfiguration, PackageSummary};
pub(crate) use package_group::{PackageGroupDescription, PackageGroupPage};
pub(crate) use package_version::PackageVersionOrigin;
pub(crate) use repository::{RepositoryDescription, RepositoryPage};
pub(crate) use resource_policy::ResourcePolicy;
pub(crate) use version_outcome::VersionOutcomeMaps;
