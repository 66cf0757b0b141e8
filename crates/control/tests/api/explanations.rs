//! Why a request would be allowed or denied, as administrators ask it.

use std::sync::Arc;

use access::Decision;
use catalog::{Caller, Explanation, PolicyHolder};
use model::{
    AccountId, ErrorKind, Identity, InvalidReason, PolicyDocument, Principal, PrincipalKind,
    RepositoryName,
};

use crate::support::{ACCOUNT, STRANGER, Service, acme};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Guests","Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"codeartifact:*","Resource":"*"},
    {"Sid":"NotCore","Effect":"Deny","Principal":"*","Action":"codeartifact:Publish*",
     "Resource":"arn:aws:codeartifact:us-west-2:111122223333:package/acme/team-a/npm/parity/core"}]}"#;

fn caller(account: &str, kind: PrincipalKind, name: &str) -> Caller {
    let identity: Identity = Principal {
        account: AccountId::parse(account).unwrap(),
        kind,
        name: name.into(),
    }
    .into();
    Caller::known(Arc::new(identity))
}

async fn explained(caller: &Caller, action: &str, resource: &str) -> Explanation {
    let service = Service::with_repository().await;
    for repository in [None, RepositoryName::parse("team-a").ok()] {
        let domain = acme();
        let holder = PolicyHolder { domain, repository };
        let document = PolicyDocument::parse(POLICY).unwrap();
        service
            .catalog
            .put_resource_policy(&service.root(), holder, &document, None)
            .await
            .unwrap();
    }
    let arn = match resource {
        "*" => "*".to_owned(),
        resource => format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}"),
    };
    service.catalog.explain(caller, action, &arn).await.unwrap()
}

/// The statements that applied, by their policy.
fn statements(explanation: &Explanation) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for policy in &explanation.policies {
        for statement in &policy.statements {
            found.push((policy.label.clone(), statement.sid.clone().unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn an_explanation_names_the_statements_of_the_policies_that_were_asked() {
    let guest = caller(STRANGER, PrincipalKind::Root, "");
    let of = |resource: &str, sid: &str| {
        let arn = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
        (format!("the permissions policy of {arn}"), sid.to_owned())
    };
    for (action, resource, is_allowed, expected) in [
        (
            "codeartifact:DescribeDomain",
            "domain/acme",
            true,
            vec![of("domain/acme", "Guests")],
        ),
        (
            "codeartifact:PublishPackageVersion",
            "package/acme/team-a/npm/parity/ui",
            true,
            vec![of("repository/acme/team-a", "Guests")],
        ),
        (
            "codeartifact:publishpackageversion",
            "package/acme/team-a/npm/parity/core",
            false,
            vec![
                of("repository/acme/team-a", "Guests"),
                of("repository/acme/team-a", "NotCore"),
            ],
        ),
        (
            "codeartifact:CreateRepository",
            "repository/acme/new",
            true,
            vec![of("domain/acme", "Guests")],
        ),
        (
            "codeartifact:PutDomainPermissionsPolicy",
            "domain/acme",
            false,
            vec![],
        ),
        (
            "codeartifact:ReadFromRepository",
            "repository/acme/none",
            false,
            vec![],
        ),
        (
            "codeartifact:DescribePackageGroup",
            "package-group/acme/npm/%2a",
            true,
            vec![of("domain/acme", "Guests")],
        ),
        ("sts:GetServiceBearerToken", "*", true, vec![]),
    ] {
        let found = explained(&guest, action, resource).await;
        assert_eq!(
            found.decision == Decision::Allow,
            is_allowed,
            "{action} {resource}"
        );
        assert_eq!(statements(&found), expected, "{action} {resource}");
    }
}

#[tokio::test]
async fn an_explanation_agrees_with_the_decision_of_a_request() {
    let root = caller(ACCOUNT, PrincipalKind::Root, "");
    let jane = caller(ACCOUNT, PrincipalKind::User, "jane");
    let core = "package/acme/team-a/npm/parity/core";
    for (who, action, resource, is_allowed) in [
        (&root, "codeartifact:PublishPackageVersion", core, false),
        (&root, "codeartifact:DeletePackageVersions", core, true),
        (&jane, "codeartifact:DeletePackageVersions", core, false),
        (&root, "codeartifact:CreateDomain", "domain/new", true),
        (&jane, "codeartifact:CreateDomain", "domain/new", false),
    ] {
        let found = explained(who, action, resource).await;
        assert_eq!(
            found.decision == Decision::Allow,
            is_allowed,
            "{who} {action}"
        );
    }
}

#[tokio::test]
async fn what_is_no_action_or_no_resource_of_this_installation_is_told() {
    let service = Service::with_repository().await;
    let root = caller(ACCOUNT, PrincipalKind::Root, "");
    let good = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:domain/acme");
    for (action, resource) in [
        ("DescribeDomain", good.as_str()),
        ("codeartifact:Describe*", good.as_str()),
        ("s3:GetObject", good.as_str()),
        ("codeartifact:DescribeDomain", "acme"),
        ("codeartifact:DescribeDomain", ""),
        (
            "codeartifact:DescribeDomain",
            &good.replace("us-west-2", "eu-west-1"),
        ),
        (
            "codeartifact:ReadFromRepository",
            &good.replace("domain/acme", "package/acme/team-a/none//x"),
        ),
        (
            "codeartifact:ReadFromRepository",
            &good.replace("domain/acme", "package/acme/team-a/npm/x"),
        ),
    ] {
        let error = service.catalog.explain(&root, action, resource).await;
        let error = error.unwrap_err();
        assert_eq!(
            error.kind,
            ErrorKind::Invalid(InvalidReason::FieldValidation)
        );
        let wrong = if action == "codeartifact:DescribeDomain" || action.contains("Read") {
            resource
        } else {
            action
        };
        assert!(
            error.message.starts_with(&format!("'{wrong}' is not ")),
            "{error}"
        );
    }
}
