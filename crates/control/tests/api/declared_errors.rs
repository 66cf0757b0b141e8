//! The errors that operations have in common, provoked on every one of them.

use catalog::PolicyHolder;
use model::{PolicyDocument, PrincipalKind, RepositoryName};
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, Ask, GENERIC, NPM, STRANGER, Service, Setup, acme, delete, get, package, post, put,
};

/// A package group that is there.
const GROUP: &str = "/generic/tools/*";

/// A request to each operation that would succeed, and whether it names a domain and its owner.
fn requests() -> Vec<(&'static str, Ask, Names)> {
    let domain = |ask: Ask| ask.query("domain", "acme");
    let repository = |ask: Ask| domain(ask).query("repository", "team-a");
    let connection = |ask: Ask| repository(ask).query("external-connection", "public:npmjs");
    let of_format = |ask: Ask| repository(ask).query("format", "generic");
    let coordinates = |ask: Ask| {
        of_format(ask)
            .query("namespace", "tools")
            .query("package", "x")
    };
    let version = |ask: Ask| coordinates(ask).query("version", "1");
    let group = |ask: Ask| domain(ask).query("package-group", GROUP);
    vec![
        (
            "CreatePackageGroup",
            domain(post("/v1/package-group")).json(&json!({ "packageGroup": "/npm/*" })),
            Names::Domain,
        ),
        (
            "DescribePackageGroup",
            group(get("/v1/package-group")),
            Names::Domain,
        ),
        (
            "UpdatePackageGroup",
            domain(put("/v1/package-group")).json(&json!({ "packageGroup": GROUP })),
            Names::Domain,
        ),
        (
            "UpdatePackageGroupOriginConfiguration",
            group(put("/v1/package-group-origin-configuration")),
            Names::Domain,
        ),
        (
            "DeletePackageGroup",
            group(delete("/v1/package-group")),
            Names::Domain,
        ),
        (
            "ListPackageGroups",
            domain(post("/v1/package-groups")),
            Names::Domain,
        ),
        (
            "ListSubPackageGroups",
            group(post("/v1/package-groups/sub-groups")),
            Names::Domain,
        ),
        (
            "ListAssociatedPackages",
            group(get("/v1/list-associated-packages")),
            Names::Domain,
        ),
        (
            "GetAssociatedPackageGroup",
            domain(get("/v1/get-associated-package-group"))
                .query("format", "generic")
                .query("namespace", "tools")
                .query("package", "x"),
            Names::Domain,
        ),
        (
            "ListAllowedRepositoriesForGroup",
            group(get("/v1/package-group-allowed-repositories"))
                .query("originRestrictionType", "PUBLISH"),
            Names::Domain,
        ),
        (
            "CreateDomain",
            post("/v1/domain").query("domain", "beta"),
            Names::NewDomain,
        ),
        ("DescribeDomain", domain(get("/v1/domain")), Names::Domain),
        ("ListDomains", post("/v1/domains"), Names::Nothing),
        ("DeleteDomain", domain(delete("/v1/domain")), Names::Domain),
        (
            "CreateRepository",
            domain(post("/v1/repository")).query("repository", "new"),
            Names::Domain,
        ),
        (
            "DescribeRepository",
            repository(get("/v1/repository")),
            Names::Repository,
        ),
        (
            "UpdateRepository",
            repository(put("/v1/repository")),
            Names::Repository,
        ),
        (
            "DeleteRepository",
            repository(delete("/v1/repository")),
            Names::Domain,
        ),
        ("ListRepositories", post("/v1/repositories"), Names::Nothing),
        (
            "ListRepositoriesInDomain",
            domain(post("/v1/domain/repositories")),
            Names::Domain,
        ),
        (
            "AssociateExternalConnection",
            connection(post("/v1/repository/external-connection")),
            Names::Repository,
        ),
        (
            "DisassociateExternalConnection",
            connection(delete("/v1/repository/external-connection")),
            Names::Repository,
        ),
        (
            "GetRepositoryEndpoint",
            of_format(get("/v1/repository/endpoint")),
            Names::Repository,
        ),
        (
            "PutDomainPermissionsPolicy",
            put(DOMAIN_POLICY).json(&json!({ "domain": "acme", "policyDocument": HARMLESS })),
            Names::Domain,
        ),
        (
            "GetDomainPermissionsPolicy",
            domain(get(DOMAIN_POLICY)),
            Names::Domain,
        ),
        (
            "DeleteDomainPermissionsPolicy",
            domain(delete(DOMAIN_POLICY)),
            Names::Domain,
        ),
        (
            "PutRepositoryPermissionsPolicy",
            repository(put("/v1/repository/permissions/policy"))
                .json(&json!({ "policyDocument": HARMLESS })),
            Names::Repository,
        ),
        (
            "GetRepositoryPermissionsPolicy",
            repository(get("/v1/repository/permissions/policy")),
            Names::Repository,
        ),
        (
            "DeleteRepositoryPermissionsPolicy",
            repository(delete("/v1/repository/permissions/policies")),
            Names::Repository,
        ),
        (
            "TagResource",
            post("/v1/tag")
                .query("resourceArn", &repository_arn())
                .json(&json!({ "tags": [{ "key": "team", "value": "a" }] })),
            Names::Repository,
        ),
        (
            "UntagResource",
            post("/v1/untag")
                .query("resourceArn", &repository_arn())
                .json(&json!({ "tagKeys": ["team"] })),
            Names::Repository,
        ),
        (
            "ListTagsForResource",
            post("/v1/tags").query("resourceArn", &repository_arn()),
            Names::Repository,
        ),
        (
            "GetAuthorizationToken",
            domain(post("/v1/authorization-token")),
            Names::Domain,
        ),
        (
            "ListPackages",
            repository(post("/v1/packages")),
            Names::Repository,
        ),
        (
            "ListPackageVersions",
            coordinates(post("/v1/package/versions")),
            Names::Package,
        ),
        (
            "DescribePackageVersion",
            version(get("/v1/package/version")),
            Names::Package,
        ),
        (
            "ListPackageVersionAssets",
            version(post("/v1/package/version/assets")),
            Names::Package,
        ),
        (
            "GetPackageVersionAsset",
            version(get("/v1/package/version/asset")).query("asset", "a.bin"),
            Names::Package,
        ),
        (
            "DescribePackage",
            coordinates(get("/v1/package")),
            Names::Package,
        ),
        (
            "PutPackageOriginConfiguration",
            coordinates(post("/v1/package")).json(&json!({
                "restrictions": { "publish": "BLOCK", "upstream": "BLOCK" },
            })),
            Names::Package,
        ),
        (
            "ListPackageVersionDependencies",
            version(post("/v1/package/version/dependencies")),
            Names::Package,
        ),
        (
            "GetPackageVersionReadme",
            version(get("/v1/package/version/readme")).with("format", "npm"),
            Names::Package,
        ),
        (
            "PublishPackageVersion",
            coordinates(post("/v1/package/version/publish"))
                .query("version", "2")
                .query("asset", "a.bin")
                .header("x-amz-content-sha256", SHA256_OF_X)
                .body(b"x"),
            Names::Package,
        ),
        (
            "CopyPackageVersions",
            domain(post("/v1/package/versions/copy"))
                .query("source-repository", "team-a")
                .query("destination-repository", "team-a")
                .query("format", "generic")
                .query("namespace", "tools")
                .query("package", "x")
                .json(&json!({ "versions": ["1"] })),
            Names::Package,
        ),
        (
            "UpdatePackageVersionsStatus",
            coordinates(post("/v1/package/versions/update_status"))
                .json(&json!({ "versions": ["1"], "targetStatus": "Archived" })),
            Names::Package,
        ),
        (
            "DisposePackageVersions",
            coordinates(post("/v1/package/versions/dispose")).json(&json!({ "versions": ["1"] })),
            Names::Package,
        ),
        (
            "DeletePackageVersions",
            coordinates(post("/v1/package/versions/delete")).json(&json!({ "versions": ["1"] })),
            Names::Package,
        ),
        (
            "DeletePackage",
            coordinates(delete("/v1/package")),
            Names::Package,
        ),
    ]
}

/// Of the one byte `x`.
const SHA256_OF_X: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
/// The parameters in which an operation names repositories.
fn repository_parameters(operation: &str) -> &'static [&'static str] {
    match operation {
        "CopyPackageVersions" => &["source-repository", "destination-repository"],
        _ => &["repository"],
    }
}

const DOMAIN_POLICY: &str = "/v1/domain/permissions/policy";
/// A policy that changes nothing for anyone.
const HARMLESS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:DescribeDomain",
    "Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Resource":"*"}]}"#;

fn repository_arn() -> String {
    format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/team-a")
}

/// The same request about another resource. Most have its parts in the query; one has them in its body, and some have
/// an ARN.
fn with(ask: Ask, member: &str, value: &str) -> Ask {
    let arn_of = |raw: &str| raw.starts_with("resourceArn=");
    if ask.raw_query.split('&').any(arn_of) {
        let arn = match member {
            "domain" => repository_arn().replace("/acme/", &format!("/{value}/")),
            "repository" => repository_arn().replace("/team-a", &format!("/{value}")),
            _ => repository_arn().replace(ACCOUNT, value),
        };
        ask.with("resourceArn", &arn)
    } else if ask.method == "PUT" && ask.path == DOMAIN_POLICY {
        let mut body: Value = serde_json::from_slice(&ask.body).unwrap();
        let name = member.replace("domain-owner", "domainOwner");
        body[name] = value.into();
        ask.body(body.to_string().as_bytes())
    } else {
        ask.with(member, value)
    }
}

/// What a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Names {
    Nothing,
    NewDomain,
    Domain,
    Repository,
    Package,
}

async fn stocked(setup: Setup) -> Service {
    let service = Service::start_with(setup).await;
    let seed = |ask: Ask| ask.signed_by(&service.key, service.catalog.now());
    for ask in [
        post("/v1/domain").query("domain", "acme"),
        post("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-a"),
        post("/v1/package-group")
            .query("domain", "acme")
            .json(&json!({ "packageGroup": GROUP })),
    ] {
        service.send(seed(ask)).await.ok();
        service.clock.advance_ms(10_000);
    }
    for format in [GENERIC, NPM] {
        let coordinates = package(format, "tools", "x");
        let metadata = json!({ "readme": "# x" });
        service
            .publish(&coordinates, "1", &metadata, &[("a.bin", b"x")], &[])
            .await;
    }
    for (repository, name) in [
        (None, "acme"),
        (RepositoryName::parse("team-a").ok(), "team-a"),
    ] {
        let domain = acme();
        let holder = PolicyHolder { domain, repository };
        let document = PolicyDocument::parse(HARMLESS).unwrap();
        let put = service
            .catalog
            .put_resource_policy(&service.root(), holder, &document, None)
            .await;
        assert!(put.is_ok(), "{name}: {put:?}");
    }
    service
}

#[test]
fn the_list_of_requests_is_complete() {
    let mut listed: Vec<_> = requests().iter().map(|(name, ..)| *name).collect();
    let mut present: Vec<_> = control::ControlPlane::operation_names().collect();
    listed.sort_unstable();
    present.sort_unstable();
    assert_eq!(listed, present);
}

#[tokio::test]
async fn s13_a_resource_of_another_account_is_refused_without_telling_whether_it_exists() {
    let service = stocked(Setup::default()).await;
    // The stranger has a domain of the same name, so that one request names what exists and one what does not.
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let made = post("/v1/domain").query("domain", "acme");
    service
        .send(made.signed_by(&stranger, service.catalog.now()))
        .await
        .ok();
    let before = service.change_count().await;
    for (name, ask, names) in requests() {
        if names < Names::Domain {
            continue;
        }
        let foreign = |ask: Ask| service.ask(ask);
        let existing = foreign(with(ask.clone(), "domain-owner", STRANGER)).await;
        let missing = match ask.raw_query.starts_with("resourceArn=") {
            true => {
                let arn = repository_arn().replace(ACCOUNT, STRANGER);
                ask.with("resourceArn", &arn.replace("/acme/", "/none/"))
            }
            false => with(with(ask, "domain-owner", STRANGER), "domain", "none"),
        };
        let missing = foreign(missing).await;
        let (existing, missing) = (
            existing.refused(403, "AccessDeniedException"),
            missing.refused(403, "AccessDeniedException"),
        );
        let text = existing["message"].as_str().unwrap();
        let resource = match (name, names) {
            ("CreateRepository", _) => "repository/acme/new",
            ("DeleteRepository", _) | (_, Names::Repository) => "repository/acme/team-a",
            ("GetPackageVersionReadme", _) => "package/acme/team-a/npm/tools/x",
            ("CreatePackageGroup", _) => "package-group/acme/npm/%2a",
            // Which group it is, is not told.
            ("GetAssociatedPackageGroup", _) => "package-group/acme/%2a",
            ("ListPackageGroups", _) => "domain/acme",
            (_, Names::Domain) if name.contains("Group") || name.contains("Associated") => {
                "package-group/acme/generic/tools/%2a"
            }
            (_, Names::Package) => "package/acme/team-a/generic/tools/x",
            _ => "domain/acme",
        };
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: codeartifact:{name} on resource: \
             arn:aws:codeartifact:us-west-2:{STRANGER}:{resource} because no resource-based policy allows the \
             codeartifact:{name} action"
        );
        assert_eq!(text, expected);
        assert_eq!(missing["message"], text.replace("acme", "none"));
        assert_eq!(existing.as_object().unwrap().len(), 1, "{existing}");
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn s13_an_owner_that_is_no_account_is_invalid_before_rights_are_asked() {
    let service = stocked(Setup::default()).await;
    for (name, ask, names) in requests() {
        for bad in [
            "",
            "11112222333",
            "1111222233334",
            "11112222333x",
            "１１１１２２２２３３３３",
        ] {
            if names >= Names::Domain {
                let answer = service.ask(with(ask.clone(), "domain-owner", bad)).await;
                let message = answer.invalid("FIELD_VALIDATION_FAILED");
                assert!(
                    message.contains("at 'domainOwner' failed to satisfy")
                        || message.contains("at 'resourceArn' failed to satisfy"),
                    "{name}: {message}"
                );
            }
        }
    }
}

#[tokio::test]
async fn d04_every_operation_says_that_it_cannot_be_served_now_when_the_database_is_gone() {
    let service = stocked(Setup::default()).await;
    // The key is known for a while, so that requests get as far as the operation.
    service.ask(post("/v1/domains")).await.ok();
    // Not the catalog's way to end: where several nodes share a database, that is told apart.
    service.store.close().await;
    for (name, ask, _) in requests() {
        let answer = service.ask(ask).await;
        let body = answer.refused(503, "InternalServerException");
        let text = "The service is temporarily unavailable: its database does not answer. Try again in a moment.";
        assert_eq!(body, json!({ "message": text }), "{name}");
        assert!(answer.header("retry-after").is_some(), "{name}");
        assert_eq!(answer.labels.unwrap().operation, name);
    }
    // And when not even the key can be looked up.
    service.clock.advance_ms(60_000);
    service
        .ask(post("/v1/domains"))
        .await
        .refused(503, "InternalServerException");
}

#[tokio::test]
async fn every_operation_is_throttled_with_the_time_to_wait() {
    let setup = Setup {
        requests_per_second: Some(1),
        ..Setup::default()
    };
    let service = stocked(setup).await;
    for (name, ask, _) in requests() {
        service.clock.advance_ms(1000);
        // Anything counts, also what is refused; so the second request in one second is one too many.
        service
            .ask(get("/v1/domain").query("domain", "acme"))
            .await
            .ok();
        let before = service.change_count().await;
        let answer = service.ask(ask).await;
        let body = answer.refused(429, "ThrottlingException");
        assert_eq!(answer.header("retry-after"), Some("1"), "{name}");
        assert_eq!(body, json!({ "message": "Rate exceeded" }), "{name}");
        assert_eq!(service.change_count().await, before);
    }
    service.clock.advance_ms(2000);
    service.ask(post("/v1/domains")).await.ok();
}

#[tokio::test]
async fn d07_the_limit_counts_signed_requests_of_one_account_only() {
    let setup = Setup {
        requests_per_second: Some(1),
        ..Setup::default()
    };
    let service = stocked(setup).await;
    service.clock.advance_ms(1000);
    let now = service.catalog.now();
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    // Whoever cannot sign uses up nobody's share.
    for _ in 0..5 {
        service
            .send(post("/v1/domains"))
            .await
            .refused(403, "MissingAuthenticationTokenException");
        let forged = post("/v1/domains")
            .signed_by(&service.key, now)
            .header("x", "y")
            .query("a", "b");
        service
            .send(forged)
            .await
            .refused(403, "InvalidSignatureException");
    }
    service.ask(post("/v1/domains")).await.ok();
    service
        .send(post("/v1/domains").signed_by(&stranger, now))
        .await
        .ok();
    service
        .ask(post("/v1/domains"))
        .await
        .refused(429, "ThrottlingException");
}

#[tokio::test]
async fn every_operation_tells_a_domain_or_repository_that_is_missing() {
    let service = stocked(Setup::default()).await;
    let before = service.change_count().await;
    for (name, ask, names) in requests() {
        if names >= Names::Domain && name != "DeleteDomain" {
            let answer = service.ask(with(ask.clone(), "domain", "none")).await;
            answer.refused_about(404, "ResourceNotFoundException", "domain", "none");
        }
        if names >= Names::Repository {
            for parameter in repository_parameters(name) {
                let answer = service.ask(with(ask.clone(), parameter, "none")).await;
                answer.refused_about(404, "ResourceNotFoundException", "repository", "none");
            }
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn every_operation_on_packages_tells_a_package_that_is_missing() {
    let service = stocked(Setup::default()).await;
    let before = service.change_count().await;
    for (name, ask, names) in requests() {
        // These two make the package that they name.
        let makes_it = ["PutPackageOriginConfiguration", "PublishPackageVersion"].contains(&name);
        if names == Names::Package && !makes_it {
            let answer = service.ask(ask.with("package", "none")).await;
            let message = answer.refused_about(404, "ResourceNotFoundException", "package", "none");
            assert!(
                message.contains(", packageName=none},"),
                "{name}: {message}"
            );
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn every_operation_needs_a_signature() {
    let service = stocked(Setup::default()).await;
    let before = service.change_count().await;
    for (name, ask, _) in requests() {
        let answer = service.send(ask).await;
        let body = answer.refused(403, "MissingAuthenticationTokenException");
        assert_eq!(body["message"], "Missing Authentication Token", "{name}");
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn every_operation_refuses_a_body_that_is_no_json_and_parameters_that_are_doubled() {
    let service = stocked(Setup::default()).await;
    let before = service.change_count().await;
    for (name, ask, names) in requests() {
        // Where the body is bytes, it is no JSON by right.
        if name != "PublishPackageVersion" {
            service
                .ask(ask.clone().body(b"{"))
                .await
                .invalid("CANNOT_PARSE");
        }
        if names != Names::Nothing && !ask.raw_query.is_empty() {
            let first = ask.raw_query.split('=').next().unwrap().to_owned();
            let answer = service.ask(ask.query(&first, "acme")).await;
            let message = answer.invalid("CANNOT_PARSE");
            assert_eq!(
                message,
                format!("The query parameter '{first}' was sent more than once."),
                "{name}"
            );
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn the_requests_of_this_list_would_all_succeed() {
    for (name, ask, _) in requests() {
        let service = stocked(Setup::default()).await;
        if name == "DisassociateExternalConnection" {
            let mut attach = ask.clone();
            attach.method = "POST".into();
            service.ask(attach).await.ok();
        }
        if name == "DeleteDomain" {
            let remove = delete("/v1/repository")
                .query("domain", "acme")
                .query("repository", "team-a");
            service.ask(remove).await.ok();
        }
        let answer = service.ask(ask).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        assert_eq!(answer.labels.unwrap().operation, name);
    }
}
