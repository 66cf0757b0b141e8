//! Pulling through: what is asked of the source, how often, and what is kept.

use futures_util::future::join_all;
use testkit::fake_source::Behaviour;
use testkit::house::FRESHNESS_MS;

use crate::ecosystems::{Connected, LATER_MS, Pulled};

const NAME: &str = "left-pad";

pub(crate) async fn a_second_read_asks_the_source_for_nothing<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0", "2.0.0"]);
    let index = E::at(&world.house, "main").get(&E::index_path(NAME)).await;
    assert_eq!(E::versions_of(&index).len(), 2);
    let bytes = world.pull("main", NAME, "1.0.0").await;
    assert_eq!(bytes, E::bytes_at_source(&world.source, NAME, "1.0.0"));
    assert_eq!(world.source.requests(&E::source_asset(NAME, "1.0.0")), 1);
    world.source.forget_requests();
    let main = E::at(&world.house, "main");
    assert_eq!(world.fetch("main", NAME, "1.0.0").await.bytes(), &bytes);
    let again = main.get(&E::index_path(NAME)).await;
    assert_eq!(again.bytes(), index.bytes(), "retaining changes no index");
    for path in [E::source_asset(NAME, "1.0.0"), E::source_index(NAME)] {
        assert_eq!(world.source.requests(&path), 0, "{path}");
    }
}

pub(crate) async fn x14_fifty_clients_make_one_fetch<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let main = E::at(&world.house, "main");
    for (source_path, path) in [
        (E::source_index(NAME), E::index_path(NAME)),
        (E::source_asset(NAME, "1.0.0"), E::asset_path(NAME, "1.0.0")),
    ] {
        world.source.set_behaviour(&source_path, Behaviour::Hold);
        let clients = join_all((0..50).map(|_| main.get(&path)));
        let release = async {
            world.source.wait_until_held(1).await;
            world.source.release();
        };
        let (answers, ()) = tokio::join!(clients, release);
        for answer in &answers {
            assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
            assert_eq!(answer.bytes(), answers[0].bytes(), "{path}");
        }
        assert_eq!(world.source.requests(&source_path), 1, "{path}");
    }
    let package = E::coordinates(NAME);
    world
        .house
        .wait_until_held("main", &package, &["1.0.0"])
        .await;
}

pub(crate) async fn x14_a_failure_reaches_all_fifty_and_the_next_may_try_again<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let main = E::at(&world.house, "main");
    for (source_path, path) in [
        (E::source_index(NAME), E::index_path(NAME)),
        (E::source_asset(NAME, "1.0.0"), E::asset_path(NAME, "1.0.0")),
    ] {
        let failure = Behaviour::HoldThen(Box::new(Behaviour::Status(500)));
        world.source.set_behaviour(&source_path, failure);
        let clients = join_all((0..50).map(|_| main.get(&path)));
        let release = async {
            world.source.wait_until_held(1).await;
            // Who comes after those who waited is answered at once.
            world
                .source
                .set_behaviour(&source_path, Behaviour::Status(500));
            world.source.release();
        };
        let (answers, ()) = tokio::join!(clients, release);
        for answer in &answers {
            assert!(matches!(answer.status, 502 | 503), "{}", answer.status);
        }
        // Who comes when those who waited have been told may ask again, once more for all who do.
        let asked = world.source.requests(&source_path);
        assert!(asked < 5, "{path}: asked {asked} times");
        world.source.clear_behaviours();
        world.house.clock.advance(2 * FRESHNESS_MS);
        let next = main.get(&path).await;
        assert_eq!(next.status, 200, "{path}: {:?}", next.body);
    }
}

pub(crate) async fn x14_a_client_that_goes_away_harms_no_other_and_loses_no_bytes<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let source_path = E::source_asset(NAME, "1.0.0");
    world.source.set_behaviour(&source_path, Behaviour::Hold);
    let main = E::at(&world.house, "main");
    let path = E::asset_path(NAME, "1.0.0");
    let mut impatient = Box::pin(main.get(&path));
    tokio::select! {
        _ = &mut impatient => panic!("it is held"),
        () = world.source.wait_until_held(1) => {}
    }
    drop(impatient);
    world.source.clear_behaviours();
    world.source.release();
    let package = E::coordinates(NAME);
    world
        .house
        .wait_until_held("main", &package, &["1.0.0"])
        .await;
    let bytes = E::bytes_at_source(&world.source, NAME, "1.0.0");
    assert_eq!(main.get(&path).await.bytes(), &bytes);
    assert_eq!(world.source.requests(&source_path), 1);
}

pub(crate) async fn an_old_index_is_revalidated_and_a_new_public_version_appears<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let index = E::source_index(NAME);
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    world.house.clock.advance(LATER_MS);
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    // What is asked behind the answer has ended before the clock moves again.
    world.house.catalog.settle().await;
    let log = world.source.request_log();
    let asked: Vec<_> = log.iter().filter(|request| request.path == index).collect();
    assert_eq!(asked.len(), 2);
    let conditions = ["if-none-match", "if-modified-since"];
    assert!(
        conditions
            .iter()
            .any(|name| asked[1].header(name).is_some()),
        "asked whether it changed: {:?}",
        asked[1].headers
    );
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    world.house.catalog.settle().await;
    assert_eq!(world.source.requests(&index), 2, "fresh again");

    world.show(NAME, &["1.0.0", "2.0.0"]);
    world.house.clock.advance(LATER_MS);
    world.listed("main", NAME).await;
    world.house.catalog.settle().await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    let bytes = E::bytes_at_source(&world.source, NAME, "2.0.0");
    assert_eq!(world.fetch("main", NAME, "2.0.0").await.bytes(), &bytes);
}

pub(crate) async fn a_package_that_the_source_removed_lives_on_where_it_is_held<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0", "2.0.0"]);
    let bytes = world.pull("main", NAME, "1.0.0").await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    E::withdraw(&world.source, NAME);
    world.house.clock.advance(LATER_MS);
    for _ in 0..500 {
        if world.listed("main", NAME).await == ["1.0.0"] {
            assert_eq!(world.fetch("main", NAME, "1.0.0").await.bytes(), &bytes);
            assert_eq!(world.fetch("main", NAME, "2.0.0").await.status, 404);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", world.listed("main", NAME).await);
}

pub(crate) async fn i08_a_look_stores_nothing_and_a_part_brings_the_whole<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let main = E::at(&world.house, "main");
    let (path, package) = (E::asset_path(NAME, "1.0.0"), E::coordinates(NAME));
    let head = main.head(&path).await;
    assert_eq!((head.status, head.bytes().len()), (200, 0));
    assert!(world.house.held("main", &package).await.is_empty());
    let bytes = E::bytes_at_source(&world.source, NAME, "1.0.0");
    let part = main.get_with(&path, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status, &part.bytes()[..]), (206, &bytes[10..20]));
    world
        .house
        .wait_until_held("main", &package, &["1.0.0"])
        .await;
    assert_eq!(main.get(&path).await.bytes(), &bytes);
}

pub(crate) async fn x05_nothing_of_the_caller_travels_to_the_source<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let headers = [
        ("cookie", "a=b"),
        ("x-forwarded-for", "10.0.0.1"),
        ("user-agent", "secret-agent"),
        ("referer", "http://inside.example/"),
    ];
    let main = E::at(&world.house, "main");
    for path in [E::index_path(NAME), E::asset_path(NAME, "1.0.0")] {
        let answer = main.get_with(&path, &headers).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    }
    let log = world.source.request_log();
    assert!(log.len() >= 2, "{log:?}");
    for request in log {
        for (name, value) in headers {
            assert_ne!(request.header(name), Some(value), "{name}");
        }
        assert_eq!(request.header("authorization"), None);
    }
}
