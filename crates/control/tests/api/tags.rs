//! TagResource, UntagResource, ListTagsForResource.

use model::PrincipalKind;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Ask, STRANGER, Service, delete, post};

fn arn(resource: &str) -> String {
    format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}")
}

fn about(path: &str, resource: &str) -> Ask {
    post(path).query("resourceArn", &arn(resource))
}

fn tag(resource: &str, tags: &[(&str, &str)]) -> Ask {
    let tags: Vec<_> = tags
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    about("/v1/tag", resource).json(&json!({ "tags": tags }))
}

fn untag(resource: &str, keys: &[&str]) -> Ask {
    about("/v1/untag", resource).json(&json!({ "tagKeys": keys }))
}

async fn listed(service: &Service, resource: &str) -> Vec<(String, String)> {
    let answer = service.ask(about("/v1/tags", resource)).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags = answer["tags"].as_array().unwrap().iter();
    tags.map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn tags_are_added_replaced_and_taken_off() {
    let service = Service::with_repository().await;
    for resource in ["domain/acme", "repository/acme/team-a"] {
        assert_eq!(listed(&service, resource).await, []);
        let answer = service
            .ask(tag(
                resource,
                &[("team", "build"), ("é", ""), ("cost", "1")],
            ))
            .await;
        assert_eq!(answer.ok(), json!({}));
        for next in [("team", "tools"), ("Team", "other")] {
            service.ask(tag(resource, &[next])).await.ok();
        }
        assert_eq!(
            listed(&service, resource).await,
            pairs(&[
                ("Team", "other"),
                ("cost", "1"),
                ("team", "tools"),
                ("é", "")
            ])
        );
        // Keys that are not there are no error.
        let answer = service.ask(untag(resource, &["team", "absent", "é"])).await;
        assert_eq!(answer.ok(), json!({}));
        assert_eq!(
            listed(&service, resource).await,
            pairs(&[("Team", "other"), ("cost", "1")])
        );
        for nothing in [tag(resource, &[]), untag(resource, &[])] {
            service.ask(nothing).await.ok();
        }
        assert_eq!(listed(&service, resource).await.len(), 2);
    }
}

#[tokio::test]
async fn tags_given_at_creation_are_listed_and_end_with_the_resource() {
    let service = Service::start().await;
    let tags = json!({ "tags": [{ "key": "stage", "value": "test" }] });
    let domain = || post("/v1/domain").query("domain", "acme");
    let repository = || {
        post("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-a")
    };
    service.ask(domain().json(&tags)).await.ok();
    service.ask(repository().json(&tags)).await.ok();
    for resource in ["domain/acme", "repository/acme/team-a"] {
        assert_eq!(
            listed(&service, resource).await,
            pairs(&[("stage", "test")])
        );
    }
    let remove = |path: &str| delete(path).query("domain", "acme");
    service
        .ask(remove("/v1/repository").query("repository", "team-a"))
        .await
        .ok();
    let gone = service
        .ask(about("/v1/tags", "repository/acme/team-a"))
        .await;
    gone.refused_about(404, "ResourceNotFoundException", "repository", "team-a");
    service.ask(remove("/v1/domain")).await.ok();
    let gone = service.ask(about("/v1/tags", "domain/acme")).await;
    gone.refused_about(404, "ResourceNotFoundException", "domain", "acme");
    service.ask(domain()).await.ok();
    service.ask(repository()).await.ok();
    for resource in ["domain/acme", "repository/acme/team-a"] {
        assert_eq!(listed(&service, resource).await, []);
    }
}

#[tokio::test]
async fn s20_a_resource_has_at_most_fifty_tags_with_keys_of_its_own() {
    let service = Service::with_repository().await;
    let resource = "repository/acme/team-a";
    let keys: Vec<String> = (0..201).map(|number| format!("key-{number:03}")).collect();
    let many = |range: std::ops::Range<usize>| {
        let tags: Vec<_> = keys[range].iter().map(|key| (key.as_str(), "x")).collect();
        tag(resource, &tags)
    };
    let before = service.change_count().await;
    for refused in [many(0..51), many(0..200)] {
        let answer = service.ask(refused).await;
        answer.refused_about(402, "ServiceQuotaExceededException", "repository", "team-a");
    }
    for (refused, text) in [
        (many(0..201), "less than or equal to 200"),
        (tag(resource, &[("aws:team", "x")]), "'aws:'"),
        (tag(resource, &[("AWS:team", "x")]), "'aws:'"),
        (
            tag(resource, &[("team", "x"), ("team", "y")]),
            "more than once",
        ),
        (
            tag(resource, &[("team", "x"), ("Team", "y")]),
            "more than once",
        ),
        (tag(resource, &[("", "x")]), "greater than or equal to 1"),
        (
            tag(resource, &[(&"k".repeat(129), "x")]),
            "less than or equal to 128",
        ),
        (
            tag(resource, &[("k", &"v".repeat(257))]),
            "less than or equal to 256",
        ),
        (tag(resource, &[("a\u{0}", "x")]), "regular expression"),
        (tag(resource, &[("k", "a\u{202e}")]), "regular expression"),
        (untag(resource, &[""]), "greater than or equal to 1"),
        (
            untag(resource, &[&"k".repeat(129)]),
            "less than or equal to 128",
        ),
        (
            untag(
                resource,
                &keys.iter().map(String::as_str).collect::<Vec<_>>(),
            ),
            "less than or equal to 200",
        ),
        (
            about("/v1/tag", resource).json(&json!({})),
            "must not be null",
        ),
        (
            about("/v1/untag", resource).json(&json!({})),
            "must not be null",
        ),
        (
            about("/v1/untag", resource).json(&json!({ "tagKeys": [null] })),
            "must not be null",
        ),
    ] {
        let message = service
            .ask(refused)
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(message.contains(text), "{message}");
    }
    let answer = service
        .ask(about("/v1/untag", resource).json(&json!({ "tagKeys": [1] })))
        .await;
    answer.invalid("CANNOT_PARSE");
    assert_eq!(service.change_count().await, before);
    assert_eq!(listed(&service, resource).await, []);

    service.ask(many(0..50)).await.ok();
    let answer = service.ask(many(50..51)).await;
    let text = answer.refused_about(402, "ServiceQuotaExceededException", "repository", "team-a");
    assert!(text.contains("51"), "{text}");
    // Replacing values makes none more.
    service.ask(many(0..50)).await.ok();
    service.ask(untag(resource, &["key-000"])).await.ok();
    service.ask(many(50..51)).await.ok();
    assert_eq!(listed(&service, resource).await.len(), 50);
}

#[tokio::test]
async fn an_arn_that_names_nothing_here_is_refused() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let requests = |arn: &str| {
        [
            post("/v1/tag").json(&json!({ "tags": [{ "key": "k", "value": "v" }] })),
            post("/v1/untag").json(&json!({ "tagKeys": ["k"] })),
            post("/v1/tags"),
        ]
        .map(|ask| ask.query("resourceArn", arn))
    };
    for malformed in [
        "",
        "acme",
        "arn:aws:codeartifact:us-west-2:111122223333:package/acme/team-a/npm//react",
        "arn:aws:codeartifact:us-west-2:111122223333:domain/acme/",
        "arn:aws:codeartifact:us-west-2:111122223333:domain/..",
        "arn:aws:codeartifact:us-west-2:111122223333:repository/acme/team-a/",
        "arn:aws:codeartifact:us-west-2:111122223333:package-group/acme/npm/%zz",
        "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme",
        "arn:aws:s3:us-west-2:111122223333:domain/acme",
        "arn:aws:codeartifact:us-west-2:111122223333:domain/acme x",
    ] {
        for ask in requests(malformed) {
            let message = service.ask(ask).await.invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains("at 'resourceArn' failed"), "{message}");
        }
    }
    for (resource, kind, id) in [
        ("domain/none", "domain", "none"),
        ("repository/none/team-a", "domain", "none"),
        ("repository/acme/none", "repository", "none"),
        ("package-group/acme/npm/none/%2a", "domain", "acme"),
    ] {
        for ask in requests(&arn(resource)) {
            let answer = service.ask(ask).await;
            answer.refused_about(404, "ResourceNotFoundException", kind, id);
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn s13_z12_tags_of_others_are_refused_whether_there_is_such_a_resource_or_not() {
    let service = Service::with_repository().await;
    service
        .ask(tag("repository/acme/team-a", &[("team", "planted")]))
        .await
        .ok();
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let before = service.change_count().await;
    for (path, action) in [
        ("/v1/tag", "TagResource"),
        ("/v1/untag", "UntagResource"),
        ("/v1/tags", "ListTagsForResource"),
    ] {
        for resource in [
            "domain/acme",
            "domain/none",
            "repository/acme/team-a",
            "repository/acme/none",
            "repository/none/none",
            "package-group/acme/npm/%2a",
        ] {
            let ask = about(path, resource).json(&json!({
                "tags": [{ "key": "team", "value": "mine" }], "tagKeys": ["team"],
            }));
            let answer = service.ask_as(&stranger, ask).await;
            let body = answer.refused(403, "AccessDeniedException");
            let expected = format!(
                "User: arn:aws:iam::{STRANGER}:root is not authorized to perform: codeartifact:{action} on resource: \
                 {} because no resource-based policy allows the codeartifact:{action} action",
                arn(resource)
            );
            assert_eq!(body, json!({ "message": expected }));
        }
    }
    assert_eq!(service.change_count().await, before);
}
