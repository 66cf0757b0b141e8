//! DescribePackage and PutPackageOriginConfiguration.

use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NPM, Service, get, package, post};

fn at(ask: Ask, name: &str) -> Ask {
    let ask = ask.query("domain", "acme").query("repository", "team-a");
    ask.query("format", "npm").query("package", name)
}

fn describe(name: &str) -> Ask {
    at(get("/v1/package"), name)
}

fn put(name: &str, publish: &str, upstream: &str) -> Ask {
    at(post("/v1/package"), name).json(&controls(publish, upstream))
}

fn controls(publish: &str, upstream: &str) -> Value {
    json!({ "restrictions": { "publish": publish, "upstream": upstream } })
}

#[tokio::test]
async fn a_package_is_described_with_its_controls_and_its_name_is_called_name() {
    let service = Service::with_repository().await;
    let node = package(NPM, "types", "node");
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    service
        .publish(&node, "1.0.0", &json!({}), &asset, &[])
        .await;
    let external = (OriginType::External, "public:npmjs");
    let status = PackageVersionStatus::Published;
    service
        .insert_version(&package(NPM, "", "react"), "1.0.0", status, external, NOW)
        .await;
    let scoped = service
        .ask(describe("Node").query("namespace", "types"))
        .await;
    assert_eq!(
        scoped.ok(),
        json!({ "package": {
            "format": "npm", "namespace": "types", "name": "node", "originConfiguration": controls("ALLOW", "BLOCK"),
        }})
    );
    assert_eq!(
        service.ask(describe("react")).await.ok(),
        json!({ "package": {
            "format": "npm", "name": "react", "originConfiguration": controls("BLOCK", "ALLOW"),
        }})
    );
    let answer = service.ask(describe("node")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package", "node");
}

#[tokio::test]
async fn controls_are_replaced_both_at_once_and_the_log_has_old_and_new() {
    let service = Service::with_repository().await;
    let react = package(NPM, "", "react");
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    service
        .publish(&react, "1.0.0", &json!({}), &asset, &[])
        .await;
    for (publish, upstream) in [
        ("BLOCK", "ALLOW"),
        ("BLOCK", "BLOCK"),
        ("ALLOW", "ALLOW"),
        ("ALLOW", "BLOCK"),
    ] {
        let answer = service.ask(put("react", publish, upstream)).await.ok();
        assert_eq!(
            answer,
            json!({ "originConfiguration": controls(publish, upstream) })
        );
        let found = service.ask(describe("react")).await.ok();
        assert_eq!(
            found["package"]["originConfiguration"],
            controls(publish, upstream)
        );
    }
    let changes = service.changes().await;
    let last_two = &changes[changes.len() - 2..];
    let switches =
        |publish: &str, upstream: &str| json!({ "publish": publish, "upstream": upstream });
    let expected = [
        json!({ "old": switches("BLOCK", "BLOCK"), "new": switches("ALLOW", "ALLOW") }),
        json!({ "old": switches("ALLOW", "ALLOW"), "new": switches("ALLOW", "BLOCK") }),
    ];
    for ((kind, detail), expected) in last_two.iter().zip(expected) {
        assert_eq!(
            (kind.as_str(), detail),
            ("package-origin-updated", &expected)
        );
    }
    // The same again is no change.
    service.ask(put("react", "ALLOW", "BLOCK")).await.ok();
    assert_eq!(service.changes().await.len(), changes.len());
}

#[tokio::test]
async fn an_absent_package_gets_an_empty_record_that_decides_what_may_come() {
    let service = Service::with_repository().await;
    let answer = service.ask(put("react", "BLOCK", "ALLOW")).await.ok();
    assert_eq!(
        answer,
        json!({ "originConfiguration": controls("BLOCK", "ALLOW") })
    );
    let versions = service
        .ask(at(post("/v1/package/versions"), "react"))
        .await
        .ok();
    assert_eq!(
        versions,
        json!({ "format": "npm", "package": "react", "versions": [] })
    );
    let listed = post("/v1/packages")
        .query("domain", "acme")
        .query("repository", "team-a");
    let listed = service.ask(listed).await.ok();
    assert_eq!(
        listed["packages"],
        json!([{ "format": "npm", "package": "react", "originConfiguration": controls("BLOCK", "ALLOW") }])
    );
    let (kind, detail) = service.changes().await.pop().unwrap();
    assert_eq!(kind, "package-origin-updated");
    assert_eq!(detail["old"], Value::Null);
    // And so for a format that is published through the API.
    let tool = |ask: Ask| ask.with("format", "generic").query("namespace", "tools");
    service.ask(tool(put("x", "ALLOW", "BLOCK"))).await.ok();
    let found = service.ask(tool(describe("x"))).await.ok();
    assert_eq!(found["package"]["namespace"], "tools");
    let tools = package(GENERIC, "tools", "x");
    service
        .publish(&tools, "1", &json!({}), &[("a", b"x")], &[])
        .await;
}

#[tokio::test]
async fn s18_both_switches_are_needed_and_words_are_checked() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let bare = at(post("/v1/package"), "react");
    let missing = service.ask(bare.clone()).await;
    assert_eq!(
        missing.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value null at 'restrictions' failed to satisfy constraint: Member must not be \
         null"
    );
    let half = bare
        .clone()
        .json(&json!({ "restrictions": { "publish": "ALLOW" } }));
    assert_eq!(
        service.ask(half).await.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value null at 'restrictions.upstream' failed to satisfy constraint: Member must \
         not be null"
    );
    let wrong = service.ask(put("react", "allow", "NONE")).await;
    assert!(
        wrong
            .invalid("FIELD_VALIDATION_FAILED")
            .starts_with("2 validation errors detected: Value 'allow' at 'restrictions.publish'")
    );
    for restrictions in [
        json!([]),
        json!("ALLOW"),
        json!({ "publish": 1, "upstream": "ALLOW" }),
    ] {
        let ask = bare.clone().json(&json!({ "restrictions": restrictions }));
        service.ask(ask).await.invalid("CANNOT_PARSE");
    }
    assert_eq!(service.change_count().await, before);
}
