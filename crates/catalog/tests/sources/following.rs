//! Versions that go on following their source.

use model::{OriginRestriction, PackageVersionStatus};
use serde_json::{Value, json};

use crate::fake_source::Reply;
use crate::formats::LOOSE_FRESHNESS_MS;
use crate::house::{FRESHNESS_MS, House, NOT_FOUND, UNAVAILABLE, listed, loose};

impl House {
    /// Has the source say this of `tool`.
    fn says(&self, versions: &[(&str, Value, &[&str])]) {
        let versions = versions.iter().map(|(version, metadata, assets)| {
            let assets = assets.iter().map(|name| {
                self.listed
                    .set(&format!("/{name}"), Reply::of(format!("bytes of {name}")));
                json!({ "name": name, "url": self.listed.url(name) })
            });
            let assets: Vec<_> = assets.collect();
            json!({ "version": version, "metadata": metadata, "assets": assets })
        });
        let document = json!({ "versions": versions.collect::<Vec<_>>() });
        self.listed
            .set("/index/tool", Reply::of(document.to_string()));
    }

    /// Has what was asked for be asked for anew, and waits for the answer.
    async fn refreshed(&self, from: &str) {
        self.clock.advance(FRESHNESS_MS);
        self.shown(from, &listed("tool")).await;
        self.catalog.settle().await;
    }
}

#[tokio::test]
async fn a_held_version_follows_what_its_source_says_of_it() {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    house.says(&[("1.0", json!({ "yanked": false }), &["tool.whl"])]);
    let wheel = (&tool, "1.0", "tool.whl");
    house.get("home", wheel).await.unwrap();
    house.catalog.settle().await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(shown["1.0"]["followed"], json!({ "yanked": false }));
    let before = house.held("store", wheel).await.0;
    house.says(&[("1.0", json!({ "yanked": true }), &["tool.whl", "tool.tar"])]);
    house.refreshed("home").await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(shown["1.0"]["followed"], json!({ "yanked": true }));
    // Where the connection is, the rows follow at once; further down, when an asset is fetched.
    assert_eq!(house.metadata("store", wheel).await["yanked"], true);
    assert_eq!(house.metadata("home", wheel).await["yanked"], false);
    let revision = house.held("store", wheel).await.0;
    assert_ne!(revision, before);
    house.get("home", wheel).await.unwrap();
    house.catalog.settle().await;
    assert_eq!(house.metadata("home", wheel).await["yanked"], true);
    assert_eq!(house.held("home", wheel).await.0, revision);
    let events = [
        "store 1.0 Created +1 true",
        "home 1.0 Created +1 true",
        "store 1.0 Updated +0 true",
        "home 1.0 Updated +0 true",
    ];
    assert_eq!(house.events().await, events);
    // The new file comes when it is asked for.
    let archive = house.get("home", (&tool, "1.0", "tool.tar")).await;
    assert_eq!(archive.unwrap(), "bytes of tool.tar");
    assert_eq!(
        house.held_assets("home", wheel).await,
        ["tool.tar", "tool.whl"]
    );
    // The same said again changes nothing.
    let count = house.events().await.len();
    house.refreshed("home").await;
    house.get("home", wheel).await.unwrap();
    house.catalog.settle().await;
    assert_eq!(house.events().await.len(), count);
}

#[tokio::test]
async fn f_py_3_two_spellings_are_one_version_for_the_source_and_for_what_is_held() {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    house.says(&[(
        "1.0.0",
        json!({ "yanked": false }),
        &["tool.whl", "tool.tar"],
    )]);
    for spelled in ["1", "1.0", "1.0.0"] {
        let wheel = house.get("home", (&tool, spelled, "tool.whl")).await;
        assert_eq!(wheel.unwrap(), "bytes of tool.whl");
    }
    house.catalog.settle().await;
    assert_eq!(house.listed.count("GET /tool.whl"), 1);
    assert_eq!(
        house.held_assets("home", (&tool, "1", "x")).await,
        ["tool.tar", "tool.whl"]
    );
    house.says(&[("1.0", json!({ "yanked": true }), &["tool.whl", "tool.tar"])]);
    house.refreshed("home").await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(
        shown.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["1.0.0"]
    );
    assert_eq!(shown["1.0.0"]["followed"], json!({ "yanked": true }));
    assert_eq!(
        house.metadata("store", (&tool, "1", "x")).await["yanked"],
        true
    );
}

/// A version that was fetched into `home`, and of which its source then says something else.
async fn yanked_since(prepare: impl AsyncFnOnce(&House)) -> House {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    house.says(&[("1.0", json!({ "yanked": false }), &["tool.whl"])]);
    house.get("home", (&tool, "1.0", "tool.whl")).await.unwrap();
    house.catalog.settle().await;
    prepare(&house).await;
    house.says(&[("1.0", json!({ "yanked": true }), &["tool.whl", "tool.tar"])]);
    house.refreshed("store").await;
    house.refreshed("home").await;
    house
}

#[tokio::test]
async fn a_version_follows_only_as_long_as_everyone_on_the_way_lets_it() {
    let tool = listed("tool");
    let (wheel, archive) = ((&tool, "1.0", "tool.whl"), (&tool, "1.0", "tool.tar"));
    for blocked in ["home", "store"] {
        let house = yanked_since(async |house: &House| {
            house
                .set_upstream(blocked, &tool, OriginRestriction::Block)
                .await;
        })
        .await;
        let shown = house.shown("home", &tool).await;
        assert_eq!(shown["1.0"]["followed"], json!(null), "{blocked}");
        assert_eq!(
            house.get("home", archive).await,
            Err(NOT_FOUND),
            "{blocked}"
        );
        house.get("home", wheel).await.unwrap();
        house.catalog.settle().await;
        assert_eq!(
            house.metadata("home", wheel).await["yanked"],
            false,
            "{blocked}"
        );
        // Allowed again, it catches up when it is fetched.
        house
            .set_upstream(blocked, &tool, OriginRestriction::Allow)
            .await;
        // The first fetch may find that the source must be asked anew.
        for _ in 0..2 {
            house.get("home", wheel).await.unwrap();
            house.catalog.settle().await;
        }
        assert_eq!(
            house.metadata("home", wheel).await["yanked"],
            true,
            "{blocked}"
        );
    }
}

#[tokio::test]
async fn a_version_that_is_archived_upstream_follows_no_more() {
    let tool = listed("tool");
    let (wheel, archive) = ((&tool, "1.0", "tool.whl"), (&tool, "1.0", "tool.tar"));
    let house = yanked_since(async |house: &House| {
        let archived = PackageVersionStatus::Archived;
        house.set_status("store", wheel, archived).await;
    })
    .await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(shown["1.0"]["followed"], json!(null));
    assert_eq!(house.metadata("store", wheel).await["yanked"], false);
    assert_eq!(house.get("home", archive).await, Err(NOT_FOUND));
    house.get("home", wheel).await.unwrap();
    house.catalog.settle().await;
    assert_eq!(house.metadata("home", wheel).await["yanked"], false);
}

#[tokio::test]
async fn y10_a_source_that_is_gone_leaves_what_is_held() {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    house.says(&[("1.0", json!({ "yanked": true }), &["tool.whl"])]);
    let wheel = (&tool, "1.0", "tool.whl");
    house.get("home", wheel).await.unwrap();
    house.catalog.settle().await;
    house.listed.fail_with(500);
    house.refreshed("home").await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(shown["1.0"]["followed"], json!({ "yanked": true }));
    house.listed.remove("/index/tool");
    house.refreshed("home").await;
    let shown = house.shown("home", &tool).await;
    assert_eq!(
        shown["1.0"]["followed"],
        json!(null),
        "it says nothing any more"
    );
    assert_eq!(shown["1.0"]["metadata"]["yanked"], true);
    assert_eq!(house.get("home", wheel).await.unwrap(), "bytes of tool.whl");
}

#[tokio::test]
async fn x11_a_file_on_another_host_without_tls_is_not_asked_for() {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    let elsewhere = house
        .listed
        .url("tool.whl")
        .replace("127.0.0.1", "localhost");
    let document = json!({ "versions": [{ "version": "1.0", "metadata": {}, "assets": [
        { "name": "tool.whl", "url": elsewhere },
    ] }] });
    house
        .listed
        .set("/index/tool", Reply::of(document.to_string()));
    house.listed.set("/tool.whl", Reply::of("bytes"));
    let wheel = (&tool, "1.0", "tool.whl");
    assert_eq!(house.get("home", wheel).await, Err(UNAVAILABLE));
    assert_eq!(house.listed.requests(), ["GET /index/tool"]);
}

#[tokio::test]
async fn a_source_that_names_a_freshness_has_it_unless_the_operator_set_one() {
    for (uses_source_freshness, asked) in [(true, 1), (false, 2)] {
        let house = House::with(|settings| {
            settings.uses_source_freshness = uses_source_freshness;
        })
        .await;
        house.connect("home", "public:loose").await;
        let lib = loose("org.lib", "lib");
        house.loose.set("/org/lib/lib/-/versions", Reply::of("1.0"));
        let ask = async || {
            house.shown("home", &lib).await;
            house.catalog.settle().await;
            house.loose.count("GET /org/lib/lib/-/versions")
        };
        assert_eq!(ask().await, 1);
        house.clock.advance(FRESHNESS_MS);
        assert_eq!(ask().await, asked);
        house
            .loose
            .set("/org/lib/lib/-/versions", Reply::of("1.0 2.0"));
        house.clock.advance(LOOSE_FRESHNESS_MS - FRESHNESS_MS);
        assert_eq!(ask().await, asked + 1, "old by any measure");
        let shown = house.shown("home", &lib).await;
        assert!(shown["2.0"].is_object(), "the answer to the next request");
    }
}
