//! Publishing: what is accepted, what is refused, and what is left behind by either.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use formats::PackageLimits;
use http::Method;
use serde_json::{Value, json};

use crate::house::{House, Plan, digests};
use crate::packages::Release;
use crate::wire::{full, pieces};

#[tokio::test]
async fn a_publish_is_read_back_with_the_same_bytes_and_nothing_else_is_stored() {
    let house = House::private().await;
    let main = house.at("main");
    let release = Release::new("@team/widget", "1.0.0");
    let answer = main.put(&release.path(), &release.document()).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    assert_eq!(
        (&answer.json()["ok"], &answer.json()["id"]),
        (&json!(true), &json!("@team/widget"))
    );
    assert_eq!(
        main.tarball("@team/widget", "1.0.0").await.bytes(),
        &release.tarball
    );
    assert_eq!(
        house.held("main", "@team/widget").await,
        [("1.0.0".to_owned(), "main".to_owned())].into()
    );
    assert_eq!(house.stored().await, digests([&release.tarball[..]]));
}

#[tokio::test]
async fn u07_a_document_may_come_in_pieces_of_any_size() {
    let house = House::private().await;
    let main = house.at("main");
    for (patch, size) in [1, 3, 7, 1000].into_iter().enumerate() {
        let release = Release::with("widget", &format!("1.0.{patch}"), json!({}), &[b'x'; 700]);
        let text = release.document().to_string();
        let chunks = text
            .as_bytes()
            .chunks(size)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        let answer = main.ask(Method::PUT, "widget", &[], pieces(chunks)).await;
        assert_eq!(answer.status, 201, "{size}: {:?}", answer.body);
        assert_eq!(
            main.tarball("widget", &release.version).await.bytes(),
            &release.tarball
        );
    }
}

#[tokio::test]
async fn u08_the_same_bytes_again_succeed_and_other_bytes_conflict() {
    let house = House::private().await;
    let main = house.at("main");
    let release = Release::new("widget", "1.0.0");
    main.publish(&release).await;
    let before = main.get("widget").await;
    let again = main.put("widget", &release.document()).await;
    assert_eq!(again.status, 200);
    assert_eq!(main.get("widget").await.bytes(), before.bytes());
    let other = main
        .put(
            "widget",
            &Release::with("widget", "1.0.0", json!({}), b"other").document(),
        )
        .await;
    assert_eq!(other.status, 409);
    assert!(other.error().contains("1.0.0"), "{}", other.error());
    assert_eq!(house.stored().await, digests([&release.tarball[..]]));
}

#[tokio::test]
async fn u07_i05_publishes_at_the_same_time_lose_nothing_and_one_of_two_contents_wins() {
    let house = House::private().await;
    let house = &house;
    let publishes = (0..12).map(|patch| async move {
        house
            .at("main")
            .publish(&Release::new("widget", &format!("1.0.{patch}")))
            .await;
    });
    futures_util::future::join_all(publishes).await;
    assert_eq!(house.held("main", "widget").await.len(), 12);
    let rivals = (0..6_u8).map(|content| async move {
        let release = Release::with("rival", "1.0.0", json!({}), &[content]);
        (
            house
                .at("main")
                .put("rival", &release.document())
                .await
                .status,
            release.tarball,
        )
    });
    let outcomes = futures_util::future::join_all(rivals).await;
    let winners: Vec<_> = outcomes
        .iter()
        .filter(|(status, _)| *status == 201)
        .collect();
    assert_eq!(winners.len(), 1);
    assert!(
        outcomes
            .iter()
            .all(|(status, _)| matches!(status, 201 | 409))
    );
    assert_eq!(
        house.at("main").tarball("rival", "1.0.0").await.bytes(),
        &winners[0].1
    );
}

#[tokio::test]
async fn f_npm_3_u05_u06_a_document_that_lies_leaves_nothing_behind() {
    let house = House::private().await;
    let main = house.at("main");
    let release = Release::new("widget", "1.0.0");
    let attachment = "widget-1.0.0.tgz";
    type Lie = fn(&mut Value);
    let lies: [(&str, Lie); 12] = [
        ("shasum", |d| {
            d["versions"]["1.0.0"]["dist"]["shasum"] = json!("0".repeat(40));
        }),
        ("integrity", |d| {
            d["versions"]["1.0.0"]["dist"]["integrity"] =
                json!(format!("sha512-{}", STANDARD.encode([0; 64])));
        }),
        ("length", |d| {
            d["_attachments"]["widget-1.0.0.tgz"]["length"] = json!(1);
        }),
        ("name", |d| d["name"] = json!("other")),
        ("manifest name", |d| {
            d["versions"]["1.0.0"]["name"] = json!("other");
        }),
        ("dependencies", |d| {
            d["versions"]["1.0.0"]["dependencies"] = json!({ "evil": "1.0.0" });
        }),
        ("two versions", |d| d["versions"]["2.0.0"] = json!({})),
        ("a tag that is a range", |d| {
            d["dist-tags"] = json!({ "^1.0.0": "1.0.0" });
        }),
        ("a tag to another version", |d| {
            d["dist-tags"]["next"] = json!("2.0.0");
        }),
        ("garbage", |d| {
            d["_attachments"]["widget-1.0.0.tgz"]["data"] = json!("!!!!");
        }),
        ("nothing", |d| {
            d["_attachments"]["widget-1.0.0.tgz"]["data"] = json!("");
        }),
        ("two tarballs", |d| {
            d["_attachments"]["widget-2.0.0.tgz"] = d["_attachments"]["widget-1.0.0.tgz"].clone();
        }),
    ];
    for (what, lie) in lies {
        let mut document = release.document();
        assert!(document["_attachments"][attachment].is_object());
        lie(&mut document);
        let answer = main.put("widget", &document).await;
        assert_eq!(answer.status, 400, "{what}: {:?}", answer.body);
        assert!(!answer.error().is_empty());
    }
    let half = release.document()["_attachments"][attachment]["data"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut cut = release.document();
    cut["_attachments"][attachment]["data"] = json!(half[..half.len() / 2 / 4 * 4]);
    assert_eq!(main.put("widget", &cut).await.status, 400);
    assert_eq!(
        main.put("other", &release.document()).await.status,
        400,
        "the address names another package"
    );
    assert_eq!(main.get("widget").await.status, 404);
    assert_eq!(house.stored().await, Vec::<String>::new());
}

#[tokio::test]
async fn u04_a_tarball_with_another_manifest_is_refused() {
    let house = House::private().await;
    let main = house.at("main");
    let (honest, other) = (
        Release::new("widget", "1.0.0"),
        Release::new("widget", "6.6.6"),
    );
    let mut document = honest.document();
    let forged = Release {
        tarball: other.tarball.clone(),
        ..Release::new("widget", "1.0.0")
    };
    document["versions"]["1.0.0"]["dist"] = forged.document()["versions"]["1.0.0"]["dist"].clone();
    document["_attachments"] = forged.document()["_attachments"].clone();
    let answer = main.put("widget", &document).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("6.6.6"), "{}", answer.error());
    assert_eq!(house.stored().await, Vec::<String>::new());
}

#[tokio::test]
async fn f_npm_1_names_that_may_not_be_new_are_refused() {
    let house = House::private().await;
    let main = house.at("main");
    for name in [
        "_hidden",
        ".dot",
        "node_modules",
        "favicon.ico",
        "a~b",
        &"x".repeat(215),
    ] {
        let answer = main
            .put(name, &Release::new(name, "1.0.0").document())
            .await;
        assert_eq!(answer.status, 400, "{name}");
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
}

#[tokio::test]
async fn u07_an_upload_that_is_cut_leaves_nothing_and_can_be_repeated() {
    let house = House::private().await;
    let main = house.at("main");
    let release = Release::with("widget", "1.0.0", json!({}), &[b'x'; 5000]);
    let text = release.document().to_string();
    for cut in [0, 1, text.len() / 4, text.len() / 2, text.len() - 1] {
        let sent = Ok(Bytes::copy_from_slice(&text.as_bytes()[..cut]));
        let gone = Err(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(
            main.ask(Method::PUT, "widget", &[], pieces(vec![sent, gone]))
                .await
                .status,
            400,
            "{cut}"
        );
        let ended = main
            .ask(
                Method::PUT,
                "widget",
                &[],
                full(text.as_bytes()[..cut].to_vec()),
            )
            .await;
        assert_eq!(ended.status, 400, "{cut}");
    }
    assert_eq!(house.stored().await, Vec::<String>::new());
    main.publish(&release).await;
}

#[tokio::test]
async fn u11_bodies_above_the_limits_are_refused_whether_announced_or_not() {
    let limits = PackageLimits {
        publish_body_bytes: 20_000,
        document_bytes: 4_000,
    };
    let house = House::with(Plan {
        limits,
        ..Plan::default()
    })
    .await;
    house.add_repository("main", &[]).await;
    let main = house.at("main");
    let large = Release::with("widget", "1.0.0", json!({}), &random(30_000));
    let text = large.document().to_string();
    assert!(text.len() > 20_000);
    let length = text.len().to_string();
    let announced = main
        .ask(
            Method::PUT,
            "widget",
            &[("content-length", &length)],
            full(text.clone()),
        )
        .await;
    assert_eq!(announced.status, 413);
    let chunks = text
        .as_bytes()
        .chunks(1000)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    assert_eq!(
        main.ask(Method::PUT, "widget", &[], pieces(chunks))
            .await
            .status,
        413
    );
    let wordy = Release::with(
        "widget",
        "1.0.0",
        json!({ "description": "x".repeat(5_000) }),
        b"x",
    );
    assert_eq!(main.put("widget", &wordy.document()).await.status, 413);
    assert_eq!(house.stored().await, Vec::<String>::new());
    main.publish(&Release::with(
        "widget",
        "1.0.0",
        json!({}),
        &random(10_000),
    ))
    .await;
}

/// Bytes that do not compress, the same every time.
fn random(count: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

#[tokio::test]
async fn u12_documents_that_are_no_publish_are_refused() {
    let house = House::private().await;
    let main = house.at("main");
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "\"x\"",
        "{\"_attachments\":{}}",
        "{\"name\":\"widget\"}",
        "{",
        &deep,
    ] {
        let answer = main
            .ask(Method::PUT, "widget", &[], full(body.to_owned()))
            .await;
        // Without a tarball it is an edit, and there is nothing to edit.
        assert!(
            matches!(answer.status, 400 | 404),
            "{} {body:.40}",
            answer.status
        );
    }
}

#[tokio::test]
async fn a_version_that_the_public_source_has_cannot_be_published() {
    let house = House::connected().await;
    let package = testkit::fake_npm::FakePackage::new("left-pad");
    house
        .source
        .add_package(package.version(testkit::fake_npm::FakeVersion::new("1.0.0")));
    let main = house.at("main");
    let refused = main
        .put("left-pad", &Release::new("left-pad", "1.0.0").document())
        .await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);
    main.publish(&Release::new("left-pad", "1.0.1")).await;
    assert_eq!(
        house
            .held("main", "left-pad")
            .await
            .keys()
            .collect::<Vec<_>>(),
        ["1.0.1"]
    );
}

#[tokio::test]
async fn i03_a_publish_is_seen_by_every_read_that_follows() {
    let house = Arc::new(House::private().await);
    house.add_repository("team", &["main"]).await;
    for patch in 0..20 {
        let version = format!("1.0.{patch}");
        house
            .at("main")
            .publish(&Release::new("widget", &version))
            .await;
        for repository in ["main", "team"] {
            let packument = house.at(repository).packument("widget").await;
            assert_eq!(
                packument["dist-tags"]["latest"],
                version.as_str(),
                "{repository}"
            );
        }
    }
}

#[tokio::test]
async fn an_asset_above_its_quota_is_refused_and_leaves_nothing() {
    let house = House::private().await;
    let main = house.at("main");
    // Bytes that do not compress: the quota is about the tarball, and the house has 8 MiB.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take((8 << 20) + 1)
    .collect();
    let release = Release::with("widget", "1.0.0", json!({}), &noise);
    let answer = main.put(&release.path(), &release.document()).await;
    assert_eq!(answer.status, 402, "{:?}", answer.body);
    assert!(house.held("main", "widget").await.is_empty());
    assert!(house.stored().await.is_empty());
}
