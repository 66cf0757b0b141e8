//! Addresses: both forms, hosts, and paths that try to be something else.

use http::Request;

use crate::house::{House, OWNER};
use crate::packages::Release;
use crate::wire::{Answer, empty, send};

async fn get(house: &House, host: &str, target: &str) -> Answer {
    let request = Request::get(target)
        .header("host", host)
        .header("authorization", format!("Bearer {}", house.token))
        .body(empty())
        .unwrap();
    send(house, request).await
}

fn tarball_of(answer: &Answer) -> String {
    answer.json()["versions"]["1.0.0"]["dist"]["tarball"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn published() -> House {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    house
}

#[tokio::test]
async fn tarballs_are_at_the_address_that_the_client_uses() {
    let house = published().await;
    let path = format!("/npm/d/acme-{OWNER}/main/widget");
    let known = get(&house, "localhost:8740", &path).await;
    assert_eq!(
        tarball_of(&known),
        format!("http://localhost:8740/npm/d/acme-{OWNER}/main/widget/-/widget-1.0.0.tgz")
    );
    let by_host = get(
        &house,
        &format!("acme-{OWNER}.d.packages.example"),
        "/npm/main/widget",
    )
    .await;
    assert_eq!(
        tarball_of(&by_host),
        format!("http://acme-{OWNER}.d.packages.example/npm/main/widget/-/widget-1.0.0.tgz")
    );
}

#[tokio::test]
async fn p13_x13_a_host_that_nobody_allowed_steers_nothing() {
    let house = published().await;
    let path = format!("/npm/d/acme-{OWNER}/main/widget");
    let expected =
        format!("http://packages.example/npm/d/acme-{OWNER}/main/widget/-/widget-1.0.0.tgz");
    for host in [
        "evil.example",
        "packages.example.evil.example",
        "localhost:8741",
        "127.0.0.1",
    ] {
        assert_eq!(
            tarball_of(&get(&house, host, &path).await),
            expected,
            "{host}"
        );
    }
    let absolute = get(
        &house,
        "packages.example",
        &format!("http://packages.example{path}"),
    )
    .await;
    assert_eq!(tarball_of(&absolute), expected);
    for (host, target) in [
        ("packages.example", format!("http://evil.example{path}")),
        ("user@packages.example", path.clone()),
        ("packages.example/x", path.clone()),
    ] {
        assert_eq!(
            get(&house, host, &target).await.status,
            400,
            "{host} {target}"
        );
    }
    let two = Request::get(&path)
        .header("host", "a.example")
        .header("host", "b.example")
        .body(empty())
        .unwrap();
    assert_eq!(send(&house, two).await.status, 400);
}

#[tokio::test]
async fn p01_p02_p03_p04_p05_p12_hostile_paths_are_refused_and_nothing_is_asked_of_the_source() {
    let house = House::connected().await;
    let main = house.at("main");
    for path in [
        "..",
        "../main/widget",
        "%2e%2e/main/widget",
        ".%2e/widget",
        "%2e%2e%2fwidget",
        "..%2fwidget",
        "..%5cwidget",
        "@scope%2f..%2fwidget",
        "@scope/../widget",
        "@scope%2f%2e%2e",
        "....%2f%2fx",
        "..;/x",
        ";/../x",
        "widget;x=y",
        "widget%3bx",
        "/widget",
        "//widget",
        "widget//-/widget-1.0.0.tgz",
        "%2Fwidget",
        "widget/",
        "widget/-/",
        "x%00y",
        "x%0d%0aset-cookie:a=b",
        "x%7fy",
        "%",
        "%2",
        "%zz",
        "%c0%ae%c0%ae/x",
        "%ff",
        "a%5cb",
        "@%2fname",
        "@scope%2f",
        "widget/-/..%2f..%2fx-1.0.0.tgz",
        "widget/-/widget-..%2f1.0.0.tgz",
        "x%20y",
        "x%23y",
        "a%e2%80%aeb",
        "a%e2%80%8bb",
        "-/package/..%2fx/dist-tags",
        "-/package/%2e%2e/dist-tags",
    ] {
        let answer = main.get(path).await;
        assert!(
            (400..500).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.error().is_empty(), "{path}");
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "{:?}",
        house.source.request_log()
    );
}

#[tokio::test]
async fn p02_p07_names_reach_the_source_as_one_segment_of_text() {
    let house = House::connected().await;
    let main = house.at("main");
    for (path, target) in [
        ("%252e%252e%252fx", "/%252e%252e%252fx"),
        ("x%3fy", "/x%3Fy"),
        ("x%26y", "/x&y"),
        ("x+y", "/x+y"),
        ("x%25y", "/x%25y"),
        ("@scope%2fname", "/@scope%2Fname"),
        ("%EF%BC%8E%EF%BC%8E", "/%EF%BC%8E%EF%BC%8E"),
    ] {
        house.source.forget_requests();
        assert_eq!(main.get(path).await.status, 404, "{path}");
        let log = house.source.request_log();
        assert_eq!(
            log.iter()
                .map(|request| request.target.as_str())
                .collect::<Vec<_>>(),
            [target],
            "{path}"
        );
    }
}

#[tokio::test]
async fn p06_encoded_names_of_domains_and_repositories_are_the_decoded_ones() {
    let house = published().await;
    let answer = get(
        &house,
        "localhost:8740",
        &format!("/npm/d/%61cme-{OWNER}/m%61in/widget"),
    )
    .await;
    assert_eq!(answer.status, 200);
    for target in [
        format!("/npm/d/acme-{OWNER}/m%2fain/widget"),
        format!("/npm/d/acme-{OWNER}/MAIN/widget"),
        format!("/npm/d/ACME-{OWNER}/main/widget"),
        format!("/NPM/d/acme-{OWNER}/main/widget"),
        format!("/%6epm/d/acme-{OWNER}/main/widget"),
        "/npm/d/acme/main/widget".to_owned(),
        "/npm/main/widget".to_owned(),
        "/".to_owned(),
    ] {
        assert_eq!(
            get(&house, "localhost:8740", &target).await.status,
            404,
            "{target}"
        );
    }
}

#[tokio::test]
async fn p11_long_and_deep_addresses_are_refused() {
    let house = House::connected().await;
    let main = house.at("main");
    for path in [
        "a/".repeat(1000) + "a",
        "a".repeat(20_000),
        "x".repeat(256),
        format!("x?{}", "q".repeat(20_000)),
    ] {
        assert!(
            (400..500).contains(&main.get(&path).await.status),
            "{}",
            path.len()
        );
    }
    assert_eq!(house.source.requests_total(), 0);
}

#[tokio::test]
async fn the_bare_address_answers_with_and_without_its_slash() {
    let house = House::private().await;
    for target in [
        format!("/npm/d/acme-{OWNER}/main"),
        format!("/npm/d/acme-{OWNER}/main/"),
    ] {
        assert_eq!(
            get(&house, "localhost:8740", &target).await.status,
            200,
            "{target}"
        );
    }
    assert_eq!(
        get(
            &house,
            "localhost:8740",
            &format!("/npm/d/acme-{OWNER}/absent/")
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn the_endpoint_of_a_repository_is_the_address_that_works() {
    let house = published().await;
    let repository = model::RepositoryName::parse("main").unwrap();
    let npm = formats::rules().find("npm").unwrap().id();
    let endpoint = house.endpoints.endpoint(&house.domain, &repository, npm);
    assert_eq!(
        endpoint,
        format!("http://packages.example/npm/d/acme-{OWNER}/main/")
    );
    assert!(tarball_of(&house.at("main").get("widget").await).starts_with(&endpoint));
}
