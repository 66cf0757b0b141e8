//! What a check finds, each kind of damage by itself, and what repairing does about it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Finding, FindingKind, InspectionProgress, InspectionTerms};
use model::{PackageVersionStatus, Sha256Digest};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::ground::{Ground, generic, sha256};

on_every_ground![
    i07_a_flipped_byte_is_found_by_reading_and_not_by_sizes,
    i07_a_cut_blob_and_a_missing_one_are_found_by_sizes_alone,
    what_nothing_refers_to_is_counted_and_no_finding,
    a_version_that_the_log_does_not_tell_of_is_found,
    a_row_that_says_something_else_than_the_log_is_found,
    i07_damaged_bytes_of_our_own_are_named_and_served_to_nobody_until_they_are_published_again,
    i07_a_damaged_asset_of_a_public_source_is_fetched_again,
    what_its_source_does_not_give_now_is_fetched_by_the_next_pull,
    a_source_that_has_other_bytes_now_brings_nothing_back,
    a_row_that_says_another_digest_of_sound_bytes_is_found,
    i07_a_repair_that_was_cut_anywhere_ends_clean_when_it_is_run_again,
    everything_that_was_done_in_order_is_clean,
];

const REPAIR: InspectionTerms = InspectionTerms {
    quick: false,
    repair: true,
};
const QUICK: InspectionTerms = InspectionTerms {
    quick: true,
    repair: false,
};

/// Publishes something in `main`; its bytes and their digest.
async fn own(ground: &Ground) -> (Bytes, Sha256Digest) {
    let bytes = Bytes::from(vec![7; 70_000]);
    ground.publish("1.0", &bytes).await.unwrap();
    assert_eq!(ground.findings().await, []);
    (bytes.clone(), sha256(&bytes))
}

/// Pulls a package through `mirror`; the bytes of its tarball and their digest.
async fn cached(ground: &Ground) -> (Bytes, Sha256Digest) {
    let version = FakeVersion::new("1.0.0").file("index.js", b"module.exports = 1;\n");
    ground
        .source
        .add_package(FakePackage::new("widget").version(version));
    let bytes = ground.source.tarball("widget", "1.0.0").unwrap();
    assert_eq!(pull(ground).await, (200, Some(bytes.clone())));
    ground.catalog.settle().await;
    assert_eq!(ground.findings().await, []);
    (bytes.clone(), sha256(&bytes))
}

/// What a client gets that asks for the tarball.
async fn pull(ground: &Ground) -> (u16, Option<Bytes>) {
    let answer = ground.client("npm", "mirror");
    let answer = answer.get("widget/-/widget-1.0.0.tgz").await;
    (answer.status, answer.body.ok())
}

fn flipped(bytes: &Bytes) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

fn only(findings: Vec<Finding>) -> Finding {
    let [finding] = <[Finding; 1]>::try_from(findings).expect("one finding");
    finding
}

async fn quick(ground: &Ground) -> Vec<Finding> {
    ground.inspect(QUICK).await.findings
}

async fn i07_a_flipped_byte_is_found_by_reading_and_not_by_sizes(ground: &Ground) {
    let (bytes, digest) = own(ground).await;
    ground.overwrite(&digest, &flipped(&bytes));
    assert_eq!(quick(ground).await, []);
    let finding = only(ground.findings().await);
    assert_eq!(
        (finding.kind, finding.sha256),
        (FindingKind::BytesDamaged, Some(digest))
    );
    let place = &finding.places[0];
    assert!(place.is_own);
    assert_eq!(
        place.to_string(),
        "111122223333/acme/main generic tools/installer 1.0 setup.bin"
    );
}

async fn i07_a_cut_blob_and_a_missing_one_are_found_by_sizes_alone(ground: &Ground) {
    let (bytes, digest) = own(ground).await;
    ground.overwrite(&digest, &bytes[..bytes.len() - 1]);
    for findings in [quick(ground).await, ground.findings().await] {
        assert_eq!(only(findings).kind, FindingKind::BytesDamaged);
    }
    ground.blobs.delete(&digest).await.unwrap();
    for findings in [quick(ground).await, ground.findings().await] {
        let finding = only(findings);
        assert_eq!(
            (finding.kind, finding.sha256),
            (FindingKind::BytesMissing, Some(digest))
        );
    }
}

async fn what_nothing_refers_to_is_counted_and_no_finding(ground: &Ground) {
    own(ground).await;
    ground.blobs.put(Bytes::from_static(b"left")).await.unwrap();
    let report = ground.inspect(InspectionTerms::default()).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.unreferenced, report.unreferenced_bytes), (1, 4));
    assert_eq!(
        (report.versions, report.referenced, report.hashed_bytes),
        (1, 1, 70_000)
    );
}

async fn a_version_that_the_log_does_not_tell_of_is_found(ground: &Ground) {
    own(ground).await;
    let new = store::NewVersion {
        package_id: package_id(ground).await,
        version: model::VersionName::parse("9.9").unwrap(),
        key: model::VersionKey::new("9.9"),
        status: PackageVersionStatus::Published,
        revision: "r".into(),
        origin_type: model::OriginType::Internal,
        origin_name: "main".into(),
        published_at: ground.now(),
        source_published_at: None,
        metadata: "{}".into(),
        readme: None,
    };
    let made: Result<_, store::StoreError> = ground
        .store
        .write(move |tx| Box::pin(async move { tx.insert_version(&new).await }))
        .await;
    assert!(made.unwrap().is_some());
    let finding = only(ground.findings().await);
    assert_eq!(finding.kind, FindingKind::LogDiffers);
    assert!(
        finding.detail.contains("does not tell of version 9.9"),
        "{}",
        finding.detail
    );
}

async fn a_row_that_says_something_else_than_the_log_is_found(ground: &Ground) {
    own(ground).await;
    let package = package_id(ground).await;
    let changed: Result<(), store::StoreError> = ground
        .store
        .write(move |tx| {
            Box::pin(async move {
                let key = model::VersionKey::new("1.0");
                let found = tx.find_version(package, &key).await?.unwrap();
                tx.update_version_status(found.id, PackageVersionStatus::Archived)
                    .await
            })
        })
        .await;
    changed.unwrap();
    let finding = only(ground.findings().await);
    assert_eq!(finding.kind, FindingKind::LogDiffers);
    assert!(finding.detail.contains("Archived"), "{}", finding.detail);
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert!(
        !finding.is_repaired,
        "which is right is not for a program to guess"
    );
}

async fn package_id(ground: &Ground) -> i64 {
    let mut reader = ground.store.read().await.unwrap();
    let (owner, name) = (&ground.domain.owner, &ground.domain.name);
    let domain = reader.find_domain(owner, name).await.unwrap().unwrap();
    let main = testkit::house::repository("main");
    let main = reader
        .find_repository(domain.id, &main)
        .await
        .unwrap()
        .unwrap();
    let package = reader.find_package(main.id, &generic()).await.unwrap();
    package.unwrap().id
}

async fn i07_damaged_bytes_of_our_own_are_named_and_served_to_nobody_until_they_are_published_again(
    ground: &Ground,
) {
    let (bytes, digest) = own(ground).await;
    ground.overwrite(&digest, &flipped(&bytes));
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert!(finding.places[0].is_own && !finding.is_repaired);
    assert!(ground.blobs.find(&digest).await.unwrap().is_none());
    assert!(
        ground.read("1.0").await.is_err(),
        "nothing is better than wrong bytes"
    );
    assert_eq!(
        only(ground.findings().await).kind,
        FindingKind::BytesMissing
    );
    ground.publish("1.0", &bytes).await.unwrap();
    assert_eq!(ground.read("1.0").await.unwrap(), bytes);
    assert_eq!(ground.findings().await, []);
}

async fn i07_a_damaged_asset_of_a_public_source_is_fetched_again(ground: &Ground) {
    let (bytes, digest) = cached(ground).await;
    ground.overwrite(&digest, &flipped(&bytes));
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert_eq!(finding.kind, FindingKind::BytesDamaged);
    assert!(
        finding.is_repaired && !finding.places[0].is_own,
        "{finding:?}"
    );
    assert_eq!(ground.findings().await, []);
    assert_eq!(pull(ground).await, (200, Some(bytes)));
}

async fn what_its_source_does_not_give_now_is_fetched_by_the_next_pull(ground: &Ground) {
    let (bytes, digest) = cached(ground).await;
    ground.blobs.delete(&digest).await.unwrap();
    ground.source.remove_package("widget");
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert!(!finding.is_repaired, "{finding:?}");
    let (status, body) = pull(ground).await;
    assert!(
        status >= 500 || body.is_none(),
        "{status}: nothing can be given"
    );
    let version = FakeVersion::new("1.0.0").tarball(bytes.clone());
    ground
        .source
        .add_package(FakePackage::new("widget").version(version));
    // That it was not there is remembered for a while.
    ground.clock.advance(3_600_000);
    let mut last = pull(ground).await;
    for _ in 0..100 {
        if last == (200, Some(bytes.clone())) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        last = pull(ground).await;
    }
    assert_eq!(last, (200, Some(bytes)));
    ground.catalog.settle().await;
    assert_eq!(ground.findings().await, []);
}

async fn a_source_that_has_other_bytes_now_brings_nothing_back(ground: &Ground) {
    let (bytes, digest) = cached(ground).await;
    ground.blobs.delete(&digest).await.unwrap();
    ground.source.remove_package("widget");
    let version = FakeVersion::new("1.0.0").file("index.js", b"module.exports = 'other';\n");
    ground
        .source
        .add_package(FakePackage::new("widget").version(version));
    ground.clock.advance(3_600_000);
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert!(!finding.is_repaired, "{finding:?}");
    let other = ground.source.tarball("widget", "1.0.0").unwrap();
    assert_ne!(other, bytes);
    let (_, body) = pull(ground).await;
    assert_ne!(
        body,
        Some(other),
        "other bytes are not given under the same name"
    );
}

async fn a_row_that_says_another_digest_of_sound_bytes_is_found(ground: &Ground) {
    let (bytes, digest) = own(ground).await;
    let package = package_id(ground).await;
    let (owner, name) = (&ground.domain.owner, &ground.domain.name);
    let mut reader = ground.store.read().await.unwrap();
    let domain = reader.find_domain(owner, name).await.unwrap().unwrap().id;
    drop(reader);
    let wrong: Result<(), store::StoreError> = ground
        .store
        .write(move |tx| {
            Box::pin(async move {
                let key = model::VersionKey::new("1.0");
                let found = tx.find_version(package, &key).await?.unwrap();
                let gone = tx.delete_assets_of_version(domain, found.id).await?;
                let mut asset = gone[0].to_new()?;
                asset.digests.md5 = model::Md5Digest::from_bytes([7; 16]);
                tx.insert_asset(domain, found.id, &asset).await
            })
        })
        .await;
    wrong.unwrap();
    assert_eq!(quick(ground).await, [], "sizes are right");
    let finding = only(ground.findings().await);
    assert_eq!(
        (finding.kind, finding.sha256),
        (FindingKind::RowWrong, Some(digest))
    );
    assert_eq!(finding.kind.as_str(), "row-wrong");
    assert!(
        finding.detail.contains("their MD5 is") && finding.detail.contains(&"07".repeat(16)),
        "{}",
        finding.detail
    );
    assert_eq!(finding.places.len(), 1);
    // The bytes are sound: they stay where they are, and are served.
    let finding = only(ground.inspect(REPAIR).await.findings);
    assert!(
        !finding.is_repaired && finding.outcome.is_some(),
        "{finding:?}"
    );
    assert_eq!(ground.read("1.0").await.unwrap(), bytes);
    assert_eq!(only(ground.findings().await).kind, FindingKind::RowWrong);
}

/// Says when repairs have begun.
#[derive(Default)]
struct UntilRepairs(AtomicBool);

impl InspectionProgress for UntilRepairs {
    fn begin(&self, what: &'static str) {
        self.0.store(what == "repairs", Ordering::SeqCst);
    }
    fn advance(&self, _: u64) {}
}

/// Repairs, and is dropped when it was taken up so many times after repairs had begun. True when it ended before.
async fn repair_until_cut(ground: &Ground, mut polls: usize) -> bool {
    let progress = UntilRepairs::default();
    let mut repair = pin!(ground.catalog.inspect(REPAIR, &progress));
    let ended = poll_fn(|context| {
        if progress.0.load(Ordering::SeqCst) {
            if polls == 0 {
                return Poll::Ready(None);
            }
            polls -= 1;
        }
        repair.as_mut().poll(context).map(Some)
    });
    ended.await.is_some()
}

async fn i07_a_repair_that_was_cut_anywhere_ends_clean_when_it_is_run_again(ground: &Ground) {
    let (bytes, digest) = own(ground).await;
    cached(ground).await;
    let mut cuts = 0;
    for polls in [0, 1, 2, 3, 5, 8, 12, 17, 25, 40, 400] {
        // All bytes there are: published here, pulled, and documents.
        let mut damaged = 0;
        for blob in ground.blobs.list(None, 100).await.unwrap() {
            ground.overwrite(&blob.digest, b"damaged");
            damaged += 1;
        }
        assert!(damaged >= 2, "{damaged}");
        cuts += usize::from(!repair_until_cut(ground, polls).await);
        ground.catalog.settle().await;
        let report = ground.inspect(REPAIR).await;
        for finding in &report.findings {
            let is_own = finding.sha256 == Some(digest);
            assert_eq!(finding.is_repaired, !is_own, "after {polls}: {finding:?}");
        }
        ground.catalog.settle().await;
        // What was published here nobody else has; all else is as it was.
        let finding = only(ground.findings().await);
        assert_eq!(
            (finding.kind, finding.sha256),
            (FindingKind::BytesMissing, Some(digest)),
            "after {polls}"
        );
        ground.publish("1.0", &bytes).await.unwrap();
        assert_eq!(pull(ground).await.0, 200);
        ground.catalog.settle().await;
        assert_eq!(ground.findings().await, [], "after {polls}");
    }
    assert!(cuts >= 5, "{cuts}");
}

async fn everything_that_was_done_in_order_is_clean(ground: &Ground) {
    cached(ground).await;
    let (bytes, _) = own(ground).await;
    ground.publish("2.0", &bytes).await.unwrap();
    ground
        .publish("3.0", &Bytes::from_static(b"other"))
        .await
        .unwrap();
    ground.dispose("main", &generic(), "3.0").await;
    ground
        .set_status("main", &generic(), "2.0", PackageVersionStatus::Unlisted)
        .await;
    ground.delete("1.0").await;
    ground.add_repository("behind", &["mirror"]).await;
    let retained = ground.client("npm", "behind");
    let retained = retained.get("widget/-/widget-1.0.0.tgz").await;
    assert_eq!(retained.status, 200);
    ground.catalog.settle().await;
    let report = ground.inspect(InspectionTerms::default()).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.versions, 4);
    assert!(report.changes >= 9, "{}", report.changes);
}
