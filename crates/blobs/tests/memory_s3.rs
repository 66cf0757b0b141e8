//! Memory stays flat in front of an object store too. Alone in its process, because it measures the process.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use bytes::Bytes;
use http_body_util::BodyExt;
use reliquary_blobs::{BlobSettings, Blobs};
use testkit::s3_server::S3Server;

const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 200 * 16;
/// Four parts on their way and one being read, and what the client and the allocator add.
const ROOM_BYTES: usize = 96 << 20;

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_two_hundred_megabytes_go_to_an_object_store_and_back_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let s3 = S3Server::get().settings();
    let opened = Blobs::open_s3(folder.path(), &s3, BlobSettings::default()).await;
    let blobs = opened.unwrap();
    let before = resident_bytes();
    let mut highest = before;
    let mut stage = blobs.stage().await.unwrap();
    for index in 0..CHUNKS {
        let byte = u8::try_from(index % 251).unwrap();
        let chunk = Bytes::from(vec![byte; CHUNK_BYTES]);
        stage.write(chunk).await.unwrap();
    }
    let staged = stage.finish().await.unwrap();
    let digest = staged.digests().sha256;
    let commit = tokio::spawn(staged.commit());
    while !commit.is_finished() {
        highest = highest.max(resident_bytes());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    commit.await.unwrap().unwrap();
    let sent = highest - before;
    assert!(sent < ROOM_BYTES, "{sent} bytes more than before");

    let mut body = blobs.open(&digest).await.unwrap().unwrap().body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        read += frame.unwrap().data_ref().unwrap().len();
        highest = highest.max(resident_bytes());
    }
    assert_eq!(read, CHUNKS * CHUNK_BYTES);
    let grown = highest - before;
    assert!(grown < ROOM_BYTES, "{grown} bytes more than before");
}
