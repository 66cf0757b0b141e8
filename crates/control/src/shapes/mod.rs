//! The structures that several operations answer with (API reference, "Data Types").

mod domain;
mod package_version;
mod repository;
mod resource_policy;

pub(crate) use domain::{DomainDescription, DomainStatus, DomainSummary};
pub(crate) use package_version::PackageVersionOrigin;
pub(crate) use repository::{RepositoryDescription, RepositoryPage};
pub(crate) use resource_policy::ResourcePolicy;
