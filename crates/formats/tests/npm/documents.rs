//! Packuments: full, abbreviated, compressed, conditional.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::Method;
use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, OWNER};
use crate::packages::Release;
use crate::wire::{ABBREVIATED, empty};

const CORGI: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

#[tokio::test]
async fn a_published_package_is_described_in_full() {
    let house = House::private().await;
    let main = house.at("main");
    let release = Release::with(
        "@team/widget",
        "1.0.0",
        json!({ "scripts": { "test": "true" }, "license": "MIT" }),
        b"x",
    );
    main.publish(&release).await;
    let answer = main.get("@team%2fwidget").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    let document = answer.json();
    assert_eq!(document["_id"], "@team/widget");
    assert_eq!(document["description"], "a package");
    assert_eq!(document["readme"], "# a readme");
    assert_eq!(document["dist-tags"], json!({ "latest": "1.0.0" }));
    let version = &document["versions"]["1.0.0"];
    assert_eq!(version["scripts"], json!({ "test": "true" }));
    assert_eq!(version["dist"]["integrity"], release.integrity());
    assert_eq!(version["dist"]["shasum"], release.shasum());
    assert_eq!(
        version["dist"]["tarball"],
        format!("http://packages.example/npm/d/acme-{OWNER}/main/@team/widget/-/widget-1.0.0.tgz")
    );
    let times: Vec<&String> = document["time"].as_object().unwrap().keys().collect();
    assert_eq!(times, ["created", "modified", "1.0.0"]);
    assert_eq!(document["time"]["1.0.0"], "2023-11-14T22:13:20.000Z");
}

#[tokio::test]
async fn the_abbreviated_form_is_for_who_asks_for_it() {
    let house = House::private().await;
    let main = house.at("main");
    let members = json!({ "dependencies": { "left-pad": "^1.3.0" }, "bin": { "w": "index.js" }, "scripts": { "install": "x" } });
    main.publish(&Release::with("widget", "1.0.0", members, b"x"))
        .await;
    let answer = main.get_with("widget", &[("accept", CORGI)]).await;
    assert_eq!(answer.header("content-type"), ABBREVIATED);
    assert!(
        answer.header("vary").contains("Accept"),
        "{}",
        answer.header("vary")
    );
    let short = answer.json();
    let names: Vec<&String> = short.as_object().unwrap().keys().collect();
    assert_eq!(names, ["name", "dist-tags", "modified", "versions", "time"]);
    let version = &short["versions"]["1.0.0"];
    assert_eq!(version["dependencies"], json!({ "left-pad": "^1.3.0" }));
    assert_eq!(version["hasInstallScript"], true);
    assert_eq!(version.get("scripts"), None);
    let full = main.get("widget").await;
    assert_eq!(full.json()["versions"]["1.0.0"]["dist"], version["dist"]);
    assert_ne!(full.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn f_npm_1_every_spelling_of_a_scoped_name_answers_the_same() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("@team/widget", "1.0.0")).await;
    let expected = main.get("@team%2fwidget").await;
    for spelling in ["@team%2Fwidget", "@team/widget", "%40team%2fwidget"] {
        assert_eq!(
            main.get(spelling).await.bytes(),
            expected.bytes(),
            "{spelling}"
        );
    }
    for other in [
        "@TEAM/widget",
        "team/widget",
        "widget",
        "@team/widgets",
        "@tea/mwidget",
    ] {
        assert_eq!(main.get(other).await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn conditional_and_compressed_answers_agree() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    for accept in ["application/json", CORGI] {
        let plain = main.get_with("widget", &[("accept", accept)]).await;
        let zipped = main
            .get_with(
                "widget",
                &[("accept", accept), ("accept-encoding", "gzip, br")],
            )
            .await;
        assert_eq!(zipped.header("content-encoding"), "gzip");
        let mut unzipped = Vec::new();
        GzDecoder::new(&zipped.bytes()[..])
            .read_to_end(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped, plain.bytes()[..]);
        for (answer, coding) in [(&plain, "identity"), (&zipped, "gzip")] {
            let etag = answer.header("etag");
            assert!(etag.starts_with('"'), "{etag}");
            for condition in [
                etag.to_owned(),
                format!("W/{etag}"),
                format!("\"x\", {etag}"),
            ] {
                let headers = [
                    ("accept", accept),
                    ("accept-encoding", coding),
                    ("if-none-match", &condition),
                ];
                let again = main.get_with("widget", &headers).await;
                assert_eq!((again.status, again.bytes().len()), (304, 0), "{condition}");
                assert_eq!(again.header("etag"), etag);
            }
        }
        let etag = plain.header("etag").to_owned();
        main.publish(&Release::new("widget", &format!("1.0.{}", accept.len())))
            .await;
        let changed = main
            .get_with("widget", &[("accept", accept), ("if-none-match", &etag)])
            .await;
        assert_eq!(changed.status, 200, "a publish is seen at once");
    }
}

#[tokio::test]
async fn z07_head_has_the_headers_of_get_and_no_body() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let get = main.get("widget").await;
    let head = main.head("widget").await;
    assert_eq!((head.status, head.bytes().len()), (200, 0));
    for name in [
        "etag",
        "content-type",
        "content-length",
        "cache-control",
        "vary",
        "x-content-type-options",
    ] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(head.header("content-length"), get.bytes().len().to_string());
    assert_eq!(main.head("absent").await.status, 404);
}

#[tokio::test]
async fn a_single_manifest_is_read_by_version_and_by_tag() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    main.publish(&Release::new("widget", "2.0.0-rc.1").tagged("next"))
        .await;
    let packument = main.packument("widget").await;
    assert_eq!(
        main.get("widget/1.0.0").await.json(),
        packument["versions"]["1.0.0"]
    );
    assert_eq!(main.get("widget/latest").await.json()["version"], "1.0.0");
    assert_eq!(
        main.get("widget/next").await.json()["version"],
        "2.0.0-rc.1"
    );
    for absent in ["widget/3.0.0", "widget/1", "other/1.0.0"] {
        let answer = main.get(absent).await;
        assert_eq!(answer.status, 404, "{absent}");
        assert!(!answer.error().is_empty());
    }
}

#[tokio::test]
async fn a_public_packument_keeps_times_signatures_and_digests() {
    let house = House::connected().await;
    let package = FakePackage::new("left-pad")
        .version(
            FakeVersion::new("1.0.0")
                .published_at("2018-04-09T01:10:45.796Z")
                .signature("key", "sig"),
        )
        .version(
            FakeVersion::new("1.1.0")
                .without_time()
                .deprecated("use padStart"),
        );
    house.source.add_package(package);
    let main = house.at("main");
    let document = main.packument("left-pad").await;
    let original: Value = serde_json::from_slice(&house.source_document("left-pad").await).unwrap();
    let (version, said) = (
        &document["versions"]["1.0.0"],
        &original["versions"]["1.0.0"],
    );
    for member in ["integrity", "shasum", "signatures", "fileCount"] {
        assert_eq!(version["dist"][member], said["dist"][member], "{member}");
        assert!(!version["dist"][member].is_null(), "{member}");
    }
    assert_eq!(document["time"]["1.0.0"], "2018-04-09T01:10:45.796Z");
    assert_eq!(document["time"].get("1.1.0"), None);
    assert_eq!(document["versions"]["1.1.0"]["deprecated"], "use padStart");
    assert_eq!(document["maintainers"], original["maintainers"]);
    assert_eq!(document["readme"], original["readme"]);
    assert!(
        !document.to_string().contains(house.source.base_url()),
        "an address of the source leaked"
    );
    let short = main
        .get_with("left-pad", &[("accept", ABBREVIATED)])
        .await
        .json();
    assert_eq!(short["versions"]["1.0.0"]["dist"], version["dist"]);
    assert_eq!(short["time"]["1.0.0"], "2018-04-09T01:10:45.796Z");
}

#[tokio::test]
async fn f_npm_1_legacy_names_in_upper_case_are_fetched_and_kept_apart() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("JSONStream").version(FakeVersion::new("1.3.5")));
    let main = house.at("main");
    assert_eq!(main.packument("JSONStream").await["name"], "JSONStream");
    assert_eq!(main.tarball("JSONStream", "1.3.5").await.status, 200);
    assert_eq!(main.get("jsonstream").await.status, 404);
}

#[tokio::test]
async fn f_npm_2_words_of_a_language_are_packages_versions_and_tags_like_others() {
    let house = House::private().await;
    let main = house.at("main");
    for name in ["constructor", "toString", "hasOwnProperty", "http"] {
        main.publish(&Release::with(
            name,
            "1.0.0",
            json!({ "dependencies": { "constructor": "1" } }),
            b"x",
        ))
        .await;
        let path = format!("-/package/{name}/dist-tags/__proto__");
        assert_eq!(
            main.ask(Method::PUT, &path, &[], crate::wire::full("\"1.0.0\""))
                .await
                .status,
            200
        );
        assert_eq!(
            main.packument(name).await["dist-tags"],
            json!({ "__proto__": "1.0.0", "latest": "1.0.0" })
        );
    }
    assert_eq!(main.get("__proto__").await.status, 404);
}

#[tokio::test]
async fn x12_no_header_steers_what_others_get() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let expected = main.get("widget").await;
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/npm/other"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-prefix", "/evil"),
    ] {
        let answer = main
            .ask(Method::GET, "widget", &[(name, value)], empty())
            .await;
        assert_eq!(answer.bytes(), expected.bytes(), "{name}");
    }
    assert!(expected.header("cache-control").contains("private"));
}

#[tokio::test]
async fn a_package_of_ten_thousand_versions_is_listed_whole() {
    let house = House::with(crate::house::Plan {
        source_limits: upstream::Limits {
            document_limit_bytes: 64 << 20,
            ..crate::house::Plan::default().source_limits
        },
        ..crate::house::Plan::default()
    })
    .await;
    house.add_connected("main").await;
    house
        .source
        .add_package(FakePackage::large("left-pad", 10_000));
    let main = house.at("main");
    let short = main
        .get_with(
            "left-pad",
            &[("accept", ABBREVIATED), ("accept-encoding", "gzip")],
        )
        .await;
    let mut text = Vec::new();
    GzDecoder::new(&short.bytes()[..])
        .read_to_end(&mut text)
        .unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["versions"].as_object().unwrap().len(), 10_000);
    assert_eq!(document["dist-tags"]["latest"], "1.0.9999");
    assert_eq!(document["time"].as_object().unwrap().len(), 10_002);
}
