//! Which policy opens what, and what those outside can tell.

use super::*;

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
