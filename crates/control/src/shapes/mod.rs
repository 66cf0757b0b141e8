//! The structures that several operations answer with (API reference, "Data Types").

mod domain;
mod package_group;
mod package_version;
mod repository;

pub(crate) use domain::{DomainDescription, DomainStatus, DomainSummary};
pub(crate) use package_group::{PackageGroupDescription, PackageGroupPage};
pub(crate) use package_version::PackageVersionOrigin;
pub(crate) use repository::{RepositoryDescription, RepositoryPage};
