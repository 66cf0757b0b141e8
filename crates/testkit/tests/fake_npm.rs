//! The fake npm registry does what the tests that rely on it believe.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::Read;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use reliquary_testkit::fake_npm::{Behaviour, FakeNpm, FakePackage, FakeVersion, tgz};
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn registry() -> FakeNpm {
    let registry = FakeNpm::start().await;
    let signed = FakeVersion::new("1.1.0")
        .published_at("2021-01-01T00:00:00.000Z")
        .dependency("right-pad", "^2.0.0")
        .field("scripts", json!({ "test": "true" }))
        .signature("SHA256:key", "c2ln");
    registry.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0").deprecated("use the language"))
            .version(signed)
            .dist_tag("old", "1.0.0"),
    );
    registry.add_package(FakePackage::new("@scope/name").version(FakeVersion::new("0.1.0")));
    registry
}

/// The head of an answer and, if it comes whole, the body.
async fn get(
    registry: &FakeNpm,
    path: &str,
    headers: &[(&str, &str)],
) -> (Response<()>, hyper::Result<Bytes>) {
    let (parts, body) = open(registry, path, headers).await.unwrap().into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    (Response::from_parts(parts, ()), body)
}

async fn open(
    registry: &FakeNpm,
    path: &str,
    headers: &[(&str, &str)],
) -> hyper::Result<Response<Incoming>> {
    let host = registry
        .base_url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let stream = TcpStream::connect(&host).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::get(path).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    sender
        .send_request(request.body(Empty::<Bytes>::new()).unwrap())
        .await
}

async fn document(registry: &FakeNpm, path: &str, headers: &[(&str, &str)]) -> Value {
    let (head, body) = get(registry, path, headers).await;
    assert_eq!(head.status(), StatusCode::OK, "{path}");
    serde_json::from_slice(&body.unwrap()).unwrap()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

const ABBREVIATED: (&str, &str) = (
    "accept",
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8",
);

#[tokio::test]
async fn a_document_tells_versions_tags_times_and_the_digests_of_the_real_tarball() {
    use base64::Engine;
    use sha2::Digest;
    let registry = registry().await;
    let full = document(&registry, "/left-pad", &[]).await;
    assert_eq!(
        full["dist-tags"],
        json!({ "latest": "1.1.0", "old": "1.0.0" })
    );
    assert_eq!(full["time"]["1.1.0"], "2021-01-01T00:00:00.000Z");
    assert_eq!(full["time"]["modified"], "2021-01-01T00:00:00.000Z");
    assert_eq!(full["versions"]["1.0.0"]["deprecated"], "use the language");
    let version = &full["versions"]["1.1.0"];
    assert_eq!(
        version["dist"]["signatures"],
        json!([{ "keyid": "SHA256:key", "sig": "c2ln" }])
    );
    let url = version["dist"]["tarball"].as_str().unwrap();
    let path = url.strip_prefix(registry.base_url()).unwrap();
    let (_, tarball) = get(&registry, &format!("/{path}"), &[]).await;
    let tarball = tarball.unwrap();
    assert_eq!(
        Some(&tarball),
        registry.tarball("left-pad", "1.1.0").as_ref()
    );
    assert_eq!(
        version["dist"]["shasum"],
        hex::encode(sha1::Sha1::digest(&tarball))
    );
    let integrity = base64::prelude::BASE64_STANDARD.encode(sha2::Sha512::digest(&tarball));
    assert_eq!(version["dist"]["integrity"], format!("sha512-{integrity}"));
}

#[tokio::test]
async fn the_abbreviated_document_is_for_those_who_ask_and_leaves_scripts_out() {
    let registry = registry().await;
    let (head, _) = get(&registry, "/left-pad", &[ABBREVIATED]).await;
    assert_eq!(
        text(head.headers(), "content-type"),
        "application/vnd.npm.install-v1+json"
    );
    let short = document(&registry, "/left-pad", &[ABBREVIATED]).await;
    assert!(short.get("time").is_none() && short["modified"].is_string());
    assert_eq!(
        short["versions"]["1.1.0"]["dependencies"],
        json!({ "right-pad": "^2.0.0" })
    );
    assert!(short["versions"]["1.1.0"].get("scripts").is_none());
    let full = document(&registry, "/left-pad", &[]).await;
    assert!(full["versions"]["1.1.0"].get("scripts").is_some());
}

#[tokio::test]
async fn scoped_names_are_found_and_counted_in_both_spellings() {
    let registry = registry().await;
    for path in ["/@scope%2fname", "/@scope%2Fname", "/@scope/name"] {
        assert_eq!(
            document(&registry, path, &[]).await["name"],
            "@scope/name",
            "{path}"
        );
    }
    assert_eq!(registry.requests("/@scope/name"), 3);
    assert_eq!(registry.requests_total(), 3);
    assert_eq!(registry.request_log()[0].target, "/@scope%2fname");
    let (head, _) = get(&registry, "/@scope/name/-/name-0.1.0.tgz", &[]).await;
    assert_eq!(head.status(), StatusCode::OK);
    registry.forget_requests();
    assert_eq!(registry.requests_total(), 0);
}

#[tokio::test]
async fn single_versions_search_and_what_is_not_there() {
    let registry = registry().await;
    assert_eq!(
        document(&registry, "/left-pad/latest", &[]).await["version"],
        "1.1.0"
    );
    assert_eq!(
        document(&registry, "/left-pad/1.0.0", &[]).await["version"],
        "1.0.0"
    );
    let found = document(&registry, "/-/v1/search?text=left&size=20", &[]).await;
    assert_eq!(found["objects"][0]["package"]["name"], "left-pad");
    assert_eq!(found["total"], 1);
    registry.remove_package("@scope/name");
    for path in [
        "/nothing",
        "/left-pad/9.9.9",
        "/left-pad/-/left-pad-9.9.9.tgz",
        "/@scope/name",
        "/@scope",
    ] {
        let (head, body) = get(&registry, path, &[]).await;
        assert_eq!(head.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(body.unwrap(), r#"{"error":"Not Found"}"#);
    }
}

#[tokio::test]
async fn a_known_etag_is_answered_with_304_until_etags_are_switched_off() {
    let registry = registry().await;
    for path in ["/left-pad", "/left-pad/-/left-pad-1.0.0.tgz"] {
        let (head, _) = get(&registry, path, &[]).await;
        let etag = text(head.headers(), "etag").to_owned();
        assert!(etag.starts_with('"'), "{etag}");
        let (head, body) = get(&registry, path, &[("if-none-match", &etag)]).await;
        assert_eq!(
            (head.status(), body.unwrap().len()),
            (StatusCode::NOT_MODIFIED, 0),
            "{path}"
        );
        registry.set_etags(false);
        let (head, _) = get(&registry, path, &[("if-none-match", &etag)]).await;
        assert_eq!(head.status(), StatusCode::OK);
        assert!(head.headers().get("etag").is_none());
        registry.set_etags(true);
    }
    let (before, _) = get(&registry, "/left-pad", &[]).await;
    registry.add_package(FakePackage::new("left-pad").version(FakeVersion::new("2.0.0")));
    let etag = text(before.headers(), "etag");
    let (after, _) = get(&registry, "/left-pad", &[("if-none-match", etag)]).await;
    assert_eq!(after.status(), StatusCode::OK, "the document changed");
}

#[tokio::test]
async fn documents_are_compressed_when_asked() {
    let registry = registry().await;
    let (head, body) = get(&registry, "/left-pad", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(text(head.headers(), "content-encoding"), "gzip");
    let mut plain = Vec::new();
    GzDecoder::new(&*body.unwrap())
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(plain, get(&registry, "/left-pad", &[]).await.1.unwrap());
}

#[tokio::test]
async fn statuses_redirects_pages_and_types_are_as_asked_for() {
    let registry = registry().await;
    let answered = async |behaviour| {
        registry.set_behaviour("/left-pad", behaviour);
        let (head, body) = get(&registry, "/left-pad", &[]).await;
        (head, body.unwrap())
    };
    assert_eq!(
        answered(Behaviour::Status(418)).await.0.status(),
        StatusCode::IM_A_TEAPOT
    );
    let (head, _) = answered(Behaviour::StatusWithRetryAfter {
        status: 429,
        seconds: 7,
    })
    .await;
    assert_eq!(
        (head.status().as_u16(), text(head.headers(), "retry-after")),
        (429, "7")
    );
    let (head, _) = answered(Behaviour::RedirectLoop).await;
    assert_eq!(
        (head.status().as_u16(), text(head.headers(), "location")),
        (302, "/left-pad")
    );
    let (head, _) = answered(Behaviour::RedirectTo(
        "https://elsewhere.example/x".to_owned(),
    ))
    .await;
    assert_eq!(
        text(head.headers(), "location"),
        "https://elsewhere.example/x"
    );
    let (head, body) = answered(Behaviour::HtmlLogin).await;
    assert!(
        text(head.headers(), "content-type").starts_with("text/html")
            && body.starts_with(b"<!DOCTYPE")
    );
    let (head, body) = answered(Behaviour::WrongContentType).await;
    assert_eq!(text(head.headers(), "content-type"), "text/plain");
    assert!(body.starts_with(b"{"));
    let (head, body) = answered(Behaviour::EmptyBody).await;
    assert_eq!((head.status(), body.len()), (StatusCode::OK, 0));
    registry.clear_behaviours();
    assert_eq!(
        get(&registry, "/left-pad", &[]).await.0.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn wrong_bytes_have_the_right_length_and_a_bomb_is_small_until_it_is_opened() {
    let registry = registry().await;
    let path = "/left-pad/-/left-pad-1.0.0.tgz";
    let right = get(&registry, path, &[]).await.1.unwrap();
    registry.set_behaviour(path, Behaviour::WrongBytes);
    let wrong = get(&registry, path, &[]).await.1.unwrap();
    assert_eq!(wrong.len(), right.len());
    assert_ne!(wrong, right);

    registry.set_behaviour(
        "/left-pad",
        Behaviour::GzipBomb {
            decoded_bytes: 8 << 20,
        },
    );
    let (head, body) = get(&registry, "/left-pad", &[]).await;
    let bomb = body.unwrap();
    assert_eq!(text(head.headers(), "content-encoding"), "gzip");
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let decoded_bytes = std::io::copy(&mut GzDecoder::new(&*bomb), &mut std::io::sink()).unwrap();
    assert_eq!(decoded_bytes, 8 << 20);
}

#[tokio::test]
async fn bodies_are_cut_with_and_without_a_promised_length() {
    let registry = registry().await;
    let path = "/left-pad/-/left-pad-1.0.0.tgz";
    let length = get(&registry, path, &[]).await.1.unwrap().len();
    for (after_bytes, promised) in [
        (0, length),
        (10, length),
        (length, length + 1),
        (1 << 20, length + 1),
    ] {
        registry.set_behaviour(path, Behaviour::CutShort { after_bytes });
        let (head, body) = get(&registry, path, &[]).await;
        assert_eq!(text(head.headers(), "content-length"), promised.to_string());
        assert!(body.is_err(), "cut after {after_bytes}");
        registry.set_behaviour(path, Behaviour::NoLengthCut { after_bytes });
        let (head, body) = get(&registry, path, &[]).await;
        assert_eq!(text(head.headers(), "content-length"), "");
        assert!(body.is_err(), "cut after {after_bytes} without a length");
    }
}

#[tokio::test]
async fn slow_answers_take_their_time() {
    let registry = registry().await;
    let expected = get(&registry, "/left-pad", &[]).await.1.unwrap();
    registry.set_behaviour("/left-pad", Behaviour::Slow { first_byte_ms: 60 });
    let started = Instant::now();
    assert_eq!(get(&registry, "/left-pad", &[]).await.1.unwrap(), expected);
    assert!(started.elapsed() >= Duration::from_millis(60));

    let pieces = u32::try_from(expected.len().div_ceil(200)).unwrap();
    registry.set_behaviour(
        "/left-pad",
        Behaviour::Drip {
            bytes: 200,
            every_ms: 5,
        },
    );
    let started = Instant::now();
    let (head, body) = get(&registry, "/left-pad", &[]).await;
    assert_eq!(
        text(head.headers(), "content-length"),
        expected.len().to_string()
    );
    assert_eq!(body.unwrap(), expected);
    assert!(started.elapsed() >= Duration::from_millis(5) * pieces);
}

#[tokio::test]
async fn endless_bodies_and_heads_have_no_end_that_a_client_reaches() {
    let registry = registry().await;
    registry.set_behaviour("/left-pad", Behaviour::EndlessBody);
    let mut body = open(&registry, "/left-pad", &[]).await.unwrap().into_body();
    let mut read = 0;
    while read < 4 << 20 {
        read += body
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap()
            .len();
    }
    drop(body);
    registry.set_behaviour("/left-pad", Behaviour::EndlessHeaders);
    let error = open(&registry, "/left-pad", &[])
        .await
        .expect_err("no client takes such a head");
    assert!(error.is_parse_too_large(), "{error:?}");
}

#[tokio::test]
async fn held_requests_wait_for_the_release_and_are_counted_while_they_wait() {
    let registry = registry().await;
    registry.set_behaviour("/left-pad*", Behaviour::Hold);
    let requests = async {
        tokio::join!(
            get(&registry, "/left-pad", &[]),
            get(&registry, "/left-pad/1.0.0", &[])
        )
    };
    let releasing = async {
        registry.wait_until_held(2).await;
        assert_eq!(registry.requests_total(), 2);
        registry.release();
    };
    let ((first, second), ()) = tokio::join!(requests, releasing);
    assert_eq!(
        (first.0.status(), second.0.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    let again =
        tokio::time::timeout(Duration::from_millis(50), get(&registry, "/left-pad", &[])).await;
    assert!(again.is_err(), "a release does not last");
}

#[tokio::test]
async fn after_a_shutdown_connections_are_refused_until_the_restart() {
    let mut registry = registry().await;
    registry.set_behaviour("/left-pad", Behaviour::EndlessBody);
    let mut body = open(&registry, "/left-pad", &[]).await.unwrap().into_body();
    registry.shutdown().await;
    let cut = async { while body.frame().await.is_some_and(|frame| frame.is_ok()) {} };
    tokio::time::timeout(Duration::from_secs(10), cut)
        .await
        .expect("open connections are cut");
    let host = registry
        .base_url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let refused = TcpStream::connect(&host).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    registry.restart().await;
    registry.clear_behaviours();
    assert_eq!(
        document(&registry, "/left-pad", &[]).await["name"],
        "left-pad"
    );
}

#[tokio::test]
async fn a_large_package_lists_every_version() {
    let registry = FakeNpm::start().await;
    registry.add_package(FakePackage::large("big", 10_000));
    let short = document(&registry, "/big", &[ABBREVIATED]).await;
    assert_eq!(short["versions"].as_object().unwrap().len(), 10_000);
    assert_eq!(short["dist-tags"]["latest"], "1.0.9999");
    assert_eq!(
        registry.tarball("big", "1.0.9999"),
        Some(tgz(
            "big",
            "1.0.0",
            &[("index.js", b"module.exports = 1;\n")]
        ))
    );
}
