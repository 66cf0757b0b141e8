//! Requests that are meant to cost more than they may.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;

use crate::house::House;
use crate::packages::Release;

/// A release whose tarball is something else.
fn with_tarball(tarball: Vec<u8>) -> Release {
    Release {
        tarball: tarball.into(),
        ..Release::new("widget", "1.0.0")
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn u02_u16_tarballs_that_are_none_leave_nothing_behind() {
    let house = House::private().await;
    let main = house.at("main");
    let mut cut = Release::new("widget", "1.0.0").tarball.to_vec();
    cut.truncate(cut.len() / 2);
    let doubled = [&Release::new("widget", "1.0.0").tarball[..], b"trailing"].concat();
    for tarball in [
        gzip(&vec![0; 100 << 20]),
        gzip(b""),
        b"plain".to_vec(),
        gzip(&[1; 700]),
        cut,
        doubled,
    ] {
        let answer = main.put("widget", &with_tarball(tarball).document()).await;
        assert_eq!(answer.status, 400, "{:?}", answer.body);
        assert!(answer.error().contains("tarball"), "{}", answer.error());
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
    assert_eq!(main.get("widget").await.status, 404);
}

#[tokio::test]
async fn x15_a_flood_of_names_that_are_not_there_makes_one_request_each() {
    let house = House::connected().await;
    let main = house.at("main");
    for round in 0..2 {
        for number in 0..100 {
            assert_eq!(
                main.get(&format!("absent-{number}")).await.status,
                404,
                "{round}"
            );
        }
    }
    assert_eq!(house.source.requests_total(), 100);
}

#[tokio::test]
async fn u15_u17_odd_text_in_manifests_is_data() {
    let house = House::private().await;
    let main = house.at("main");
    let many: serde_json::Map<_, _> = (0..5000)
        .map(|n| (format!("dep-{n}"), json!("*")))
        .collect();
    let members = json!({
        "description": "a\r\nSet-Cookie: x=y\u{202e}<script>alert(1)</script>\u{1b}[31m",
        "homepage": "javascript:alert(1)",
        "dependencies": many,
        "widget": { "nested": [1.50, [{}]] },
    });
    let release = Release::with("widget", "1.0.0", members.clone(), b"x");
    main.publish(&release).await;
    let answer = main.get("widget").await;
    let version = &answer.json()["versions"]["1.0.0"];
    for member in ["description", "homepage", "dependencies", "widget"] {
        assert_eq!(version[member], members[member], "{member}");
    }
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn bodies_of_tag_requests_are_small() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let large = Bytes::from(vec![b'"'; 100_000]);
    let answer = house
        .at("main")
        .ask(
            http::Method::PUT,
            "-/package/widget/dist-tags/next",
            &[],
            crate::wire::full(large),
        )
        .await;
    assert_eq!(answer.status, 413);
}
