//! Pulling through: what is asked of the source, how often, and what is kept.

use bytes::Bytes;
use futures_util::future::join_all;
use testkit::fake_npm::{Behaviour, FakePackage, FakeVersion};

use crate::house::{FRESHNESS_MS, House, digests};
use crate::packages::Release;

fn left_pad() -> FakePackage {
    FakePackage::new("left-pad")
        .version(FakeVersion::new("1.0.0"))
        .version(FakeVersion::new("1.1.0").file("x", &[7; 200_000]))
}

const TARBALL: &str = "/left-pad/-/left-pad-1.1.0.tgz";

#[tokio::test]
async fn fifty_clients_make_one_fetch_of_a_document_and_one_of_a_tarball() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    house.source.set_behaviour("/left-pad", Behaviour::Hold);
    let main = house.at("main");
    let clients = join_all((0..50).map(|_| main.get("left-pad")));
    let release = async {
        house.source.wait_until_held(1).await;
        house.source.release();
    };
    let (answers, ()) = tokio::join!(clients, release);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.bytes() == answers[0].bytes())
    );
    assert_eq!(house.source.requests("/left-pad"), 1);

    house.source.set_behaviour(
        TARBALL,
        Behaviour::Drip {
            bytes: 50_000,
            every_ms: 20,
        },
    );
    let expected = house.source.tarball("left-pad", "1.1.0").unwrap();
    let answers = join_all((0..50).map(|_| main.tarball("left-pad", "1.1.0"))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && *answer.bytes() == expected)
    );
    assert_eq!(house.source.requests(TARBALL), 1);
    house.wait_until_held("main", "left-pad", &["1.1.0"]).await;
    house.source.clear_behaviours();
    let document = house.source_document("left-pad").await;
    assert_eq!(house.stored().await, digests([&expected[..], &document]));
}

#[tokio::test]
async fn a_second_read_asks_the_source_for_nothing() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    let first = main.get("left-pad").await;
    let tarball = main.tarball("left-pad", "1.1.0").await;
    house.wait_until_held("main", "left-pad", &["1.1.0"]).await;
    house.source.forget_requests();
    let again = main.tarball("left-pad", "1.1.0").await;
    assert_eq!(again.bytes(), tarball.bytes());
    assert_eq!(
        again.header("etag").len(),
        66,
        "held now, so its digest is known"
    );
    assert_eq!(main.get("left-pad").await.bytes(), first.bytes());
    assert_eq!(house.source.requests_total(), 0);
}

#[tokio::test]
async fn x14_a_client_that_goes_away_harms_no_other_and_loses_no_bytes() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    house.source.set_behaviour(TARBALL, Behaviour::Hold);
    let main = house.at("main");
    let mut impatient = Box::pin(main.tarball("left-pad", "1.1.0"));
    tokio::select! {
        _ = &mut impatient => panic!("it is held"),
        () = house.source.wait_until_held(1) => {}
    }
    drop(impatient);
    house.source.release();
    house.wait_until_held("main", "left-pad", &["1.1.0"]).await;
    assert_eq!(
        main.tarball("left-pad", "1.1.0").await.bytes(),
        &house.source.tarball("left-pad", "1.1.0").unwrap()
    );
    assert_eq!(house.source.requests(TARBALL), 1);
}

#[tokio::test]
async fn a_cold_pull_streams_with_its_length_and_can_be_asked_for_in_part() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    let expected: Bytes = house.source.tarball("left-pad", "1.1.0").unwrap();
    let part = main
        .get_with(&TARBALL[1..], &[("range", "bytes=10-19")])
        .await;
    assert_eq!((part.status, &part.bytes()[..]), (206, &expected[10..20]));
    house.wait_until_held("main", "left-pad", &["1.1.0"]).await;
    let whole = main.get(&TARBALL[1..]).await;
    assert_eq!(
        (whole.header("content-length"), whole.bytes()),
        (expected.len().to_string().as_str(), &expected)
    );
    assert_eq!(house.source.requests(TARBALL), 1);
}

#[tokio::test]
async fn i08_a_head_request_stores_nothing() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    let head = main.head(&TARBALL[1..]).await;
    assert_eq!((head.status, head.bytes().len()), (200, 0));
    assert_eq!(house.source.requests(TARBALL), 0);
    assert!(house.held("main", "left-pad").await.is_empty());
    let document = house.source_document("left-pad").await;
    assert_eq!(
        house.stored().await,
        digests([&document[..]]),
        "only the index, which had to be read"
    );
}

#[tokio::test]
async fn what_was_pulled_is_served_when_the_source_is_gone() {
    let mut house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    let document = main.get("left-pad").await.bytes().clone();
    let tarball = main.tarball("left-pad", "1.1.0").await.bytes().clone();
    house.wait_until_held("main", "left-pad", &["1.1.0"]).await;
    let source = std::sync::Arc::get_mut(&mut house.source);
    source.unwrap().shutdown().await;
    house.clock.advance(FRESHNESS_MS + 1);
    let main = house.at("main");
    assert_eq!(
        main.get("left-pad").await.bytes(),
        &document,
        "stale rather than nothing"
    );
    assert_eq!(main.tarball("left-pad", "1.1.0").await.bytes(), &tarball);
    let missing = main.tarball("left-pad", "1.0.0").await;
    assert!(matches!(missing.status, 502 | 503), "{}", missing.status);
    assert!(
        missing.error().contains("public:npmjs"),
        "{}",
        missing.error()
    );
    assert!(matches!(main.get("never-seen").await.status, 502 | 503));
}

#[tokio::test]
async fn an_old_document_is_revalidated_behind_the_answer() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    main.packument("left-pad").await;
    house.clock.advance(FRESHNESS_MS + 1);
    main.packument("left-pad").await;
    for _ in 0..500 {
        if house.source.requests("/left-pad") == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let log = house.source.request_log();
    assert_eq!(log.len(), 2);
    assert!(
        log[1].header("if-none-match").is_some(),
        "asked whether it changed"
    );
    assert_eq!(log[1].header("authorization"), None);
    main.packument("left-pad").await;
    assert_eq!(house.source.requests("/left-pad"), 2, "fresh again");
}

#[tokio::test]
async fn a_new_public_version_appears_after_the_document_is_refreshed() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    main.packument("left-pad").await;
    house
        .source
        .add_package(left_pad().version(FakeVersion::new("2.0.0")));
    house.clock.advance(FRESHNESS_MS + 1);
    for _ in 0..500 {
        if main.packument("left-pad").await["dist-tags"]["latest"] == "2.0.0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the new version never appeared");
}

#[tokio::test]
async fn x05_nothing_of_the_caller_travels_to_the_source() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let headers = [
        ("cookie", "a=b"),
        ("x-forwarded-for", "10.0.0.1"),
        ("user-agent", "secret-agent"),
        ("npm-session", "abc"),
    ];
    let main = house.at("main");
    main.get_with("left-pad", &headers).await;
    main.get_with(&TARBALL[1..], &headers).await;
    let log = house.source.request_log();
    assert_eq!(log.len(), 2);
    for request in log {
        for (name, value) in headers {
            assert_ne!(request.header(name), Some(value), "{name}");
        }
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn x11_a_source_whose_index_points_elsewhere_is_asked_at_its_own_address() {
    let house = House::connected().await;
    house
        .source
        .add_package(left_pad().tarball_base("https://files.example/store/"));
    let main = house.at("main");
    assert_eq!(
        main.tarball("left-pad", "1.1.0").await.bytes(),
        &house.source.tarball("left-pad", "1.1.0").unwrap()
    );
    assert_eq!(house.source.requests(TARBALL), 1);
}

#[tokio::test]
async fn scoped_packages_are_pulled_like_others() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("@types/node").version(FakeVersion::new("20.0.0")));
    let main = house.at("main");
    assert_eq!(main.packument("@types/node").await["name"], "@types/node");
    let expected = house.source.tarball("@types/node", "20.0.0").unwrap();
    assert_eq!(
        main.tarball("@types/node", "20.0.0").await.bytes(),
        &expected
    );
    house
        .wait_until_held("main", "@types/node", &["20.0.0"])
        .await;
    assert_eq!(
        house.held("main", "@types/node").await["20.0.0"],
        "public:npmjs"
    );
}

#[tokio::test]
async fn a_package_can_be_published_beside_what_was_pulled_only_under_its_own_rules() {
    let house = House::connected().await;
    house.source.add_package(left_pad());
    let main = house.at("main");
    main.tarball("left-pad", "1.0.0").await;
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    let refused = main
        .put("left-pad", &Release::new("left-pad", "9.0.0").document())
        .await;
    assert_eq!(refused.status, 409, "its first arrival was from outside");
    assert!(
        refused.error().contains("origin controls"),
        "{}",
        refused.error()
    );
}
