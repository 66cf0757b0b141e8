//! Assets that are added one by one, and at once.

use catalog::Quotas;
use futures_util::future::join_all;
use model::{ErrorKind, PackageVersionStatus};
use serde_json::json;

use crate::house::{House, NOW, kit, of, version};
use crate::parts::SEALED;

#[tokio::test]
async fn the_first_asset_makes_the_version_and_each_further_one_changes_its_revision() {
    let house = House::open().await;
    let first = house.add("1.0", "a", b"readme 1").await.unwrap();
    assert_eq!(first.status, PackageVersionStatus::Published);
    assert_eq!(
        (first.asset.name.as_str(), first.asset.size_bytes),
        ("a", 8)
    );
    house.advance_ms(5);
    let large = vec![b'x'; 300_000];
    let second = house.add("1.0", "b", &large).await.unwrap();
    assert_ne!(first.revision, second.revision);
    let listed = house.listed_assets("main", "1.0").await;
    assert_eq!(listed.content, ["a", "b"]);
    assert_eq!(listed.revision, second.revision);
    assert_eq!(
        house.described("1.0").await,
        ("1.0".to_owned(), PackageVersionStatus::Published, NOW),
        "it was published when it became so"
    );
    assert_eq!(
        house.metadata("main", "1.0").await.unwrap(),
        json!({ "files": { "a": 8, "b": 300_000 }, "sent": { "a": true, "b": true } }),
        "what the bytes tell and what the client said, of both"
    );
    let (main, package) = (crate::house::repository("main"), kit());
    let readme = house
        .catalog
        .get_package_version_readme(&house.domain, &main, &package, &version("1.0"))
        .await;
    assert_eq!(readme.unwrap().content, "readme 1");
    assert_eq!(house.seen("main").await, "1.0 a,b");
    assert!(house.is_downloadable("main", "1.0", "b").await);
}

#[tokio::test]
async fn a_change_is_noted_for_each_asset_with_what_came() {
    let house = House::open().await;
    let known = house.changes_after(0).await.len();
    house.add_unfinished("1.0", "a", b"1").await.unwrap();
    house.add("1.0", "b", b"2").await.unwrap();
    let changes = house.changes_after(known).await;
    let kinds: Vec<_> = changes.iter().map(|(row, _)| row.kind.as_str()).collect();
    assert_eq!(kinds, ["asset-published", "asset-published"]);
    let events: Vec<_> = changes.iter().map(|(_, detail)| &detail["event"]).collect();
    assert_eq!(events[0]["operationType"], "Created");
    assert_eq!(events[0]["state"], "Unfinished");
    let expected = json!({
        "state": "Published", "revision": events[1]["revision"], "operationType": "Updated", "assetsAdded": 1,
        "assetsRemoved": 0, "assetsUpdated": 0, "metadataUpdated": true, "statusChanged": true,
    });
    assert_eq!(*events[1], expected);
    let came = json!([r#"{"files":{"b":1}}"#, r#"{"sent":{"b":true}}"#]);
    assert_eq!(changes[1].1["metadata"], came);
    assert_eq!(changes[1].1["asset"]["name"], "b");
}

#[tokio::test]
async fn u07_i05_of_assets_added_at_once_to_one_version_none_is_lost() {
    let house = House::open().await;
    let names: Vec<_> = (0..40).map(|i| format!("part-{i:02}")).collect();
    // As clients do that do not agree on a spelling, or on who finishes.
    let spellings = ["1", "1.0", "1.0.0"];
    let adds = names.iter().enumerate().map(|(i, name)| {
        let (house, package) = (&house, kit());
        async move {
            let spelling = spellings[i % 3];
            let bytes = format!("{i} companion={i}");
            let is_finished = i % 2 == 0;
            let added = house.add_to(
                "main",
                &package,
                spelling,
                name,
                bytes.as_bytes(),
                is_finished,
            );
            added.await
        }
    });
    let added = join_all(adds).await;
    let mut revisions = std::collections::BTreeSet::new();
    for published in added {
        let published = published.unwrap();
        assert!(
            revisions.insert(published.revision),
            "each is another state"
        );
    }
    let listed = house.listed_assets("main", "1").await;
    assert_eq!(listed.content, names);
    assert!(revisions.contains(&listed.revision), "the last of them");
    let metadata = house.metadata("main", "1").await.unwrap();
    assert_eq!(metadata["files"].as_object().unwrap().len(), 40);
    assert_eq!(metadata["sent"].as_object().unwrap().len(), 40);
    assert_eq!(
        house.described("1").await.1,
        PackageVersionStatus::Published
    );
}

#[tokio::test]
async fn u07_of_many_who_send_one_name_at_once_with_other_bytes_one_wins_and_the_others_know() {
    let house = House::open().await;
    let contents: Vec<_> = (0..12).map(|i| format!("{}", i % 3)).collect();
    let adds = contents
        .iter()
        .map(|bytes| house.add("1.0", "file", bytes.as_bytes()));
    let added = join_all(adds).await;
    let winner = added.iter().flatten().next().unwrap();
    let winner = winner.asset.digests.sha256;
    let mut won = 0;
    for outcome in &added {
        match outcome {
            Ok(published) => {
                assert_eq!(published.asset.digests.sha256, winner);
                won += 1;
            }
            Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error:?}"),
        }
    }
    assert_eq!(won, 4, "all who sent the same bytes");
    assert_eq!(house.listed_assets("main", "1.0").await.content, ["file"]);
}

#[tokio::test]
async fn u08_the_same_bytes_again_change_nothing_and_other_bytes_are_a_conflict() {
    let house = House::open().await;
    let first = house.add("1.0", "a", b"1").await.unwrap();
    let (known, blobs) = (house.changes_after(0).await.len(), house.blob_count().await);
    for is_finished in [true, false] {
        let again = house
            .add_to("main", &kit(), "1.0.0", "a", b"1", is_finished)
            .await
            .unwrap();
        assert_eq!(again.revision, first.revision);
        assert_eq!(again.version.as_str(), "1.0");
        assert_eq!(again.asset.digests, first.asset.digests);
    }
    let refused = house.add("1.0", "a", b"2").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(
        refused.message.contains("already exists"),
        "{}",
        refused.message
    );
    assert_eq!(house.changes_after(known).await.len(), 0);
    assert_eq!(
        house.blob_count().await,
        blobs,
        "what was refused is not stored"
    );
}

#[tokio::test]
async fn what_the_format_refuses_leaves_nothing_behind() {
    let house = House::open().await;
    let known = house.changes_after(0).await.len();
    let refused = house.add("1.0", "a", b"no, never").await.unwrap_err();
    assert_eq!(refused.message, "Asset 'a' says no.");
    let heavy = [b"companion=".to_vec(), vec![b'x'; (8 << 20) + 1]].concat();
    let refused = house.add("1.0", "a", &heavy).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Invalid(_)), "{refused:?}");
    assert_eq!(house.blob_count().await, 0);
    assert_eq!(house.seen("main").await, "");
    assert_eq!(house.metadata("main", "1.0").await, None);
    assert_eq!(house.changes_after(known).await.len(), 0);
}

#[tokio::test]
async fn quotas_bound_the_assets_of_a_version_and_the_bytes_of_an_asset() {
    let house = House::with(Quotas {
        assets_per_version: 2,
        asset_size_bytes: 10,
        ..Quotas::default()
    })
    .await;
    for name in ["a", "b"] {
        house.add("1.0", name, b"0123456789").await.unwrap();
    }
    let refused = house.add("1.0", "c", b"1").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::QuotaExceeded);
    house.add("1.0", "a", b"0123456789").await.unwrap();
    house.add("2.0", "c", b"1").await.unwrap();
    let refused = house.add("2.0", "d", b"0123456789a").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::QuotaExceeded);
    assert_eq!(house.listed_assets("main", "2.0").await.content, ["c"]);
}

#[tokio::test]
async fn a_format_whose_versions_come_whole_takes_no_second_asset() {
    let house = House::open().await;
    let package = of(SEALED, "box");
    let add = async |name, bytes| {
        house
            .add_to("main", &package, "1.0", name, bytes, true)
            .await
    };
    let first = add("a", b"1").await.unwrap();
    assert_eq!(add("a", b"1").await.unwrap().revision, first.revision);
    for (name, bytes) in [("b", b"1"), ("a", b"2")] {
        let refused = add(name, bytes).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Conflict, "{name}");
    }
}
