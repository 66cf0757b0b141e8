//! Versions that are copied between repositories, as clients of the destination see them.

use catalog::CopyRequest;
use model::{RepositoryName, VersionName, VersionOutcome};
use serde_json::json;
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, coordinates};
use crate::packages::Release;

async fn copy(
    house: &House,
    (source, destination): (&str, &str),
    package: &str,
    versions: &[&str],
    include_from_upstream: bool,
) -> VersionOutcome {
    let versions = versions.iter();
    let request = CopyRequest {
        source: RepositoryName::parse(source).unwrap(),
        destination: RepositoryName::parse(destination).unwrap(),
        package: coordinates(package),
        versions: versions
            .map(|version| (VersionName::parse(version).unwrap(), None))
            .collect(),
        allow_overwrite: false,
        include_from_upstream,
    };
    house
        .catalog
        .copy_package_versions(house.root(), &house.domain, request)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_promoted_version_is_installed_with_its_tags_and_the_same_bytes() {
    let house = House::open().await;
    for repository in ["dev", "prod"] {
        house.add_repository(repository, &[]).await;
    }
    let (dev, prod) = (house.at("dev"), house.at("prod"));
    let release = Release::new("@team/widget", "1.0.0").tagged("next");
    dev.publish(&release).await;
    dev.publish(&Release::new("@team/widget", "1.1.0")).await;
    assert_eq!(prod.get("@team%2fwidget").await.status, 404);
    let stored = house.stored().await;
    let outcome = copy(&house, ("dev", "prod"), "@team/widget", &["1.0.0"], false).await;
    assert_eq!(outcome.successful.len(), 1);
    let document = prod.packument("@team/widget").await;
    assert_eq!(
        document["dist-tags"],
        json!({ "latest": "1.0.0", "next": "1.0.0" })
    );
    let (there, here) = (
        &dev.packument("@team/widget").await["versions"]["1.0.0"],
        &document["versions"]["1.0.0"],
    );
    assert_eq!(here["dist"]["integrity"], release.integrity());
    assert_eq!(here["dist"]["shasum"], there["dist"]["shasum"]);
    assert_eq!(document["versions"].as_object().unwrap().len(), 1);
    assert_eq!(document["readme"], "# a readme");
    let tarball = prod.tarball("@team/widget", "1.0.0").await;
    assert_eq!(tarball.bytes(), &release.tarball);
    assert_eq!(house.stored().await, stored, "no byte was written");
}

#[tokio::test]
async fn what_upstreams_hold_is_copied_and_public_sources_are_not_asked() {
    let house = House::open().await;
    house.add_connected("store").await;
    house.add_repository("app", &["store"]).await;
    house.add_repository("prod", &[]).await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("2.0.0")),
    );
    assert_eq!(
        house.at("store").tarball("left-pad", "1.0.0").await.status,
        200
    );
    house.wait_until_held("store", "left-pad", &["1.0.0"]).await;
    let asked = house.source.requests("/left-pad");
    let route = ("app", "prod");
    let outcome = copy(&house, route, "left-pad", &["1.0.0", "2.0.0"], true).await;
    let codes: Vec<_> = outcome
        .failed
        .iter()
        .map(|(version, failed)| (version.as_str(), failed.code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [("1.0.0", "SKIPPED"), ("2.0.0", "NOT_FOUND")],
        "2.0.0 is only at the public source"
    );
    let outcome = copy(&house, route, "left-pad", &["1.0.0"], true).await;
    assert!(outcome.failed.is_empty());
    assert_eq!(house.source.requests("/left-pad"), asked);
    assert_eq!(
        house.held("prod", "left-pad").await["1.0.0"],
        "public:npmjs"
    );
    assert!(house.held("app", "left-pad").await.is_empty());
    let prod = house.at("prod");
    assert_eq!(prod.tarball("left-pad", "1.0.0").await.status, 200);
    // It came from outside, so nobody may publish under that name here.
    let own = Release::new("left-pad", "3.0.0");
    assert_eq!(prod.put("left-pad", &own.document()).await.status, 409);
}

#[tokio::test]
async fn a_patched_version_takes_the_place_of_a_public_one() {
    let house = House::open().await;
    house.add_connected("main").await;
    house.add_repository("patches", &[]).await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    let patched = Release::with("left-pad", "1.0.0", json!({}), b"patched");
    let main = house.at("main");
    assert_eq!(
        main.put("left-pad", &patched.document()).await.status,
        409,
        "the version is public"
    );
    house.at("patches").publish(&patched).await;
    let route = ("patches", "main");
    let outcome = copy(&house, route, "left-pad", &["1.0.0"], false).await;
    assert!(outcome.failed.is_empty());
    let tarball = main.tarball("left-pad", "1.0.0").await;
    assert_eq!(tarball.bytes(), &patched.tarball);
    assert_eq!(
        main.packument("left-pad").await["versions"]["1.0.0"]["dist"]["integrity"],
        patched.integrity()
    );
    assert_eq!(house.source.requests("/left-pad/-/left-pad-1.0.0.tgz"), 0);
}
