//! Tarballs: whole, in part, described, conditional.

use http::Method;
use serde_json::json;

use crate::house::House;
use crate::packages::Release;
use crate::wire::empty;

async fn published() -> (House, Release) {
    let house = House::private().await;
    let release = Release::with("@team/widget", "1.0.0", json!({}), &[7; 3000]);
    house.at("main").publish(&release).await;
    (house, release)
}

#[tokio::test]
async fn every_address_of_a_tarball_gives_its_bytes() {
    let (house, release) = published().await;
    let main = house.at("main");
    for path in [
        "@team/widget/-/widget-1.0.0.tgz",
        "@team%2fwidget/-/widget-1.0.0.tgz",
        "@team%2Fwidget/-/@team%2Fwidget-1.0.0.tgz",
        "@team/widget/-/@team/widget-1.0.0.tgz",
    ] {
        let answer = main.get(path).await;
        assert_eq!(
            (answer.status, answer.bytes()),
            (200, &release.tarball),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(
            answer.header("content-length"),
            release.tarball.len().to_string()
        );
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert!(answer.header("cache-control").contains("immutable"));
    }
    for absent in [
        "@team/widget/-/widget-1.0.1.tgz",
        "@team/widget/-/other-1.0.0.tgz",
        "widget/-/widget-1.0.0.tgz",
        "@team/widget/-/@other/widget-1.0.0.tgz",
        "@team/widget/-/widget-v1.0.0.tgz",
    ] {
        assert_eq!(main.get(absent).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn x19_bytes_of_packages_never_act_as_pages() {
    let (house, _) = published().await;
    let answer = house.at("main").tarball("@team/widget", "1.0.0").await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("content-disposition"), "attachment");
    assert_eq!(answer.header("content-security-policy"), "sandbox");
}

#[tokio::test]
async fn z07_head_describes_a_tarball_without_its_bytes() {
    let (house, release) = published().await;
    let main = house.at("main");
    let get = main.tarball("@team/widget", "1.0.0").await;
    let head = main.head("@team/widget/-/widget-1.0.0.tgz").await;
    assert_eq!((head.status, head.bytes().len()), (200, 0));
    for name in [
        "etag",
        "content-length",
        "content-type",
        "accept-ranges",
        "cache-control",
    ] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(
        head.header("content-length"),
        release.tarball.len().to_string()
    );
}

#[tokio::test]
async fn d06_one_range_or_the_whole() {
    let (house, release) = published().await;
    let (main, content) = (house.at("main"), &release.tarball);
    let path = "@team/widget/-/widget-1.0.0.tgz";
    let size = content.len();
    let etag = main.get(path).await.header("etag").to_owned();
    for (range, expected, content_range) in [
        (
            "bytes=10-19",
            &content[10..20],
            format!("bytes 10-19/{size}"),
        ),
        (
            "bytes=5-",
            &content[5..],
            format!("bytes 5-{}/{size}", size - 1),
        ),
        (
            "bytes=-7",
            &content[size - 7..],
            format!("bytes {}-{}/{size}", size - 7, size - 1),
        ),
        (
            "bytes=0-999999",
            &content[..],
            format!("bytes 0-{}/{size}", size - 1),
        ),
    ] {
        let part = main.get_with(path, &[("range", range)]).await;
        assert_eq!((part.status, &part.bytes()[..]), (206, expected), "{range}");
        assert_eq!(part.header("content-range"), content_range);
        assert_eq!(part.header("content-length"), expected.len().to_string());
        assert_eq!(part.header("etag"), etag);
    }
    let beyond = main
        .get_with(path, &[("range", &format!("bytes={size}-"))])
        .await;
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, format!("bytes */{size}").as_str())
    );
    for (name, value) in [
        ("range", "bytes=0-1,3-4"),
        ("range", "bytes=9-5"),
        ("range", "pages=1"),
    ] {
        assert_eq!(
            main.get_with(path, &[(name, value)]).await.status,
            200,
            "{value}"
        );
    }
    let kept = main
        .get_with(path, &[("range", "bytes=0-1"), ("if-range", &etag)])
        .await;
    let stale = main
        .get_with(path, &[("range", "bytes=0-1"), ("if-range", "\"old\"")])
        .await;
    assert_eq!((kept.status, stale.status), (206, 200));
    let head = main
        .ask(Method::HEAD, path, &[("range", "bytes=0-1")], empty())
        .await;
    assert_eq!((head.status, head.bytes().len()), (206, 0));
}

#[tokio::test]
async fn a_client_that_has_a_tarball_is_told_so() {
    let (house, _) = published().await;
    let main = house.at("main");
    let path = "@team/widget/-/widget-1.0.0.tgz";
    let etag = main.get(path).await.header("etag").to_owned();
    let again = main.get_with(path, &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.bytes().len()), (304, 0));
    let other = main
        .get_with(
            path,
            &[("if-none-match", "\"other\""), ("range", "bytes=0-0")],
        )
        .await;
    assert_eq!(other.status, 206);
}
