//! What nodes that died have left of uploads, in a folder that they shared and in a bucket.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use model::{EpochMillis, Sha256Digest};
use reliquary_blobs::{BlobSettings, Blobs, S3Settings};
use testkit::s3_server::S3Server;

use crate::proxy::Proxy;
use crate::s3::commit;
use crate::{Store, sample};

#[tokio::test]
async fn uploads_of_nodes_that_died_are_removed_by_others_and_those_of_living_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = folder.path().join("nodes");
    let open = |name: &str| {
        let opened = Blobs::open_disk(&nodes.join(name), BlobSettings::default());
        opened.unwrap().beside_nodes(&nodes)
    };
    let (own, dead) = (open("own"), open("dead"));
    let left = nodes.join("dead/staging/left");
    let beside = nodes.join("dead/beside");
    for file in [&left, &beside] {
        fs::write(file, b"half").unwrap();
    }
    drop(dead);
    let living = open("living");
    let mut stage = living.stage().await.unwrap();
    stage.write(sample(8, 3_000_000)).await.unwrap();
    let clock = |ahead: u64| {
        let now = SystemTime::now() + Duration::from_secs(ahead);
        let since = now.duration_since(UNIX_EPOCH).unwrap().as_millis();
        EpochMillis(i64::try_from(since).unwrap())
    };
    let removed = own.remove_stale_uploads(clock(60), true).await;
    assert_eq!(removed.unwrap(), 2, "a dry run counts both by this cutoff");
    let long_ago = SystemTime::now() - Duration::from_secs(7_200);
    for file in [&left, &beside] {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let cutoff = EpochMillis(clock(0).0 - 3_600_000);
    for dry_run in [true, false] {
        let removed = own.remove_stale_uploads(cutoff, dry_run).await;
        assert_eq!(removed.unwrap(), 1);
        assert_eq!(left.exists(), dry_run);
    }
    assert!(beside.exists(), "only what is staged is looked at");
    let staged = stage.finish().await.unwrap();
    let digest = staged.digests().sha256;
    staged.commit().await.unwrap();
    assert!(living.find(&digest).await.unwrap().is_some());
}

#[test]
fn parts_of_a_node_that_died_are_given_up_once_they_are_old() {
    let s3 = S3Server::get().settings();
    // Of another place in the same bucket.
    let elsewhere = S3Server::get().settings();
    let body = sample(9, 24 << 20);
    let digest = Sha256Digest::from_bytes(<sha2::Sha256 as sha2::Digest>::digest(&body).into());
    for settings in [&s3, &elsewhere] {
        die_within_an_upload(settings, &body, &digest);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::in_bucket(&s3).await;
        let uploads = |of: &S3Settings| S3Server::get().uploads_under_way(&of.prefix, &digest);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(since.as_millis()).unwrap();
        for (cutoff, dry_run, found, left) in [
            (now - 3_600_000, false, 0, 1),
            (now + 3_600_000, true, 1, 1),
            (now + 3_600_000, false, 1, 0),
            (now + 3_600_000, false, 0, 0),
        ] {
            let cutoff = EpochMillis(cutoff);
            let given_up = store.blobs.give_up_stale_parts(cutoff, dry_run).await;
            assert_eq!(given_up.unwrap(), found, "{cutoff:?} {dry_run}");
            assert_eq!(uploads(&s3), left, "{cutoff:?} {dry_run}");
        }
        assert_eq!(uploads(&elsewhere), 1, "what is not ours");
        assert_eq!(store.put(&body).await, digest);
        assert!(store.read(&digest).await.unwrap() == body);
    });
}

/// Begins to store a body in parts, and ends with all that was begun as a process does that is killed.
fn die_within_an_upload(settings: &S3Settings, body: &Bytes, digest: &Sha256Digest) {
    let node = tokio::runtime::Runtime::new().unwrap();
    let way = node.block_on(Proxy::to(S3Server::get().address()));
    let through = S3Settings {
        endpoint: Some(format!("http://{}", way.address)),
        ..settings.clone()
    };
    let store = node.block_on(Store::in_bucket(&through));
    // A part never arrives whole, and the next try is not given the time.
    way.cut_uploads(usize::MAX, 1 << 20);
    let (blobs, body) = (store.blobs, body.clone());
    node.spawn(async move { commit(&blobs, &body).await.map(drop) });
    let deadline = SystemTime::now() + Duration::from_secs(60);
    while S3Server::get().uploads_under_way(&settings.prefix, digest) == 0 {
        assert!(SystemTime::now() < deadline, "the upload was never seen");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The way first: nothing more is said, as by a process that is no more.
    drop(way);
    node.shutdown_background();
    assert_eq!(
        S3Server::get().uploads_under_way(&settings.prefix, digest),
        1
    );
}
