//! PublishPackageVersion against bodies that are not what was said of them, and callers without rights.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catalog::Quotas;
use control::Body;
use futures_util::{StreamExt as _, stream};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use model::PrincipalKind;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Ask, STRANGER, Service, Setup, get, post};

const LIMIT_BYTES: u64 = 1 << 20;

async fn limited() -> Service {
    let setup = Setup {
        quotas: Quotas {
            asset_size_bytes: LIMIT_BYTES,
            ..Quotas::default()
        },
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    service.make_domain("acme").await;
    service.make_repository("team-a").await;
    service
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn declaring(hash: &str) -> Ask {
    let ask = post("/v1/package/version/publish")
        .query("domain", "acme")
        .query("repository", "team-a")
        .query("format", "generic");
    ask.query("namespace", "tools")
        .query("package", "installer")
        .query("version", "1.0.0")
        .query("asset", "a.bin")
        .header("x-amz-content-sha256", hash)
}

/// A body of such pieces, and how many of them were taken.
fn pieces(
    pieces: impl Iterator<Item = std::io::Result<Bytes>> + Send + 'static,
) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let frames = stream::iter(pieces).map(move |piece| {
        counter.fetch_add(1, Ordering::SeqCst);
        piece.map(Frame::data)
    });
    (StreamBody::new(frames).boxed_unsync(), taken)
}

fn endless() -> (Body, Arc<AtomicUsize>) {
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    pieces(std::iter::repeat_with(move || Ok(piece.clone())))
}

/// That a refused publish left nothing: no row, no entry, no byte.
async fn nothing_came_of_it(service: &Service, changes: usize) {
    assert_eq!(service.change_count().await, changes);
    let listed = post("/v1/packages")
        .query("domain", "acme")
        .query("repository", "team-a");
    let listed = service.ask(listed).await.ok();
    assert_eq!(listed, json!({ "packages": [] }));
    // Staged bytes go when their upload is dropped, on a thread of its own.
    let gone = async {
        while !service.stored_files().await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), gone).await;
    let left = service.stored_files().await;
    assert!(in_time.is_ok(), "files are left: {left:?}");
}

#[tokio::test]
async fn s02_bytes_that_are_not_the_declared_ones_are_refused_and_not_kept() {
    let service = limited().await;
    let before = service.change_count().await;
    let (declared, sent) = (sha256(b"good"), sha256(b"evil"));
    let answer = service.ask(declaring(&declared).body(b"evil")).await;
    let message = answer.invalid("FIELD_VALIDATION_FAILED");
    assert!(
        message.contains(&declared) && message.contains(&sent),
        "{message}"
    );
    nothing_came_of_it(&service, before).await;
    // Another hash than the signed one is no signature.
    let mut forged = declaring(&declared).signed_by(&service.key, service.catalog.now());
    for (name, value) in &mut forged.headers {
        if name == "x-amz-content-sha256" {
            value.clone_from(&sent);
        }
    }
    let answer = service.send(forged.body(b"evil")).await;
    answer.refused(403, "InvalidSignatureException");
    for marker in [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        &declared.to_uppercase(),
        &declared[1..],
    ] {
        let answer = service.ask(declaring(marker).body(b"good")).await;
        assert!(matches!(answer.status, 400 | 403), "{marker}: {answer:?}");
    }
    let mut silent = declaring("");
    silent
        .headers
        .retain(|(name, _)| name != "x-amz-content-sha256");
    let message = service
        .ask(silent.body(b"good"))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert!(message.contains("Value null at 'assetSHA256'"), "{message}");
    nothing_came_of_it(&service, before).await;
    service.ask(declaring(&declared).body(b"good")).await.ok();
}

#[tokio::test]
async fn u07_a_publish_that_breaks_off_leaves_nothing() {
    let service = limited().await;
    let before = service.change_count().await;
    let whole = vec![b'x'; 300_000];
    let ask = || declaring(&sha256(&whole)).signed_by(&service.key, service.catalog.now());
    let cut = || Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    let half = Bytes::from(whole[..150_000].to_vec());
    for body in [
        pieces([Ok(half.clone()), cut()].into_iter()).0,
        pieces([cut()].into_iter()).0,
    ] {
        let message = service.send_with(ask(), body).await.invalid("CANNOT_PARSE");
        assert_eq!(message, "The request body broke off before its end.");
    }
    // One that ends as if it were whole is told by its hash.
    let short = pieces([Ok(half)].into_iter()).0;
    let answer = service.send_with(ask(), short).await;
    answer.invalid("FIELD_VALIDATION_FAILED");
    nothing_came_of_it(&service, before).await;
    let body = pieces(
        whole
            .chunks(999)
            .map(|part| Ok(Bytes::copy_from_slice(part)))
            .collect::<Vec<_>>()
            .into_iter(),
    )
    .0;
    let answer = service.send_with(ask(), body).await.ok();
    assert_eq!(answer["asset"]["size"], 300_000);
}

#[tokio::test]
async fn u11_an_asset_above_the_limit_is_refused_as_soon_as_that_is_known() {
    let service = limited().await;
    let before = service.change_count().await;
    let ask = || declaring(&sha256(b"x")).signed_by(&service.key, service.catalog.now());
    let exception = "ServiceQuotaExceededException";
    // An announced length is enough; the body is longer than is worth draining.
    let size = usize::try_from(LIMIT_BYTES).unwrap();
    let announced = declaring(&sha256(b"x")).body(&vec![0; size + 1]);
    let answer = service.ask(announced).await;
    answer.refused_about(402, exception, "asset", "a.bin");
    // An endless one is taken to the limit, and a bounded way beyond it.
    let (body, taken) = endless();
    let answer = service.send_with(ask(), body).await;
    answer.refused_about(402, exception, "asset", "a.bin");
    let taken = taken.load(Ordering::SeqCst);
    assert!((16..16 + 200).contains(&taken), "{taken}");
    nothing_came_of_it(&service, before).await;
    let largest = vec![7; size];
    service
        .ask(declaring(&sha256(&largest)).body(&largest))
        .await
        .ok();
}

#[tokio::test]
async fn nothing_is_read_from_a_client_that_waits_until_it_may() {
    let service = limited().await;
    let before = service.change_count().await;
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let now = service.catalog.now();
    let waiting = || declaring(&sha256(b"x")).header("expect", "100-continue");
    let foreign = waiting().query("domain-owner", STRANGER);
    let refused = [
        (waiting(), 403, "MissingAuthenticationTokenException"),
        (
            waiting().signed_by(&service.key, now).query("a", "b"),
            403,
            "InvalidSignatureException",
        ),
        (
            foreign.signed_by(&service.key, now),
            403,
            "AccessDeniedException",
        ),
        (
            waiting()
                .query("domain-owner", crate::support::ACCOUNT)
                .signed_by(&stranger, now),
            403,
            "AccessDeniedException",
        ),
        (
            waiting()
                .with("repository", "none")
                .signed_by(&service.key, now),
            404,
            "ResourceNotFoundException",
        ),
        (
            waiting().with("format", "npm").signed_by(&service.key, now),
            400,
            "ValidationException",
        ),
    ];
    for (ask, status, exception) in refused {
        let (body, taken) = endless();
        let answer = service.send_with(ask, body).await;
        answer.refused(status, exception);
        assert_eq!(taken.load(Ordering::SeqCst), 0, "{exception}");
    }
    // Who does not wait is read from for a while, so that the answer arrives; and no longer.
    let (body, taken) = endless();
    let answer = service.send_with(declaring(&sha256(b"x")), body).await;
    answer.refused(403, "MissingAuthenticationTokenException");
    assert!((1..200).contains(&taken.load(Ordering::SeqCst)));
    nothing_came_of_it(&service, before + 1).await;
    let (body, taken) = pieces([Ok(Bytes::from_static(b"x"))].into_iter());
    let answer = service
        .send_with(waiting().signed_by(&service.key, now), body)
        .await;
    answer.ok();
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_rules_refuse_is_refused_before_the_bytes_come() {
    let service = limited().await;
    service.ask(declaring(&sha256(b"1")).body(b"1")).await.ok();
    let now = service.catalog.now();
    for ask in [
        declaring(&sha256(b"2")),
        declaring(&sha256(b"1")).with("asset", "b.bin"),
    ] {
        let (body, taken) = endless();
        let ask = ask
            .header("expect", "100-continue")
            .signed_by(&service.key, now);
        service
            .send_with(ask, body)
            .await
            .refused(409, "ConflictException");
        assert_eq!(taken.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn bodies_framed_in_chunks_are_read_and_held_against_the_hash_of_their_content() {
    let service = limited().await;
    let content = b"0123456789".repeat(5000);
    let mut framed = Vec::new();
    for chunk in content.chunks(16 * 1024) {
        let signature = "0".repeat(64);
        framed.extend_from_slice(
            format!("{:x};chunk-signature={signature}\r\n", chunk.len()).as_bytes(),
        );
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    let ask = |hash: &str, length: &str| {
        declaring(hash)
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", length)
    };
    let hash = sha256(&content);
    let before = service.change_count().await;
    for (ask, body) in [
        (ask(&hash, "49999"), &framed[..]),
        (ask(&hash, "50001"), &framed[..]),
        (ask(&hash, "-1"), &framed[..]),
        (ask(&hash, "50000"), &framed[..framed.len() - 40_000]),
        (ask(&hash, "50000"), &content[..]),
        (ask(&sha256(&framed), "50000"), &framed[..]),
    ] {
        let answer = service.ask(ask.body(body)).await;
        answer.refused(400, "ValidationException");
    }
    let answer = service
        .ask(ask(&hash, &(LIMIT_BYTES + 1).to_string()).body(&framed))
        .await;
    answer.refused(402, "ServiceQuotaExceededException");
    nothing_came_of_it(&service, before).await;
    let answer = service.ask(ask(&hash, "50000").body(&framed)).await.ok();
    assert_eq!(answer["asset"]["hashes"]["SHA-256"], hash);
    let fetch = get("/v1/package/version/asset")
        .query("domain", "acme")
        .query("repository", "team-a");
    let fetch = fetch.query("format", "generic").query("namespace", "tools");
    let fetch = fetch
        .query("package", "installer")
        .query("version", "1.0.0");
    let bytes = service.ask(fetch.query("asset", "a.bin")).await;
    assert_eq!(bytes.body, content);
}
