//! Dist-tags and deprecation.

use http::Method;
use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;
use crate::wire::{Answer, Client, full};

async fn two_versions() -> House {
    let house = House::private().await;
    for version in ["1.0.0", "1.1.0"] {
        house
            .at("main")
            .publish(&Release::new("@team/widget", version))
            .await;
    }
    house
}

impl Client<'_> {
    async fn set_tag(&self, name: &str, tag: &str, version: &str) -> Answer {
        let path = format!("-/package/{}/dist-tags/{tag}", name.replace('/', "%2f"));
        self.ask(
            Method::PUT,
            &path,
            &[("content-type", "application/json")],
            full(format!("\"{version}\"")),
        )
        .await
    }

    async fn tags(&self, name: &str) -> Value {
        self.get(&format!("-/package/{}/dist-tags", name.replace('/', "%2f")))
            .await
            .json()
    }

    /// What `npm deprecate` does.
    async fn deprecate(&self, name: &str, version: &str, notice: &str) -> Answer {
        let mut document = self
            .get(&format!("{}?write=true", name.replace('/', "%2f")))
            .await
            .json();
        document["versions"][version]["deprecated"] = json!(notice);
        self.put(&name.replace('/', "%2f"), &document).await
    }
}

#[tokio::test]
async fn tags_are_listed_set_moved_and_removed() {
    let house = two_versions().await;
    let main = house.at("main");
    assert_eq!(
        main.tags("@team/widget").await,
        json!({ "latest": "1.1.0" })
    );
    assert_eq!(
        main.set_tag("@team/widget", "stable", "1.0.0").await.status,
        200
    );
    assert_eq!(
        main.set_tag("@team/widget", "stable", "1.1.0").await.status,
        200
    );
    assert_eq!(
        main.set_tag("@team/widget", "latest", "1.0.0").await.status,
        200
    );
    assert_eq!(
        main.tags("@team/widget").await,
        json!({ "latest": "1.0.0", "stable": "1.1.0" })
    );
    assert_eq!(
        main.packument("@team/widget").await["dist-tags"],
        main.tags("@team/widget").await
    );
    assert_eq!(
        main.delete("-/package/@team%2fwidget/dist-tags/stable")
            .await
            .status,
        200
    );
    assert_eq!(
        main.delete("-/package/@team%2fwidget/dist-tags/stable")
            .await
            .status,
        404
    );
    assert_eq!(
        main.tags("@team/widget").await,
        json!({ "latest": "1.0.0" })
    );
}

#[tokio::test]
async fn f_npm_4_odd_tags_and_missing_versions_are_refused() {
    let house = two_versions().await;
    let main = house.at("main");
    for tag in ["1.x", "^1.0.0", "v1", "*", "a%20b", "1.0.0"] {
        assert_eq!(
            main.set_tag("@team/widget", tag, "1.0.0").await.status,
            400,
            "{tag}"
        );
    }
    assert_eq!(
        main.set_tag("@team/widget", "next", "9.9.9").await.status,
        404
    );
    assert_eq!(
        main.set_tag("@team/absent", "next", "1.0.0").await.status,
        404
    );
    let latest = main
        .delete("-/package/@team%2fwidget/dist-tags/latest")
        .await;
    assert_eq!(latest.status, 409);
    assert!(latest.error().contains("latest"));
    for body in ["", "1.0.0", "{}", "null", "[\"1.0.0\"]", "\"../x\""] {
        let answer = main.ask(
            Method::PUT,
            "-/package/@team%2fwidget/dist-tags/next",
            &[],
            full(body),
        );
        assert_eq!(answer.await.status, 400, "{body}");
    }
    assert_eq!(
        main.tags("@team/widget").await,
        json!({ "latest": "1.1.0" })
    );
    assert_eq!(main.get("-/package/absent/dist-tags").await.status, 404);
}

#[tokio::test]
async fn deprecation_is_shown_can_be_taken_back_and_changes_no_bytes() {
    let house = two_versions().await;
    let main = house.at("main");
    let bytes = main.tarball("@team/widget", "1.0.0").await.bytes().clone();
    let before = main.packument("@team/widget").await;
    assert_eq!(
        main.deprecate("@team/widget", "1.0.0", "use 1.1.0")
            .await
            .status,
        200
    );
    let after = main.packument("@team/widget").await;
    assert_eq!(after["versions"]["1.0.0"]["deprecated"], "use 1.1.0");
    assert_eq!(after["versions"]["1.1.0"], before["versions"]["1.1.0"]);
    let short = main
        .get_with("@team%2fwidget", &[("accept", crate::wire::ABBREVIATED)])
        .await
        .json();
    assert_eq!(short["versions"]["1.0.0"]["deprecated"], "use 1.1.0");
    assert_eq!(main.tarball("@team/widget", "1.0.0").await.bytes(), &bytes);
    assert_eq!(
        main.deprecate("@team/widget", "1.0.0", "").await.status,
        200
    );
    assert_eq!(main.packument("@team/widget").await, before);
}

#[tokio::test]
async fn z13_an_edit_takes_notices_and_nothing_else() {
    let house = two_versions().await;
    let main = house.at("main");
    let before = main.packument("@team/widget").await;
    let mut document = main.get("@team%2fwidget?write=true").await.json();
    document["versions"]["1.0.0"]["dist"]["tarball"] = json!("http://evil.example/x.tgz");
    document["versions"]["1.0.0"]["dependencies"] = json!({ "evil": "1" });
    document["versions"]["6.6.6"] = json!({ "name": "@team/widget", "version": "6.6.6" });
    document["dist-tags"] = json!({ "latest": "1.0.0" });
    document["readme"] = json!("forged");
    document["maintainers"] = json!([{ "name": "mallory" }]);
    document["versions"]
        .as_object_mut()
        .unwrap()
        .remove("1.1.0");
    assert_eq!(main.put("@team%2fwidget", &document).await.status, 200);
    assert_eq!(main.packument("@team/widget").await, before);
}

#[tokio::test]
async fn f_npm_4_an_edit_of_an_old_state_is_refused() {
    let house = two_versions().await;
    let main = house.at("main");
    let mut stale = main.get("@team%2fwidget?write=true").await.json();
    assert!(stale["_rev"].is_string());
    main.publish(&Release::new("@team/widget", "1.2.0")).await;
    stale["versions"]["1.0.0"]["deprecated"] = json!("old");
    assert_eq!(main.put("@team%2fwidget", &stale).await.status, 409);
    assert_eq!(
        main.packument("@team/widget").await["versions"]["1.0.0"].get("deprecated"),
        None
    );
}

#[tokio::test]
async fn f_npm_4_versions_of_others_cannot_be_deprecated_here() {
    let house = House::connected().await;
    let package = FakePackage::new("left-pad")
        .version(FakeVersion::new("1.0.0"))
        .version(FakeVersion::new("1.1.0"));
    house.source.add_package(package);
    let main = house.at("main");
    assert_eq!(
        main.deprecate("left-pad", "1.0.0", "x").await.status,
        404,
        "nothing of it is held here"
    );
    assert_eq!(main.tarball("left-pad", "1.0.0").await.status, 200);
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    for version in ["1.1.0", "6.6.6"] {
        let refused = main.deprecate("left-pad", version, "x").await;
        assert_eq!(refused.status, 409, "{version}: {:?}", refused.body);
    }
    assert_eq!(
        main.deprecate("left-pad", "1.0.0", "held here")
            .await
            .status,
        200
    );
    let versions = main.packument("left-pad").await["versions"].clone();
    assert_eq!(versions["1.0.0"]["deprecated"], "held here");
    assert_eq!(versions["1.1.0"].get("deprecated"), None);
}
