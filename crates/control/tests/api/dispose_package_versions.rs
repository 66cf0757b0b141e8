//! DisposePackageVersions.

use model::{ErrorKind, PackageCoordinates};
use serde_json::{Value, json};

use crate::support::{Ask, NPM, Service, get, on_package, package, post};

fn react() -> PackageCoordinates {
    package(NPM, "", "react")
}

fn dispose(body: &Value) -> Ask {
    on_package(post("/v1/package/versions/dispose"), "team-a", &react()).json(body)
}

fn of_version(ask: Ask, version: &str) -> Ask {
    on_package(ask, "team-a", &react()).query("version", version)
}

async fn stocked() -> Service {
    let service = Service::with_repository().await;
    for (version, assets) in [
        (
            "1.0.0",
            &[
                ("package.tgz", b"one".as_slice()),
                ("shared.txt", b"shared"),
            ][..],
        ),
        ("2.0.0", &[("shared.txt", b"shared".as_slice())]),
    ] {
        service
            .publish(&react(), version, &json!({ "v": version }), assets, &[])
            .await;
    }
    service
}

#[tokio::test]
async fn the_assets_go_and_the_version_stays() {
    let service = stocked().await;
    let revision = service.versions_in("team-a", &react()).await["1.0.0"]
        .1
        .clone();
    assert_eq!(service.asset_size_bytes().await, 9);
    let known = service.log_length().await;
    let answer = service
        .ask(dispose(&json!({ "versions": ["1.0.0"] })))
        .await;
    let expected = json!({
        "successfulVersions": { "1.0.0": { "revision": revision, "status": "Disposed" } },
        "failedVersions": {},
    });
    assert_eq!(answer.ok(), expected);
    assert_eq!(
        service.asset_size_bytes().await,
        6,
        "bytes that another version has still count"
    );
    let described = service
        .ask(of_version(get("/v1/package/version"), "1.0.0"))
        .await
        .ok();
    assert_eq!(described["packageVersion"]["status"], "Disposed");
    assert_eq!(described["packageVersion"]["revision"], revision.as_str());
    let listed = service
        .ask(of_version(post("/v1/package/version/assets"), "1.0.0"))
        .await;
    assert_eq!(listed.ok()["assets"], json!([]));
    for (version, status) in [("1.0.0", 404), ("2.0.0", 200)] {
        let fetch =
            of_version(get("/v1/package/version/asset"), version).query("asset", "shared.txt");
        assert_eq!(service.ask(fetch).await.status, status, "{version}");
    }
    let changes = service.changes_after(known).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0.kind, "version-disposed");
    let detail = json!({
        "from": "Published",
        "assets": ["package.tgz", "shared.txt"],
        "event": {
            "state": "Disposed", "revision": revision, "operationType": "Updated",
            "assetsAdded": 0, "assetsRemoved": 2, "assetsUpdated": 0,
            "metadataUpdated": false, "statusChanged": true,
        },
    });
    assert_eq!(changes[0].1, detail);
}

#[tokio::test]
async fn the_number_of_a_disposed_version_stays_taken() {
    let service = stocked().await;
    service
        .ask(dispose(&json!({ "versions": ["1.0.0", "2.0.0"] })))
        .await
        .ok();
    assert_eq!(service.asset_size_bytes().await, 0);
    for content in [b"one".as_slice(), b"other"] {
        let error = service
            .publish_into(
                "team-a",
                &react(),
                "1.0.0",
                &json!({ "v": "1.0.0" }),
                &[("package.tgz", content), ("shared.txt", b"shared")],
                &[],
            )
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
    }
}

#[tokio::test]
async fn disposing_again_succeeds_and_changes_nothing() {
    let service = stocked().await;
    let ask = || dispose(&json!({ "versions": ["1.0.0"] }));
    let first = service.ask(ask()).await.ok();
    let (held, known) = (
        service.versions_in("team-a", &react()).await,
        service.log_length().await,
    );
    assert_eq!(service.ask(ask()).await.ok(), first);
    assert_eq!(service.versions_in("team-a", &react()).await, held);
    assert_eq!(service.log_length().await, known);
    assert_eq!(service.asset_size_bytes().await, 6);
}

#[tokio::test]
async fn nothing_is_disposed_of_when_one_version_is_not_as_expected() {
    let service = stocked().await;
    let (held, known) = (
        service.versions_in("team-a", &react()).await,
        service.log_length().await,
    );
    let current = &held["1.0.0"].1;
    let body = json!({
        "versions": ["2.0.0", "1.0.0"],
        "versionRevisions": { "1.0.0": "B", "2.0.0": held["2.0.0"].1 },
        "expectedStatus": "Published",
    });
    let failed = json!({
        "1.0.0": { "errorCode": "MISMATCHED_REVISION",
            "errorMessage": format!("current revision: {current}, expected revision: B") },
        "2.0.0": { "errorCode": "SKIPPED", "errorMessage": "version 2.0.0 is skipped" },
    });
    let answer = service.ask(dispose(&body)).await.ok();
    assert_eq!(
        answer,
        json!({ "successfulVersions": {}, "failedVersions": failed })
    );
    let body = json!({ "versions": ["1.0.0", "9.9.9"], "expectedStatus": "Archived" });
    let answer = service.ask(dispose(&body)).await.ok();
    let codes = (
        &answer["failedVersions"]["1.0.0"]["errorCode"],
        &answer["failedVersions"]["9.9.9"]["errorCode"],
    );
    assert_eq!(codes, (&"MISMATCHED_STATUS".into(), &"NOT_FOUND".into()));
    assert_eq!(service.versions_in("team-a", &react()).await, held);
    assert_eq!(service.log_length().await, known);
    assert_eq!(service.asset_size_bytes().await, 9);
}

#[tokio::test]
async fn after_disposing_only_deleting_is_possible() {
    let service = stocked().await;
    service
        .ask(dispose(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    for status in ["Published", "Unlisted", "Archived"] {
        let body = json!({ "versions": ["1.0.0"], "targetStatus": status });
        let ask = on_package(
            post("/v1/package/versions/update_status"),
            "team-a",
            &react(),
        );
        let answer = service.ask(ask.json(&body)).await.ok();
        assert_eq!(
            answer["failedVersions"]["1.0.0"]["errorCode"], "NOT_ALLOWED",
            "{status}"
        );
    }
    let ask = on_package(post("/v1/package/versions/delete"), "team-a", &react());
    let answer = service
        .ask(ask.json(&json!({ "versions": ["1.0.0"] })))
        .await
        .ok();
    assert_eq!(answer["successfulVersions"]["1.0.0"]["status"], "Deleted");
    service
        .publish(
            &react(),
            "1.0.0",
            &json!({}),
            &[("package.tgz", b"new")],
            &[],
        )
        .await;
}
