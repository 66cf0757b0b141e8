//! Installations of the tests, of every kind, with packages in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use blobs::{BlobSettings, Blobs};
use bytes::Bytes;
use carriage::{CarriageError, Installation, NoProgress, Restored, Transferred};
use model::{
    AccountId, AssetName, Change, ChangeKind, DomainName, EpochMillis, FormatId,
    OriginRestrictions, OriginType, PackageCoordinates, PackageName, PackageVersionStatus,
    RepositoryName, Sha256Digest, VersionKey, VersionName,
};
use store::image::{ImageRow, ImageTable, TABLES};
use store::{AssetCompanion, NewAsset, NewVersion, PostgresSettings, Store, StoreError};
use tempfile::TempDir;

use testkit::postgres::Database;
use testkit::s3_server::S3Server;

pub(crate) const NOW: EpochMillis = EpochMillis(1_800_000_000_000);

/// Where an installation is.
pub(crate) enum Kind {
    Embedded,
    ScaledOut,
}

/// An installation in a folder of its own.
pub(crate) struct House {
    pub(crate) installation: Installation,
    pub(crate) folder: TempDir,
    /// Gone with the house.
    pub(crate) _database: Option<Database>,
}

impl House {
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (installation, database) = match kind {
            Kind::Embedded => (embedded(folder.path()).await, None),
            Kind::ScaledOut => {
                let database = Database::create(None);
                let settings = PostgresSettings::new(database.url(), 4);
                let store = Store::open_postgres(&settings).await;
                let s3 = S3Server::get().settings();
                let blobs = Blobs::open_s3(folder.path(), &s3, BlobSettings::default()).await;
                let installation = Installation {
                    store: store.unwrap(),
                    blobs: blobs.unwrap(),
                };
                (installation, Some(database))
            }
        };
        Self {
            installation,
            folder,
            _database: database,
        }
    }

    /// The embedded one in this folder.
    pub(crate) async fn at(folder: TempDir) -> Self {
        Self {
            installation: embedded(folder.path()).await,
            folder,
            _database: None,
        }
    }

    /// One with some packages in it.
    pub(crate) async fn filled(kind: Kind, packages: u32) -> Self {
        let house = Self::new(kind).await;
        let repository = house.begin().await;
        for number in 0..packages {
            house.publish(repository, number).await;
        }
        house
    }

    pub(crate) fn store(&self) -> &Store {
        &self.installation.store
    }

    /// A domain and a repository, and a key for tokens.
    pub(crate) async fn begin(&self) -> Place {
        let made = self.store().write::<_, StoreError, _>(|tx| {
            Box::pin(async move {
                tx.insert_signing_key("first", &[7; 32], NOW).await?;
                let owner = AccountId::parse("111122223333").unwrap();
                let name = DomainName::parse("acme").unwrap();
                let domain = tx.insert_domain(&owner, &name, "key", NOW).await?.unwrap();
                let main = RepositoryName::parse("main").unwrap();
                let repository = tx
                    .insert_repository(domain.id, &main, &owner, "", NOW)
                    .await?;
                tx.append_change(domain.id, &change("made")).await?;
                Ok(Place {
                    domain: domain.id,
                    repository: repository.unwrap().id,
                })
            })
        });
        made.await.unwrap()
    }

    /// Publishes a package of one version: bytes, then rows and the log, as the server does.
    pub(crate) async fn publish(&self, place: Place, number: u32) {
        publish(&self.installation, place, number).await;
    }

    /// Everything that is carried, as lines.
    pub(crate) async fn image(&self) -> Image {
        image(self.store()).await
    }

    pub(crate) async fn held(&self) -> BTreeSet<Sha256Digest> {
        held(&self.installation.blobs).await
    }

    pub(crate) async fn back_up(&self, to: &Path) -> carriage::Result<carriage::BackupReport> {
        carriage::back_up(&self.installation, to, NOW.0, true, &NoProgress).await
    }

    pub(crate) async fn restore(&self, from: &Path) -> carriage::Result<Restored> {
        self.restore_number(from, None).await
    }

    pub(crate) async fn restore_number(
        &self,
        from: &Path,
        number: Option<u64>,
    ) -> carriage::Result<Restored> {
        let scratch = tempfile::tempdir().unwrap();
        carriage::restore(
            from,
            number,
            scratch.path(),
            &self.installation,
            &NoProgress,
        )
        .await
    }

    pub(crate) async fn migrate(&self, to: &Self) -> carriage::Result<Transferred> {
        carriage::migrate(&self.installation, &to.installation, &NoProgress).await
    }

    /// That another one holds the same, and may be served from.
    pub(crate) async fn is_the_same_as(&self, other: &Self) {
        for (one, two) in self.image().await.iter().zip(&other.image().await) {
            assert_eq!(one, two);
        }
        let named = self.named().await;
        assert!(named.is_subset(&self.held().await));
        assert!(named.is_subset(&other.held().await));
        for digest in &named {
            assert!(
                self.installation
                    .blobs
                    .verify(digest)
                    .await
                    .unwrap()
                    .is_some()
            );
        }
        carriage::check_whole(self.store()).await.unwrap();
    }

    /// The blobs that rows name.
    pub(crate) async fn named(&self) -> BTreeSet<Sha256Digest> {
        let mut snapshot = self.store().snapshot().await.unwrap();
        let mut named = BTreeSet::new();
        for table in TABLES {
            for row in snapshot
                .list_image_rows(table, None, i64::MAX)
                .await
                .unwrap()
            {
                named.extend(row.blobs(table).unwrap().iter().map(|blob| blob.0));
            }
        }
        named
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let table = ImageTable::find(table).unwrap();
        let mut read = self.store().read().await.unwrap();
        read.count_image_rows(table).await.unwrap()
    }
}

/// Tables, and their rows as lines.
pub(crate) type Image = Vec<(&'static str, Vec<String>)>;

/// Everything that is carried.
pub(crate) async fn image(store: &Store) -> Image {
    let mut snapshot = store.snapshot().await.unwrap();
    let mut image = Vec::new();
    for table in TABLES {
        let rows = snapshot
            .list_image_rows(table, None, i64::MAX)
            .await
            .unwrap();
        image.push((table.name, rows.iter().map(ImageRow::to_line).collect()));
    }
    image
}

pub(crate) async fn embedded(folder: &Path) -> Installation {
    Installation {
        store: Store::open_sqlite(&folder.join("rows.db")).await.unwrap(),
        blobs: Blobs::open_disk(&folder.join("data"), BlobSettings::default()).unwrap(),
    }
}

/// Where packages are published to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) domain: i64,
    pub(crate) repository: i64,
}

fn change(detail: &str) -> Change {
    Change {
        kind: ChangeKind::RepositoryUpdated,
        at: NOW,
        source_published_at: None,
        actor: "tests".into(),
        repository: None,
        package: None,
        version: None,
        detail: detail.into(),
    }
}

/// The bytes of a package: small ones, some larger than a piece, all different.
pub(crate) fn body(number: u32) -> Bytes {
    let length = 100 + (number as usize % 7) * 40_000;
    let seed = number.to_le_bytes();
    let bytes = (0..length).map(|at| seed[at % 4].wrapping_add((at / 4) as u8));
    bytes.collect::<Vec<_>>().into()
}

pub(crate) async fn publish(to: &Installation, place: Place, number: u32) {
    let bytes = body(number);
    let size_bytes = bytes.len() as u64;
    let digests = to.blobs.put(bytes).await.unwrap();
    let document = Bytes::from(format!("document of {number}"));
    let companion = AssetCompanion {
        size_bytes: document.len() as u64,
        sha256: to.blobs.put(document).await.unwrap().sha256,
    };
    let package = PackageCoordinates {
        format: FormatId::new("npm"),
        namespace: None,
        name: PackageName::parse(&format!("package-{number}")).unwrap(),
    };
    let version = VersionName::parse("1.0.0").unwrap();
    let asset = NewAsset {
        name: AssetName::parse("package.tgz").unwrap(),
        size_bytes,
        digests,
        companion: number.is_multiple_of(3).then_some(companion),
    };
    let written = to.store.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move {
            let origin = OriginRestrictions::PUBLISHED_FIRST;
            let row = tx
                .ensure_package(place.repository, &package, origin, NOW)
                .await?;
            let new = NewVersion {
                package_id: row.id,
                key: VersionKey::new("1.0.0"),
                version: version.clone(),
                status: PackageVersionStatus::Published,
                revision: "r".into(),
                origin_type: OriginType::Internal,
                origin_name: "main".into(),
                published_at: NOW,
                source_published_at: None,
                metadata: format!(r#"{{"number":{number}}}"#),
                readme: None,
            };
            let id = tx.insert_version(&new).await?.unwrap();
            tx.insert_asset(place.domain, id, &asset).await?;
            let about = Change {
                repository: RepositoryName::parse("main").ok(),
                package: Some(package),
                version: Some(version),
                ..change("published")
            };
            tx.append_change(place.domain, &about).await.map(drop)
        })
    });
    written.await.unwrap();
}

pub(crate) async fn held(blobs: &Blobs) -> BTreeSet<Sha256Digest> {
    let all = blobs.list(None, usize::MAX).await.unwrap();
    all.into_iter().map(|blob| blob.digest).collect()
}

/// Every file below a folder with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The sentence with which something was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: carriage::Result<T>) -> String {
    match outcome {
        Err(error @ (CarriageError::Refused(_) | CarriageError::Damaged(_))) => error.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}
