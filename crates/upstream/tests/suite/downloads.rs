//! Assets as streams: lengths that lie, bodies that stop, connections that must be cut.

use std::sync::Arc;

use tokio::sync::Semaphore;
use upstream::{Download, Limits, SourceError};

use crate::registry::{Registry, Step, eventually, head, limits, reply, source, within};

async fn drain(download: &mut Download) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = within("the next chunk", download.chunk()).await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[tokio::test]
async fn an_asset_comes_as_it_is() {
    let registry = Registry::replying(
        200,
        "content-type: application/gzip\r\netag: \"e\"\r\n",
        "the bytes of a tarball",
    )
    .await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x.tgz")).await.unwrap();
    assert_eq!(download.length, Some(22));
    assert_eq!(download.content_type.as_deref(), Some("application/gzip"));
    assert_eq!(download.content_encoding, None);
    assert_eq!(download.validators.etag.as_deref(), Some("\"e\""));
    assert_eq!(
        drain(&mut download).await.unwrap(),
        b"the bytes of a tarball"
    );
    assert_eq!(download.chunk().await, Ok(None), "the end stays the end");
    assert_eq!(
        registry.seen.requests()[0].header("accept-encoding"),
        Some("identity")
    );
}

#[tokio::test]
async fn the_first_bytes_arrive_before_the_last_are_sent() {
    let gate = Arc::new(Semaphore::new(0));
    let registry = Registry::start({
        let gate = Arc::clone(&gate);
        move |_| {
            vec![
                Step::Send(head(200, "content-length: 10\r\n")),
                Step::Send(b"first".to_vec()),
                Step::Gate(Arc::clone(&gate)),
                Step::Send(b"later".to_vec()),
            ]
        }
    })
    .await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    assert_eq!(
        within("the first chunk", download.chunk())
            .await
            .unwrap()
            .unwrap(),
        "first"
    );
    gate.add_permits(1);
    assert_eq!(drain(&mut download).await.unwrap(), b"later");
}

#[tokio::test]
async fn x06_an_asset_cut_short_is_an_error_and_stays_one() {
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 100\r\n")),
            Step::Send(b"not a hundred".to_vec()),
        ]
    })
    .await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    let cut = SourceError::Truncated {
        expected: Some(100),
        received: 13,
    };
    assert_eq!(drain(&mut download).await, Err(cut.clone()));
    assert_eq!(download.chunk().await, Err(cut));
}

#[tokio::test]
async fn x06_an_asset_of_unknown_length_is_read_to_its_end() {
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "")),
            Step::Send(b"until I hang up".to_vec()),
        ]
    })
    .await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    assert_eq!(download.length, None);
    assert_eq!(drain(&mut download).await.unwrap(), b"until I hang up");
}

#[tokio::test]
async fn x06_bytes_beyond_the_announced_length_are_never_delivered() {
    let registry = Registry::start(|request| {
        if request.path == "/x" {
            let injected = reply(200, "", b"smuggled");
            vec![
                Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour".to_vec()),
                Step::Send(injected),
            ]
        } else {
            vec![Step::Send(reply(200, "", b"honest"))]
        }
    })
    .await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    assert_eq!(drain(&mut download).await.unwrap(), b"four");
    let mut next = source.open(&registry.url("/y")).await.unwrap();
    assert_eq!(
        drain(&mut next).await.unwrap(),
        b"honest",
        "the rest is not taken for the next answer"
    );
}

#[tokio::test]
async fn x06_two_lengths_that_differ_are_refused() {
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 4\r\ncontent-length: 5\r\n")),
            Step::Send(b"12345".to_vec()),
        ]
    })
    .await;
    let (_, source) = source(&registry, limits());
    assert!(matches!(
        source.open(&registry.url("/x")).await,
        Err(SourceError::Unavailable { .. })
    ));
}

#[tokio::test]
async fn x06_an_endless_asset_is_stopped_at_the_limit() {
    let limits = Limits {
        asset_limit_bytes: 50_000,
        ..limits()
    };
    let registry =
        Registry::start(|_| vec![Step::Send(head(200, "")), Step::Forever(vec![b'x'; 1000])]).await;
    let (_, endless) = source(&registry, limits.clone());
    let mut download = endless.open(&registry.url("/x")).await.unwrap();
    assert_eq!(
        drain(&mut download).await,
        Err(SourceError::TooLarge {
            limit_bytes: 50_000
        })
    );

    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 50001\r\n")),
            Step::Hang,
        ]
    })
    .await;
    let (_, announced) = source(&registry, limits);
    assert_eq!(
        announced.open(&registry.url("/x")).await.unwrap_err(),
        SourceError::TooLarge {
            limit_bytes: 50_000
        }
    );
}

#[tokio::test]
async fn x06_a_dripping_or_silent_asset_is_given_up() {
    let limits = Limits {
        idle_timeout_ms: 150,
        ..limits()
    };
    for last in [
        || Step::Drip {
            byte: b'x',
            every_ms: 5,
        },
        || Step::Hang,
    ] {
        let registry = Registry::start(move |_| {
            vec![Step::Send(head(200, "content-length: 100000\r\n")), last()]
        })
        .await;
        let (_, source) = source(&registry, limits.clone());
        let mut download = source.open(&registry.url("/x")).await.unwrap();
        let error = drain(&mut download).await.unwrap_err();
        assert!(matches!(error, SourceError::Stalled { .. }), "{error:?}");
        drop(download);
        eventually("the connection is cut", || registry.seen.open() == 0).await;
    }
}

#[tokio::test]
async fn a_reader_that_takes_its_time_is_not_a_stalled_source() {
    let limits = Limits {
        idle_timeout_ms: 50,
        ..limits()
    };
    let registry = Registry::replying(200, "", "some bytes").await;
    let (_, source) = source(&registry, limits);
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    eventually("all is sent", || registry.seen.open() == 0).await;
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    assert_eq!(drain(&mut download).await.unwrap(), b"some bytes");
}

#[tokio::test]
async fn dropping_a_download_cuts_the_connection() {
    let registry =
        Registry::start(|_| vec![Step::Send(head(200, "content-length: 100\r\n")), Step::Hang])
            .await;
    let (_, source) = source(&registry, limits());
    let download = source.open(&registry.url("/x")).await.unwrap();
    assert_eq!(registry.seen.open(), 1);
    drop(download);
    eventually("the connection is cut", || registry.seen.open() == 0).await;
}

#[tokio::test]
async fn an_asset_packed_against_the_request_says_so() {
    let registry = Registry::replying(200, "content-encoding: GZIP\r\n", "packed").await;
    let (_, source) = source(&registry, limits());
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    assert_eq!(download.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(drain(&mut download).await.unwrap(), b"packed");
}
