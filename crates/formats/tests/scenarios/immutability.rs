//! What was published stays what it is, and only those who may can publish.

use futures_util::future::join_all;

use crate::ecosystems::{Ecosystem, house, is_success};

const NAME: &str = "left-pad";

pub(crate) async fn the_same_bytes_again_succeed_and_change_nothing<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let main = E::at(&house, "main");
    let first = E::publish(&main, NAME, "1.0.0", "first").await;
    assert!(is_success(&first), "{:?}", first.body);
    let index = main.get(&E::index_path(NAME)).await;
    let stored = house.stored().await;
    house.clock.advance(60_000);
    let again = E::publish(&main, NAME, "1.0.0", "first").await;
    assert!(is_success(&again), "{} {:?}", again.status, again.body);
    let index_again = main.get(&E::index_path(NAME)).await;
    assert_eq!(index_again.bytes(), index.bytes());
    assert_eq!(house.stored().await, stored);
}

pub(crate) async fn other_bytes_are_a_conflict_and_change_nothing<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let main = E::at(&house, "main");
    let first = E::publish(&main, NAME, "1.0.0", "first").await;
    assert!(is_success(&first), "{:?}", first.body);
    let index = main.get(&E::index_path(NAME)).await;
    let refused = E::publish(&main, NAME, "1.0.0", "second").await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);
    assert!(refused.text().contains("1.0.0"), "{}", refused.text());
    let kept = E::fetch(&house, "main", NAME, "1.0.0").await;
    assert_eq!(kept.bytes(), &E::asset(NAME, "1.0.0", "first"));
    let index_again = main.get(&E::index_path(NAME)).await;
    assert_eq!(index_again.bytes(), index.bytes());
}

pub(crate) async fn of_many_who_publish_a_version_at_once_one_wins<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let main = &E::at(&house, "main");
    let contents: Vec<String> = (0..12).map(|who| format!("by number {who}")).collect();
    let publishes = contents
        .iter()
        .map(|content| async move { E::publish(main, NAME, "1.0.0", content).await.status });
    let statuses = join_all(publishes).await;
    let winners: Vec<usize> = (0..statuses.len())
        .filter(|who| (200..300).contains(&statuses[*who]))
        .collect();
    let [winner] = winners[..] else {
        panic!("{statuses:?}");
    };
    let losers = statuses.iter().filter(|status| **status == 409).count();
    assert_eq!(losers, statuses.len() - 1, "{statuses:?}");
    let kept = E::fetch(&house, "main", NAME, "1.0.0").await;
    assert_eq!(kept.bytes(), &E::asset(NAME, "1.0.0", &contents[winner]));
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);
}

pub(crate) async fn z07_z12_without_a_right_nothing_is_read_or_written<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    E::published(&house, "main", NAME, "1.0.0").await;
    let stored = house.stored().await;
    let strangers = format!("Bearer {}", house.strangers_token().await);
    for (authorization, status) in [(None, 401), (Some(strangers), 403)] {
        let client = E::at(&house, "main").with_authorization(authorization);
        for path in [
            E::index_path(NAME),
            E::asset_path(NAME, "1.0.0"),
            E::index_path("never-seen"),
            E::asset_path("never-seen", "1.0.0"),
        ] {
            assert_eq!(client.get(&path).await.status, status, "GET {path}");
            assert_eq!(client.head(&path).await.status, status, "HEAD {path}");
        }
        for name in [NAME, "never-seen"] {
            let refused = E::publish(&client, name, "2.0.0", "by nobody").await;
            assert_eq!(refused.status, status, "{:?}", refused.body);
        }
    }
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);
    assert!(
        house
            .held("main", &E::coordinates("never-seen"))
            .await
            .is_empty()
    );
    assert_eq!(house.stored().await, stored);
}
