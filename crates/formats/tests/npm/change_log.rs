//! What the change log says of versions: enough to make events of.

use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;

impl House {
    /// Of each change of a version: its kind, its repository, and its event without the revision.
    async fn events(&self) -> Vec<(String, String, Value)> {
        let mut reader = self.store.read().await.unwrap();
        let domain = reader
            .find_domain(&self.domain.owner, &self.domain.name)
            .await;
        let id = domain.unwrap().unwrap().id;
        let changes = reader.list_changes(id, 0, 1000).await.unwrap();
        let of_versions = changes
            .into_iter()
            .filter(|row| row.kind.starts_with("version-"));
        of_versions
            .map(|row| {
                let detail: Value = serde_json::from_str(&row.detail).unwrap();
                let mut event = detail["event"].clone();
                let revision = event.as_object_mut().unwrap().shift_remove("revision");
                assert_eq!(revision.unwrap().as_str().unwrap().len(), 44, "{detail}");
                (row.kind, row.repository.unwrap(), event)
            })
            .collect()
    }
}

/// A version's event: operation, assets added and removed, metadata updated, status changed.
fn event(operation: &str, assets: (u64, u64), metadata: bool, status: bool) -> Value {
    json!({
        "state": "Published", "operationType": operation,
        "assetsAdded": assets.0, "assetsRemoved": assets.1, "assetsUpdated": 0,
        "metadataUpdated": metadata, "statusChanged": status,
    })
}

fn entry(kind: &str, repository: &str, event: Value) -> (String, String, Value) {
    (kind.to_owned(), repository.to_owned(), event)
}

#[tokio::test]
async fn publishing_editing_and_deleting_are_told() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    // The same again is no change.
    main.publish(&Release::new("widget", "1.0.0")).await;
    let mut document = main.get("widget?write=true").await.json();
    document["versions"]["1.0.0"]["deprecated"] = json!("old");
    assert_eq!(main.put("widget", &document).await.status, 200);
    let revision = main.get("widget?write=true").await.json()["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    let gone = main.delete(&format!("widget/-rev/{revision}")).await;
    assert_eq!(gone.status, 200);
    assert_eq!(
        house.events().await,
        [
            entry(
                "version-published",
                "main",
                event("Created", (1, 0), true, true)
            ),
            entry(
                "version-metadata-updated",
                "main",
                event("Updated", (0, 0), true, false)
            ),
            entry(
                "version-deleted",
                "main",
                event("Deleted", (0, 1), true, true)
            ),
        ]
    );
}

#[tokio::test]
async fn what_is_pulled_through_is_told_by_every_repository_that_got_it() {
    let house = House::open().await;
    house.add_connected("store").await;
    house.add_repository("app", &["store"]).await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    for _ in 0..2 {
        let answer = house.at("app").tarball("left-pad", "1.0.0").await;
        assert_eq!(answer.status, 200);
        house.wait_until_held("app", "left-pad", &["1.0.0"]).await;
    }
    let created = || event("Created", (1, 0), true, true);
    assert_eq!(
        house.events().await,
        [
            entry("version-ingested", "store", created()),
            entry("version-retained", "app", created()),
        ]
    );
}
