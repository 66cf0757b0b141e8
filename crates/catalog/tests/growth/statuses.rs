//! Which statuses let a version grow, and what an unfinished one shows.

use PackageVersionStatus::{Archived, Disposed, Published, Unfinished, Unlisted};
use model::{ErrorKind, PackageVersionStatus};

use crate::house::{House, NOW, kit, version};

#[tokio::test]
async fn u07_an_unfinished_version_is_seen_through_the_api_only_until_it_is_finished() {
    let house = House::open().await;
    let added = house.add_unfinished("1.0", "a", b"1").await.unwrap();
    assert_eq!(added.status, Unfinished);
    assert_eq!(house.seen("main").await, "");
    assert!(!house.is_downloadable("main", "1.0", "a").await);
    assert_eq!(house.described("1.0").await.1, Unfinished);
    assert_eq!(house.listed_assets("main", "1.0").await.content, ["a"]);
    let grant = house.grant("main").await;
    let held = house
        .catalog
        .held_assets(&grant, &kit(), &version("1.0.0"))
        .await;
    let (status, assets) = held.unwrap().unwrap();
    assert_eq!((status, assets.len()), (Unfinished, 1));
    house.add("2.0", "b", b"2").await.unwrap();
    assert_eq!(house.seen("main").await, "2.0 b");

    house.advance_ms(700);
    let known = house.changes_after(0).await.len();
    assert_eq!(house.finish("1.0.0").await.unwrap(), Published);
    assert_eq!(
        house.described("1.0").await,
        ("1.0".to_owned(), Published, NOW + 700),
        "it is published when it is finished"
    );
    assert_eq!(house.seen("main").await, "1.0 a\n2.0 b");
    assert!(house.is_downloadable("main", "1.0", "a").await);
    let changes = house.changes_after(known).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0.kind, "version-status-updated");
    assert_eq!(changes[0].0.version.as_deref(), Some("1.0"));
    assert_eq!(changes[0].1["event"]["state"], "Published");
    assert_eq!(changes[0].1["event"]["revision"], added.revision);

    assert_eq!(house.finish("1").await.unwrap(), Published, "twice is once");
    assert_eq!(house.changes_after(known).await.len(), 1);
}

#[tokio::test]
async fn finishing_leaves_a_version_that_is_finished_as_it_is_and_needs_one() {
    let house = House::open().await;
    house.add("1.0", "a", b"1").await.unwrap();
    house.set_status(&["1.0"], Archived).await;
    assert_eq!(house.finish("1.0").await.unwrap(), Archived);
    assert_eq!(
        house.finish("9").await.unwrap_err().kind,
        ErrorKind::NotFound
    );
    assert_eq!(house.described("1.0").await.1, Archived);
}

#[tokio::test]
async fn the_asset_that_finishes_a_version_may_be_one_that_is_there() {
    let house = House::open().await;
    let first = house.add_unfinished("1.0", "a", b"1").await.unwrap();
    house.advance_ms(9);
    let again = house.add("1.0", "a", b"1").await.unwrap();
    assert_eq!((again.status, again.revision), (Published, first.revision));
    assert_eq!(house.described("1.0").await.2, NOW + 9);
    // And what came later without an end does not open it again.
    let later = house.add_unfinished("1.0", "b", b"2").await.unwrap();
    assert_eq!(later.status, Published);
    assert_eq!(house.seen("main").await, "1.0 a,b");
}

#[tokio::test]
async fn a_status_call_publishes_an_unfinished_version() {
    let house = House::open().await;
    house.add_unfinished("1.0", "a", b"1").await.unwrap();
    house.set_status(&["1.0"], Published).await;
    assert_eq!(house.seen("main").await, "1.0 a");
}

#[tokio::test]
async fn y01_unlisted_versions_grow_and_stay_unlisted_and_archived_or_disposed_ones_do_not_grow() {
    let house = House::open().await;
    house.add("1.0", "a", b"1").await.unwrap();
    house.set_status(&["1.0"], Unlisted).await;
    let added = house.add("1.0", "b", b"2").await.unwrap();
    assert_eq!(added.status, Unlisted);
    assert_eq!(house.seen("main").await, "");
    assert!(house.is_downloadable("main", "1.0", "b").await);
    for status in [Archived, Disposed] {
        house.set_status(&["1.0"], status).await;
        let blobs = house.blob_count().await;
        for (name, bytes) in [("c", b"3"), ("a", b"1")] {
            let refused = house.add("1.0", name, bytes).await.unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Conflict, "{name} while {status}");
            assert!(
                refused.message.contains(status.as_str()),
                "{}",
                refused.message
            );
        }
        assert_eq!(house.blob_count().await, blobs);
    }
    assert_eq!(house.described("1.0").await.1, Disposed);
}
