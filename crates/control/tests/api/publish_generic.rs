//! PublishPackageVersion: the rules of a version that grows asset by asset.

use catalog::Quotas;
use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Ask, GENERIC, NOW, NOW_SECONDS, Service, Setup, get, package, post};

fn at(ask: Ask) -> Ask {
    let ask = ask
        .query("domain", "acme")
        .query("repository", "team-a")
        .query("format", "generic");
    ask.query("namespace", "tools")
        .query("package", "installer")
        .query("version", "1.0.0")
}

fn put(asset: &str, bytes: &[u8]) -> Ask {
    at(post("/v1/package/version/publish"))
        .query("asset", asset)
        .header("x-amz-content-sha256", &hex::encode(Sha256::digest(bytes)))
        .body(bytes)
}

fn unfinished(asset: &str, bytes: &[u8]) -> Ask {
    put(asset, bytes).query("unfinished", "true")
}

fn fetch(asset: &str) -> Ask {
    at(get("/v1/package/version/asset")).query("asset", asset)
}

async fn described(service: &Service) -> Value {
    let found = service.ask(at(get("/v1/package/version"))).await.ok();
    found["packageVersion"].clone()
}

async fn asset_names(service: &Service) -> Vec<String> {
    let listed = service
        .ask(at(post("/v1/package/version/assets")))
        .await
        .ok();
    let list = listed["assets"].as_array().unwrap();
    list.iter()
        .map(|asset| asset["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn one_call_publishes_a_version_and_makes_its_package() {
    let service = Service::with_repository().await;
    let answer = service.ask(put("setup x64.exe", b"hello")).await.ok();
    let revision = answer["versionRevision"].as_str().unwrap().to_owned();
    assert_eq!(revision.len(), 44);
    assert_eq!(
        answer,
        json!({
            "format": "generic", "namespace": "tools", "package": "installer", "version": "1.0.0",
            "versionRevision": revision, "status": "Published",
            "asset": {
                "name": "setup x64.exe", "size": 5,
                "hashes": {
                    "MD5": "5d41402abc4b2a76b9719d911017c592",
                    "SHA-1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
                    "SHA-256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                    "SHA-512": "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7a\
                                cc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
                },
            },
        })
    );
    let version = described(&service).await;
    assert_eq!(version["revision"], revision);
    assert_eq!(version["publishedTime"], NOW_SECONDS);
    assert_eq!(
        version["origin"],
        json!({ "domainEntryPoint": { "repositoryName": "team-a" }, "originType": "INTERNAL" })
    );
    let found = get("/v1/package")
        .query("domain", "acme")
        .query("repository", "team-a");
    let found = found.query("format", "generic").query("namespace", "tools");
    let found = service.ask(found.query("package", "installer")).await.ok();
    assert_eq!(
        found["package"]["originConfiguration"]["restrictions"],
        json!({ "publish": "ALLOW", "upstream": "BLOCK" })
    );
    let bytes = service.ask(fetch("setup x64.exe")).await;
    assert_eq!((bytes.status, &bytes.body[..]), (200, &b"hello"[..]));
    assert_eq!(bytes.header("x-packageversionrevision"), Some(&*revision));
}

#[tokio::test]
async fn an_unfinished_version_takes_more_assets_until_a_call_finishes_it() {
    let service = Service::with_repository().await;
    let first = service.ask(unfinished("a", b"1")).await.ok();
    assert_eq!(first["status"], "Unfinished");
    // Fetched through the API it can be, although it is not finished.
    assert_eq!(service.ask(fetch("a")).await.body, "1");
    service.clock.advance_ms(5000);
    let second = service.ask(unfinished("b", b"22")).await.ok();
    assert_eq!(second["status"], "Unfinished");
    assert_ne!(first["versionRevision"], second["versionRevision"]);
    assert_eq!(described(&service).await["publishedTime"], NOW_SECONDS);
    service.clock.advance_ms(5000);
    let last = service
        .ask(put("c", b"").query("unfinished", "false"))
        .await
        .ok();
    assert_eq!(last["status"], "Published");
    assert_eq!(last["asset"]["size"], 0);
    let version = described(&service).await;
    assert_eq!(version["revision"], last["versionRevision"]);
    assert_eq!(version["publishedTime"], NOW_SECONDS + 10.0);
    assert_eq!(asset_names(&service).await, ["a", "b", "c"]);
    // The revision names the content, whatever way led to it.
    let whole = package(GENERIC, "tools", "other");
    let assets: [(&str, &[u8]); 3] = [("b", b"22"), ("c", b""), ("a", b"1")];
    let same = service
        .publish(&whole, "1.0.0", &json!({}), &assets, &[])
        .await;
    assert_eq!(last["versionRevision"], same);
}

#[tokio::test]
async fn each_call_that_changes_something_is_one_entry_of_the_log_with_its_event() {
    let service = Service::with_repository().await;
    let before = service.changes().await.len();
    let mut revisions = Vec::new();
    for ask in [
        unfinished("a", b"1"),
        unfinished("b", b"2"),
        unfinished("b", b"2"),
        put("b", b"2"),
        put("b", b"2"),
    ] {
        let answer = service.ask(ask).await.ok();
        revisions.push(answer["versionRevision"].clone());
    }
    let changes = service.changes().await.split_off(before);
    let event = |operation: &str,
                 state: &str,
                 revision: &Value,
                 added: u32,
                 status_changed: bool| {
        json!({
            "state": state, "revision": revision, "operationType": operation, "assetsAdded": added,
            "assetsRemoved": 0, "assetsUpdated": 0, "metadataUpdated": operation == "Created",
            "statusChanged": status_changed,
        })
    };
    let expected = [
        event("Created", "Unfinished", &revisions[0], 1, true),
        event("Updated", "Unfinished", &revisions[1], 1, false),
        event("Updated", "Published", &revisions[3], 0, true),
    ];
    assert_eq!(changes.len(), expected.len(), "{changes:?}");
    for ((kind, detail), expected) in changes.iter().zip(&expected) {
        assert_eq!(
            (kind.as_str(), &detail["event"]),
            ("asset-published", expected)
        );
    }
    assert_eq!(changes[2].1["asset"]["name"], "b");
    assert_eq!(revisions[1], revisions[4]);
}

#[tokio::test]
async fn u08_an_asset_again_succeeds_with_its_own_bytes_and_not_with_others() {
    let service = Service::with_repository().await;
    let first = service.ask(unfinished("a", b"1")).await.ok();
    let before = service.change_count().await;
    assert_eq!(service.ask(unfinished("a", b"1")).await.ok(), first);
    for other in [unfinished("a", b"2"), put("a", b"")] {
        let answer = service.ask(other).await;
        let message = answer.refused_about(409, "ConflictException", "asset", "a");
        assert!(
            message.contains("already exists with other content"),
            "{message}"
        );
    }
    assert_eq!(service.change_count().await, before);
    assert_eq!(service.ask(fetch("a")).await.body, "1");
}

#[tokio::test]
async fn u08_a_published_version_takes_nothing_more_and_does_not_go_back() {
    let service = Service::with_repository().await;
    let done = service.ask(put("a", b"1")).await.ok();
    let before = service.change_count().await;
    // A call whose answer was lost can be repeated.
    assert_eq!(service.ask(put("a", b"1")).await.ok(), done);
    for ask in [
        put("b", b"2"),
        put("a", b"2"),
        unfinished("b", b"2"),
        unfinished("a", b"1"),
    ] {
        let answer = service.ask(ask).await;
        let message = answer.refused_about(409, "ConflictException", "package-version", "1.0.0");
        assert!(message.contains("is Published"), "{message}");
    }
    assert_eq!(service.change_count().await, before);
    assert_eq!(asset_names(&service).await, ["a"]);
}

#[tokio::test]
async fn archived_and_disposed_versions_take_nothing_and_unlisted_ones_nothing_new() {
    let service = Service::with_repository().await;
    let installer = package(GENERIC, "tools", "installer");
    let allow = at(post("/v1/package"))
        .json(&json!({ "restrictions": { "publish": "ALLOW", "upstream": "BLOCK" } }));
    service.ask(allow).await.ok();
    for (version, status) in [
        ("2", PackageVersionStatus::Archived),
        ("3", PackageVersionStatus::Disposed),
        ("4", PackageVersionStatus::Unlisted),
    ] {
        let origin = (OriginType::Internal, "team-a");
        service
            .insert_version(&installer, version, status, origin, NOW)
            .await;
        for ask in [put("a", b"1"), unfinished("a", b"1")] {
            let answer = service.ask(ask.with("version", version)).await;
            answer.refused_about(409, "ConflictException", "package-version", version);
        }
    }
}

#[tokio::test]
async fn s18_publishing_is_refused_where_the_controls_of_the_package_block_it() {
    let service = Service::with_repository().await;
    let controls = |publish: &str| {
        at(post("/v1/package"))
            .json(&json!({ "restrictions": { "publish": publish, "upstream": "BLOCK" } }))
    };
    service.ask(controls("BLOCK")).await.ok();
    let answer = service.ask(put("a", b"1")).await;
    answer.refused_about(409, "ConflictException", "package", "installer");
    service.ask(controls("ALLOW")).await.ok();
    service.ask(unfinished("a", b"1")).await.ok();
    service.ask(controls("BLOCK")).await.ok();
    let answer = service.ask(put("b", b"1")).await;
    answer.refused_about(409, "ConflictException", "package", "installer");
    assert_eq!(asset_names(&service).await, ["a"]);
}

#[tokio::test]
async fn s18_a_publish_and_a_block_at_once_end_as_if_one_came_first() {
    let service = Service::with_repository().await;
    let controls = |publish: &str| {
        at(post("/v1/package"))
            .json(&json!({ "restrictions": { "publish": publish, "upstream": "BLOCK" } }))
    };
    for round in 0..20 {
        service.ask(controls("ALLOW")).await.ok();
        let name = format!("asset-{round:02}");
        let (published, blocked) = tokio::join!(
            service.ask(unfinished(&name, b"1")),
            service.ask(controls("BLOCK"))
        );
        blocked.ok();
        assert!(matches!(published.status, 200 | 409), "{published:?}");
        let held = service.ask(fetch(&name)).await;
        assert_eq!(held.status == 200, published.status == 200);
    }
    let mut allowed = true;
    for (kind, detail) in service.changes().await {
        match kind.as_str() {
            "package-origin-updated" => allowed = detail["new"]["publish"] == "ALLOW",
            "asset-published" => assert!(allowed, "an asset came while publishing was blocked"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn u16_a_version_has_as_many_assets_as_the_quota_says_and_no_more() {
    let setup = Setup {
        quotas: Quotas {
            assets_per_version: 2,
            ..Quotas::default()
        },
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    service.make_domain("acme").await;
    service.make_repository("team-a").await;
    for asset in ["a", "b"] {
        service.ask(unfinished(asset, b"1")).await.ok();
    }
    let answer = service.ask(put("c", b"1")).await;
    let exception = "ServiceQuotaExceededException";
    answer.refused_about(402, exception, "package-version", "1.0.0");
    // One that is there counts once.
    let last = service.ask(put("b", b"1")).await.ok();
    assert_eq!(last["status"], "Published");
}

#[tokio::test]
async fn only_formats_without_a_package_manager_are_published_so_and_names_are_checked() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let npm = service.ask(put("a", b"1").with("format", "npm")).await;
    assert_eq!(
        npm.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value 'npm' at 'format' failed to satisfy constraint: Member must satisfy enum \
         value set: [generic]"
    );
    let slash = service.ask(put("a/b", b"1")).await;
    assert_eq!(
        slash.invalid("FIELD_VALIDATION_FAILED"),
        "1 validation error detected: Value 'a/b' at 'assetName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [^/]+"
    );
    let mut bare = put("a", b"1");
    bare.raw_query = bare.raw_query.replace("namespace=tools&", "");
    let bare = service.ask(bare).await.invalid("FIELD_VALIDATION_FAILED");
    assert!(bare.contains("Value null at 'namespace'"), "{bare}");
    for odd in ["", "True", "1", "yes"] {
        let answer = service.ask(put("a", b"1").query("unfinished", odd)).await;
        let message = answer.invalid("CANNOT_PARSE");
        assert!(
            message.contains("'unfinished' must be true or false"),
            "{message}"
        );
    }
    assert_eq!(service.change_count().await, before);
    assert!(service.stored_files().await.is_empty());
}

#[tokio::test]
async fn u07_s19_many_who_add_assets_at_once_all_succeed() {
    let service = Service::with_repository().await;
    let names: Vec<_> = (10..30).map(|index| format!("asset-{index}")).collect();
    let calls = names
        .iter()
        .map(|name| service.ask(unfinished(name, name.as_bytes())));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.ok()["status"], "Unfinished");
    }
    assert_eq!(asset_names(&service).await, names);
    // Of two contents for one name one wins, and the other is told so.
    let calls = [b"1", b"2"].map(|bytes| service.ask(unfinished("same", bytes)));
    let mut statuses: Vec<_> = futures_util::future::join_all(calls)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let last = service.ask(put("last", b"x")).await.ok();
    assert_eq!(
        described(&service).await["revision"],
        last["versionRevision"]
    );
}
