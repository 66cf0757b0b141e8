//! Lists of releases, and single releases among the others.

use model::PackageVersionStatus;
use serde_json::json;
use testkit::packages::SwiftReleaseForm;

use crate::house::{BASE, House, JSON, coordinates, links, list};

fn link(version: &str, relation: &str) -> String {
    format!("<{BASE}mona/linkedlist/{version}>; rel=\"{relation}\"")
}

#[tokio::test]
async fn a_release_links_to_those_around_it() {
    let house = House::open().await;
    for version in ["2.0.0", "1.0.0", "3.0.0-rc.1"] {
        house.publish(version).await;
    }
    let release = house.get("mona/LinkedList/2.0.0", JSON).await;
    assert_eq!(
        links(&release),
        [
            link("3.0.0-rc.1", "latest-version"),
            link("3.0.0-rc.1", "successor-version"),
            link("1.0.0", "predecessor-version"),
        ]
    );
    // One that is not listed is still found, and has the listed ones around it.
    let status = PackageVersionStatus::Unlisted;
    house
        .set_status("main", &coordinates(), "3.0.0-rc.1", status)
        .await;
    let release = house.get("mona/LinkedList/2.0.0", JSON).await;
    assert_eq!(
        links(&release),
        [
            link("2.0.0", "latest-version"),
            link("1.0.0", "predecessor-version"),
        ]
    );
    let unlisted = house.get("mona/LinkedList/3.0.0-rc.1", JSON).await;
    assert_eq!(unlisted.status, 200);
    assert_eq!(
        links(&unlisted),
        [
            link("2.0.0", "latest-version"),
            link("2.0.0", "predecessor-version"),
        ]
    );
    let list = house.get("mona/LinkedList", JSON).await.json();
    assert!(list["releases"].get("3.0.0-rc.1").is_none());
}

#[tokio::test]
async fn the_list_links_to_the_sources_that_the_newest_release_names() {
    let house = House::open().await;
    let metadata = json!({ "repositoryURLs": [
        "https://git.example/mona/LinkedList",
        "https://git.example/a,b",
        "git@git.example:mona/LinkedList.git",
    ] });
    let form = SwiftReleaseForm::of(&list("2.0.0").archive()).metadata(&metadata.to_string());
    house.publish_form("2.0.0", &form).await;
    house.publish("1.0.0").await;
    let answer = house.get("mona/LinkedList", JSON).await;
    assert_eq!(
        links(&answer),
        [
            link("2.0.0", "latest-version"),
            "<https://git.example/mona/LinkedList>; rel=\"canonical\"".to_owned(),
            "<git@git.example:mona/LinkedList.git>; rel=\"alternate\"".to_owned(),
        ]
    );
    house.publish("3.0.0").await;
    let answer = house.get("mona/LinkedList", JSON).await;
    assert_eq!(links(&answer), [link("3.0.0", "latest-version")]);
}

#[tokio::test]
async fn the_list_is_packed_for_who_takes_it_so() {
    let house = House::open().await;
    house.publish("1.0.0").await;
    let plain = house.get("mona/LinkedList", JSON).await;
    let headers = [("accept", JSON), ("accept-encoding", "gzip")];
    let packed = house.at("main").get_with("mona/LinkedList", &headers).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("content-version"), "1");
    assert_eq!(packed.header("link"), plain.header("link"));
    assert_ne!(packed.header("etag"), plain.header("etag"));
}

#[tokio::test]
async fn a_list_that_lies_ready_is_sent_with_the_links_that_were_made_with_it() {
    let house = House::open().await;
    let metadata = json!({ "repositoryURLs": ["https://git.example/mona/LinkedList"] }).to_string();
    let form = SwiftReleaseForm::of(&list("1.0.0").archive()).metadata(&metadata);
    house.publish_form("1.0.0", &form).await;
    let first = house.get("mona/LinkedList", JSON).await;
    let expected = [
        link("1.0.0", "latest-version"),
        "<https://git.example/mona/LinkedList>; rel=\"canonical\"".to_owned(),
    ];
    assert_eq!(links(&first), expected);
    let known = [("accept", JSON), ("if-none-match", first.header("etag"))];
    let packed = [("accept", JSON), ("accept-encoding", "gzip")];
    for (headers, status) in [(&known, 304), (&packed, 200), (&packed, 200)] {
        let again = house.at("main").get_with("mona/LinkedList", headers).await;
        assert_eq!(again.status, status);
        assert_eq!(links(&again), expected);
    }
    // Both forms of the list are made anew, and their links with them.
    house.publish("2.0.0").await;
    for headers in [&packed, &known, &packed] {
        let newer = house.at("main").get_with("mona/LinkedList", headers).await;
        assert_eq!(links(&newer), [link("2.0.0", "latest-version")]);
    }
}

#[tokio::test]
async fn a_release_answers_304_to_its_own_etag_and_its_links_move_on() {
    let house = House::open().await;
    house.publish("1.0.0").await;
    let path = "mona/LinkedList/1.0.0";
    let before = house.get(path, JSON).await;
    let known = [("if-none-match", before.header("etag"))];
    assert_eq!(house.at("main").get_with(path, &known).await.status, 304);
    house.publish("1.1.0").await;
    let after = house.at("main").get_with(path, &known).await;
    assert_eq!(after.status, 304, "the release itself is as it was");
    assert_eq!(links(&after)[0], link("1.1.0", "latest-version"));
}
