//! Manifests: the one for all versions of Swift, and those for some.

use crate::house::{BASE, House, JSON, SWIFT, links, list, problem};
use model::PackageVersionStatus;
use testkit::house::Answer;
use testkit::packages::SwiftReleaseForm;

use crate::house::coordinates;

const PATH: &str = "mona/LinkedList/1.0.0/Package.swift";

async fn house() -> House {
    let house = House::open().await;
    let package = list("1.0.0")
        .file(
            "Package@swift-5.5.swift",
            b"// swift-tools-version:5.5\n// older",
        )
        .file("Package@swift-6.swift", b"// no version of the tools");
    house
        .publish_form("1.0.0", &SwiftReleaseForm::of(&package.archive()))
        .await;
    house
}

async fn asked(house: &House, version: &str) -> Answer {
    house
        .get(&format!("{PATH}?swift-version={version}"), SWIFT)
        .await
}

#[tokio::test]
async fn f_sw_3_a_version_with_a_manifest_of_its_own_gets_that() {
    let house = house().await;
    // The package manager asks with three numbers, whatever the file's name has.
    for version in ["5.5", "5.5.0"] {
        let answer = asked(&house, version).await;
        assert_eq!(answer.status, 200, "{version}");
        assert_eq!(answer.text(), "// swift-tools-version:5.5\n// older");
        assert_eq!(
            answer.header("content-disposition"),
            "attachment; filename=\"Package@swift-5.5.swift\""
        );
        assert_eq!(answer.header("content-type"), "text/x-swift");
        assert!(answer.header("cache-control").contains("immutable"));
        assert!(links(&answer).is_empty());
    }
    assert_eq!(
        asked(&house, "6.0.0").await.text(),
        "// no version of the tools"
    );
    let main = house.get(PATH, SWIFT).await;
    assert!(main.text().starts_with("// swift-tools-version:5.9\n"));
    assert!(
        links(&main)[1].ends_with("swift-tools-version=\"6.0\""),
        "the package manager fails on links without one: {:?}",
        links(&main)
    );
}

#[tokio::test]
async fn f_sw_3_other_and_odd_versions_are_sent_to_the_one_for_all() {
    let house = house().await;
    for version in [
        "5.9",
        "5.5.1",
        "7",
        "",
        "x",
        "..%2f..%2fx",
        "5.5%0d%0aX-Evil:1",
        "%00",
        "99999999999999999999",
    ] {
        let answer = asked(&house, version).await;
        assert_eq!(answer.status, 303, "{version}");
        assert_eq!(
            answer.header("location"),
            format!("{BASE}mona/linkedlist/1.0.0/Package.swift")
        );
        assert_eq!(answer.header("content-version"), "1");
        assert_eq!(answer.header("x-evil"), "");
    }
    let missing = house
        .get("mona/LinkedList/2.0.0/Package.swift?swift-version=7", SWIFT)
        .await;
    assert_eq!(missing.status, 404);
    problem(&missing);
}

#[tokio::test]
async fn a_manifest_answers_304_to_its_own_etag() {
    let house = house().await;
    let whole = house.get(PATH, SWIFT).await;
    let known = [("if-none-match", whole.header("etag"))];
    let same = house.at("main").get_with(PATH, &known).await;
    assert_eq!((same.status, same.bytes().len()), (304, 0));
    let head = house.at("main").head(PATH).await;
    assert_eq!(
        head.header("content-length"),
        whole.header("content-length")
    );
    assert_eq!(head.header("link"), whole.header("link"));
}

#[tokio::test]
async fn y01_manifests_and_metadata_follow_the_status_of_the_release() {
    let house = house().await;
    for (status, expected) in [
        (PackageVersionStatus::Unlisted, 200),
        (PackageVersionStatus::Archived, 404),
        (PackageVersionStatus::Published, 200),
    ] {
        house
            .set_status("main", &coordinates(), "1.0.0", status)
            .await;
        for (path, accept) in [(PATH, SWIFT), ("mona/LinkedList/1.0.0", JSON)] {
            assert_eq!(house.get(path, accept).await.status, expected, "{status}");
        }
    }
    house.delete_version("main", &coordinates(), "1.0.0").await;
    assert_eq!(house.get(PATH, SWIFT).await.status, 404);
}
