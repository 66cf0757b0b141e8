//! DeletePackageVersions.

use model::{OriginType, PackageCoordinates, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, NOW, NPM, Service, on_package, package, post};

fn react() -> PackageCoordinates {
    package(NPM, "", "react")
}

fn delete_versions(body: &Value) -> Ask {
    on_package(post("/v1/package/versions/delete"), "team-a", &react()).json(body)
}

/// `react` with versions published one after the other; the last has these tags.
async fn stocked(versions: &[&str], tags: &[&str]) -> Service {
    let service = Service::with_repository().await;
    for version in versions {
        let is_last = versions.last() == Some(version);
        let asset: [(&str, &[u8]); 1] = [("package.tgz", version.as_bytes())];
        let tags = if is_last { tags } else { &[] };
        service
            .publish(&react(), version, &json!({ "v": version }), &asset, tags)
            .await;
        service.clock.advance_ms(1000);
    }
    service
}

async fn default_version(service: &Service) -> Value {
    let ask = on_package(post("/v1/package/versions"), "team-a", &react());
    service.ask(ask).await.ok()["defaultDisplayVersion"].clone()
}

#[tokio::test]
async fn a_deleted_version_is_gone_and_its_number_is_free() {
    let service = stocked(&["1.0.0", "2.0.0"], &["latest", "beta"]).await;
    let held = service.versions_in("team-a", &react()).await;
    let known = service.log_length().await;
    let answer = service
        .ask(delete_versions(&json!({ "versions": ["2.0.0"] })))
        .await;
    let revision = &held["2.0.0"].1;
    let expected = json!({
        "successfulVersions": { "2.0.0": { "revision": revision, "status": "Deleted" } },
        "failedVersions": {},
    });
    assert_eq!(answer.ok(), expected);
    let after = service.versions_in("team-a", &react()).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), ["1.0.0"]);
    assert_eq!(service.asset_size_bytes().await, 5);
    assert_eq!(default_version(&service).await, "1.0.0");
    let changes = service.changes_after(known).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0.kind, "version-deleted");
    let detail = json!({
        "revision": revision,
        "tags": ["beta", "latest"],
        "moved": { "tag": "latest", "version": "1.0.0" },
        "event": {
            "state": "Published", "revision": revision, "operationType": "Deleted",
            "assetsAdded": 0, "assetsRemoved": 1, "assetsUpdated": 0,
            "metadataUpdated": true, "statusChanged": true,
        },
    });
    assert_eq!(changes[0].1, detail);
    service
        .publish(
            &react(),
            "2.0.0",
            &json!({}),
            &[("package.tgz", b"again")],
            &[],
        )
        .await;
}

#[tokio::test]
async fn the_default_tag_moves_to_the_newest_version_that_is_published() {
    let service = stocked(&["1.0.0", "2.0.0", "3.0.0", "4.0.0"], &["latest"]).await;
    let archive = json!({ "versions": ["3.0.0"], "targetStatus": "Archived" });
    let ask = on_package(
        post("/v1/package/versions/update_status"),
        "team-a",
        &react(),
    );
    service.ask(ask.json(&archive)).await.ok();
    service
        .ask(delete_versions(&json!({ "versions": ["4.0.0"] })))
        .await
        .ok();
    assert_eq!(default_version(&service).await, "2.0.0");
    // Both that `latest` could move to go in one call.
    service
        .ask(delete_versions(&json!({ "versions": ["2.0.0", "1.0.0"] })))
        .await
        .ok();
    assert_eq!(default_version(&service).await, Value::Null);
    let publish = json!({ "versions": ["3.0.0"], "targetStatus": "Published" });
    let ask = on_package(
        post("/v1/package/versions/update_status"),
        "team-a",
        &react(),
    );
    service.ask(ask.json(&publish)).await.ok();
    assert_eq!(default_version(&service).await, "3.0.0");
}

#[tokio::test]
async fn versions_of_every_status_can_be_deleted_and_the_package_stays() {
    let service = stocked(&["1.0.0"], &[]).await;
    let origin = (OriginType::External, "public:npmjs");
    let stored = [
        PackageVersionStatus::Unfinished,
        PackageVersionStatus::Unlisted,
        PackageVersionStatus::Archived,
        PackageVersionStatus::Disposed,
    ];
    for status in stored {
        service
            .insert_version(&react(), status.as_str(), status, origin, NOW)
            .await;
    }
    let body = json!({ "versions": ["1.0.0", "Unfinished", "Unlisted", "Archived", "Disposed"] });
    let answer = service.ask(delete_versions(&body)).await.ok();
    assert_eq!(answer["failedVersions"], json!({}));
    assert_eq!(answer["successfulVersions"].as_object().unwrap().len(), 5);
    assert!(service.versions_in("team-a", &react()).await.is_empty());
    assert_eq!(service.asset_size_bytes().await, 0);
}

#[tokio::test]
async fn nothing_is_deleted_when_one_version_is_not_as_expected() {
    let service = stocked(&["1.0.0", "2.0.0"], &["latest"]).await;
    let (held, known) = (
        service.versions_in("team-a", &react()).await,
        service.log_length().await,
    );
    let mismatch = json!({ "errorCode": "MISMATCHED_STATUS",
        "errorMessage": "current status: Published, expected status: Unlisted" });
    let not_found =
        json!({ "errorCode": "NOT_FOUND", "errorMessage": "Could not find version 5.6.7" });
    for (body, failed) in [
        (
            json!({ "versions": ["1.0.0"], "expectedStatus": "Unlisted" }),
            json!({ "1.0.0": mismatch }),
        ),
        (
            json!({ "versions": ["1.0.0", "5.6.7"] }),
            json!({
                "1.0.0": { "errorCode": "SKIPPED", "errorMessage": "version 1.0.0 is skipped" },
                "5.6.7": not_found,
            }),
        ),
    ] {
        let answer = service.ask(delete_versions(&body)).await.ok();
        assert_eq!(
            answer,
            json!({ "successfulVersions": {}, "failedVersions": failed })
        );
    }
    assert_eq!(service.versions_in("team-a", &react()).await, held);
    assert_eq!(service.log_length().await, known);
}

#[tokio::test]
async fn p16_versions_that_look_like_patterns_are_literal() {
    let service = stocked(&["1.0.0", "1.0.1", "%", "1.0._"], &[]).await;
    for pattern in ["*", "1.0.*", "1.0.%", "1.0.?", "?.0.0"] {
        let body = json!({ "versions": [pattern] });
        let answer = service.ask(delete_versions(&body)).await.ok();
        assert_eq!(answer["failedVersions"][pattern]["errorCode"], "NOT_FOUND");
    }
    let body = json!({ "versions": ["%", "1.0._"] });
    service.ask(delete_versions(&body)).await.ok();
    let after = service.versions_in("team-a", &react()).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), ["1.0.0", "1.0.1"]);
}

#[tokio::test]
async fn bytes_count_until_the_last_repository_lets_go_of_them() {
    let service = stocked(&["1.0.0"], &[]).await;
    service.make_repository("team-b").await;
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"1.0.0")];
    service
        .publish_into("team-b", &react(), "7.0.0", &json!({}), &asset, &[])
        .await
        .unwrap();
    assert_eq!(service.asset_size_bytes().await, 5);
    service
        .ask(delete_versions(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    assert_eq!(service.asset_size_bytes().await, 5);
    let other = on_package(post("/v1/package/versions/delete"), "team-b", &react());
    service
        .ask(other.json(&json!({ "versions": ["7.0.0"] })))
        .await
        .ok();
    assert_eq!(service.asset_size_bytes().await, 0);
}
