//! Memory stays flat in front of an object store too. Alone in its process, because it measures the process.

use bytes::Bytes;
use reliquary_blobs::{BlobSettings, Blobs};
use testkit::memory_peak::MemoryPeak;
use testkit::s3_server::S3Server;

const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 200 * 16;
/// Four parts on their way and one being read, and what the client and the allocator add.
const ROOM_BYTES: usize = 96 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_two_hundred_megabytes_go_to_an_object_store_and_back_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let s3 = S3Server::get().settings();
    let opened = Blobs::open_s3(folder.path(), &s3, BlobSettings::default()).await;
    let blobs = opened.unwrap();
    let mut memory = MemoryPeak::start();
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
        memory.look();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    commit.await.unwrap().unwrap();
    let sent = memory.grown_bytes();
    assert!(sent < ROOM_BYTES, "{sent} bytes more than before");

    let body = blobs.open(&digest).await.unwrap().unwrap().body();
    assert_eq!(memory.read(body).await, CHUNKS * CHUNK_BYTES);
    let grown = memory.grown_bytes();
    assert!(grown < ROOM_BYTES, "{grown} bytes more than before");
}
