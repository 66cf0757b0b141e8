//! Versions of several files: how one grows, how it is finished, and what stands against more.

use http::Method;

use crate::house::{ASSETS_PER_VERSION, House};
use crate::wire::full;

const VERSION: &str = "tools/installer/1.0.0/";

fn file(name: &str) -> String {
    format!("{VERSION}{name}")
}

fn unfinished(name: &str) -> String {
    format!("{VERSION}{name}?unfinished=true")
}

#[tokio::test]
async fn a_version_takes_files_until_one_comes_without_unfinished() {
    let house = House::open().await;
    let main = house.at("main");
    let first = main.put(&unfinished("a"), "1").await.json();
    assert_eq!(first["status"], "Unfinished");
    house.clock.advance(5_000);
    main.put_new(&unfinished("b"), b"2").await;
    let last = main.put(&file("c"), "3").await.json();
    assert_eq!(last["status"], "Published");
    assert_ne!(first["versionRevision"], last["versionRevision"]);
    let listed = main.get(VERSION).await;
    assert_eq!(listed.names("assets", "name"), ["a", "b", "c"]);
    let listed = listed.json();
    assert_eq!(listed["status"], "Published");
    assert_eq!(listed["versionRevision"], last["versionRevision"]);
    // 1,700,000,000 s and five more: published when it was finished.
    assert_eq!(listed["publishedTime"], "2023-11-14T22:13:25.000Z");
}

#[tokio::test]
async fn the_last_file_again_finishes_a_version() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(&unfinished("a"), b"1").await;
    main.put_new(&unfinished("b"), b"2").await;
    let again = main.put(&file("b"), "2").await;
    assert_eq!(
        (again.status, &again.json()["status"]),
        (200, &"Published".into())
    );
}

#[tokio::test]
async fn f_ge_1_z08_a_finished_version_takes_nothing_more_and_says_how_to() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(&file("a"), b"1").await;
    let (changes, stored) = (house.changes().await, house.stored().await);
    for path in [file("b"), unfinished("b"), unfinished("a")] {
        let answer = main.put(&path, "1").await;
        assert_eq!(answer.status, 409, "{path}");
        let text = answer.text();
        assert!(
            text.contains("unfinished=true") && text.contains("Published"),
            "{text}"
        );
    }
    // Other bytes under a name, whether or not that can be told before they have come.
    assert_eq!(main.put(&file("a"), "2").await.status, 409);
    let declared = [("content-md5", "yB5yjZ1ML2NvBn+JzBSGLA==")];
    let answer = main.put_with(&file("a"), &declared, "2").await;
    assert_eq!(answer.status, 409, "{:?}", answer.body);
    assert_eq!(main.get(&file("a")).await.body, "1");
    assert_eq!(main.get(VERSION).await.names("assets", "name"), ["a"]);
    assert_eq!(
        (house.changes().await, house.stored().await),
        (changes, stored)
    );
}

#[tokio::test]
async fn u08_a_file_again_succeeds_with_its_own_bytes_and_not_with_others() {
    let house = House::open().await;
    let main = house.at("main");
    for path in [unfinished("a"), file("a")] {
        main.put(&path, "1").await;
        let changes = house.changes().await;
        assert_eq!(main.put(&path, "1").await.status, 200, "{path}");
        let answer = main.put(&path, "2").await;
        assert_eq!(answer.status, 409, "{path}");
        assert_eq!(house.changes().await, changes, "{path}");
    }
    assert_eq!(main.get(&file("a")).await.body, "1");
    assert_eq!(house.stored().await, 1);
}

#[tokio::test]
async fn a_put_of_a_new_file_only_is_refused_where_there_is_one() {
    let house = House::open().await;
    let main = house.at("main");
    let only_new = [("if-none-match", "*")];
    let put =
        async |path: &str, bytes: &'static str| main.put_with(path, &only_new, bytes).await.status;
    assert_eq!(put(&unfinished("a"), "1").await, 201);
    let changes = house.changes().await;
    assert_eq!(put(&unfinished("a"), "1").await, 412);
    assert_eq!(put(&unfinished("a"), "2").await, 412);
    // It would have finished the version.
    assert_eq!(put(&file("a"), "1").await, 412);
    assert_eq!(house.changes().await, changes);
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Unfinished".into())]
    );
    assert_eq!(put(&file("b"), "2").await, 201);
    for (conditions, status) in [
        (&[("if-none-match", "\"x\"")][..], 400),
        (&[("if-none-match", "*"), ("if-none-match", "*")], 400),
        (&[("if-match", "*")], 412),
    ] {
        let answer = main
            .put_with("tools/installer/2.0.0/a", conditions, "1")
            .await;
        assert_eq!(answer.status, status, "{conditions:?}");
    }
    assert_eq!(house.held("main").await.len(), 1);
}

#[tokio::test]
async fn f_ge_1_u16_a_version_has_as_many_files_as_the_quota_says() {
    let house = House::open().await;
    let main = house.at("main");
    for number in 0..ASSETS_PER_VERSION {
        main.put_new(&unfinished(&format!("file-{number}")), b"1")
            .await;
    }
    let changes = house.changes().await;
    let answer = main.put(&file("one-more"), "1").await;
    assert_eq!(answer.status, 402);
    assert!(answer.text().contains(&ASSETS_PER_VERSION.to_string()));
    assert_eq!(main.put(&unfinished("file-0"), "1").await.status, 200);
    assert_eq!(house.changes().await, changes);
    assert_eq!(
        main.get(VERSION).await.names("assets", "name").len(),
        ASSETS_PER_VERSION
    );
}

#[tokio::test]
async fn f_ge_1_u07_files_put_at_once_are_all_there() {
    let house = House::open().await;
    let main = house.at("main");
    let names: Vec<String> = (0..ASSETS_PER_VERSION).map(|n| format!("f{n}")).collect();
    let puts = names.iter().map(|name| {
        let (main, path) = (main.clone(), unfinished(name));
        async move {
            main.ask(Method::PUT, &path, &[], full(name.clone()))
                .await
                .status
        }
    });
    let statuses = futures_util::future::join_all(puts).await;
    assert_eq!(statuses, vec![201; ASSETS_PER_VERSION]);
    assert_eq!(main.get(VERSION).await.names("assets", "name"), names);
    for name in &names {
        assert_eq!(main.get(&file(name)).await.text(), name);
    }
}

#[tokio::test]
async fn u07_of_two_contents_for_one_name_at_once_one_wins() {
    let house = House::open().await;
    let main = house.at("main");
    for round in 0..10 {
        let path = format!("tools/installer/{round}/a?unfinished=true");
        let (one, two) = tokio::join!(main.put(&path, "one"), main.put(&path, "two"));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let winner = if one.status == 201 { "one" } else { "two" };
        let kept = main.get(&format!("tools/installer/{round}/a")).await;
        assert_eq!(kept.text(), winner);
    }
}
