//! The graph of upstreams: order, merging, retention.

use serde_json::json;
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;

#[tokio::test]
async fn what_is_pulled_is_retained_at_both_ends_and_not_between() {
    let house = House::open().await;
    house.add_connected("store").await;
    house.add_repository("middle", &["store"]).await;
    house.add_repository("app", &["middle"]).await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("2.0.0")),
    );
    let app = house.at("app");
    assert_eq!(
        app.packument("left-pad").await["versions"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
    assert!(
        house.held("store", "left-pad").await.is_empty(),
        "reading metadata retains nothing"
    );
    assert_eq!(app.tarball("left-pad", "1.0.0").await.status, 200);
    for repository in ["store", "app"] {
        house
            .wait_until_held(repository, "left-pad", &["1.0.0"])
            .await;
        assert_eq!(
            house.held(repository, "left-pad").await["1.0.0"],
            "public:npmjs"
        );
    }
    assert!(house.held("middle", "left-pad").await.is_empty());
}

#[tokio::test]
async fn i09_retaining_changes_no_document() {
    let house = House::open().await;
    house.add_connected("store").await;
    house.add_repository("app", &["store"]).await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("1.1.0").deprecated("old")),
    );
    let app = house.at("app");
    let before = app.get("left-pad").await;
    app.tarball("left-pad", "1.1.0").await;
    house.wait_until_held("app", "left-pad", &["1.1.0"]).await;
    // Another address, so that the document is made anew.
    let again = http::Request::get(format!("/npm/d/acme-{}/app/left-pad", crate::house::OWNER))
        .header("host", "localhost:8740")
        .header("authorization", format!("Bearer {}", house.token))
        .body(crate::wire::empty())
        .unwrap();
    let again = crate::wire::send(&house, again).await;
    let text = String::from_utf8(again.bytes().to_vec())
        .unwrap()
        .replace("localhost:8740", "packages.example");
    assert_eq!(text.as_bytes(), &before.bytes()[..]);
}

#[tokio::test]
async fn a_version_is_taken_from_the_nearest_repository_in_search_order() {
    let house = House::open().await;
    for (name, upstreams) in [
        ("ee", &[][..]),
        ("dd", &["ee"]),
        ("cc", &[]),
        ("bb", &[]),
        ("aa", &["cc", "dd"]),
        ("my", &["aa", "bb"]),
    ] {
        house.add_repository(name, upstreams).await;
    }
    for name in ["cc", "ee", "bb"] {
        house
            .at(name)
            .publish(&Release::with(
                "widget",
                "1.0.0",
                json!({ "description": name }),
                name.as_bytes(),
            ))
            .await;
    }
    house
        .at("ee")
        .publish(&Release::with(
            "widget",
            "2.0.0",
            json!({ "description": "ee" }),
            b"ee2",
        ))
        .await;
    let my = house.at("my");
    let document = my.packument("widget").await;
    assert_eq!(document["versions"]["1.0.0"]["description"], "cc");
    let tarball = my.tarball("widget", "1.0.0").await;
    assert_eq!(
        tarball.bytes(),
        house.at("cc").tarball("widget", "1.0.0").await.bytes()
    );
    house.wait_until_held("my", "widget", &["1.0.0"]).await;
    assert_eq!(
        house.held("my", "widget").await["1.0.0"],
        "cc",
        "where it entered the domain"
    );
}

#[tokio::test]
async fn versions_are_united_and_the_upstreams_tag_wins() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    house
        .at("base")
        .publish(&Release::new("widget", "1.0.1"))
        .await;
    // Published into the downstream first, its upstream would be out of reach; so it is retained first.
    assert_eq!(house.at("app").tarball("widget", "1.0.1").await.status, 200);
    house.wait_until_held("app", "widget", &["1.0.1"]).await;
    house
        .at("base")
        .publish(&Release::new("widget", "1.0.2").tagged("next"))
        .await;
    let document = house.at("app").packument("widget").await;
    assert_eq!(
        document["versions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["1.0.1", "1.0.2"]
    );
    assert_eq!(
        document["dist-tags"],
        json!({ "latest": "1.0.1", "next": "1.0.2" })
    );
}

#[tokio::test]
async fn a_retained_version_outlives_its_upstream() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    let release = Release::new("widget", "1.0.0");
    house.at("base").publish(&release).await;
    assert_eq!(house.at("app").tarball("widget", "1.0.0").await.status, 200);
    house.wait_until_held("app", "widget", &["1.0.0"]).await;
    let document = house.at("base").get("widget?write=true").await.json();
    let gone = house
        .at("base")
        .delete(&format!(
            "widget/-rev/{}",
            document["_rev"].as_str().unwrap()
        ))
        .await;
    assert_eq!(gone.status, 200);
    assert_eq!(house.at("base").get("widget").await.status, 404);
    assert_eq!(
        house.at("app").tarball("widget", "1.0.0").await.bytes(),
        &release.tarball
    );
    assert_eq!(
        house.at("app").packument("widget").await["dist-tags"],
        json!({ "latest": "1.0.0" })
    );
}
