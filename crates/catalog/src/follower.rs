//! How a node learns of what other nodes have written, before it answers from memory.
//!
//! Everything that a catalog keeps in memory of rows is valid as long as no stamp says otherwise ([`crate::stamps`]), and
//! the catalog sets the stamps of its own writes. Where other processes write to the same database, their entries in the
//! change log set them too: before a request reads anything, its node must have read the log's end, and have taken in
//! what was new there, at or after the instant at which the request began. So nothing is served that is older than a
//! write which was acknowledged, by whichever node, before the request was made.
//!
//! One such look at a time is under way on a node. Requests that come meanwhile share the next one, as commits share
//! their fsync: the database is asked as often as one answer follows another, however many requests there are. What nodes
//! announce to each other only makes that looks find little to do; nothing depends on an announcement to arrive.
//!
//! While the database does not answer, nothing can be looked at. Where the operator prefers old answers to none, reads are
//! answered from memory for a while, as of the last look that succeeded ([`Sight::Held`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::{ChangeKind, Error, ErrorKind, Namespace, PackageCoordinates, PackageName, Result};
use serde::Deserialize;
use store::{ChangedRow, Connection, Store, StoreError, StoreResult};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::Catalog;
use crate::change_log::INSTALLATION;
use crate::failure::{copy_of, from_store};
use crate::format_rules::{FormatList, Growth};
use crate::source_cache::LayoutEdition;
use crate::stamps::Stamps;

/// How long one look may take. A database that takes longer counts as one that does not answer.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// Logs, and entries of one log, that are read at a time.
const PAGE: i64 = 1000;
/// Of a log that has grown by more than this, everything is forgotten at once.
const MOST_ENTRIES: i64 = 10_000;
/// How long to wait before listening again after that failed.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// How often to look unasked, where old answers are allowed: they are as old as the last look.
const LOOK_UNASKED: Duration = Duration::from_secs(1);

/// What a request that reads can be answered from.
#[derive(Debug)]
pub enum Sight {
    /// From everything that was acknowledged before it came.
    Whole,
    /// From what this node holds in memory and nothing else: the database does not answer, for this reason.
    Held(Error),
}

/// The looks of one node. Its tasks end with it.
#[derive(Debug)]
pub(crate) struct Follower {
    shared: Arc<Shared>,
    tasks: std::sync::Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Shared {
    /// The looks that have begun.
    begun: AtomicU64,
    wanted: Notify,
    ended: watch::Sender<Ended>,
    /// Changes when a look found something new.
    news: watch::Sender<u64>,
    /// For how long after the database was heard what is held may be shown without it.
    held_reads: Duration,
}

impl Shared {
    /// Why the database does not answer, for as long as what is held may be shown.
    fn outage(&self) -> Option<Error> {
        let ended = self.ended.borrow();
        let failure = ended.failure.as_ref()?;
        let was_heard = ended
            .heard_at
            .is_some_and(|at| at.elapsed() < self.held_reads);
        (was_heard && failure.kind == ErrorKind::Unavailable).then(|| copy_of(failure))
    }
}

/// The last look that has ended.
#[derive(Debug, Clone, Default)]
struct Ended {
    look: u64,
    failure: Option<Arc<Error>>,
    /// When the last look began that succeeded.
    heard_at: Option<Instant>,
}

impl Follower {
    /// Begins to follow. What is kept in memory from here on is followed from here on.
    pub(crate) async fn start(
        store: &Store,
        stamps: &Arc<Stamps>,
        layouts: &Arc<LayoutEdition>,
        formats: FormatList,
        held_reads: Duration,
    ) -> Result<Self> {
        let (store, stamps) = (store.clone(), Arc::clone(stamps));
        let mut reader = Reader {
            store: store.clone(),
            stamps,
            layouts: Arc::clone(layouts),
            formats,
            seen: HashMap::new(),
            counted: 0,
        };
        let begun_at = Instant::now();
        reader.begin().await.map_err(from_store)?;
        let shared = Arc::new(Shared {
            begun: AtomicU64::new(0),
            wanted: Notify::new(),
            ended: watch::Sender::new(Ended {
                heard_at: Some(begun_at),
                ..Ended::default()
            }),
            news: watch::Sender::default(),
            held_reads,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(look_when_wanted(Arc::clone(&shared), reader));
        tasks.spawn(listen(Arc::clone(&shared), store.clone()));
        tasks.spawn(announce(store));
        Ok(Self {
            shared,
            tasks: std::sync::Mutex::new(tasks),
        })
    }

    /// Returns once everything is taken in that was committed before the call.
    pub(crate) async fn catch_up(&self) -> Result<()> {
        let shared = &self.shared;
        // A look that begins after this line sees what was committed before it.
        let look = shared.begun.load(Ordering::SeqCst) + 1;
        shared.wanted.notify_one();
        let mut ended = shared.ended.subscribe();
        let ended = ended.wait_for(|ended| ended.look >= look).await;
        let failure = match ended {
            Ok(ended) => ended.failure.clone(),
            Err(_) => return Err(closed()),
        };
        failure.map_or(Ok(()), |failure| Err(copy_of(&failure)))
    }

    /// As [`Self::catch_up`], but while what is held may be shown, it says so. Who comes while it is known that the
    /// database does not answer waits for no further look: those go on without them.
    async fn see(&self) -> Result<Sight> {
        if let Some(failure) = self.shared.outage() {
            return Ok(Sight::Held(failure));
        }
        match self.catch_up().await {
            Ok(()) => Ok(Sight::Whole),
            Err(error) => self.shared.outage().map(Sight::Held).ok_or(error),
        }
    }

    /// Changes when something new was found.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// Ends. Who waits, and who comes, is told so.
    pub(crate) fn close(&self) {
        let tasks = self.tasks.lock();
        let mut tasks = tasks.unwrap_or_else(std::sync::PoisonError::into_inner);
        tasks.abort_all();
        self.shared.ended.send_replace(Ended {
            look: u64::MAX,
            failure: Some(Arc::new(closed())),
            heard_at: None,
        });
    }
}

fn closed() -> Error {
    Error::unavailable("The service is stopping. Try again in a moment.")
}

async fn look_when_wanted(shared: Arc<Shared>, mut reader: Reader) {
    let mut heard_at = shared.ended.borrow().heard_at;
    let mut is_away = false;
    loop {
        if shared.held_reads.is_zero() {
            shared.wanted.notified().await;
        } else {
            // Asked or not, it is the same look.
            let _ = tokio::time::timeout(LOOK_UNASKED, shared.wanted.notified()).await;
        }
        let (look, began_at) = (
            shared.begun.fetch_add(1, Ordering::SeqCst) + 1,
            Instant::now(),
        );
        let failure = match reader.look_in_time().await {
            Ok(is_news) => {
                if is_news {
                    shared.news.send_modify(|count| *count += 1);
                }
                heard_at = Some(began_at);
                None
            }
            Err(error) => Some(Arc::new(from_store(error))),
        };
        if is_away != failure.is_some() && !shared.held_reads.is_zero() {
            is_away = failure.is_some();
            tell(is_away, shared.held_reads);
        }
        shared.ended.send_replace(Ended {
            look,
            failure,
            heard_at,
        });
    }
}

fn tell(is_away: bool, held_reads: Duration) {
    if is_away {
        let for_ms = held_reads.as_millis();
        tracing::warn!(
            for_ms,
            "the database does not answer, and reads are answered from what is held in memory, for as long as this"
        );
    } else {
        tracing::info!("the database answers again");
    }
}

/// Looks as soon as another node says that there is something.
async fn listen(shared: Arc<Shared>, store: Store) {
    loop {
        match store.listen().await {
            Ok(None) => return,
            Ok(Some(mut listener)) => {
                // What was said before is not heard.
                shared.wanted.notify_one();
                while listener.heard().await.is_ok() {
                    shared.wanted.notify_one();
                }
            }
            Err(error) => tracing::debug!(%error, "nodes cannot be listened to"),
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Says that something was written here; once for all that came since it was said last.
async fn announce(store: Store) {
    let mut commits = store.commits();
    while commits.changed().await.is_ok() {
        if let Err(error) = store.announce().await {
            tracing::debug!(%error, "nodes cannot be told of a change");
        }
    }
}

/// Reads the ends of the logs and sets stamps for what is new.
#[derive(Debug)]
struct Reader {
    store: Store,
    stamps: Arc<Stamps>,
    layouts: Arc<LayoutEdition>,
    formats: FormatList,
    /// The last entry of each log that is taken in.
    seen: HashMap<i64, i64>,
    /// The number of all of them.
    counted: i64,
}

impl Reader {
    /// Takes the logs as they are: nothing is kept yet that they could end.
    async fn begin(&mut self) -> StoreResult<()> {
        let mut connection = self.store.follow().await?;
        let mut after = -1;
        loop {
            let logs = connection.list_logs(after, PAGE).await?;
            let Some(last) = logs.last() else { break };
            after = last.id;
            self.seen
                .extend(logs.iter().map(|log| (log.id, log.sequence)));
        }
        self.counted = self.seen.values().sum();
        Ok(())
    }

    async fn look_in_time(&mut self) -> StoreResult<bool> {
        let look = async {
            match self.look().await {
                // The connection was lost while nobody used it; the next one is new.
                Err(StoreError::Unavailable(_)) => self.look().await,
                outcome => outcome,
            }
        };
        match tokio::time::timeout(LOOK_LIMIT, look).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                Err(StoreError::unavailable(late))
            }
        }
    }

    /// True when there was something new.
    async fn look(&mut self) -> StoreResult<bool> {
        let mut connection = self.store.follow().await?;
        if connection.count_changes().await? == self.counted {
            return Ok(false);
        }
        let mut after = -1;
        loop {
            let logs = connection.list_logs(after, PAGE).await?;
            let Some(last) = logs.last() else { break };
            after = last.id;
            for log in logs {
                self.read_log(&mut connection, log.id, log.sequence).await?;
            }
        }
        self.counted = self.seen.values().sum();
        Ok(true)
    }

    async fn read_log(
        &mut self,
        connection: &mut Connection,
        log_id: i64,
        end: i64,
    ) -> StoreResult<()> {
        let mut seen = self.seen.get(&log_id).copied().unwrap_or(0);
        if seen > end || end - seen > MOST_ENTRIES {
            // More than is worth reading; or the database was put back to an earlier state, and nothing is known.
            self.stamps.everything_changed();
            seen = end;
        }
        while seen < end {
            let kind = ChangeKind::VersionRetained.as_str();
            let rows = connection.list_changed(log_id, seen, PAGE, kind).await?;
            for row in &rows {
                self.take_in(log_id, row);
            }
            // Entries are never removed while the program runs; if they were, nothing would be known of them.
            seen = rows.last().map_or(end, |row| row.sequence);
        }
        self.seen.insert(log_id, seen);
        Ok(())
    }

    fn take_in(&self, log_id: i64, row: &ChangedRow) {
        let kind = ChangeKind::parse(&row.kind);
        if log_id == INSTALLATION {
            self.stamps.identities_changed();
            return;
        }
        let Some(package) = self.package_of(row) else {
            if kind == Some(ChangeKind::MetadataRefreshed) && row.package.is_none() {
                // What a source says of a namespace is never read from memory; what is read by a layout is.
                self.layouts.changed();
            } else {
                self.stamps.graph_changed(log_id);
            }
            if kind == Some(ChangeKind::DomainCreated) {
                // What was known of the domain while it did not exist.
                self.stamps.graph_changed(INSTALLATION);
            }
            return;
        };
        if self.changes_documents(kind, row, &package) {
            self.stamps.package_changed(log_id, &package);
        }
    }

    /// Whether an entry about a package ends what is kept of it; see where `ingest` and `retain` set stamps.
    fn changes_documents(
        &self,
        kind: Option<ChangeKind>,
        row: &ChangedRow,
        package: &PackageCoordinates,
    ) -> bool {
        match kind {
            Some(ChangeKind::VersionIngested) => self
                .formats
                .find(package.format.as_str())
                .is_none_or(|rules| rules.growth() == Growth::Always),
            Some(ChangeKind::VersionRetained) => !is_new_here(row.detail.as_deref()),
            _ => true,
        }
    }

    /// The package that an entry is about. None also for what this program cannot read: then all of the domain counts.
    fn package_of(&self, row: &ChangedRow) -> Option<PackageCoordinates> {
        let namespace = row.namespace.as_deref().filter(|text| !text.is_empty());
        Some(PackageCoordinates {
            format: self.formats.find(row.format.as_deref()?)?.id(),
            namespace: namespace.map(Namespace::parse).transpose().ok()?,
            name: PackageName::parse(row.package.as_deref()?).ok()?,
        })
    }
}

/// Whether a retained version is new where it was retained: that changes what no document says.
fn is_new_here(detail: Option<&str>) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        operation_type: String,
    }
    #[derive(Deserialize)]
    struct Detail {
        event: Event,
    }
    let read = detail.and_then(|text| serde_json::from_str::<Detail>(text).ok());
    read.is_some_and(|detail| detail.event.operation_type == "Created")
}

impl Catalog {
    /// To be awaited before anything is read for a request: from here on, what the catalog answers is at least as new as
    /// every write that was acknowledged before, by this process or another over the same database. Where there is no
    /// other, it is ready at once and asks nothing.
    ///
    /// # Errors
    /// The database does not answer, so nothing can be said.
    pub async fn see_all_writes(&self) -> Result<()> {
        match &self.follower {
            None => Ok(()),
            Some(follower) => follower.catch_up().await,
        }
    }

    /// The same for a request that only reads. While the database does not answer, and the operator lets what is held be
    /// shown without it, the request goes on with that; then nothing may be written for it.
    ///
    /// # Errors
    /// The database does not answer, and nothing may be shown without it.
    pub async fn see_for_reading(&self) -> Result<Sight> {
        match &self.follower {
            None => Ok(Sight::Whole),
            Some(follower) => follower.see().await,
        }
    }

    /// Whether what is held is shown although the database cannot be asked.
    pub(crate) fn shows_what_is_held(&self) -> bool {
        let follower = self.follower.as_ref();
        follower.is_some_and(|follower| follower.shared.outage().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retained_version_that_is_new_is_told_from_one_that_became_more() {
        let detail = |operation: &str| format!(r#"{{"event":{{"operationType":"{operation}"}}}}"#);
        assert!(is_new_here(Some(&detail("Created"))));
        assert!(!is_new_here(Some(&detail("Updated"))));
        assert!(!is_new_here(Some("{}")));
        assert!(!is_new_here(None));
    }
}
