//! AssociateExternalConnection and DisassociateExternalConnection.

use catalog::Quotas;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Ask, NOW_SECONDS, Service, Setup, delete, get, post};

const PATH: &str = "/v1/repository/external-connection";

fn at(ask: Ask, repository: &str, connection: &str) -> Ask {
    ask.query("domain", "acme")
        .query("repository", repository)
        .query("external-connection", connection)
}

fn connected(connection: Option<(&str, &str)>) -> Value {
    let list: Vec<_> = connection
        .iter()
        .map(|(name, status)| {
            json!({ "externalConnectionName": name, "packageFormat": "npm", "status": status })
        })
        .collect();
    json!({ "repository": {
        "name": "team-a", "administratorAccount": ACCOUNT, "domainName": "acme", "domainOwner": ACCOUNT,
        "arn": "arn:aws:codeartifact:us-west-2:111122223333:repository/acme/team-a", "description": "",
        "upstreams": [], "externalConnections": list, "createdTime": NOW_SECONDS,
    }})
}

#[tokio::test]
async fn associating_answers_with_the_whole_repository_and_disassociating_takes_it_off() {
    let service = Service::with_repository().await;
    for name in ["public:npmjs", "company:mirror"] {
        let expected = connected(Some((name, "Available")));
        assert_eq!(
            service.ask(at(post(PATH), "team-a", name)).await.ok(),
            expected
        );
        let describe = get("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-a");
        assert_eq!(service.ask(describe).await.ok(), expected);
        assert_eq!(
            service.ask(at(delete(PATH), "team-a", name)).await.ok(),
            connected(None)
        );
    }
}

#[tokio::test]
async fn the_status_can_be_spelled_as_the_original_has_been_seen_to_spell_it() {
    let text = Some("AVAILABLE".to_owned());
    let service = Service::start_with(Setup {
        connection_status_text: text,
        ..Setup::default()
    })
    .await;
    service.make_domain("acme").await;
    service.make_repository("team-a").await;
    let answer = service
        .ask(at(post(PATH), "team-a", "public:npmjs"))
        .await
        .ok();
    assert_eq!(answer, connected(Some(("public:npmjs", "AVAILABLE"))));
}

#[tokio::test]
async fn a_second_connection_is_invalid_and_the_same_again_a_conflict() {
    let service = Service::with_repository().await;
    service
        .ask(at(post(PATH), "team-a", "public:npmjs"))
        .await
        .ok();
    let before = service.change_count().await;
    let other = service
        .ask(at(post(PATH), "team-a", "company:mirror"))
        .await;
    assert_eq!(
        other.invalid("OTHER"),
        "ExternalConnections for repositories are currently limited to 1"
    );
    let again = service.ask(at(post(PATH), "team-a", "public:npmjs")).await;
    again.refused_about(409, "ConflictException", "repository", "team-a");
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn a_repository_with_upstreams_takes_no_connection() {
    let service = Service::with_repository().await;
    let body = json!({ "upstreams": [{ "repositoryName": "team-a" }] });
    let make = post("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-b");
    service.ask(make.json(&body)).await.ok();
    let before = service.change_count().await;
    let answer = service.ask(at(post(PATH), "team-b", "public:npmjs")).await;
    assert!(answer.invalid("OTHER").contains("upstream repositories"));
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    for ask in [post, delete] {
        let elsewhere = at(ask(PATH), "team-a", "public:npmjs").with("domain", "none");
        service.ask(elsewhere).await.refused_about(
            404,
            "ResourceNotFoundException",
            "domain",
            "none",
        );
        let nowhere = service.ask(at(ask(PATH), "none", "public:npmjs")).await;
        nowhere.refused_about(404, "ResourceNotFoundException", "repository", "none");
        service
            .ask(at(ask(PATH), "team-a", "public:none"))
            .await
            .refused(404, "ResourceNotFoundException");
    }
    // Known, but not attached.
    let answer = service
        .ask(at(delete(PATH), "team-a", "public:npmjs"))
        .await;
    answer.refused_about(404, "ResourceNotFoundException", "repository", "team-a");
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn connections_over_the_quota_of_the_domain_are_refused() {
    let quotas = Quotas {
        external_connections_per_domain: 1,
        ..Quotas::default()
    };
    let service = Service::start_with(Setup {
        quotas,
        ..Setup::default()
    })
    .await;
    service.make_domain("acme").await;
    service.make_repository("team-a").await;
    service.make_repository("team-b").await;
    service
        .ask(at(post(PATH), "team-a", "public:npmjs"))
        .await
        .ok();
    let before = service.change_count().await;
    let answer = service.ask(at(post(PATH), "team-b", "public:npmjs")).await;
    answer.refused_about(402, "ServiceQuotaExceededException", "repository", "team-b");
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn names_are_checked_by_their_pattern_before_anything_is_looked_up() {
    let service = Service::with_repository().await;
    for bad in [
        "",
        "x",
        "public/npmjs",
        "-x",
        "public:npm js",
        "..\u{0}",
        &"x".repeat(101),
    ] {
        let message = service
            .ask(at(post(PATH), "none", bad))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(
            message.contains("at 'externalConnection' failed to satisfy"),
            "{message}"
        );
    }
}
