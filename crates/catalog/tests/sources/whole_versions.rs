//! The rest of a version, which follows its first asset in the background.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use crate::fake_source::Reply;
use crate::house::{House, WHOLE_BYTES, listed, loose};

fn bytes(count: u64) -> String {
    "x".repeat(usize::try_from(count).unwrap())
}

#[tokio::test]
async fn the_usual_assets_follow_the_first_and_absent_ones_are_skipped() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    house
        .loose
        .set("/org/lib/lib/1.0/a.pom", Reply::of("TELLS:pom"));
    house
        .loose
        .set("/org/lib/lib/1.0/a-sources.jar", Reply::of("TELLS:sources"));
    let pom = (&lib, "1.0", "a.pom");
    house.get("home", pom).await.unwrap();
    house.catalog.settle().await;
    for repository in ["home", "store"] {
        assert_eq!(
            house.held_assets(repository, pom).await,
            ["a-sources.jar", "a.pom"]
        );
    }
    assert_eq!(
        house.held("home", pom).await,
        house.held("store", pom).await
    );
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a.jar"), 1);
    let asked = house.loose.requests().len();
    house.loose.fail_with(500);
    let sources = house.get("home", (&lib, "1.0", "a-sources.jar")).await;
    assert_eq!(
        sources.unwrap(),
        "TELLS:sources",
        "although the source is gone"
    );
    assert_eq!(house.loose.requests().len(), asked);
}

/// A house whose source lists one version with these assets, the first of which was fetched.
async fn with_listed(whole_bytes: u64, sizes: &[(&str, Option<u64>, u64)]) -> House {
    let house = House::with(|settings| settings.whole_version_bytes = whole_bytes).await;
    house.connect("home", "public:listed").await;
    let assets: Vec<_> = sizes
        .iter()
        .map(|(name, said, real)| {
            house
                .listed
                .set(&format!("/{name}"), Reply::of(bytes(*real)).unannounced());
            json!({ "name": name, "url": house.listed.url(name), "size": said })
        })
        .collect();
    let document = json!({ "versions": [{ "version": "1.0", "metadata": {}, "assets": assets }] });
    house
        .listed
        .set("/index/tool", Reply::of(document.to_string()));
    let tool = listed("tool");
    house.get("home", (&tool, "1.0", sizes[0].0)).await.unwrap();
    house.catalog.settle().await;
    house
}

#[tokio::test]
async fn what_the_source_lists_follows_when_it_is_small_together() {
    let sizes = [
        ("a", Some(5000), 5000),
        ("b", Some(600), 600),
        ("c", Some(400), 400),
    ];
    let house = with_listed(WHOLE_BYTES, &sizes).await;
    let held = house
        .held_assets("home", (&listed("tool"), "1.0", "a"))
        .await;
    assert_eq!(held, ["a", "b", "c"], "what was asked for does not count");
    let sizes = [
        ("a", Some(10), 10),
        ("b", Some(600), 600),
        ("c", Some(401), 401),
    ];
    let house = with_listed(WHOLE_BYTES, &sizes).await;
    let held = house
        .held_assets("home", (&listed("tool"), "1.0", "a"))
        .await;
    assert_eq!(held, ["a"], "nothing of what is too large together");
    assert_eq!(house.listed.count("GET /b"), 0);
    let house = with_listed(0, &[("a", Some(1), 1), ("b", Some(1), 1), ("c", None, 0)]).await;
    let held = house
        .held_assets("home", (&listed("tool"), "1.0", "a"))
        .await;
    assert_eq!(held, ["a"], "the operator switched it off");
    assert_eq!(house.listed.requests(), ["GET /index/tool", "GET /a"]);
}

#[tokio::test]
async fn x06_an_asset_of_unknown_size_is_stopped_at_what_is_left() {
    // Neither the index nor the answer says how large they are.
    let sizes = [
        ("a", None, 5),
        ("b", None, 700),
        ("c", None, 301),
        ("d", None, 300),
    ];
    let house = with_listed(WHOLE_BYTES, &sizes).await;
    let tool = listed("tool");
    let held = house.held_assets("home", (&tool, "1.0", "a")).await;
    assert_eq!(held, ["a", "b", "d"]);
    let asked_for = house.get("home", (&tool, "1.0", "c")).await;
    assert_eq!(asked_for.unwrap(), bytes(301), "a client may have it");
}

#[tokio::test]
async fn a_client_that_joins_a_background_fetch_lifts_its_bound() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let gate = Arc::new(Semaphore::new(0));
    let whole = bytes(WHOLE_BYTES + 1000);
    let held_back = Reply::of(whole.clone()).unannounced().behind(&gate);
    house.loose.set("/org/lib/lib/1.0/a.pom", Reply::of("pom"));
    house.loose.set("/org/lib/lib/1.0/a.jar", held_back);
    house.get("home", (&lib, "1.0", "a.pom")).await.unwrap();
    house.loose.asked("GET /org/lib/lib/1.0/a.jar").await;
    let (package, version, asset) = crate::house::Parsed::parsed(&(&lib, "1.0", "a.jar"));
    let grant = house.grant("home").await;
    let answer = house
        .catalog
        .asset(&grant, &package, &version, &asset, false)
        .await
        .unwrap();
    gate.add_permits(2);
    let body = http_body_util::BodyExt::collect(answer.body.into_body(None)).await;
    assert_eq!(body.unwrap().to_bytes(), whole);
    house.catalog.settle().await;
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a.jar"), 1);
    assert_eq!(
        house.held_assets("store", (&lib, "1.0", "a.pom")).await,
        ["a.jar", "a.pom"]
    );
}

#[tokio::test]
async fn the_end_waits_for_no_background_fetch() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let gate = Arc::new(Semaphore::new(0));
    house.loose.set("/org/lib/lib/1.0/a.pom", Reply::of("pom"));
    let held_back = Reply::of(bytes(100)).behind(&gate);
    house.loose.set("/org/lib/lib/1.0/a.jar", held_back);
    house.get("home", (&lib, "1.0", "a.pom")).await.unwrap();
    house.loose.asked("GET /org/lib/lib/1.0/a.jar").await;
    house.catalog.close().await;
    gate.add_permits(1);
    house.catalog.settle().await;
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a-sources.jar"), 0);
}
