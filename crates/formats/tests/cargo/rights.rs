//! Who may do what: decided by the crate that a publish names, before anything of it is kept.

use catalog::{Caller, PolicyHolder};
use http::Method;
use model::{AccountId, PolicyDocument};
use serde_json::{Value, json};
use testkit::house::{Client, OWNER, empty, full, repository};
use testkit::packages::CargoCrate;

use crate::house::{House, PUBLISH, coordinates, detail, download_path, index_path};

const GUEST: &str = "999900001111";

/// A guest who may do these things to crates whose names begin with `team-`.
async fn guest<'h>(house: &'h House, actions: &[&str]) -> Client<'h> {
    let package = format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/cargo//team-*");
    let statements: Vec<Value> = actions
        .iter()
        .map(|action| {
            json!({
                "Effect": "Allow", "Principal": { "AWS": GUEST }, "Resource": package,
                "Action": format!("codeartifact:{action}"),
            })
        })
        .collect();
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let document = PolicyDocument::parse(&document.to_string()).unwrap();
    let holder = PolicyHolder {
        domain: house.domain.clone(),
        repository: Some(repository("main")),
    };
    let set = house
        .catalog
        .put_resource_policy(&house.root, holder, &document, None);
    set.await.unwrap();
    let guest = Caller::root(AccountId::parse(GUEST).unwrap());
    let token = house.token_of(&guest).await;
    // As Cargo sends it.
    house.at("main").with_authorization(Some(token))
}

async fn publish(client: &Client<'_>, made: &CargoCrate) -> u16 {
    let body = full(made.publish_body());
    client.ask(Method::PUT, PUBLISH, &[], body).await.status
}

#[tokio::test]
async fn z05_a_right_to_publish_is_for_the_crates_it_names_and_for_nothing_else() {
    let house = House::private().await;
    let guest = guest(&house, &["PublishPackageVersion"]).await;
    assert_eq!(
        publish(&guest, &CargoCrate::new("team-tool", "1.0.0")).await,
        200
    );
    assert_eq!(
        publish(&guest, &CargoCrate::new("Team-Tool", "1.1.0")).await,
        200
    );
    let stored = house.stored().await;
    for other in ["other", "team_tool", "teamtool"] {
        assert_eq!(
            publish(&guest, &CargoCrate::new(other, "1.0.0")).await,
            403,
            "{other}"
        );
    }
    // What the crate's file says gives no right to what the metadata names.
    let disguised = CargoCrate::new("other", "1.0.0").metadata_with("name", json!("team-tool"));
    assert_eq!(publish(&guest, &disguised).await, 400);
    assert_eq!(house.stored().await, stored);
    for path in [
        "config.json".to_owned(),
        index_path("team-tool"),
        download_path("team-tool", "1.0.0"),
        "api/v1/crates/team-tool/owners".to_owned(),
    ] {
        assert_eq!(guest.get(&path).await.status, 403, "{path}");
    }
    let yank = "api/v1/crates/team-tool/1.0.0/yank";
    let answer = guest.ask(Method::DELETE, yank, &[], empty()).await;
    assert_eq!(answer.status, 403, "publishing is not yanking");
    assert!(!detail(&answer).is_empty());
}

#[tokio::test]
async fn f_cr_4_z05_crates_of_others_are_not_yanked() {
    let house = House::private().await;
    for name in ["team-tool", "other"] {
        house.publish(&CargoCrate::new(name, "1.0.0")).await;
    }
    let guest = guest(&house, &["UpdatePackageVersionsStatus"]).await;
    for (name, expected) in [
        ("team-tool", 200),
        ("Team-Tool", 200),
        ("other", 403),
        ("absent", 403),
    ] {
        for (method, verb) in [(Method::DELETE, "yank"), (Method::PUT, "unyank")] {
            let path = format!("api/v1/crates/{name}/1.0.0/{verb}");
            let answer = guest.ask(method, &path, &[], empty()).await;
            assert_eq!(answer.status, expected, "{path}");
        }
    }
    assert_eq!(
        publish(&guest, &CargoCrate::new("team-tool", "2.0.0")).await,
        403
    );
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_crate_comes_publishes_nothing() {
    const MAY: &[&str] = &["ReadFromRepository", "PublishPackageVersion"];
    let house = House::private().await;
    let headers: [(&str, &str); 0] = [];
    let body = CargoCrate::new("parcel", "1.0.0").publish_body();
    for (then, status, held) in [(&MAY[..1], 403, 0), (MAY, 200, 1)] {
        house.allow_guest("main", MAY).await;
        let guest = house.guest("cargo", "main").await;
        let meanwhile = house.allow_guest("main", then);
        let answer = guest
            .ask_and_meanwhile((Method::PUT, PUBLISH), &headers, body.clone(), meanwhile)
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(house.held("main", &coordinates("parcel")).await.len(), held);
        assert_eq!(house.stored().await.is_empty(), held == 0);
    }
}
