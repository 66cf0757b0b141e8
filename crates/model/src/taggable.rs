//! The resources that can have tags, by the ARN that names them in a request.
//!
//! An ARN is read strictly: it names a resource of this installation, or it is refused. There are three kinds; packages
//! have no tags. Public document: "ARNs" in the service's authorization reference.

use crate::name::check_length;
use crate::{
    AccountId, Arn, ArnScope, Constraint, DomainName, DomainRef, PackageGroupPattern,
    RepositoryName,
};

/// What a request to tag, to untag or to list tags is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaggableResource {
    /// A domain.
    Domain(DomainRef),
    /// A repository.
    Repository(DomainRef, RepositoryName),
    /// A package group, by its pattern.
    PackageGroup(DomainRef, PackageGroupPattern),
}

const FORM: &str =
    "arn:{partition}:codeartifact:{region}:{account}:(domain|repository|package-group)/.+";

impl TaggableResource {
    /// Reads an ARN of this installation, whose percent signs stand as they are in the ARN.
    pub fn parse(text: &str, scope: &ArnScope) -> Result<Self, Constraint> {
        check_length(text, 1, 1011)?;
        let malformed = || Constraint::Pattern(FORM);
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "codeartifact", region, owner, resource] = parts[..] else {
            return Err(malformed());
        };
        if partition != scope.partition || region != scope.region {
            return Err(malformed());
        }
        let owner = AccountId::parse(owner).map_err(|_| malformed())?;
        let (kind, rest) = resource.split_once('/').ok_or_else(malformed)?;
        let (name, below) = match rest.find('/') {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, ""),
        };
        let name = DomainName::parse(name).map_err(|_| malformed())?;
        let domain = DomainRef { owner, name };
        match (kind, below) {
            ("domain", "") => Ok(Self::Domain(domain)),
            ("repository", below) if below.len() > 1 => {
                let name = RepositoryName::parse(&below[1..]).map_err(|_| malformed())?;
                Ok(Self::Repository(domain, name))
            }
            ("package-group", _) => {
                let (domain, pattern) = scope.parse_package_group(text).ok_or_else(malformed)?;
                Ok(Self::PackageGroup(domain, pattern))
            }
            _ => Err(malformed()),
        }
    }

    /// The domain it is, or is in.
    #[must_use]
    pub const fn domain(&self) -> &DomainRef {
        match self {
            Self::Domain(domain) | Self::Repository(domain, _) | Self::PackageGroup(domain, _) => {
                domain
            }
        }
    }

    /// The one spelling of its ARN, by which its tags are kept.
    #[must_use]
    pub fn arn(&self, scope: &ArnScope) -> Arn {
        match self {
            Self::Domain(domain) => scope.domain(&domain.owner, &domain.name),
            Self::Repository(domain, repository) => {
                scope.repository(&domain.owner, &domain.name, repository)
            }
            Self::PackageGroup(domain, pattern) => {
                scope.package_group(&domain.owner, &domain.name, pattern)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "arn:aws:codeartifact:us-west-2:111122223333:";

    fn scope() -> ArnScope {
        ArnScope {
            partition: "aws".into(),
            region: "us-west-2".into(),
        }
    }

    fn parse(resource: &str) -> Result<TaggableResource, Constraint> {
        TaggableResource::parse(&format!("{PREFIX}{resource}"), &scope())
    }

    #[test]
    fn an_arn_that_was_read_prints_as_it_was() {
        for resource in [
            "domain/acme",
            "repository/acme/team-a",
            "package-group/acme/%2a",
            "package-group/acme/npm/%2a",
            "package-group/acme/nuget//alpha%24",
            "package-group/acme/nuget//alpha%25beta~",
        ] {
            let read = parse(resource).unwrap();
            assert_eq!(read.arn(&scope()).as_str(), format!("{PREFIX}{resource}"));
            assert_eq!(read.domain().name.as_str(), "acme");
        }
    }

    #[test]
    fn a_pattern_is_decoded_once_and_has_one_spelling() {
        let group = parse("package-group/acme/npm/%2A").unwrap();
        let TaggableResource::PackageGroup(_, pattern) = &group else {
            panic!("{group:?}");
        };
        assert_eq!(pattern.as_str(), "/npm/*");
        assert_eq!(group, parse("package-group/acme/npm/*").unwrap());
        assert!(group.arn(&scope()).as_str().ends_with("/npm/%2a"));
        // Encoded twice, it names another group, whose pattern ends as none can.
        assert!(parse("package-group/acme/npm/%252a").is_err());
    }

    #[test]
    fn p01_p12_what_names_no_taggable_resource_of_this_installation_is_refused() {
        for bad in [
            "domain",
            "domain/",
            "domain/acme/",
            "domain/acme/team-a",
            "domain/Acme",
            "domain/*",
            "repository/acme",
            "repository/acme/",
            "repository/acme/team-a/",
            "repository/acme/..",
            "repository/acme/team%2da",
            "repository/acme//team-a",
            "package/acme/team-a/npm//react",
            "package-group/acme",
            "package-group/acme/",
            "package-group/acme/npm/%2",
            "package-group/acme/npm/%zz",
            "package-group/acme/npm/%+1",
            "package-group/acme/npm/%ff",
            "package-group/acme/npm/%20",
            "package-group/acme/npm/%00",
            "package-group:acme/npm/%2a",
        ] {
            assert!(matches!(parse(bad), Err(Constraint::Pattern(_))), "{bad}");
        }
        for bad in [
            "acme",
            "arn:aws:codeartifact:us-west-2:111122223333",
            "arn:aws:codeartifact:us-west-2::domain/acme",
            "arn:aws:codeartifact:us-west-2:11112222333x:domain/acme",
            "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme",
            "arn:aws-cn:codeartifact:us-west-2:111122223333:domain/acme",
            "arn:aws:s3:us-west-2:111122223333:domain/acme",
            "ARN:aws:codeartifact:us-west-2:111122223333:domain/acme",
        ] {
            assert!(TaggableResource::parse(bad, &scope()).is_err(), "{bad}");
        }
        let long = format!("{PREFIX}domain/{}", "a".repeat(1011));
        assert_eq!(
            TaggableResource::parse(&long, &scope()),
            Err(Constraint::MaxLength(1011))
        );
    }
}
