//! SQLite's one writer: units of work that arrive together share one transaction, and so one fsync.
//!
//! A task owns the writing connection. It takes what waits in its queue, runs each unit in a savepoint of its own,
//! commits once, and only then answers every unit. So the rate of durable writes grows with the number of clients.

use std::any::Any;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::vec::Drain;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::{StoreError, StoreResult, Tx};

/// Units waiting to be run; more wait in their callers.
const QUEUE: usize = 256;
/// Units in one commit: bounds how long the first one waits for the last.
const BATCH: usize = 64;

/// Tells a unit's caller the outcome, once the commit is known.
type Deliver = Box<dyn FnOnce(StoreResult<()>) + Send>;
/// A unit that waits: to be run in the transaction, or to be told why there is none.
type Job =
    Box<dyn for<'t> FnOnce(StoreResult<&'t mut Tx>) -> BoxFuture<'t, (bool, Deliver)> + Send>;

#[derive(Debug)]
pub(crate) struct SqliteWriter {
    /// `None` once the writer was told to stop.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteWriter {
    pub(crate) fn start(connection: Box<SqliteConnection>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(connection, jobs));
        Self {
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    pub(crate) async fn write<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T, E>>();
        let job: Job = Box::new(move |tx| {
            async move {
                let outcome = match tx {
                    Ok(tx) => {
                        let outcome = unit(tx).await;
                        tx.settle(outcome)
                    }
                    Err(error) => Err(error.into()),
                };
                let succeeded = outcome.is_ok();
                let deliver: Deliver = Box::new(move |committed| {
                    // The caller may be gone; what it asked for is done all the same.
                    let _ = answer.send(committed.map_err(E::from).and(outcome));
                });
                (succeeded, deliver)
            }
            .boxed()
        });
        let abandoned = |why: &str| E::from(StoreError::Abandoned(why.into()));
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // Nothing of the unit was done yet.
        let stopped = || {
            E::from(StoreError::unavailable(io::Error::other(
                "the writer has stopped",
            )))
        };
        let queue = queue.ok_or_else(stopped)?;
        queue.send(job).await.map_err(|_| stopped())?;
        // The writer stops once nobody can send; a caller that is slow to take its answer must not hold it up.
        drop(queue);
        answered
            .await
            .unwrap_or_else(|_| Err(abandoned("it panicked")))
    }

    /// Lets the units that wait end, then stops.
    pub(crate) async fn stop(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // It ends by itself once the queue is empty; a panic there was already reported to the callers.
            task.await.ok();
        }
    }
}

async fn run(connection: Box<SqliteConnection>, mut jobs: mpsc::Receiver<Job>) {
    let mut tx = Tx::on_sqlite(connection);
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let mut delivers = Vec::with_capacity(batch.len());
        let committed = commit_batch(&mut tx, &mut batch, &mut delivers).await;
        for deliver in delivers {
            deliver(committed.clone());
        }
    }
    tx.close().await;
}

async fn commit_batch(
    tx: &mut Tx,
    batch: &mut Vec<Job>,
    delivers: &mut Vec<Deliver>,
) -> StoreResult<()> {
    let mut jobs = batch.drain(..);
    let outcome = run_all(tx, &mut jobs, delivers).await;
    if let Err(error) = &outcome {
        tx.command("ROLLBACK").await.ok();
        // What was not run is told why, so that a caller can see whether trying again may help.
        for job in jobs {
            delivers.push(job(Err(error.clone())).await.1);
        }
    }
    outcome
}

async fn run_all(
    tx: &mut Tx,
    jobs: &mut Drain<'_, Job>,
    delivers: &mut Vec<Deliver>,
) -> StoreResult<()> {
    tx.command("BEGIN IMMEDIATE").await?;
    if jobs.len() == 1
        && let Some(job) = jobs.next()
    {
        // Alone, it needs no savepoint: what it fails with ends the transaction, and nobody else's work.
        let succeeded = run_unit(tx, job, delivers).await;
        return tx
            .command(if succeeded { "COMMIT" } else { "ROLLBACK" })
            .await;
    }
    for job in jobs {
        run_one(tx, job, delivers).await?;
    }
    tx.command("COMMIT").await
}

async fn run_one(tx: &mut Tx, job: Job, delivers: &mut Vec<Deliver>) -> StoreResult<()> {
    if let Err(error) = tx.command("SAVEPOINT unit").await {
        delivers.push(job(Err(error.clone())).await.1);
        return Err(error);
    }
    if !run_unit(tx, job, delivers).await {
        tx.command("ROLLBACK TO unit").await?;
    }
    tx.command("RELEASE unit").await
}

/// Runs a unit; tells whether its work is to be kept.
async fn run_unit(tx: &mut Tx, job: Job, delivers: &mut Vec<Deliver>) -> bool {
    tx.begin_unit();
    let ran: Result<(bool, Deliver), Box<dyn Any + Send>> =
        std::panic::AssertUnwindSafe(job(Ok(&mut *tx)))
            .catch_unwind()
            .await;
    match ran {
        Ok((succeeded, deliver)) => {
            delivers.push(deliver);
            succeeded
        }
        // The unit's sender was dropped with it; its caller learns that it panicked.
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Connection as _};

    use super::*;

    /// A connection that does not wait for others.
    async fn connect(file: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true);
        options
            .busy_timeout(std::time::Duration::ZERO)
            .connect()
            .await
            .unwrap()
    }

    async fn mark(writer: &SqliteWriter) -> StoreResult<()> {
        writer
            .write(|tx| async move { tx.command("CREATE TABLE mark (id INTEGER)").await }.boxed())
            .await
    }

    #[tokio::test]
    async fn a_unit_is_told_that_another_process_holds_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.db");
        let writer = SqliteWriter::start(Box::new(connect(&file).await));
        let mut other = connect(&file).await;
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .unwrap();
        let refused = futures_util::future::join_all((0..4).map(|_| mark(&writer))).await;
        assert!(
            refused
                .iter()
                .all(|outcome| matches!(outcome, Err(StoreError::Busy(_)))),
            "{refused:?}"
        );
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        mark(&writer).await.unwrap();
        other.close().await.unwrap();
        writer.stop().await;
    }
}
