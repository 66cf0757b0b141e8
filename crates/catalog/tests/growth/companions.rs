//! Documents that are kept beside assets.

use std::collections::BTreeMap;

use catalog::CopyRequest;
use model::{ErrorKind, PackageVersionStatus};

use crate::house::{House, asset, kit, repository, version};

/// The companion of an asset of version 1.0, as a repository's clients get it.
async fn companion(house: &House, repository: &str, file: &str) -> Option<String> {
    let grant = house.grant(repository).await;
    let (name, file) = (version("1.0.0"), asset(file));
    match house.catalog.companion(&grant, &kit(), &name, &file).await {
        Ok(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
            None
        }
    }
}

#[tokio::test]
async fn a_companion_is_served_from_wherever_its_asset_is_held_and_brings_nothing_in() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add("1.0", "a", b"1 companion=one").await.unwrap();
    house.add("1.0", "b", b"2").await.unwrap();
    for _ in 0..2 {
        assert_eq!(companion(&house, "main", "a").await.as_deref(), Some("one"));
        assert_eq!(companion(&house, "near", "a").await.as_deref(), Some("one"));
        assert_eq!(companion(&house, "main", "b").await, None);
        assert_eq!(companion(&house, "near", "c").await, None);
    }
    assert_eq!(
        house.metadata("near", "1.0").await,
        None,
        "nothing is retained"
    );
    assert_eq!(house.blob_count().await, 3, "two assets and a companion");
    assert_eq!(house.listed_assets("main", "1.0").await.content, ["a", "b"]);
}

#[tokio::test]
async fn y01_a_companion_is_there_as_long_as_its_version_can_be_downloaded() {
    let house = House::open().await;
    house
        .add_unfinished("1.0", "a", b"1 companion=one")
        .await
        .unwrap();
    assert_eq!(companion(&house, "main", "a").await, None);
    for (status, is_there) in [
        (PackageVersionStatus::Published, true),
        (PackageVersionStatus::Unlisted, true),
        (PackageVersionStatus::Archived, false),
        (PackageVersionStatus::Published, true),
        (PackageVersionStatus::Disposed, false),
    ] {
        house.set_status(&["1.0"], status).await;
        let found = companion(&house, "main", "a").await;
        assert_eq!(found.is_some(), is_there, "{status}");
    }
}

#[tokio::test]
async fn companions_come_along_when_a_version_is_retained_or_copied() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add_repository("other", &[]).await;
    house.add("1.0", "a", b"1 companion=one").await.unwrap();
    house.download("near", "1.0", "a").await;
    let request = CopyRequest {
        source: repository("main"),
        destination: repository("other"),
        package: kit(),
        versions: BTreeMap::from([(version("1.0"), None)]),
        allow_overwrite: false,
        include_from_upstream: false,
    };
    let copied = house
        .catalog
        .copy_package_versions(&house.root, &house.domain, request)
        .await;
    assert_eq!(copied.unwrap().successful.len(), 1);
    house
        .set_status(&["1.0"], PackageVersionStatus::Disposed)
        .await;
    for held in ["near", "other"] {
        assert_eq!(
            companion(&house, held, "a").await.as_deref(),
            Some("one"),
            "{held}"
        );
    }
}
