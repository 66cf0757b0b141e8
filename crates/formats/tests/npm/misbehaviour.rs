//! Sources that lie, stall, break off, or never end.

use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use testkit::fake_npm::{Behaviour, FakePackage, FakeVersion};

use crate::house::{House, digests};

const DOCUMENT: &str = "/left-pad";
const TARBALL: &str = "/left-pad/-/left-pad-1.0.0.tgz";

async fn house() -> House {
    let house = House::connected().await;
    house.source.add_package(
        FakePackage::new("left-pad").version(FakeVersion::new("1.0.0").file("x", &noise(100_000))),
    );
    house
}

/// Bytes that do not compress.
fn noise(count: u32) -> Vec<u8> {
    (0..count)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect()
}

/// That the source is well again, and so are we.
async fn recovers(house: &House) {
    house.source.clear_behaviours();
    let answer = house.at("main").tarball("left-pad", "1.0.0").await;
    assert_eq!(
        answer.body.as_ref().ok(),
        house.source.tarball("left-pad", "1.0.0").as_ref(),
        "{}",
        answer.status
    );
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    let document = house.source_document("left-pad").await;
    assert_eq!(
        house.stored().await,
        digests([answer.bytes(), &document[..]])
    );
}

#[tokio::test]
async fn x06_x07_bytes_that_are_wrong_or_cut_are_never_a_whole_answer_and_never_kept() {
    for behaviour in [
        Behaviour::WrongBytes,
        Behaviour::CutShort {
            after_bytes: 50_000,
        },
        Behaviour::NoLengthCut {
            after_bytes: 50_000,
        },
        Behaviour::EndlessBody,
        Behaviour::CutShort { after_bytes: 0 },
    ] {
        let house = house().await;
        house.source.set_behaviour(TARBALL, behaviour.clone());
        let answer = house.at("main").tarball("left-pad", "1.0.0").await;
        assert!(
            answer.status >= 500 || answer.body.is_err(),
            "{behaviour:?}: {} {:?}",
            answer.status,
            answer.body
        );
        assert!(
            house.held("main", "left-pad").await.is_empty(),
            "{behaviour:?}"
        );
        let document = house.source_document("left-pad").await;
        assert_eq!(
            house.stored().await,
            digests([&document[..]]),
            "{behaviour:?}"
        );
        recovers(&house).await;
    }
}

#[tokio::test]
async fn x07_the_last_byte_of_wrong_bytes_is_held_back() {
    let house = house().await;
    house.source.set_behaviour(TARBALL, Behaviour::WrongBytes);
    let size_bytes = house.source.tarball("left-pad", "1.0.0").unwrap().len();
    let request = http::Request::get(format!("/npm/d/acme-{}/main{TARBALL}", crate::house::OWNER))
        .header("authorization", format!("Bearer {}", house.token))
        .body(crate::wire::empty())
        .unwrap();
    let mut body = house.endpoints.handle(request).await.into_body();
    let mut received_bytes = 0;
    let failed = loop {
        match body.frame().await {
            Some(Ok(frame)) => received_bytes += frame.into_data().map_or(0, |data| data.len()),
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(failed, "the connection is cut");
    assert!(
        received_bytes < size_bytes,
        "{received_bytes} of {size_bytes}"
    );
}

#[tokio::test]
async fn x10_statuses_of_a_source_are_told_apart() {
    for (status, expected) in [
        (404, 404),
        (410, 404),
        (401, 502),
        (403, 502),
        (429, 503),
        (500, 502),
        (503, 502),
        (418, 502),
    ] {
        for path in [DOCUMENT, TARBALL] {
            let house = house().await;
            house.source.set_behaviour(path, Behaviour::Status(status));
            let answer = house.at("main").get(&path[1..]).await;
            assert_eq!(
                answer.status, expected,
                "{status} for {path}: {:?}",
                answer.body
            );
            assert!(
                !answer.error().contains(house.source.base_url()),
                "x20: addresses of sources stay inside"
            );
            if status != 404 && status != 410 {
                house.clock.advance(120_000);
                recovers(&house).await;
            }
        }
    }
}

#[tokio::test]
async fn x10_a_source_that_asks_for_patience_is_quoted() {
    let house = house().await;
    house.source.set_behaviour(
        DOCUMENT,
        Behaviour::StatusWithRetryAfter {
            status: 429,
            seconds: 17,
        },
    );
    let answer = house.at("main").get("left-pad").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "17"));
}

#[tokio::test]
async fn x10_an_absence_is_remembered_for_a_while() {
    let house = house().await;
    let main = house.at("main");
    for _ in 0..5 {
        assert_eq!(main.get("absent").await.status, 404);
        assert_eq!(main.tarball("absent", "1.0.0").await.status, 404);
    }
    assert_eq!(house.source.requests("/absent"), 1);
    house.clock.advance(61_000);
    assert_eq!(main.get("absent").await.status, 404);
    assert_eq!(house.source.requests("/absent"), 2);
}

#[tokio::test]
async fn x06_x09_documents_that_are_none_are_refused() {
    for behaviour in [
        Behaviour::HtmlLogin,
        Behaviour::EmptyBody,
        Behaviour::EndlessBody,
        Behaviour::EndlessHeaders,
        Behaviour::CutShort { after_bytes: 100 },
        Behaviour::NoLengthCut { after_bytes: 100 },
        Behaviour::WrongBytes,
        Behaviour::RedirectLoop,
        Behaviour::RedirectTo("ftp://files.example/x".into()),
        Behaviour::GzipBomb {
            decoded_bytes: 64 << 20,
        },
    ] {
        let house = house().await;
        house.source.set_behaviour(DOCUMENT, behaviour.clone());
        let answer = house.at("main").get("left-pad").await;
        assert!(
            matches!(answer.status, 502 | 503),
            "{behaviour:?}: {} {:?}",
            answer.status,
            answer.body
        );
        recovers(&house).await;
    }
}

#[tokio::test]
async fn x06_a_source_that_stalls_is_given_up() {
    for path in [DOCUMENT, TARBALL] {
        let house = house().await;
        house.source.set_behaviour(
            path,
            Behaviour::Slow {
                first_byte_ms: 60_000,
            },
        );
        let answer = house.at("main").get(&path[1..]).await;
        assert!(
            matches!(answer.status, 502 | 503),
            "{path}: {}",
            answer.status
        );
        recovers(&house).await;
    }
}

#[tokio::test]
async fn a_slow_but_honest_source_is_waited_for() {
    let house = house().await;
    house
        .source
        .set_behaviour("*", Behaviour::Slow { first_byte_ms: 300 });
    assert_eq!(
        house.at("main").tarball("left-pad", "1.0.0").await.status,
        200
    );
    recovers(&house).await;
}

#[tokio::test]
async fn x14_a_failure_reaches_all_fifty_and_the_next_may_try_again() {
    let house = house().await;
    house
        .source
        .set_behaviour(DOCUMENT, Behaviour::Sequence(vec![Behaviour::Hold]));
    let main = house.at("main");
    let clients = join_all((0..50).map(|_| main.get("left-pad")));
    let failing = async {
        house.source.wait_until_held(1).await;
        house.source.remove_package("left-pad");
        house.source.set_behaviour(DOCUMENT, Behaviour::Status(500));
        house.source.release();
    };
    let (answers, ()) = tokio::join!(clients, failing);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == answers[0].status && answer.status >= 400),
        "all the same"
    );
    assert_eq!(house.source.requests(DOCUMENT), 1);
}

#[tokio::test]
async fn x14_a_wrong_tarball_fails_for_all_who_wait_for_it() {
    let house = house().await;
    house.at("main").packument("left-pad").await;
    house.source.set_behaviour(TARBALL, Behaviour::WrongBytes);
    let main = house.at("main");
    let answers = join_all((0..50).map(|_| main.tarball("left-pad", "1.0.0"))).await;
    for answer in &answers {
        assert!(
            answer.status >= 500 || answer.body.is_err(),
            "{}",
            answer.status
        );
    }
    recovers(&house).await;
}

#[tokio::test]
async fn x08_bytes_that_change_at_the_source_do_not_change_here() {
    let house = house().await;
    let main = house.at("main");
    let first = main.tarball("left-pad", "1.0.0").await.bytes().clone();
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    house.source.add_package(
        FakePackage::new("left-pad").version(FakeVersion::new("1.0.0").file("x", b"other")),
    );
    house.clock.advance(crate::house::FRESHNESS_MS + 1);
    for _ in 0..3 {
        let integrity =
            main.packument("left-pad").await["versions"]["1.0.0"]["dist"]["integrity"].clone();
        assert_eq!(main.tarball("left-pad", "1.0.0").await.bytes(), &first);
        use base64::Engine as _;
        use sha2::Digest as _;
        let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha512::digest(&first));
        assert_eq!(integrity, format!("sha512-{digest}"));
    }
}

#[tokio::test]
async fn versions_without_digests_are_pulled_and_get_digests() {
    let house = House::connected().await;
    house.source.add_package(
        FakePackage::new("ancient").version(FakeVersion::new("0.0.1").without_digests()),
    );
    let main = house.at("main");
    assert_eq!(
        main.packument("ancient").await["versions"]["0.0.1"]["dist"].get("integrity"),
        None
    );
    assert_eq!(main.tarball("ancient", "0.0.1").await.status, 200);
    house.wait_until_held("main", "ancient", &["0.0.1"]).await;
}
