//! Every MUST that the registry specification lays on a server, by section, and what it says that one SHOULD do besides.
//!
//! Not here: 3.1 (TLS is the operator's), what it asks of clients, and 4.6.3.2, which is about servers that publish later:
//! this one never answers 202.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use testkit::house::{empty, full};
use testkit::packages::SwiftReleaseForm;

use crate::house::{BASE, House, JSON, SWIFT, ZIP, links, list, problem, send};

/// A path of each address, and what it is asked for with.
const ADDRESSES: [(&str, &str); 5] = [
    ("mona/LinkedList", JSON),
    ("mona/LinkedList/1.0.0", JSON),
    ("mona/LinkedList/1.0.0/Package.swift", SWIFT),
    ("mona/LinkedList/1.0.0.zip", ZIP),
    ("identifiers?url=https://git.example/mona/LinkedList", JSON),
];

const SIGNED: &[(&str, &str)] = &[("x-swift-package-signature-format", "cms-1.0.0")];

/// A house whose `main` has one release, whose source is known.
async fn house() -> House {
    let house = House::open().await;
    let form = SwiftReleaseForm::of(&list("1.0.0").archive())
        .metadata(r#"{"repositoryURLs":["https://git.example/mona/LinkedList"]}"#);
    house.publish_form("1.0.0", &form).await;
    house
}

#[tokio::test]
async fn f_sw_2_section_3_2_requests_without_credentials_get_401() {
    let house = house().await;
    let nobody = house.at("main").with_authorization(None);
    for (path, accept) in ADDRESSES {
        let answer = nobody.get_with(path, &[("accept", accept)]).await;
        assert_eq!(answer.status, 401, "{path}");
        problem(&answer);
    }
    let login = nobody.ask(Method::POST, "login", &[], empty()).await;
    assert_eq!(login.status, 401);
    problem(&login);
}

#[tokio::test]
async fn f_sw_2_section_3_3_errors_are_problem_details() {
    let house = house().await;
    for (method, path, status) in [
        (Method::GET, "mona/Unknown", 404),
        (Method::GET, "mona/LinkedList/9.0.0", 404),
        (Method::GET, "mona/LinkedList/9.0.0.zip", 404),
        (Method::GET, "mona/LinkedList/9.0.0/Package.swift", 404),
        (Method::GET, "mona/LinkedList/latest", 400),
        (Method::GET, "mo..na/LinkedList", 400),
        (Method::GET, "nothing/of/this/kind/at/all", 404),
        (Method::GET, "identifiers", 400),
        (
            Method::GET,
            "identifiers?url=https://git.example/other",
            404,
        ),
        (Method::PUT, "mona/LinkedList/2.0.0", 400),
        (Method::DELETE, "mona/LinkedList/1.0.0", 405),
        (Method::GET, "login", 405),
    ] {
        let answer = house.at("main").ask(method, path, &[], empty()).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(!problem(&answer).is_empty(), "{path}");
    }
}

#[tokio::test]
async fn f_sw_2_section_3_5_answers_say_their_content_type_and_the_version_of_the_protocol() {
    let house = house().await;
    let content_types = [
        "application/json",
        "application/json",
        "text/x-swift",
        "application/zip",
        "application/json",
    ];
    for ((path, accept), content_type) in ADDRESSES.into_iter().zip(content_types) {
        let answer = house.get(path, accept).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("content-version"), "1", "{path}");
    }
    let etag = house.get("mona/LinkedList", JSON).await;
    let known = [("if-none-match", etag.header("etag"))];
    let same = house.at("main").get_with("mona/LinkedList", &known).await;
    assert_eq!(
        (same.status, same.header("content-version")),
        (304, "1"),
        "an answer without a body has it, too"
    );
}

#[tokio::test]
async fn f_sw_2_section_3_5_a_request_that_names_no_version_gets_the_one_there_is() {
    let house = house().await;
    for (path, _) in ADDRESSES {
        let plain = house.at("main").get(path).await;
        assert_eq!((plain.status, plain.header("content-version")), (200, "1"));
        for accept in ["*/*", "application/vnd.swift.registry"] {
            let answer = house.get(path, accept).await;
            assert_eq!(answer.status, 200, "{path} {accept}");
        }
    }
}

#[tokio::test]
async fn f_sw_2_section_3_5_versions_and_media_types_that_there_are_not_are_refused() {
    let house = house().await;
    for (path, _) in ADDRESSES {
        for (accept, status) in [
            ("application/vnd.swift.registry.v2", 400),
            ("application/vnd.swift.registry.v0+json", 400),
            ("application/vnd.swift.registry.vx+zip", 400),
            ("application/vnd.swift.registry.v1+tar", 415),
        ] {
            let answer = house.get(path, accept).await;
            assert_eq!(answer.status, status, "{path} {accept}");
            problem(&answer);
        }
    }
    let swift_for_json = house.get("mona/LinkedList", SWIFT).await;
    assert_eq!(swift_for_json.status, 406);
    problem(&swift_for_json);
    let form = SwiftReleaseForm::of(&list("2.0.0").archive());
    let (content_type, body) = form.body();
    let headers = [
        ("content-type", content_type.as_str()),
        ("accept", "application/vnd.swift.registry.v2+json"),
    ];
    let path = "mona/LinkedList/2.0.0";
    let put = house
        .at("main")
        .ask(Method::PUT, path, &headers, full(body))
        .await;
    assert_eq!(put.status, 400);
    assert_eq!(house.get(path, JSON).await.status, 404);
}

#[tokio::test]
async fn f_sw_1_section_3_6_scopes_and_names_are_case_insensitive() {
    let house = house().await;
    let one = house.get("mona/LinkedList", JSON).await;
    for other in ["MONA/LINKEDLIST", "mona/linkedlist.json", "Mona/linkedList"] {
        let answer = house.get(other, JSON).await;
        assert_eq!(
            (answer.status, answer.bytes()),
            (200, one.bytes()),
            "{other}"
        );
    }
    let again = SwiftReleaseForm::of(&list("1.0.0").file("x", b"y").archive());
    assert_eq!(
        house.send("MONA/linkedlist/1.0.0", &again).await.status,
        409
    );
}

#[tokio::test]
async fn section_4_all_endpoints_respond_also_to_head() {
    let house = house().await;
    for (path, accept) in ADDRESSES {
        let headers = [("accept", accept)];
        let head = house
            .at("main")
            .ask(Method::HEAD, path, &headers, empty())
            .await;
        assert_eq!((head.status, head.bytes().len()), (200, 0), "{path}");
        let options = house
            .at("main")
            .ask(Method::OPTIONS, path, &headers, empty())
            .await;
        assert_eq!(options.status, 204, "{path}");
        assert!(options.header("allow").contains("GET"), "{path}");
    }
}

#[tokio::test]
async fn section_4_1_releases_are_an_object_under_that_key_the_highest_precedence_first() {
    let house = House::open().await;
    let versions = ["1.9.0", "2.0.0-beta.1", "1.10.0", "1.10.0-rc.1"];
    for version in versions {
        house.publish(version).await;
    }
    let answer = house.get("mona/LinkedList", JSON).await;
    let text = answer.text();
    let places = ["2.0.0-beta.1", "1.10.0", "1.10.0-rc.1", "1.9.0"]
        .map(|version| text.find(&format!("\"{version}\":")).unwrap());
    assert!(places.is_sorted(), "{text}");
    let list = answer.json();
    assert_eq!(list["releases"].as_object().unwrap().len(), 4);
    assert_eq!(
        list["releases"]["1.9.0"],
        json!({ "url": format!("{BASE}mona/linkedlist/1.9.0") })
    );
    assert_eq!(
        links(&answer),
        [format!(
            "<{BASE}mona/linkedlist/2.0.0-beta.1>; rel=\"latest-version\""
        )]
    );
}

#[tokio::test]
async fn section_4_2_1_a_release_has_one_resource_with_its_checksum() {
    let house = House::open().await;
    let archive = house.publish("1.0.0").await;
    let answer = house.get("mona/LinkedList/1.0.0", JSON).await;
    let checksum = hex::encode(Sha256::digest(&archive));
    assert_eq!(
        answer.json(),
        json!({
            "id": "mona.LinkedList",
            "version": "1.0.0",
            "resources": [
                { "name": "source-archive", "type": "application/zip", "checksum": checksum },
            ],
            "metadata": {},
            "publishedAt": "2023-11-14T22:13:20Z",
        })
    );
    let with_ending = house.get("mona/LinkedList/1.0.0.json", JSON).await;
    assert_eq!(with_ending.bytes(), answer.bytes());
}

#[tokio::test]
async fn f_sw_3_section_4_3_every_manifest_for_a_version_of_swift_is_a_link() {
    let house = House::open().await;
    let package = list("1.0.0")
        .file("Package@swift-5.10.swift", b"// swift-tools-version:5.10\n")
        .file("Package@swift-6.swift", b"// swift-tools-version: 6.0\n")
        .file("Package@swift-4.2.1.swift", b"// swift-tools-version:4.2\n");
    house
        .publish_form("1.0.0", &SwiftReleaseForm::of(&package.archive()))
        .await;
    let path = "mona/LinkedList/1.0.0/Package.swift";
    let answer = house.get(path, SWIFT).await;
    let link = |version: &str, tools: &str| {
        format!(
            "<{BASE}mona/linkedlist/1.0.0/Package.swift?swift-version={version}>; rel=\"alternate\"; \
             filename=\"Package@swift-{version}.swift\"; swift-tools-version=\"{tools}\""
        )
    };
    assert_eq!(
        links(&answer),
        [link("4.2.1", "4.2"), link("5.10", "5.10"), link("6", "6.0")]
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"Package.swift\""
    );
    let length = answer.bytes().len().to_string();
    assert_eq!(answer.header("content-length"), length);
}

#[tokio::test]
async fn section_4_4_an_archive_comes_with_its_length_its_name_and_its_digest() {
    let house = House::open().await;
    let archive = house.publish("1.0.0").await;
    let answer = house.get("mona/LinkedList/1.0.0.zip", ZIP).await;
    assert_eq!((answer.status, answer.bytes()), (200, &archive));
    assert_eq!(answer.header("content-length"), archive.len().to_string());
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"LinkedList-1.0.0.zip\""
    );
    let digest = STANDARD.encode(Sha256::digest(&archive));
    assert_eq!(answer.header("digest"), format!("sha-256={digest}"));
    for unsigned in [
        "x-swift-package-signature",
        "x-swift-package-signature-format",
    ] {
        assert_eq!(answer.header(unsigned), "");
    }
}

#[tokio::test]
async fn section_4_4_a_signed_release_comes_with_its_signature() {
    let house = House::open().await;
    let archive = list("1.0.0").archive();
    let form = SwiftReleaseForm::of(&archive)
        .signature("source-archive", b"\x30\x80signed")
        .metadata("{}")
        .signature("metadata", b"\x30\x80also signed");
    let path = "mona/LinkedList/1.0.0";
    let answer = send(&house.at("main"), path, &form, SIGNED).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let signature = STANDARD.encode(b"\x30\x80signed");
    for range in [&[][..], &[("range", "bytes=0-3")]] {
        let zip = house
            .at("main")
            .get_with("mona/LinkedList/1.0.0.zip", range)
            .await;
        assert_eq!(zip.header("x-swift-package-signature"), signature);
        let format = zip.header("x-swift-package-signature-format");
        assert_eq!(format, "cms-1.0.0");
    }
    let release = house.get(path, JSON).await.json();
    assert_eq!(
        release["resources"][0]["signing"],
        json!({ "signatureBase64Encoded": signature, "signatureFormat": "cms-1.0.0" })
    );
}

#[tokio::test]
async fn f_sw_4_section_4_5_identifiers_are_an_array_under_that_key() {
    let house = house().await;
    let url = "identifiers?url=https://git.example/mona/LinkedList";
    let found = house.get(url, JSON).await;
    assert_eq!(found.json(), json!({ "identifiers": ["mona.LinkedList"] }));
}

#[tokio::test]
async fn u08_section_4_6_what_was_published_never_changes() {
    let house = House::open().await;
    let archive = house.publish("1.0.0").await;
    let stored = house.stored().await;
    let other = list("1.0.0").file("x", b"y").archive();
    let more = SwiftReleaseForm::of(&archive).metadata(r#"{"description":"x"}"#);
    let signed = SwiftReleaseForm::of(&archive).signature("source-archive", b"\x30");
    let path = "mona/LinkedList/1.0.0";
    for (form, headers) in [
        (SwiftReleaseForm::of(&other), &[][..]),
        (more, &[]),
        (signed, SIGNED),
    ] {
        let refused = send(&house.at("main"), path, &form, headers).await;
        assert_eq!(refused.status, 409);
        assert!(problem(&refused).contains("already exists"));
    }
    let kept = house.get("mona/LinkedList/1.0.0.zip", ZIP).await;
    assert_eq!(kept.bytes(), &archive);
    assert_eq!(house.get(path, JSON).await.json()["metadata"], json!({}));
    assert_eq!(house.stored().await, stored);
    // Who did not hear that it was done may ask again.
    house.publish("1.0.0").await;
}

#[tokio::test]
async fn u12_section_4_6_2_metadata_is_that_of_the_schema() {
    let house = House::open().await;
    let metadata = json!({
        "author": { "name": "Mona Lisa", "organization": { "name": "Octo" } },
        "description": "One thing links to another.",
        "licenseURL": "https://example.com/LICENSE",
        "originalPublicationTime": "2020-01-01T00:00:00Z",
        "repositoryURLs": ["https://git.example/mona/LinkedList", "git@git.example:mona/LinkedList.git"],
    });
    let archive = list("1.0.0").archive();
    let form = SwiftReleaseForm::of(&archive).metadata(&metadata.to_string());
    house.publish_form("1.0.0", &form).await;
    let release = house.get("mona/LinkedList/1.0.0", JSON).await.json();
    assert_eq!(release["metadata"], metadata);
    let stored = house.stored().await;
    for bad in ["", "[]", "{", r#"{"author":{}}"#, r#"{"description":[]}"#] {
        let form = SwiftReleaseForm::of(&archive).metadata(bad);
        let refused = house.send("mona/LinkedList/2.0.0", &form).await;
        assert_eq!(refused.status, 422, "{bad}");
        assert!(problem(&refused).contains("metadata"), "{bad}");
    }
    let large = format!("{{\"description\":\"{}\"}}", "x".repeat(64 << 10));
    let form = SwiftReleaseForm::of(&archive).metadata(&large);
    let refused = house.send("mona/LinkedList/2.0.0", &form).await;
    assert_eq!(refused.status, 413);
    problem(&refused);
    assert_eq!(house.stored().await, stored);
}

#[tokio::test]
async fn section_4_6_3_1_publishing_is_done_when_201_comes() {
    let house = House::open().await;
    let form = SwiftReleaseForm::of(&list("1.0.0").archive());
    let path = "mona/LinkedList/1.0.0";
    for _ in 0..2 {
        let answer = house.send(path, &form).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("content-version"), "1");
        let location = answer.header("location");
        assert_eq!(location, format!("{BASE}mona/linkedlist/1.0.0"));
        let path = location.strip_prefix(BASE).unwrap();
        assert_eq!(house.get(path, JSON).await.status, 200);
    }
}
