//! What `cargo publish` brings, and what the index and the API then say of it.

use bytes::Bytes;
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use testkit::house::{pieces, repository};
use testkit::packages::CargoCrate;

use crate::house::{House, PUBLISH, coordinates, detail, download_path, index_path};

fn widget() -> CargoCrate {
    CargoCrate::new("Widget", "1.2.3")
        .description("Turns.")
        .dependency("serde", "^1.0")
        .feature("default", &["serde/std"])
        .metadata_with("readme", json!("# Widget"))
        .metadata_with("homepage", json!("https://widget.example/"))
}

#[tokio::test]
async fn a_published_version_is_in_the_index_and_its_file_is_what_was_sent() {
    let house = House::private().await;
    let answer = house.publish(&widget()).await;
    let nothing = json!({ "invalid_categories": [], "invalid_badges": [], "other": [] });
    assert_eq!(answer.json(), json!({ "warnings": nothing }));
    let lines = house.lines("main", "widget").await;
    let bytes = widget().bytes();
    assert_eq!(
        lines,
        [json!({
            "name": "Widget", "vers": "1.2.3",
            "deps": [{"name": "serde", "req": "^1.0", "features": [], "optional": false, "default_features": true,
                      "target": null, "kind": "normal"}],
            "cksum": hex::encode(Sha256::digest(&bytes)), "features": {"default": ["serde/std"]},
            "yanked": false, "pubtime": "2023-11-14T22:13:20Z",
        })]
    );
    let main = house.at("main");
    for path in [
        download_path("Widget", "1.2.3"),
        download_path("widget", "1.2.3"),
        "crates/widget/widget-1.2.3.crate".to_owned(),
        "crates/Widget/Widget-1.2.3.crate".to_owned(),
    ] {
        let answer = main.get(&path).await;
        assert_eq!((answer.status, answer.bytes()), (200, &bytes), "{path}");
    }
}

#[tokio::test]
async fn what_a_version_says_of_itself_is_in_the_api() {
    let house = House::private().await;
    house.publish(&widget()).await;
    let (main, version) = (
        repository("main"),
        model::VersionName::parse("1.2.3").unwrap(),
    );
    let package = coordinates("Widget");
    let described = house
        .catalog
        .get_package_version(&house.domain, &main, &package, &version)
        .await
        .unwrap();
    let details = described.details;
    assert_eq!(details.display_name.as_deref(), Some("Widget"));
    assert_eq!(details.summary.as_deref(), Some("Turns."));
    assert_eq!(
        details.home_page.as_deref(),
        Some("https://widget.example/")
    );
    assert_eq!(details.licenses, [("MIT".to_owned(), None)]);
    assert_eq!(
        house.held_assets("main", &package, "1.2.3").await,
        ["widget-1.2.3.crate"]
    );
}

#[tokio::test]
async fn f_cr_1_a_body_may_come_in_any_pieces() {
    let house = House::private().await;
    let body = widget().publish_body();
    let chunks = body
        .chunks(7)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)));
    let answer = house
        .at("main")
        .ask(Method::PUT, PUBLISH, &[], pieces(chunks.collect()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(house.lines("main", "widget").await.len(), 1);
}

#[tokio::test]
async fn f_cr_2_a_version_is_taken_whatever_its_build_metadata() {
    let house = House::private().await;
    house.publish(&CargoCrate::new("widget", "1.0.0+one")).await;
    for version in ["1.0.0", "1.0.0+two"] {
        let answer = house.send(&CargoCrate::new("widget", version)).await;
        assert_eq!(answer.status, 409, "{version}");
        assert!(
            detail(&answer).contains("already exists"),
            "{}",
            answer.text()
        );
    }
    let lines = house.lines("main", "widget").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["vers"], "1.0.0+one");
    let main = house.at("main");
    for version in ["1.0.0+one", "1.0.0%2Bone"] {
        let answer = main.get(&download_path("widget", version)).await;
        assert_eq!(answer.status, 200, "{version}");
    }
}

#[tokio::test]
async fn the_same_crate_again_succeeds_and_other_bytes_are_a_conflict() {
    let house = House::private().await;
    house.publish(&widget()).await;
    house.publish(&widget()).await;
    let before = house.index("main", "widget").await;
    let answer = house.send(&widget().file("new.txt", b"x")).await;
    assert_eq!(answer.status, 409);
    assert!(detail(&answer).contains("1.2.3"), "{}", answer.text());
    assert_eq!(house.index("main", "widget").await, before);
}

#[tokio::test]
async fn u15_what_is_odd_but_harmless_is_taken_with_a_warning() {
    let house = House::private().await;
    let made =
        CargoCrate::new("widget", "1.0.0").metadata_with("categories", json!(["no-std", "My Own"]));
    let answer = house.publish(&made).await;
    assert_eq!(
        answer.json()["warnings"]["invalid_categories"],
        json!(["My Own"])
    );
}

#[tokio::test]
async fn names_of_one_two_and_three_letters_have_their_places_in_the_index() {
    let house = House::private().await;
    for name in ["a", "ab", "abc", "abcd"] {
        house.publish(&CargoCrate::new(name, "1.0.0")).await;
        assert_eq!(house.lines("main", name).await[0]["name"], name);
    }
    assert_eq!(index_path("abc"), "3/a/abc");
}
