//! Calls that touch two repositories, or a repository and something else: each of them is asked about.

use super::*;
use crate::support::GENERIC;

/// What a policy says.
type Statements<'s> = &'s [Value];

const COPY: &str = "codeartifact:CopyPackageVersions";
const READ: &str = "codeartifact:ReadFromRepository";

fn copy(source: &str, destination: &str) -> Ask {
    in_acme(post("/v1/package/versions/copy"))
        .query("source-repository", source)
        .query("destination-repository", destination)
        .query("format", "npm")
        .query("namespace", "parity")
        .query("package", "ui")
        .json(&json!({ "versions": ["1.0.0"] }))
}

/// `team-a` has a version, `prod` has none, and the guest has no right in either.
async fn two_repositories() -> House {
    let house = House::open().await;
    house.service.make_repository("prod").await;
    let ui = package(NPM, "parity", "ui");
    let assets: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    house
        .service
        .publish(&ui, "1.0.0", &json!({}), &assets, &[])
        .await;
    house
}

#[tokio::test]
async fn s12_z02_a_copy_needs_its_right_on_the_destination_and_reading_on_the_source() {
    let house = two_repositories().await;
    let ui = package(NPM, "parity", "ui");
    let (on_target, on_source) = ("package/acme/prod/npm/parity/ui", "repository/acme/team-a");
    let nothing: &[Value] = &[];
    let all = &[allow(&["codeartifact:*"])][..];
    let cases: [(Statements<'_>, Statements<'_>, (&str, &str)); 6] = [
        // Of the source, and of the destination.
        (nothing, nothing, ("CopyPackageVersions", on_target)),
        (all, nothing, ("CopyPackageVersions", on_target)),
        (nothing, all, ("ReadFromRepository", on_source)),
        // The right to copy is asked for where the copy is made.
        (&[allow(&[COPY])], all, ("ReadFromRepository", on_source)),
        (all, &[allow(&[READ])], ("CopyPackageVersions", on_target)),
        (
            &[allow(&["codeartifact:*"]), statement("Deny", &[READ], "*")],
            all,
            ("ReadFromRepository", on_source),
        ),
    ];
    for (source, destination, (action, resource)) in cases {
        for (repository, statements) in [("team-a", source), ("prod", destination)] {
            // A policy says something; this one speaks of nobody here.
            let mut statements = statements.to_vec();
            let mut nobody = allow(&[READ]);
            nobody["Principal"] = json!({ "AWS": format!("arn:aws:iam::{OTHER_GUEST}:root") });
            statements.push(nobody);
            house.repository_policy(repository, &statements).await;
        }
        let before = house.service.change_count().await;
        let answer = house.as_guest(copy("team-a", "prod")).await;
        denied(&answer, action, resource);
        assert_eq!(house.service.change_count().await, before);
    }
    house.repository_policy("team-a", &[allow(&[READ])]).await;
    house.repository_policy("prod", &[allow(&[COPY])]).await;
    let answer = house.as_guest(copy("team-a", "prod")).await.ok();
    assert_eq!(answer["failedVersions"], json!({}));
    assert_eq!(house.service.versions_in("prod", &ui).await.len(), 1);
    // Rights in one direction are none in the other.
    let answer = house.as_guest(copy("prod", "team-a")).await;
    denied(
        &answer,
        "CopyPackageVersions",
        "package/acme/team-a/npm/parity/ui",
    );
}

#[tokio::test]
async fn z02_reading_that_is_forbidden_on_the_source_forbids_the_owner_to_copy_too() {
    let house = two_repositories().await;
    let mut everyone = statement("Deny", &[READ], "*");
    everyone["Principal"] = "*".into();
    house.repository_policy("team-a", &[everyone]).await;
    let answer = house.service.ask(copy("team-a", "prod")).await;
    let body = answer.refused(403, "AccessDeniedException");
    let message = body["message"].as_str().unwrap();
    assert!(
        message.contains("codeartifact:ReadFromRepository"),
        "{message}"
    );
    assert!(
        message.ends_with("with an explicit deny in a resource-based policy"),
        "{message}"
    );
    // The other way round nothing is read from it.
    let answer = house.service.ask(copy("prod", "team-a")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package", "ui");
}

#[tokio::test]
async fn s12_a_list_of_allowed_repositories_is_the_groups_and_gives_no_right_on_them() {
    let house = House::open().await;
    let group = |ask: Ask| in_acme(ask).query("package-group", "/npm/parity/*");
    let body = json!({ "packageGroup": "/npm/parity/*" });
    house
        .service
        .ask(in_acme(post("/v1/package-group")).json(&body))
        .await
        .ok();
    let body = json!({
        "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": [{ "repositoryName": "team-a", "originRestrictionType": "PUBLISH" }],
    });
    let list = || group(put("/v1/package-group-origin-configuration")).json(&body);
    // Whoever may do everything with the repository may not put it on the list of a group ...
    house
        .repository_policy("team-a", &[allow(&["codeartifact:*"])])
        .await;
    let resource = "package-group/acme/npm/parity/%2a";
    let answer = house.as_guest(list()).await;
    denied(&answer, "UpdatePackageGroupOriginConfiguration", resource);
    // ... and whoever may change the group gets no right on what is listed.
    house.drop_repository_policy().await;
    house
        .domain_policy(&[allow(&[
            "codeartifact:UpdatePackageGroupOriginConfiguration",
        ])])
        .await;
    let answer = house.as_guest(list()).await.ok();
    assert_eq!(
        answer["allowedRepositoryUpdates"]["PUBLISH"]["ADDED"],
        json!(["team-a"])
    );
    for (name, ask) in repository_requests() {
        let answer = house.as_guest(ask).await;
        answer.refused(403, "AccessDeniedException");
        assert!(!answer.json()["message"].is_null(), "{name}");
    }
}

#[tokio::test]
async fn z09_a_version_that_another_began_is_not_continued_or_finished_without_rights() {
    let house = House::open().await;
    let tool = package(GENERIC, "tools", "installer");
    let of_version = |ask: Ask| {
        ask.query("format", "generic")
            .query("namespace", "tools")
            .query("package", "installer")
    };
    let publish = |repository: &str, asset: &str| {
        let ask = of_version(in_repository(
            post("/v1/package/version/publish"),
            repository,
        ))
        .query("version", "1.0.0")
        .query("asset", asset);
        // Of "x".
        let sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        ask.header("x-amz-content-sha256", sha256).body(b"x")
    };
    let finish = of_version(in_repository(
        post("/v1/package/versions/update_status"),
        "team-a",
    ))
    .json(&json!({ "versions": ["1.0.0"], "targetStatus": "Published" }));
    let begin = publish("team-a", "a").query("unfinished", "true");
    house.service.ask(begin.clone()).await.ok();
    // The guest may do everything elsewhere, and read here.
    house.service.make_repository("prod").await;
    house
        .repository_policy("prod", &[allow(&["codeartifact:*"])])
        .await;
    let reading = &[
        "codeartifact:Describe*",
        "codeartifact:Get*",
        "codeartifact:List*",
        READ,
    ];
    house.repository_policy("team-a", &[allow(reading)]).await;
    let before = house.service.change_count().await;
    for ask in [
        begin,
        publish("team-a", "a"),
        publish("team-a", "b"),
        publish("team-a", "b").query("unfinished", "true"),
        finish.clone(),
    ] {
        let answer = house.as_guest(ask).await;
        answer.refused(403, "AccessDeniedException");
    }
    assert_eq!(house.service.change_count().await, before);
    // The same name elsewhere begins another version, and does not finish this one.
    let elsewhere = house.as_guest(publish("prod", "b")).await.ok();
    assert_eq!(elsewhere["status"], "Published");
    let held = house.service.versions_in("team-a", &tool).await;
    assert_eq!(held["1.0.0"].0, "Unfinished");
    let of_status = allow(&["codeartifact:UpdatePackageVersionsStatus"]);
    house.repository_policy("team-a", &[of_status]).await;
    house.as_guest(finish).await.ok();
    let held = house.service.versions_in("team-a", &tool).await;
    assert_eq!(held["1.0.0"].0, "Published");
}
