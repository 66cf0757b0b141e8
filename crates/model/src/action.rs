//! Permissions.

use std::fmt;

/// A permission, named as in IAM policies but without the service prefix, e.g. `ReadFromRepository`.
///
/// An operation's name is also its permission's name; three permissions have no operation and are constants here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action(&'static str);

impl Action {
    /// Reads by package managers.
    pub const READ_FROM_REPOSITORY: Self = Self("ReadFromRepository");
    /// Publishes, by package managers and by the operation of that name.
    pub const PUBLISH_PACKAGE_VERSION: Self = Self("PublishPackageVersion");
    /// Metadata writes by package managers (npm dist-tags and deprecation, Maven metadata).
    pub const PUT_PACKAGE_METADATA: Self = Self("PutPackageMetadata");
    /// Being used as an upstream.
    pub const ASSOCIATE_WITH_DOWNSTREAM_REPOSITORY: Self =
        Self("AssociateWithDownstreamRepository");

    /// The permission of an operation.
    #[must_use]
    pub const fn of(operation: &'static str) -> Self {
        Self(operation)
    }

    /// The name without the service prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Action {
    /// With the service prefix: `codeartifact:ReadFromRepository`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "codeartifact:{}", self.0)
    }
}
