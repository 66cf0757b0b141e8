//! The audit log of the whole server: nothing goes by it, and nothing secret gets into it.

use reliquary_testkit::fake_npm::{FakePackage, FakeVersion};
use reliquary_testkit::server::{ACCOUNT, ApiCall, Ask};
use serde_json::{Value, json};

use crate::support::{House, Release, at, ok};

#[tokio::test(flavor = "multi_thread")]
async fn y14_every_call_and_every_package_request_leaves_a_record() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    let known = house.server.call(ApiCall::new("POST", "/v1/domains")).await;
    let id = known.header("x-amzn-requestid").to_owned();
    house.published("main", "@team/widget", "1.0.0").await;
    let mut asked = 0;
    for ask in [
        Ask::get(at("team", "left-pad")).bearer(&house.token),
        Ask::new("HEAD", at("team", "left-pad/-/left-pad-1.0.0.tgz")).bearer(&house.token),
        Ask::get(at("team", "left-pad/-/left-pad-1.0.0.tgz"))
            .bearer(&house.token)
            .header("range", "bytes=0-3"),
        Ask::get(at("team", "left-pad")),
        Ask::get(at("team", "left-pad")).bearer("made-up"),
        Ask::get(at("team", "%2e%2e/x")).bearer(&house.token),
        Ask::get("/unheard/of"),
        Ask::get(at("absent", "left-pad")).bearer(&house.token),
        Ask::new("POST", "/v1/domains"),
        Ask::new("POST", "/v1/unheard-of"),
        Ask::new("TRACE", "/"),
        Ask::new("DELETE", at("main", "@team%2fwidget/-rev/x")).bearer(&house.token),
    ] {
        house.server.ask(ask).await;
        asked += 1;
    }
    for probe in ["/healthz", "/readyz"] {
        house.server.ask(Ask::get(probe)).await;
    }
    let last = house.server.ask(Ask::get(at("main", "last"))).await;
    let found = house.server.audited_until(&last).await;
    let from = found
        .iter()
        .position(|one| one["requestID"] == id.as_str())
        .unwrap();
    let names: Vec<_> = found[from..]
        .iter()
        .map(|one| {
            let code = one["errorCode"].as_str().unwrap_or("ok");
            format!("{} {code}", one["eventName"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "ListDomains ok",
        "PublishPackageVersion ok",
        "ReadFromRepository ok",
        "ReadFromRepository ok",
        "ReadFromRepository ok",
        "ReadFromRepository UnrecognizedClientException",
        "ReadFromRepository UnrecognizedClientException",
        "UnknownOperation ValidationException",
        "ReadFromRepository ResourceNotFoundException",
        "ReadFromRepository ResourceNotFoundException",
        "ListDomains MissingAuthenticationTokenException",
        "UnknownOperation UnknownOperationException",
        "UnknownOperation ValidationException",
        "DeletePackage ConflictException",
        "ReadFromRepository UnrecognizedClientException",
    ];
    assert_eq!(names, expected);
    assert_eq!(names.len(), asked + 3);
    let published = &found[from + 1];
    let parameters = json!({
        "domainName": "acme", "domainOwner": ACCOUNT, "repositoryName": "main", "packageFormat": "npm",
        "packageNamespace": "team", "packageName": "widget", "packageVersion": "1.0.0",
    });
    assert_eq!(published["requestParameters"], parameters);
    assert_eq!(published["readOnly"], false);
    assert_eq!(
        published["additionalEventData"],
        json!({ "httpMethod": "PUT", "requestUri": "/npm/%40team%2Fwidget" })
    );
    assert_eq!(published["sourceIPAddress"], "127.0.0.1");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    assert_eq!(published["userIdentity"]["arn"], root);
    assert_eq!(found[from + 3]["additionalEventData"]["httpMethod"], "HEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_z14_the_audit_log_holds_no_secret() {
    let house = House::private().await;
    let secret = house.server.root_key().1.to_owned();
    let release = Release::new("widget", "1.0.0");
    ok(&house
        .server
        .call(ApiCall::new("POST", "/v1/authorization-token").query("domain", "acme"))
        .await);
    for ask in [
        Ask::get(at("main", "widget?token=planted-query")).bearer(&house.token),
        Ask::get(at("main", "widget")).basic("planted-user", "planted-password"),
        Ask::get(at("main", "widget"))
            .bearer(&house.token)
            .header("cookie", "planted-cookie")
            .header("x-api-key", "planted-key"),
        Ask::new(
            "POST",
            "/v1/domains?X-Amz-Signature=planted-signature&X-Amz-Credential=planted",
        ),
        Ask::put(at("main", "widget"), &release.document()).bearer("planted-token"),
    ] {
        house.server.ask(ask).await;
    }
    let last = house.get(&at("main", "-/ping")).await;
    let found = house.server.audited_until(&last).await;
    assert!(found.len() > 6);
    let made = found
        .iter()
        .find(|one| one["eventName"] == "GetAuthorizationToken");
    let hidden = json!({ "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS" });
    assert_eq!(made.unwrap()["responseElements"], hidden);
    let text = Value::from(found).to_string();
    for planted in ["planted", &house.token, &secret, "Signature=", "Bearer "] {
        assert!(!text.contains(planted), "{planted} is in the audit log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o10_who_published_and_who_read_is_known_after_all_is_gone() {
    let house = House::private().await;
    let (id, secret) = house.server.create_key(None).await;
    let release = house.published("main", "widget", "1.0.0").await;
    house.get(&at("main", &release.file())).await;
    let revision = house.get(&at("main", "widget?write=true")).await.json()["_rev"].clone();
    let target = at(
        "main",
        &format!("widget/-rev/{}", revision.as_str().unwrap()),
    );
    assert_eq!(house.send("DELETE", &target, "").await.status, 200);
    let call = ApiCall::new("DELETE", "/v1/repository").query("domain", "acme");
    let call = call.query("repository", "main");
    ok(&house.server.call_as(call, (&id, &secret)).await);
    let call = ApiCall::new("DELETE", "/v1/domain").query("domain", "acme");
    let last = house.server.call_as(call, (&id, &secret)).await;
    ok(&last);
    house.server.disable_key(&id).await;
    let found = house.server.audited_until(&last).await;
    let about = |one: &&Value| one["requestParameters"]["packageVersion"] == "1.0.0";
    let names: Vec<_> = found
        .iter()
        .filter(about)
        .map(|one| &one["eventName"])
        .collect();
    assert_eq!(names, ["PublishPackageVersion", "ReadFromRepository"]);
    let deleted = found
        .iter()
        .find(|one| one["eventName"] == "DeleteDomain")
        .unwrap();
    assert_eq!(deleted["userIdentity"]["accessKeyId"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_audit_log_nothing_is_written() {
    let house = House::with(|config| config.audit.enabled = false).await;
    house.published("main", "widget", "1.0.0").await;
    assert!(!house.server.data().join("audit").exists());
}
