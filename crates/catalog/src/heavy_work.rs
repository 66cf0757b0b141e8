//! Work that keeps a core busy and a document in memory: reading, rendering and packing documents.
//!
//! As many at once as there are cores: more would not be faster, and each holds a document that may be large.

use model::{Error, Result};
use tokio::sync::Semaphore;

/// The places for such work.
#[derive(Debug)]
pub(crate) struct HeavyWork(Semaphore);

impl Default for HeavyWork {
    fn default() -> Self {
        Self(Semaphore::new(
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        ))
    }
}

impl HeavyWork {
    /// Runs the work off the async threads, once there is a place for it.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let _place = self.0.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)
    }
}
