//! How calls about several versions name them, and what is refused.

use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NPM, Service, on_package, package, post};

/// A call on `react` in `team-a`, with what its body needs beside the versions.
fn call(operation: &str, mut body: Value) -> Ask {
    if operation == "update_status" {
        body["targetStatus"] = "Archived".into();
    }
    let path = format!("/v1/package/versions/{operation}");
    let ask = on_package(post(&path), "team-a", &package(NPM, "", "react"));
    let ask = ask
        .query("source-repository", "team-a")
        .query("destination-repository", "team-b");
    ask.json(&body)
}

async fn stocked() -> Service {
    let service = Service::with_repository().await;
    service.make_repository("team-b").await;
    let react = package(NPM, "", "react");
    for version in ["1.0.0", "2.0.0"] {
        let asset: [(&str, &[u8]); 1] = [("package.tgz", version.as_bytes())];
        service
            .publish(&react, version, &json!({}), &asset, &[])
            .await;
    }
    service
}

const CALLS: [&str; 4] = ["copy", "update_status", "dispose", "delete"];

#[tokio::test]
async fn s21_versions_must_be_a_list_of_at_most_a_hundred_names() {
    let service = stocked().await;
    let before = service.change_count().await;
    let many: Vec<_> = (0..101).map(|index| format!("1.0.{index}")).collect();
    let long = "x".repeat(256);
    for operation in CALLS {
        let cases = [
            (
                json!(many),
                "at 'versions' failed to satisfy constraint: Member must have length less than or equal to 100",
            ),
            (json!(["1.0.0", ""]), "Value '' at 'versions.2.member'"),
            (json!([null]), "Value null at 'versions.1.member'"),
            (json!(["a b", "..", "1/0"]), "3 validation errors detected"),
            (json!([long]), "length less than or equal to 255"),
        ];
        for (versions, expected) in cases {
            let answer = service
                .ask(call(operation, json!({ "versions": versions })))
                .await;
            let message = answer.invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains(expected), "{operation}: {message}");
            assert!(message.len() < 2000, "d02: {}", message.len());
        }
        for versions in [
            json!("1.0.0"),
            json!({ "1.0.0": "x" }),
            json!(1),
            json!([1]),
        ] {
            let answer = service
                .ask(call(operation, json!({ "versions": versions })))
                .await;
            let message = answer.invalid("CANNOT_PARSE");
            assert!(message.contains("The member 'versions"), "{message}");
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn a_call_without_versions_is_refused() {
    let service = stocked().await;
    let before = service.change_count().await;
    for operation in ["update_status", "dispose", "delete"] {
        for (body, expected) in [
            (
                json!({}),
                "1 validation error detected: Value null at 'versions' failed to satisfy constraint: Member must \
                 not be null",
            ),
            (
                json!({ "versions": null }),
                "1 validation error detected: Value null at 'versions' failed to satisfy constraint: Member must \
                 not be null",
            ),
            (
                json!({ "versions": [] }),
                "1 validation error detected: Value '[]' at 'versions' failed to satisfy constraint: Member must \
                 have length greater than or equal to 1",
            ),
        ] {
            let answer = service.ask(call(operation, body)).await;
            assert_eq!(answer.invalid("FIELD_VALIDATION_FAILED"), expected);
        }
    }
    let cases = [
        (
            json!({}),
            "Neither 'versions' nor 'versionRevisions' was sent. Send one of them.",
        ),
        (
            json!({ "versions": null, "versionRevisions": null }),
            "Neither 'versions' nor 'versionRevisions' was sent. Send one of them.",
        ),
        (
            json!({ "versions": ["1.0.0"], "versionRevisions": { "1.0.0": "x" } }),
            "The members 'versions' and 'versionRevisions' were both sent. Send one of them.",
        ),
        (
            json!({ "versions": [] }),
            "The call names no version. Name at least one.",
        ),
        (
            json!({ "versionRevisions": {} }),
            "The call names no version. Name at least one.",
        ),
    ];
    for (body, expected) in cases {
        let answer = service.ask(call("copy", body)).await;
        assert_eq!(answer.invalid("FIELD_VALIDATION_FAILED"), expected);
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn revisions_must_be_of_the_same_versions_and_well_formed() {
    let service = stocked().await;
    let before = service.change_count().await;
    let same = "The members 'versions' and 'versionRevisions' must name the same versions.";
    for operation in ["update_status", "dispose"] {
        for revisions in [
            json!({}),
            json!({ "1.0.0": "x" }),
            json!({ "1.0.0": "x", "3.0.0": "x" }),
            json!({ "1.0.0": "x", "2.0.0": "x", "3.0.0": "x" }),
        ] {
            let body = json!({ "versions": ["1.0.0", "2.0.0"], "versionRevisions": revisions });
            let answer = service.ask(call(operation, body)).await;
            assert_eq!(answer.invalid("FIELD_VALIDATION_FAILED"), same);
        }
    }
    let many: serde_json::Map<_, _> = (0..101)
        .map(|index| (format!("1.0.{index}"), json!("x")))
        .collect();
    let long = "x".repeat(51);
    for operation in ["copy", "update_status", "dispose"] {
        let with = |revisions: Value| match operation {
            "copy" => json!({ "versionRevisions": revisions }),
            _ => json!({ "versions": ["1.0.0"], "versionRevisions": revisions }),
        };
        for (revisions, expected) in [
            (json!({ "1.0.0": "" }), "at 'versionRevisions.1.value'"),
            (json!({ "1.0.0": null }), "at 'versionRevisions.1.value'"),
            (
                json!({ "1.0.0": "a b" }),
                r"regular expression pattern: \S+",
            ),
            (json!({ "1.0.0": long }), "length less than or equal to 50"),
            (json!({ "1 0": "x" }), "at 'versionRevisions.1.key'"),
            (
                json!(many),
                "at 'versionRevisions' failed to satisfy constraint: Member must have length less than or equal \
                 to 100",
            ),
            (
                json!({ "1.0.0": "x", "v1.0.0": "y" }),
                "names one version twice, with different revisions",
            ),
        ] {
            let answer = service.ask(call(operation, with(revisions))).await;
            let message = answer.invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains(expected), "{operation}: {message}");
        }
        for revisions in [json!([]), json!("1.0.0"), json!({ "1.0.0": 1 })] {
            let answer = service.ask(call(operation, with(revisions))).await;
            answer.invalid("CANNOT_PARSE");
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn statuses_and_switches_are_checked() {
    let service = stocked().await;
    let before = service.change_count().await;
    for operation in ["update_status", "dispose", "delete"] {
        for status in ["", "published", "Gone"] {
            let body = json!({ "versions": ["1.0.0"], "expectedStatus": status });
            let message = service
                .ask(call(operation, body))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains("at 'expectedStatus'"), "{message}");
        }
    }
    for switch in ["allowOverwrite", "includeFromUpstream"] {
        for value in [json!("true"), json!(1), json!([]), json!({})] {
            let body = json!({ "versions": ["1.0.0"], switch: value });
            let message = service
                .ask(call("copy", body))
                .await
                .invalid("CANNOT_PARSE");
            assert!(
                message.contains(&format!("The member '{switch}' must be a boolean")),
                "{message}"
            );
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn s21_a_version_named_twice_is_meant_once_and_in_its_normal_form() {
    for operation in CALLS {
        let service = stocked().await;
        let body = json!({ "versions": ["1.0.0", "v1.0.0", "1.0.0"] });
        let answer = service.ask(call(operation, body)).await.ok();
        let successful = answer["successfulVersions"].as_object().unwrap();
        assert_eq!(
            successful.keys().collect::<Vec<_>>(),
            ["1.0.0"],
            "{operation}: {answer}"
        );
        assert_eq!(answer["failedVersions"], json!({}));
    }
    let service = stocked().await;
    let body = json!({ "versionRevisions": { "1.0.0": "x", "v1.0.0": "x" } });
    let answer = service.ask(call("copy", body)).await.ok();
    let failed = answer["failedVersions"].as_object().unwrap();
    assert_eq!(failed.keys().collect::<Vec<_>>(), ["1.0.0"]);
}

#[tokio::test]
async fn s21_a_hundred_versions_are_not_too_many() {
    let service = Service::with_repository().await;
    let tool = package(GENERIC, "tools", "x");
    let names: Vec<_> = (0..100).map(|index| format!("1.{index}")).collect();
    for name in &names {
        service
            .publish(&tool, name, &json!({}), &[("a.bin", b"x")], &[])
            .await;
    }
    service.make_repository("team-b").await;
    let copy = on_package(post("/v1/package/versions/copy"), "team-a", &tool)
        .query("source-repository", "team-a")
        .query("destination-repository", "team-b")
        .json(&json!({ "versions": names }));
    let answer = service.ask(copy).await.ok();
    assert_eq!(answer["successfulVersions"].as_object().unwrap().len(), 100);
    assert_eq!(service.versions_in("team-b", &tool).await.len(), 100);
    assert_eq!(service.asset_size_bytes().await, 1);
}
