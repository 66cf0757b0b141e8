//! Metadata of held versions that is merged, whatever their status.

use model::{ErrorKind, PackageVersionStatus};
use serde_json::json;

use crate::house::{House, kit, version};

#[tokio::test]
async fn merged_metadata_makes_a_new_revision_and_what_changes_nothing_does_not() {
    let house = House::open().await;
    let added = house.add("1.0", "a", b"1").await.unwrap();
    let known = house.changes_after(0).await.len();
    let grant = house.grant("main").await;
    let merge = |text: &str| {
        let (catalog, grant, text) = (&house.catalog, &grant, text.to_owned());
        async move {
            catalog
                .merge_version_metadata(grant, &kit(), &version("1"), text)
                .await
        }
    };
    merge(r#"{"yanked":{"a":"bro\u0000ken"}}"#).await.unwrap();
    let held = house.metadata("main", "1.0.0").await.unwrap();
    assert_eq!(held["yanked"], json!({ "a": "bro\u{0}ken" }));
    assert_eq!(held["files"], json!({ "a": 1 }));
    let listed = house.listed_assets("main", "1.0").await;
    assert_ne!(listed.revision, added.revision);
    merge(r#"{"files":{"a":1}}"#).await.unwrap();
    let changes = house.changes_after(known).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0.kind, "version-metadata-updated");
    assert_eq!(changes[0].0.version.as_deref(), Some("1.0"));
    assert_eq!(changes[0].1["revision"], listed.revision);
    assert_eq!(changes[0].1["event"]["metadataUpdated"], true);
    assert_eq!(changes[0].1["event"]["assetsAdded"], 0);
}

#[tokio::test]
async fn metadata_of_unfinished_and_archived_versions_is_held_and_merged_too() {
    let house = House::open().await;
    house.add_unfinished("1.0", "a", b"1").await.unwrap();
    house.add("2.0", "b", b"2").await.unwrap();
    house
        .set_status(&["2.0"], PackageVersionStatus::Archived)
        .await;
    let grant = house.grant("main").await;
    for name in ["1.0", "2.0"] {
        let more = json!({ "more": name }).to_string();
        house
            .catalog
            .merge_version_metadata(&grant, &kit(), &version(name), more)
            .await
            .unwrap();
        assert_eq!(house.metadata("main", name).await.unwrap()["more"], name);
    }
    assert_eq!(
        house.described("1.0").await.1,
        PackageVersionStatus::Unfinished
    );
}

#[tokio::test]
async fn only_what_the_repository_itself_holds_has_held_metadata() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add("1.0", "a", b"1").await.unwrap();
    assert_eq!(house.metadata("near", "1.0").await, None);
    assert_eq!(house.metadata("main", "9").await, None);
    let grant = house.grant("near").await;
    let none = house
        .catalog
        .held_assets(&grant, &kit(), &version("1.0"))
        .await;
    assert!(none.unwrap().is_none());
    let merged = house
        .catalog
        .merge_version_metadata(&grant, &kit(), &version("1.0"), "{}".into())
        .await;
    assert_eq!(merged.unwrap_err().kind, ErrorKind::NotFound);
}
