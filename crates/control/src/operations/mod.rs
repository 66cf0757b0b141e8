//! The operations: one file each, and the table of them.
//!
//! An operation file holds what the operation takes, how each member is read, what it gives, the right it needs, and
//! one call of the catalog. It has no status, no JSON and no format's name.

mod associate_external_connection;
mod copy_package_versions;
mod create_domain;
mod create_package_group;
mod create_repository;
mod delete_domain;
mod delete_domain_permissions_policy;
mod delete_package;
mod delete_package_group;
mod delete_package_versions;
mod delete_repository;
mod delete_repository_permissions_policy;
mod describe_domain;
mod describe_package;
mod describe_package_group;
mod describe_package_version;
mod describe_repository;
mod disassociate_external_connection;
mod dispose_package_versions;
mod get_associated_package_group;
mod get_authorization_token;
mod get_domain_permissions_policy;
mod get_package_version_asset;
mod get_package_version_readme;
mod get_repository_endpoint;
mod get_repository_permissions_policy;
mod list_allowed_repositories_for_group;
mod list_associated_packages;
mod list_domains;
mod list_package_groups;
mod list_package_version_assets;
mod list_package_version_dependencies;
mod list_package_versions;
mod list_packages;
mod list_repositories;
mod list_repositories_in_domain;
mod list_sub_package_groups;
mod list_tags_for_resource;
mod publish_package_version;
mod put_domain_permissions_policy;
mod put_package_origin_configuration;
mod put_repository_permissions_policy;
mod tag_resource;
mod untag_resource;
mod update_package_group;
mod update_package_group_origin_configuration;
mod update_package_versions_status;
mod update_repository;

use crate::operation::{Row, row, streamed_row};

/// Every operation.
pub(crate) static OPERATIONS: &[Row] = &[
    row::<associate_external_connection::AssociateExternalConnection>(),
    row::<copy_package_versions::CopyPackageVersions>(),
    row::<create_domain::CreateDomain>(),
    row::<create_package_group::CreatePackageGroup>(),
    row::<create_repository::CreateRepository>(),
    row::<delete_domain::DeleteDomain>(),
    row::<delete_domain_permissions_policy::DeleteDomainPermissionsPolicy>(),
    row::<delete_package::DeletePackage>(),
    row::<delete_package_group::DeletePackageGroup>(),
    row::<delete_package_versions::DeletePackageVersions>(),
    row::<delete_repository::DeleteRepository>(),
    row::<delete_repository_permissions_policy::DeleteRepositoryPermissionsPolicy>(),
    row::<describe_domain::DescribeDomain>(),
    row::<describe_package::DescribePackage>(),
    row::<describe_package_group::DescribePackageGroup>(),
    row::<describe_package_version::DescribePackageVersion>(),
    row::<describe_repository::DescribeRepository>(),
    row::<disassociate_external_connection::DisassociateExternalConnection>(),
    row::<dispose_package_versions::DisposePackageVersions>(),
    row::<get_associated_package_group::GetAssociatedPackageGroup>(),
    row::<get_authorization_token::GetAuthorizationToken>(),
    row::<get_domain_permissions_policy::GetDomainPermissionsPolicy>(),
    row::<get_package_version_asset::GetPackageVersionAsset>(),
    row::<get_package_version_readme::GetPackageVersionReadme>(),
    row::<get_repository_endpoint::GetRepositoryEndpoint>(),
    row::<get_repository_permissions_policy::GetRepositoryPermissionsPolicy>(),
    row::<list_allowed_repositories_for_group::ListAllowedRepositoriesForGroup>(),
    row::<list_associated_packages::ListAssociatedPackages>(),
    row::<list_domains::ListDomains>(),
    row::<list_package_groups::ListPackageGroups>(),
    row::<list_package_version_assets::ListPackageVersionAssets>(),
    row::<list_package_version_dependencies::ListPackageVersionDependencies>(),
    row::<list_package_versions::ListPackageVersions>(),
    row::<list_packages::ListPackages>(),
    row::<list_repositories::ListRepositories>(),
    row::<list_repositories_in_domain::ListRepositoriesInDomain>(),
    row::<list_sub_package_groups::ListSubPackageGroups>(),
    row::<list_tags_for_resource::ListTagsForResource>(),
    streamed_row::<publish_package_version::PublishPackageVersion>(),
    row::<put_domain_permissions_policy::PutDomainPermissionsPolicy>(),
    row::<put_package_origin_configuration::PutPackageOriginConfiguration>(),
    row::<put_repository_permissions_policy::PutRepositoryPermissionsPolicy>(),
    row::<tag_resource::TagResource>(),
    row::<untag_resource::UntagResource>(),
    row::<update_package_group::UpdatePackageGroup>(),
    row::<update_package_group_origin_configuration::UpdatePackageGroupOriginConfiguration>(),
    row::<update_package_versions_status::UpdatePackageVersionsStatus>(),
    row::<update_repository::UpdateRepository>(),
];
