//! The operations: one file each, and the table of them.
//!
//! An operation file holds what the operation takes, how each member is read, what it gives, the right it needs, and
//! one call of the catalog. It has no status, no JSON and no format's name.

mod associate_external_connection;
mod create_domain;
mod create_package_group;
mod create_repository;
mod delete_domain;
mod delete_package_group;
mod delete_repository;
mod describe_domain;
mod describe_package_group;
mod describe_package_version;
mod describe_repository;
mod disassociate_external_connection;
mod get_associated_package_group;
mod get_authorization_token;
mod get_package_version_asset;
mod get_repository_endpoint;
mod list_allowed_repositories_for_group;
mod list_associated_packages;
mod list_domains;
mod list_package_groups;
mod list_package_version_assets;
mod list_package_versions;
mod list_packages;
mod list_repositories;
mod list_repositories_in_domain;
mod list_sub_package_groups;
mod update_package_group;
mod update_package_group_origin_configuration;
mod update_repository;

use crate::operation::{Row, row};

/// Every operation.
pub(crate) static OPERATIONS: &[Row] = &[
    row::<associate_external_connection::AssociateExternalConnection>(),
    row::<create_domain::CreateDomain>(),
    row::<create_package_group::CreatePackageGroup>(),
    row::<create_repository::CreateRepository>(),
    row::<delete_domain::DeleteDomain>(),
    row::<delete_package_group::DeletePackageGroup>(),
    row::<delete_repository::DeleteRepository>(),
    row::<describe_domain::DescribeDomain>(),
    row::<describe_package_group::DescribePackageGroup>(),
    row::<describe_package_version::DescribePackageVersion>(),
    row::<describe_repository::DescribeRepository>(),
    row::<disassociate_external_connection::DisassociateExternalConnection>(),
    row::<get_associated_package_group::GetAssociatedPackageGroup>(),
    row::<get_authorization_token::GetAuthorizationToken>(),
    row::<get_package_version_asset::GetPackageVersionAsset>(),
    row::<get_repository_endpoint::GetRepositoryEndpoint>(),
    row::<list_allowed_repositories_for_group::ListAllowedRepositoriesForGroup>(),
    row::<list_associated_packages::ListAssociatedPackages>(),
    row::<list_domains::ListDomains>(),
    row::<list_package_groups::ListPackageGroups>(),
    row::<list_package_version_assets::ListPackageVersionAssets>(),
    row::<list_package_versions::ListPackageVersions>(),
    row::<list_packages::ListPackages>(),
    row::<list_repositories::ListRepositories>(),
    row::<list_repositories_in_domain::ListRepositoriesInDomain>(),
    row::<list_sub_package_groups::ListSubPackageGroups>(),
    row::<update_package_group::UpdatePackageGroup>(),
    row::<update_package_group_origin_configuration::UpdatePackageGroupOriginConfiguration>(),
    row::<update_repository::UpdateRepository>(),
];
