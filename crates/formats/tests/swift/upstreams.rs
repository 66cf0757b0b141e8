//! Releases that an upstream repository holds: all that is said of them is there, too.

use testkit::house::Client;
use testkit::packages::SwiftReleaseForm;

use crate::house::{House, JSON, SWIFT, ZIP, coordinates, list, send};

const SIGNED: &[(&str, &str)] = &[("x-swift-package-signature-format", "cms-1.0.0")];

async fn text(client: &Client<'_>, path: &str, accept: &str) -> String {
    let answer = client.get_with(path, &[("accept", accept)]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn signed_release(house: &House, repository: &str, version: &str) {
    let package = list(version).file("Package@swift-5.5.swift", b"// swift-tools-version:5.5\n");
    let form = SwiftReleaseForm::of(&package.archive())
        .metadata(r#"{"description":"of base"}"#)
        .signature("source-archive", b"\x30\x80");
    let path = format!("mona/LinkedList/{version}");
    let answer = send(&house.at(repository), &path, &form, SIGNED).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test]
async fn releases_of_an_upstream_are_described_as_there_and_retained_with_their_archive() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    signed_release(&house, "base", "1.0.0").await;
    let (base, app) = (house.at("base"), house.at("app"));
    let release = "mona/LinkedList/1.0.0";
    let manifest = format!("{release}/Package.swift");
    let older = format!("{manifest}?swift-version=5.5");
    for (path, accept) in [(release, JSON), (&manifest, SWIFT), (&older, SWIFT)] {
        let there = text(&base, path, accept).await;
        assert_eq!(text(&app, path, accept).await, there, "{path}");
    }
    assert!(house.held("app", &coordinates()).await.is_empty());

    let zip = app
        .get_with(&format!("{release}.zip"), &[("accept", ZIP)])
        .await;
    assert_eq!(zip.status, 200);
    assert_eq!(zip.header("x-swift-package-signature"), "MIA=");
    house
        .wait_until_held("app", &coordinates(), &["1.0.0"])
        .await;
    // What is retained stands alone, with all that is said of it.
    house.delete_version("base", &coordinates(), "1.0.0").await;
    assert!(text(&app, release, JSON).await.contains("of base"));
    assert!(text(&app, &older, SWIFT).await.contains("5.5"));
    let zip = app
        .get_with(&format!("{release}.zip"), &[("accept", ZIP)])
        .await;
    assert_eq!(zip.header("x-swift-package-signature"), "MIA=");
}

#[tokio::test]
async fn the_releases_around_one_are_those_of_the_whole_graph() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    // Published first above: then the package here takes what is above, too.
    signed_release(&house, "base", "1.0.0").await;
    signed_release(&house, "base", "3.0.0").await;
    let app = house.at("app");
    app.get("mona/LinkedList/1.0.0.zip").await;
    house
        .wait_until_held("app", &coordinates(), &["1.0.0"])
        .await;
    let release = app.get("mona/LinkedList/1.0.0").await;
    let link = release.header("link");
    assert!(link.contains("/app/mona/linkedlist/3.0.0>; rel=\"latest-version\""));
    assert!(link.contains("/app/mona/linkedlist/3.0.0>; rel=\"successor-version\""));
}
