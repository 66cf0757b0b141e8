//! The addresses that documents spell out: those that the client itself uses.

use http::Request;
use testkit::house::{empty, send};
use testkit::packages::SwiftReleaseForm;

use crate::house::{House, list};

#[tokio::test]
async fn links_stay_on_the_host_that_was_asked_and_nobody_can_steer_them() {
    let house = House::open().await;
    let package = list("1.0.0").file("Package@swift-5.swift", b"// swift-tools-version:5.0\n");
    house
        .publish_form("1.0.0", &SwiftReleaseForm::of(&package.archive()))
        .await;
    for (host, path, expected) in [
        (
            "localhost:8740",
            "/swift/d/acme-111122223333/main/",
            "http://localhost:8740/swift/d/acme-111122223333/main/",
        ),
        (
            "acme-111122223333.d.packages.example",
            "/swift/main/",
            "http://acme-111122223333.d.packages.example/swift/main/",
        ),
        (
            "evil.example",
            "/swift/d/acme-111122223333/main/",
            "http://packages.example/swift/d/acme-111122223333/main/",
        ),
    ] {
        let ask = async |below: &str| {
            let request = Request::get(format!("{path}{below}"))
                .header("host", host)
                .header("authorization", format!("Bearer {}", house.token))
                .body(empty())
                .unwrap();
            send(&house, request).await
        };
        let listed = ask("mona/LinkedList").await;
        let url = format!("{expected}mona/linkedlist/1.0.0");
        assert_eq!(listed.json()["releases"]["1.0.0"]["url"], url, "{host}");
        assert!(listed.header("link").starts_with(&format!("<{url}>")));
        let manifest = ask("mona/LinkedList/1.0.0/Package.swift").await;
        let link = format!("<{url}/Package.swift?swift-version=5>");
        assert!(manifest.header("link").starts_with(&link), "{host}");
        let see = ask("mona/LinkedList/1.0.0/Package.swift?swift-version=9").await;
        assert_eq!(see.header("location"), format!("{url}/Package.swift"));
    }
}
