//! How fast blobs are stored and read on this machine: `cargo run --release -p reliquary-blobs --example throughput`.
//!
//! Prints rates; the comparisons with other servers are in `bench/`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt;
use reliquary_blobs::{BlobError, BlobSettings, Blobs};

const WRITERS: u64 = 8;
const PUTS: u64 = 20_000;
const PUT_BYTES: usize = 4 * 1024;
const LARGE_BYTES: usize = 50 << 20;
const CHUNK_BYTES: usize = 16 * 1024;
const READS: usize = 40;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let folder = tempfile::tempdir_in(".")?;
    let blobs = Blobs::open_disk(folder.path(), BlobSettings::default())?;
    durable_puts(&blobs).await?;
    let digest = stage_large(&blobs).await?;
    let started = Instant::now();
    for _ in 0..READS {
        let blob = blobs.open(&digest).await?.ok_or("the blob is gone")?;
        let mut body = blob.body();
        while let Some(frame) = body.frame().await {
            std::hint::black_box(frame?);
        }
    }
    report(
        "reading 50 MiB, cached, MiB/s",
        (READS * LARGE_BYTES) >> 20,
        started,
    );
    Ok(())
}

async fn durable_puts(blobs: &Blobs) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (blobs, next) = (blobs.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= PUTS {
                        return Ok::<_, BlobError>(());
                    }
                    let mut body = vec![0; PUT_BYTES];
                    body[..8].copy_from_slice(&number.to_le_bytes());
                    blobs.put(body.into()).await?;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await??;
    }
    report(
        "durable puts of 4 KiB by 8 writers, /s",
        usize::try_from(PUTS)?,
        started,
    );
    Ok(())
}

async fn stage_large(blobs: &Blobs) -> Result<model::Sha256Digest, BlobError> {
    let started = Instant::now();
    let mut stage = blobs.stage().await?;
    let chunk = Bytes::from(vec![7; CHUNK_BYTES]);
    for _ in 0..LARGE_BYTES / CHUNK_BYTES {
        stage.write(chunk.clone()).await?;
    }
    let staged = stage.finish().await?;
    let digest = staged.digests().sha256;
    staged.commit().await?;
    report(
        "staging and committing 50 MiB, MiB/s",
        LARGE_BYTES >> 20,
        started,
    );
    Ok(digest)
}

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn report(what: &str, count: usize, started: Instant) {
    println!(
        "{what}: {:.0}",
        count as f64 / started.elapsed().as_secs_f64()
    );
}
