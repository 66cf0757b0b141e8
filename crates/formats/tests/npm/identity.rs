//! Who am I, what may I, what is there: the commands beside installing and publishing.

use http::Method;
use serde_json::json;

use crate::house::{House, OWNER};
use crate::packages::Release;
use crate::wire::full;

#[tokio::test]
async fn ping_whoami_and_profile_answer() {
    let house = House::private().await;
    let main = house.at("main");
    for path in ["-/ping", "-/ping?write=true", ""] {
        let answer = main.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})), "{path}");
    }
    let arn = format!("arn:aws:iam::{OWNER}:root");
    assert_eq!(
        main.get("-/whoami").await.json(),
        json!({ "username": arn })
    );
    assert_eq!(main.get("-/npm/v1/user").await.json()["name"], arn);
}

#[tokio::test]
async fn logging_in_and_what_lives_in_policies_is_refused_in_words() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    for (method, path, status, word) in [
        (Method::PUT, "-/user/org.couchdb.user:jane", 400, "token"),
        (Method::POST, "-/v1/login", 400, "token"),
        (Method::POST, "-/package/widget/access", 400, "policies"),
        (Method::GET, "-/user/org.couchdb.user:jane", 404, "policies"),
        (Method::GET, "-/org/team/package", 404, "policies"),
        (Method::PUT, "-/team/a/b/package", 404, "policies"),
        (
            Method::POST,
            "-/npm/v1/security/advisories/bulk",
            404,
            "advisories",
        ),
        (
            Method::POST,
            "-/npm/v1/security/audits/quick",
            404,
            "advisories",
        ),
        (Method::GET, "-/nonsense", 404, "no such request"),
    ] {
        let answer = main.ask(method, path, &[], full("{}")).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.error().contains(word), "{path}: {}", answer.error());
    }
}

#[tokio::test]
async fn access_is_told_for_who_asks_and_for_nobody_else() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("@team/widget", "1.0.0")).await;
    assert_eq!(
        main.get("-/package/@team%2fwidget/visibility").await.json(),
        json!({ "public": false })
    );
    assert_eq!(
        main.get("-/package/@team%2fwidget/access").await.json(),
        json!({ "public": false })
    );
    let collaborators = main
        .get("-/package/@team%2fwidget/collaborators")
        .await
        .json();
    assert_eq!(
        collaborators,
        json!({ format!("arn:aws:iam::{OWNER}:root"): "write" })
    );
    assert_eq!(main.get("-/package/absent/collaborators").await.status, 404);
}

#[tokio::test]
async fn search_finds_names_as_literal_text() {
    let house = House::private().await;
    house.add_repository("team", &["main"]).await;
    house
        .at("main")
        .publish(&Release::new("@team/left-pad", "1.0.0"))
        .await;
    house
        .at("main")
        .publish(&Release::with(
            "left_pad",
            "2.0.0",
            json!({ "keywords": ["pad"] }),
            b"x",
        ))
        .await;
    house
        .at("team")
        .publish(&Release::new("right-pad", "1.0.0"))
        .await;
    let team = house.at("team");
    let found = async |query: &str| {
        let answer = team.get(&format!("-/v1/search?{query}")).await.json();
        let names: Vec<String> = answer["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["package"]["name"].as_str().unwrap().to_owned())
            .collect();
        assert!(answer["total"].as_u64().unwrap() >= names.len() as u64);
        names
    };
    assert_eq!(found("text=pad&size=20&from=0").await.len(), 3);
    assert_eq!(found("text=LEFT+pad").await.len(), 2);
    assert_eq!(found("text=%40team%2Fleft").await, ["@team/left-pad"]);
    for literal in ["%25", "t_p%25", "*", "%3F", "absent", "left-pad%00"] {
        assert_eq!(
            found(&format!("text={literal}")).await,
            Vec::<String>::new(),
            "{literal}"
        );
    }
    assert_eq!(found("text=left_pad").await, ["left_pad"]);
    assert_eq!(found("text=pad&size=1").await.len(), 1);
    assert_eq!(found("text=pad&size=1&from=2").await.len(), 1);
    assert_eq!(found("text=pad&size=0").await.len(), 0);
    assert_eq!(
        found("text=pad&from=99999999999999999999&size=-1")
            .await
            .len(),
        3
    );
    let object = &team.get("-/v1/search?text=left_pad").await.json()["objects"][0];
    assert_eq!(
        (
            &object["package"]["version"],
            &object["package"]["keywords"]
        ),
        (&json!("2.0.0"), &json!(["pad"]))
    );
    assert!(object["package"]["maintainers"].is_array() && object["package"]["date"].is_string());
}
