//! Puts whose bytes are not what was said of them, or too many, or cut; and puts that are not of a whole file.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;

use crate::house::{ASSET_LIMIT_BYTES, House};
use crate::wire::{endless, pieces};

const FILE: &str = "tools/installer/1.0.0/setup.exe";
const SHA256_OF_HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

async fn nothing_is_there(house: &House, changes: usize) {
    assert_eq!(house.changes().await, changes);
    assert_eq!(house.stored().await, 0);
    assert_eq!(house.at("main").get(FILE).await.status, 404);
}

#[tokio::test]
async fn u06_f_ge_1_bytes_that_are_not_the_declared_ones_are_refused_and_not_kept() {
    let house = House::open().await;
    let main = house.at("main");
    let changes = house.changes().await;
    let digests = [
        ("x-amz-content-sha256", SHA256_OF_HELLO),
        (
            "x-checksum-sha1",
            "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        ),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        (
            "digest",
            "sha-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ),
        (
            "content-digest",
            "sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:",
        ),
    ];
    for digest in digests {
        let answer = main.put_with(FILE, &[digest], "evil").await;
        assert_eq!(answer.status, 400, "{digest:?}");
        assert!(answer.text().contains("was declared"), "{}", answer.text());
    }
    for broken in [
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-content-sha256", &SHA256_OF_HELLO[1..]),
        ("digest", "sha-256=x"),
        ("content-digest", "sha-256=LPJN"),
    ] {
        let answer = main.put_with(FILE, &[broken], "hello").await;
        assert_eq!(answer.status, 400, "{broken:?}");
        assert!(answer.text().contains(broken.0), "{}", answer.text());
    }
    nothing_is_there(&house, changes).await;
    let answer = main.put_with(FILE, &digests, "hello").await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
}

#[tokio::test]
async fn u07_a_put_that_breaks_off_leaves_nothing() {
    let house = House::open().await;
    let main = house.at("main");
    let changes = house.changes().await;
    for whole_pieces in [0, 1, 5] {
        let piece = Bytes::from(vec![b'x'; 100_000]);
        let all = std::iter::repeat_with(move || Ok(piece.clone()))
            .take(whole_pieces)
            .chain([Err(std::io::Error::other("the client is gone"))]);
        let (body, _) = pieces(all);
        let answer = main.ask(Method::PUT, FILE, &[], body).await;
        assert_eq!(answer.status, 400, "{whole_pieces}");
        nothing_is_there(&house, changes).await;
    }
    main.put_new(FILE, b"hello").await;
}

#[tokio::test]
async fn u11_a_file_at_the_limit_is_taken_and_one_above_is_refused_as_soon_as_that_is_known() {
    let house = House::open().await;
    let main = house.at("main");
    let changes = house.changes().await;
    // Announced: before the first byte.
    let (body, taken) = endless();
    let length = (ASSET_LIMIT_BYTES + 1).to_string();
    let announced = [
        ("content-length", length.as_str()),
        ("expect", "100-continue"),
    ];
    let answer = main.ask(Method::PUT, FILE, &announced, body).await;
    assert_eq!((answer.status, taken.load(Ordering::SeqCst)), (402, 0));
    assert!(answer.text().contains(&ASSET_LIMIT_BYTES.to_string()));
    // Not announced: when it comes to more, and a little is read on so that the client sees the answer.
    let (body, taken) = endless();
    assert_eq!(main.ask(Method::PUT, FILE, &[], body).await.status, 402);
    let taken_bytes = taken.load(Ordering::SeqCst) * 64 * 1024;
    assert!(taken_bytes < 16 << 20, "{taken_bytes} bytes were read");
    let limit = usize::try_from(ASSET_LIMIT_BYTES).unwrap();
    assert_eq!(main.put(FILE, vec![0; limit + 1]).await.status, 402);
    nothing_is_there(&house, changes).await;
    assert_eq!(main.put(FILE, vec![0; limit]).await.status, 201);
    assert_eq!(main.get(FILE).await.body.len(), limit);
}

#[tokio::test]
async fn u09_parts_of_files_and_packed_files_are_refused() {
    let house = House::open().await;
    let main = house.at("main");
    let changes = house.changes().await;
    for part in [
        ("content-range", "bytes 0-4/10"),
        ("content-range", "bytes 5-9/10"),
        ("content-encoding", "gzip"),
        ("content-encoding", "aws-chunked"),
    ] {
        let answer = main.put_with(FILE, &[part], "hello").await;
        assert_eq!(answer.status, 400, "{part:?}");
    }
    nothing_is_there(&house, changes).await;
    let whole = [
        ("content-encoding", "identity"),
        ("content-type", "text/html"),
    ];
    assert_eq!(main.put_with(FILE, &whole, "hello").await.status, 201);
}
