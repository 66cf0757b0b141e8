//! CreateRepository, DescribeRepository, UpdateRepository, DeleteRepository and the two lists.

use catalog::Quotas;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Ask, NOW_SECONDS, Service, Setup, delete, get, package, post, put};

fn at(ask: Ask, repository: &str) -> Ask {
    ask.query("domain", "acme").query("repository", repository)
}

fn make(repository: &str, body: &Value) -> Ask {
    at(post("/v1/repository"), repository).json(body)
}

fn update(repository: &str, body: &Value) -> Ask {
    at(put("/v1/repository"), repository).json(body)
}

fn upstreams(names: &[&str]) -> Value {
    let list: Vec<_> = names
        .iter()
        .map(|name| json!({ "repositoryName": name }))
        .collect();
    json!({ "upstreams": list })
}

fn described(name: &str, description: &str, upstreams_of: &[&str]) -> Value {
    json!({ "repository": {
        "name": name, "administratorAccount": ACCOUNT, "domainName": "acme", "domainOwner": ACCOUNT,
        "arn": format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/{name}"),
        "description": description, "upstreams": upstreams(upstreams_of)["upstreams"],
        "externalConnections": [], "createdTime": NOW_SECONDS,
    }})
}

#[tokio::test]
async fn a_repository_is_made_and_described_with_its_lists_even_when_they_are_empty() {
    let service = Service::with_repository().await;
    let found = service.ask(at(get("/v1/repository"), "team-a")).await.ok();
    assert_eq!(found, described("team-a", "", &[]));
    let body = json!({
        "description": "of team B, <b>é</b>", "upstreams": [{ "repositoryName": "team-a" }],
        "tags": [{ "key": "a", "value": "" }],
    });
    let made = service.ask(make("team-b", &body)).await.ok();
    assert_eq!(
        made,
        described("team-b", "of team B, <b>é</b>", &["team-a"])
    );
    assert_eq!(
        service.ask(at(get("/v1/repository"), "team-b")).await.ok(),
        made
    );
}

#[tokio::test]
async fn a_name_that_is_taken_and_things_that_are_missing_are_told() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let taken = service.ask(make("team-a", &json!({}))).await;
    taken.refused_about(409, "ConflictException", "repository", "team-a");
    let elsewhere = post("/v1/repository")
        .query("domain", "none")
        .query("repository", "team-a");
    service
        .ask(elsewhere)
        .await
        .refused_about(404, "ResourceNotFoundException", "domain", "none");
    let orphan = service
        .ask(make("team-b", &upstreams(&["team-a", "none"])))
        .await;
    orphan.refused_about(404, "ResourceNotFoundException", "repository", "none");
    assert_eq!(service.change_count().await, before);
    let found = service.ask(at(get("/v1/repository"), "team-b")).await;
    found.refused_about(404, "ResourceNotFoundException", "repository", "team-b");
}

#[tokio::test]
async fn more_repositories_than_the_quota_are_refused() {
    let quotas = Quotas {
        repositories_per_domain: 1,
        ..Quotas::default()
    };
    let service = Service::start_with(Setup {
        quotas,
        ..Setup::default()
    })
    .await;
    service.make_domain("acme").await;
    service.make_repository("team-a").await;
    let before = service.change_count().await;
    let answer = service.ask(make("team-b", &json!({}))).await;
    answer.refused_about(402, "ServiceQuotaExceededException", "repository", "team-b");
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn s20_tags_of_a_repository_are_checked_too() {
    let service = Service::with_repository().await;
    let tags = json!({ "tags": [{ "key": "aws:x", "value": "" }] });
    let message = service
        .ask(make("team-b", &tags))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert!(message.contains("'aws:x'"), "{message}");
    let many: Vec<_> = (0..51)
        .map(|i| json!({ "key": format!("k{i}"), "value": "" }))
        .collect();
    let answer = service.ask(make("team-b", &json!({ "tags": many }))).await;
    answer.refused_about(402, "ServiceQuotaExceededException", "repository", "team-b");
}

#[tokio::test]
async fn s16_upstreams_to_itself_in_a_circle_doubled_or_too_many_are_refused() {
    let service = Service::with_repository().await;
    for index in 0..11 {
        service.make_repository(&format!("store-{index}")).await;
    }
    service
        .ask(make("team-b", &upstreams(&["team-a"])))
        .await
        .ok();
    service
        .ask(make("team-c", &upstreams(&["team-b"])))
        .await
        .ok();
    let before = service.change_count().await;
    let names: Vec<String> = (0..11).map(|index| format!("store-{index}")).collect();
    let eleven: Vec<&str> = names.iter().map(String::as_str).collect();
    for bad in [
        update("team-a", &upstreams(&["team-a"])),
        update("team-a", &upstreams(&["team-c"])),
        update("team-c", &upstreams(&["store-0", "store-1", "store-0"])),
        update("team-c", &upstreams(&eleven)),
        make("team-d", &upstreams(&["team-d"])),
        make("team-d", &upstreams(&eleven)),
    ] {
        service.ask(bad).await.invalid("OTHER");
    }
    assert_eq!(service.change_count().await, before);
    service
        .ask(update("team-c", &upstreams(&eleven[..10])))
        .await
        .ok();
}

#[tokio::test]
async fn an_update_replaces_what_is_sent_and_leaves_the_rest() {
    let service = Service::with_repository().await;
    service.make_repository("team-b").await;
    let body = json!({ "description": "x", "upstreams": [{ "repositoryName": "team-a" }] });
    service.ask(make("team-c", &body)).await.ok();
    let cases = [
        (json!({}), described("team-c", "x", &["team-a"])),
        (
            json!({ "description": null, "upstreams": null }),
            described("team-c", "x", &["team-a"]),
        ),
        (
            json!({ "description": "y" }),
            described("team-c", "y", &["team-a"]),
        ),
        (
            upstreams(&["team-b", "team-a"]),
            described("team-c", "y", &["team-b", "team-a"]),
        ),
        (
            json!({ "description": "" }),
            described("team-c", "", &["team-b", "team-a"]),
        ),
        (json!({ "upstreams": [] }), described("team-c", "", &[])),
    ];
    for (body, expected) in cases {
        assert_eq!(
            service.ask(update("team-c", &body)).await.ok(),
            expected,
            "{body}"
        );
    }
    let bare = service.ask(at(put("/v1/repository"), "team-c")).await.ok();
    assert_eq!(bare, described("team-c", "", &[]));
}

#[tokio::test]
async fn a_repository_with_a_connection_takes_no_upstreams_not_even_none() {
    let service = Service::with_repository().await;
    service.make_repository("team-b").await;
    let connect = at(post("/v1/repository/external-connection"), "team-a");
    service
        .ask(connect.query("external-connection", "public:npmjs"))
        .await
        .ok();
    let before = service.change_count().await;
    for body in [json!({ "upstreams": [] }), upstreams(&["team-b"])] {
        service.ask(update("team-a", &body)).await.invalid("OTHER");
    }
    assert_eq!(service.change_count().await, before);
    service
        .ask(update("team-a", &json!({ "description": "fine" })))
        .await
        .ok();
}

#[tokio::test]
async fn deleting_a_repository_takes_its_packages_and_is_no_error_when_it_is_gone() {
    let service = Service::with_repository().await;
    let coordinates = package(crate::support::NPM, "", "left-pad");
    service
        .publish(
            &coordinates,
            "1.0.0",
            &json!({}),
            &[("package.tgz", b"bytes")],
            &[],
        )
        .await;
    let size = |domain: Value| domain["domain"]["assetSizeBytes"].clone();
    let domain = || get("/v1/domain").query("domain", "acme");
    assert_eq!(size(service.ask(domain()).await.ok()), 5);
    let remove = || at(delete("/v1/repository"), "team-a");
    assert_eq!(
        service.ask(remove()).await.ok(),
        described("team-a", "", &[])
    );
    assert_eq!(service.ask(remove()).await.ok(), json!({}));
    assert_eq!(size(service.ask(domain()).await.ok()), 0);
    let gone = service.ask(at(get("/v1/repository"), "team-a")).await;
    gone.refused_about(404, "ResourceNotFoundException", "repository", "team-a");
    let elsewhere = delete("/v1/repository")
        .query("domain", "none")
        .query("repository", "team-a");
    service
        .ask(elsewhere)
        .await
        .refused_about(404, "ResourceNotFoundException", "domain", "none");
}

#[tokio::test]
async fn a_repository_that_others_use_can_be_deleted_and_they_can_be_repaired() {
    let service = Service::with_repository().await;
    service
        .ask(make("team-b", &upstreams(&["team-a"])))
        .await
        .ok();
    service
        .ask(at(delete("/v1/repository"), "team-a"))
        .await
        .ok();
    let found = service.ask(at(get("/v1/repository"), "team-b")).await.ok();
    assert_eq!(found, described("team-b", "", &["team-a"]));
    let repaired = service.ask(at(put("/v1/repository"), "team-b")).await.ok();
    assert_eq!(repaired, described("team-b", "", &[]));
}

#[tokio::test]
async fn repositories_are_listed_as_summaries_by_prefix_and_administrator() {
    let service = Service::with_repository().await;
    for name in ["team-b", "other", "team_x"] {
        service.make_repository(name).await;
    }
    service.make_domain("beta").await;
    service
        .ask(
            post("/v1/repository")
                .query("domain", "beta")
                .query("repository", "team-b"),
        )
        .await
        .ok();
    let names = |listed: &Value| -> Vec<String> {
        let list = listed["repositories"].as_array().unwrap();
        list.iter()
            .map(|item| {
                format!(
                    "{}/{}",
                    item["domainName"].as_str().unwrap(),
                    item["name"].as_str().unwrap()
                )
            })
            .collect()
    };
    let all = service.ask(post("/v1/repositories")).await.ok();
    assert_eq!(
        names(&all),
        [
            "acme/other",
            "acme/team-a",
            "acme/team-b",
            "beta/team-b",
            "acme/team_x"
        ]
    );
    assert_eq!(all.get("nextToken"), None);
    let mut summary = described("team-a", "", &[])["repository"].clone();
    summary
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "upstreams" && name != "externalConnections");
    assert_eq!(all["repositories"][1], summary);
    let some = service
        .ask(post("/v1/repositories").query("repository-prefix", "team-"))
        .await
        .ok();
    assert_eq!(names(&some), ["acme/team-a", "acme/team-b", "beta/team-b"]);

    let within = || post("/v1/domain/repositories").query("domain", "acme");
    let all = service.ask(within()).await.ok();
    assert_eq!(
        names(&all),
        ["acme/other", "acme/team-a", "acme/team-b", "acme/team_x"]
    );
    assert_eq!(all["repositories"][1], summary);
    let own = service
        .ask(
            within()
                .query("administrator-account", ACCOUNT)
                .query("repository-prefix", "team_"),
        )
        .await
        .ok();
    assert_eq!(names(&own), ["acme/team_x"]);
    let others = service
        .ask(within().query("administrator-account", crate::support::STRANGER))
        .await
        .ok();
    assert_eq!(others, json!({ "repositories": [] }));
    let none = service
        .ask(post("/v1/domain/repositories").query("domain", "none"))
        .await;
    none.refused_about(404, "ResourceNotFoundException", "domain", "none");
}
