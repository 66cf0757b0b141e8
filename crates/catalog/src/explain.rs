//! Why a request would be allowed or denied: the question that a request would ask, put together from texts.
//!
//! Nothing is changed and nothing needs to exist; for administrators at the command line of the host.

use access::Explanation;
use model::{
    Action, Arn, DomainRef, Error, InvalidReason, Namespace, PackageCoordinates, PackageName,
    RepositoryName, Result, TaggableResource,
};

use crate::{Caller, Catalog, Target};

/// What an ARN in a policy names.
enum Named {
    Any,
    Domain(DomainRef),
    Repository(DomainRef, RepositoryName),
    Package(DomainRef, RepositoryName, PackageCoordinates),
    PackageGroup(DomainRef, Arn),
}

impl Named {
    const fn target(&self, action: Action) -> Target<'_> {
        let is_creation = matches!(
            action.name().as_bytes(),
            b"CreateDomain" | b"CreateRepository"
        );
        match self {
            Self::Any => Target::Any,
            Self::Domain(domain) if is_creation => Target::NewDomain(domain),
            Self::Domain(domain) => Target::Domain(domain),
            Self::Repository(domain, repository) if is_creation => {
                Target::NewRepository(domain, repository)
            }
            Self::Repository(domain, repository) => Target::Repository(domain, repository),
            Self::Package(domain, repository, package) => {
                Target::Package(domain, repository, package)
            }
            Self::PackageGroup(domain, arn) => Target::PackageGroup(domain, arn),
        }
    }
}

impl Catalog {
    /// Whether a caller may do something to a resource, and which statements of which policies say so. The action is
    /// written as in policies, the resource as its ARN or `*`.
    pub async fn explain(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
    ) -> Result<Explanation> {
        let invalid = |message| Error::invalid(InvalidReason::FieldValidation, message);
        let action = Action::find(action).ok_or_else(|| {
            invalid(format!(
                "'{action}' is not an action of this service; write it as in policies, e.g. \
                 codeartifact:ReadFromRepository."
            ))
        })?;
        let named = self.named(resource).ok_or_else(|| {
            invalid(format!(
                "'{resource}' is not the ARN of a domain, repository, package or package group of this installation, \
                 e.g. {}, nor '*'.",
                self.example()
            ))
        })?;
        self.explain_target(caller, action, named.target(action))
            .await
    }

    fn example(&self) -> String {
        let scope = self.scope();
        let account = &self.settings.account;
        format!(
            "arn:{}:codeartifact:{}:{account}:repository/acme/team-a",
            scope.partition, scope.region
        )
    }

    fn named(&self, text: &str) -> Option<Named> {
        if text == "*" {
            return Some(Named::Any);
        }
        if let Some(package) = self.named_package(text) {
            return Some(package);
        }
        let resource = TaggableResource::parse(text, self.scope()).ok()?;
        let arn = resource.arn(self.scope());
        Some(match resource {
            TaggableResource::Domain(domain) => Named::Domain(domain),
            TaggableResource::Repository(domain, name) => Named::Repository(domain, name),
            TaggableResource::PackageGroup(domain, _) => Named::PackageGroup(domain, arn),
        })
    }

    /// Reads `...:package/{domain}/{repository}/{format}/{namespace}/{name}`.
    fn named_package(&self, text: &str) -> Option<Named> {
        let (head, rest) = text.split_once(":package/")?;
        let parts: Vec<&str> = rest.split('/').collect();
        let [domain, repository, format, namespace, name] = parts[..] else {
            return None;
        };
        let arn = format!("{head}:repository/{domain}/{repository}");
        let repository = TaggableResource::parse(&arn, self.scope()).ok()?;
        let TaggableResource::Repository(domain, repository) = repository else {
            return None;
        };
        let namespace = match namespace {
            "" => None,
            text => Some(Namespace::parse(text).ok()?),
        };
        let name = PackageName::parse(name).ok()?;
        let rules = self.formats.find(format)?;
        let package = rules.coordinates(namespace, name).ok()?;
        Some(Named::Package(domain, repository, package))
    }
}
