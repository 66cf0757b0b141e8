//! Assets that come later than their version, from the source or from upstream repositories.

use model::PackageVersionStatus;

use crate::fake_source::Reply;
use crate::house::{House, NOT_FOUND, listed, loose};

#[tokio::test]
async fn an_asset_asked_for_later_is_added_wherever_its_version_is_retained() {
    let house = House::with(|settings| settings.whole_version_bytes = 0).await;
    house.connect("store", "public:loose").await;
    house.add_repository("middle", &["store"]).await;
    house.add_repository("home", &["middle"]).await;
    let lib = loose("org.lib", "lib");
    house
        .loose
        .set("/org/lib/lib/1.0/a.pom", Reply::of("TELLS:pom"));
    house
        .loose
        .set("/org/lib/lib/1.0/a-tests.jar", Reply::of("TELLS:tests"));
    let (pom, tests) = ((&lib, "1.0", "a.pom"), (&lib, "1.0", "a-tests.jar"));
    house.get("home", pom).await.unwrap();
    let before = house.held("home", pom).await.0;
    house.get("home", tests).await.unwrap();
    let (revision, assets) = house.held("home", pom).await;
    assert_eq!(assets, ["a-tests.jar", "a.pom"]);
    assert_ne!(revision, before, "other assets are another revision");
    assert_eq!(
        house.held("store", pom).await,
        (revision, assets),
        "the same in both"
    );
    assert!(house.held_assets("middle", pom).await.is_empty());
    let told = serde_json::json!({ "a.pom": "pom", "a-tests.jar": "tests" });
    for repository in ["home", "store"] {
        assert_eq!(
            house.metadata(repository, pom).await["told"],
            told,
            "{repository}"
        );
    }
    let events = [
        "store 1.0 Created +1 true",
        "home 1.0 Created +1 true",
        "store 1.0 Updated +1 true",
        "home 1.0 Updated +1 true",
    ];
    assert_eq!(house.events().await, events);
    assert_eq!(
        house.companion("home", tests).await.unwrap(),
        "companion: tests"
    );
    // The same again changes nothing.
    house.get("home", tests).await.unwrap();
    assert_eq!(house.events().await.len(), 4);
}

#[tokio::test]
async fn an_asset_asked_for_through_one_repository_completes_the_others_when_they_are_asked() {
    let house = House::with(|settings| settings.whole_version_bytes = 0).await;
    house.connect("store", "public:loose").await;
    house.add_repository("home", &["store"]).await;
    house.add_repository("other", &["store"]).await;
    let lib = loose("org.lib", "lib");
    for name in ["a.pom", "a.jar"] {
        house
            .loose
            .set(&format!("/org/lib/lib/1.0/{name}"), Reply::of(name));
    }
    let (pom, jar) = ((&lib, "1.0", "a.pom"), (&lib, "1.0", "a.jar"));
    house.get("home", pom).await.unwrap();
    house.get("other", jar).await.unwrap();
    assert_eq!(house.held_assets("home", pom).await, ["a.pom"]);
    house.get("home", jar).await.unwrap();
    assert_eq!(house.held_assets("home", pom).await, ["a.jar", "a.pom"]);
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a.jar"), 1);
}

#[tokio::test]
async fn an_asset_published_upstream_later_is_retained_when_it_is_fetched() {
    let house = House::open().await;
    house.add_repository("team", &[]).await;
    house.add_repository("home", &["team"]).await;
    let tool = listed("tool");
    let (wheel, archive) = ((&tool, "1.0", "tool.whl"), (&tool, "1.0", "tool.tar"));
    house.publish("team", wheel, "TELLS:wheel").await;
    house.get("home", wheel).await.unwrap();
    house.publish("team", archive, "TELLS:archive").await;
    let shown = house.shown("home", &tool).await;
    let names = serde_json::json!(["tool.tar", "tool.whl"]);
    assert_eq!(shown["1.0"]["assets"], names, "shown before it is retained");
    assert_eq!(shown["1.0"]["metadata"]["told"]["tool.tar"], "archive");
    assert_eq!(house.held_assets("home", wheel).await, ["tool.whl"]);
    // Spelled otherwise it is the same version.
    house
        .get("home", (&tool, "1.0.0", "tool.tar"))
        .await
        .unwrap();
    assert_eq!(
        house.held("home", wheel).await,
        house.held("team", wheel).await
    );
    let events = house.events().await;
    assert_eq!(events.last().unwrap(), "home 1.0 Updated +1 true");
    assert_eq!(
        house.shown("home", &tool).await,
        shown,
        "and shown the same"
    );
}

#[tokio::test]
async fn y01_an_archived_version_gets_no_more_assets_from_anywhere() {
    for archived in ["home", "store"] {
        let house = House::with(|settings| settings.whole_version_bytes = 0).await;
        house.connect("store", "public:loose").await;
        house.add_repository("home", &["store"]).await;
        let lib = loose("org.lib", "lib");
        for name in ["a.pom", "a.jar"] {
            house
                .loose
                .set(&format!("/org/lib/lib/1.0/{name}"), Reply::of(name));
        }
        let (pom, jar) = ((&lib, "1.0", "a.pom"), (&lib, "1.0", "a.jar"));
        house.get("home", pom).await.unwrap();
        house
            .set_status(archived, pom, PackageVersionStatus::Archived)
            .await;
        assert_eq!(house.get("home", jar).await, Err(NOT_FOUND), "{archived}");
        assert_eq!(house.head("home", jar).await, Err(NOT_FOUND), "{archived}");
        assert_eq!(
            house.companion("home", jar).await,
            Err(NOT_FOUND),
            "{archived}"
        );
        assert_eq!(
            house.loose.count("GET /org/lib/lib/1.0/a.jar"),
            0,
            "{archived}"
        );
        house
            .set_status(archived, pom, PackageVersionStatus::Unlisted)
            .await;
        assert_eq!(house.get("home", jar).await.unwrap(), "a.jar", "{archived}");
    }
}
