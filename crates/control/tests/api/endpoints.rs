//! GetRepositoryEndpoint.

use serde_json::json;

use crate::support::{Ask, Service, get};

fn ask(format: &str) -> Ask {
    let ask = get("/v1/repository/endpoint")
        .query("domain", "acme")
        .query("repository", "team-a");
    ask.query("format", format)
}

#[tokio::test]
async fn the_address_ends_with_a_slash_and_depends_on_format_and_kind() {
    let service = Service::with_repository().await;
    for (request, expected) in [
        (
            ask("npm"),
            "http://acme-111122223333.ipv4.packages.example/npm/team-a/",
        ),
        (
            ask("generic"),
            "http://acme-111122223333.ipv4.packages.example/generic/team-a/",
        ),
        (
            ask("npm").query("endpointType", "ipv4"),
            "http://acme-111122223333.ipv4.packages.example/npm/team-a/",
        ),
        (
            ask("npm").query("endpointType", "dualstack"),
            "http://acme-111122223333.dualstack.packages.example/npm/team-a/",
        ),
    ] {
        assert_eq!(
            service.ask(request).await.ok(),
            json!({ "repositoryEndpoint": expected })
        );
    }
}

#[tokio::test]
async fn unknown_words_are_told_with_the_known_ones_and_unknown_repositories_by_name() {
    let service = Service::with_repository().await;
    let message = service
        .ask(ask("pip"))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert_eq!(
        message,
        "1 validation error detected: Value 'pip' at 'format' failed to satisfy constraint: Member must satisfy enum \
         value set: [npm, generic]"
    );
    let answer = service.ask(ask("npm").query("endpointType", "IPV4")).await;
    let message = answer.invalid("FIELD_VALIDATION_FAILED");
    assert!(
        message.ends_with("enum value set: [dualstack, ipv4]"),
        "{message}"
    );
    let answer = service.ask(ask("npm").with("repository", "none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "repository", "none");
    let answer = service.ask(ask("npm").with("domain", "none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "domain", "none");
}
