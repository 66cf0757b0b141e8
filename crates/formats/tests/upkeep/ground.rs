//! A house whose bytes can be damaged behind its back.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use blobs::{BlobSettings, Blobs, S3Settings};
use bytes::Bytes;
use catalog::{
    AssetPublication, ExpectedDigests, Finding, InspectionProgress, InspectionReport,
    InspectionTerms, SweepReport, SweepTerms,
};
use http_body_util::BodyExt as _;
use model::{
    AssetName, EpochMillis, Namespace, PackageCoordinates, PackageName, Result, Sha256Digest,
    VersionName,
};
use tempfile::TempDir;
use testkit::fake_npm::FakeNpm;
use testkit::house::{Connection, House, Plan, repository};

use crate::s3_server::S3Server;

const CONNECTION: &str = "public:npmjs";

/// Repositories: `main`, and `mirror` that is connected to a fake npm registry.
pub(crate) struct Ground {
    house: House,
    pub(crate) source: FakeNpm,
    pub(crate) blobs: Blobs,
    bucket: Option<S3Settings>,
    folder: TempDir,
}

impl Deref for Ground {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

struct Unheard;

impl InspectionProgress for Unheard {
    fn begin(&self, _: &'static str) {}
    fn advance(&self, _: u64) {}
}

impl Ground {
    pub(crate) async fn open(on_postgres: bool, on_s3: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = on_s3.then(|| S3Server::get().settings());
        let blobs = open_blobs(&folder, bucket.as_ref()).await;
        let source = FakeNpm::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "npm",
            url: source.base_url().to_owned(),
        };
        let plan = Plan::default();
        let mut house = House::open_over(plan, &[connection], on_postgres, blobs.clone()).await;
        // What is stored is dated by the machine's clock: here it is some time later than everything that happens.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now_ms = i64::try_from(now.as_millis()).unwrap() + 3_600_000;
        house.clock.advance(now_ms - house.catalog.now().0);
        house.token = house.token_of(&house.root).await;
        house.add_repository("main", &[]).await;
        house.add_connected("mirror", CONNECTION).await;
        Self {
            house,
            source,
            blobs,
            bucket,
            folder,
        }
    }

    /// Replaces stored bytes by others.
    pub(crate) fn overwrite(&self, digest: &Sha256Digest, bytes: &[u8]) {
        match &self.bucket {
            None => fs::write(self.path(digest), bytes).unwrap(),
            Some(bucket) => S3Server::get().overwrite(&bucket.prefix, digest, bytes),
        }
    }

    fn path(&self, digest: &Sha256Digest) -> PathBuf {
        let hex = digest.to_hex();
        let (first, rest) = hex.split_at(2);
        self.folder
            .path()
            .join("bytes/blobs")
            .join(first)
            .join(rest)
    }

    /// Publishes one asset of a generic package in `main`.
    pub(crate) async fn publish(&self, version: &str, bytes: &Bytes) -> Result<()> {
        let publication = AssetPublication {
            package: generic(),
            version: VersionName::parse(version).unwrap(),
            asset: asset(),
            expected: ExpectedDigests::default(),
            announced_bytes: None,
            unfinished: false,
            only_new: false,
        };
        let mut sent = futures_util::stream::iter([Ok(bytes.clone())]);
        let (catalog, main) = (&self.house.catalog, repository("main"));
        catalog
            .publish_asset(&self.root, &self.domain, &main, publication, &mut sent)
            .await
            .map(drop)
    }

    /// The bytes of what was published so, past every memory of the house.
    pub(crate) async fn read(&self, version: &str) -> Result<Bytes> {
        let (main, version) = (repository("main"), VersionName::parse(version).unwrap());
        let (package, asset) = (generic(), asset());
        let catalog = &self.house.catalog;
        let held = catalog
            .get_package_version_asset(&self.domain, &main, &package, &version, &asset, None)
            .await?;
        let body = held.content.into_body(None).collect().await;
        body.map(http_body_util::Collected::to_bytes)
            .map_err(model::Error::internal)
    }

    pub(crate) async fn delete(&self, version: &str) {
        self.delete_version("main", &generic(), version).await;
    }

    pub(crate) async fn sweep(&self, grace_ms: i64, dry_run: bool) -> SweepReport {
        let terms = SweepTerms { grace_ms, dry_run };
        self.house.catalog.sweep(terms).await.unwrap()
    }

    pub(crate) async fn inspect(&self, terms: InspectionTerms) -> InspectionReport {
        self.house.catalog.inspect(terms, &Unheard).await.unwrap()
    }

    /// The findings of a full check.
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        self.inspect(InspectionTerms::default()).await.findings
    }

    pub(crate) fn now(&self) -> EpochMillis {
        self.house.catalog.now()
    }
}

async fn open_blobs(folder: &TempDir, bucket: Option<&S3Settings>) -> Blobs {
    let root = folder.path().join("bytes");
    // Nothing is kept in memory, so what is read is what is stored.
    let settings = BlobSettings {
        memory_cache_bytes: 0,
        memory_cache_item_bytes: 0,
        open_files: 1,
    };
    match bucket {
        None => Blobs::open_disk(&root, settings).unwrap(),
        Some(bucket) => Blobs::open_s3(&root, bucket, settings).await.unwrap(),
    }
}

pub(crate) fn generic() -> PackageCoordinates {
    PackageCoordinates {
        format: formats::rules().find("generic").unwrap().id(),
        namespace: Some(Namespace::parse("tools").unwrap()),
        name: PackageName::parse("installer").unwrap(),
    }
}

fn asset() -> AssetName {
    AssetName::parse("setup.bin").unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256Digest {
    use sha2::Digest as _;
    Sha256Digest::from_bytes(sha2::Sha256::digest(bytes).into())
}
