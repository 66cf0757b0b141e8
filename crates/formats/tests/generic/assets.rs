//! Reading files: whole, in part, described, conditional; and only from the repository that holds them.

use http::Method;

use crate::house::{House, installer};
use crate::wire::full;

const FILE: &str = "tools/installer/1.0.0/setup.exe";
const SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

async fn stocked() -> House {
    let house = House::open().await;
    house.at("main").put_new(FILE, b"hello").await;
    house
}

#[tokio::test]
async fn a_file_comes_with_its_digests() {
    let house = stocked().await;
    let answer = house.at("main").get(FILE).await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]));
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("etag"), format!("\"{SHA256}\""));
    assert_eq!(answer.header("x-checksum-sha256"), SHA256);
    assert_eq!(
        answer.header("repr-digest"),
        "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:, sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm\
         6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:"
    );
    // Again, from memory.
    assert_eq!(house.at("main").get(FILE).await.body, "hello");
}

#[tokio::test]
async fn x19_a_file_never_acts_as_a_page() {
    let house = House::open().await;
    let main = house.at("main");
    let path = "tools/installer/1.0.0/index.html";
    main.put_new(path, b"<script>alert(1)</script>").await;
    let answer = main.get_with(path, &[("accept", "text/html")]).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("content-disposition"), "attachment");
    assert_eq!(answer.header("content-security-policy"), "sandbox");
}

#[tokio::test]
async fn z07_head_has_the_headers_of_get_and_no_body() {
    let house = stocked().await;
    let main = house.at("main");
    for path in [
        FILE,
        "",
        "tools/",
        "tools/installer/",
        "tools/installer/1.0.0/",
    ] {
        let (get, head) = (main.get(path).await, main.head(path).await);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(get.headers, head.headers, "{path}");
        assert_eq!(get.header("content-length"), get.body.len().to_string());
    }
}

#[tokio::test]
async fn d06_one_range_or_the_whole() {
    let house = stocked().await;
    let main = house.at("main");
    let etag = format!("\"{SHA256}\"");
    for (range, status, body, content_range) in [
        ("bytes=1-2", 206, "el", "bytes 1-2/5"),
        ("bytes=3-", 206, "lo", "bytes 3-4/5"),
        ("bytes=-1", 206, "o", "bytes 4-4/5"),
        ("bytes=0-99", 206, "hello", "bytes 0-4/5"),
        ("bytes=5-", 416, "", "bytes */5"),
        ("bytes=0-0,2-2", 200, "hello", ""),
        ("lines=1-2", 200, "hello", ""),
    ] {
        let answer = main.get_with(FILE, &[("range", range)]).await;
        assert_eq!((answer.status, answer.text()), (status, body), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
    }
    let resumed = [("range", "bytes=1-2"), ("if-range", etag.as_str())];
    assert_eq!(main.get_with(FILE, &resumed).await.body, "el");
    let stale = [("range", "bytes=1-2"), ("if-range", "\"other\"")];
    assert_eq!(main.get_with(FILE, &stale).await.body, "hello");
    let known = main.get_with(FILE, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let house = stocked().await;
    let main = house.at("main");
    for path in [
        "tools/installer/1.0.0/other",
        "tools/installer/1.0.0/SETUP.EXE",
        "tools/installer/1.0.1/setup.exe",
        "tools/Installer/1.0.0/setup.exe",
        "tool/installer/1.0.0/setup.exe",
        "tools/installer/1.0.0/setup.exe/",
        "tools/installer/1.0.1/",
        "tools/other/",
        "tool/",
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = main.ask(method.clone(), path, &[], full("")).await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    assert_eq!(house.at("absent").get(FILE).await.status, 404);
}

#[tokio::test]
async fn upstream_repositories_are_not_searched() {
    let house = stocked().await;
    house.add_repository("downstream", &["main"]).await;
    let downstream = house.at("downstream");
    for path in [FILE, "tools/", "tools/installer/", "tools/installer/1.0.0/"] {
        assert_eq!(downstream.get(path).await.status, 404, "{path}");
    }
    let nothing: [String; 0] = [];
    assert_eq!(
        downstream.get("").await.names("namespaces", "namespace"),
        nothing
    );
    assert!(house.held("downstream").await.is_empty());
    // What is copied is held.
    house
        .copy_versions(("main", "downstream"), &installer(), &["1.0.0"], false)
        .await;
    assert_eq!(downstream.get(FILE).await.body, "hello");
    assert_eq!(house.stored().await, 1);
}
