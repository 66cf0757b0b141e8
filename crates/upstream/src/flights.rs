//! One fetch per key at a time. Whoever asks while a fetch is in the air waits for it and gets its outcome, the failure
//! included; fifty askers of a source that is down cost one time-out, not fifty.
//!
//! What is held in stores is not known here. The leader's future looks there once more before it asks the source; why
//! it must is explained at [`Flights::run`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::watch;

/// The fetch ended without an outcome: it panicked, or the runtime is shutting down. All who waited get this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the fetch ended without an outcome")]
pub struct FlightLost;

/// The fetches in the air. Clones share them.
pub struct Flights<K, V> {
    table: Table<K, V>,
}

type Table<K, V> = Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>;

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
        }
    }
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            table: Arc::default(),
        }
    }
}

impl<K, V> Flights<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// No fetch is in the air.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many fetches are in the air.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.table).len()
    }

    /// Whether no fetch is in the air.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The outcome of the fetch for this key: of the one in the air, or else of a new one that `make` begins.
    ///
    /// The races, and what becomes of them:
    ///
    /// - *Two askers at once.* Looking for a fetch and entering a new one happen under one lock; one becomes the leader.
    /// - *The leader goes away* (its client hung up, this future is dropped). The fetch is a task of its own, so it goes
    ///   on for the followers, and its result is kept even when nobody waits. It must therefore end by itself, by
    ///   time-outs.
    /// - *A follower goes away.* Nothing depends on it.
    /// - *The fetch ends while someone arrives.* The entry is removed before the outcome is published. So who finds an
    ///   entry always gets the outcome of a fetch that was still in the air when they came, never an old one; a
    ///   failure is shared with those who waited for it and not with those who come later. Who arrives between removal
    ///   and publication finds no entry and leads a new fetch. This is why a leader looks into the store first: what
    ///   it is about to fetch may have been stored since its caller looked.
    /// - *The fetch panics, or the runtime drops its task.* The entry is removed while the task is torn down, and then
    ///   the publishing end is dropped, which wakes all who wait with [`FlightLost`]. The next asker begins afresh.
    /// - *`make` asks for another key, or for the same.* It is called in the task and outside of the lock. The same key
    ///   waits for itself; a fetch must never need its own key.
    ///
    /// # Errors
    /// [`FlightLost`] when the fetch ended without an outcome.
    pub async fn run<F, Fut>(&self, key: K, make: F) -> Result<V, FlightLost>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = V> + Send + 'static,
    {
        let (mut outcome, landing) = self.join_or_lead(key);
        if let Some(landing) = landing {
            tokio::spawn(async move {
                let outcome = make().await;
                landing.publish(outcome);
            });
        }
        let published = outcome
            .wait_for(Option::is_some)
            .await
            .map_err(|_| FlightLost)?;
        published.clone().ok_or(FlightLost)
    }

    /// The end to wait at, and for a new leader the end to publish at.
    fn join_or_lead(&self, key: K) -> (watch::Receiver<Option<V>>, Option<Landing<K, V>>) {
        match lock(&self.table).entry(key) {
            Entry::Occupied(flying) => (flying.get().clone(), None),
            Entry::Vacant(vacant) => {
                let (sender, receiver) = watch::channel(None);
                let key = vacant.key().clone();
                vacant.insert(receiver.clone());
                (
                    receiver,
                    Some(Landing {
                        table: Arc::clone(&self.table),
                        key,
                        sender,
                    }),
                )
            }
        }
    }
}

/// The leader's duty to remove its entry, kept however the leader ends. The entry goes in `drop`, and the sender after
/// it, since fields are dropped after `drop` has run.
struct Landing<K: Eq + Hash, V> {
    table: Table<K, V>,
    key: K,
    sender: watch::Sender<Option<V>>,
}

impl<K: Eq + Hash, V> Landing<K, V> {
    fn publish(self, outcome: V) {
        lock(&self.table).remove(&self.key);
        self.sender.send_replace(Some(outcome));
    }
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        // Only our own entry: after `publish`, the key may already belong to the next fetch.
        if table
            .get(&self.key)
            .is_some_and(|receiver| receiver.same_channel(&self.sender.subscribe()))
        {
            table.remove(&self.key);
        }
    }
}

/// The table is a plain map whose every change is one call, so a poisoned lock guards a sound value.
fn lock<K, V>(table: &Table<K, V>) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<V>>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
