//! Finding packages by the addresses of their source.

use serde_json::json;
use testkit::packages::{SwiftPackage, SwiftReleaseForm};

use crate::house::{House, JSON, problem, send};

/// Publishes a release that says where its source is.
async fn publish(house: &House, repository: &str, path: &str, urls: &[&str]) {
    let name = path.split('/').nth(1).unwrap();
    let archive = SwiftPackage::new(name, "1.0.0").archive();
    let metadata = json!({ "repositoryURLs": urls }).to_string();
    let form = SwiftReleaseForm::of(&archive).metadata(&metadata);
    let answer = send(&house.at(repository), path, &form, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn found(house: &House, repository: &str, url: &str) -> Vec<String> {
    let query = form_urlencoded(url);
    let answer = house
        .at(repository)
        .get_with(&format!("identifiers?url={query}"), &[("accept", JSON)])
        .await;
    if answer.status == 404 {
        problem(&answer);
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{url}: {}", answer.text());
    serde_json::from_value(answer.json()["identifiers"].clone()).unwrap()
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02x}")).collect()
}

#[tokio::test]
async fn f_sw_4_every_address_of_a_source_leads_to_its_package() {
    let house = House::open().await;
    let urls = ["https://git.example/mona/LinkedList.git"];
    publish(&house, "main", "mona/LinkedList/1.0.0", &urls).await;
    for url in [
        "https://git.example/mona/LinkedList",
        "https://git.example/mona/linkedlist.git/",
        "http://someone:secret@GIT.example:8080/mona/LinkedList",
        "ssh://git@git.example/mona/LinkedList.git",
        "git@git.example:mona/LinkedList.git",
    ] {
        assert_eq!(
            found(&house, "main", url).await,
            ["mona.LinkedList"],
            "{url}"
        );
    }
    for url in [
        "https://git.example/mona/Other",
        "https://other.example/mona/LinkedList",
        "https://git.example",
        "file:///git.example/mona/LinkedList",
        "mona.LinkedList",
        "\r\nX-Evil: 1",
        "%",
    ] {
        assert!(found(&house, "main", url).await.is_empty(), "{url}");
    }
    let long = format!("identifiers?url=https://git.example/{}", "a".repeat(3000));
    let refused = house.get(&long, JSON).await;
    assert_eq!(refused.status, 400);
    problem(&refused);
}

#[tokio::test]
async fn f_sw_4_a_source_of_several_packages_names_all_that_the_repository_reaches() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    let urls = ["https://git.example/mona/mono"];
    publish(&house, "base", "mona/One/1.0.0", &urls).await;
    publish(&house, "app", "Mona/Two/1.0.0", &urls).await;
    publish(&house, "main", "mona/Three/1.0.0", &urls).await;
    assert_eq!(
        found(&house, "app", urls[0]).await,
        ["Mona.Two", "mona.One"]
    );
    assert_eq!(found(&house, "base", urls[0]).await, ["mona.One"]);
    assert_eq!(found(&house, "main", urls[0]).await, ["mona.Three"]);
}

#[tokio::test]
async fn f_sw_4_what_the_newest_release_says_counts() {
    let house = House::open().await;
    publish(
        &house,
        "main",
        "mona/List/1.0.0",
        &["https://old.example/mona/List"],
    )
    .await;
    house.clock.advance(1000);
    publish(
        &house,
        "main",
        "mona/List/2.0.0",
        &["https://new.example/mona/List"],
    )
    .await;
    assert!(
        found(&house, "main", "https://old.example/mona/List")
            .await
            .is_empty()
    );
    assert_eq!(
        found(&house, "main", "https://new.example/mona/List").await,
        ["mona.List"]
    );
}
