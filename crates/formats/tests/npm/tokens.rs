//! Credentials: every way of carrying a token, and every route without the right to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::RequestLabels;
use http::{Method, Request};

use crate::house::{House, OWNER, Plan};
use crate::packages::Release;
use crate::wire::{empty, full};

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn carriers(token: &str) -> Vec<String> {
    vec![
        format!("Bearer {token}"),
        basic("aws", token),
        basic("anyone", token),
        basic(token, ""),
        basic("aws", &format!("{token}\r\n")),
        token.to_owned(),
    ]
}

#[tokio::test]
async fn a05_every_carrier_of_a_token_has_the_same_rights() {
    let house = House::private().await;
    for carrier in carriers(&house.token) {
        let client = house.at("main").with_authorization(Some(carrier.clone()));
        assert_eq!(client.get("-/ping").await.status, 200, "{carrier:.12}");
    }
    let stranger = house.strangers_token().await;
    let half = house.token.len() / 2;
    let mut forged = house.token.clone().into_bytes();
    forged[half] = if forged[half] == b'A' { b'B' } else { b'A' };
    for (token, expected) in [
        (stranger.as_str(), 403),
        (std::str::from_utf8(&forged).unwrap(), 401),
        ("hunter2", 401),
        ("", 401),
        (&house.token[..half], 401),
    ] {
        for carrier in carriers(token) {
            let client = house.at("main").with_authorization(Some(carrier.clone()));
            assert_eq!(client.get("-/ping").await.status, expected, "{carrier:.12}");
        }
    }
}

#[tokio::test]
async fn a05_without_a_token_basic_credentials_are_asked_for_and_the_query_is_not_read() {
    let house = House::private().await;
    let nobody = house.at("main").with_authorization(None);
    let token = &house.token;
    for path in [
        "widget",
        "-/ping",
        "absent/-/absent-1.0.0.tgz",
        &format!("-/ping?token={token}&access_token={token}"),
    ] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Basic realm=\"reliquary\""
        );
        assert!(!answer.error().is_empty());
    }
    let two = Request::get(format!("/npm/d/acme-{OWNER}/main/-/ping"))
        .header("authorization", format!("Bearer {token}"))
        .header("authorization", format!("Bearer {token}"))
        .body(empty())
        .unwrap();
    assert_eq!(crate::wire::send(&house, two).await.status, 401);
}

#[tokio::test]
async fn a04_z12_a_token_without_rights_is_refused_on_every_route_whether_a_thing_exists_or_not() {
    let house = House::private().await;
    let release = Release::new("widget", "1.0.0");
    house.at("main").publish(&release).await;
    let stranger = house
        .at("main")
        .with_authorization(Some(format!("Bearer {}", house.strangers_token().await)));
    let document = release.document().to_string();
    for (method, path) in [
        (Method::GET, "widget"),
        (Method::GET, "absent"),
        (Method::HEAD, "widget"),
        (Method::GET, "widget?write=true"),
        (Method::GET, "widget/1.0.0"),
        (Method::GET, "widget/-/widget-1.0.0.tgz"),
        (Method::HEAD, "widget/-/widget-1.0.0.tgz"),
        (Method::GET, "widget/-/widget-9.9.9.tgz"),
        (Method::PUT, "widget"),
        (Method::PUT, "fresh"),
        (Method::PUT, "widget/-rev/x"),
        (Method::DELETE, "widget/-rev/x"),
        (Method::DELETE, "widget/-/widget-1.0.0.tgz/-rev/x"),
        (Method::GET, "-/package/widget/dist-tags"),
        (Method::PUT, "-/package/widget/dist-tags/next"),
        (Method::DELETE, "-/package/widget/dist-tags/next"),
        (Method::GET, "-/package/widget/collaborators"),
        (Method::GET, "-/package/widget/visibility"),
        (Method::GET, "-/v1/search?text=w"),
        (Method::GET, "-/ping"),
        (Method::GET, "-/whoami"),
        (Method::GET, "-/npm/v1/user"),
    ] {
        let answer = stranger
            .ask(method.clone(), path, &[], full(document.clone()))
            .await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    let ranged = stranger
        .get_with("widget/-/widget-1.0.0.tgz", &[("range", "bytes=0-1")])
        .await;
    assert_eq!(ranged.status, 403);
    assert_eq!(house.held("main", "widget").await.len(), 1);
    assert_eq!(house.stored().await.len(), 1, "nothing was staged and kept");
}

#[tokio::test]
async fn a03_a_token_of_another_domain_is_refused() {
    let house = House::private().await;
    let other = Request::get(format!("/npm/d/other-{OWNER}/main/-/ping"))
        .header("authorization", format!("Bearer {}", house.token))
        .body(empty())
        .unwrap();
    assert_eq!(crate::wire::send(&house, other).await.status, 403);
}

#[tokio::test]
async fn a06_an_expired_token_is_refused() {
    let house = House::private().await;
    let main = house.at("main");
    assert_eq!(main.get("-/ping").await.status, 200);
    house.clock.advance(43_200_000 - 1);
    assert_eq!(main.get("-/ping").await.status, 200);
    house.clock.advance(2);
    let expired = main.get("-/ping").await;
    assert_eq!(expired.status, 401);
    assert!(expired.error().contains("expired"), "{}", expired.error());
}

#[tokio::test]
async fn in_development_mode_everybody_is_let_in() {
    let house = House::with(Plan {
        dev: true,
        ..Plan::default()
    })
    .await;
    house.add_repository("main", &[]).await;
    for authorization in [
        None,
        Some("Bearer anything"),
        Some("Basic !!!"),
        Some("Digest x=y"),
    ] {
        let client = house
            .at("main")
            .with_authorization(authorization.map(str::to_owned));
        assert_eq!(client.get("-/ping").await.status, 200, "{authorization:?}");
    }
}

#[tokio::test]
async fn every_answer_says_what_it_was_for_in_fixed_words() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    for (target, format, operation) in [
        ("main/widget", "npm", "read-packument"),
        ("main/widget/-/widget-1.0.0.tgz", "npm", "read-tarball"),
        ("main/absent", "npm", "read-packument"),
        ("main/-/nonsense", "npm", "unknown"),
    ] {
        let request = Request::get(format!("/npm/d/acme-{OWNER}/{target}"))
            .header("authorization", format!("Bearer {}", house.token))
            .body(empty())
            .unwrap();
        let response = house.endpoints.handle(request).await;
        let labels = response.extensions().get::<RequestLabels>().unwrap();
        assert_eq!(
            (labels.format, labels.operation),
            (format, operation),
            "{target}"
        );
    }
}
