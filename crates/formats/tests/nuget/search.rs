//! Search and autocomplete.

use testkit::house::Answer;
use testkit::packages::Nupkg;

use crate::house::{House, coordinates};

fn ids(answer: &Answer) -> Vec<String> {
    let found = answer.json();
    let data = found["data"].as_array().unwrap();
    data.iter()
        .map(|hit| hit["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn filled() -> House {
    let house = House::private().await;
    for (id, version) in [
        ("Acme.Lib", "1.0.0"),
        ("Acme.Lib", "1.1.0-beta"),
        ("Acme.Lib", "2.0.0-beta.1"),
        ("Acme.Tool", "1.0.0-a"),
        ("Zeta", "1.0.0"),
    ] {
        house.publish(&Nupkg::new(id, version)).await;
    }
    house
        .publish(
            &Nupkg::new("Gamma.Tool", "1.0.0")
                .xml_element("<packageTypes><packageType name=\"DotnetTool\" /></packageTypes>"),
        )
        .await;
    house
}

#[tokio::test]
async fn a_search_finds_ids_by_words_and_shows_what_the_client_can_use() {
    let house = filled().await;
    let main = house.at("main");
    for (query, expected) in [
        ("", &["Acme.Lib", "Gamma.Tool", "Zeta"][..]),
        ("?q=ACME", &["Acme.Lib"]),
        ("?q=acme&prerelease=true", &["Acme.Lib", "Acme.Tool"]),
        ("?q=acme+lib", &["Acme.Lib"]),
        ("?q=packageid:zeta", &["Zeta"]),
        ("?q=packageid:none", &[]),
        ("?q=id:gamma", &["Gamma.Tool"]),
        ("?packageType=dotnettool", &["Gamma.Tool"]),
        ("?packageType=Dependency&take=1", &["Acme.Lib"]),
        ("?skip=2", &["Gamma.Tool", "Zeta"]),
        ("?q=nothing", &[]),
        ("?take=0", &[]),
    ] {
        let found = main.get(&format!("v3/query{query}")).await;
        assert_eq!(found.status, 200, "{query}: {}", found.text());
        assert_eq!(ids(&found), expected, "{query}");
    }
    for (query, version, count) in [
        ("q=acme.lib", "1.0.0", 1),
        ("q=acme.lib&prerelease=true", "1.1.0-beta", 2),
        (
            "q=acme.lib&prerelease=true&semVerLevel=2.0.0",
            "2.0.0-beta.1",
            3,
        ),
    ] {
        let found = main.get(&format!("v3/query?{query}")).await.json();
        let hit = &found["data"][0];
        assert_eq!(hit["version"], version, "{query}");
        assert_eq!(hit["versions"].as_array().unwrap().len(), count, "{query}");
        assert!(found["totalHits"].as_u64().unwrap() >= 1);
        let (_, path) = hit["registration"]
            .as_str()
            .unwrap()
            .split_once(main.prefix())
            .unwrap();
        assert_eq!(main.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn autocomplete_gives_ids_and_versions() {
    let house = filled().await;
    let main = house.at("main");
    let data = async |query: &str| {
        main.get(&format!("v3/autocomplete?{query}")).await.json()["data"].clone()
    };
    assert_eq!(data("q=acme").await, serde_json::json!(["Acme.Lib"]));
    let both = serde_json::json!(["Acme.Lib", "Acme.Tool"]);
    assert_eq!(data("q=acme&prerelease=true").await, both);
    assert_eq!(data("id=acme.lib").await, serde_json::json!(["1.0.0"]));
    let beta = serde_json::json!(["1.0.0", "1.1.0-beta"]);
    assert_eq!(data("id=ACME.LIB&prerelease=true").await, beta);
    for none in ["id=none", "id=a/../b", "id="] {
        assert_eq!(data(none).await, serde_json::json!([]), "{none}");
    }
}

#[tokio::test]
async fn f_nu_4_p16_s15_odd_parameters_are_no_errors_and_find_nothing_more() {
    let house = filled().await;
    let main = house.at("main");
    for query in [
        "q=%25",
        "q=_",
        "q=*",
        "q=%5C",
        "q='%3B--",
        "q=$%7B7*7%7D",
        "skip=-5&take=-5",
        "skip=99999999999999999999",
        "skip=4000",
        "take=99999999&q=none",
        "semVerLevel=banana&q=none",
        "prerelease=banana&q=none",
    ] {
        for place in ["query", "autocomplete"] {
            let found = main.get(&format!("v3/{place}?{query}")).await;
            assert_eq!(found.status, 200, "{place} {query}: {}", found.text());
            let data = found.json()["data"].as_array().unwrap().len();
            assert_eq!(data, 0, "{place} {query}");
        }
    }
}

#[tokio::test]
async fn z06_a_search_shows_what_upstreams_hold_as_their_documents_do() {
    let house = filled().await;
    house.add_repository("app", &["main"]).await;
    let app = house.at("app");
    assert_eq!(ids(&app.get("v3/query?q=zeta").await), ["Zeta"]);
    let package = coordinates("zeta");
    house
        .set_status(
            "main",
            &package,
            "1.0.0",
            model::PackageVersionStatus::Archived,
        )
        .await;
    assert!(ids(&app.get("v3/query?q=zeta").await).is_empty());
}
