//! Repositories that guests make, and the repositories they are linked to.

use super::*;

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
