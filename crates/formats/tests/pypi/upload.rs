//! Uploads: as clients send them, again, at once, cut, and wrong in every way.

use std::io;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use testkit::house::{digests, pieces};
use testkit::packages::{Distribution, noise};

use crate::files::attestation;
use crate::house::{House, coordinates, file_path, release};
use crate::upload_form::Form;

#[tokio::test]
async fn an_upload_is_seen_at_once_and_described_by_what_is_in_the_file() {
    let house = House::private().await;
    let wheel = release("Left.Pad", "1.0").wheel();
    // What the form says of the distribution is not what is shown.
    let form = Form::of(&wheel)
        .set("summary", "lies")
        .set("requires_dist", "evil");
    assert_eq!(form.send(&house).await.status, 200);
    let main = house.at("main");
    assert_eq!(main.get(&file_path(&wheel)).await.bytes(), &wheel.bytes);
    let described = main.get("left-pad/json").await.json();
    assert_eq!(described["info"]["name"], "Left.Pad");
    assert_eq!(described["info"]["summary"], "The project Left.Pad");
    assert_eq!(
        described["info"]["requires_dist"],
        json!(["Other_Thing>=1.0"])
    );
    let held = house.held("main", &coordinates("left-pad")).await;
    assert_eq!(held.get("1.0").map(String::as_str), Some("main"));
}

#[tokio::test]
async fn uploads_are_taken_at_every_address_that_people_give() {
    let house = House::private().await;
    for (at, path) in ["", "legacy/", "legacy", "simple/", "simple"]
        .into_iter()
        .enumerate()
    {
        let wheel = release("widget", &format!("{at}.0")).wheel();
        let (content_type, body) = wheel.upload_form();
        let answer = house.post(path, &content_type, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert_eq!(house.files("main", "widget").await.len(), 5);
}

#[tokio::test]
async fn u08_the_same_bytes_again_succeed_and_other_bytes_conflict() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    house.publish(&wheel).await;
    house.publish(&wheel).await;
    let stored = house.stored().await;
    let other = release("widget", "1.0").file("new.py", b"x").wheel();
    let refused = house.upload(&other).await;
    assert_eq!(refused.status, 409);
    // What twine before 6.2 and other tools look for where they skip what exists.
    assert!(
        refused
            .text()
            .to_lowercase()
            .contains("file already exists"),
        "{}",
        refused.text()
    );
    assert_eq!(house.stored().await, stored);
    assert_eq!(
        house.at("main").get(&file_path(&wheel)).await.bytes(),
        &wheel.bytes
    );
}

#[tokio::test]
async fn i05_files_of_a_version_uploaded_at_once_are_all_there() {
    let house = House::private().await;
    let release = release("widget", "1.0");
    let tags = [
        "cp39-cp39-win32",
        "cp310-cp310-win32",
        "cp311-cp311-win32",
        "cp312-cp312-win32",
    ];
    let mut files: Vec<_> = tags.iter().map(|tag| release.wheel_for(tag)).collect();
    files.push(release.sdist());
    let answers = join_all(files.iter().map(|file| house.upload(file))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(house.files("main", "widget").await.len(), 5);
    assert_eq!(house.held("main", &coordinates("widget")).await.len(), 1);
}

#[tokio::test]
async fn fields_may_come_behind_the_file() {
    let house = House::private().await;
    for file in [
        release("left-pad", "1.0").wheel(),
        release("left-pad", "1.0").sdist(),
    ] {
        let answer = Form::of(&file).file_first().send(&house).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let other = release("left-pad", "2.0").wheel();
    let lying = Form::of(&other).file_first().set("name", "right-pad");
    let lying = Form {
        parts: lying.parts[1..]
            .iter()
            .chain(&lying.parts[..1])
            .cloned()
            .collect(),
    };
    assert_eq!(lying.send(&house).await.status, 400);
}

#[tokio::test]
async fn f_py_4_u04_u05_u06_uploads_that_contradict_themselves_leave_nothing_behind() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    let good = || Form::of(&wheel);
    let named = |file: &str| {
        let mut form = good();
        form.parts.last_mut().unwrap().1 = Some(file.to_owned());
        form
    };
    let digest = &digests([&wheel.bytes[..]])[0];
    let other_file = json!([attestation("other-1.0-py3-none-any.whl", digest)]).to_string();
    let other_bytes = json!([attestation(&wheel.file_name, &"0".repeat(64))]).to_string();
    let sdist = release("widget", "1.0").sdist();
    let forms = [
        ("no action", good().without(":action")),
        ("another action", good().set(":action", "submit")),
        ("another protocol", good().set("protocol_version", "2")),
        (
            "unknown metadata version",
            good().set("metadata_version", "7.0"),
        ),
        ("no name", good().without("name")),
        ("another name", good().set("name", "gadget")),
        ("no name at all", good().set("name", "../widget")),
        ("the name twice", good().with("name", "widget")),
        ("no version", good().without("version")),
        ("another version", good().set("version", "2.0")),
        ("a version of old", good().set("version", "1.0-final")),
        ("another file type", good().set("filetype", "sdist")),
        ("no digest", good().without("sha256_digest")),
        (
            "a wrong digest",
            good().set("sha256_digest", &"0".repeat(64)),
        ),
        ("no digest in hexadecimal", good().set("sha256_digest", "!")),
        ("a wrong MD5", good().set("md5_digest", &"0".repeat(32))),
        (
            "a wrong BLAKE2",
            good().set("blake2_256_digest", &"0".repeat(64)),
        ),
        ("no file", good().without("content")),
        (
            "content that is no file",
            good().without("content").with("content", "x"),
        ),
        (
            "two files",
            good().with_file("content", &wheel.file_name, &wheel.bytes),
        ),
        (
            "another file beside",
            good().with_file("evil", "x.txt", b"x"),
        ),
        ("no attestations", good().with("attestations", "x")),
        (
            "attestations of another file",
            good().with("attestations", &other_file),
        ),
        (
            "attestations of other bytes",
            good().with("attestations", &other_bytes),
        ),
        ("a path", named("../widget-1.0-py3-none-any.whl")),
        (
            "another version in the file name",
            named("widget-2.0-py3-none-any.whl"),
        ),
        (
            "another project in the file name",
            named("gadget-1.0-py3-none-any.whl"),
        ),
        (
            "other tags in the file name",
            named("widget-1.0-cp311-cp311-win32.whl"),
        ),
        (
            "a form that is not published",
            named("widget-1.0-py2.7.egg").without("filetype"),
        ),
        ("a wheel that is an sdist", {
            let mut form = good().set("sha256_digest", &digests([&sdist.bytes[..]])[0]);
            form.parts.last_mut().unwrap().2 = sdist.bytes.to_vec();
            form
        }),
    ];
    for (what, form) in forms {
        let answer = form.send(&house).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        assert!(!answer.text().trim().is_empty(), "{what}");
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
    assert_eq!(house.at("main").get("simple/widget/").await.status, 404);
    assert_eq!(good().send(&house).await.status, 200);
}

#[tokio::test]
async fn every_digest_that_clients_send_is_taken_when_it_is_right() {
    use blake2::digest::consts::U32;
    use blake2::{Blake2b, Digest as _};
    let house = House::private().await;
    // More than one batch of hashing.
    let wheel = Distribution::new("widget", "1.0")
        .file("big.bin", &noise(3 << 20, 1))
        .wheel();
    let blake2 = hex::encode(Blake2b::<U32>::digest(&wheel.bytes)).to_uppercase();
    let form = Form::of(&wheel)
        .set("blake2_256_digest", &blake2)
        .without("sha256_digest");
    let form = form.with_file("gpg_signature", "widget.whl.asc", b"signed");
    let answer = form.send(&house).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        house.stored().await.len(),
        2,
        "the wheel and its metadata, and no signature"
    );
}

#[tokio::test]
async fn f_py_2_u03_archives_that_could_be_read_in_two_ways_are_refused() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    for bytes in [
        [&wheel.bytes[..], b"trailing"].concat(),
        [b"#!/bin/sh\n", &wheel.bytes[..]].concat(),
        wheel.bytes[..wheel.bytes.len() / 2].to_vec(),
        Vec::new(),
    ] {
        let mut form = Form::of(&wheel).set("sha256_digest", &digests([&bytes[..]])[0]);
        form.parts.last_mut().unwrap().2 = bytes;
        let answer = form.send(&house).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.text().contains("cannot be accepted"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
}

#[tokio::test]
async fn u07_an_upload_that_is_cut_leaves_nothing_and_can_be_repeated() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    let (content_type, body) = wheel.upload_form();
    let headers = [("content-type", content_type.as_str())];
    for cut in [
        0,
        1,
        body.len() / 4,
        body.len() / 2,
        body.len() - 9,
        body.len() - 3,
    ] {
        for ending in [true, false] {
            let mut chunks = vec![Ok(body.slice(..cut))];
            if !ending {
                chunks.push(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
            }
            let answer = house
                .at("main")
                .ask(Method::POST, "", &headers, pieces(chunks))
                .await;
            assert_eq!(answer.status, 400, "{cut}: {}", answer.text());
        }
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
    let small: Vec<io::Result<Bytes>> = body
        .chunks(7)
        .map(|c| Ok(Bytes::copy_from_slice(c)))
        .collect();
    let answer = house
        .at("main")
        .ask(Method::POST, "", &headers, pieces(small))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn u10_u11_forms_that_are_too_much_are_refused() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    let large = Distribution::new("widget", "1.0")
        .file("big.bin", &noise(9 << 20, 1))
        .wheel();
    let answer = house.upload(&large).await;
    assert_eq!(
        answer.status,
        402,
        "the house takes 8 MiB: {}",
        answer.text()
    );
    let huge = Form::of(&wheel).set("description", &"x".repeat(33 << 20));
    assert_eq!(huge.send(&house).await.status, 413);
    let mut many = Form::of(&wheel);
    for _ in 0..20_001 {
        many = many.with("classifiers", "x");
    }
    assert_eq!(many.send(&house).await.status, 400);
    let long = Form::of(&wheel).with(&"x".repeat(300), "x");
    assert_eq!(long.send(&house).await.status, 400);
    let json = house
        .post("", "application/json", Bytes::from_static(b"{}"))
        .await;
    assert_eq!(json.status, 400);
    assert_eq!(house.stored().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_description_of_a_megabyte_is_no_trouble() {
    let house = House::private().await;
    let text = "é".repeat(500_000);
    let wheel = Distribution::new("widget", "1.0")
        .description(&text)
        .wheel();
    house.publish(&wheel).await;
    let described = house.at("main").get("widget/json").await.json();
    assert_eq!(
        described["info"]["description"].as_str().unwrap().len(),
        1_000_000
    );
}

#[tokio::test]
async fn an_sdist_of_old_without_hyphens_replaced_is_taken() {
    let house = House::private().await;
    let mut sdist = release("left-pad", "1.0").sdist();
    sdist.file_name = "left-pad-1.0.tar.gz".into();
    house.publish(&sdist).await;
    assert_eq!(
        house.files("main", "left-pad").await,
        ["left-pad-1.0.tar.gz"]
    );
}
