//! Two accounts and what policies let the one do with what belongs to the other.
//!
//! The host has the domain `acme` with the repository `team-a`; the guest is the root of another account, which has every
//! right of its own and none here until a policy says so.

mod conditions;
mod creation;
mod identities;
mod opening;
mod packages;
mod two_repositories;

use catalog::{AccessKey, RequestPlace};
use model::{Action, PrincipalKind, RepositoryName};
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, Answer, Ask, NPM, STRANGER, Service, acme, delete, get, package, post, put,
};

const OTHER_GUEST: &str = "888888888888";

struct House {
    service: Service,
    guest: AccessKey,
}

/// One statement about the guest's account.
fn statement(effect: &str, actions: &[&str], resource: &str) -> Value {
    json!({
        "Effect": effect, "Principal": { "AWS": format!("arn:aws:iam::{STRANGER}:root") },
        "Action": actions, "Resource": resource,
    })
}

fn allow(actions: &[&str]) -> Value {
    statement("Allow", actions, "*")
}

fn in_acme(ask: Ask) -> Ask {
    ask.query("domain", "acme").query("domain-owner", ACCOUNT)
}

fn in_repository(ask: Ask, repository: &str) -> Ask {
    in_acme(ask).query("repository", repository)
}

fn upstreams(names: &[&str]) -> Value {
    let upstreams: Vec<_> = names
        .iter()
        .map(|name| json!({ "repositoryName": name }))
        .collect();
    json!({ "upstreams": upstreams })
}

fn denied(answer: &Answer, action: &str, resource: &str) {
    let body = answer.refused(403, "AccessDeniedException");
    let expected = format!(
        "User: arn:aws:iam::{STRANGER}:root is not authorized to perform: codeartifact:{action} on resource: \
         arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource} because no resource-based policy allows the \
         codeartifact:{action} action"
    );
    assert_eq!(body, json!({ "message": expected }));
}

impl House {
    async fn open() -> Self {
        let service = Service::with_repository().await;
        let guest = service.make_key(STRANGER, PrincipalKind::Root, "").await;
        Self { service, guest }
    }

    async fn domain_policy(&self, statements: &[Value]) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let body = json!({ "domain": "acme", "policyDocument": document });
        let ask = put("/v1/domain/permissions/policy").json(&body);
        self.service.ask(ask).await.ok();
    }

    async fn repository_policy(&self, repository: &str, statements: &[Value]) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let ask = in_repository(put("/v1/repository/permissions/policy"), repository)
            .json(&json!({ "policyDocument": document }));
        self.service.ask(ask).await.ok();
    }

    async fn drop_domain_policy(&self) {
        let ask = in_acme(delete("/v1/domain/permissions/policy"));
        self.service.ask(ask).await.ok();
    }

    /// Takes the policy of `team-a` away.
    async fn drop_repository_policy(&self) {
        let ask = in_repository(delete("/v1/repository/permissions/policies"), "team-a");
        self.service.ask(ask).await.ok();
    }

    async fn as_guest(&self, ask: Ask) -> Answer {
        self.service.ask_as(&self.guest, ask).await
    }

    /// Whether the guest, with a token as package managers have it, may do this.
    async fn guest_may(&self, token: &str, action: Action, package_name: Option<&str>) -> bool {
        let caller = self
            .service
            .catalog
            .authenticate_token(Some(token), &acme())
            .await
            .unwrap();
        let coordinates = package_name.map(|name| {
            let (namespace, name) = name.split_once('/').unwrap();
            package(NPM, namespace, name)
        });
        let repository = RepositoryName::parse("team-a").unwrap();
        let grant = self
            .service
            .catalog
            .grant(caller, action, &acme(), &repository, coordinates.as_ref())
            .await;
        match grant {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind, model::ErrorKind::AccessDenied, "{error}");
                false
            }
        }
    }

    async fn guest_token(&self) -> String {
        let answer = self
            .as_guest(in_acme(post("/v1/authorization-token")))
            .await
            .ok();
        answer["authorizationToken"].as_str().unwrap().to_owned()
    }
}

/// The actions that a domain's policy opens, with a request for each.
fn domain_requests() -> Vec<(&'static str, Ask)> {
    vec![
        ("DescribeDomain", in_acme(get("/v1/domain"))),
        (
            "ListRepositoriesInDomain",
            in_acme(post("/v1/domain/repositories")),
        ),
        (
            "GetDomainPermissionsPolicy",
            in_acme(get("/v1/domain/permissions/policy")),
        ),
        (
            "GetAuthorizationToken",
            in_acme(post("/v1/authorization-token")),
        ),
    ]
}

/// The actions that a repository's policy opens, with a request for each.
fn repository_requests() -> Vec<(&'static str, Ask)> {
    let at = |ask| in_repository(ask, "team-a");
    let version = |ask| {
        at(ask)
            .query("format", "npm")
            .query("namespace", "parity")
            .query("package", "ui")
            .query("version", "1.0.0")
    };
    vec![
        ("DescribeRepository", at(get("/v1/repository"))),
        (
            "GetRepositoryEndpoint",
            at(get("/v1/repository/endpoint")).query("format", "npm"),
        ),
        ("ListPackages", at(post("/v1/packages"))),
        ("UpdateRepository", at(put("/v1/repository"))),
        (
            "GetRepositoryPermissionsPolicy",
            at(get("/v1/repository/permissions/policy")),
        ),
        (
            "DescribePackageVersion",
            version(get("/v1/package/version")),
        ),
        (
            "ListPackageVersionAssets",
            version(post("/v1/package/version/assets")),
        ),
    ]
}
