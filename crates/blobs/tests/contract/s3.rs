//! What only an object store can show: parts, refusals, outages in the middle of things, damage, signed addresses.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use model::Sha256Digest;
use reliquary_blobs::{
    BlobError, BlobSettings, Blobs, S3Credentials, S3Patience, S3Settings, SignedHeaders,
};
use testkit::s3_server::{KEY_ID, S3Server};
use tokio::net::TcpListener;

use crate::proxy::Proxy;
use crate::{Store, sample, whole};

const MIB: usize = 1 << 20;
/// More than sockets and buffers on the way hold.
const LONG: usize = 24 * MIB + 17;

/// Patience for tests in which the store fails on purpose.
const LITTLE: S3Patience = S3Patience {
    connect: Duration::from_millis(500),
    response: Duration::from_millis(500),
    idle: Duration::from_millis(500),
    retries: 1,
    retry_within: Duration::from_secs(2),
};

fn through(proxy: &Proxy, patience: S3Patience) -> S3Settings {
    S3Settings {
        endpoint: Some(format!("http://{}", proxy.address)),
        patience,
        ..S3Server::get().settings()
    }
}

async fn opened(s3: &S3Settings) -> Result<Blobs, BlobError> {
    let folder = tempfile::tempdir().unwrap();
    Blobs::open_s3(folder.path(), s3, BlobSettings::default()).await
}

/// Stages and commits; `put` would not go through the staging folder.
pub(crate) async fn commit(blobs: &Blobs, body: &Bytes) -> Result<Sha256Digest, BlobError> {
    let mut stage = blobs.stage().await?;
    for chunk in body.chunks(300_000) {
        stage.write(body.slice_ref(chunk)).await?;
    }
    let staged = stage.finish().await?;
    let digest = staged.digests().sha256;
    staged.commit().await?;
    Ok(digest)
}

async fn read(blobs: &Blobs, digest: &Sha256Digest) -> std::io::Result<Option<Bytes>> {
    match blobs.open(digest).await? {
        Some(blob) => whole(blob.body()).await.map(Some),
        None => Ok(None),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_a_body_of_several_parts_comes_back_and_is_listed_and_verified() {
    let store = Store::on_s3().await;
    for size in [8 * MIB, 8 * MIB + 1, 16 * MIB, LONG] {
        let body = sample(1, size);
        let digest = commit(&store.blobs, &body).await.unwrap();
        assert!(store.read(&digest).await.unwrap() == body, "{size} bytes");
        let verified = store.blobs.verify(&digest).await.unwrap();
        assert_eq!(verified, Some(size as u64));
        let blob = store.blobs.open(&digest).await.unwrap().unwrap();
        // An answer that waits is for who wants just that range; others are asked for.
        let tail = size as u64 - 100;
        blob.ready().await.unwrap();
        for _ in 0..2 {
            let read = whole(blob.body_range(tail, u64::MAX)).await;
            assert_eq!(read.unwrap(), body.slice(size - 100..));
            blob.ready_range(tail, u64::MAX).await.unwrap();
        }
        let read = whole(blob.body_range(10, 20)).await;
        assert_eq!(read.unwrap(), body.slice(10..20));
        assert!(whole(blob.body()).await.unwrap() == body);
    }
    assert_eq!(store.listed().await.len(), 4);
    store.wait_until_nothing_is_staged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_a_wrong_secret_or_bucket_is_refused_at_the_start_with_advice() {
    let good = S3Server::get().settings();
    let S3Credentials::Key { secret, .. } = &good.credentials else {
        panic!("the tests have a key")
    };
    let key = |id: &str, secret: &str| S3Credentials::Key {
        id: id.to_owned(),
        secret: secret.to_owned(),
        session_token: None,
    };
    let wrong = [
        S3Settings {
            credentials: key(KEY_ID, "another secret"),
            ..good.clone()
        },
        S3Settings {
            credentials: key("nobody", secret),
            ..good.clone()
        },
        S3Settings {
            bucket: "no-such-bucket".to_owned(),
            ..good.clone()
        },
        S3Settings {
            allow_http: false,
            ..good.clone()
        },
        S3Settings {
            ca_pem: Some(b"not a certificate".to_vec()),
            ..good.clone()
        },
    ];
    for s3 in wrong {
        let error = opened(&s3).await.expect_err("it cannot be used");
        assert!(matches!(error, BlobError::Refused { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("check endpoint, region, bucket"), "{text}");
        assert!(!text.contains(secret.as_str()), "{text}");
        assert!(!format!("{s3:?}").contains(secret.as_str()));
    }
    opened(&good).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_with_tls_is_used_only_when_its_certificate_is_trusted() {
    let (proxy, ca_pem) = Proxy::with_tls(S3Server::get().address()).await;
    let s3 = S3Settings {
        endpoint: Some(format!("https://localhost:{}", proxy.address.port())),
        allow_http: false,
        ca_pem: Some(ca_pem),
        patience: LITTLE,
        ..S3Server::get().settings()
    };
    let store = Store::in_bucket(&s3).await;
    let body = sample(16, 9 * MIB);
    let digest = commit(&store.blobs, &body).await.unwrap();
    assert!(store.read(&digest).await.unwrap() == body);

    let untrusted = S3Settings {
        ca_pem: None,
        ..s3.clone()
    };
    let error = opened(&untrusted).await.expect_err("nobody vouches for it");
    assert!(error.to_string().contains("certificate"), "{error}");
    let other_name = S3Settings {
        endpoint: Some(format!("https://127.0.0.1:{}", proxy.address.port())),
        ..s3
    };
    let error = opened(&other_name).await.expect_err("it has another name");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_a_store_that_is_not_there_or_says_nothing_is_given_up_in_bounded_time() {
    let closed = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap()
    };
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for address in [closed, silent.local_addr().unwrap()] {
        let s3 = S3Settings {
            endpoint: Some(format!("http://{address}")),
            patience: LITTLE,
            ..S3Server::get().settings()
        };
        let begun = Instant::now();
        let error = opened(&s3).await.expect_err("nobody answers");
        assert!(matches!(error, BlobError::Unavailable { .. }), "{error:?}");
        assert!(error.may_pass());
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_a_store_that_falls_silent_fails_every_verb_and_recovers_by_itself() {
    let proxy = Proxy::to(S3Server::get().address()).await;
    let store = Store::in_bucket(&through(&proxy, LITTLE)).await;
    let (small, large) = (sample(2, 5_000), sample(3, LONG));
    let held = store.put(&small).await;
    let long = commit(&store.blobs, &large).await.unwrap();
    assert!(store.read(&held).await.is_some());
    let mut reading = store.blobs.open(&long).await.unwrap().unwrap().body();
    assert!(reading.frame().await.unwrap().is_ok());
    let known = store.blobs.open(&long).await.unwrap().unwrap();

    proxy.stall(true);
    let absent = Sha256Digest::from_bytes([7; 32]);
    let blobs = &store.blobs;
    let failures = [
        blobs.put(sample(4, 100)).await.map(drop),
        commit(blobs, &sample(5, 9 * MIB)).await.map(drop),
        blobs.open(&absent).await.map(drop),
        known.ready().await,
        blobs.contains(&absent).await.map(drop),
        blobs.read_all(&absent, 10).await.map(drop),
        blobs.verify(&held).await.map(drop),
        blobs.delete(&held).await.map(drop),
        blobs.list(None, 10).await.map(drop),
    ];
    for (verb, failure) in failures.into_iter().enumerate() {
        let unavailable = matches!(failure, Err(BlobError::Unavailable { .. }));
        assert!(unavailable, "verb {verb}: {failure:?}");
    }
    assert!(
        reading.collect().await.is_err(),
        "a download that stalls is cut"
    );
    assert_eq!(
        store.read(&held).await,
        Some(small),
        "what is in memory is still served"
    );

    proxy.stall(false);
    assert_eq!(store.listed().await.len(), 2, "nothing half is visible");
    assert!(store.read(&long).await.unwrap() == large);
    let again = sample(5, 9 * MIB);
    let digest = commit(&store.blobs, &again).await.unwrap();
    assert!(store.read(&digest).await.unwrap() == again);
    store.wait_until_nothing_is_staged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u07_parts_that_cannot_be_sent_leave_no_blob_and_no_parts_behind() {
    let proxy = Proxy::to(S3Server::get().address()).await;
    let s3 = through(&proxy, LITTLE);
    let store = Store::in_bucket(&s3).await;
    let body = sample(6, LONG);
    proxy.cut_uploads(usize::MAX, MIB as u64);
    let digest = Sha256Digest::from_bytes(<sha2::Sha256 as sha2::Digest>::digest(&body).into());
    let uploads = || S3Server::get().uploads_under_way(&s3.prefix, &digest);
    let failing = {
        let (blobs, body) = (store.blobs.clone(), body.clone());
        tokio::spawn(async move { commit(&blobs, &body).await })
    };
    while uploads() == 0 {
        assert!(!failing.is_finished(), "the upload was never seen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let failure = failing.await.unwrap();
    assert!(
        matches!(failure, Err(BlobError::Unavailable { .. })),
        "{failure:?}"
    );
    assert_eq!(store.listed().await, []);
    assert_eq!(uploads(), 0, "the parts that arrived are removed");
    proxy.cut_uploads(2, MIB as u64);
    assert_eq!(commit(&store.blobs, &body).await.unwrap(), digest);
    assert_eq!(uploads(), 0);
    assert_eq!(proxy.cuts_left(), 0, "single cuts are survived");
    assert!(store.read(&digest).await.unwrap() == body);
    store.wait_until_nothing_is_staged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_a_download_that_is_cut_goes_on_where_it_was() {
    let proxy = Proxy::to(S3Server::get().address()).await;
    let store = Store::in_bucket(&through(&proxy, S3Patience::default())).await;
    let body = sample(7, LONG);
    let digest = commit(&store.blobs, &body).await.unwrap();
    proxy.cut_downloads(2, 5 * MIB as u64);
    assert!(store.read(&digest).await.unwrap() == body);
    assert_eq!(proxy.cuts_left(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_a_server_killed_in_the_middle_loses_nothing_that_was_acknowledged() {
    let mut server = tokio::task::spawn_blocking(S3Server::start).await.unwrap();
    let s3 = S3Settings {
        patience: LITTLE,
        ..server.settings()
    };
    let store = Store::in_bucket(&s3).await;
    let body = sample(8, LONG);
    let held = commit(&store.blobs, &body).await.unwrap();
    let mut reading = store.blobs.open(&held).await.unwrap().unwrap().body();
    assert!(reading.frame().await.unwrap().is_ok());
    let uploading = {
        let blobs = store.blobs.clone();
        tokio::spawn(async move {
            // Different each time, until one is in the middle of it when the server goes.
            for seed in 100.. {
                commit(&blobs, &sample(seed, LONG)).await?;
            }
            Ok::<_, BlobError>(())
        })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut server = tokio::task::spawn_blocking(move || {
        server.kill();
        server
    })
    .await
    .unwrap();
    let failure = uploading.await.unwrap();
    assert!(
        matches!(failure, Err(BlobError::Unavailable { .. })),
        "{failure:?}"
    );
    assert!(reading.collect().await.is_err());
    let gone = store.blobs.verify(&held).await;
    assert!(
        matches!(gone, Err(BlobError::Unavailable { .. })),
        "{gone:?}"
    );

    let server = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    })
    .await
    .unwrap();
    assert!(store.read(&held).await.unwrap() == body);
    for blob in store.listed().await {
        let verified = store.blobs.verify(&blob.digest).await;
        assert!(matches!(verified, Ok(Some(_))), "{verified:?}");
    }
    tokio::task::spawn_blocking(move || drop(server))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i07_a_damaged_object_is_never_given_out_whole_and_the_next_commit_repairs_it() {
    let s3 = S3Server::get().settings();
    for size in [5_000, 3 * MIB] {
        let store = Store::in_bucket(&s3).await;
        let body = sample(9, size);
        let digest = commit(&store.blobs, &body).await.unwrap();
        let mut flipped = body.to_vec();
        flipped[size / 2] ^= 1;
        for damaged in [&flipped[..], &body[..size - 1000]] {
            S3Server::get().overwrite(&s3.prefix, &digest, damaged);
            let other_node = Store::in_bucket(&s3).await;
            let given = read(&other_node.blobs, &digest).await;
            let error = given.expect_err("it is damaged");
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
            assert!(error.to_string().contains("is damaged"), "{error}");
            let all = other_node.blobs.read_all(&digest, size as u64).await;
            assert!(matches!(all, Err(BlobError::Damaged { .. })), "{all:?}");
            let verified = other_node.blobs.verify(&digest).await;
            assert!(
                matches!(verified, Err(BlobError::Damaged { digest: found, .. }) if found == digest),
                "{verified:?}"
            );
            commit(&other_node.blobs, &body).await.unwrap();
            let repaired = read(&other_node.blobs, &digest).await.unwrap();
            assert!(repaired.unwrap() == body, "{size} bytes");
        }
        store.blobs.delete(&digest).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_commits_another_reads_at_once() {
    let s3 = S3Server::get().settings();
    let (one, other) = (Store::in_bucket(&s3).await, Store::in_bucket(&s3).await);
    for (seed, size) in [(10, 5_000), (11, 3 * MIB), (12, 9 * MIB)] {
        let body = sample(seed, size);
        let digest = commit(&one.blobs, &body).await.unwrap();
        assert!(other.read(&digest).await.unwrap() == body);
        assert!(one.blobs.delete(&digest).await.unwrap());
        let third = Store::in_bucket(&s3).await;
        assert_eq!(third.read(&digest).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_no_digest_is_not_listed() {
    let s3 = S3Server::get().settings();
    let store = Store::in_bucket(&s3).await;
    let digest = store.put(&sample(13, 100)).await;
    S3Server::get().put_file(&format!("{}/blobs/README", s3.prefix), b"not ours");
    S3Server::get().put_file(&format!("{}/blobs/ab/cd", s3.prefix), b"not ours");
    let listed = store.listed().await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].digest, digest);
    assert_eq!(store.blobs.list(None, 1).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn z10_a_signed_address_is_good_for_one_blob_to_be_read_and_for_its_time() {
    let store = Store::on_s3().await;
    let body = sample(14, 5_000);
    let digest = store.put(&body).await;
    let headers = SignedHeaders {
        content_type: Some("application/octet-stream"),
        content_disposition: Some("attachment; filename=\"a b.tgz\""),
        cache_control: None,
    };
    let hour = Duration::from_secs(3_600);
    let signed = store.blobs.signed_url(&digest, hour, &headers).await;
    let url = signed.unwrap().expect("an object store signs");
    let (status, head, given) = get(&url).await;
    assert_eq!(status, 200, "{head}");
    assert_eq!(given, body);
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/octet-stream"),
        "{head}"
    );
    assert!(
        head.contains("content-disposition: attachment; filename=\"a b.tgz\""),
        "{head}"
    );
    let other = store.put(&sample(15, 10)).await;
    let rest = |digest: &Sha256Digest| digest.to_hex()[2..].to_owned();
    let first = |digest: &Sha256Digest| format!("/{}/", &digest.to_hex()[..2]);
    let forged = url
        .replace(&rest(&digest), &rest(&other))
        .replace(&first(&digest), &first(&other));
    assert_ne!(forged, url);
    assert_eq!(get(&forged).await.0, 403);
    assert_eq!(get(url.split_once('?').unwrap().0).await.0, 403);
    for method in ["PUT", "DELETE"] {
        assert_eq!(ask(method, &url).await.0, 403, "{method}");
    }
    let moment = Duration::from_secs(1);
    let signed = store.blobs.signed_url(&digest, moment, &headers).await;
    let brief = signed.unwrap().expect("an object store signs");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while get(&brief).await.0 != 403 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "it is good for ever"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(get(&url).await.0, 200);
    let on_disk = Store::on_disk();
    let none = on_disk.blobs.signed_url(&digest, hour, &headers).await;
    assert_eq!(none.unwrap(), None);
}

async fn get(url: &str) -> (u16, String, Bytes) {
    ask("GET", url).await
}

/// One plain request without a body: status, head, body.
async fn ask(method: &str, url: &str) -> (u16, String, Bytes) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let address: SocketAddr = host.parse().unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer.split_off(end + 4).into())
}
