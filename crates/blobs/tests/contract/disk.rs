//! What only a local disk can show: its folders, what a crash leaves, damage.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use model::Sha256Digest;
use reliquary_blobs::{BlobError, BlobSettings, Blobs};

use crate::{Store, sample, whole};

fn root(store: &Store) -> PathBuf {
    store.folder.path().join("data")
}

fn path_of(store: &Store, digest: &Sha256Digest) -> PathBuf {
    let hex = digest.to_hex();
    root(store).join("blobs").join(&hex[..2]).join(&hex[2..])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_may_read_folders_and_files() {
    let store = Store::on_disk();
    let digest = store.put(&sample(1, 100)).await;
    let blob = path_of(&store, &digest);
    for folder in [
        &root(&store),
        &root(&store).join("staging"),
        &root(&store).join("blobs"),
        blob.parent().unwrap(),
    ] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&blob), 0o600);
}

#[tokio::test]
async fn i01_a_restart_removes_what_a_crash_left_staged_and_nothing_else() {
    let store = Store::on_disk();
    let body = sample(2, 5_000);
    let digest = store.put(&body).await;
    let leftover = root(&store).join("staging/0123456789abcdef");
    let beside = root(&store).join("notes.txt");
    let foreign = root(&store).join("blobs/README");
    for file in [&leftover, &beside, &foreign] {
        fs::write(file, "something").unwrap();
    }
    let reopened = Blobs::open_disk(&root(&store), BlobSettings::default()).unwrap();
    assert!(!leftover.exists());
    assert!(beside.exists() && foreign.exists());
    assert_eq!(reopened.read_all(&digest, 5_000).await.unwrap(), Some(body));
    assert_eq!(reopened.list(None, 10).await.unwrap().len(), 1);
}

/// Names the data folder to the process that is to be killed.
const VICTIM_ROOT: &str = "RELIQUARY_TEST_VICTIM_ROOT";

#[tokio::test]
async fn i01_a_killed_process_loses_nothing_that_it_acknowledged() {
    if let Some(root) = std::env::var_os(VICTIM_ROOT) {
        return commit_until_killed(Path::new(&root)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "disk::i01_a_killed_process_loses_nothing_that_it_acknowledged",
            "--nocapture",
        ])
        .env(VICTIM_ROOT, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        // What the pipe still holds after the kill was acknowledged as well; only the last line may be cut.
        if let Some(digest) = line
            .unwrap()
            .strip_prefix("ack ")
            .and_then(Sha256Digest::from_hex)
        {
            acknowledged.push(digest);
        }
        if acknowledged.len() == 100 {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    assert!(
        acknowledged.len() >= 100,
        "only {} were acknowledged",
        acknowledged.len()
    );

    let blobs = Blobs::open_disk(folder.path(), BlobSettings::default()).unwrap();
    assert_eq!(
        fs::read_dir(folder.path().join("staging")).unwrap().count(),
        0
    );
    for digest in &acknowledged {
        assert!(
            blobs.verify(digest).await.unwrap().is_some(),
            "{digest} is lost"
        );
    }
    for blob in blobs.list(None, usize::MAX).await.unwrap() {
        assert_eq!(
            blobs.verify(&blob.digest).await.unwrap(),
            Some(blob.size_bytes),
            "half a blob is visible"
        );
    }
}

#[expect(
    clippy::print_stdout,
    reason = "this is how a child process acknowledges"
)]
async fn commit_until_killed(root: &Path) {
    let blobs = Blobs::open_disk(root, BlobSettings::default()).unwrap();
    for seed in 1.. {
        let size = [200, 30_000, 400_000][usize::try_from(seed % 3).unwrap()];
        let mut stage = blobs.stage().await.unwrap();
        stage.write(sample(seed, size)).await.unwrap();
        let staged = stage.finish().await.unwrap();
        let digest = staged.digests().sha256;
        staged.commit().await.unwrap();
        println!("ack {digest}");
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn d03_a_staging_folder_that_cannot_be_written_fails_cleanly_and_recovers() {
    let store = Store::on_disk();
    let held = store.put(&sample(3, 5_000)).await;
    let staging = root(&store).join("staging");
    fs::remove_dir(&staging).unwrap();
    for size in [10, 500_000] {
        let body = sample(4, size);
        assert!(matches!(
            store.blobs.put(body.clone()).await,
            Err(BlobError::Io { .. })
        ));
        let mut stage = store.blobs.stage().await.unwrap();
        let reader = stage.reader();
        let outcome = async {
            stage.write(body).await?;
            stage.finish().await
        };
        assert!(
            matches!(outcome.await, Err(BlobError::Io { .. })),
            "{size} bytes"
        );
        assert!(reader.outcome().await.is_err());
    }
    assert!(store.read(&held).await.is_some(), "reads keep working");
    assert_eq!(store.listed().await.len(), 1);
    fs::create_dir(&staging).unwrap();
    let body = sample(4, 500_000);
    let digest = store.put(&body).await;
    assert_eq!(store.read(&digest).await, Some(body));
}

#[tokio::test]
async fn i07_a_flipped_bit_is_found_by_verify_and_not_served_from_memory_after_it() {
    let store = Store::on_disk();
    let body = sample(5, 5_000);
    let digest = store.put(&body).await;
    assert_eq!(store.read(&digest).await.unwrap(), body);
    let mut damaged = body.to_vec();
    damaged[2_500] ^= 1;
    fs::write(path_of(&store, &digest), &damaged).unwrap();
    let verified = store.blobs.verify(&digest).await;
    assert!(
        matches!(verified, Err(BlobError::Damaged { digest: found, .. }) if found == digest),
        "{verified:?}"
    );
    assert_eq!(
        store.read(&digest).await.unwrap(),
        damaged,
        "the memory cache hides the damage"
    );

    assert!(store.blobs.delete(&digest).await.unwrap());
    store.put(&body).await;
    assert_eq!(
        store.blobs.verify(&digest).await.unwrap(),
        Some(5_000),
        "repaired by storing it again"
    );
}

#[tokio::test]
async fn i07_a_shortened_blob_shows_its_size_and_is_replaced_by_the_next_commit() {
    let store = Store::on_disk();
    for size in [5_000, 3_000_000] {
        let body = sample(6, size);
        let digest = store.put(&body).await;
        fs::OpenOptions::new()
            .write(true)
            .open(path_of(&store, &digest))
            .unwrap()
            .set_len(1_000)
            .unwrap();
        let blob = store.blobs.open(&digest).await.unwrap().unwrap();
        assert_eq!(blob.size_bytes(), 1_000);
        store.put(&body).await;
        assert!(
            store.read(&digest).await.unwrap() == body,
            "{size} bytes are not repaired"
        );
        assert_eq!(
            store.blobs.verify(&digest).await.unwrap(),
            Some(size as u64)
        );
    }
}

#[tokio::test]
async fn i07_a_blob_that_shrinks_while_it_is_sent_ends_in_an_error() {
    let store = Store::on_disk();
    let digest = store.put(&sample(7, 3_000_000)).await;
    let blob = store.blobs.open(&digest).await.unwrap().unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(path_of(&store, &digest))
        .unwrap()
        .set_len(1_000_000)
        .unwrap();
    let error = whole(blob.body())
        .await
        .expect_err("two thirds are missing");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
}

#[tokio::test]
async fn without_a_memory_cache_everything_is_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let settings = BlobSettings {
        memory_cache_bytes: 0,
        ..BlobSettings::default()
    };
    let blobs = Blobs::open_disk(folder.path(), settings).unwrap();
    for size in [0, 1, 5_000, 400_000] {
        let body = sample(8, size);
        let digest = blobs.put(body.clone()).await.unwrap().sha256;
        for _ in 0..2 {
            let blob = blobs.open(&digest).await.unwrap().unwrap();
            assert_eq!(whole(blob.body()).await.unwrap(), body);
            assert_eq!(
                blobs.read_all(&digest, size as u64).await.unwrap().unwrap(),
                body
            );
        }
    }
}
