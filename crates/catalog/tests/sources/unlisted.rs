//! Assets of a source that lists none: asked for by their names.

use std::sync::Arc;

use sha1::{Digest as _, Sha1};
use tokio::sync::Semaphore;

use crate::fake_source::Reply;
use crate::house::{Fault, House, NOT_FOUND, START_MS, UNAVAILABLE, WHOLE_BYTES, loose};

fn sha1(bytes: &str) -> String {
    Sha1::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn an_unlisted_asset_is_asked_for_at_once_and_kept_where_it_belongs() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let jar = "the jar TELLS:hello";
    let dated = Reply::of(jar).header("last-modified: Sun, 06 Nov 1994 08:49:37 GMT");
    house.loose.set("/org/lib/lib/1.0/a.jar", dated);
    let digest = format!("{}  a.jar\n", sha1(jar));
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar.sha1", Reply::of(digest));
    let place = (&lib, "1.0", "a.jar");
    assert_eq!(house.get("home", place).await.unwrap(), jar);
    let mut asked = house.loose.requests();
    asked.truncate(2);
    asked.sort();
    let expected = [
        "GET /org/lib/lib/1.0/a.jar",
        "GET /org/lib/lib/1.0/a.jar.sha1",
    ];
    assert_eq!(asked, expected, "no metadata is asked for first");
    // Held by now, in the repository with the connection and in the one that was asked.
    for repository in ["home", "store"] {
        assert_eq!(house.held_assets(repository, place).await, ["a.jar"]);
        assert_eq!(
            house.metadata(repository, place).await["told"]["a.jar"],
            "hello"
        );
    }
    let events = ["store 1.0 Created +1 true", "home 1.0 Created +1 true"];
    assert_eq!(house.events().await, events);
    let mut reader = house.store.read().await.unwrap();
    let changes = reader.list_changes(1, 0, 1000).await.unwrap();
    let dated = changes.iter().filter_map(|row| row.source_published_at_ms);
    assert_eq!(dated.collect::<Vec<_>>(), [784_111_777_000; 2]);
    assert!(changes.iter().all(|row| row.at_ms == START_MS));
    house.catalog.settle().await;
    house.loose.fail_with(500);
    assert_eq!(house.get("home", place).await.unwrap(), jar);
    assert_eq!(
        house.companion("home", place).await.unwrap(),
        "companion: hello"
    );
}

#[tokio::test]
async fn x10_x15_an_asset_that_no_source_has_is_not_found_and_asked_for_once_in_a_while() {
    let house = House::open().await;
    house.connect("first", "public:loose").await;
    house.connect("second", "public:looser").await;
    house.add_repository("home", &["first", "second"]).await;
    let lib = loose("org.lib", "lib");
    let place = (&lib, "1.0", "a.jar");
    for _ in 0..3 {
        assert_eq!(house.get("home", place).await, Err(NOT_FOUND));
        assert_eq!(house.head("home", place).await, Err(NOT_FOUND));
    }
    let asked = ["GET /org/lib/lib/1.0/a.jar"];
    assert_eq!(
        (house.loose.requests(), house.looser.requests()),
        (
            asked.map(str::to_owned).into(),
            asked.map(str::to_owned).into()
        )
    );
    house
        .looser
        .set("/org/lib/lib/1.0/a.jar", Reply::of("late"));
    house.clock.advance(60_000);
    assert_eq!(house.get("home", place).await.unwrap(), "late");
    assert_eq!(house.loose.count(asked[0]), 2, "the nearer source first");
    assert_eq!(house.held_assets("second", place).await, ["a.jar"]);
    assert!(!house.package_exists("first", &lib).await);
}

#[tokio::test]
async fn x10_a_source_that_refuses_or_fails_has_not_said_that_there_is_no_asset() {
    for status in [401_u16, 403, 429, 500, 502, 503] {
        let house = House::connected("public:loose").await;
        let lib = loose("org.lib", "lib");
        let place = (&lib, "1.0", "a.jar");
        house
            .loose
            .set("/org/lib/lib/1.0/a.jar", Reply::status(status));
        assert_eq!(house.get("home", place).await, Err(UNAVAILABLE), "{status}");
        assert_eq!(
            house.head("home", place).await,
            Err(UNAVAILABLE),
            "{status}"
        );
        // Two seconds is the pause that a 429 asks for.
        house.clock.advance(3_000);
        house.loose.set("/org/lib/lib/1.0/a.jar", Reply::of("back"));
        assert_eq!(house.get("home", place).await.unwrap(), "back", "{status}");
    }
}

#[tokio::test]
async fn x10_a_source_that_fails_does_not_hide_the_asset_of_the_next() {
    let house = House::open().await;
    house.connect("first", "public:loose").await;
    house.connect("second", "public:looser").await;
    house.add_repository("home", &["first", "second"]).await;
    let lib = loose("org.lib", "lib");
    let place = (&lib, "1.0", "a.jar");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::status(500));
    assert_eq!(
        house.get("home", place).await,
        Err(UNAVAILABLE),
        "rather than not found"
    );
    house.clock.advance(60_000);
    house
        .looser
        .set("/org/lib/lib/1.0/a.jar", Reply::of("here"));
    assert_eq!(house.get("home", place).await.unwrap(), "here");
}

#[tokio::test]
async fn x07_bytes_that_are_not_what_the_file_beside_them_says_never_arrive_whole() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let place = (&lib, "1.0", "a.jar");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("forged"));
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar.sha1", Reply::of(sha1("genuine")));
    assert_eq!(house.get("home", place).await, Err(Fault::Cut));
    // Nothing is known if the source does not say: that it has no such file is the source's to say.
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar.sha1", Reply::status(500));
    assert_eq!(house.get("home", place).await, Err(Fault::Cut));
    house.catalog.settle().await;
    assert_eq!(house.blob_count().await, 0);
    assert!(house.held_assets("store", place).await.is_empty());
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("genuine"));
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar.sha1", Reply::of(sha1("genuine")));
    assert_eq!(house.get("home", place).await.unwrap(), "genuine");
}

#[tokio::test]
async fn a_file_that_says_nothing_readable_stands_against_nothing() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("bytes"));
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar.sha1", Reply::of("<html>"));
    let got = house.get("home", (&lib, "1.0", "a.jar")).await;
    assert_eq!(got.unwrap(), "bytes");
}

#[tokio::test]
async fn an_asset_is_described_by_its_source_and_nothing_is_kept() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let place = (&lib, "1.0", "a.jar");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("twelve bytes"));
    assert_eq!(house.head("home", place).await, Ok(Some(12)));
    assert_eq!(
        house.head("home", (&lib, "1.0", ".hidden")).await,
        Err(NOT_FOUND)
    );
    house.catalog.settle().await;
    assert_eq!(house.loose.requests(), ["HEAD /org/lib/lib/1.0/a.jar"]);
    assert!(!house.package_exists("store", &lib).await);
}

#[tokio::test]
async fn x14_fifty_clients_make_one_fetch() {
    let house = Arc::new(House::connected("public:loose").await);
    let gate = Arc::new(Semaphore::new(0));
    let held_back = Reply::of("one fetch for all").behind(&gate);
    house.loose.set("/org/lib/lib/1.0/a.jar", held_back);
    let clients = (0..50).map(|_| {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            let lib = loose("org.lib", "lib");
            house.get("home", (&lib, "1.0", "a.jar")).await
        })
    });
    let clients: Vec<_> = clients.collect();
    house.loose.asked("GET /org/lib/lib/1.0/a.jar").await;
    gate.add_permits(1);
    for client in clients {
        assert_eq!(client.await.unwrap().unwrap(), "one fetch for all");
    }
    house.catalog.settle().await;
    assert_eq!(house.loose.count("GET /org/lib/lib/1.0/a.jar"), 1);
}

#[tokio::test]
async fn bytes_that_tell_nothing_are_kept_without_it() {
    let house = House::connected("public:loose").await;
    let lib = loose("org.lib", "lib");
    let place = (&lib, "1.0", "a.jar");
    house
        .loose
        .set("/org/lib/lib/1.0/a.jar", Reply::of("BROKEN"));
    assert_eq!(house.get("home", place).await.unwrap(), "BROKEN");
    assert_eq!(house.metadata("home", place).await, serde_json::json!({}));
    assert_eq!(house.companion("home", place).await, Err(NOT_FOUND));
    let large = "x".repeat(usize::try_from(WHOLE_BYTES).unwrap() * 3);
    house
        .loose
        .set("/org/lib/lib/1.0/b.jar", Reply::of(large.clone()));
    let got = house.get("home", (&lib, "1.0", "b.jar")).await;
    assert_eq!(
        got.unwrap(),
        large,
        "what a client asks for has no such bound"
    );
}
