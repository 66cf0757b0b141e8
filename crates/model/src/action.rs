//! Permissions.

use std::fmt;

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
    /// Getting a token for package managers, beside `GetAuthorizationToken`.
    pub const GET_SERVICE_BEARER_TOKEN: Self = Self::sts("GetServiceBearerToken");

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
