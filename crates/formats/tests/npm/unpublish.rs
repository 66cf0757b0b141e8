//! Unpublishing.

use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;
use crate::wire::{Answer, Client};

async fn with_versions(versions: &[&str]) -> House {
    let house = House::private().await;
    for version in versions {
        house
            .at("main")
            .publish(&Release::new("widget", version))
            .await;
        house.clock.advance(1000);
    }
    house
}

impl Client<'_> {
    async fn for_writing(&self, name: &str) -> Value {
        self.get(&format!("{name}?write=true")).await.json()
    }

    /// The first step of `npm unpublish name@version`.
    async fn put_without(&self, name: &str, version: &str) -> Answer {
        let mut document = self.for_writing(name).await;
        document["versions"]
            .as_object_mut()
            .unwrap()
            .remove(version);
        let revision = document["_rev"].as_str().unwrap().to_owned();
        self.put(&format!("{name}/-rev/{revision}"), &document)
            .await
    }
}

#[tokio::test]
async fn one_version_goes_and_latest_moves_to_what_is_left() {
    let house = with_versions(&["1.0.0", "1.1.0"]).await;
    let main = house.at("main");
    assert_eq!(main.put_without("widget", "1.1.0").await.status, 200);
    let revision = main.for_writing("widget").await["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        main.delete(&format!("widget/-/widget-1.1.0.tgz/-rev/{revision}"))
            .await
            .status,
        200
    );
    let packument = main.packument("widget").await;
    assert_eq!(
        packument["versions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["1.0.0"]
    );
    assert_eq!(packument["dist-tags"], json!({ "latest": "1.0.0" }));
    assert_eq!(packument["time"].get("1.1.0"), None);
    assert_eq!(main.tarball("widget", "1.1.0").await.status, 404);
    assert_eq!(main.tarball("widget", "1.0.0").await.status, 200);
    main.publish(&Release::with("widget", "1.1.0", json!({}), b"again"))
        .await;
}

#[tokio::test]
async fn the_whole_package_goes() {
    let house = with_versions(&["1.0.0", "1.1.0"]).await;
    let main = house.at("main");
    let revision = main.for_writing("widget").await["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        main.delete(&format!("widget/-rev/{revision}")).await.status,
        200
    );
    assert_eq!(main.get("widget").await.status, 404);
    assert_eq!(main.get("-/package/widget/dist-tags").await.status, 404);
    assert_eq!(main.tarball("widget", "1.0.0").await.status, 404);
    assert!(house.held("main", "widget").await.is_empty());
    assert_eq!(
        main.delete(&format!("widget/-rev/{revision}")).await.status,
        404
    );
}

#[tokio::test]
async fn f_npm_4_a_stale_revision_deletes_nothing() {
    let house = with_versions(&["1.0.0", "1.1.0"]).await;
    let main = house.at("main");
    let stale = main.for_writing("widget").await;
    let revision = stale["_rev"].as_str().unwrap().to_owned();
    main.publish(&Release::new("widget", "1.2.0")).await;
    for revision in [revision.as_str(), "undefined", "1-0", "x%20y"] {
        assert_eq!(
            main.delete(&format!("widget/-rev/{revision}")).await.status,
            409,
            "{revision}"
        );
        assert_eq!(
            main.put(&format!("widget/-rev/{revision}"), &stale)
                .await
                .status,
            409,
            "{revision}"
        );
    }
    assert_eq!(house.held("main", "widget").await.len(), 3);
}

#[tokio::test]
async fn a_tarball_cannot_be_deleted_from_under_its_version() {
    let house = with_versions(&["1.0.0"]).await;
    let main = house.at("main");
    let revision = main.for_writing("widget").await["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        main.delete(&format!("widget/-/widget-1.0.0.tgz/-rev/{revision}"))
            .await
            .status,
        409
    );
    assert_eq!(main.tarball("widget", "1.0.0").await.status, 200);
}

#[tokio::test]
async fn documents_without_versions_change_nothing() {
    let house = with_versions(&["1.0.0"]).await;
    let main = house.at("main");
    let revision = main.for_writing("widget").await["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    for document in [
        json!({ "_id": "widget", "_rev": revision, "maintainers": [{ "name": "mallory" }] }),
        json!({ "_id": "widget", "versions": {} }),
        json!({ "name": "other", "versions": { "1.0.0": {} } }),
    ] {
        assert_eq!(
            main.put(&format!("widget/-rev/{revision}"), &document)
                .await
                .status,
            400,
            "{document}"
        );
    }
    assert_eq!(house.held("main", "widget").await.len(), 1);
}

#[tokio::test]
async fn versions_of_upstreams_are_not_deleted_from_below() {
    let house = with_versions(&["1.0.0", "1.1.0"]).await;
    house.add_repository("team", &["main"]).await;
    let team = house.at("team");
    assert_eq!(team.tarball("widget", "1.0.0").await.status, 200);
    house.wait_until_held("team", "widget", &["1.0.0"]).await;
    let refused = team.put_without("widget", "1.1.0").await;
    assert_eq!(refused.status, 409);
    assert!(refused.error().contains("upstream"), "{}", refused.error());
    assert_eq!(house.held("main", "widget").await.len(), 2);
    assert_eq!(house.held("team", "widget").await.len(), 1);
}

#[tokio::test]
async fn y06_an_unpublished_name_is_not_taken_over_by_a_public_package() {
    let house = House::connected().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let revision = main.for_writing("widget").await["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        main.delete(&format!("widget/-rev/{revision}")).await.status,
        200
    );
    house
        .source
        .add_package(FakePackage::new("widget").version(FakeVersion::new("66.0.0")));
    assert_eq!(main.get("widget").await.status, 404);
    assert_eq!(main.tarball("widget", "66.0.0").await.status, 404);
}
