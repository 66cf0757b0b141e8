//! What of the web API Cargo's other verbs ask: search, owners, and a crate's own document.

use http::Method;
use serde_json::{Value, json};
use testkit::house::full;
use testkit::packages::CargoCrate;

use crate::house::{House, detail};

async fn found(house: &House, query: &str) -> (Vec<String>, u64) {
    let answer = house.at("app").get(&format!("api/v1/crates?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let name = |found: &Value| found["name"].as_str().unwrap().to_owned();
    let names = answer["crates"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    (names, answer["meta"]["total"].as_u64().unwrap())
}

#[tokio::test]
async fn crates_are_found_by_words_of_their_names() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    for name in ["Left_Pad", "left-turn", "right_pad"] {
        let made = CargoCrate::new(name, "1.0.0").description("Moves.");
        house.publish(&made).await;
    }
    house.publish(&CargoCrate::new("left_pad", "1.1.0")).await;
    assert_eq!(found(&house, "q=left").await.0, ["left-turn", "left_pad"]);
    assert_eq!(found(&house, "q=left-pad").await.0, ["left_pad"]);
    assert_eq!(
        found(&house, "q=PAD&per_page=1").await,
        (vec!["left_pad".into()], 2)
    );
    assert_eq!(
        found(&house, "q=pad&per_page=1&page=2").await,
        (vec!["right_pad".into()], 2)
    );
    assert_eq!(found(&house, "q=nothing").await, (vec![], 0));
    for odd in [
        "",
        "q=%25",
        "q=_&per_page=-1&page=x",
        "per_page=99999999999999999999",
        "page=0",
    ] {
        found(&house, odd).await;
    }
    let answer = house.at("app").get("api/v1/crates?q=right").await.json();
    let object = &answer["crates"][0];
    assert_eq!(
        (&object["max_version"], &object["description"]),
        (&json!("1.0.0"), &json!("Moves."))
    );
}

#[tokio::test]
async fn crates_are_the_domains_and_policies_say_who_may_publish() {
    let house = House::private().await;
    house.publish(&CargoCrate::new("widget", "1.0.0")).await;
    let main = house.at("main");
    let path = "api/v1/crates/widget/owners";
    let owners = main.get(path).await.json();
    assert_eq!(owners["users"][0]["login"], testkit::house::OWNER);
    assert!(
        owners["users"][0]["id"]
            .as_u64()
            .is_some_and(|id| u32::try_from(id).is_ok())
    );
    for method in [Method::PUT, Method::DELETE] {
        let body = full(json!({ "users": ["mallory"] }).to_string());
        let answer = main.ask(method, path, &[], body).await;
        assert_eq!(answer.status, 400);
        assert!(detail(&answer).contains("policies"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_crate_and_its_versions_are_in_one_document() {
    let house = House::private().await;
    for version in ["1.0.0", "1.1.0-rc.1", "0.9.0+x"] {
        house
            .publish(&CargoCrate::new("Widget", version).description("Turns."))
            .await;
    }
    let main = house.at("main");
    let document = main.get("api/v1/crates/widget").await.json();
    let about = &document["crate"];
    assert_eq!(about["name"], "Widget");
    assert_eq!(about["max_version"], "1.1.0-rc.1");
    assert_eq!(about["max_stable_version"], "1.0.0");
    assert_eq!(about["description"], "Turns.");
    let versions = document["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    for version in versions {
        let link = version["dl_path"].as_str().unwrap();
        let (_, path) = link.split_once(main.prefix()).unwrap();
        assert_eq!(main.get(path).await.status, 200, "{link}");
    }
}
