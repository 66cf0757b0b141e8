//! ListPackageVersions and DescribePackageVersion.

use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NOW_SECONDS, NPM, Service, get, package, post};

fn list(package: &str) -> Ask {
    let ask = post("/v1/package/versions")
        .query("domain", "acme")
        .query("repository", "team-a");
    ask.query("format", "npm").query("package", package)
}

fn describe(package: &str, version: &str) -> Ask {
    let ask = get("/v1/package/version")
        .query("domain", "acme")
        .query("repository", "team-a");
    ask.query("format", "npm")
        .query("package", package)
        .query("version", version)
}

fn names(listed: &Value) -> Vec<&str> {
    let list = listed["versions"].as_array().unwrap();
    list.iter()
        .map(|item| item["version"].as_str().unwrap())
        .collect()
}

/// Query parameters, and the names that they leave in a list.
type Filtered = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// `react` with 2.0.0 published first, 1.0.0 published later and tagged, and versions in other states.
async fn stocked() -> Service {
    let service = Service::with_repository().await;
    let react = package(NPM, "", "react");
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    service
        .publish(&react, "2.0.0", &json!({}), &asset, &[])
        .await;
    service.clock.advance_ms(1000);
    service
        .publish(&react, "1.0.0", &json!({}), &asset, &["latest"])
        .await;
    let external = (OriginType::External, "public:npmjs");
    for (version, status, later_ms) in [
        ("0.1.0", PackageVersionStatus::Unlisted, 2000),
        ("0.2.0", PackageVersionStatus::Archived, 3000),
        ("0.3.0", PackageVersionStatus::Disposed, 4000),
    ] {
        service
            .insert_version(&react, version, status, external, NOW.plus_ms(later_ms))
            .await;
    }
    let unknown = (OriginType::Unknown, "");
    let status = PackageVersionStatus::Unfinished;
    service
        .insert_version(&react, "0.4.0", status, unknown, NOW.plus_ms(5000))
        .await;
    service
}

#[tokio::test]
async fn versions_of_every_status_are_listed_with_their_origin() {
    let service = stocked().await;
    let listed = service.ask(list("react")).await.ok();
    assert_eq!(
        names(&listed),
        ["0.1.0", "0.2.0", "0.3.0", "0.4.0", "1.0.0", "2.0.0"]
    );
    assert_eq!(listed["defaultDisplayVersion"], "1.0.0");
    assert_eq!(
        (&listed["format"], &listed["package"]),
        (&"npm".into(), &"react".into())
    );
    assert_eq!(
        (listed.get("namespace"), listed.get("nextToken")),
        (None, None)
    );
    let external = json!({
        "version": "0.1.0", "revision": "cmV2aXNpb24=", "status": "Unlisted",
        "origin": {
            "domainEntryPoint": { "externalConnectionName": "public:npmjs" }, "originType": "EXTERNAL",
        },
    });
    assert_eq!(listed["versions"][0], external);
    assert_eq!(
        listed["versions"][3]["origin"],
        json!({ "originType": "UNKNOWN" })
    );
    let internal =
        json!({ "domainEntryPoint": { "repositoryName": "team-a" }, "originType": "INTERNAL" });
    assert_eq!(listed["versions"][4]["origin"], internal);
    assert_eq!(
        listed["versions"][4]["revision"].as_str().unwrap().len(),
        44
    );
}

#[tokio::test]
async fn versions_are_filtered_and_sorted() {
    let service = stocked().await;
    let cases: [Filtered; 6] = [
        (&[("status", "Published")], &["1.0.0", "2.0.0"]),
        (&[("status", "Deleted")], &[]),
        (&[("originType", "EXTERNAL")], &["0.1.0", "0.2.0", "0.3.0"]),
        (
            &[("originType", "EXTERNAL"), ("status", "Archived")],
            &["0.2.0"],
        ),
        (
            &[("sortBy", "PUBLISHED_TIME"), ("status", "Published")],
            &["1.0.0", "2.0.0"],
        ),
        (
            &[("sortBy", "PUBLISHED_TIME")],
            &["0.4.0", "0.3.0", "0.2.0", "0.1.0", "1.0.0", "2.0.0"],
        ),
    ];
    for (filter, expected) in cases {
        let asked = filter
            .iter()
            .fold(list("react"), |ask, (name, value)| ask.query(name, value));
        assert_eq!(
            names(&service.ask(asked).await.ok()),
            expected,
            "{filter:?}"
        );
    }
    for (name, value) in [
        ("status", "published"),
        ("sortBy", "NAME"),
        ("originType", ""),
    ] {
        let answer = service.ask(list("react").query(name, value)).await;
        answer.invalid("FIELD_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_version_is_described_with_what_its_metadata_says() {
    let service = Service::with_repository().await;
    let metadata = json!({
        "description": "types", "homepage": "https://types.example", "license": "MIT",
        "licenseUrl": "https://types.example/mit", "repository": "https://git.example/types",
    });
    let node = package(NPM, "types", "node");
    let assets: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    let revision = service
        .publish(&node, "1.0.0", &metadata, &assets, &[])
        .await;
    let found = service
        .ask(describe("node", "1.0.0").query("namespace", "types"))
        .await
        .ok();
    assert_eq!(
        found,
        json!({ "packageVersion": {
            "format": "npm", "namespace": "types", "packageName": "node", "displayName": "@types/node",
            "version": "1.0.0", "summary": "types", "homePage": "https://types.example",
            "sourceCodeRepository": "https://git.example/types", "publishedTime": NOW_SECONDS,
            "licenses": [{ "name": "MIT", "url": "https://types.example/mit" }], "revision": revision,
            "status": "Published",
            "origin": { "domainEntryPoint": { "repositoryName": "team-a" }, "originType": "INTERNAL" },
        }})
    );
}

#[tokio::test]
async fn what_metadata_does_not_say_is_left_out() {
    let service = stocked().await;
    let found = service.ask(describe("react", "0.3.0")).await.ok();
    let version = found["packageVersion"].as_object().unwrap();
    for absent in ["namespace", "summary", "homePage", "sourceCodeRepository"] {
        assert!(!version.contains_key(absent), "{absent}");
    }
    assert_eq!(version["licenses"], json!([]));
    assert_eq!(version["status"], "Disposed");
}

#[tokio::test]
async fn names_are_taken_in_the_normal_form_of_their_format() {
    let service = stocked().await;
    let listed = service.ask(list("React")).await.ok();
    assert_eq!(listed["package"], "react");
    let found = service.ask(describe("REACT", "v1.0.0")).await.ok();
    assert_eq!(found["packageVersion"]["version"], "1.0.0");
    let scoped = service
        .ask(list("react").query("namespace", "@types"))
        .await;
    assert_eq!(
        scoped.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value '@types' at 'namespace' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [^@]+"
    );
    let bare = service.ask(list("x").with("format", "generic")).await;
    assert_eq!(
        bare.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value null at 'namespace' failed to satisfy constraint: Member must not be null"
    );
    let tool = package(GENERIC, "tools", "X");
    service
        .publish(&tool, "1", &json!({}), &[("a.bin", b"x")], &[])
        .await;
    let found = service
        .ask(
            list("X")
                .with("format", "generic")
                .query("namespace", "tools"),
        )
        .await
        .ok();
    assert_eq!(names(&found), ["1"]);
}

#[tokio::test]
async fn what_does_not_exist_is_named_in_the_words_of_the_service() {
    let service = stocked().await;
    for ask in [list("lodash"), describe("lodash", "1.0.0")] {
        let message = service.ask(ask.clone()).await.refused_about(
            404,
            "ResourceNotFoundException",
            "package",
            "lodash",
        );
        assert!(
            message.starts_with("Package not found in repository. RepoId: "),
            "{message}"
        );
        let tail = "Package = PackageCoordinate{packageType=npm, packageName=lodash},";
        assert!(message.ends_with(tail), "{message}");
        let nowhere = service.ask(ask.clone().with("repository", "none")).await;
        nowhere.refused_about(404, "ResourceNotFoundException", "repository", "none");
        let elsewhere = service.ask(ask.with("domain", "none")).await;
        elsewhere.refused_about(404, "ResourceNotFoundException", "domain", "none");
    }
    let answer = service.ask(describe("react", "9.9.9")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package-version", "9.9.9");
}
