//! Who may add to a version: origin controls, and what upstream repositories hold.

use model::ErrorKind;
use model::OriginRestriction::{Allow, Block};

use crate::house::{House, kit};

#[tokio::test]
async fn a_blocked_package_takes_no_asset_and_no_end() {
    let house = House::open().await;
    house.add_unfinished("1.0", "a", b"1").await.unwrap();
    house.set_origin("main", &kit(), Block, Allow).await;
    let blobs = house.blob_count().await;
    for name in ["1.0", "2.0"] {
        let refused = house.add(name, "b", b"2").await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Conflict);
        assert!(
            refused.message.contains("publish is BLOCK"),
            "{}",
            refused.message
        );
    }
    assert_eq!(house.blob_count().await, blobs);
    assert_eq!(
        house.finish("1.0").await.unwrap_err().kind,
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn what_upstreams_hold_stands_against_new_versions_and_not_against_held_ones() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add("1.0", "a", b"1").await.unwrap();
    let add = async |bytes| house.add_to("near", &kit(), "1.0", "b", bytes, true).await;
    let refused = add(b"2").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    house.download("near", "1.0", "a").await;
    // Its origin controls decide now: what came from elsewhere first is not published to, unless that is allowed.
    let refused = add(b"2").await.unwrap_err();
    assert!(
        refused.message.contains("publish is BLOCK"),
        "{}",
        refused.message
    );
    house.set_origin("near", &kit(), Allow, Allow).await;
    add(b"2").await.unwrap();
    assert_eq!(house.seen("near").await, "1.0 a,b");
    assert_eq!(house.seen("main").await, "1.0 a");
}

#[tokio::test]
async fn a_package_that_is_internal_here_may_have_versions_that_upstreams_have() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    house.add("1.0", "a", b"1").await.unwrap();
    house
        .add_to("near", &kit(), "2.0", "c", b"3", true)
        .await
        .unwrap();
    // Published first here, so its upstream is blocked, and nothing above it counts.
    house
        .add_to("near", &kit(), "1.0", "b", b"2", true)
        .await
        .unwrap();
    assert_eq!(house.seen("near").await, "2.0 c\n1.0 b");
}
