//! ListPackages.

use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NPM, Service, package, post};

fn ask() -> Ask {
    post("/v1/packages")
        .query("domain", "acme")
        .query("repository", "team-a")
}

/// Query parameters, and the names that they leave in a list.
type Filtered = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

async fn stocked() -> Service {
    let service = Service::with_repository().await;
    for (format, namespace, name) in [
        (NPM, "", "react"),
        (NPM, "types", "node"),
        (NPM, "types", "react"),
        (GENERIC, "tools", "x"),
    ] {
        let coordinates = package(format, namespace, name);
        service
            .publish(
                &coordinates,
                "1.0.0",
                &json!({}),
                &[("package.tgz", b"x")],
                &[],
            )
            .await;
    }
    let external = (OriginType::External, "public:npmjs");
    let pulled = package(NPM, "", "redux");
    let status = PackageVersionStatus::Published;
    service
        .insert_version(&pulled, "4.0.0", status, external, NOW)
        .await;
    service
}

fn names(listed: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = listed["packages"].as_array().unwrap();
    list.iter()
        .map(|item| {
            [&item["format"], &item["namespace"], &item["package"]]
                .map(text)
                .join("/")
        })
        .collect()
}

#[tokio::test]
async fn packages_are_listed_with_their_origin_controls_and_without_empty_namespaces() {
    let service = stocked().await;
    let listed = service.ask(ask()).await.ok();
    assert_eq!(
        names(&listed),
        [
            "generic/tools/x",
            "npm//react",
            "npm//redux",
            "npm/types/node",
            "npm/types/react"
        ]
    );
    let item = |publish: &str, upstream: &str| json!({ "restrictions": { "publish": publish, "upstream": upstream } });
    let expected = json!({
        "format": "npm", "package": "react", "originConfiguration": item("ALLOW", "BLOCK"),
    });
    assert_eq!(listed["packages"][1], expected);
    let expected = json!({
        "format": "npm", "package": "redux", "originConfiguration": item("BLOCK", "ALLOW"),
    });
    assert_eq!(listed["packages"][2], expected);
    let expected = json!({
        "format": "npm", "namespace": "types", "package": "node",
        "originConfiguration": item("ALLOW", "BLOCK"),
    });
    assert_eq!(listed["packages"][3], expected);
}

#[tokio::test]
async fn filters_narrow_the_list_and_are_literal_prefixes() {
    let service = stocked().await;
    let cases: [Filtered; 10] = [
        (&[("format", "generic")], &["generic/tools/x"]),
        (
            // By name where only names are asked for.
            &[("package-prefix", "re")],
            &["npm//react", "npm/types/react", "npm//redux"],
        ),
        (
            &[("format", "npm"), ("namespace", "ty")],
            &["npm/types/node", "npm/types/react"],
        ),
        (
            &[
                ("format", "npm"),
                ("namespace", "types"),
                ("package-prefix", "n"),
            ],
            &["npm/types/node"],
        ),
        (&[("publish", "BLOCK")], &["npm//redux"]),
        (
            &[("upstream", "BLOCK"), ("package-prefix", "react")],
            &["npm//react", "npm/types/react"],
        ),
        (&[("package-prefix", "_")], &[]),
        (&[("package-prefix", "%")], &[]),
        (&[("package-prefix", "*")], &[]),
        (&[("package-prefix", "RE")], &[]),
    ];
    for (filter, expected) in cases {
        let asked = filter
            .iter()
            .fold(ask(), |ask, (name, value)| ask.query(name, value));
        assert_eq!(
            names(&service.ask(asked).await.ok()),
            expected,
            "p16: {filter:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_a_filtered_list_repeat_and_miss_nothing() {
    let service = stocked().await;
    let filters: [&[(&str, &str)]; 5] = [
        &[],
        &[("package-prefix", "r")],
        &[("package-prefix", "x")],
        &[("publish", "ALLOW")],
        &[("format", "npm"), ("namespace", "t"), ("upstream", "BLOCK")],
    ];
    for filter in filters {
        let asked = || {
            filter
                .iter()
                .fold(ask(), |ask, (name, value)| ask.query(name, value))
        };
        let whole = names(&service.ask(asked()).await.ok());
        assert!(!whole.is_empty(), "{filter:?}");
        let mut walked = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let ask = asked().query("max-results", "1");
            let page = match &token {
                Some(token) => service.ask(ask.query("next-token", token)).await.ok(),
                None => service.ask(ask).await.ok(),
            };
            walked.extend(names(&page));
            assert!(walked.len() <= whole.len(), "{filter:?}: {walked:?}");
            token = page["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(walked, whole, "{filter:?}");
    }
}

#[tokio::test]
async fn a_namespace_needs_a_format_and_words_are_checked() {
    let service = stocked().await;
    let alone = service.ask(ask().query("namespace", "types")).await;
    assert!(
        alone
            .invalid("FIELD_VALIDATION_FAILED")
            .contains("'format'")
    );
    for (name, value) in [
        ("publish", "allow"),
        ("upstream", ""),
        ("format", "pypi"),
        ("package-prefix", "a/b"),
    ] {
        service
            .ask(ask().query(name, value))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn an_empty_repository_has_an_empty_list_and_a_missing_one_none() {
    let service = Service::with_repository().await;
    assert_eq!(service.ask(ask()).await.ok(), json!({ "packages": [] }));
    let answer = service.ask(ask().with("repository", "none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "repository", "none");
    let answer = service.ask(ask().with("domain", "none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "domain", "none");
}
