//! The resources that can have tags, by the ARN that names them in a request.
//!
//! An ARN is read strictly: it names a resource of this installation, or it is refused. There are three kinds; packages
//! have no tags. Public document: "ARNs" in the service's authorization reference.

use std::fmt::Write as _;

use crate::name::check_length;
use crate::{AccountId, Arn, ArnScope, Constraint, DomainName, DomainRef, RepositoryName};

/// What a request to tag, to untag or to list tags is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaggableResource {
    /// A domain.
    Domain(DomainRef),
    /// A repository.
    Repository(DomainRef, RepositoryName),
    /// A package group, by its pattern.
    PackageGroup(DomainRef, String),
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
            ("package-group", below) if below.len() > 1 => {
                let pattern = decoded(below).ok_or_else(malformed)?;
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
                let DomainRef { owner, name } = domain;
                scope.resource(
                    owner,
                    format_args!("package-group/{name}{}", encoded(pattern)),
                )
            }
        }
    }
}

/// Takes one layer of percent signs off. `None` for what is no encoding of a pattern: a text without white space and
/// control characters.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_pattern = !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && check_length(&text, 2, 520).is_ok();
    is_pattern.then_some(text)
}

/// A pattern as it stands in an ARN: slashes kept, hexadecimal digits in lower case.
fn encoded(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    for byte in pattern.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02x}").expect("a string takes whatever is written to it");
        }
    }
    text
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
        assert_eq!(pattern, "/npm/*");
        assert_eq!(group, parse("package-group/acme/npm/*").unwrap());
        assert!(group.arn(&scope()).as_str().ends_with("/npm/%2a"));
        let twice = parse("package-group/acme/npm/%252a").unwrap();
        assert_ne!(twice, group);
        assert!(twice.arn(&scope()).as_str().ends_with("/npm/%252a"));
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
