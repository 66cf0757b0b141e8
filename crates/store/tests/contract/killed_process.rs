//! A process that is killed in the middle of writing: whatever it acknowledged is there afterwards.
//!
//! The test runs its own program once more, with a variable that names the database: that process writes until it
//! is killed. SQLite only: there the process that is killed is the one that owns the database.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use model::PageLimit;
use store::{Store, StoreError};

use crate::samples::{NOW, change, domain_name, owner, repository_name};

const FILE: &str = "RELIQUARY_TEST_WRITE_UNTIL_KILLED";
const NAME: &str = "killed_process::sqlite::i01_every_acknowledged_unit_survives_a_killed_process";
/// Units that are in flight at the same time, so that some share a commit when the end comes.
const WRITERS: usize = 8;

mod sqlite {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn i01_every_acknowledged_unit_survives_a_killed_process() {
        match std::env::var_os(super::FILE) {
            Some(file) => super::write_until_killed(file.as_ref()).await,
            None => super::kill_and_look().await,
        }
    }
}

/// One unit of several rows; returns the number that names them all.
async fn write_one(store: &Store, domain: i64) -> i64 {
    let unit = store.write::<i64, StoreError, _>(move |tx| {
        Box::pin(async move {
            let sequence = tx.append_change(domain, &change("repository")).await?;
            let name = repository_name(&format!("r-{sequence}"));
            let made = tx
                .insert_repository(domain, &name, &owner(), "", NOW)
                .await?
                .unwrap();
            tx.replace_upstreams(made.id, &[(made.id, name)]).await?;
            tx.add_repository_count(domain, 1).await?;
            Ok(sequence)
        })
    });
    unit.await.unwrap()
}

async fn write_until_killed(file: &Path) {
    let store = Store::open_sqlite(file).await.unwrap();
    let domain = store
        .read()
        .await
        .unwrap()
        .find_domain(&owner(), &domain_name("acme"))
        .await
        .unwrap()
        .unwrap()
        .id;
    let writers = (0..WRITERS).map(|_| async {
        loop {
            let sequence = write_one(&store, domain).await;
            // In one call, so that a line is there whole or not at all.
            std::io::stderr()
                .write_all(format!("acknowledged {sequence}\n").as_bytes())
                .unwrap();
        }
    });
    futures_util::future::join_all(writers).await;
}

/// Starts the writing process, kills it after this many acknowledgements, and returns all that were given.
fn run_and_kill(file: &Path, after: usize) -> BTreeSet<i64> {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["--exact", NAME, "--nocapture"])
        .env(FILE, file);
    let mut child = program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut other = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.strip_prefix("acknowledged ") {
            Some(sequence) => assert!(
                acknowledged.insert(sequence.parse().unwrap()),
                "{line} twice"
            ),
            None => other.push(line),
        }
        if acknowledged.len() == after {
            // SIGKILL; what is still in the pipe was acknowledged as well.
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(
        acknowledged.len() >= after,
        "it ended by itself: {}",
        other.join("\n")
    );
    acknowledged
}

async fn kill_and_look() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.db");
    let store = Store::open_sqlite(&file).await.unwrap();
    let made = store.write::<_, StoreError, _>(|tx| {
        Box::pin(async move {
            tx.insert_domain(&owner(), &domain_name("acme"), "key", NOW)
                .await
        })
    });
    let domain = made.await.unwrap().unwrap().id;
    store.close().await;
    let mut acknowledged = BTreeSet::new();
    for after in [1, 40, 150] {
        acknowledged.extend(run_and_kill(&file, after));
        let store = Store::open_sqlite(&file).await.unwrap();
        let mut read = store.read().await.unwrap();
        let changes = read.list_changes(domain, 0, i64::MAX).await.unwrap();
        let sequences: BTreeSet<i64> = changes.iter().map(|row| row.sequence).collect();
        assert!(
            acknowledged.is_subset(&sequences),
            "lost: {:?}",
            acknowledged.difference(&sequences)
        );
        let last = i64::try_from(sequences.len()).unwrap();
        assert!(sequences.into_iter().eq(1..=last), "the log has a gap");
        // Units that were not acknowledged are there whole or not at all.
        let mut names = BTreeSet::new();
        let mut after_name = String::new();
        loop {
            let rows = read
                .list_repositories_in_domain(domain, &after_name, "", "", PageLimit::MAX)
                .await
                .unwrap();
            let Some(last) = rows.last() else { break };
            after_name.clone_from(&last.name);
            for row in rows {
                assert_eq!(
                    read.list_upstreams(row.id).await.unwrap().len(),
                    1,
                    "{}",
                    row.name
                );
                names.insert(row.name);
            }
        }
        assert_eq!(
            names,
            (1..=last).map(|sequence| format!("r-{sequence}")).collect()
        );
        let row = read
            .find_domain(&owner(), &domain_name("acme"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.repository_count, last);
        drop(read);
        store.close().await;
    }
}
