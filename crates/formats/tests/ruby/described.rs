//! What people and tools ask of gems, in JSON; and what the API tells of them.

use serde_json::json;
use testkit::packages::GemBuild;

use crate::house::{House, widget};

#[tokio::test]
async fn a_gem_and_its_versions_are_told_in_json() {
    let house = House::private().await;
    for version in ["1.9", "1.10", "2.0.rc1"] {
        house.publish(&widget(version).build()).await;
    }
    let main = house.main();
    let gem = main.get("api/v1/gems/widget.json").await.json();
    assert_eq!(
        (&gem["name"], &gem["version"]),
        (&json!("widget"), &json!("1.10"))
    );
    assert_eq!(
        gem["dependencies"]["runtime"],
        json!([{"name": "rack", "requirements": ">= 2.0"}])
    );
    assert_eq!(gem["dependencies"]["development"][0]["name"], "rake");
    let uri = gem["gem_uri"].as_str().unwrap();
    assert!(uri.ends_with("/gems/widget-1.10.gem"), "{uri}");
    let versions = main.get("api/v1/versions/widget.json").await.json();
    let numbers: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["number"].clone())
        .collect();
    assert_eq!(numbers, ["2.0.rc1", "1.10", "1.9"]);
    assert_eq!(versions[0]["prerelease"], true);
    assert_eq!(versions[0]["ruby_version"], ">= 2.7");
    assert_eq!(versions[0]["created_at"], "2023-11-14T22:13:20.000Z");
    let latest = main.get("api/v1/versions/widget/latest.json").await.json();
    assert_eq!(latest, json!({"version": "1.10"}));
    assert_eq!(main.get("api/v1/gems/gadget.json").await.status, 404);
}

#[tokio::test]
async fn p16_gems_are_searched_by_words_of_their_names() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    house.publish(&GemBuild::new("gadget", "2").build()).await;
    let found = house
        .main()
        .get("api/v1/search.json?query=Widg")
        .await
        .json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        (&found[0]["name"], &found[0]["version"]),
        (&json!("widget"), &json!("1.0"))
    );
    assert_eq!(found[0]["info"], "The gem widget");
    let all = house
        .main()
        .get("api/v1/search.json?query=get")
        .await
        .json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let none = house
        .main()
        .get("api/v1/search.json?query=%25")
        .await
        .json();
    assert_eq!(none, json!([]));
    let later = house
        .main()
        .get("api/v1/search.json?query=get&page=2")
        .await
        .json();
    assert_eq!(later, json!([]));
}
