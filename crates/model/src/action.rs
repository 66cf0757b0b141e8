//! Permissions.

use std::fmt;

/// Every permission of the service: its operations, and what package managers do.
const SERVICE_ACTIONS: &[&str] = &[
    "AssociateExternalConnection",
    "AssociateWithDownstreamRepository",
    "CopyPackageVersions",
    "CreateDomain",
    "CreatePackageGroup",
    "CreateRepository",
    "DeleteDomain",
    "DeleteDomainPermissionsPolicy",
    "DeletePackage",
    "DeletePackageGroup",
    "DeletePackageVersions",
    "DeleteRepository",
    "DeleteRepositoryPermissionsPolicy",
    "DescribeDomain",
    "DescribePackage",
    "DescribePackageGroup",
    "DescribePackageVersion",
    "DescribeRepository",
    "DisassociateExternalConnection",
    "DisposePackageVersions",
    "GetAssociatedPackageGroup",
    "GetAuthorizationToken",
    "GetDomainPermissionsPolicy",
    "GetPackageVersionAsset",
    "GetPackageVersionReadme",
    "GetRepositoryEndpoint",
    "GetRepositoryPermissionsPolicy",
    "ListAllowedRepositoriesForGroup",
    "ListAssociatedPackages",
    "ListDomains",
    "ListPackageGroups",
    "ListPackageVersionAssets",
    "ListPackageVersionDependencies",
    "ListPackageVersions",
    "ListPackages",
    "ListRepositories",
    "ListRepositoriesInDomain",
    "ListSubPackageGroups",
    "ListTagsForResource",
    "PublishPackageVersion",
    "PutDomainPermissionsPolicy",
    "PutPackageMetadata",
    "PutPackageOriginConfiguration",
    "PutRepositoryPermissionsPolicy",
    "ReadFromRepository",
    "TagResource",
    "UntagResource",
    "UpdatePackageGroup",
    "UpdatePackageGroupOriginConfiguration",
    "UpdatePackageVersionsStatus",
    "UpdateRepository",
];

/// What is asked for of the security token service.
const TOKEN_ACTIONS: &[&str] = &[
    "AssumeRole",
    "AssumeRoleWithWebIdentity",
    "GetServiceBearerToken",
    "TagSession",
];

/// A permission, named as in IAM policies, e.g. `codeartifact:ReadFromRepository`.
///
/// An operation's name is also its permission's name; permissions without an operation are constants here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    service: &'static str,
    name: &'static str,
}

impl Action {
    /// Reads by package managers.
    pub const READ_FROM_REPOSITORY: Self = Self::of("ReadFromRepository");
    /// Publishes, by package managers and by the operation of that name.
    pub const PUBLISH_PACKAGE_VERSION: Self = Self::of("PublishPackageVersion");
    /// Metadata writes by package managers (npm dist-tags and deprecation, Maven metadata).
    pub const PUT_PACKAGE_METADATA: Self = Self::of("PutPackageMetadata");
    /// Being used as an upstream.
    pub const ASSOCIATE_WITH_DOWNSTREAM_REPOSITORY: Self =
        Self::of("AssociateWithDownstreamRepository");
    /// Putting tags on a resource; also needed to make a resource with tags.
    pub const TAG_RESOURCE: Self = Self::of("TagResource");
    /// Setting a domain's permissions policy.
    pub const PUT_DOMAIN_PERMISSIONS_POLICY: Self = Self::of("PutDomainPermissionsPolicy");
    /// Setting a repository's permissions policy.
    pub const PUT_REPOSITORY_PERMISSIONS_POLICY: Self = Self::of("PutRepositoryPermissionsPolicy");
    /// Getting a token for package managers, beside `GetAuthorizationToken`.
    pub const GET_SERVICE_BEARER_TOKEN: Self = Self::sts("GetServiceBearerToken");

    /// The permission that a policy writes so, e.g. `codeartifact:DescribeDomain`, in any case of letters. `None` for
    /// what this service never asks for.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let (service, name) = text.split_once(':')?;
        let of = |names: &[&'static str]| {
            let mut names = names.iter().copied();
            names.find(|known| known.eq_ignore_ascii_case(name))
        };
        if service.eq_ignore_ascii_case("codeartifact") {
            of(SERVICE_ACTIONS).map(Self::of)
        } else if service.eq_ignore_ascii_case("sts") {
            of(TOKEN_ACTIONS).map(Self::sts)
        } else {
            None
        }
    }

    /// The permission of an operation of this service.
    #[must_use]
    pub const fn of(operation: &'static str) -> Self {
        Self {
            service: "codeartifact",
            name: operation,
        }
    }

    /// The permission of an operation of the security token service.
    #[must_use]
    pub const fn sts(operation: &'static str) -> Self {
        Self {
            service: "sts",
            name: operation,
        }
    }

    /// The service, e.g. `codeartifact`.
    #[must_use]
    pub const fn service(self) -> &'static str {
        self.service
    }

    /// The name without the service prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Action {
    /// With the service prefix: `codeartifact:ReadFromRepository`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_found_by_the_text_that_policies_have() {
        // 48 operations, and three permissions that belong to package managers alone.
        assert_eq!(SERVICE_ACTIONS.len(), 51);
        for action in [
            Action::READ_FROM_REPOSITORY,
            Action::PUBLISH_PACKAGE_VERSION,
            Action::PUT_PACKAGE_METADATA,
            Action::ASSOCIATE_WITH_DOWNSTREAM_REPOSITORY,
            Action::TAG_RESOURCE,
            Action::PUT_DOMAIN_PERMISSIONS_POLICY,
            Action::PUT_REPOSITORY_PERMISSIONS_POLICY,
            Action::GET_SERVICE_BEARER_TOKEN,
            Action::of("DescribeDomain"),
        ] {
            assert_eq!(Action::find(&action.to_string()), Some(action));
        }
        assert_eq!(
            Action::find("CodeArtifact:describedomain"),
            Some(Action::of("DescribeDomain"))
        );
        for none in [
            "",
            "DescribeDomain",
            "codeartifact:",
            "s3:GetObject",
            "codeartifact:*",
        ] {
            assert_eq!(Action::find(none), None, "{none}");
        }
    }
}
