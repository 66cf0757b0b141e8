//! What the audit record of a call says of it: its name, its members, who asked, why it was refused.

use catalog::{Caller, Catalog, RequestFacts, RequestFailure, RequestParameters};
use http::request;
use model::{AccountId, DomainName, DomainRef, RepositoryName};

use super::error::Refusal;
use super::query;

/// The members that records name, on the wire and as records call them. All are in the query.
const MEMBERS: &[(&str, &str)] = &[
    ("domain", "domainName"),
    (DOMAIN_OWNER, "domainOwner"),
    ("repository", "repositoryName"),
    ("source-repository", "sourceRepositoryName"),
    ("destination-repository", "destinationRepositoryName"),
    ("format", "packageFormat"),
    ("namespace", "packageNamespace"),
    ("package", "packageName"),
    ("version", "packageVersion"),
    ("asset", "assetName"),
    ("package-group", "packageGroup"),
    ("external-connection", "externalConnection"),
    ("resourceArn", "resourceArn"),
    ("duration", "durationSeconds"),
];
const DOMAIN_OWNER: &str = "domain-owner";

/// Whether an operation only reads. Making a token is no reading.
pub(crate) fn is_read_only(operation: &str) -> bool {
    let reads = ["Get", "List", "Describe"];
    reads.iter().any(|verb| operation.starts_with(verb)) && operation != "GetAuthorizationToken"
}

/// The facts of a call as it came. Members that cannot be read are left out: they are told as the reason of the refusal.
pub(crate) fn of_call(operation: &'static str, parts: &request::Parts) -> RequestFacts {
    let sent = query::decode(parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let named = |wire: &str| {
        let mut values = sent.iter().filter(|(name, _)| name == wire);
        values.next().map(|(_, value)| value.clone())
    };
    let members = MEMBERS
        .iter()
        .filter_map(|(wire, name)| Some((*name, named(wire)?)))
        .collect();
    RequestFacts {
        source: RequestFacts::SERVICE,
        event: operation,
        is_read_only: is_read_only(operation),
        caller: None,
        owner: named(DOMAIN_OWNER).and_then(|text| AccountId::parse(&text).ok()),
        administrator: None,
        parameters: RequestParameters::Call(members),
        failure: None,
    }
}

/// Adds who asked, and what follows from it: a domain without an owner is one of the caller's account.
pub(crate) fn add_caller(facts: &mut RequestFacts, caller: &Caller) {
    let RequestParameters::Call(members) = &mut facts.parameters else {
        return;
    };
    if facts.owner.is_none() && members.iter().any(|(name, _)| *name == "domainName") {
        let owner = caller.account().clone();
        members.push(("domainOwner", owner.to_string()));
        facts.owner = Some(owner);
    }
    facts.caller = Some(caller.clone());
}

/// Adds who administers the repository that a call was about.
pub(crate) async fn add_administrator(facts: &mut RequestFacts, catalog: &Catalog) {
    let RequestParameters::Call(members) = &facts.parameters else {
        return;
    };
    let value = |wanted: &str| {
        let found = members.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let named = value("domainName").and_then(|name| DomainName::parse(name).ok());
    let repository = value("repositoryName").or_else(|| value("destinationRepositoryName"));
    let repository = repository.and_then(|name| RepositoryName::parse(name).ok());
    if let (Some(name), Some(owner), Some(repository)) = (named, &facts.owner, repository) {
        let owner = owner.clone();
        let domain = DomainRef { owner, name };
        facts.administrator = catalog.find_administrator(&domain, &repository).await;
    }
}

/// Adds why the call was refused, as the caller is told it.
pub(crate) fn add_refusal(facts: &mut RequestFacts, refusal: &Refusal) {
    facts.failure = Some(match refusal {
        Refusal::Failed(error) => RequestFailure::of(error),
        Refusal::Signature(error) => RequestFailure {
            code: error.exception(),
            message: error.to_string(),
        },
        Refusal::UnknownOperation(message) => RequestFailure {
            code: "UnknownOperationException",
            message: message.clone(),
        },
    });
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn operations_that_read_are_told_from_those_that_write() {
        for name in ["GetPackageVersionAsset", "ListPackages", "DescribeDomain"] {
            assert!(is_read_only(name), "{name}");
        }
        for name in [
            "GetAuthorizationToken",
            "CreateDomain",
            "PublishPackageVersion",
        ] {
            assert!(!is_read_only(name), "{name}");
        }
    }

    #[test]
    fn o01_only_known_members_of_the_query_are_taken() {
        let target =
            "/v1/domain?domain=acme&domain-owner=111122223333&X-Amz-Signature=planted&note=planted";
        let (parts, ()) = Request::get(target).body(()).unwrap().into_parts();
        let facts = of_call("DescribeDomain", &parts);
        let RequestParameters::Call(members) = facts.parameters else {
            panic!("a call has members");
        };
        let expected = [("domainName", "acme"), ("domainOwner", "111122223333")];
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(members, expected);
        assert_eq!(facts.owner.unwrap().as_str(), "111122223333");
    }
}
