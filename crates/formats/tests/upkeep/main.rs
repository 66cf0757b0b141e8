//! The sweep and the check of the whole installation, over rows on either engine and bytes on a disk and in an object
//! store: real PostgreSQL and a real S3-compatible server, both started by this process. All four combinations are run
//! every time, because damage is done behind the back of each in its own way, so the storage of the run is not asked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Under the name that the server for tests knows it by.
extern crate blobs as reliquary_blobs;

/// Makes tests of every function named: on each engine, over each kind of bytes.
macro_rules! on_every_ground {
    ($($test:ident),+ $(,)?) => {
        on_every_ground!(@ on_sqlite_and_disk, false, false, $($test),+);
        on_every_ground!(@ on_sqlite_and_s3, false, true, $($test),+);
        on_every_ground!(@ on_postgres_and_disk, true, false, $($test),+);
        on_every_ground!(@ on_postgres_and_s3, true, true, $($test),+);
    };
    (@ $ground:ident, $postgres:literal, $s3:literal, $($test:ident),+) => {
        mod $ground {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$test(&crate::ground::Ground::open($postgres, $s3).await).await;
            }
        )+}
    };
}

mod damage;
mod ground;
mod sweep;
