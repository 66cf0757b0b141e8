//! The operations: one file each, and the table of them.
//!
//! An operation file holds what the operation takes, how each member is read, what it gives, the right it needs, and
//! one call of the catalog. It has no status, no JSON and no format's name.

mod associate_external_connection;
mod copy_package_versions;
mod create_domain;
mod create_repository;
mod delete_domain;
mod delete_package;
mod delete_package_versions;
mod delete_repository;
mod describe_domain;
mod describe_package;
mod describe_package_version;
mod describe_repository;
mod disassociate_external_connection;
mod dispose_package_versions;
mod get_authorization_token;
mod get_package_version_asset;
mod get_package_version_readme;
mod get_repository_endpoint;
mod list_domains;
mod list_package_version_assets;
mod list_package_version_dependencies;
mod list_package_versions;
mod list_packages;
mod list_repositories;
mod list_repositories_in_domain;
mod publish_package_version;
mod put_package_origin_configuration;
mod update_package_versions_status;
mod update_repository;

use crate::operation::{Row, row, streamed_row};

/// Every operation.
pub(crate) static OPERATIONS: &[Row] = &[
    row::<associate_external_connection::AssociateExternalConnection>(),
    row::<copy_package_versions::CopyPackageVersions>(),
    row::<create_domain::CreateDomain>(),
    row::<create_repository::CreateRepository>(),
    row::<delete_domain::DeleteDomain>(),
    row::<delete_package::DeletePackage>(),
    row::<delete_package_versions::DeletePackageVersions>(),
    row::<delete_repository::DeleteRepository>(),
    row::<describe_domain::DescribeDomain>(),
    row::<describe_package::DescribePackage>(),
    row::<describe_package_version::DescribePackageVersion>(),
    row::<describe_repository::DescribeRepository>(),
    row::<disassociate_external_connection::DisassociateExternalConnection>(),
    row::<dispose_package_versions::DisposePackageVersions>(),
    row::<get_authorization_token::GetAuthorizationToken>(),
    row::<get_package_version_asset::GetPackageVersionAsset>(),
    row::<get_package_version_readme::GetPackageVersionReadme>(),
    row::<get_repository_endpoint::GetRepositoryEndpoint>(),
    row::<list_domains::ListDomains>(),
    row::<list_package_version_assets::ListPackageVersionAssets>(),
    row::<list_package_version_dependencies::ListPackageVersionDependencies>(),
    row::<list_package_versions::ListPackageVersions>(),
    row::<list_packages::ListPackages>(),
    row::<list_repositories::ListRepositories>(),
    row::<list_repositories_in_domain::ListRepositoriesInDomain>(),
    streamed_row::<publish_package_version::PublishPackageVersion>(),
    row::<put_package_origin_configuration::PutPackageOriginConfiguration>(),
    row::<update_package_versions_status::UpdatePackageVersionsStatus>(),
    row::<update_repository::UpdateRepository>(),
];
