//! What the server's metrics are told, and what the operator's check says.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};

use model::{Clock, SystemClock};
use upstream::{Observer, Source, SourceError, Upstream, Validators};

use crate::registry::{JSON, Registry, Step, ask, config, eventually, head, limits, reply};

#[derive(Default)]
struct Notes {
    outcomes: Mutex<Vec<(String, &'static str)>>,
    open: AtomicIsize,
}

impl Notes {
    fn outcomes(&self) -> Vec<&'static str> {
        self.outcomes
            .lock()
            .unwrap()
            .iter()
            .map(|(_, outcome)| *outcome)
            .collect()
    }
}

impl Observer for Notes {
    fn on_request(&self, source: &str, outcome: &'static str, _duration_ms: u64) {
        self.outcomes
            .lock()
            .unwrap()
            .push((source.to_owned(), outcome));
    }

    fn on_open(&self, _source: &str) {
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    fn on_close(&self, _source: &str) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

fn observed(registry: &Registry) -> (Arc<Notes>, Source) {
    let notes = Arc::new(Notes::default());
    let upstream = Upstream::builder("test", Arc::new(SystemClock) as Arc<dyn Clock>)
        .limits(limits())
        .observer(Arc::clone(&notes) as Arc<dyn Observer>)
        .build()
        .unwrap();
    (notes, upstream.source(config(registry.url("/"))).unwrap())
}

async fn registry() -> Registry {
    Registry::start(|request| match request.path.as_str() {
        "/missing" => vec![Step::Send(reply(404, "", b""))],
        "/broken" => vec![Step::Send(reply(500, "", b""))],
        "/cut" => vec![Step::Send(head(200, "content-length: 5\r\n"))],
        "/hang" => vec![Step::Hang],
        _ if request.header("if-none-match").is_some() => vec![Step::Send(head(304, ""))],
        _ => vec![Step::Send(reply(200, "", b"{}"))],
    })
    .await
}

#[tokio::test]
async fn every_exchange_is_told_with_its_outcome_and_the_gauge_returns_to_zero() {
    let registry = registry().await;
    let (notes, source) = observed(&registry);
    ask(&source, &registry.url("/x")).await.unwrap();
    let known = Validators {
        etag: Some("\"a\"".into()),
        last_modified: None,
    };
    source
        .document(&registry.url("/x"), JSON, &known)
        .await
        .unwrap();
    ask(&source, &registry.url("/missing")).await.unwrap();
    ask(&source, &registry.url("/missing")).await.unwrap();
    assert!(ask(&source, &registry.url("/broken")).await.is_err());
    assert_eq!(
        notes.outcomes(),
        ["modified", "not-modified", "absent", "status"],
        "what is remembered is no exchange"
    );
    assert!(
        notes
            .outcomes
            .lock()
            .unwrap()
            .iter()
            .all(|(source, _)| source == "test:source")
    );
    assert_eq!(notes.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_download_is_open_until_it_is_dropped_and_its_failure_is_told() {
    let registry = registry().await;
    let (notes, source) = observed(&registry);
    let mut download = source.open(&registry.url("/cut")).await.unwrap();
    assert_eq!(notes.open.load(Ordering::SeqCst), 1);
    assert!(matches!(
        download.chunk().await,
        Err(SourceError::Truncated { .. })
    ));
    assert!(download.chunk().await.is_err());
    drop(download);
    assert_eq!(notes.outcomes(), ["opened", "truncated"], "told once");
    assert_eq!(notes.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_download_gives_its_place_back_with_its_last_byte() {
    let registry = registry().await;
    let (notes, source) = observed(&registry);
    let mut download = source.open(&registry.url("/x")).await.unwrap();
    while download.chunk().await.unwrap().is_some() {}
    assert_eq!(notes.open.load(Ordering::SeqCst), 0);
    assert_eq!(notes.outcomes(), ["opened"]);
}

#[tokio::test]
async fn a_caller_that_goes_away_is_told_as_abandoned() {
    let registry = registry().await;
    let (notes, source) = observed(&registry);
    let asker = tokio::spawn({
        let url = registry.url("/hang");
        async move { ask(&source, &url).await }
    });
    eventually("it is asked", || registry.seen.count() == 1).await;
    asker.abort();
    assert!(asker.await.unwrap_err().is_cancelled());
    assert_eq!(notes.outcomes(), ["abandoned"]);
    assert_eq!(notes.open.load(Ordering::SeqCst), 0);
    eventually("the connection is cut", || registry.seen.open() == 0).await;
}

#[tokio::test]
async fn the_check_says_what_the_source_answers() {
    for (status, asked) in [
        (200, vec!["HEAD"]),
        (401, vec!["HEAD"]),
        (405, vec!["HEAD", "GET"]),
    ] {
        let registry = Registry::start(move |request| {
            let status = if request.method == "GET" { 200 } else { status };
            vec![Step::Send(head(status, ""))]
        })
        .await;
        let (_, source) = observed(&registry);
        let found = source.check().await.unwrap();
        assert_eq!(found.status, if status == 405 { 200 } else { status });
        let methods: Vec<_> = registry
            .seen
            .requests()
            .into_iter()
            .map(|request| request.method)
            .collect();
        assert_eq!(methods, asked);
    }
}
