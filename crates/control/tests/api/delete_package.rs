//! DeletePackage.

use model::{EpochMillis, OriginType, PackageCoordinates, PackageVersionStatus, VersionName};
use serde_json::json;
use store::{NewVersion, SourceDocumentRow, StoreError};

use crate::support::{Ask, GENERIC, NOW, NPM, Service, acme, delete, on_package, package, post};

fn react() -> PackageCoordinates {
    package(NPM, "", "react")
}

fn delete_package(repository: &str) -> Ask {
    on_package(delete("/v1/package"), repository, &react())
}

/// The packages of a repository with their publish and upstream switches.
async fn packages(service: &Service, repository: &str) -> Vec<(String, String, String)> {
    let ask = post("/v1/packages")
        .query("domain", "acme")
        .query("repository", repository);
    let listed = service.ask(ask).await.ok();
    let packages = listed["packages"].as_array().unwrap().iter();
    packages
        .map(|found| {
            let switch = |name: &str| {
                let restrictions = &found["originConfiguration"]["restrictions"];
                restrictions[name].as_str().unwrap().to_owned()
            };
            let name = found["package"].as_str().unwrap().to_owned();
            (name, switch("publish"), switch("upstream"))
        })
        .collect()
}

#[tokio::test]
async fn a_package_goes_with_all_it_has_and_from_this_repository_only() {
    let service = Service::with_repository().await;
    service.make_repository("team-b").await;
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"bytes")];
    for repository in ["team-a", "team-b"] {
        for version in ["1.0.0", "2.0.0"] {
            service
                .publish_into(
                    repository,
                    &react(),
                    version,
                    &json!({}),
                    &asset,
                    &["latest"],
                )
                .await
                .unwrap();
        }
    }
    let origin = (OriginType::External, "public:npmjs");
    let disposed = PackageVersionStatus::Disposed;
    service
        .insert_version(&react(), "0.1.0", disposed, origin, NOW)
        .await;
    let neighbour = package(NPM, "facebook", "react");
    service
        .publish(&neighbour, "1.0.0", &json!({}), &asset, &[])
        .await;
    let known = service.log_length().await;
    let answer = service.ask(delete_package("team-a")).await;
    let expected = json!({ "deletedPackage": {
        "format": "npm", "package": "react",
        "originConfiguration": { "restrictions": { "publish": "ALLOW", "upstream": "BLOCK" } },
    } });
    assert_eq!(answer.ok(), expected);
    let versions = on_package(post("/v1/package/versions"), "team-a", &react());
    service
        .ask(versions)
        .await
        .refused_about(404, "ResourceNotFoundException", "package", "react");
    assert_eq!(service.versions_in("team-b", &react()).await.len(), 2);
    assert_eq!(service.versions_in("team-a", &neighbour).await.len(), 1);
    assert_eq!(service.asset_size_bytes().await, 5);
    let changes = service.changes_after(known).await;
    let told: Vec<_> = changes
        .iter()
        .map(|(row, detail)| {
            let removed = detail["event"]["assetsRemoved"].as_i64();
            (row.kind.as_str(), row.version.as_deref(), removed)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("version-deleted", Some("0.1.0"), Some(0)),
            ("version-deleted", Some("1.0.0"), Some(1)),
            ("version-deleted", Some("2.0.0"), Some(1)),
            ("package-deleted", None, None),
        ]
    );
    assert_eq!(changes[0].1["event"]["state"], "Disposed");
    // A second time there is nothing to delete.
    service.ask(delete_package("team-a")).await.refused_about(
        404,
        "ResourceNotFoundException",
        "package",
        "react",
    );
}

#[tokio::test]
async fn a_deleted_package_is_new_when_it_comes_again() {
    let service = Service::with_repository().await;
    let origin = (OriginType::External, "public:npmjs");
    let published = PackageVersionStatus::Published;
    service
        .insert_version(&react(), "1.0.0", published, origin, NOW)
        .await;
    let switches = |publish: &str, upstream: &str| {
        vec![("react".to_owned(), publish.to_owned(), upstream.to_owned())]
    };
    assert_eq!(
        packages(&service, "team-a").await,
        switches("BLOCK", "ALLOW")
    );
    service.ask(delete_package("team-a")).await.ok();
    assert!(packages(&service, "team-a").await.is_empty());
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"bytes")];
    service
        .publish(&react(), "1.0.0", &json!({}), &asset, &[])
        .await;
    assert_eq!(
        packages(&service, "team-a").await,
        switches("ALLOW", "BLOCK")
    );
    let ask = on_package(post("/v1/package/versions"), "team-a", &react());
    assert_eq!(
        service.ask(ask).await.ok()["defaultDisplayVersion"],
        "1.0.0",
        "no tag of the old package is left"
    );
}

#[tokio::test]
async fn a_package_without_versions_is_deleted_too() {
    let service = Service::with_repository().await;
    let tool = package(GENERIC, "tools", "x");
    service
        .publish(&tool, "1", &json!({}), &[("a.bin", b"x")], &[])
        .await;
    let versions = on_package(post("/v1/package/versions/delete"), "team-a", &tool);
    service
        .ask(versions.json(&json!({ "versions": ["1"] })))
        .await
        .ok();
    assert_eq!(packages(&service, "team-a").await.len(), 1);
    let answer = service
        .ask(on_package(delete("/v1/package"), "team-a", &tool))
        .await
        .ok();
    assert_eq!(answer["deletedPackage"]["namespace"], "tools");
    assert!(packages(&service, "team-a").await.is_empty());
}

#[tokio::test]
async fn what_a_public_source_said_of_the_package_is_forgotten() {
    let service = Service::with_repository().await;
    let origin = (OriginType::External, "public:npmjs");
    let published = PackageVersionStatus::Published;
    service
        .insert_version(&react(), "1.0.0", published, origin, NOW)
        .await;
    let other = package(NPM, "", "preact");
    let (first, second) = (react(), other.clone());
    let written: Result<i64, StoreError> = service
        .store
        .write(move |tx| {
            Box::pin(async move {
                let domain = acme();
                let domain = tx.find_domain(&domain.owner, &domain.name).await?.unwrap();
                let name = model::RepositoryName::parse("team-a").unwrap();
                let repository = tx.find_repository(domain.id, &name).await?.unwrap();
                let document = SourceDocumentRow {
                    sha256: vec![7; 32],
                    size_bytes: 1,
                    etag: None,
                    last_modified: None,
                    fetched_at_ms: 1,
                    checked_at_ms: 1,
                };
                for package in [&first, &second] {
                    tx.upsert_source_document(repository.id, package, &document)
                        .await?;
                }
                Ok(repository.id)
            })
        })
        .await;
    let repository = written.unwrap();
    service.ask(delete_package("team-a")).await.ok();
    let mut reader = service.store.read().await.unwrap();
    let found = reader.find_source_document(repository, &react()).await;
    assert!(found.unwrap().is_none());
    let found = reader.find_source_document(repository, &other).await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn a_package_with_more_versions_than_a_page_is_deleted_whole() {
    let service = Service::with_repository().await;
    let origin = (OriginType::Internal, "team-a");
    let published = PackageVersionStatus::Published;
    service
        .insert_version(&react(), "0.0.0", published, origin, NOW)
        .await;
    let coordinates = react();
    let written: Result<(), StoreError> = service
        .store
        .write(move |tx| {
            Box::pin(async move {
                let domain = acme();
                let domain = tx.find_domain(&domain.owner, &domain.name).await?.unwrap();
                let name = model::RepositoryName::parse("team-a").unwrap();
                let repository = tx.find_repository(domain.id, &name).await?.unwrap();
                let row = tx.find_package(repository.id, &coordinates).await?.unwrap();
                for index in 1..=1001 {
                    let new = NewVersion {
                        package_id: row.id,
                        version: VersionName::parse(&format!("1.0.{index}")).unwrap(),
                        key: model::VersionKey::new(format!("1.0.{index}")),
                        status: PackageVersionStatus::Published,
                        revision: "r".into(),
                        origin_type: OriginType::Internal,
                        origin_name: "team-a".into(),
                        published_at: EpochMillis(index),
                        source_published_at: None,
                        metadata: "{}".into(),
                        readme: None,
                    };
                    tx.insert_version(&new).await?.unwrap();
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
    let known = service.log_length().await;
    service.ask(delete_package("team-a")).await.ok();
    assert!(packages(&service, "team-a").await.is_empty());
    assert_eq!(
        service.log_length().await - known,
        1003,
        "one entry for each version, and one for the package"
    );
}
