//! Yanked versions: of what is published here a status, of what comes from the public index what it says.

use http::Method;
use model::PackageVersionStatus as Status;
use testkit::house::{FRESHNESS_MS, empty};
use testkit::packages::CargoCrate;

use crate::house::{House, coordinates, detail, download_path};

async fn set(house: &House, repository: &str, version: &str, yanked: bool) -> u16 {
    let (method, verb) = if yanked {
        (Method::DELETE, "yank")
    } else {
        (Method::PUT, "unyank")
    };
    let path = format!("api/v1/crates/widget/{version}/{verb}");
    let answer = house.at(repository).ask(method, &path, &[], empty()).await;
    if answer.status == 200 {
        assert_eq!(answer.json()["ok"], true);
    } else {
        assert!(!detail(&answer).is_empty());
    }
    answer.status
}

fn marked(versions: &[(&str, bool)]) -> Vec<(String, bool)> {
    let owned = versions
        .iter()
        .map(|(version, yanked)| ((*version).to_owned(), *yanked));
    owned.collect()
}

#[tokio::test]
async fn y02_f_cr_4_a_yank_is_a_status_and_the_only_thing_that_changes_in_a_line() {
    let house = House::private().await;
    for version in ["1.0.0", "2.0.0"] {
        house.publish(&CargoCrate::new("widget", version)).await;
    }
    let before = house.index("main", "widget").await;
    for _ in 0..2 {
        assert_eq!(
            set(&house, "main", "2.0.0", true).await,
            200,
            "again is no fault"
        );
    }
    let statuses = house.statuses("main", &coordinates("widget")).await;
    assert_eq!(statuses["2.0.0"], "Unlisted");
    let expected = marked(&[("1.0.0", false), ("2.0.0", true)]);
    assert_eq!(house.yanked("main", "widget").await, expected);
    let after = house.index("main", "widget").await;
    let (first, second) = before.split_once('\n').unwrap();
    let second = second.replace("\"yanked\":false", "\"yanked\":true");
    assert_eq!(after, format!("{first}\n{second}"));
    let file = house
        .at("main")
        .get(&download_path("widget", "2.0.0"))
        .await;
    assert_eq!(file.status, 200, "lock files go on working");

    assert_eq!(set(&house, "main", "2.0.0", false).await, 200);
    assert_eq!(house.index("main", "widget").await, before);
}

#[tokio::test]
async fn y01_a_version_that_the_api_unlists_is_yanked_and_one_that_it_archives_is_gone() {
    let house = House::private().await;
    let package = coordinates("widget");
    house.publish(&CargoCrate::new("widget", "1.0.0")).await;
    house
        .set_status("main", &package, "1.0.0", Status::Unlisted)
        .await;
    assert_eq!(
        house.yanked("main", "widget").await,
        marked(&[("1.0.0", true)])
    );
    house
        .set_status("main", &package, "1.0.0", Status::Archived)
        .await;
    let gone = house.at("main").get("wi/dg/widget").await;
    assert_eq!(gone.status, 404);
    for yanked in [true, false] {
        assert_eq!(
            set(&house, "main", "1.0.0", yanked).await,
            404,
            "no way back by a yank"
        );
    }
    assert_eq!(house.statuses("main", &package).await["1.0.0"], "Archived");
}

#[tokio::test]
async fn f_cr_4_only_what_a_repository_holds_is_yanked_there() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    house.publish(&CargoCrate::new("widget", "1.0.0")).await;
    assert_eq!(set(&house, "app", "1.0.0", true).await, 404);
    assert_eq!(set(&house, "main", "3.0.0", true).await, 404);
    assert_eq!(set(&house, "main", "1.0.0", true).await, 200);
    assert_eq!(
        house.yanked("app", "widget").await,
        marked(&[("1.0.0", true)]),
        "an upstream's yank is seen below"
    );
}

#[tokio::test]
async fn yanks_of_the_public_index_are_followed_also_by_what_is_held() {
    let house = House::connected().await;
    house.add_repository("app", &["main"]).await;
    for version in ["1.0.0", "2.0.0"] {
        house.source.add(CargoCrate::new("Widget", version));
    }
    let answer = house.at("app").get(&download_path("Widget", "1.0.0")).await;
    assert_eq!(answer.status, 200);
    for repository in ["main", "app"] {
        house
            .wait_until_held(repository, &coordinates("widget"), &["1.0.0"])
            .await;
    }
    for yanked in [true, false] {
        house.source.yank("widget", "1.0.0", yanked);
        house.clock.advance(FRESHNESS_MS + 1);
        let expected = marked(&[("1.0.0", yanked), ("2.0.0", false)]);
        for repository in ["main", "app"] {
            let mut found = Vec::new();
            for _ in 0..500 {
                found = house.yanked(repository, "widget").await;
                if found == expected {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert_eq!(found, expected, "{repository}");
        }
        assert_eq!(
            house.index("main", "widget").await,
            house.source.index_file("widget")
        );
    }
    // A status of the repository's own stands beside what the index says.
    assert_eq!(set(&house, "app", "1.0.0", true).await, 200);
    assert!(house.yanked("app", "widget").await[0].1);
    assert!(!house.yanked("main", "widget").await[0].1);
}
