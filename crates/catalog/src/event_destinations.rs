//! Destinations of events: how far each has come. Sending is the server's; it asks here what is open and notes here what
//! arrived, so that what was not acknowledged is told again after any end of the process.

use model::Result;
use tokio::sync::watch;

use crate::failure::{Failure, from_store};
use crate::{Catalog, EventCursor};

/// The installation's own log, which has no events: its cursor says that a destination is known.
const MARK: i64 = crate::change_log::INSTALLATION;

/// A log with entries that a destination has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventBacklog {
    /// What the destination has.
    pub cursor: EventCursor,
    /// How many entries it has not; not all of them carry an event.
    pub entries: u64,
}

impl Catalog {
    /// Makes a destination known. A new one is told what happens from now on; one that was known goes on where it was.
    pub async fn open_event_destination(&self, destination: &str) -> Result<()> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let mark = reader
            .find_event_cursor(destination, MARK)
            .await
            .map_err(from_store)?;
        drop(reader);
        if mark.is_some() {
            return Ok(());
        }
        let destination = destination.to_owned();
        let begun: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.begin_event_destination(&destination).await?;
                    Ok(())
                })
            })
            .await;
        begun?;
        Ok(())
    }

    /// The logs behind an id that have entries which a destination has not.
    pub async fn list_event_backlog(
        &self,
        destination: &str,
        after_log: i64,
        limit: u16,
    ) -> Result<Vec<EventBacklog>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_event_backlog(destination, after_log.max(MARK), i64::from(limit))
            .await
            .map_err(from_store)?;
        let backlog = |row: store::EventBacklogRow| EventBacklog {
            cursor: EventCursor {
                log_id: row.log_id,
                sequence: row.sequence,
            },
            entries: row.last_sequence.abs_diff(row.sequence),
        };
        Ok(rows.into_iter().map(backlog).collect())
    }

    /// Notes that a destination has everything up to a place.
    pub async fn save_event_cursor(&self, destination: &str, cursor: EventCursor) -> Result<()> {
        let destination = destination.to_owned();
        let saved: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.save_event_cursor(&destination, cursor.log_id, cursor.sequence)
                        .await?;
                    Ok(())
                })
            })
            .await;
        saved?;
        Ok(())
    }

    /// Changes when something was written, a change with an event perhaps: by this process, or by any other over the same
    /// database. Some changes are not noticed, or late; so whoever waits for them looks by himself from time to time.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        match &self.follower {
            None => self.store.commits(),
            Some(follower) => follower.news(),
        }
    }
}
