use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Md5Digest, Sha1Digest, Sha256Digest, Sha512Digest};
use serde_json::{Value, json};

use super::*;
use crate::npm::name::read_segments;

fn tarball(name: &str, version: &str, inside: &Value) -> Tarball {
    Tarball {
        attachment: format!("{name}-{version}.tgz"),
        size_bytes: 10,
        digests: Digests {
            md5: Md5Digest::from_bytes([1; 16]),
            sha1: Sha1Digest::from_bytes([2; 20]),
            sha256: Sha256Digest::from_bytes([3; 32]),
            sha512: Sha512Digest::from_bytes([4; 64]),
        },
        contents: Contents {
            manifest: inside.to_string().into_bytes(),
            file_count: 2,
            unpacked_size_bytes: 99,
            ..Contents::default()
        },
    }
}

fn document(name: &str, version: &str) -> Value {
    json!({
        "_id": name, "name": name, "dist-tags": { "latest": version },
        "versions": { version: {
            "name": name, "version": version, "_id": "forged", "readme": "# read me", "description": "d",
            "dependencies": { "b": "^1.0.0" }, "_npmUser": { "name": "forged" },
            "dist": { "tarball": "http://evil.example/x.tgz", "shasum": "02".repeat(20),
                "integrity": format!("sha512-{}", STANDARD.encode([4; 64])) },
        } },
        "_attachments": { format!("{name}-{version}.tgz"): { "content_type": "x", "data": "", "length": 10 } },
    })
}

fn inside(name: &str, version: &str) -> Value {
    json!({ "name": name, "version": version, "dependencies": { "b": "^1.0.0" } })
}

fn run(name: &str, document: &Value, tarball: &Tarball) -> Result<Examined, String> {
    let package = read_segments(&[name]).unwrap().0;
    examine(&package, &document.to_string(), tarball).map_err(|error| error.message)
}

/// Examines a document that was changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Examined, String> {
    let mut document = document("@s/a", "1.0.0");
    change(&mut document);
    run(
        "@s/a",
        &document,
        &tarball("@s/a", "1.0.0", &inside("@s/a", "1.0.0")),
    )
}

#[test]
fn an_honest_publish_keeps_what_is_the_publishers_to_say() {
    let examined = changed(|_| ()).unwrap();
    assert_eq!(examined.version.as_str(), "1.0.0");
    assert_eq!(examined.tags, ["latest"]);
    assert_eq!(examined.readme.as_deref(), Some("# read me"));
    let metadata: Value = serde_json::from_str(&examined.metadata).unwrap();
    assert_eq!(
        metadata,
        json!({
            "name": "@s/a", "version": "1.0.0", "_id": "@s/a@1.0.0", "description": "d",
            "dependencies": { "b": "^1.0.0" }, "_hasShrinkwrap": false,
            "dist": { "fileCount": 2, "unpackedSize": 99 },
        })
    );
}

#[test]
fn f_npm_3_u05_documents_that_contradict_themselves_are_refused() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 14] = [
        ("another name", |d| d["name"] = json!("@s/b")),
        ("no version", |d| d["versions"] = json!({})),
        ("two versions", |d| d["versions"]["1.0.1"] = json!({})),
        ("versions missing", |d| d["versions"] = Value::Null),
        ("the manifest of another", |d| {
            d["versions"]["1.0.0"]["name"] = json!("@s/b");
        }),
        ("another version in the manifest", |d| {
            d["versions"]["1.0.0"]["version"] = json!("1.0.1");
        }),
        ("no name in the manifest", |d| {
            d["versions"]["1.0.0"]["name"] = Value::Null;
        }),
        ("a wrong length", |d| {
            d["_attachments"]["@s/a-1.0.0.tgz"]["length"] = json!(11);
        }),
        ("a length as text", |d| {
            d["_attachments"]["@s/a-1.0.0.tgz"]["length"] = json!("10");
        }),
        ("a second attachment", |d| {
            d["_attachments"]["x.txt"] = json!({});
        }),
        ("a wrong shasum", |d| {
            d["versions"]["1.0.0"]["dist"]["shasum"] = json!("03".repeat(20));
        }),
        ("garbage as shasum", |d| {
            d["versions"]["1.0.0"]["dist"]["shasum"] = json!("x");
        }),
        ("wrong integrity", |d| {
            d["versions"]["1.0.0"]["dist"]["integrity"] =
                json!(format!("sha512-{}", STANDARD.encode([5; 64])));
        }),
        ("a number as integrity", |d| {
            d["versions"]["1.0.0"]["dist"]["integrity"] = json!(7);
        }),
    ];
    for (what, change) in changes {
        assert!(changed(change).is_err(), "{what}");
    }
    let text = document("@s/a", "1.0.0")
        .to_string()
        .replace("\"description\"", "\"dist\"");
    let package = read_segments(&["@s/a"]).unwrap().0;
    assert!(
        examine(
            &package,
            &text,
            &tarball("@s/a", "1.0.0", &inside("@s/a", "1.0.0"))
        )
        .is_err(),
        "dist twice"
    );
}

#[test]
fn f_npm_3_a_provenance_bundle_may_come_along_and_digests_may_be_missing() {
    assert!(
        changed(|d| d["_attachments"]["@s/a-1.0.0.sigstore"] = json!({ "data": "{}" })).is_ok()
    );
    assert!(changed(|d| d["versions"]["1.0.0"]["dist"] = Value::Null).is_ok());
    assert!(
        changed(
            |d| d["versions"]["1.0.0"]["dist"]["shasum"] = json!("02".repeat(20).to_uppercase())
        )
        .is_ok()
    );
}

#[test]
fn u04_a_manifest_that_is_not_the_one_in_the_tarball_is_refused() {
    let with = |inside: Value| {
        run(
            "@s/a",
            &document("@s/a", "1.0.0"),
            &tarball("@s/a", "1.0.0", &inside),
        )
    };
    let honest = || inside("@s/a", "1.0.0");
    assert!(with(honest()).is_ok());
    for (what, member, value) in [
        ("another name", "name", json!("@s/b")),
        ("no name", "name", Value::Null),
        ("another version", "version", json!("1.0.1")),
        (
            "a hidden dependency",
            "dependencies",
            json!({ "b": "^1.0.0", "evil": "1.0.0" }),
        ),
        ("another range", "dependencies", json!({ "b": "^2.0.0" })),
        ("no dependency", "dependencies", json!({})),
        (
            "a hidden optional dependency",
            "optionalDependencies",
            json!({ "evil": "1.0.0" }),
        ),
        (
            "a hidden peer",
            "peerDependencies",
            json!({ "evil": "1.0.0" }),
        ),
    ] {
        let mut inside = honest();
        inside[member] = value;
        assert!(with(inside).is_err(), "{what}");
    }
    assert!(with(json!("{")).is_err());
    for (what, member, value) in [
        (
            "a version before cleaning",
            "version",
            json!(" v1.0.0+build"),
        ),
        (
            "the dependency as an optional one",
            "optionalDependencies",
            json!({ "b": "^1.0.0" }),
        ),
        (
            "dependencies of an old shape",
            "dependencies",
            json!(["b@^1.0.0"]),
        ),
    ] {
        let mut inside = honest();
        inside[member] = value;
        assert!(with(inside).is_ok(), "{what}");
    }
}

#[test]
fn f_npm_3_install_scripts_that_the_document_hides_are_shown() {
    let mut hiding = inside("@s/a", "1.0.0");
    hiding["scripts"] = json!({ "postinstall": "node evil.js" });
    let mut sent = document("@s/a", "1.0.0");
    sent["versions"]["1.0.0"]["scripts"] = json!({ "test": "true" });
    sent["versions"]["1.0.0"]["hasInstallScript"] = json!(false);
    let examined = run("@s/a", &sent, &tarball("@s/a", "1.0.0", &hiding)).unwrap();
    let metadata: Value = serde_json::from_str(&examined.metadata).unwrap();
    assert_eq!(metadata["scripts"], hiding["scripts"]);
    assert_eq!(metadata["hasInstallScript"], true);
    let mut builds = tarball("@s/a", "1.0.0", &inside("@s/a", "1.0.0"));
    builds.contents.has_binding = true;
    let metadata = run("@s/a", &sent, &builds).unwrap().metadata;
    assert_eq!(
        serde_json::from_str::<Value>(&metadata).unwrap()["hasInstallScript"],
        true
    );
}

#[test]
fn f_npm_2_f_npm_4_odd_versions_and_tags_are_refused() {
    for version in ["1.0", "v1.0.0", "latest", "__proto__", "1.0.0+b", ""] {
        let found = run(
            "a",
            &document("a", version),
            &tarball("a", version, &inside("a", version)),
        );
        assert!(found.is_err(), "{version}");
    }
    for tags in [
        json!({ "1.x": "1.0.0" }),
        json!({ "next": "2.0.0" }),
        json!({ "latest": "1.0.0", "next": null }),
        json!([]),
    ] {
        assert!(
            changed(|d| d["dist-tags"] = tags.clone()).is_err(),
            "{tags}"
        );
    }
    assert_eq!(
        changed(|d| d["dist-tags"] = json!({})).unwrap().tags,
        ["latest"]
    );
    assert_eq!(
        changed(|d| d["dist-tags"] = json!({ "next": "1.0.0" }))
            .unwrap()
            .tags,
        ["next"]
    );
    assert_eq!(
        changed(|d| d["dist-tags"] = json!({ "constructor": "1.0.0" }))
            .unwrap()
            .tags,
        ["constructor"]
    );
}

#[test]
fn u12_documents_that_are_not_json_objects_are_refused() {
    let package = read_segments(&["a"]).unwrap().0;
    let tarball = tarball("a", "1.0.0", &inside("a", "1.0.0"));
    for text in [
        "",
        "[]",
        "7",
        "{} {}",
        "\u{feff}{}",
        "{\"versions\":[]}",
        "{\"name\":1}",
        "{\"name\":\"\\ud800\"}",
    ] {
        assert!(examine(&package, text, &tarball).is_err(), "{text}");
    }
}
