//! What is published does not change, whichever route somebody tries.

use reliquary_testkit::server::{ACCOUNT, Answer, ApiCall, Ask};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{House, Release, at, ok};

const FILE: &str = "tools/installer/1.0.0/setup.exe";

fn file(repository: &str) -> String {
    format!("/generic/d/acme-{ACCOUNT}/{repository}/{FILE}")
}

fn of_npm(call: ApiCall) -> ApiCall {
    call.query("format", "npm").query("package", "widget")
}

fn of_generic(call: ApiCall) -> ApiCall {
    let call = call.query("format", "generic").query("namespace", "tools");
    call.query("package", "installer")
}

/// PublishPackageVersion with these bytes.
fn publish_by_api(call: ApiCall, asset: &str, bytes: &[u8]) -> ApiCall {
    let call = call
        .query("domain", "acme")
        .query("repository", "main")
        .query("version", "1.0.0")
        .query("asset", asset);
    call.header("x-amz-content-sha256", &hex::encode(Sha256::digest(bytes)))
        .bytes(bytes)
}

fn publish() -> ApiCall {
    ApiCall::new("POST", "/v1/package/version/publish")
}

/// A copy out of `other` into `main`.
fn copy(overwrites: bool) -> ApiCall {
    ApiCall::new("POST", "/v1/package/versions/copy")
        .query("domain", "acme")
        .query("domain-owner", ACCOUNT)
        .query("source-repository", "other")
        .query("destination-repository", "main")
        .json(&json!({ "versions": ["1.0.0"], "allowOverwrite": overwrites }))
}

impl House {
    async fn put_file(&self, repository: &str, bytes: &str) -> Answer {
        let ask = Ask::new("PUT", file(repository)).bearer(&self.token);
        self.server.ask(ask.body(bytes)).await
    }
}

#[tokio::test]
async fn z08_no_route_replaces_the_bytes_of_a_version() {
    let house = House::private().await;
    house.add_repository("acme", "other", &[]).await;
    let widget = house.published("main", "widget", "1.0.0").await;
    let forged = Release::with("widget", "1.0.0", &json!({}), b"forged");
    assert_eq!(house.publish("other", &forged).await.status, 201);
    assert_eq!(house.put_file("main", "good").await.status, 201);
    assert_eq!(house.put_file("other", "evil").await.status, 201);
    let before = house.state().await;

    // The package managers' routes.
    assert_eq!(house.publish("main", &forged).await.status, 409);
    let mut edited = forged.document();
    edited["_rev"] = json!("1-x");
    let target = at("main", "widget/-rev/1-x");
    let answer = house.send("PUT", &target, edited.to_string()).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let answer = house
        .send("PUT", &at("main", &widget.file()), "forged")
        .await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    assert_eq!(house.put_file("main", "evil").await.status, 409);
    let ranged = Ask::new("PUT", file("main"))
        .bearer(&house.token)
        .header("content-range", "bytes 0-0/4")
        .body("e");
    assert_eq!(house.server.ask(ranged).await.status, 400);
    // The API's.
    for (call, status) in [
        (
            publish_by_api(of_generic(publish()), "setup.exe", b"evil"),
            409,
        ),
        (
            publish_by_api(of_generic(publish()), "setup.exe", b"evil").query("unfinished", "true"),
            409,
        ),
        (
            publish_by_api(of_npm(publish()), "package.tgz", b"evil"),
            400,
        ),
    ] {
        let answer = house.server.call(call).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    for call in [of_npm(copy(false)), of_generic(copy(false))] {
        let answer = ok(&house.server.call(call).await);
        assert_eq!(answer["successfulVersions"], json!({}), "{answer}");
        let failed = &answer["failedVersions"]["1.0.0"];
        assert_eq!(failed["errorCode"], "ALREADY_EXISTS", "{answer}");
    }
    House::assert_same(&before, &house.state().await);
    let held = house.get(&at("main", &widget.file())).await;
    assert_eq!(held.body, widget.tarball);
    assert_eq!(house.get(&file("main")).await.body, b"good");

    // The one way to put another version in its place is a right of its own, which publishing is not.
    let (id, secret) = house.server.create_key(Some("jane")).await;
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:user/jane") },
        "Action": "codeartifact:CopyPackageVersions", "Resource": "*",
    }] });
    let policy = ApiCall::new("PUT", "/v1/repository/permissions/policy")
        .query("domain", "acme")
        .query("repository", "main")
        .json(&json!({ "policyDocument": document.to_string() }));
    ok(&house.server.call(policy).await);
    let answer = house
        .server
        .call_as(of_generic(copy(true)), (&id, &secret))
        .await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(house.get(&file("main")).await.body, b"good");
    ok(&house.server.call(of_generic(copy(true))).await);
    assert_eq!(house.get(&file("main")).await.body, b"evil");
}
