//! Files that a source's documents name: asking about them, small ones, and the hosts they may be on.

use std::sync::Arc;

use model::{Clock, EpochMillis, SystemClock};
use upstream::{Lookup, SourceError, Upstream, Url};

use crate::registry::{Names, Registry, Request, Step, config, head, limits, reply, source};

/// A registry whose answer depends on the method.
async fn by_method(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Registry {
    Registry::start(move |request| vec![Step::Send(answer(request))]).await
}

#[tokio::test]
async fn a_file_is_described_without_its_bytes() {
    let registry = by_method(|request| {
        assert_eq!(request.method, "HEAD");
        head(
            200,
            "content-length: 22\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        )
    })
    .await;
    let (_, source) = source(&registry, limits());
    let described = source.describe(&registry.url("/x.jar")).await.unwrap();
    assert_eq!(described.length, Some(22));
    assert_eq!(described.last_modified, Some(EpochMillis(784_111_777_000)));
    assert_eq!(registry.seen.count(), 1);
}

#[tokio::test]
async fn a_source_that_does_not_know_the_question_is_asked_for_the_file() {
    let registry = by_method(|request| match request.method.as_str() {
        "HEAD" => head(405, "allow: GET\r\n"),
        _ => reply(200, "", b"the bytes"),
    })
    .await;
    let (_, source) = source(&registry, limits());
    let described = source.describe(&registry.url("/x.jar")).await.unwrap();
    assert_eq!((described.length, described.last_modified), (Some(9), None));
    let methods: Vec<_> = registry
        .seen
        .requests()
        .into_iter()
        .map(|r| r.method)
        .collect();
    assert_eq!(methods, ["HEAD", "GET"]);
}

#[tokio::test]
async fn x10_only_not_found_makes_a_described_file_absent() {
    for status in [404_u16, 410] {
        let registry = by_method(move |_| head(status, "content-length: 0\r\n")).await;
        let (clock, source) = source(&registry, limits());
        let url = registry.url("/x.jar");
        for _ in 0..3 {
            assert_eq!(source.describe(&url).await, Err(SourceError::Absent));
            assert!(matches!(source.open(&url).await, Err(SourceError::Absent)));
        }
        assert_eq!(registry.seen.count(), 1, "{status} is remembered");
        clock.advance_ms(limits().negative_ttl_ms.cast_signed());
        assert_eq!(source.describe(&url).await, Err(SourceError::Absent));
        assert_eq!(registry.seen.count(), 2, "and asked again after a while");
    }
    for status in [401_u16, 403, 429, 500, 502, 503] {
        let registry = by_method(move |_| head(status, "content-length: 0\r\n")).await;
        let (_, source) = source(&registry, limits());
        let url = registry.url("/x.jar");
        let first = source.describe(&url).await.unwrap_err();
        assert_ne!(first, SourceError::Absent, "{status}");
        assert_ne!(
            source.describe(&url).await,
            Err(SourceError::Absent),
            "{status}"
        );
    }
}

#[tokio::test]
async fn x06_a_small_file_is_bounded_however_it_is_announced() {
    let registry = by_method(|request| match request.path.as_str() {
        "/small" => reply(200, "", b"0123456789"),
        "/announced" => reply(200, "", &[b'x'; 11]),
        _ => {
            let mut bytes = head(200, "");
            bytes.extend_from_slice(&[b'x'; 11]);
            bytes
        }
    })
    .await;
    let (_, source) = source(&registry, limits());
    let ask = |path: &str| {
        let (source, url) = (source.clone(), registry.url(path));
        async move { source.small_file(&url, 10).await }
    };
    assert_eq!(ask("/small").await.unwrap().as_ref(), b"0123456789");
    let too_large = Err(SourceError::TooLarge { limit_bytes: 10 });
    assert_eq!(ask("/announced").await, too_large);
    assert_eq!(ask("/unannounced").await, too_large);
}

#[tokio::test]
async fn x01_x11_a_file_on_another_host_stays_out_of_private_networks_even_with_permission() {
    let registry = Registry::replying(200, "", "bytes").await;
    let port = registry.address.port();
    let names = Names::of(&[
        ("mirror.example", &["127.0.0.1"]),
        ("inside.example", &["10.0.0.7"]),
        ("files.example", &["127.0.0.1"]),
    ]);
    let client = Upstream::builder("test", Arc::new(SystemClock) as Arc<dyn Clock>)
        .limits(limits())
        .lookup(Arc::clone(&names) as Arc<dyn Lookup>)
        .build()
        .unwrap();
    let base = Url::parse(&format!("http://mirror.example:{port}/simple/")).unwrap();
    let source = client.source(config(base)).unwrap();
    let url = |text: &str| Url::parse(text).unwrap();
    let own = url(&format!("http://mirror.example:{port}/files/x"));
    assert_eq!(
        source.small_file(&own, 10).await.unwrap().as_ref(),
        b"bytes"
    );
    for text in [
        "https://inside.example/x",
        "https://127.0.0.1/x",
        "https://10.0.0.7/x",
    ] {
        let outcome = source.small_file(&url(text), 10).await;
        assert!(
            matches!(outcome, Err(SourceError::ForbiddenAddress { .. })),
            "{text}: {outcome:?}"
        );
        let described = source.describe(&url(text)).await;
        assert!(
            matches!(described, Err(SourceError::ForbiddenAddress { .. })),
            "{text}"
        );
    }
    let plain = url(&format!("http://files.example:{port}/x"));
    let outcome = source.open(&plain).await.map(drop);
    assert!(
        matches!(outcome, Err(SourceError::ForbiddenUrl { .. })),
        "{outcome:?}"
    );
    for text in ["file:///etc/passwd", "https://user:word@mirror.example/x"] {
        let outcome = source.open(&url(text)).await.map(drop);
        assert!(
            matches!(outcome, Err(SourceError::ForbiddenUrl { .. })),
            "{text}"
        );
    }
    assert_eq!(registry.seen.count(), 1, "only its own file was asked for");
}
