//! The index's configuration, credentials, and how errors look.

use testkit::house::Plan;
use testkit::packages::CargoCrate;

use crate::house::{House, detail, download_path, index_path};

#[tokio::test]
async fn the_configuration_points_here_and_asks_for_a_token() {
    let house = House::private().await;
    let main = house.at("main");
    let answer = main.get("config.json").await;
    assert_eq!(answer.status, 200);
    let base = format!("http://packages.example{}", main.prefix());
    let config = answer.json();
    assert_eq!(config["api"], base.trim_end_matches('/'));
    assert_eq!(config["dl"], format!("{base}api/v1/crates"));
    assert_eq!(config["auth-required"], true);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn f_cr_4_without_a_token_nothing_is_told_and_cargo_learns_that_it_needs_one() {
    let house = House::private().await;
    house.publish(&CargoCrate::new("widget", "1.0.0")).await;
    for authorization in [
        None,
        Some("Bearer nobody".to_owned()),
        Some("nobody".to_owned()),
    ] {
        let stranger = house.at("main").with_authorization(authorization);
        for path in [
            "config.json",
            &index_path("widget"),
            &download_path("widget", "1.0.0"),
            "api/v1/crates?q=widget",
        ] {
            let answer = stranger.get(path).await;
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.header("www-authenticate").starts_with("Basic "));
            assert!(!detail(&answer).is_empty());
        }
    }
}

#[tokio::test]
async fn a05_cargos_bare_token_is_taken_as_are_bearer_and_basic() {
    use base64::Engine as _;
    let house = House::private().await;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("aws:{}", house.token));
    for authorization in [
        house.token.clone(),
        format!("{}\r\n", house.token).trim().to_owned(),
        format!("Bearer {}", house.token),
        format!("Basic {basic}"),
    ] {
        let client = house.at("main").with_authorization(Some(authorization));
        assert_eq!(client.get("config.json").await.status, 200);
    }
}

#[tokio::test]
async fn in_development_mode_no_token_is_asked_for() {
    let plan = Plan {
        dev: true,
        ..Plan::default()
    };
    let house = House::with(plan).await;
    house.add_repository("main", &[]).await;
    let anyone = house.at("main").with_authorization(None);
    let answer = anyone.get("config.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["auth-required"], false);
}

#[tokio::test]
async fn what_is_not_there_is_told_in_cargos_shape() {
    let house = House::private().await;
    let main = house.at("main");
    for path in [
        "se/rd/serde",
        "se/rd/other",
        "nothing",
        &download_path("serde", "1.0.0"),
        "api/v1/crates/serde",
        "api/v1/crates/serde/owners",
    ] {
        let answer = main.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!detail(&answer).is_empty(), "{path}");
    }
}
