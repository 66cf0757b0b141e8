//! Names that exist here and outside: what was published here is never completed from a public source.

use catalog::{GroupRestrictionChanges, NewPackageGroup};
use model::{GroupRestrictionMode, GroupRestrictionType, OriginRestriction, PackageGroupPattern};
use serde_json::json;

use crate::fake_source::Reply;
use crate::house::{House, NOT_FOUND, listed, loose};

#[tokio::test]
async fn y06_a_version_published_here_is_never_completed_from_outside() {
    for published_in in ["home", "store"] {
        let house = House::connected("public:loose").await;
        let lib = loose("org.lib", "lib");
        house
            .publish(published_in, (&lib, "1.0", "a.jar"), "ours")
            .await;
        // Whoever allows upstreams for the package allows other versions, not other parts of this one.
        house
            .set_upstream(published_in, &lib, OriginRestriction::Allow)
            .await;
        house
            .loose
            .set("/org/lib/lib/1.0/a-sources.jar", Reply::of("theirs"));
        house
            .loose
            .set("/org/lib/lib/2.0/a.jar", Reply::of("newer"));
        // Before a package is published for the first time, the source is asked whether it has the version.
        house.loose.forget_requests();
        let theirs = (&lib, "1.0", "a-sources.jar");
        for _ in 0..2 {
            assert_eq!(
                house.get("home", theirs).await,
                Err(NOT_FOUND),
                "{published_in}"
            );
            assert_eq!(
                house.head("home", theirs).await,
                Err(NOT_FOUND),
                "{published_in}"
            );
            assert_eq!(
                house.get("home", (&lib, "1.0", "a.jar")).await.unwrap(),
                "ours"
            );
        }
        assert_eq!(house.loose.requests(), [""; 0], "{published_in}");
        assert_eq!(
            house.get("home", (&lib, "2.0", "a.jar")).await.unwrap(),
            "newer"
        );
    }
}

#[tokio::test]
async fn y06_a_package_that_lets_nothing_in_is_not_asked_for_outside() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    house.publish("home", (&lib, "1.0", "a.jar"), "ours").await;
    house
        .loose
        .set("/org/lib/lib/9.0/a.jar", Reply::of("theirs"));
    house.loose.forget_requests();
    let theirs = (&lib, "9.0", "a.jar");
    assert_eq!(house.get("home", theirs).await, Err(NOT_FOUND));
    assert_eq!(house.head("home", theirs).await, Err(NOT_FOUND));
    assert_eq!(house.companion("home", theirs).await, Err(NOT_FOUND));
    assert_eq!(house.loose.requests(), [""; 0]);
}

#[tokio::test]
async fn x17_y06_a_group_that_lets_nothing_in_keeps_its_names_from_the_source() {
    let house = House::connected("public:loose").await;
    let pattern = PackageGroupPattern::parse("/loose/org.lib/*").unwrap();
    let new = NewPackageGroup {
        pattern: pattern.clone(),
        contact_info: String::new(),
        description: String::new(),
        tags: Vec::new(),
    };
    let (root, domain, catalog) = (house.root(), house.domain(), &house.catalog);
    catalog
        .create_package_group(root, domain, new)
        .await
        .unwrap();
    let changes = GroupRestrictionChanges {
        modes: vec![(
            GroupRestrictionType::ExternalUpstream,
            GroupRestrictionMode::Block,
        )],
        ..GroupRestrictionChanges::default()
    };
    catalog
        .update_package_group_origin_configuration(root, domain, &pattern, changes)
        .await
        .unwrap();
    let lib = loose("org.lib", "lib");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("theirs"));
    house.loose.set("/org/lib/index", Reply::of("plugins"));
    let theirs = (&lib, "1.0", "a.jar");
    assert_eq!(house.get("home", theirs).await, Err(NOT_FOUND));
    assert_eq!(house.head("home", theirs).await, Err(NOT_FOUND));
    let documents = house.namespace_documents("home", "org.lib").await;
    assert!(documents.is_empty());
    assert_eq!(house.loose.requests(), [""; 0]);
}

#[tokio::test]
async fn y06_a_version_published_here_does_not_follow_the_source() {
    let house = House::connected("public:listed").await;
    let tool = listed("tool");
    house
        .publish("home", (&tool, "1.0", "tool.whl"), "ours")
        .await;
    house
        .set_upstream("home", &tool, OriginRestriction::Allow)
        .await;
    let document = json!({ "versions": [
        { "version": "1.0", "metadata": { "yanked": true }, "assets": [
            { "name": "tool.tar", "url": house.listed.url("tool.tar") },
        ] },
    ] });
    house
        .listed
        .set("/index/tool", Reply::of(document.to_string()));
    house.listed.set("/tool.tar", Reply::of("theirs"));
    let shown = house.shown("home", &tool).await;
    assert_eq!(shown["1.0"]["followed"], json!(null));
    assert_eq!(shown["1.0"]["assets"], json!(["tool.whl"]));
    assert_eq!(
        house.get("home", (&tool, "1.0", "tool.tar")).await,
        Err(NOT_FOUND)
    );
    assert_eq!(
        house.get("home", (&tool, "1.0.0", "tool.tar")).await,
        Err(NOT_FOUND)
    );
    assert_eq!(
        house.companion("home", (&tool, "1.0", "tool.tar")).await,
        Err(NOT_FOUND)
    );
    assert_eq!(house.listed.count("GET /tool.tar"), 0);
}

#[tokio::test]
async fn y06_a_version_from_one_source_is_not_completed_from_another() {
    let house = House::open().await;
    house.connect("first", "public:loose").await;
    house.connect("second", "public:looser").await;
    house.add_repository("home", &["first", "second"]).await;
    let lib = loose("org.lib", "lib");
    house.looser.set("/org/lib/lib/1.0/a.pom", Reply::of("pom"));
    house.get("home", (&lib, "1.0", "a.pom")).await.unwrap();
    house.catalog.settle().await;
    // The first source has it now, too, and more than the second.
    for name in ["a.pom", "a.module"] {
        house
            .loose
            .set(&format!("/org/lib/lib/1.0/{name}"), Reply::of("theirs"));
    }
    house.clock.advance(60_000);
    assert_eq!(
        house.get("home", (&lib, "1.0", "a.module")).await,
        Err(NOT_FOUND)
    );
    assert_eq!(
        house.get("home", (&lib, "1.0", "a.pom")).await.unwrap(),
        "pom"
    );
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a.module"), 0);
}
