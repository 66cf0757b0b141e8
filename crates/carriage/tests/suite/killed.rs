//! Processes that are killed in the middle: of a backup, of a restore, of a migration.
//!
//! The test runs its own program once more, with a variable that says what to do; that process tells each step and each
//! advance of it, and is killed behind one of them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use carriage::{Progress, Unit};

use crate::house::{House, Kind, Place, embedded, refusal};

const WORK: &str = "RELIQUARY_TEST_CARRY_UNTIL_KILLED";
const NAME: &str =
    "killed::i10_whoever_is_killed_in_the_middle_leaves_nothing_that_passes_for_the_whole";

/// Says how far it is, and lets nobody overtake the reader: it goes on when it is told to.
struct Told;

impl Told {
    fn tell(line: &str) {
        std::io::stderr()
            .write_all(format!("at {line}\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).unwrap();
    }
}

impl Progress for Told {
    fn begin(&self, step: &'static str, _: u64, _: Unit) {
        Self::tell(step);
    }
    fn advance(&self, _: u64) {
        Self::tell("more");
    }
    fn end(&self) {
        Self::tell("end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_whoever_is_killed_in_the_middle_leaves_nothing_that_passes_for_the_whole() {
    match std::env::var(WORK) {
        Ok(work) => carry(&work).await,
        Err(_) => kill_and_look().await,
    }
}

/// What the other process does: `verb folder folder`.
async fn carry(work: &str) {
    let mut words = work.split(' ');
    let mut word = || words.next().unwrap();
    let (verb, from, to) = (word(), Path::new(word()), Path::new(word()));
    match verb {
        "backup" => {
            let from = embedded(from).await;
            carriage::back_up(&from, to, 1, true, &Told).await.unwrap();
        }
        "restore" => {
            let scratch = tempfile::tempdir().unwrap();
            let to = embedded(to).await;
            carriage::restore(from, None, scratch.path(), &to, &Told)
                .await
                .unwrap();
        }
        _ => {
            let (from, to) = (embedded(from).await, embedded(to).await);
            carriage::migrate(&from, &to, &Told).await.unwrap();
        }
    }
}

/// Runs until the line of this number, then kills. True when it ended by itself before.
fn run(verb: &str, from: &Path, to: &Path, lines: usize) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(WORK, format!("{verb} {} {}", from.display(), to.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut go_on = child.stdin.take().unwrap();
    let mut told = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        told.push(line.clone());
        if !line.starts_with("at ") {
            continue;
        }
        if told.iter().filter(|line| line.starts_with("at ")).count() == lines {
            child.kill().unwrap();
            break;
        }
        // It may be gone; then it says no more.
        let _ = go_on.write_all(b"\n");
    }
    drop(go_on);
    let status = child.wait().unwrap();
    assert!(
        status.success() || told.iter().filter(|line| line.starts_with("at ")).count() == lines,
        "{verb} failed by itself: {told:#?}"
    );
    status.success()
}

async fn kill_and_look() {
    let from = House::filled(Kind::Embedded, 4).await;
    let source = from.folder.path();
    let backups = tempfile::tempdir().unwrap();
    let mut lines = 1;
    let mut kills = 0;
    // Killed ever later, it goes on with what is there each time.
    while !run("backup", source, backups.path(), lines) {
        lines += 3;
        kills += 1;
        let to = House::new(Kind::Embedded).await;
        match to.restore(backups.path()).await {
            // The manifest was there already; the proof was cut.
            Ok(_) => to.is_the_same_as(&from).await,
            outcome => assert!(refusal(outcome).contains("no backup")),
        }
    }
    assert!(kills > 3, "{kills}");
    kill_increments(&from, backups.path()).await;
    for verb in ["restore", "migrate"] {
        let source = if verb == "restore" {
            backups.path()
        } else {
            source
        };
        let target = tempfile::tempdir().unwrap();
        let (mut lines, mut kills, mut unfinished) = (1, 0, 0);
        while !run(verb, source, target.path(), lines) {
            lines += 3;
            kills += 1;
            let to = embedded(target.path()).await;
            let is_whole = carriage::check_whole(&to.store).await.is_ok();
            let mut read = to.store.read().await.unwrap();
            let table = store::image::ImageTable::find("package_version").unwrap();
            let versions = read.count_image_rows(table).await.unwrap();
            drop(read);
            assert!(
                versions == 0 || versions == 5,
                "rows come all at once: {versions}"
            );
            assert!(!is_whole || versions == 0 || versions == 5);
            unfinished += usize::from(!is_whole);
            to.store.close().await;
            if is_whole && versions == 5 {
                break;
            }
        }
        assert!(kills > 3 && unfinished > 2, "{verb}: {kills}, {unfinished}");
        House::at(target).await.is_the_same_as(&from).await;
    }
}

/// The same with a backup that stands on another one: what can be restored is one of the two moments.
async fn kill_increments(from: &House, backups: &Path) {
    let before = from.image().await;
    let place = Place {
        domain: 1,
        repository: 1,
    };
    from.publish(place, 40).await;
    let after = from.image().await;
    let (mut lines, mut kills, mut unfinished) = (1, 0, 0);
    while !run("backup", from.folder.path(), backups, lines) {
        lines += 3;
        kills += 1;
        let to = House::new(Kind::Embedded).await;
        to.restore(backups).await.unwrap();
        let restored = to.image().await;
        assert!(restored == before || restored == after);
        unfinished += usize::from(restored == before);
    }
    assert!(kills > 3 && unfinished > 2, "{kills}, {unfinished}");
}
