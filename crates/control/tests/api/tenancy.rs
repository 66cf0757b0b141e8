//! Two accounts and what policies let the one do with what belongs to the other.
//!
//! The host has the domain `acme` with the repository `team-a`; the guest is the root of another account, which has every
//! right of its own and none here until a policy says so.

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

#[tokio::test]
async fn s10_a_domains_policy_opens_the_domains_actions_one_by_one_and_nothing_else() {
    let house = House::open().await;
    for (allowed, _) in domain_requests() {
        house
            .domain_policy(&[allow(&[&format!("codeartifact:{allowed}")])])
            .await;
        for (name, ask) in domain_requests() {
            let answer = house.as_guest(ask).await;
            if name == allowed {
                answer.ok();
            } else {
                denied(&answer, name, "domain/acme");
            }
        }
    }
    house.domain_policy(&[allow(&["*"])]).await;
    for (name, ask) in repository_requests() {
        let resource = if name.contains("PackageVersion") {
            "package/acme/team-a/npm/parity/ui"
        } else {
            "repository/acme/team-a"
        };
        denied(&house.as_guest(ask).await, name, resource);
    }
}

#[tokio::test]
async fn s10_a_repositorys_policy_opens_the_repositorys_actions_and_those_on_its_packages() {
    let house = House::open().await;
    let ui = package(NPM, "parity", "ui");
    house
        .service
        .publish(&ui, "1.0.0", &json!({}), &[("a.tgz", b"x")], &[])
        .await;
    house.service.make_repository("team-b").await;
    for (allowed, _) in repository_requests() {
        house
            .repository_policy("team-a", &[allow(&[&format!("codeartifact:{allowed}")])])
            .await;
        for (name, ask) in repository_requests() {
            let answer = house.as_guest(ask).await;
            assert_eq!(
                answer.status,
                if name == allowed { 200 } else { 403 },
                "{name}"
            );
        }
    }
    // It is the policy of that repository, whatever it says, and not of the domain or of another.
    house.repository_policy("team-a", &[allow(&["*"])]).await;
    for (name, ask) in repository_requests() {
        house.as_guest(ask.clone()).await.ok();
        let answer = house.as_guest(ask.with("repository", "team-b")).await;
        answer.refused(403, "AccessDeniedException");
        assert!(!name.is_empty());
    }
    for (name, ask) in domain_requests() {
        denied(&house.as_guest(ask).await, name, "domain/acme");
    }
}

#[tokio::test]
async fn s10_an_explicit_deny_wins_over_every_allow() {
    let house = House::open().await;
    let describe = || in_acme(get("/v1/domain"));
    let mut everyone = statement("Deny", &["codeartifact:Describe*"], "*");
    everyone["Principal"] = "*".into();
    house.domain_policy(&[allow(&["*"])]).await;
    house.as_guest(describe()).await.ok();
    house.domain_policy(&[allow(&["*"]), everyone]).await;
    // That a policy names strangers is not for strangers to know.
    denied(
        &house.as_guest(describe()).await,
        "DescribeDomain",
        "domain/acme",
    );
    let body = house
        .service
        .ask(describe())
        .await
        .refused(403, "AccessDeniedException");
    assert_eq!(
        body["message"],
        format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: codeartifact:DescribeDomain on resource: \
             arn:aws:codeartifact:us-west-2:{ACCOUNT}:domain/acme with an explicit deny in a resource-based policy"
        )
    );
    house
        .as_guest(in_acme(post("/v1/domain/repositories")))
        .await
        .ok();
}

#[tokio::test]
async fn s13_z12_a_guest_without_rights_cannot_tell_what_exists() {
    let house = House::open().await;
    house.domain_policy(&[statement("Deny", &["*"], "*")]).await;
    house
        .repository_policy("team-a", &[statement("Deny", &["*"], "*")])
        .await;
    let mut requests = domain_requests();
    requests.extend(repository_requests());
    requests.push(("DeleteDomain", in_acme(delete("/v1/domain"))));
    requests.push((
        "DeleteRepository",
        in_repository(delete("/v1/repository"), "team-a"),
    ));
    for (name, ask) in requests {
        let text = |answer: Answer| {
            let body = answer.refused(403, "AccessDeniedException");
            body["message"].as_str().unwrap().to_owned()
        };
        let existing = text(house.as_guest(ask.clone()).await);
        let no_domain = text(house.as_guest(ask.clone().with("domain", "none")).await);
        assert_eq!(no_domain, existing.replace("acme", "none"), "{name}");
        if ask.raw_query.contains("repository=") {
            let no_repository = text(house.as_guest(ask.with("repository", "none")).await);
            assert_eq!(no_repository, existing.replace("team-a", "none"), "{name}");
        }
    }
    // Without the owner, the domain meant is the guest's own, and that is not there.
    let own = get("/v1/domain").query("domain", "acme");
    let answer = house.as_guest(own).await;
    answer.refused_about(404, "ResourceNotFoundException", "domain", "acme");
}

#[tokio::test]
async fn what_did_not_exist_is_seen_as_soon_as_it_is_made() {
    let service = Service::start().await;
    let guest = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let house = House { service, guest };
    let describe = || in_acme(get("/v1/domain"));
    let packages = || in_repository(post("/v1/packages"), "team-a");
    for ask in [describe(), packages()] {
        house
            .as_guest(ask)
            .await
            .refused(403, "AccessDeniedException");
    }
    house.service.make_domain("acme").await;
    house.domain_policy(&[allow(&["*"])]).await;
    house.as_guest(describe()).await.ok();
    house
        .as_guest(packages())
        .await
        .refused(403, "AccessDeniedException");
    house.service.make_repository("team-a").await;
    house.repository_policy("team-a", &[allow(&["*"])]).await;
    house.as_guest(packages()).await.ok();
}

#[tokio::test]
async fn a_guest_that_may_make_repositories_administers_what_it_makes() {
    let house = House::open().await;
    let make = || in_repository(post("/v1/repository"), "guest-a");
    denied(
        &house.as_guest(make()).await,
        "CreateRepository",
        "repository/acme/guest-a",
    );
    // The policy may speak of everything, of the domain it hangs on, or of the repositories to come.
    for (index, resource) in [
        "*".to_owned(),
        format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:domain/acme"),
        format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/guest-*"),
    ]
    .iter()
    .enumerate()
    {
        house
            .domain_policy(&[statement(
                "Allow",
                &["codeartifact:CreateRepository"],
                resource,
            )])
            .await;
        let ask = in_repository(post("/v1/repository"), &format!("guest-{index}"));
        house.as_guest(ask).await.ok();
    }
    let elsewhere = in_repository(post("/v1/repository"), "other");
    denied(
        &house.as_guest(elsewhere).await,
        "CreateRepository",
        "repository/acme/other",
    );
    let made = house.as_guest(make()).await.ok();
    let repository = &made["repository"];
    assert_eq!(repository["administratorAccount"], STRANGER);
    assert_eq!(repository["domainOwner"], ACCOUNT);
    assert_eq!(
        repository["arn"],
        format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/guest-a")
    );
    house.drop_domain_policy().await;

    // No policy is needed for its administrator, nor for the owner of the domain; others have no rights.
    let other = house
        .service
        .make_key(OTHER_GUEST, PrincipalKind::Root, "")
        .await;
    for ask in [
        in_repository(get("/v1/repository"), "guest-a"),
        in_repository(post("/v1/packages"), "guest-a"),
        in_repository(put("/v1/repository"), "guest-a").json(&json!({ "description": "x" })),
    ] {
        house.as_guest(ask.clone()).await.ok();
        house.service.ask(ask.clone()).await.ok();
        house
            .service
            .ask_as(&other, ask)
            .await
            .refused(403, "AccessDeniedException");
    }
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": OTHER_GUEST }, "Action": "codeartifact:ListPackages", "Resource": "*",
    }] });
    let set = in_repository(put("/v1/repository/permissions/policy"), "guest-a")
        .json(&json!({ "policyDocument": document.to_string() }));
    house.as_guest(set).await.ok();
    let packages = in_repository(post("/v1/packages"), "guest-a");
    house.service.ask_as(&other, packages).await.ok();
    // It appears in both accounts' lists, and administering it is no right on its neighbours.
    let listed = house.as_guest(post("/v1/repositories")).await.ok();
    assert_eq!(listed["repositories"].as_array().unwrap().len(), 4);
    let neighbour = in_repository(post("/v1/packages"), "team-a");
    denied(
        &house.as_guest(neighbour).await,
        "ListPackages",
        "repository/acme/team-a",
    );
    let remove = in_repository(delete("/v1/repository"), "guest-a");
    house.as_guest(remove.clone()).await.ok();
    // With the repository its administration has ended.
    denied(
        &house.as_guest(remove).await,
        "DeleteRepository",
        "repository/acme/guest-a",
    );
}

#[tokio::test]
async fn s10_a_domains_policy_can_forbid_what_is_made_by_either_name() {
    let house = House::open().await;
    for resource in ["domain/acme", "repository/acme/prod-*"] {
        let arn = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
        let mut forbid = statement("Deny", &["codeartifact:CreateRepository"], &arn);
        forbid["Principal"] = "*".into();
        house.domain_policy(&[allow(&["*"]), forbid]).await;
        let ask = in_repository(post("/v1/repository"), "prod-a");
        denied(
            &house.as_guest(ask.clone()).await,
            "CreateRepository",
            "repository/acme/prod-a",
        );
        // The owner's root too.
        house
            .service
            .ask(ask)
            .await
            .refused(403, "AccessDeniedException");
    }
    let other = in_repository(post("/v1/repository"), "test-a");
    house.as_guest(other).await.ok();
}

#[tokio::test]
async fn s12_an_upstream_needs_a_right_on_it_when_it_is_added_and_not_afterwards() {
    let house = House::open().await;
    let action = "AssociateWithDownstreamRepository";
    house.service.make_repository("team-b").await;
    house
        .domain_policy(&[allow(&["codeartifact:CreateRepository"])])
        .await;
    let make =
        |names: &[&str]| in_repository(post("/v1/repository"), "guest-a").json(&upstreams(names));
    let before = house.service.change_count().await;
    for (names, missing) in [(&["team-a"] as &[&str], "team-a"), (&["none"], "none")] {
        denied(
            &house.as_guest(make(names)).await,
            action,
            &format!("repository/acme/{missing}"),
        );
    }
    assert_eq!(house.service.change_count().await, before);
    house
        .repository_policy("team-a", &[allow(&[&format!("codeartifact:{action}")])])
        .await;
    denied(
        &house.as_guest(make(&["team-a", "team-b"])).await,
        action,
        "repository/acme/team-b",
    );
    house.as_guest(make(&["team-a"])).await.ok();

    // The right goes; the link that was made with it stays, and may be sent again.
    house.drop_repository_policy().await;
    let update =
        |names: &[&str]| in_repository(put("/v1/repository"), "guest-a").json(&upstreams(names));
    house.as_guest(update(&["team-a"])).await.ok();
    denied(
        &house.as_guest(update(&["team-a", "team-b"])).await,
        action,
        "repository/acme/team-b",
    );
    house.as_guest(update(&[])).await.ok();
    denied(
        &house.as_guest(update(&["team-a"])).await,
        action,
        "repository/acme/team-a",
    );
    // The owner of the domain needs nothing.
    house.service.ask(update(&["team-b", "team-a"])).await.ok();
    // An upstream that was deleted and made anew is another one, to be added again.
    let remove = in_repository(delete("/v1/repository"), "team-a");
    house.service.ask(remove).await.ok();
    house.service.make_repository("team-a").await;
    denied(
        &house.as_guest(update(&["team-b", "team-a"])).await,
        action,
        "repository/acme/team-a",
    );
}

#[tokio::test]
async fn s10_rights_on_packages_follow_the_arns_of_the_policy() {
    let house = House::open().await;
    house
        .domain_policy(&[allow(&["codeartifact:GetAuthorizationToken"])])
        .await;
    let arn = |rest: &str| format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{rest}");
    house
        .repository_policy(
            "team-a",
            &[
                allow(&["codeartifact:ReadFromRepository"]),
                statement(
                    "Allow",
                    &["codeartifact:PublishPackageVersion"],
                    &arn("package/acme/team-a/npm/parity/*"),
                ),
                statement(
                    "Deny",
                    &["codeartifact:PublishPackageVersion"],
                    &arn("package/acme/team-a/npm/parity/core"),
                ),
            ],
        )
        .await;
    let token = house.guest_token().await;
    let publish = Action::PUBLISH_PACKAGE_VERSION;
    for (action, name, expected) in [
        (Action::READ_FROM_REPOSITORY, None, true),
        (Action::READ_FROM_REPOSITORY, Some("other/ui"), true),
        (publish, Some("parity/ui"), true),
        (publish, Some("parity/core"), false),
        (publish, Some("parityx/ui"), false),
        (publish, Some("/ui"), false),
        (Action::PUT_PACKAGE_METADATA, Some("parity/ui"), false),
    ] {
        let found = house.guest_may(&token, action, name).await;
        assert_eq!(found, expected, "{action} {name:?}");
    }
}

#[tokio::test]
async fn a06_a_token_has_the_rights_that_its_principal_has_now() {
    let house = House::open().await;
    let reading = allow(&["codeartifact:ReadFromRepository"]);
    house
        .domain_policy(&[allow(&["codeartifact:GetAuthorizationToken"])])
        .await;
    house
        .repository_policy("team-a", std::slice::from_ref(&reading))
        .await;
    let token = house.guest_token().await;
    let read = Action::READ_FROM_REPOSITORY;
    assert!(house.guest_may(&token, read, None).await);
    // The right to get a token is asked for when it is made, and not when it is used.
    house.drop_domain_policy().await;
    assert!(house.guest_may(&token, read, None).await);
    house.drop_repository_policy().await;
    assert!(!house.guest_may(&token, read, None).await);
    house.repository_policy("team-a", &[reading]).await;
    assert!(house.guest_may(&token, read, None).await);
    let empty = [statement("Allow", &["codeartifact:Read*"], "arn:aws:s3:::x")];
    house.repository_policy("team-a", &empty).await;
    assert!(!house.guest_may(&token, read, None).await);
}

#[tokio::test]
async fn a03_a_token_for_one_domain_is_none_for_another_of_the_same_name() {
    let house = House::open().await;
    // The guest has an `acme` of its own; the token for it says nothing about the host's.
    house
        .as_guest(post("/v1/domain").query("domain", "acme"))
        .await
        .ok();
    let own = post("/v1/authorization-token").query("domain", "acme");
    let answer = house.as_guest(own).await.ok();
    let token = answer["authorizationToken"].as_str().unwrap();
    house.repository_policy("team-a", &[allow(&["*"])]).await;
    let error = house
        .service
        .catalog
        .authenticate_token(Some(token), &acme())
        .await
        .unwrap_err();
    assert_eq!(error.kind, model::ErrorKind::AccessDenied);
}

#[tokio::test]
async fn z01_reading_through_a_repository_needs_a_right_on_that_one_alone() {
    let house = House::open().await;
    let ui = package(NPM, "parity", "ui");
    house
        .service
        .publish(&ui, "1.0.0", &json!({}), &[("a.tgz", b"x")], &["latest"])
        .await;
    let made = in_repository(post("/v1/repository"), "shared").json(&upstreams(&["team-a"]));
    house.service.ask(made).await.ok();
    house
        .domain_policy(&[allow(&["codeartifact:GetAuthorizationToken"])])
        .await;
    house
        .repository_policy("shared", &[allow(&["codeartifact:ReadFromRepository"])])
        .await;
    let token = house.guest_token().await;
    let catalog = &house.service.catalog;
    let caller = catalog.authenticate_token(Some(&token), &acme()).await;
    let caller = caller.unwrap();
    let grant = |repository: &str| {
        let repository = RepositoryName::parse(repository).unwrap();
        let caller = caller.clone();
        async move {
            let read = Action::READ_FROM_REPOSITORY;
            catalog
                .grant(caller, read, &acme(), &repository, None)
                .await
        }
    };
    let shared = grant("shared").await.unwrap();
    let tags = catalog.list_tags(&shared, &ui).await.unwrap();
    assert_eq!(tags.get("latest").map(String::as_str), Some("1.0.0"));
    let error = grant("team-a").await.unwrap_err();
    assert_eq!(error.kind, model::ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_token_needs_the_right_of_the_security_token_service_too() {
    let house = House::open().await;
    // Jane is of the host's account: a policy of the domain is enough for the one right, and says nothing of the other.
    let jane = house
        .service
        .make_key(ACCOUNT, PrincipalKind::User, "jane")
        .await;
    let mut to_jane = allow(&[
        "codeartifact:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
    ]);
    to_jane["Principal"] = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/jane") });
    house.domain_policy(&[to_jane]).await;
    let ask = in_acme(post("/v1/authorization-token"));
    let body = house
        .service
        .ask_as(&jane, ask)
        .await
        .refused(403, "AccessDeniedException");
    assert_eq!(
        body["message"],
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: sts:GetServiceBearerToken on \
             resource: * because no identity-based policy allows the sts:GetServiceBearerToken action"
        )
    );
}

#[tokio::test]
async fn conditions_see_where_a_request_comes_from() {
    let house = House::open().await;
    let mut from_office = allow(&["codeartifact:DescribeDomain"]);
    from_office["Condition"] = json!({
        "IpAddress": { "aws:SourceIp": "203.0.113.0/24" }, "Bool": { "aws:SecureTransport": "true" },
    });
    house.domain_policy(&[from_office]).await;
    for (ip, secure_transport, status) in [
        (Some("203.0.113.9"), true, 200),
        (Some("203.0.113.9"), false, 403),
        (Some("203.0.114.9"), true, 403),
        (None, true, 403),
    ] {
        let place = RequestPlace {
            source_ip: ip.map(|ip| ip.parse().unwrap()),
            secure_transport,
        };
        let ask = in_acme(get("/v1/domain")).signed_by(&house.guest, house.service.catalog.now());
        let answer = house.service.send_from(ask, place).await;
        assert_eq!(answer.status, status, "{ip:?} {secure_transport}");
    }
}

#[tokio::test]
async fn conditions_see_the_tags_of_the_resource_and_of_the_request() {
    let house = House::open().await;
    let tag = |ask: Ask, key: &str, value: &str| {
        ask.json(&json!({ "tags": [{ "key": key, "value": value }] }))
    };
    let arn = |resource: &str| format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
    let mut if_open = allow(&[
        "codeartifact:DescribeRepository",
        "codeartifact:ListPackages",
    ]);
    if_open["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/stage": "open" } });
    house.repository_policy("team-a", &[if_open]).await;
    let describe = || in_repository(get("/v1/repository"), "team-a");
    denied(
        &house.as_guest(describe()).await,
        "DescribeRepository",
        "repository/acme/team-a",
    );
    let target = post("/v1/tag").query("resourceArn", &arn("repository/acme/team-a"));
    house
        .service
        .ask(tag(target.clone(), "stage", "open"))
        .await
        .ok();
    house.as_guest(describe()).await.ok();
    house.service.ask(tag(target, "stage", "closed")).await.ok();
    denied(
        &house.as_guest(describe()).await,
        "DescribeRepository",
        "repository/acme/team-a",
    );

    // What is made may have to bring its tags.
    let mut with_team = allow(&["codeartifact:CreateRepository", "codeartifact:TagResource"]);
    with_team["Condition"] = json!({
        "StringEquals": { "aws:RequestTag/team": "guests" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] },
    });
    house.domain_policy(&[with_team]).await;
    let make = || in_repository(post("/v1/repository"), "guest-a");
    for refused in [
        make(),
        tag(make(), "team", "hosts"),
        tag(make(), "other", "guests"),
    ] {
        denied(
            &house.as_guest(refused).await,
            "CreateRepository",
            "repository/acme/guest-a",
        );
    }
    house.as_guest(tag(make(), "team", "guests")).await.ok();
}

#[tokio::test]
async fn tags_at_creation_are_a_right_of_their_own() {
    let house = House::open().await;
    let make = || in_repository(post("/v1/repository"), "guest-a");
    let tags = json!({ "tags": [{ "key": "team", "value": "guests" }] });
    house
        .domain_policy(&[allow(&["codeartifact:CreateRepository"])])
        .await;
    denied(
        &house.as_guest(make().json(&tags)).await,
        "TagResource",
        "repository/acme/guest-a",
    );
    house
        .domain_policy(&[allow(&[
            "codeartifact:CreateRepository",
            "codeartifact:TagResource",
        ])])
        .await;
    house.as_guest(make().json(&tags)).await.ok();
}

#[tokio::test]
async fn guests_read_and_write_tags_where_the_policy_of_the_resource_lets_them() {
    let house = House::open().await;
    let arn = |resource: &str| format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
    let list = |resource: &str| post("/v1/tags").query("resourceArn", &arn(resource));
    let put = |resource: &str, key: &str| {
        post("/v1/tag")
            .query("resourceArn", &arn(resource))
            .json(&json!({ "tags": [{ "key": key, "value": "x" }] }))
    };
    let take = |resource: &str, key: &str| {
        post("/v1/untag")
            .query("resourceArn", &arn(resource))
            .json(&json!({ "tagKeys": [key] }))
    };
    let mut only_team = allow(&["codeartifact:TagResource", "codeartifact:UntagResource"]);
    only_team["Condition"] = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } });
    let statements = [allow(&["codeartifact:ListTagsForResource"]), only_team];
    house.domain_policy(&statements).await;
    house.repository_policy("team-a", &statements).await;
    for resource in ["domain/acme", "repository/acme/team-a"] {
        house.as_guest(put(resource, "team")).await.ok();
        denied(
            &house.as_guest(put(resource, "cost")).await,
            "TagResource",
            resource,
        );
        let listed = house.as_guest(list(resource)).await.ok();
        assert_eq!(listed, json!({ "tags": [{ "key": "team", "value": "x" }] }));
        denied(
            &house.as_guest(take(resource, "cost")).await,
            "UntagResource",
            resource,
        );
        house.as_guest(take(resource, "team")).await.ok();
        let listed = house.as_guest(list(resource)).await.ok();
        assert_eq!(listed, json!({ "tags": [] }));
    }
}
