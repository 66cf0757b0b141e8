//! What guests may do with packages, by tokens as package managers have them.

use super::*;

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
    let empty = [statement(
        "Allow",
        &["codeartifact:Read*"],
        "arn:aws:s3:::x",
    )];
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
