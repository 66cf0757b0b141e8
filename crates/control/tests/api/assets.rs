//! ListPackageVersionAssets and GetPackageVersionAsset.

use model::{OriginType, PackageVersionStatus};
use serde_json::json;

use crate::support::{Ask, GENERIC, NOW, Service, get, package, post};

const TOOL: &[u8] = b"hello";

fn at(ask: Ask) -> Ask {
    let ask = ask
        .query("domain", "acme")
        .query("repository", "team-a")
        .query("format", "generic");
    ask.query("namespace", "tools")
        .query("package", "installer")
        .query("version", "1.0.0")
}

fn list() -> Ask {
    at(post("/v1/package/version/assets"))
}

fn fetch(asset: &str) -> Ask {
    at(get("/v1/package/version/asset")).query("asset", asset)
}

/// A version with assets of several names; returns its revision as well.
async fn stocked() -> (Service, String) {
    let service = Service::with_repository().await;
    let installer = package(GENERIC, "tools", "installer");
    let assets: [(&str, &[u8]); 4] = [
        ("setup x64.exe", TOOL),
        ("empty", b""),
        ("docs/übersicht+1.txt", b"more"),
        ("__proto__", b"x"),
    ];
    let revision = service
        .publish(&installer, "1.0.0", &json!({}), &assets, &[])
        .await;
    (service, revision)
}

#[tokio::test]
async fn assets_are_listed_with_size_and_four_digests() {
    let (service, revision) = stocked().await;
    let listed = service.ask(list()).await.ok();
    let names: Vec<_> = listed["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| asset["name"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "__proto__",
            "docs/übersicht+1.txt",
            "empty",
            "setup x64.exe"
        ]
    );
    assert_eq!(
        listed["assets"][3],
        json!({
            "name": "setup x64.exe", "size": 5,
            "hashes": {
                "MD5": "5d41402abc4b2a76b9719d911017c592",
                "SHA-1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
                "SHA-256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                "SHA-512": "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e\
                            14b8c5da0c4663475c2e5c3adef46f73bcdec043",
            },
        })
    );
    let mut rest = listed;
    rest.as_object_mut().unwrap().remove("assets");
    assert_eq!(
        rest,
        json!({
            "format": "generic", "namespace": "tools", "package": "installer", "version": "1.0.0",
            "versionRevision": revision,
        })
    );
}

#[tokio::test]
async fn the_bytes_of_an_asset_come_raw_with_its_name_version_and_revision() {
    let (service, revision) = stocked().await;
    let answer = service.ask(fetch("setup x64.exe")).await;
    assert_eq!((answer.status, &*answer.body), (200, TOOL));
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(answer.header("x-assetname"), Some("setup x64.exe"));
    assert_eq!(answer.header("x-packageversion"), Some("1.0.0"));
    assert_eq!(answer.header("x-packageversionrevision"), Some(&*revision));
    let empty = service.ask(fetch("empty")).await;
    assert_eq!(
        (
            empty.status,
            empty.body.len(),
            empty.header("content-length")
        ),
        (200, 0, Some("0"))
    );
}

#[tokio::test]
async fn u15_asset_names_become_safe_header_values() {
    let (service, _) = stocked().await;
    let answer = service.ask(fetch("docs/übersicht+1.txt")).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"more"[..]));
    assert_eq!(
        answer.header("x-assetname"),
        Some("docs/%C3%BCbersicht+1.txt")
    );
    for bad in ["a\r\nset-cookie: x", "a\0", "a\u{202e}b", ""] {
        let message = service
            .ask(fetch(bad))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(message.contains("at 'asset'"), "{message}");
    }
}

#[tokio::test]
async fn a_revision_pins_the_bytes() {
    let (service, revision) = stocked().await;
    let answer = service
        .ask(fetch("empty").query("revision", &revision))
        .await;
    assert_eq!(answer.status, 200);
    let answer = service
        .ask(fetch("empty").query("revision", "c3RhbGU="))
        .await;
    answer.refused_about(409, "ConflictException", "package-version", "1.0.0");
    for bad in ["", "a b", &"x".repeat(51)] {
        let message = service
            .ask(fetch("empty").query("revision", bad))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(message.contains("at 'packageVersionRevision'"), "{message}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let (service, _) = stocked().await;
    let answer = service.ask(fetch("none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "asset", "none");
    for ask in [list(), fetch("empty")] {
        for (name, wire, kind) in [
            ("none", "domain", "domain"),
            ("none", "repository", "repository"),
            ("none", "package", "package"),
        ] {
            let answer = service.ask(ask.clone().with(wire, name)).await;
            answer.refused_about(404, "ResourceNotFoundException", kind, name);
        }
        let answer = service.ask(ask.with("version", "9.9.9")).await;
        answer.refused_about(404, "ResourceNotFoundException", "package-version", "9.9.9");
    }
}

#[tokio::test]
async fn y01_archived_and_disposed_versions_give_no_bytes() {
    let (service, _) = stocked().await;
    let installer = package(GENERIC, "tools", "installer");
    let origin = (OriginType::External, "public:npmjs");
    for (version, status) in [
        ("2.0.0", PackageVersionStatus::Archived),
        ("3.0.0", PackageVersionStatus::Disposed),
    ] {
        service
            .insert_version(&installer, version, status, origin, NOW)
            .await;
        let answer = service.ask(fetch("empty").with("version", version)).await;
        answer.refused_about(404, "ResourceNotFoundException", "asset", "empty");
        let listed = service.ask(list().with("version", version)).await.ok();
        assert_eq!(listed["assets"], json!([]));
    }
}
