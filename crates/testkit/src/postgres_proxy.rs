//! A way to a PostgreSQL that can be cut, or swallow what goes over it, as the way to another machine can.

use std::path::PathBuf;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::postgres::Database;

/// What becomes of what goes over the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It arrives.
    Open,
    /// Connections are closed, and new ones at once.
    Cut,
    /// Nothing arrives and nothing is said. Connections that saw it are closed afterwards.
    Silent,
}

/// The way to one database. It ends with this value.
#[derive(Debug)]
pub struct PostgresProxy {
    folder: tempfile::TempDir,
    name: String,
    passage: watch::Sender<Passage>,
    listening: JoinHandle<()>,
}

impl PostgresProxy {
    /// An open way.
    ///
    /// # Panics
    /// There is no room for a socket.
    #[must_use]
    pub fn to(database: &Database) -> Self {
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        let own = folder.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(own).expect("the folder is new");
        let passage = watch::Sender::new(Passage::Open);
        let (target, state) = (database.socket(), passage.subscribe());
        let listening = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                open.spawn(pass(client, target.clone(), state.clone()));
            }
        });
        Self {
            folder,
            name: database.name().to_owned(),
            passage,
            listening,
        }
    }

    /// The URL that a store is opened with.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.folder.path().display();
        format!("postgres://reliquary@localhost/{}?host={folder}", self.name)
    }

    /// Says what happens from now on.
    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn pass(mut client: UnixStream, target: PathBuf, mut passage: watch::Receiver<Passage>) {
    let is_open = *passage.borrow() == Passage::Open;
    if is_open {
        let Ok(mut server) = UnixStream::connect(target).await else {
            return;
        };
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
            _ = passage.wait_for(|passage| *passage != Passage::Open) => {}
        }
        // Both ends stay open for as long as nothing is said.
        let _ = passage
            .wait_for(|passage| *passage != Passage::Silent)
            .await;
    } else {
        let _ = passage
            .wait_for(|passage| *passage != Passage::Silent)
            .await;
    }
}
