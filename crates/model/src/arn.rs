//! Amazon Resource Names of the resources that permissions speak of.

use std::fmt;

use crate::{
    AccountId, DomainName, DomainRef, PackageCoordinates, PackageGroupPattern, Principal,
    RepositoryName,
};

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

    /// `...:package-group/acme/npm/%2a`: the pattern with its slashes, everything else percent-encoded in lower case.
    #[must_use]
    pub fn package_group(
        &self,
        owner: &AccountId,
        domain: &DomainName,
        pattern: &PackageGroupPattern,
    ) -> Arn {
        let pattern = Encoded(pattern.as_str());
        self.resource(owner, format_args!("package-group/{domain}{pattern}"))
    }

    /// What every ARN of a domain's package groups begins with, and no other ARN.
    #[must_use]
    pub fn package_groups_of(&self, owner: &AccountId, domain: &DomainName) -> Arn {
        self.resource(owner, format_args!("package-group/{domain}/"))
    }

    /// Reads the ARN of a package group of this installation. `None` for any other text.
    #[must_use]
    pub fn parse_package_group(&self, arn: &str) -> Option<(DomainRef, PackageGroupPattern)> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "codeartifact", region, owner, resource] = parts[..] else {
            return None;
        };
        if partition != self.partition || region != self.region {
            return None;
        }
        let path = resource.strip_prefix("package-group/")?;
        let (domain, _) = path.split_once('/')?;
        let pattern = decode(&path[domain.len()..])?;
        let domain = DomainRef {
            owner: AccountId::parse(owner).ok()?,
            name: DomainName::parse(domain).ok()?,
        };
        Some((domain, PackageGroupPattern::parse(&pattern).ok()?))
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

/// A text as it stands in an ARN: letters, digits, `-`, `.`, `_`, `~` and `/` as they are.
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => write!(f, "{}", char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => write!(f, "{}", char::from(byte)),
            _ => write!(f, "%{byte:02x}"),
        })
    }
}

/// Reads what [`Encoded`] writes, with digits of either case.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(after.get(..2)?).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> ArnScope {
        ArnScope {
            partition: "aws".into(),
            region: "eu-west-1".into(),
        }
    }

    fn group_arn(pattern: &str) -> String {
        let owner = AccountId::parse("111122223333").unwrap();
        let domain = DomainName::parse("acme").unwrap();
        let pattern = PackageGroupPattern::parse(pattern).unwrap();
        scope().package_group(&owner, &domain, &pattern).to_string()
    }

    #[test]
    fn arns_of_package_groups_are_encoded_in_lower_case_and_read_back() {
        let prefix = "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme";
        for (pattern, expected) in [
            ("/*", "/%2a"),
            ("/npm/*", "/npm/%2a"),
            ("/nuget//alpha$", "/nuget//alpha%24"),
            ("/nuget//alpha%beta~", "/nuget//alpha%25beta~"),
            ("/maven/com.acme/a_b-c$", "/maven/com.acme/a_b-c%24"),
            ("/generic/a:b/é+$$", "/generic/a%3ab/%c3%a9%2b%24%24"),
        ] {
            let arn = group_arn(pattern);
            assert_eq!(arn, format!("{prefix}{expected}"));
            let (domain, read) = scope().parse_package_group(&arn).unwrap();
            assert_eq!((domain.name.as_str(), read.as_str()), ("acme", pattern));
            assert!(scope().parse_package_group(&arn.to_uppercase()).is_none());
        }
        let capitals = format!("{prefix}/%2A");
        assert!(scope().parse_package_group(&capitals).is_some());
    }

    #[test]
    fn other_texts_are_not_arns_of_package_groups() {
        let prefix = "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme";
        for bad in [
            String::new(),
            prefix.into(),
            format!("{prefix}/"),
            format!("{prefix}/npm"),
            format!("{prefix}/%2"),
            format!("{prefix}/%zz"),
            format!("{prefix}/%ff%2a"),
            format!("{prefix}%2f%2a"),
            prefix.replace("eu-west-1", "eu-west-2") + "/%2a",
            prefix.replace("aws", "aws-cn") + "/%2a",
            prefix.replace("package-group", "repository") + "/%2a",
            prefix.replace("111122223333", "1") + "/%2a",
        ] {
            assert!(scope().parse_package_group(&bad).is_none(), "{bad}");
        }
    }
}
