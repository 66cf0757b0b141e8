//! What clients see of the API's calls on versions: at once, and at every door.

use std::collections::BTreeMap;
use std::ops::Deref as _;

use http::Method;
use model::{PackageVersionStatus, RepositoryName};
use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, coordinates};
use crate::packages::Release;
use crate::wire::{Client, empty};

impl House {
    async fn set_status(
        &self,
        repository: &str,
        package: &str,
        version: &str,
        target: PackageVersionStatus,
    ) {
        let package = coordinates(package);
        self.deref()
            .set_status(repository, &package, version, target)
            .await;
    }

    async fn dispose(&self, repository: &str, package: &str, version: &str) {
        let package = coordinates(package);
        self.deref().dispose(repository, &package, version).await;
    }

    async fn statuses(&self, repository: &str, package: &str) -> BTreeMap<String, String> {
        let package = coordinates(package);
        self.deref().statuses(repository, &package).await
    }
}

fn versions(document: &Value) -> Vec<&str> {
    let versions = document["versions"].as_object().unwrap();
    versions.keys().map(String::as_str).collect()
}

/// Whether a version's tarball is behind its address, however one asks.
async fn has_tarball(client: &Client<'_>, name: &str, version: &str) -> bool {
    let path = format!("{name}/-/{name}-{version}.tgz");
    let get = client.get(&path).await.status;
    let head = client.ask(Method::HEAD, &path, &[], empty()).await.status;
    let range = client
        .get_with(&path, &[("range", "bytes=0-0")])
        .await
        .status;
    match (get, head, range) {
        (200, 200, 206) => true,
        (404, 404, 404) => false,
        other => panic!("the doors of {path} disagree: {other:?}"),
    }
}

#[tokio::test]
async fn y01_y02_a_status_is_seen_at_once_at_every_door_and_can_be_taken_back() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    for version in ["1.0.0", "2.0.0"] {
        house
            .at("main")
            .publish(&Release::new("widget", version))
            .await;
        house.clock.advance(1000);
    }
    for (status, is_listed, is_downloadable) in [
        (PackageVersionStatus::Published, true, true),
        (PackageVersionStatus::Unlisted, false, true),
        (PackageVersionStatus::Archived, false, false),
        (PackageVersionStatus::Published, true, true),
        (PackageVersionStatus::Archived, false, false),
        (PackageVersionStatus::Unlisted, false, true),
        (PackageVersionStatus::Published, true, true),
    ] {
        // Every document and every tarball is in memory before the change.
        for repository in ["main", "app"] {
            let client = house.at(repository);
            client.packument("widget").await;
            client.get("widget/latest").await;
            if repository == "main" {
                client.tarball("widget", "2.0.0").await;
            }
        }
        house.set_status("main", "widget", "2.0.0", status).await;
        let expected: &[&str] = if is_listed {
            &["1.0.0", "2.0.0"]
        } else {
            &["1.0.0"]
        };
        let latest = expected[expected.len() - 1];
        for repository in ["main", "app"] {
            let client = house.at(repository);
            let document = client.packument("widget").await;
            assert_eq!(versions(&document), expected, "{repository}: {status}");
            assert_eq!(document["dist-tags"], json!({ "latest": latest }));
            assert_eq!(document["time"].get("2.0.0").is_some(), is_listed);
            assert_eq!(client.get("widget/latest").await.json()["version"], latest);
            let found = client.get("-/v1/search?text=widget").await.json();
            assert_eq!(
                found["objects"][0]["package"]["version"], latest,
                "{repository}: {status}"
            );
        }
        let main = house.at("main");
        assert_eq!(
            has_tarball(&main, "widget", "2.0.0").await,
            is_downloadable,
            "{status}"
        );
        assert!(has_tarball(&main, "widget", "1.0.0").await);
    }
}

#[tokio::test]
async fn y02_a_package_is_not_found_by_search_when_all_of_it_is_hidden() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let archived = PackageVersionStatus::Archived;
    house.set_status("main", "widget", "1.0.0", archived).await;
    let main = house.at("main");
    let found = main.get("-/v1/search?text=widget").await.json();
    assert_eq!(found["objects"], json!([]));
    assert_eq!(main.get("widget").await.status, 404);
}

#[tokio::test]
async fn y01_the_readme_of_a_hidden_version_is_not_shown() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let mut second = Release::new("widget", "2.0.0").document();
    second["versions"]["2.0.0"]["readme"] = json!("# do not read");
    assert!(matches!(
        main.put("widget", &second).await.status,
        200 | 201
    ));
    assert_eq!(main.packument("widget").await["readme"], "# do not read");
    let archived = PackageVersionStatus::Archived;
    house.set_status("main", "widget", "2.0.0", archived).await;
    assert_eq!(main.packument("widget").await["readme"], "# a readme");
}

#[tokio::test]
async fn y01_a_disposed_version_is_gone_for_clients_and_its_number_is_taken() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    let main = house.at("main");
    let release = Release::new("widget", "1.0.0");
    main.publish(&release).await;
    main.publish(&Release::new("widget", "1.1.0")).await;
    assert!(has_tarball(&main, "widget", "1.1.0").await);
    house.dispose("main", "widget", "1.1.0").await;
    for repository in ["main", "app"] {
        let client = house.at(repository);
        let document = client.packument("widget").await;
        assert_eq!(versions(&document), ["1.0.0"]);
        assert_eq!(document["dist-tags"], json!({ "latest": "1.0.0" }));
        assert!(!has_tarball(&client, "widget", "1.1.0").await);
    }
    let again = Release::new("widget", "1.1.0");
    assert_eq!(main.put("widget", &again.document()).await.status, 409);
    assert!(house.held("app", "widget").await.is_empty());
}

#[tokio::test]
async fn y01_what_is_archived_upstream_is_not_retained_and_what_is_unlisted_is() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    let (main, app) = (house.at("main"), house.at("app"));
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        main.publish(&Release::new("widget", version)).await;
    }
    let archived = PackageVersionStatus::Archived;
    let unlisted = PackageVersionStatus::Unlisted;
    house.set_status("main", "widget", "2.0.0", archived).await;
    house.set_status("main", "widget", "3.0.0", unlisted).await;
    assert_eq!(versions(&app.packument("widget").await), ["1.0.0"]);
    assert!(!has_tarball(&app, "widget", "2.0.0").await);
    assert!(has_tarball(&app, "widget", "3.0.0").await);
    let held = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(version, status)| ((*version).to_owned(), (*status).to_owned()))
            .collect()
    };
    assert_eq!(
        house.statuses("app", "widget").await,
        held(&[("3.0.0", "Unlisted")])
    );
    // From here on the two are independent.
    house.set_status("main", "widget", "3.0.0", archived).await;
    assert!(has_tarball(&app, "widget", "3.0.0").await);
    let published = PackageVersionStatus::Published;
    house.set_status("app", "widget", "3.0.0", published).await;
    assert_eq!(versions(&app.packument("widget").await), ["1.0.0", "3.0.0"]);
    assert!(!has_tarball(&house.at("main"), "widget", "3.0.0").await);
}

#[tokio::test]
async fn y01_a_version_that_is_archived_after_it_was_pulled_stays_away() {
    let house = House::connected().await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("2.0.0")),
    );
    let main = house.at("main");
    assert!(main.tarball("left-pad", "2.0.0").await.status == 200);
    house.wait_until_held("main", "left-pad", &["2.0.0"]).await;
    let archived = PackageVersionStatus::Archived;
    house
        .set_status("main", "left-pad", "2.0.0", archived)
        .await;
    let asked = house.source.requests("/left-pad/-/left-pad-2.0.0.tgz");
    let document = main.packument("left-pad").await;
    assert_eq!(versions(&document), ["1.0.0"]);
    assert_eq!(document["dist-tags"], json!({ "latest": "1.0.0" }));
    assert!(!has_tarball(&main, "left-pad", "2.0.0").await);
    assert_eq!(
        house.source.requests("/left-pad/-/left-pad-2.0.0.tgz"),
        asked,
        "nor is the source asked for it"
    );
}

#[tokio::test]
async fn y02_an_upstream_tag_into_the_void_does_not_hide_the_own_one() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    let (main, app) = (house.at("main"), house.at("app"));
    for version in ["1.0.0", "2.0.0"] {
        main.publish(&Release::new("widget", version)).await;
    }
    for version in ["1.0.0", "2.0.0"] {
        app.tarball("widget", version).await;
    }
    // A tag of the repository's own, on a version that it holds.
    let tag = "-/package/widget/dist-tags/latest";
    assert_eq!(app.put(tag, &json!("1.0.0")).await.status, 200);
    assert_eq!(
        app.packument("widget").await["dist-tags"],
        json!({ "latest": "2.0.0" }),
        "the upstream's value stands"
    );
    main.publish(&Release::new("widget", "3.0.0")).await;
    let archived = PackageVersionStatus::Archived;
    house.set_status("main", "widget", "3.0.0", archived).await;
    assert_eq!(
        app.packument("widget").await["dist-tags"],
        json!({ "latest": "1.0.0" })
    );
}

#[tokio::test]
async fn a_deleted_package_is_gone_at_once_and_public_again_where_there_is_a_connection() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    let main = house.at("main");
    assert_eq!(main.tarball("left-pad", "1.0.0").await.status, 200);
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    main.publish(&Release::new("widget", "1.0.0")).await;
    let repository = RepositoryName::parse("main").unwrap();
    for package in ["left-pad", "widget"] {
        assert_eq!(main.get(package).await.status, 200);
        let package = coordinates(package);
        house
            .catalog
            .delete_package(house.root(), &house.domain, &repository, &package)
            .await
            .unwrap();
    }
    assert_eq!(main.get("widget").await.status, 404);
    assert!(!has_tarball(&main, "widget", "1.0.0").await);
    assert!(house.held("main", "left-pad").await.is_empty());
    assert_eq!(versions(&main.packument("left-pad").await), ["1.0.0"]);
    assert_eq!(main.tarball("left-pad", "1.0.0").await.status, 200);
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
}
