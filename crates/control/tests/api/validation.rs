//! What is wrong with members, in the words of AWS, all of it at once.

use serde_json::{Value, json};

use crate::support::{Service, Setup, get, post, put};

#[tokio::test]
async fn one_violation_is_told_in_the_wording_of_aws() {
    let service = Service::start().await;
    let message = service
        .ask(post("/v1/domain").query("domain", "my_domain"))
        .await;
    assert_eq!(
        message.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value 'my_domain' at 'domain' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-z][a-z0-9\\-]{0,48}[a-z0-9]"
    );
    let message = service.ask(get("/v1/domain")).await;
    assert_eq!(
        message.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value null at 'domain' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn all_violations_are_told_together_in_body_and_query_and_lists() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let body = json!({
        "description": "a\nb",
        "upstreams": [{ "repositoryName": "team-a" }, { "repositoryName": "?" }, {}],
        "tags": [{ "key": "", "value": "x" }, { "key": "k" }],
    });
    let ask = post("/v1/repository")
        .query("domain", "A")
        .query("domain-owner", "1")
        .json(&body);
    let message = service.ask(ask).await.invalid("FIELD_VALIDATION_FAILED");
    let parts: Vec<&str> = message.split("; ").collect();
    let expected = [
        "8 validation errors detected: Value 'A' at 'domain' failed to satisfy constraint: Member must have length \
         greater than or equal to 2",
        "Value '1' at 'domainOwner' failed to satisfy constraint: Member must have length greater than or equal to 12",
        "Value null at 'repository' failed to satisfy constraint: Member must not be null",
        "Value 'a\u{fffd}b' at 'description' failed to satisfy constraint: Member must satisfy regular expression \
         pattern: \\P{C}*",
        "Value '?' at 'upstreams.2.member.repositoryName' failed to satisfy constraint: Member must have length \
         greater than or equal to 2",
        "Value null at 'upstreams.3.member.repositoryName' failed to satisfy constraint: Member must not be null",
        "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal \
         to 1",
        "Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null",
    ];
    assert_eq!(parts, expected);
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn values_of_another_type_cannot_be_parsed() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let update = |body: Value| {
        let ask = put("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-a");
        ask.json(&body)
    };
    for (body, expected) in [
        (
            json!({ "description": 5 }),
            "The member 'description' must be a string, but a number was sent.",
        ),
        (
            json!({ "description": ["x"] }),
            "The member 'description' must be a string, but a list was sent.",
        ),
        (
            json!({ "upstreams": {} }),
            "The member 'upstreams' must be a list, but an object was sent.",
        ),
        (
            json!({ "upstreams": "x" }),
            "The member 'upstreams' must be a list, but a string was sent.",
        ),
        (
            json!({ "upstreams": ["team-b"] }),
            "The member 'upstreams.1.member' must be an object, but a string was sent.",
        ),
        (
            json!({ "upstreams": [{ "repositoryName": true }] }),
            "The member 'upstreams.1.member.repositoryName' must be a string, but a boolean was sent.",
        ),
        (
            json!([]),
            "The request body must be a JSON object, but a list was sent.",
        ),
    ] {
        assert_eq!(
            service.ask(update(body)).await.invalid("CANNOT_PARSE"),
            expected
        );
    }
    for (body, expected) in [
        (
            json!({ "maxResults": "5" }),
            "The member 'maxResults' must be a whole number, but a string was sent.",
        ),
        (
            json!({ "maxResults": 1.5 }),
            "The member 'maxResults' must be a whole number, but something else was sent.",
        ),
        (
            json!({ "nextToken": 5 }),
            "The member 'nextToken' must be a string, but a number was sent.",
        ),
    ] {
        let answer = service.ask(post("/v1/domains").json(&body)).await;
        assert_eq!(answer.invalid("CANNOT_PARSE"), expected);
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn z13_unknown_members_are_ignored_and_never_applied() {
    let service = Service::with_repository().await;
    let body = json!({
        "administratorAccount": "999999999999", "domainOwner": "999999999999", "arn": "x", "name": "other",
        "externalConnections": [{ "externalConnectionName": "public:npmjs" }], "createdTime": 0,
    });
    let make = post("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-b");
    let made = service
        .ask(make.query("owner", "x").query("owner", "y").json(&body))
        .await
        .ok();
    assert_eq!(made["repository"]["name"], "team-b");
    assert_eq!(made["repository"]["administratorAccount"], "111122223333");
    assert_eq!(made["repository"]["externalConnections"], json!([]));
}

#[tokio::test]
async fn members_in_the_wrong_place_are_not_seen() {
    let service = Service::with_repository().await;
    let body = json!({ "domain": "acme", "repository": "team-b" });
    let message = service
        .ask(post("/v1/repository").json(&body))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert!(
        message.starts_with("2 validation errors detected"),
        "{message}"
    );
    let ask = put("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-a");
    let after = service.ask(ask.query("description", "x")).await.ok();
    assert_eq!(after["repository"]["description"], "");
}

#[tokio::test]
async fn d02_a_list_of_many_faults_is_told_in_part() {
    let service = Service::with_repository().await;
    let body = json!({ "upstreams": vec![json!({}); 5000] });
    let ask = post("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-b")
        .json(&body);
    let answer = service.ask(ask).await;
    assert!(
        answer
            .invalid("FIELD_VALIDATION_FAILED")
            .starts_with("100 validation errors detected")
    );
    assert!(answer.body.len() < 20_000, "{}", answer.body.len());
}

#[tokio::test]
async fn u11_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let setup = Setup {
        body_limit_bytes: Some(64),
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    let padded = |length: usize| {
        let mut body = b"{}".to_vec();
        body.resize(length, b' ');
        post("/v1/domains").body(&body)
    };
    service.ask(padded(64)).await.ok();
    let body = service
        .ask(padded(65))
        .await
        .refused(413, "RequestEntityTooLargeException");
    assert_eq!(
        body["message"],
        "The request body is larger than the limit of 64 bytes."
    );
}
