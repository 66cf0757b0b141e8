//! Work that one node at a time does for all that share a database: sending events, fetching from a public source.
//!
//! A lease is renewed while its value lives and given back when it is dropped. A node that dies, or loses the database,
//! renews nothing: its lease runs out and another node goes on. Where one process has the database for itself, every
//! lease is free and costs nothing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Result;
use sha2::{Digest as _, Sha256};
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Catalog;
use crate::failure::Failure;

/// How long a lease lasts without another word.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(5);
/// Leases that have been over for as long as this are removed when someone takes one.
const FORGOTTEN_AFTER_MS: i64 = 3_600_000;

/// The right to do a piece of work, until it is dropped or lost.
#[derive(Debug)]
pub struct Lease {
    held: Option<Held>,
}

/// How long a node waits for what another one does, before it does the same.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Held {
    lost: watch::Receiver<bool>,
    renewing: JoinHandle<()>,
    terms: Terms,
}

#[derive(Debug, Clone)]
struct Terms {
    store: Store,
    name: Arc<str>,
    owner: Arc<str>,
}

/// A name for a value that is the same on every node.
fn digest_of(subject: &impl Hash) -> String {
    #[derive(Default)]
    struct Digesting(Sha256);
    impl Hasher for Digesting {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digesting = Digesting::default();
    subject.hash(&mut digesting);
    hex::encode(digesting.0.finalize())
}

impl Lease {
    /// Returns once the lease is lost: whoever works under it stops then.
    pub async fn lost(&self) {
        match &self.held {
            None => std::future::pending().await,
            Some(held) => {
                let mut lost = held.lost.clone();
                // The task that renews ends only by losing it.
                let _ = lost.wait_for(|lost| *lost).await;
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else {
            return;
        };
        held.renewing.abort();
        if *held.lost.borrow() {
            return;
        }
        let terms = held.terms;
        // At the end of the process there may be nothing to run it any more; then it runs out.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { terms.release().await });
        }
    }
}

impl Terms {
    async fn acquire(&self, forgets: bool) -> Result<bool, Failure> {
        let (name, owner) = (Arc::clone(&self.name), Arc::clone(&self.owner));
        let duration_ms = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                if forgets {
                    tx.forget_leases(FORGOTTEN_AFTER_MS).await?;
                }
                Ok(tx.acquire_lease(&name, &owner, duration_ms).await?)
            })
        });
        unit.await
    }

    async fn release(self) {
        let Self { store, name, owner } = self;
        let released: Result<(), StoreError> = store
            .write(move |tx| Box::pin(async move { tx.release_lease(&name, &owner).await }))
            .await;
        if let Err(error) = released {
            tracing::debug!(%error, "a lease was not given back; it runs out");
        }
    }

    /// Renews until another has it, or until it has run out.
    async fn renew(self, lost: watch::Sender<bool>) {
        let mut renewed_at = Instant::now();
        loop {
            tokio::time::sleep(RENEW).await;
            let asked_at = Instant::now();
            let outcome = tokio::time::timeout(RENEW, self.acquire(false)).await;
            match outcome {
                Ok(Ok(true)) => renewed_at = asked_at,
                Ok(Ok(false)) => break,
                Ok(Err(_)) | Err(_) if renewed_at.elapsed() + RENEW < LEASE => {}
                Ok(Err(_)) | Err(_) => break,
            }
        }
        tracing::warn!(lease = &*self.name, "a lease was lost");
        lost.send_replace(true);
    }
}

/// What came of waiting for one's turn among the nodes.
#[derive(Debug)]
pub(crate) enum Turn<T> {
    /// It is one's own, until the lease is dropped. Without a lease where whoever has it takes too long: then the same is
    /// done twice, which costs time and harms nothing.
    Own(Option<Lease>),
    /// Another node has done it meanwhile, with this outcome.
    Done(T),
}

impl Catalog {
    /// Waits until no other node does this piece of work, or has done it, as `look` tells. `subject` may be of any length.
    /// With `patience` zero nothing is waited for.
    pub(crate) async fn take_turn<T, E, F, Fut>(
        &self,
        work: &str,
        subject: &impl Hash,
        patience: Duration,
        look: F,
    ) -> Result<Turn<T>, E>
    where
        E: From<model::Error>,
        F: Fn() -> Fut + Send,
        Fut: Future<Output = Result<Option<T>, E>> + Send,
        T: Send,
    {
        if !self.store.is_shared() {
            return Ok(Turn::Own(None));
        }
        let name = format!("{work}/{}", digest_of(subject));
        let began = Instant::now();
        let mut pause = Duration::from_millis(20);
        loop {
            let lease = self.lease(&name, false).await?;
            // Whoever had it before may have done it.
            if let Some(outcome) = look().await? {
                return Ok(Turn::Done(outcome));
            }
            if lease.is_some() || began.elapsed() >= patience {
                return Ok(Turn::Own(lease));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    /// Takes a lease, if no other node has it.
    pub async fn take_lease(&self, name: &str) -> Result<Option<Lease>> {
        self.lease(name, true).await
    }

    async fn lease(&self, name: &str, forgets: bool) -> Result<Option<Lease>> {
        if !self.store.is_shared() {
            return Ok(Some(Lease { held: None }));
        }
        let terms = Terms {
            store: self.store.clone(),
            name: name.into(),
            // Of this very work: two pieces of it in one process are as apart as two nodes.
            owner: format!("{}/{}", self.node, uuid::Uuid::new_v4().simple()).into(),
        };
        if !terms.acquire(forgets).await? {
            return Ok(None);
        }
        let (tell, lost) = watch::channel(false);
        let renewing = tokio::spawn(terms.clone().renew(tell));
        Ok(Some(Lease {
            held: Some(Held {
                lost,
                renewing,
                terms,
            }),
        }))
    }

    /// How long who did not get a lease should wait before asking again.
    #[must_use]
    pub const fn lease_pause(&self) -> Duration {
        RENEW
    }
}
