//! One fetch for all who ask at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use upstream::{DocumentAnswer, FlightLost, Flights, Source, SourceError, Url};

use crate::registry::{Registry, Step, ask, eventually, limits, reply, source, within};

type Answer = Result<DocumentAnswer, SourceError>;

async fn gated(status: u16, body: &'static str) -> (Arc<Semaphore>, Registry) {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let registry = Registry::start(move |_| {
        vec![
            Step::Gate(Arc::clone(&held)),
            Step::Send(reply(status, "", body.as_bytes())),
        ]
    })
    .await;
    (gate, registry)
}

async fn fly(
    flights: Flights<Url, Answer>,
    source: Source,
    url: Url,
) -> Result<Answer, FlightLost> {
    flights
        .run(url.clone(), move || async move { ask(&source, &url).await })
        .await
}

/// Fifty askers, of whom all wait before the source is allowed to answer.
async fn fifty(status: u16, body: &'static str) -> (Registry, Vec<Result<Answer, FlightLost>>) {
    let (gate, registry) = gated(status, body).await;
    let (_, source) = source(&registry, limits());
    let flights = Flights::new();
    let arrived = Arc::new(AtomicUsize::new(0));
    let mut askers = JoinSet::new();
    for _ in 0..50 {
        let (flights, source, url) = (flights.clone(), source.clone(), registry.url("/x"));
        let arrived = Arc::clone(&arrived);
        askers.spawn(async move {
            arrived.fetch_add(1, Ordering::SeqCst);
            fly(flights, source, url).await
        });
    }
    // On the one thread of this test, who has arrived has also joined: there is no await between.
    eventually("all fifty wait", || {
        arrived.load(Ordering::SeqCst) == 50 && registry.seen.count() == 1
    })
    .await;
    gate.add_permits(50);
    let outcomes = within("all fifty have an outcome", askers.join_all()).await;
    assert!(flights.is_empty());
    (registry, outcomes)
}

#[tokio::test]
async fn x14_fifty_callers_make_one_fetch() {
    let (registry, outcomes) = fifty(200, "the document").await;
    assert_eq!(outcomes.len(), 50);
    for outcome in outcomes {
        let answer = outcome.unwrap().unwrap();
        assert!(
            matches!(answer, DocumentAnswer::Modified { bytes, .. } if bytes == "the document")
        );
    }
    assert_eq!(registry.seen.count(), 1);
}

#[tokio::test]
async fn x14_a_failure_reaches_all_fifty() {
    let (registry, outcomes) = fifty(500, "broken").await;
    assert_eq!(outcomes.len(), 50);
    for outcome in outcomes {
        assert_eq!(outcome, Ok(Err(SourceError::Status { status: 500 })));
    }
    assert_eq!(registry.seen.count(), 1);
}

#[tokio::test]
async fn x14_a_leader_that_goes_away_does_not_take_the_followers_with_it() {
    let (gate, registry) = gated(200, "the document").await;
    let (_, source) = source(&registry, limits());
    let flights = Flights::new();
    let leader = tokio::spawn(fly(flights.clone(), source.clone(), registry.url("/x")));
    eventually("the fetch is in the air", || registry.seen.count() == 1).await;
    let follower = tokio::spawn(fly(flights.clone(), source.clone(), registry.url("/x")));
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    assert_eq!(flights.len(), 1, "the fetch goes on");
    gate.add_permits(1);
    let answer = within("the follower has its answer", follower)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(matches!(answer, DocumentAnswer::Modified { bytes, .. } if bytes == "the document"));
    assert_eq!(registry.seen.count(), 1);
}

#[tokio::test]
async fn x14_a_fetch_ends_even_when_nobody_waits_for_it() {
    let flights: Flights<&str, u32> = Flights::new();
    let done = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let asker = tokio::spawn({
        let (flights, done, gate) = (flights.clone(), Arc::clone(&done), Arc::clone(&gate));
        async move {
            let work = move || async move {
                gate.acquire().await.unwrap().forget();
                done.fetch_add(1, Ordering::SeqCst);
                1
            };
            flights.run("key", work).await
        }
    });
    eventually("it is in the air", || flights.len() == 1).await;
    asker.abort();
    assert!(asker.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    eventually("it has landed", || flights.is_empty()).await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn x14_a_panic_reaches_all_and_the_next_caller_begins_afresh() {
    let flights: Flights<&str, u32> = Flights::new();
    let gate = Arc::new(Semaphore::new(0));
    let mut askers = JoinSet::new();
    for _ in 0..10 {
        let (flights, gate) = (flights.clone(), Arc::clone(&gate));
        askers.spawn(async move {
            let work = move || async move {
                gate.acquire().await.unwrap().forget();
                panic!("a fault in the fetch")
            };
            flights.run("key", work).await
        });
    }
    eventually("it is in the air", || flights.len() == 1).await;
    tokio::task::yield_now().await;
    gate.add_permits(10);
    for outcome in within("all have an outcome", askers.join_all()).await {
        assert_eq!(outcome, Err(FlightLost));
    }
    assert!(flights.is_empty());
    assert_eq!(flights.run("key", || async { 7 }).await, Ok(7));
}

#[tokio::test]
async fn a_failure_is_not_kept_for_those_who_come_later() {
    let flights: Flights<&str, Result<u32, &str>> = Flights::new();
    assert_eq!(
        flights.run("key", || async { Err("down") }).await,
        Ok(Err("down"))
    );
    assert_eq!(flights.run("key", || async { Ok(1) }).await, Ok(Ok(1)));
}

#[tokio::test]
async fn different_keys_do_not_wait_for_each_other() {
    let flights: Flights<u32, u32> = Flights::new();
    let inner = flights.clone();
    let nested = flights.run(1, move || async move {
        inner.run(2, || async { 20 }).await.unwrap() + 1
    });
    assert_eq!(within("both land", nested).await, Ok(21));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x14_no_outcome_is_older_than_its_caller() {
    // Each caller must see a value made no earlier than its own arrival, or one of a fetch in the air at that moment.
    let flights: Flights<(), usize> = Flights::new();
    let started = Arc::new(AtomicUsize::new(0));
    let landed = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..4 {
        let (flights, started, landed) =
            (flights.clone(), Arc::clone(&started), Arc::clone(&landed));
        callers.spawn(async move {
            for _ in 0..2000 {
                let landed_before = landed.load(Ordering::SeqCst);
                let (started, landed) = (Arc::clone(&started), Arc::clone(&landed));
                let work = move || async move { started.fetch_add(1, Ordering::SeqCst) + 1 };
                let number = flights.run((), work).await.unwrap();
                assert!(
                    number > landed_before,
                    "fetch {number} had been seen landed as {landed_before}"
                );
                // Only a fetch whose entry is gone counts as landed, and each caller returns after that.
                landed.fetch_max(number, Ordering::SeqCst);
            }
        });
    }
    within("all are done", callers.join_all()).await;
}
