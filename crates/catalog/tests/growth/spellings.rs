//! Versions that are spelled in more than one way.

use std::collections::BTreeMap;

use catalog::CopyRequest;
use model::OriginRestriction::Allow;
use model::{ErrorKind, PackageVersionStatus, PageLimit};

use crate::house::{House, kit, repository, version};

#[tokio::test]
async fn f_py_3_a_version_is_found_by_every_spelling_and_shown_as_first_spelled() {
    let house = House::open().await;
    house.add("1.0", "a", b"1").await.unwrap();
    let added = house.add("1.0.0", "b", b"2").await.unwrap();
    assert_eq!(added.version.as_str(), "1.0");
    for spelling in ["1", "1.0", "1.0.0.0"] {
        assert_eq!(house.described(spelling).await.0, "1.0");
        let listed = house.listed_assets("main", spelling).await;
        assert_eq!(listed.version.as_str(), "1.0");
        assert_eq!(listed.content, ["a", "b"]);
        assert!(house.is_downloadable("main", spelling, "b").await);
    }
    assert!(!house.is_downloadable("main", "1.1", "b").await);
    assert_eq!(house.seen("main").await, "1.0 a,b");
}

#[tokio::test]
async fn f_py_3_another_spelling_of_an_upstream_version_is_no_other_version() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add("1.0", "a", b"1").await.unwrap();
    let refused = house
        .add_to("near", &kit(), "1.0.0", "b", b"2", true)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(
        refused.message.contains("upstream repository 'main'"),
        "{}",
        refused.message
    );
    // Retained under one spelling, it hides the upstream's whatever it is asked as.
    house.download("near", "1", "a").await;
    house.set_origin("near", &kit(), Allow, Allow).await;
    let added = house
        .add_to("near", &kit(), "1.0.0", "b", b"2", true)
        .await
        .unwrap();
    assert_eq!(added.version.as_str(), "1.0");
    assert_eq!(house.seen("near").await, "1.0 a,b");
    assert_eq!(house.seen("main").await, "1.0 a");
}

#[tokio::test]
async fn f_py_3_calls_about_versions_take_every_spelling_and_change_each_version_once() {
    let house = House::open().await;
    house.add("1.0", "a", b"1").await.unwrap();
    house.add("2", "b", b"2").await.unwrap();
    let known = house.changes_after(0).await.len();
    let spellings = ["1", "1.0.0", "2.0"];
    house
        .set_status(&spellings, PackageVersionStatus::Unlisted)
        .await;
    let changes = house.changes_after(known).await;
    let changed: Vec<_> = changes
        .iter()
        .map(|(row, _)| row.version.as_deref().unwrap())
        .collect();
    assert_eq!(
        changed,
        ["1.0", "2"],
        "noted under the names that are shown"
    );
    let deleted = house
        .catalog
        .delete_package_versions(
            &house.root,
            &house.domain,
            &repository("main"),
            &kit(),
            House::selection(&spellings),
        )
        .await
        .unwrap();
    let named: Vec<_> = deleted.successful.keys().map(ToString::to_string).collect();
    assert_eq!(named, spellings, "the answer is about what was asked for");
    assert_eq!(house.changes_after(known).await.len(), 4);
    // The number is free for every spelling.
    let again = house.add("1.0.0", "a", b"other").await.unwrap();
    assert_eq!(again.version.as_str(), "1.0.0");
}

#[tokio::test]
async fn f_py_3_a_copy_keeps_the_first_spelling_and_clashes_with_any() {
    let house = House::open().await;
    house.add_repository("other", &[]).await;
    house.add("1.0", "a", b"1").await.unwrap();
    let copy = |spelling| {
        let request = CopyRequest {
            source: repository("main"),
            destination: repository("other"),
            package: kit(),
            versions: BTreeMap::from([(version(spelling), None)]),
            allow_overwrite: false,
            include_from_upstream: false,
        };
        let (catalog, root, domain) = (&house.catalog, &house.root, &house.domain);
        async move {
            catalog
                .copy_package_versions(root, domain, request)
                .await
                .unwrap()
        }
    };
    assert_eq!(copy("1.0.0").await.successful.len(), 1);
    assert_eq!(house.seen("other").await, "1.0 a");
    let again = copy("1").await;
    assert!(again.successful.is_empty() && again.failed.is_empty());
    house
        .add_to("other", &kit(), "1", "b", b"2", true)
        .await
        .unwrap();
    let clash = copy("1.0").await;
    assert_eq!(
        clash.failed[&version("1.0")].code.as_str(),
        "ALREADY_EXISTS"
    );
    let (_, listed) = house
        .catalog
        .list_package_versions(
            &house.domain,
            &repository("other"),
            &kit(),
            catalog::VersionQuery::default(),
            None,
            PageLimit::MAX,
        )
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 1);
}
