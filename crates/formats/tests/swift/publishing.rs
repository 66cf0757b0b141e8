//! Publishing: as clients do it, and wrong in every way.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;
use model::VersionName;
use serde_json::json;
use testkit::house::{digests, full, pieces, repository};
use testkit::packages::{SwiftPackage, SwiftReleaseForm, noise, zip};

use crate::house::{House, JSON, SWIFT, ZIP, coordinates, list, problem, send};

#[tokio::test]
async fn the_documented_curl_command_publishes() {
    let house = House::open().await;
    // `curl -F source-archive=@LinkedList-1.0.0.zip`: with a file name, and no word of the encoding.
    let head = "Content-Disposition: form-data; name=\"source-archive\"; filename=\"LinkedList-1.0.0.zip\"\r\n\
        Content-Type: application/octet-stream";
    let archive = list("1.0.0").archive();
    let form = SwiftReleaseForm::default().section(head, &archive);
    house.publish_form("1.0.0", &form).await;
    let zip = house.get("mona/LinkedList/1.0.0.zip", ZIP).await;
    assert_eq!(zip.bytes(), &archive);
    // The archive and its manifests.
    assert_eq!(house.stored().await.len(), 2);
    let held = house.held("main", &coordinates()).await;
    assert_eq!(held.get("1.0.0").map(String::as_str), Some("main"));
    let assets = house.held_assets("main", &coordinates(), "1.0.0").await;
    assert_eq!(assets, ["source-archive.zip"]);
}

#[tokio::test]
async fn an_archive_that_git_made_is_published() {
    let house = House::open().await;
    let archive = list("1.0.0").git_archive();
    house
        .publish_form("1.0.0", &SwiftReleaseForm::of(&archive))
        .await;
    let manifest = house
        .get("mona/LinkedList/1.0.0/Package.swift", SWIFT)
        .await;
    assert!(manifest.text().starts_with("// swift-tools-version:5.9"));
}

#[tokio::test]
async fn a_release_is_described_to_the_api() {
    let house = House::open().await;
    let metadata = json!({
        "description": "One thing links to another.",
        "licenseURL": "https://example.com/LICENSE",
        "repositoryURLs": ["https://git.example/mona/LinkedList"],
    });
    let package = list("1.0.0").file("README.md", b"# Lists");
    let form = SwiftReleaseForm::of(&package.archive()).metadata(&metadata.to_string());
    house.publish_form("1.0.0", &form).await;
    let (name, version) = (repository("main"), VersionName::parse("1.0.0").unwrap());
    let described = house
        .catalog
        .get_package_version(&house.domain, &name, &coordinates(), &version)
        .await
        .unwrap();
    let details = described.details;
    assert_eq!(details.display_name.as_deref(), Some("LinkedList"));
    assert_eq!(
        details.summary.as_deref(),
        Some("One thing links to another.")
    );
    let source = details.source_code_repository.as_deref();
    assert_eq!(source, Some("https://git.example/mona/LinkedList"));
    let readme = house
        .catalog
        .get_package_version_readme(&house.domain, &name, &coordinates(), &version)
        .await
        .unwrap();
    assert_eq!(readme.content, "# Lists");
}

#[tokio::test]
async fn sections_come_in_any_order_and_unknown_ones_are_passed_over() {
    let house = House::open().await;
    let archive = list("1.0.0").archive();
    let metadata = r#"{"description":"first"}"#;
    let unknown = "Content-Disposition: form-data; name=\"something-else\"";
    let head = "Content-Disposition: form-data; name=source-archive; filename=x";
    let form = SwiftReleaseForm::default()
        .metadata(metadata)
        .section(unknown, b"whatever")
        .section(head, &archive);
    house.publish_form("1.0.0", &form).await;
    let release = house.get("mona/LinkedList/1.0.0", JSON).await.json();
    assert_eq!(release["metadata"]["description"], "first");
}

#[tokio::test]
async fn u10_sections_in_base64_are_decoded() {
    let house = House::open().await;
    let archive = list("1.0.0").archive();
    let base64 = |name: &str| {
        format!(
            "Content-Disposition: form-data; name=\"{name}\"\r\nContent-Transfer-Encoding: base64"
        )
    };
    let form = |content: &str| {
        SwiftReleaseForm::default()
            .section(&base64("source-archive"), content.as_bytes())
            .section(&base64("metadata"), STANDARD.encode("{}").as_bytes())
    };
    let text = STANDARD.encode(&archive);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    house
        .publish_form("1.0.0", &form(&lines.join("\r\n")))
        .await;
    let zip = house.get("mona/LinkedList/1.0.0.zip", ZIP).await;
    assert_eq!(zip.bytes(), &archive);
    for bad in ["PK\u{3}\u{4}", "QUJD=", &text[..text.len() - 1]] {
        let refused = house.send("mona/LinkedList/2.0.0", &form(bad)).await;
        assert_eq!(refused.status, 400);
        problem(&refused);
    }
}

#[tokio::test]
async fn f_sw_3_u01_archives_that_hold_no_package_are_refused_and_leave_nothing_behind() {
    let house = House::open().await;
    let package = || list("1.0.0");
    let archives = [
        ("no manifest", package().without("Package.swift").archive()),
        (
            "a manifest further down",
            package()
                .without("Package.swift")
                .file("More/Package.swift", b"x")
                .archive(),
        ),
        ("no folder", zip(&[("Package.swift", &b"x"[..])])),
        (
            "two folders",
            zip(&[("a/Package.swift", &b"x"[..]), ("b/x", b"x")]),
        ),
        (
            "a way out",
            zip(&[("a/Package.swift", &b"x"[..]), ("a/../../x", b"x")]),
        ),
        (
            "a name twice",
            zip(&[("a/Package.swift", &b"x"[..]), ("a/Package.swift", b"y")]),
        ),
        ("a manifest that is no text", {
            package().file("Package.swift", b"\xff\xfe").archive()
        }),
        ("a huge manifest", {
            let manifest = vec![b' '; 1 << 20];
            package().file("Package.swift", &manifest).archive()
        }),
        ("nothing", Bytes::new()),
        ("noise", noise(5000, 1)),
        ("half an archive", {
            let archive = package().archive();
            archive.slice(..archive.len() / 2)
        }),
        ("more behind the archive", {
            [&package().archive()[..], b"more"].concat().into()
        }),
    ];
    for (what, archive) in archives {
        let form = SwiftReleaseForm::of(&archive);
        let refused = house.send("mona/LinkedList/1.0.0", &form).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text());
        assert!(problem(&refused).contains("source archive"), "{what}");
    }
    assert!(house.stored().await.is_empty());
    assert!(house.held("main", &coordinates()).await.is_empty());
    house.publish("1.0.0").await;
}

#[tokio::test]
async fn f_sw_3_u04_forms_that_contradict_themselves_leave_nothing_behind() {
    const SIGNED: &[(&str, &str)] = &[("x-swift-package-signature-format", "cms-1.0.0")];
    let house = House::open().await;
    let archive = list("1.0.0").archive();
    let form = || SwiftReleaseForm::of(&archive);
    let head = "Content-Disposition: form-data; name=\"source-archive\"";
    for (what, form, headers) in [
        (
            "no archive",
            SwiftReleaseForm::default().metadata("{}"),
            &[][..],
        ),
        ("nothing", SwiftReleaseForm::default(), &[]),
        ("two archives", form().section(head, &archive), &[]),
        ("metadata twice", form().metadata("{}").metadata("{}"), &[]),
        (
            "a signature of no format",
            form().signature("source-archive", b"x"),
            &[],
        ),
        ("a format of no signature", form(), SIGNED),
        (
            "an empty signature",
            form().signature("source-archive", b""),
            SIGNED,
        ),
        (
            "only the metadata signed",
            form().metadata("{}").signature("metadata", b"x"),
            SIGNED,
        ),
        (
            "an odd format",
            form().signature("source-archive", b"x"),
            &[("x-swift-package-signature-format", "cms 1")],
        ),
        (
            "an unknown encoding",
            SwiftReleaseForm::default().section(
                &format!("{head}\r\nContent-Transfer-Encoding: x-odd"),
                &archive,
            ),
            &[],
        ),
    ] {
        let refused = send(&house.at("main"), "mona/LinkedList/1.0.0", &form, headers).await;
        assert_eq!(refused.status, 400, "{what}: {}", refused.text());
        problem(&refused);
    }
    let large = form().signature("source-archive", &[0; 20 << 10]);
    let refused = send(&house.at("main"), "mona/LinkedList/1.0.0", &large, SIGNED).await;
    assert_eq!(refused.status, 413);
    assert!(house.stored().await.is_empty());
    assert!(house.held("main", &coordinates()).await.is_empty());
}

#[tokio::test]
async fn u07_u11_bodies_that_are_cut_or_too_large_leave_nothing_behind() {
    let house = House::open().await;
    let (content_type, body) = SwiftReleaseForm::of(&list("1.0.0").archive()).body();
    let path = "mona/LinkedList/1.0.0";
    let headers = [("content-type", content_type.as_str())];
    for cut in [0, 10, 200, body.len() / 2, body.len() - 4] {
        let begun = body.slice(..cut);
        let broken = vec![Ok(begun.clone()), Err(io::Error::other("gone"))];
        for body in [pieces(broken), full(begun)] {
            let answer = house
                .at("main")
                .ask(Method::PUT, path, &headers, body)
                .await;
            assert_eq!(answer.status, 400, "{cut}");
        }
    }
    let large = list("1.0.0").file("noise", &noise(9 << 20, 1));
    let refused = house
        .send(path, &SwiftReleaseForm::of(&large.archive()))
        .await;
    assert_eq!(refused.status, 402, "{}", refused.text());
    let announced = [headers[0], ("content-length", "99999999999")];
    let answer = house
        .at("main")
        .ask(Method::PUT, path, &announced, full(body.slice(..100)))
        .await;
    assert_eq!(answer.status, 413);
    let plain = [("content-type", "application/zip")];
    let answer = house
        .at("main")
        .ask(Method::PUT, path, &plain, full(list("1.0.0").archive()))
        .await;
    assert_eq!(answer.status, 400);
    assert!(house.stored().await.is_empty());
    assert!(house.held("main", &coordinates()).await.is_empty());
}

#[tokio::test]
async fn i05_releases_published_at_once_are_all_there() {
    let house = House::open().await;
    let versions: Vec<String> = (0..8).map(|minor| format!("1.{minor}.0")).collect();
    join_all(versions.iter().map(|version| house.publish(version))).await;
    let list = house.get("mona/LinkedList", JSON).await.json();
    assert_eq!(list["releases"].as_object().unwrap().len(), 8);
    assert_eq!(house.held("main", &coordinates()).await.len(), 8);
}

#[tokio::test]
async fn f_sw_1_versions_that_differ_in_their_build_are_one_release() {
    let house = House::open().await;
    let archive = house.publish("1.0.0+build.1").await;
    let other = SwiftReleaseForm::of(&list("1.0.0").archive());
    for version in ["1.0.0+build.2", "1.0.0"] {
        let path = format!("mona/LinkedList/{version}");
        assert_eq!(house.send(&path, &other).await.status, 409, "{version}");
    }
    for spelling in ["1.0.0+build.1", "1.0.0%2Bbuild.1", "1.0.0"] {
        let path = format!("mona/LinkedList/{spelling}");
        let release = house.get(&path, JSON).await.json();
        assert_eq!(release["version"], "1.0.0+build.1", "{spelling}");
        let zip = house.get(&format!("{path}.zip"), ZIP).await;
        assert_eq!(zip.bytes(), &archive, "{spelling}");
    }
    let list = house.get("mona/LinkedList", JSON).await.json();
    let versions: Vec<&String> = list["releases"].as_object().unwrap().keys().collect();
    assert_eq!(versions, ["1.0.0+build.1"]);
}

#[tokio::test]
async fn the_folder_in_an_archive_may_have_any_name() {
    let house = House::open().await;
    let package = SwiftPackage::new("Anything", "0").folder("checkout-of-main");
    let form = SwiftReleaseForm::of(&package.archive());
    house.publish_form("1.0.0", &form).await;
}

#[tokio::test]
async fn f_sw_1_versions_whose_addresses_would_be_those_of_others_are_refused() {
    let house = House::open().await;
    let form = SwiftReleaseForm::of(&list("1.0.0").archive());
    for (version, status) in [
        ("1.0.0-a.zip", 422),
        ("1.0.0-a.json", 422),
        ("1.0", 400),
        ("v1.0.0", 400),
        ("latest", 400),
    ] {
        let path = format!("mona/LinkedList/{version}");
        let refused = house.send(&path, &form).await;
        assert_eq!(refused.status, status, "{version}");
        problem(&refused);
    }
    assert_eq!(digests([]), house.stored().await);
}
