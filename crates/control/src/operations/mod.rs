//! The operations: one file each, and the table of them.
//!
//! An operation file holds what the operation takes, how each member is read, what it gives, the right it needs, and
//! one call of the catalog. It has no status, no JSON and no format's name.

mod associate_external_connection;
mod create_domain;
mod create_repository;
mod delete_domain;
mod delete_domain_permissions_policy;
mod delete_repository;
mod delete_repository_permissions_policy;
mod describe_domain;
mod describe_package_version;
mod describe_repository;
mod disassociate_external_connection;
mod get_authorization_token;
mod get_domain_permissions_policy;
mod get_package_version_asset;
mod get_repository_endpoint;
mod get_repository_permissions_policy;
mod list_domains;
mod list_package_version_assets;
mod list_package_versions;
mod list_packages;
mod list_repositories;
mod list_repositories_in_domain;
mod list_tags_for_resource;
mod put_domain_permissions_policy;
mod put_repository_permissions_policy;
mod tag_resource;
mod untag_resource;
mod update_repository;

use crate::operation::{Row, row};

/// Every operation.
pub(crate) static OPERATIONS: &[Row] = &[
    row::<associate_external_connection::AssociateExternalConnection>(),
    row::<create_domain::CreateDomain>(),
    row::<create_repository::CreateRepository>(),
    row::<delete_domain::DeleteDomain>(),
    row::<delete_domain_permissions_policy::DeleteDomainPermissionsPolicy>(),
    row::<delete_repository::DeleteRepository>(),
    row::<delete_repository_permissions_policy::DeleteRepositoryPermissionsPolicy>(),
    row::<describe_domain::DescribeDomain>(),
    row::<describe_package_version::DescribePackageVersion>(),
    row::<describe_repository::DescribeRepository>(),
    row::<disassociate_external_connection::DisassociateExternalConnection>(),
    row::<get_authorization_token::GetAuthorizationToken>(),
    row::<get_domain_permissions_policy::GetDomainPermissionsPolicy>(),
    row::<get_package_version_asset::GetPackageVersionAsset>(),
    row::<get_repository_endpoint::GetRepositoryEndpoint>(),
    row::<get_repository_permissions_policy::GetRepositoryPermissionsPolicy>(),
    row::<list_domains::ListDomains>(),
    row::<list_package_version_assets::ListPackageVersionAssets>(),
    row::<list_package_versions::ListPackageVersions>(),
    row::<list_packages::ListPackages>(),
    row::<list_repositories::ListRepositories>(),
    row::<list_repositories_in_domain::ListRepositoriesInDomain>(),
    row::<list_tags_for_resource::ListTagsForResource>(),
    row::<put_domain_permissions_policy::PutDomainPermissionsPolicy>(),
    row::<put_repository_permissions_policy::PutRepositoryPermissionsPolicy>(),
    row::<tag_resource::TagResource>(),
    row::<untag_resource::UntagResource>(),
    row::<update_repository::UpdateRepository>(),
];
