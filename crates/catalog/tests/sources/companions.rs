//! Documents beside assets.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::fake_source::Reply;
use crate::house::{House, NOT_FOUND, UNAVAILABLE, listed};

fn sha256(bytes: &str) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A source with one wheel, beside which is this document, of which the index says this digest.
async fn with_companion(text: &str, digest: Value) -> House {
    let house = House::connected("public:listed").await;
    says(&house, &digest);
    house
        .listed
        .set("/tool.whl.metadata", Reply::of(text.to_owned()));
    house
        .listed
        .set("/tool.whl", Reply::of("a wheel TELLS:inside"));
    house
}

fn says(house: &House, digest: &Value) {
    let asset = json!({
        "name": "tool.whl", "url": house.listed.url("tool.whl"),
        "companion": house.listed.url("tool.whl.metadata"), "companion_sha256": digest,
    });
    let document = json!({ "versions": [{ "version": "1.0", "metadata": {}, "assets": [asset] }] });
    house
        .listed
        .set("/index/tool", Reply::of(document.to_string()));
}

#[tokio::test]
async fn a_companion_comes_alone_and_stays_when_the_source_goes() {
    let house = with_companion("beside", json!(sha256("beside"))).await;
    let tool = listed("tool");
    let wheel = (&tool, "1.0", "tool.whl");
    assert_eq!(house.companion("home", wheel).await.unwrap(), "beside");
    assert_eq!(
        house
            .companion("home", (&tool, "1.0.0", "tool.whl"))
            .await
            .unwrap(),
        "beside"
    );
    assert_eq!(
        house.listed.requests(),
        ["GET /index/tool", "GET /tool.whl.metadata"]
    );
    for repository in ["home", "store"] {
        assert!(
            !house.package_exists(repository, &tool).await,
            "{repository}"
        );
    }
    house.listed.fail_with(500);
    house.clock.advance(1_000_000);
    assert_eq!(house.companion("home", wheel).await.unwrap(), "beside");
    assert_eq!(house.companion("store", wheel).await.unwrap(), "beside");
    let other = (&tool, "1.0", "other.whl");
    assert_eq!(house.companion("home", other).await, Err(NOT_FOUND));
    assert_eq!(
        house.companion("home", (&tool, "2.0", "tool.whl")).await,
        Err(NOT_FOUND)
    );
}

#[tokio::test]
async fn x14_many_who_ask_for_a_companion_make_one_fetch() {
    let house = Arc::new(with_companion("", json!(null)).await);
    let gate = Arc::new(Semaphore::new(0));
    let held_back = Reply::of("beside").behind(&gate);
    house.listed.set("/tool.whl.metadata", held_back);
    let clients = (0..20).map(|_| {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            house
                .companion("home", (&listed("tool"), "1.0", "tool.whl"))
                .await
        })
    });
    let clients: Vec<_> = clients.collect();
    house.listed.asked("GET /tool.whl.metadata").await;
    gate.add_permits(1);
    for client in clients {
        assert_eq!(client.await.unwrap().unwrap(), "beside");
    }
    assert_eq!(house.listed.count("GET /tool.whl.metadata"), 1);
}

#[tokio::test]
async fn x07_a_companion_that_is_not_what_the_index_names_is_not_served() {
    let house = with_companion("forged", json!(sha256("genuine"))).await;
    let tool = listed("tool");
    let wheel = (&tool, "1.0", "tool.whl");
    for _ in 0..2 {
        assert_eq!(house.companion("home", wheel).await, Err(UNAVAILABLE));
    }
    house.listed.set("/tool.whl.metadata", Reply::of("genuine"));
    assert_eq!(house.companion("home", wheel).await.unwrap(), "genuine");
}

#[tokio::test]
async fn x06_x10_a_companion_is_bounded_and_a_failure_is_no_absence() {
    let house = with_companion("", json!(null)).await;
    let tool = listed("tool");
    let wheel = (&tool, "1.0", "tool.whl");
    let endless = Reply::of("x".repeat((8 << 20) + 1)).unannounced();
    for reply in [endless, Reply::status(403), Reply::status(500)] {
        house.listed.set("/tool.whl.metadata", reply);
        assert_eq!(house.companion("home", wheel).await, Err(UNAVAILABLE));
    }
    house.listed.remove("/tool.whl.metadata");
    assert_eq!(house.companion("home", wheel).await, Err(NOT_FOUND));
}

#[tokio::test]
async fn an_assets_companion_is_what_the_index_names_before_what_its_bytes_tell() {
    let tool = listed("tool");
    let wheel = (&tool, "1.0", "tool.whl");
    // The index names nothing: the bytes decide.
    let house = with_companion("beside", json!(null)).await;
    house.get("home", wheel).await.unwrap();
    house.listed.fail_with(500);
    assert_eq!(
        house.companion("home", wheel).await.unwrap(),
        "companion: inside"
    );
    // The index names what lies beside, and that was fetched before.
    let house = with_companion("beside", json!(sha256("beside"))).await;
    assert_eq!(house.companion("home", wheel).await.unwrap(), "beside");
    house.get("home", wheel).await.unwrap();
    house.listed.fail_with(500);
    assert_eq!(house.companion("home", wheel).await.unwrap(), "beside");
    assert_eq!(house.companion("store", wheel).await.unwrap(), "beside");
    // The index names what lies beside, and nobody has fetched it yet.
    let house = with_companion("beside", json!(sha256("beside"))).await;
    house.get("home", wheel).await.unwrap();
    assert_eq!(house.companion("home", wheel).await.unwrap(), "beside");
    house.listed.fail_with(500);
    assert_eq!(
        house.companion("home", wheel).await.unwrap(),
        "beside",
        "kept by itself"
    );
}

#[tokio::test]
async fn a_companion_that_the_index_changes_is_fetched_again() {
    let house = with_companion("first", json!(sha256("first"))).await;
    let tool = listed("tool");
    let wheel = (&tool, "1.0", "tool.whl");
    assert_eq!(house.companion("home", wheel).await.unwrap(), "first");
    says(&house, &json!(sha256("second")));
    house.listed.set("/tool.whl.metadata", Reply::of("second"));
    house.clock.advance(crate::house::FRESHNESS_MS);
    house.shown("home", &tool).await;
    house.catalog.settle().await;
    assert_eq!(house.companion("home", wheel).await.unwrap(), "second");
}
