//! CopyPackageVersions.

use model::{OriginType, PackageCoordinates, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, NOW, NPM, Service, delete, get, on_package, package, post};

fn react() -> PackageCoordinates {
    package(NPM, "", "react")
}

fn copy_between(source: &str, destination: &str, body: &Value) -> Ask {
    post("/v1/package/versions/copy")
        .query("domain", "acme")
        .query("source-repository", source)
        .query("destination-repository", destination)
        .query("format", "npm")
        .query("package", "react")
        .json(body)
}

fn copy(body: &Value) -> Ask {
    copy_between("dev", "prod", body)
}

async fn publish(
    service: &Service,
    repository: &str,
    version: &str,
    content: &[u8],
    tags: &[&str],
) -> String {
    let metadata = json!({ "name": "react", "version": version });
    service
        .publish_into(
            repository,
            &react(),
            version,
            &metadata,
            &[("package.tgz", content)],
            tags,
        )
        .await
        .unwrap()
}

/// `dev` and `prod`, both empty.
async fn two_repositories() -> Service {
    let service = Service::start().await;
    service.make_domain("acme").await;
    service.make_repository("dev").await;
    service.make_repository("prod").await;
    service
}

async fn fetched(service: &Service, repository: &str, version: &str) -> (u16, Vec<u8>) {
    let ask = on_package(get("/v1/package/version/asset"), repository, &react());
    let answer = service
        .ask(ask.query("version", version).query("asset", "package.tgz"))
        .await;
    (answer.status, answer.body.to_vec())
}

async fn set_status(service: &Service, repository: &str, version: &str, status: &str) {
    let ask = on_package(
        post("/v1/package/versions/update_status"),
        repository,
        &react(),
    );
    let body = json!({ "versions": [version], "targetStatus": status });
    let answer = service.ask(ask.json(&body)).await.ok();
    assert_eq!(answer["failedVersions"], json!({}));
}

async fn default_version(service: &Service, repository: &str) -> Value {
    let ask = on_package(post("/v1/package/versions"), repository, &react());
    service.ask(ask).await.ok()["defaultDisplayVersion"].clone()
}

async fn tags(service: &Service, repository: &str) -> Vec<(String, String)> {
    let mut reader = service.store.read().await.unwrap();
    let domain = crate::support::acme();
    let domain = reader.find_domain(&domain.owner, &domain.name).await;
    let name = model::RepositoryName::parse(repository).unwrap();
    let found = reader
        .find_repository(domain.unwrap().unwrap().id, &name)
        .await;
    let row = reader
        .find_package(found.unwrap().unwrap().id, &react())
        .await;
    let rows = reader.list_package_tags(row.unwrap().unwrap().id).await;
    let rows = rows.unwrap().into_iter();
    rows.map(|row| (row.tag, row.version)).collect()
}

#[tokio::test]
async fn a_copy_is_the_same_version_and_takes_no_storage() {
    let service = two_repositories().await;
    let revision = publish(&service, "dev", "1.0.0", b"bytes", &[]).await;
    publish(&service, "dev", "2.0.0", b"other", &[]).await;
    service.clock.advance_ms(60_000);
    let known = service.log_length().await;
    let answer = service.ask(copy(&json!({ "versions": ["1.0.0"] }))).await;
    let expected = json!({
        "successfulVersions": { "1.0.0": { "revision": revision, "status": "Published" } },
        "failedVersions": {},
    });
    assert_eq!(answer.ok(), expected);
    let described = |repository: &str| {
        let ask = on_package(get("/v1/package/version"), repository, &react());
        service.ask(ask.query("version", "1.0.0"))
    };
    let (original, copied) = (described("dev").await.ok(), described("prod").await.ok());
    assert_eq!(original, copied, "origin, times and metadata are the same");
    assert_eq!(
        copied["packageVersion"]["origin"],
        json!({ "domainEntryPoint": { "repositoryName": "dev" }, "originType": "INTERNAL" })
    );
    assert_eq!(
        fetched(&service, "prod", "1.0.0").await,
        (200, b"bytes".to_vec())
    );
    assert_eq!(service.versions_in("prod", &react()).await.len(), 1);
    assert_eq!(service.asset_size_bytes().await, 10);
    let changes = service.changes_after(known).await;
    assert_eq!(changes.len(), 1);
    let (row, detail) = &changes[0];
    assert_eq!(
        (row.kind.as_str(), row.repository.as_deref()),
        ("version-copied", Some("prod"))
    );
    let expected = json!({
        "from": "dev", "revision": revision, "replaced": null, "tags": [], "assets": ["package.tgz"],
        "event": {
            "state": "Published", "revision": revision, "operationType": "Created",
            "assetsAdded": 1, "assetsRemoved": 0, "assetsUpdated": 0,
            "metadataUpdated": true, "statusChanged": true,
        },
    });
    assert_eq!(*detail, expected);
    // The copy stands for itself: the original may go.
    let gone = on_package(delete("/v1/package"), "dev", &react());
    service.ask(gone).await.ok();
    assert_eq!(
        fetched(&service, "prod", "1.0.0").await,
        (200, b"bytes".to_vec())
    );
    assert_eq!(service.asset_size_bytes().await, 5);
}

#[tokio::test]
async fn a_version_that_is_there_already_is_in_neither_list() {
    let service = two_repositories().await;
    publish(&service, "dev", "1.0.0", b"one", &[]).await;
    publish(&service, "dev", "2.0.0", b"two", &[]).await;
    service
        .ask(copy(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    let known = service.log_length().await;
    for overwrite in [false, true] {
        let body = json!({ "versions": ["1.0.0"], "allowOverwrite": overwrite });
        let answer = service.ask(copy(&body)).await.ok();
        assert_eq!(
            answer,
            json!({ "successfulVersions": {}, "failedVersions": {} })
        );
        assert_eq!(service.log_length().await, known);
    }
    let answer = service
        .ask(copy(&json!({ "versions": ["1.0.0", "2.0.0"] })))
        .await
        .ok();
    let successful = answer["successfulVersions"].as_object().unwrap();
    assert_eq!(successful.keys().collect::<Vec<_>>(), ["2.0.0"]);
    // To itself, everything is there already.
    let answer = service
        .ask(copy_between(
            "dev",
            "dev",
            &json!({ "versions": ["1.0.0"] }),
        ))
        .await
        .ok();
    assert_eq!(
        answer,
        json!({ "successfulVersions": {}, "failedVersions": {} })
    );
}

#[tokio::test]
async fn nothing_is_copied_when_one_version_stands_against_it() {
    let service = two_repositories().await;
    let current = publish(&service, "dev", "0.1.0", b"one", &[]).await;
    let good = publish(&service, "dev", "0.2.0", b"two", &["latest"]).await;
    publish(&service, "dev", "0.3.2", b"three", &[]).await;
    publish(&service, "prod", "0.3.2", b"another three", &[]).await;
    let (held, known) = (
        service.versions_in("prod", &react()).await,
        service.log_length().await,
    );
    let skipped = json!({ "errorCode": "SKIPPED", "errorMessage": "Version 0.2.0 was skipped" });
    let cases = [
        (
            json!({ "versions": ["0.2.0", "5.6.7"] }),
            json!({
                "0.2.0": skipped,
                "5.6.7": { "errorCode": "NOT_FOUND", "errorMessage": "Could not find version 5.6.7" },
            }),
        ),
        (
            json!({ "versions": ["0.2.0", "0.3.2"] }),
            json!({
                "0.2.0": skipped,
                "0.3.2": { "errorCode": "ALREADY_EXISTS", "errorMessage": "Version 0.3.2 already exists" },
            }),
        ),
        (
            json!({ "versionRevisions": { "0.1.0": "stale", "0.2.0": good } }),
            json!({
                "0.1.0": { "errorCode": "MISMATCHED_REVISION",
                    "errorMessage": format!("current revision: {current}, expected revision: stale") },
                "0.2.0": skipped,
            }),
        ),
    ];
    for (body, failed) in cases {
        let answer = service.ask(copy(&body)).await.ok();
        assert_eq!(
            answer,
            json!({ "successfulVersions": {}, "failedVersions": failed })
        );
    }
    assert_eq!(service.versions_in("prod", &react()).await, held);
    assert!(tags(&service, "prod").await.is_empty());
    assert_eq!(service.log_length().await, known);
    let body = json!({ "versionRevisions": { "0.1.0": current, "0.2.0": good } });
    let answer = service.ask(copy(&body)).await.ok();
    assert_eq!(answer["successfulVersions"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn overwriting_puts_the_copy_in_the_place_of_the_other() {
    let service = two_repositories().await;
    let metadata = |text: &str| json!({ "description": text });
    let assets: [(&str, &[u8]); 2] = [("package.tgz", b"new"), ("added.txt", b"added")];
    let revision = service
        .publish_into("dev", &react(), "1.0.0", &metadata("new"), &assets, &[])
        .await
        .unwrap();
    let assets: [(&str, &[u8]); 3] = [
        ("package.tgz", b"old one"),
        ("gone.txt", b"gone"),
        ("gone too.txt", b"gone"),
    ];
    let old = service
        .publish_into(
            "prod",
            &react(),
            "1.0.0",
            &metadata("old"),
            &assets,
            &["stable"],
        )
        .await
        .unwrap();
    assert_eq!(service.asset_size_bytes().await, 3 + 5 + 7 + 4);
    let known = service.log_length().await;
    let body = json!({ "versions": ["1.0.0"], "allowOverwrite": true });
    let answer = service.ask(copy(&body)).await.ok();
    assert_eq!(
        answer["successfulVersions"],
        json!({ "1.0.0": { "revision": revision, "status": "Published" } })
    );
    let ask = on_package(get("/v1/package/version"), "prod", &react());
    let described = service.ask(ask.query("version", "1.0.0")).await.ok();
    assert_eq!(described["packageVersion"]["summary"], "new");
    assert_eq!(
        described["packageVersion"]["origin"]["domainEntryPoint"]["repositoryName"], "dev",
        "the origin is the copied version's"
    );
    let ask = on_package(post("/v1/package/version/assets"), "prod", &react());
    let listed = service.ask(ask.query("version", "1.0.0")).await.ok();
    let names: Vec<_> = listed["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| asset["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["added.txt", "package.tgz"]);
    assert_eq!(
        service.asset_size_bytes().await,
        8,
        "what was overwritten is let go"
    );
    assert_eq!(
        tags(&service, "prod").await,
        [("stable".to_owned(), "1.0.0".to_owned())]
    );
    let (_, detail) = &service.changes_after(known).await[0];
    assert_eq!(detail["replaced"], old.as_str());
    let event = json!({
        "state": "Published", "revision": revision, "operationType": "Updated",
        "assetsAdded": 1, "assetsRemoved": 2, "assetsUpdated": 1,
        "metadataUpdated": true, "statusChanged": false,
    });
    assert_eq!(detail["event"], event);
}

#[tokio::test]
async fn y01_the_status_comes_along_and_what_is_disposed_of_or_unfinished_is_not_copied() {
    let service = two_repositories().await;
    let origin = (OriginType::Internal, "dev");
    for status in [
        PackageVersionStatus::Published,
        PackageVersionStatus::Unlisted,
        PackageVersionStatus::Archived,
        PackageVersionStatus::Disposed,
        PackageVersionStatus::Unfinished,
    ] {
        service
            .insert_version_into("dev", &react(), status.as_str(), status, origin, NOW)
            .await;
    }
    let body = json!({ "versions": ["Published", "Unlisted", "Archived"] });
    let answer = service.ask(copy(&body)).await.ok();
    for status in ["Published", "Unlisted", "Archived"] {
        assert_eq!(answer["successfulVersions"][status]["status"], status);
    }
    let held = service.versions_in("prod", &react()).await;
    assert!(held.iter().all(|(name, (status, _))| name == status));
    for overwrite in [false, true] {
        for status in ["Disposed", "Unfinished"] {
            let body = json!({ "versions": [status], "allowOverwrite": overwrite });
            let answer = service.ask(copy(&body)).await.ok();
            let expected = json!({ "errorCode": "NOT_ALLOWED",
                "errorMessage": format!("Version {status} has the status {status} and can not be copied") });
            assert_eq!(answer["failedVersions"][status], expected);
        }
    }
    assert_eq!(service.versions_in("prod", &react()).await, held);
}

#[tokio::test]
async fn a_disposed_version_is_not_brought_back_by_a_copy() {
    let service = two_repositories().await;
    publish(&service, "dev", "1.0.0", b"one", &[]).await;
    let versions = json!({ "versions": ["1.0.0"] });
    service.ask(copy(&versions)).await.ok();
    let ask = on_package(post("/v1/package/versions/dispose"), "prod", &react());
    service.ask(ask.json(&versions)).await.ok();
    for (overwrite, code) in [(false, "ALREADY_EXISTS"), (true, "NOT_ALLOWED")] {
        let body = json!({ "versions": ["1.0.0"], "allowOverwrite": overwrite });
        let answer = service.ask(copy(&body)).await.ok();
        assert_eq!(answer["failedVersions"]["1.0.0"]["errorCode"], code);
    }
    assert_eq!(
        service.versions_in("prod", &react()).await["1.0.0"].0,
        "Disposed"
    );
    assert_eq!(fetched(&service, "prod", "1.0.0").await.0, 404);
}

#[tokio::test]
async fn an_identical_version_of_another_status_keeps_its_status() {
    let service = two_repositories().await;
    publish(&service, "dev", "1.0.0", b"one", &[]).await;
    service
        .ask(copy(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    set_status(&service, "prod", "1.0.0", "Archived").await;
    let body = json!({ "versions": ["1.0.0"], "allowOverwrite": true });
    let answer = service.ask(copy(&body)).await.ok();
    assert_eq!(
        answer,
        json!({ "successfulVersions": {}, "failedVersions": {} })
    );
    assert_eq!(
        service.versions_in("prod", &react()).await["1.0.0"].0,
        "Archived"
    );
}

#[tokio::test]
async fn tags_of_copied_versions_come_along_and_win() {
    let service = two_repositories().await;
    publish(&service, "prod", "0.9.0", b"nine", &["latest", "stable"]).await;
    publish(&service, "dev", "1.0.0", b"one", &["latest", "beta"]).await;
    publish(&service, "dev", "2.0.0", b"two", &["next"]).await;
    let known = service.log_length().await;
    service
        .ask(copy(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(tag, version)| ((*tag).to_owned(), (*version).to_owned()))
            .collect()
    };
    assert_eq!(
        tags(&service, "prod").await,
        pairs(&[("beta", "1.0.0"), ("latest", "1.0.0"), ("stable", "0.9.0")])
    );
    assert_eq!(default_version(&service, "prod").await, "1.0.0");
    let (_, detail) = &service.changes_after(known).await[0];
    assert_eq!(detail["tags"], json!(["beta", "latest"]));
}

#[tokio::test]
async fn upstream_repositories_are_searched_when_asked_for() {
    let service = two_repositories().await;
    service.make_repository("base").await;
    service.make_downstream("mid", &["base"]).await;
    service.make_downstream("top", &["mid"]).await;
    publish(&service, "base", "1.0.0", b"base one", &["latest"]).await;
    publish(&service, "base", "2.0.0", b"base two", &[]).await;
    let body = |upstream: bool| json!({ "versions": ["1.0.0"], "includeFromUpstream": upstream });
    service
        .ask(copy_between("top", "prod", &body(false)))
        .await
        .refused_about(404, "ResourceNotFoundException", "package", "react");
    let known = service.log_length().await;
    let answer = service
        .ask(copy_between("top", "prod", &body(true)))
        .await
        .ok();
    assert_eq!(answer["successfulVersions"]["1.0.0"]["status"], "Published");
    assert_eq!(
        fetched(&service, "prod", "1.0.0").await,
        (200, b"base one".to_vec())
    );
    assert_eq!(
        tags(&service, "prod").await,
        [("latest".to_owned(), "1.0.0".to_owned())]
    );
    let (_, detail) = &service.changes_after(known).await[0];
    assert_eq!(detail["from"], "base");
    // Nothing is retained on the way.
    let ask = on_package(post("/v1/package/versions"), "mid", &react());
    assert_eq!(service.ask(ask).await.status, 404);
    let answer = service
        .ask(copy_between(
            "top",
            "prod",
            &json!({ "versions": ["9.9.9"], "includeFromUpstream": true }),
        ))
        .await
        .ok();
    assert_eq!(answer["failedVersions"]["9.9.9"]["errorCode"], "NOT_FOUND");
}

#[tokio::test]
async fn y01_the_nearest_repository_that_knows_a_version_decides() {
    let service = two_repositories().await;
    service.make_repository("base").await;
    service.make_downstream("top", &["base"]).await;
    publish(&service, "base", "1.0.0", b"base one", &[]).await;
    publish(&service, "base", "2.0.0", b"base two", &[]).await;
    let external = (OriginType::External, "public:npmjs");
    let disposed = PackageVersionStatus::Disposed;
    service
        .insert_version_into("top", &react(), "1.0.0", disposed, external, NOW)
        .await;
    let body = json!({ "versions": ["1.0.0", "2.0.0"], "includeFromUpstream": true });
    let answer = service.ask(copy_between("top", "prod", &body)).await.ok();
    assert_eq!(
        answer["failedVersions"]["1.0.0"]["errorCode"],
        "NOT_ALLOWED"
    );
    assert_eq!(answer["failedVersions"]["2.0.0"]["errorCode"], "SKIPPED");
}

#[tokio::test]
async fn y06_a_package_whose_upstream_is_blocked_is_not_copied_from_there() {
    let service = two_repositories().await;
    service.make_repository("base").await;
    service.make_downstream("top", &["base"]).await;
    // Published first, so its upstream is blocked in `top`.
    publish(&service, "top", "1.0.0", b"ours", &[]).await;
    publish(&service, "base", "9.0.0", b"theirs", &[]).await;
    let body = json!({ "versions": ["9.0.0"], "includeFromUpstream": true });
    let answer = service.ask(copy_between("top", "prod", &body)).await.ok();
    assert_eq!(answer["failedVersions"]["9.0.0"]["errorCode"], "NOT_FOUND");
}

#[tokio::test]
async fn a_missing_upstream_is_told_when_upstreams_are_searched() {
    let service = two_repositories().await;
    service.make_repository("base").await;
    service.make_downstream("top", &["base"]).await;
    publish(&service, "top", "1.0.0", b"ours", &[]).await;
    let gone = delete("/v1/repository")
        .query("domain", "acme")
        .query("repository", "base");
    service.ask(gone).await.ok();
    let body = |upstream: bool| json!({ "versions": ["1.0.0"], "includeFromUpstream": upstream });
    let message = service
        .ask(copy_between("top", "prod", &body(true)))
        .await
        .refused_about(404, "ResourceNotFoundException", "repository", "top");
    assert!(message.contains("no longer exists"), "{message}");
    let answer = service
        .ask(copy_between("top", "prod", &body(false)))
        .await
        .ok();
    assert_eq!(answer["failedVersions"], json!({}));
}

#[tokio::test]
async fn origin_controls_of_a_new_package_come_from_the_origin_of_its_versions() {
    let external = (OriginType::External, "public:npmjs");
    let internal = (OriginType::Internal, "dev");
    let unknown = (OriginType::Unknown, "");
    let published = PackageVersionStatus::Published;
    for (origins, publish, upstream) in [
        (&[external, external][..], "BLOCK", "ALLOW"),
        (&[internal], "ALLOW", "BLOCK"),
        (&[unknown], "ALLOW", "BLOCK"),
        (&[external, internal], "ALLOW", "BLOCK"),
    ] {
        let service = two_repositories().await;
        let names: Vec<_> = (0..origins.len())
            .map(|index| format!("1.0.{index}"))
            .collect();
        for (name, origin) in names.iter().zip(origins) {
            service
                .insert_version_into("dev", &react(), name, published, *origin, NOW)
                .await;
        }
        service.ask(copy(&json!({ "versions": names }))).await.ok();
        let ask = post("/v1/packages")
            .query("domain", "acme")
            .query("repository", "prod");
        let listed = service.ask(ask).await.ok();
        let switches = &listed["packages"][0]["originConfiguration"]["restrictions"];
        assert_eq!(
            *switches,
            json!({ "publish": publish, "upstream": upstream }),
            "{origins:?}"
        );
    }
}

#[tokio::test]
async fn a_copy_needs_no_way_around_the_rules_for_publishing() {
    let service = two_repositories().await;
    service.make_downstream("prod-b", &["prod"]).await;
    // 1.0.0 is reachable upstream of `prod-b`, so it can not be published there; a copy of it can be put there.
    let external = (OriginType::External, "public:npmjs");
    let published = PackageVersionStatus::Published;
    for repository in ["prod", "prod-b"] {
        service
            .insert_version_into(repository, &react(), "0.1.0", published, external, NOW)
            .await;
    }
    service
        .insert_version_into("prod", &react(), "1.0.0", published, external, NOW)
        .await;
    publish(&service, "dev", "1.0.0", b"patched", &[]).await;
    let answer = service
        .ask(copy_between(
            "dev",
            "prod-b",
            &json!({ "versions": ["1.0.0"] }),
        ))
        .await
        .ok();
    assert_eq!(answer["failedVersions"], json!({}));
    assert_eq!(
        fetched(&service, "prod-b", "1.0.0").await,
        (200, b"patched".to_vec())
    );
}
