//! UpdatePackageVersionsStatus, and the table of statuses that no call leaves.

use model::{OriginType, PackageCoordinates, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, NOW, NPM, Service, on_package, package, post};

fn react() -> PackageCoordinates {
    package(NPM, "", "react")
}

fn update(body: &Value) -> Ask {
    on_package(
        post("/v1/package/versions/update_status"),
        "team-a",
        &react(),
    )
    .json(body)
}

/// `react` with these published versions.
async fn stocked(versions: &[&str]) -> Service {
    let service = Service::with_repository().await;
    for version in versions {
        let asset: [(&str, &[u8]); 1] = [("package.tgz", version.as_bytes())];
        let metadata = json!({ "version": version });
        service
            .publish(&react(), version, &metadata, &asset, &[])
            .await;
    }
    service
}

async fn insert(service: &Service, version: &str, status: PackageVersionStatus) {
    let origin = (OriginType::Internal, "team-a");
    service
        .insert_version(&react(), version, status, origin, NOW)
        .await;
}

#[tokio::test]
async fn a_status_is_set_and_the_revision_stays() {
    let service = stocked(&["1.0.0", "2.0.0"]).await;
    let before = service.versions_in("team-a", &react()).await;
    let revision = &before["1.0.0"].1;
    for status in ["Unlisted", "Archived", "Published", "Archived", "Unlisted"] {
        let answer = service
            .ask(update(
                &json!({ "versions": ["1.0.0"], "targetStatus": status }),
            ))
            .await;
        let expected = json!({
            "successfulVersions": { "1.0.0": { "revision": revision, "status": status } },
            "failedVersions": {},
        });
        assert_eq!(answer.ok(), expected);
        let after = service.versions_in("team-a", &react()).await;
        assert_eq!(after["1.0.0"], (status.to_owned(), revision.clone()));
        assert_eq!(
            after["2.0.0"], before["2.0.0"],
            "the other version is left alone"
        );
    }
}

#[tokio::test]
async fn each_change_is_in_the_log_with_what_an_event_needs() {
    let service = stocked(&["1.0.0", "2.0.0"]).await;
    insert(&service, "3.0.0", PackageVersionStatus::Unlisted).await;
    let known = service.log_length().await;
    service
        .ask(update(
            &json!({ "versions": ["3.0.0", "1.0.0", "2.0.0"], "targetStatus": "Unlisted" }),
        ))
        .await
        .ok();
    let changes = service.changes_after(known).await;
    let versions: Vec<_> = changes
        .iter()
        .map(|(row, _)| row.version.as_deref().unwrap())
        .collect();
    assert_eq!(
        versions,
        ["1.0.0", "2.0.0"],
        "3.0.0 was unlisted before, so nothing happened to it"
    );
    let (row, detail) = &changes[0];
    assert_eq!(
        (row.kind.as_str(), row.repository.as_deref()),
        ("version-status-updated", Some("team-a"))
    );
    assert_eq!(row.package.as_deref(), Some("react"));
    let revision = &service.versions_in("team-a", &react()).await["1.0.0"].1;
    let expected = json!({
        "from": "Published",
        "to": "Unlisted",
        "event": {
            "state": "Unlisted", "revision": revision, "operationType": "Updated",
            "assetsAdded": 0, "assetsRemoved": 0, "assetsUpdated": 0,
            "metadataUpdated": false, "statusChanged": true,
        },
    });
    assert_eq!(*detail, expected);
}

#[tokio::test]
async fn s21_one_version_that_stands_against_it_stops_all() {
    let service = stocked(&["1.0.0", "2.0.0", "4.0.0"]).await;
    insert(&service, "3.0.0", PackageVersionStatus::Disposed).await;
    let (before, known) = (
        service.versions_in("team-a", &react()).await,
        service.log_length().await,
    );
    let current = &before["2.0.0"].1;
    let skipped = json!({ "errorCode": "SKIPPED", "errorMessage": "version 4.0.0 is skipped" });
    let cases = [
        (
            json!({ "versions": ["2.0.0", "4.0.0"], "expectedStatus": "Unlisted" }),
            json!({
                "2.0.0": { "errorCode": "MISMATCHED_STATUS",
                    "errorMessage": "current status: Published, expected status: Unlisted" },
                "4.0.0": { "errorCode": "MISMATCHED_STATUS",
                    "errorMessage": "current status: Published, expected status: Unlisted" },
            }),
        ),
        (
            json!({
                "versions": ["2.0.0", "4.0.0"],
                "versionRevisions": { "4.0.0": before["4.0.0"].1, "2.0.0": "stale" },
            }),
            json!({
                "2.0.0": { "errorCode": "MISMATCHED_REVISION",
                    "errorMessage": format!("current revision: {current}, expected revision: stale") },
                "4.0.0": skipped,
            }),
        ),
        (
            json!({ "versions": ["4.0.0", "5.6.7"] }),
            json!({
                "4.0.0": skipped,
                "5.6.7": { "errorCode": "NOT_FOUND", "errorMessage": "Could not find version 5.6.7" },
            }),
        ),
        (
            json!({ "versions": ["4.0.0", "3.0.0"] }),
            json!({
                "3.0.0": { "errorCode": "NOT_ALLOWED",
                    "errorMessage": "Version 3.0.0 has the status Disposed and can not become Archived" },
                "4.0.0": skipped,
            }),
        ),
    ];
    for (mut body, failed) in cases {
        body["targetStatus"] = "Archived".into();
        let answer = service.ask(update(&body)).await.ok();
        assert_eq!(
            answer,
            json!({ "successfulVersions": {}, "failedVersions": failed })
        );
        assert_eq!(service.versions_in("team-a", &react()).await, before);
    }
    assert_eq!(service.log_length().await, known);
}

#[tokio::test]
async fn what_was_expected_and_is_so_lets_the_call_pass() {
    let service = stocked(&["1.0.0"]).await;
    let revision = service.versions_in("team-a", &react()).await["1.0.0"]
        .1
        .clone();
    let body = json!({
        "versions": ["1.0.0"], "versionRevisions": { "1.0.0": revision },
        "expectedStatus": "Published", "targetStatus": "Unlisted",
    });
    let answer = service.ask(update(&body)).await.ok();
    assert_eq!(answer["failedVersions"], json!({}));
    assert_eq!(answer["successfulVersions"]["1.0.0"]["status"], "Unlisted");
}

#[tokio::test]
async fn only_three_statuses_can_be_asked_for() {
    let service = stocked(&["1.0.0"]).await;
    let known = service.log_length().await;
    for status in ["Disposed", "Deleted", "Unfinished", "published", "", "x"] {
        let body = json!({ "versions": ["1.0.0"], "targetStatus": status });
        let message = service
            .ask(update(&body))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        let expected = format!(
            "1 validation error detected: Value '{status}' at 'targetStatus' failed to satisfy constraint: Member \
             must satisfy enum value set: [Archived, Published, Unlisted]"
        );
        assert_eq!(message, expected);
    }
    let body = json!({ "versions": ["1.0.0"] });
    let message = service
        .ask(update(&body))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert!(
        message.contains("Value null at 'targetStatus'"),
        "{message}"
    );
    assert_eq!(service.log_length().await, known);
}

/// The calls that change a status, and the status that each leads to.
const CALLS: [(&str, &str, PackageVersionStatus); 5] = [
    (
        "update_status",
        "Published",
        PackageVersionStatus::Published,
    ),
    ("update_status", "Unlisted", PackageVersionStatus::Unlisted),
    ("update_status", "Archived", PackageVersionStatus::Archived),
    ("dispose", "", PackageVersionStatus::Disposed),
    ("delete", "", PackageVersionStatus::Deleted),
];

#[tokio::test]
async fn no_call_leaves_the_table_of_statuses() {
    let service = stocked(&["0.0.1"]).await;
    let stored = [
        PackageVersionStatus::Unfinished,
        PackageVersionStatus::Published,
        PackageVersionStatus::Unlisted,
        PackageVersionStatus::Archived,
        PackageVersionStatus::Disposed,
    ];
    for from in stored {
        for (index, (call, target_text, to)) in CALLS.into_iter().enumerate() {
            let version = format!("1.0.0-{from}.{index}");
            insert(&service, &version, from).await;
            let mut body = json!({ "versions": [version] });
            if !target_text.is_empty() {
                body["targetStatus"] = target_text.into();
            }
            let path = format!("/v1/package/versions/{call}");
            let ask = on_package(post(&path), "team-a", &react()).json(&body);
            let answer = service.ask(ask).await.ok();
            let held = service.versions_in("team-a", &react()).await;
            let now = held.get(&version).map(|(status, _)| status.as_str());
            if from.can_become(to) {
                assert_eq!(
                    answer["successfulVersions"][&version]["status"],
                    to.as_str(),
                    "{from} to {to}"
                );
                let expected = (to != PackageVersionStatus::Deleted).then_some(to.as_str());
                assert_eq!(now, expected, "{from} to {to}");
            } else {
                assert_eq!(
                    answer["failedVersions"][&version]["errorCode"], "NOT_ALLOWED",
                    "{from} to {to}"
                );
                assert_eq!(now, Some(from.as_str()), "{from} to {to}");
            }
        }
    }
}
