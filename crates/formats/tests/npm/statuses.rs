//! What clients see of versions that are not simply published.

use http::Method;
use model::{
    EpochMillis, OriginRestrictions, OriginType, PackageVersionStatus, RepositoryName, VersionName,
};
use serde_json::json;
use store::{NewVersion, StoreError};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, coordinates};
use crate::packages::Release;
use crate::wire::empty;

/// Notes a version of some status, as an operator's call would have left it, with the asset of another version.
async fn add_version(
    house: &House,
    repository: &str,
    package: &str,
    version: &str,
    status: PackageVersionStatus,
) {
    let (owner, domain) = (house.domain.owner.clone(), house.domain.name.clone());
    let (repository, coordinates) = (
        RepositoryName::parse(repository).unwrap(),
        coordinates(package),
    );
    let version = VersionName::parse(version).unwrap();
    let metadata = json!({ "name": package, "version": version.as_str(), "dist": {} }).to_string();
    let written: Result<(), StoreError> = house
        .store
        .write(move |tx| {
            Box::pin(async move {
                let domain = tx.find_domain(&owner, &domain).await?.unwrap();
                let repository = tx.find_repository(domain.id, &repository).await?.unwrap();
                let restrictions = OriginRestrictions::INGESTED_FIRST;
                let row = tx
                    .ensure_package(repository.id, &coordinates, restrictions, EpochMillis(1))
                    .await?;
                let new = NewVersion {
                    package_id: row.id,
                    key: model::VersionKey::of_name(&version),
                    version,
                    status,
                    revision: "r".into(),
                    origin_type: OriginType::External,
                    origin_name: crate::house::CONNECTION.into(),
                    published_at: EpochMillis(1),
                    source_published_at: None,
                    metadata,
                    readme: None,
                };
                let id = tx.insert_version(&new).await?.unwrap();
                let other = tx.find_newest_version(row.id).await?;
                if let Some(other) = other {
                    for asset in tx.list_assets(other.id, "", model::PageLimit::MAX).await? {
                        tx.insert_asset(domain.id, id, &asset.to_new()?).await?;
                    }
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

#[tokio::test]
async fn y01_y02_hidden_versions_are_in_no_document_and_archived_ones_behind_no_door() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    for (version, status) in [
        ("2.0.0", PackageVersionStatus::Unlisted),
        ("3.0.0", PackageVersionStatus::Archived),
        ("4.0.0", PackageVersionStatus::Disposed),
        ("5.0.0", PackageVersionStatus::Unfinished),
    ] {
        add_version(&house, "main", "widget", version, status).await;
    }
    for repository in ["main", "app"] {
        let client = house.at(repository);
        let full = client.packument("widget").await;
        let short = client
            .get_with("widget", &[("accept", crate::wire::ABBREVIATED)])
            .await
            .json();
        for document in [&full, &short] {
            assert_eq!(
                document["versions"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .collect::<Vec<_>>(),
                ["1.0.0"]
            );
            assert_eq!(document["time"].as_object().unwrap().len(), 3);
            assert_eq!(document["dist-tags"], json!({ "latest": "1.0.0" }));
        }
        assert_eq!(client.get("widget/2.0.0").await.status, 404);
        for version in ["3.0.0", "4.0.0", "5.0.0"] {
            let path = format!("widget/-/widget-{version}.tgz");
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(
                    client.ask(method, &path, &[], empty()).await.status,
                    404,
                    "{version}"
                );
            }
            assert_eq!(
                client
                    .get_with(&path, &[("range", "bytes=0-1")])
                    .await
                    .status,
                404,
                "{version}"
            );
            assert_eq!(
                client.get(&format!("widget/{version}")).await.status,
                404,
                "{version}"
            );
        }
        assert_eq!(
            client.tarball("widget", "2.0.0").await.status,
            200,
            "lock files go on working"
        );
    }
    let held = house.held("app", "widget").await;
    assert!(!held.contains_key("3.0.0"), "{held:?}");
}

#[tokio::test]
async fn y01_an_archived_version_hides_the_public_one() {
    let house = House::connected().await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("2.0.0")),
    );
    add_version(
        &house,
        "main",
        "left-pad",
        "2.0.0",
        PackageVersionStatus::Archived,
    )
    .await;
    let main = house.at("main");
    let document = main.packument("left-pad").await;
    assert_eq!(
        document["versions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["1.0.0"]
    );
    assert_eq!(
        document["dist-tags"],
        json!({ "latest": "1.0.0" }),
        "y02: the source says 2.0.0"
    );
    assert_eq!(main.tarball("left-pad", "2.0.0").await.status, 404);
    assert_eq!(house.source.requests("/left-pad/-/left-pad-2.0.0.tgz"), 0);
}

#[tokio::test]
async fn y02_a_package_of_which_everything_is_hidden_is_not_there() {
    let house = House::private().await;
    add_version(
        &house,
        "main",
        "widget",
        "1.0.0",
        PackageVersionStatus::Archived,
    )
    .await;
    let main = house.at("main");
    for path in [
        "widget",
        "widget?write=true",
        "widget/latest",
        "-/package/widget/dist-tags",
    ] {
        assert_eq!(main.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn unpublishing_one_version_leaves_hidden_ones_alone() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.1.0"))
        .await;
    add_version(
        &house,
        "main",
        "widget",
        "2.0.0",
        PackageVersionStatus::Archived,
    )
    .await;
    let main = house.at("main");
    let mut document = main.get("widget?write=true").await.json();
    document["versions"]
        .as_object_mut()
        .unwrap()
        .remove("1.1.0");
    let path = format!("widget/-rev/{}", document["_rev"].as_str().unwrap());
    assert_eq!(main.put(&path, &document).await.status, 200);
    assert_eq!(
        house
            .held("main", "widget")
            .await
            .keys()
            .collect::<Vec<_>>(),
        ["1.0.0", "2.0.0"]
    );
}
