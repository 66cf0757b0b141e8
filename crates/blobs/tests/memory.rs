//! Memory stays flat however large a body is. Alone in its process, because it measures the process.

use bytes::Bytes;
use http_body_util::BodyExt;
use reliquary_blobs::{BlobSettings, Blobs};
use testkit::memory_peak::MemoryPeak;

const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 200 * 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d02_two_hundred_megabytes_pass_through_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_disk(folder.path(), BlobSettings::default()).unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    let source = tokio::spawn(async move {
        for index in 0..CHUNKS {
            let byte = u8::try_from(index % 251).unwrap();
            sender
                .send(Bytes::from(vec![byte; CHUNK_BYTES]))
                .await
                .unwrap();
        }
    });
    let mut memory = MemoryPeak::start();

    let mut stage = blobs.stage().await.unwrap();
    let mut follower = stage.reader().body(None);
    let following = tokio::spawn(async move {
        let mut read = 0;
        while let Some(frame) = follower.frame().await {
            read += frame.unwrap().data_ref().unwrap().len();
        }
        read
    });
    while let Some(chunk) = receiver.recv().await {
        stage.write(chunk).await.unwrap();
        memory.look();
    }
    source.await.unwrap();
    let staged = stage.finish().await.unwrap();
    let digest = staged.digests().sha256;
    staged.commit().await.unwrap();
    assert_eq!(following.await.unwrap(), CHUNKS * CHUNK_BYTES);

    let body = blobs.open(&digest).await.unwrap().unwrap().body();
    assert_eq!(memory.read(body).await, CHUNKS * CHUNK_BYTES);
    let grown = memory.grown_bytes();
    assert!(grown < 8 << 20, "{grown} bytes more than before");
}
