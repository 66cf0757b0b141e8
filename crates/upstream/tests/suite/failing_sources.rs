//! Sources that fail again and again, that ask for a pause, or that are asked too much at once.

use std::future::Future as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::{Context, Waker};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use upstream::{Limits, SourceError, Url};

use crate::registry::{
    Registry, Step, ask, client, config, eventually, head, limits, reply, source, within,
};

fn touchy() -> Limits {
    Limits {
        breaker_failures: 3,
        breaker_open_ms: 10_000,
        ..limits()
    }
}

/// A registry whose status the test can change.
async fn moody(status: u16) -> (Arc<AtomicU16>, Registry) {
    let mood = Arc::new(AtomicU16::new(status));
    let asked = Arc::clone(&mood);
    let registry =
        Registry::start(move |_| vec![Step::Send(reply(asked.load(Ordering::SeqCst), "", b"{}"))])
            .await;
    (mood, registry)
}

#[tokio::test]
async fn x10_a_source_that_keeps_failing_is_left_alone_and_asked_again_later() {
    let (mood, registry) = moody(500).await;
    let (clock, source) = source(&registry, touchy());
    let url = registry.url("/x");
    for _ in 0..3 {
        assert_eq!(
            ask(&source, &url).await,
            Err(SourceError::Status { status: 500 })
        );
    }
    let left_alone = SourceError::BreakerOpen {
        retry_after_seconds: 10,
    };
    assert_eq!(ask(&source, &url).await, Err(left_alone.clone()));
    assert_eq!(source.open(&url).await.unwrap_err(), left_alone);
    assert_eq!(left_alone.retry_after_seconds(), Some(10));
    assert_eq!(
        registry.seen.count(),
        3,
        "nothing is sent while it is left alone"
    );

    clock.advance_ms(10_000);
    assert_eq!(
        ask(&source, &url).await,
        Err(SourceError::Status { status: 500 })
    );
    assert!(
        matches!(
            ask(&source, &url).await,
            Err(SourceError::BreakerOpen { .. })
        ),
        "one failed probe is enough"
    );
    assert_eq!(registry.seen.count(), 4);

    mood.store(200, Ordering::SeqCst);
    clock.advance_ms(10_000);
    assert!(ask(&source, &url).await.is_ok());
    assert!(ask(&source, &url).await.is_ok());
}

#[tokio::test]
async fn refusals_and_absences_do_not_count_as_failures() {
    for status in [401, 403, 404, 400] {
        let (_, registry) = moody(status).await;
        let (_, source) = source(&registry, touchy());
        for name in 0..6 {
            let outcome = ask(&source, &registry.url(&format!("/{name}"))).await;
            assert!(
                !matches!(outcome, Err(SourceError::BreakerOpen { .. })),
                "{status}"
            );
        }
        assert_eq!(registry.seen.count(), 6);
    }
}

#[tokio::test]
async fn connections_that_fail_and_bodies_that_break_count() {
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let base = Url::parse(&format!("http://{address}/")).unwrap();
    let (_, upstream) = client(touchy());
    let source_closed = upstream.source(config(base.clone())).unwrap();
    for _ in 0..3 {
        assert!(matches!(
            ask(&source_closed, &base).await,
            Err(SourceError::Unavailable { .. })
        ));
    }
    assert!(matches!(
        ask(&source_closed, &base).await,
        Err(SourceError::BreakerOpen { .. })
    ));

    let registry = Registry::start(|_| vec![Step::Send(head(200, "content-length: 9\r\n"))]).await;
    let (_, source_cut) = source(&registry, touchy());
    for _ in 0..3 {
        assert!(matches!(
            ask(&source_cut, &registry.url("/x")).await,
            Err(SourceError::Truncated { .. })
        ));
    }
    assert!(matches!(
        ask(&source_cut, &registry.url("/x")).await,
        Err(SourceError::BreakerOpen { .. })
    ));
}

#[tokio::test]
async fn x10_a_pause_that_the_source_asks_for_is_kept() {
    for status in [429, 503] {
        let registry = Registry::replying(status, "retry-after: 30\r\n", "slow down").await;
        let (clock, source) = source(&registry, limits());
        let url = registry.url("/x");
        assert_eq!(
            ask(&source, &url).await,
            Err(SourceError::Throttled {
                retry_after_seconds: 30
            })
        );
        clock.advance_ms(1_000);
        assert_eq!(
            ask(&source, &url).await,
            Err(SourceError::BreakerOpen {
                retry_after_seconds: 29
            })
        );
        assert_eq!(registry.seen.count(), 1, "{status}");
        clock.advance_ms(29_000);
        assert_eq!(
            ask(&source, &url).await,
            Err(SourceError::Throttled {
                retry_after_seconds: 30
            })
        );
        let outward = model::Error::from(SourceError::Throttled {
            retry_after_seconds: 30,
        });
        assert_eq!(outward.retry_after_seconds, Some(30));
    }
}

#[tokio::test]
async fn a_dead_file_host_does_not_close_the_index() {
    let (_, index) = moody(200).await;
    let (_, files) = moody(500).await;
    let (_, source) = source(&index, touchy());
    for _ in 0..3 {
        assert!(source.open(&files.url("/x.tgz")).await.is_err());
    }
    assert!(matches!(
        source.open(&files.url("/x.tgz")).await,
        Err(SourceError::BreakerOpen { .. })
    ));
    assert!(ask(&source, &index.url("/x")).await.is_ok());
}

#[tokio::test]
async fn a_probe_whose_caller_went_away_does_not_close_the_source_for_ever() {
    let (mood, registry) = moody(500).await;
    let gate = Arc::new(Semaphore::new(0));
    let hanging = Registry::start({
        let (mood, gate) = (Arc::clone(&mood), Arc::clone(&gate));
        move |_| match mood.load(Ordering::SeqCst) {
            1 => vec![Step::Gate(Arc::clone(&gate))],
            status => vec![Step::Send(reply(status, "", b"{}"))],
        }
    })
    .await;
    drop(registry);
    let (clock, source) = source(&hanging, touchy());
    let url = hanging.url("/x");
    for _ in 0..3 {
        assert!(ask(&source, &url).await.is_err());
    }
    clock.advance_ms(10_000);
    mood.store(1, Ordering::SeqCst);
    let probe = tokio::spawn({
        let (source, url) = (source.clone(), url.clone());
        async move { ask(&source, &url).await }
    });
    eventually("the probe is out", || hanging.seen.count() == 4).await;
    let beside = ask(&source, &url);
    tokio::pin!(beside);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(beside.as_mut().poll(&mut cx).is_pending());
    assert_eq!(hanging.seen.count(), 4, "one probe at a time");
    mood.store(200, Ordering::SeqCst);
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    assert!(beside.await.is_ok(), "who waited beside it is the next");
}

#[tokio::test]
async fn x15_requests_to_one_source_are_bounded() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let registry = Registry::start(move |_| {
        vec![
            Step::Gate(Arc::clone(&held)),
            Step::Send(reply(404, "", b"")),
        ]
    })
    .await;
    let (_, source) = source(
        &registry,
        Limits {
            concurrent_per_source: 3,
            ..limits()
        },
    );
    let mut askers = JoinSet::new();
    for name in 0..100 {
        let (source, url) = (source.clone(), registry.url(&format!("/made-up-{name}")));
        askers.spawn(async move { ask(&source, &url).await });
    }
    eventually("all places are taken", || registry.seen.open() == 3).await;
    gate.add_permits(100);
    for outcome in within("all are answered", askers.join_all()).await {
        assert_eq!(outcome, Ok(upstream::DocumentAnswer::Absent));
    }
    assert_eq!(registry.seen.count(), 100);
    // A place is free once the answer is read, a moment before the registry has hung up.
    assert!(
        registry.seen.most_open() <= 6,
        "{}",
        registry.seen.most_open()
    );
}

#[tokio::test]
async fn x15_who_waits_too_long_for_a_place_is_sent_away_and_places_come_back() {
    let registry = Registry::start(|request| {
        if request.path == "/slow" {
            vec![Step::Send(head(200, "content-length: 5\r\n")), Step::Hang]
        } else {
            vec![Step::Send(reply(200, "", b"{}"))]
        }
    })
    .await;
    let (_, source) = source(
        &registry,
        Limits {
            concurrent_per_source: 1,
            queue_timeout_ms: 50,
            ..limits()
        },
    );
    let holding = source.open(&registry.url("/slow")).await.unwrap();
    let error = ask(&source, &registry.url("/x")).await.unwrap_err();
    assert_eq!(error, SourceError::Busy { open: 1 });
    assert!(error.is_transient());
    drop(holding);
    assert!(ask(&source, &registry.url("/x")).await.is_ok());
}
