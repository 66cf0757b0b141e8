//! Amazon Resource Names of the resources that permissions speak of.

use std::fmt;

use crate::{AccountId, DomainName, PackageCoordinates, Principal, RepositoryName};

/// Partition and region: the part of every ARN that is the same for one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnScope {
    /// The partition, `aws` by default.
    pub partition: String,
    /// The region this installation answers for.
    pub region: String,
}

impl ArnScope {
    pub(crate) fn resource(&self, owner: &AccountId, resource: fmt::Arguments<'_>) -> Arn {
        Arn(format!(
            "arn:{}:codeartifact:{}:{owner}:{resource}",
            self.partition, self.region
        ))
    }

    /// `arn:aws:codeartifact:us-west-2:111122223333:domain/acme`.
    #[must_use]
    pub fn domain(&self, owner: &AccountId, domain: &DomainName) -> Arn {
        self.resource(owner, format_args!("domain/{domain}"))
    }

    /// `...:repository/acme/team-a`. The account is always the domain's owner.
    #[must_use]
    pub fn repository(
        &self,
        owner: &AccountId,
        domain: &DomainName,
        repository: &RepositoryName,
    ) -> Arn {
        self.resource(owner, format_args!("repository/{domain}/{repository}"))
    }

    /// `...:package/acme/team-a/npm/types/node`, with an empty namespace as `npm//react`.
    #[must_use]
    pub fn package(
        &self,
        owner: &AccountId,
        domain: &DomainName,
        repository: &RepositoryName,
        package: &PackageCoordinates,
    ) -> Arn {
        self.resource(
            owner,
            format_args!("package/{domain}/{repository}/{package}"),
        )
    }

    /// The key a domain is said to be encrypted with when none was named at its creation.
    #[must_use]
    pub fn default_encryption_key(&self, owner: &AccountId) -> Arn {
        Arn(format!(
            "arn:{}:kms:{}:{owner}:alias/aws/codeartifact",
            self.partition, self.region
        ))
    }
}

/// A resource's name for permissions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arn(String);

impl Arn {
    /// Any resource: the name of actions that have no resource of their own.
    #[must_use]
    pub fn any() -> Self {
        Self("*".into())
    }

    /// A principal as the resource of a question, as when a role is to be assumed.
    #[must_use]
    pub fn of_principal(principal: &Principal) -> Self {
        Self(principal.to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
