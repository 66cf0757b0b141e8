//! Increments: what a backup reads when there is one before it, and that nothing is lost by reading no more.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blobs::{BlobSettings, Blobs};
use carriage::{
    BackupGround, BackupReport, CarriageError, Installation, NoProgress, Progress, Unit,
};
use http::Method;
use model::{
    FormatId, Namespace, OriginRestriction, PackageCoordinates, PackageName, PackageVersionStatus,
    VersionKey,
};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use store::StoreError;
use store::image::ImageTable;
use tempfile::TempDir;
use testkit::fake_npm::{FakeNpm, FakePackage, FakeVersion};
use testkit::house::{Connection, Plan, full, repository};
use testkit::packages::tgz;
use testkit::storage::Rows;

use crate::house::{House, Image, Kind, Place, files, image, refusal};

const CONNECTION: &str = "public:npmjs";
/// Repositories into which things are published, and one that stands below the last.
const HOMES: [&str; 3] = ["main", "side", "mirror"];
const NAMES: u64 = 9;

/// The rules of the server over an installation, and things that are done to it in an order of chance.
struct Works {
    house: testkit::house::House,
    installation: Installation,
    seed: u64,
    _source: FakeNpm,
    _folder: TempDir,
}

impl Works {
    async fn open(rows: Rows, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open_disk(&folder.path().join("bytes"), BlobSettings::default());
        let blobs = blobs.unwrap();
        let source = FakeNpm::start().await;
        for name in 0..NAMES {
            let mut package = FakePackage::new(&format!("pulled-{name}"));
            for version in ["1.0.0", "2.0.0"] {
                let content = format!("{name} {version}");
                let version = FakeVersion::new(version);
                package = package.version(version.file("index.js", content.as_bytes()));
            }
            source.add_package(package);
        }
        let connection = Connection {
            name: CONNECTION,
            format: "npm",
            url: source.base_url().to_owned(),
        };
        let plan = Plan::default();
        let house =
            testkit::house::House::open_over(plan, &[connection], rows, blobs.clone()).await;
        house.add_repository("main", &[]).await;
        house.add_repository("side", &[]).await;
        house.add_connected("mirror", CONNECTION).await;
        let installation = Installation {
            store: house.store.clone(),
            blobs,
        };
        Self {
            house,
            installation,
            seed,
            _source: source,
            _folder: folder,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % below
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.random(all.len() as u64);
        all[usize::try_from(at).unwrap()]
    }

    /// Puts a file of a generic package; several versions have the same bytes.
    async fn put_file(&self, home: &str, name: u64, version: u64, file: u64) -> u16 {
        let path = format!("tools/file-{name}/{version}.0/file-{file}");
        let body = full(format!("bytes {}", (name + version + file) % 12));
        let client = self.house.client("generic", home);
        let answer = client.ask(Method::PUT, &path, &[], body).await;
        answer.status
    }

    async fn publish_npm(&self, home: &str, name: u64, version: u64) -> u16 {
        let (name, version) = (format!("built-{name}"), format!("{version}.0.0"));
        let tarball = tgz(&name, &version, &[("index.js", b"1")]);
        let shasum = hex::encode(Sha1::digest(&tarball));
        let document = json!({
            "_id": name, "name": name,
            "dist-tags": { "latest": version },
            "versions": { &version: {
                "_id": format!("{name}@{version}"), "name": name, "version": version, "readme": "# read me",
                "dist": { "shasum": shasum, "tarball": "http://elsewhere.example/a.tgz" },
            } },
            "_attachments": { format!("{name}-{version}.tgz"): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&tarball),
                "length": tarball.len(),
            } },
        });
        let client = self.house.client("npm", home);
        client.put(&name, &document).await.status
    }

    /// Does one thing that the rules allow; the word for it, or nothing if there was nothing to do it to.
    async fn act(&mut self) -> Option<&'static str> {
        let home = self.one_of(&HOMES);
        let (name, version) = (self.random(NAMES), 1 + self.random(4));
        let package = match self.random(3) {
            0 => npm(&format!("built-{name}")),
            1 => npm(&format!("pulled-{name}")),
            _ => generic(name),
        };
        let held: Vec<(String, String)> = self
            .house
            .statuses(home, &package)
            .await
            .into_iter()
            .collect();
        let any = (!held.is_empty()).then(|| {
            let at = self.random(held.len() as u64);
            held[usize::try_from(at).unwrap()].clone()
        });
        match self.random(14) {
            0..3 => {
                let file = self.random(3);
                let status = self.put_file(home, name, version, file).await;
                (status < 300).then_some("put")
            }
            3 => {
                let status = self.publish_npm(home, name, version).await;
                (status < 300).then_some("publish")
            }
            4 => {
                let path = format!("pulled-{name}/-/pulled-{name}-1.0.0.tgz");
                let status = self.house.client("npm", "mirror").get(&path).await.status;
                (status == 200).then_some("pull")
            }
            5 => {
                let target = match any.as_ref()?.1.as_str() {
                    "Published" => PackageVersionStatus::Unlisted,
                    "Unlisted" => PackageVersionStatus::Archived,
                    _ => return None,
                };
                let version = any?.0;
                self.house
                    .set_status(home, &package, &version, target)
                    .await;
                Some("status")
            }
            6 => {
                let (version, status) = any?;
                if status == "Disposed" {
                    return None;
                }
                self.house.dispose(home, &package, &version).await;
                Some("dispose")
            }
            7 => {
                self.house.delete_version(home, &package, &any?.0).await;
                Some("delete a version")
            }
            8 => {
                let (catalog, home) = (&self.house.catalog, repository(home));
                let (root, domain) = (&self.house.root, &self.house.domain);
                let gone = catalog.delete_package(root, domain, &home, &package).await;
                gone.is_ok().then_some("delete a package")
            }
            9 => {
                let to = self.one_of(&HOMES);
                if to == home {
                    return None;
                }
                let copied = self
                    .house
                    .copy_versions((home, to), &package, &[&any?.0], false)
                    .await;
                (!copied.successful.is_empty()).then_some("copy")
            }
            10 => {
                let controls = (OriginRestriction::Allow, OriginRestriction::Allow);
                self.house.set_controls(home, &package, controls).await;
                Some("controls")
            }
            11 => {
                self.house
                    .tag_repository(home, "team", &name.to_string())
                    .await;
                Some("tag a repository")
            }
            12 => {
                let path = format!("-/package/{}/dist-tags/next", package.name);
                let tag = Value::from(any?.0);
                let status = self.house.client("npm", home).put(&path, &tag).await.status;
                (status < 300).then_some("tag")
            }
            // One time of four: it takes so much with it.
            _ if self.random(4) == 0 => {
                let (catalog, root) = (&self.house.catalog, &self.house.root);
                let gone = catalog
                    .delete_repository(root, &self.house.domain, &repository(home))
                    .await;
                assert!(gone.unwrap().is_some());
                // Under the same name, and another one.
                if home == "mirror" {
                    self.house.add_connected(home, CONNECTION).await;
                } else {
                    self.house.add_repository(home, &[]).await;
                }
                Some("delete a repository")
            }
            _ => None,
        }
    }

    async fn back_up(&self, to: &Path, with_proof: bool) -> BackupReport {
        self.house.catalog.settle().await;
        carriage::back_up(&self.installation, to, 1, with_proof, &NoProgress)
            .await
            .unwrap()
    }
}

fn npm(name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format: FormatId::new("npm"),
        namespace: None,
        name: PackageName::parse(name).unwrap(),
    }
}

fn generic(name: u64) -> PackageCoordinates {
    PackageCoordinates {
        format: FormatId::new("generic"),
        namespace: Some(Namespace::parse("tools").unwrap()),
        name: PackageName::parse(&format!("file-{name}")).unwrap(),
    }
}

async fn restored(folder: &Path, number: u64) -> Image {
    let to = House::new(Kind::Embedded).await;
    to.restore_number(folder, Some(number)).await.unwrap();
    assert!(to.named().await.is_subset(&to.held().await));
    to.image().await
}

fn assert_same(one: &Image, other: &Image, what: &str) {
    for (one, other) in one.iter().zip(other) {
        assert!(one == other, "{what}: {one:#?} is not {other:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_increments_of_whatever_was_done_restore_to_what_was_there() {
    for (rows, seed) in [(Rows::Sqlite, 3), (Rows::Sqlite, 77), (Rows::Postgres, 5)] {
        let mut works = Works::open(rows, seed).await;
        let folder = tempfile::tempdir().unwrap();
        let mut images = Vec::new();
        let mut done = std::collections::BTreeMap::new();
        for number in 1..=9_u64 {
            for _ in 0..30 {
                if let Some(word) = works.act().await {
                    *done.entry(word).or_insert(0) += 1;
                }
            }
            // With a proof it would notice itself what is lost; so every other one is made without.
            let made = works.back_up(folder.path(), number % 2 == 0).await;
            let ground = if number == 1 {
                BackupGround::Nothing
            } else {
                BackupGround::Before
            };
            assert_eq!((made.number, made.ground), (number, ground));
            images.push(image(&works.installation.store).await);
        }
        assert!(done.len() >= 12, "not everything was done: {done:?}");
        for (number, was) in (1..).zip(&images) {
            let is = restored(folder.path(), number).await;
            assert_same(was, &is, &format!("seed {seed}, backup {number}"));
        }
        // A whole backup of the same moment is of the same files.
        let whole = tempfile::tempdir().unwrap();
        works.back_up(whole.path(), false).await;
        let tables = |folder: &Path, number: u64| {
            let text = fs::read_to_string(folder.join(format!("manifests/{number:08}.json")));
            let manifest: Value = serde_json::from_str(&text.unwrap()).unwrap();
            (
                manifest["manifest"]["tables"].clone(),
                manifest["manifest"]["families"].clone(),
            )
        };
        assert!(tables(folder.path(), 9) == tables(whole.path(), 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_an_increment_reads_what_was_touched_and_little_else() {
    for rows in [Rows::Sqlite, Rows::Postgres] {
        let works = Works::open(rows, 1).await;
        for name in 0..60 {
            for version in 1..=4 {
                assert_eq!(works.put_file("main", name, version, 0).await, 201);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let first = works.back_up(folder.path(), false).await;
        assert_eq!(first.rows_read, first.rows);
        assert!(first.rows > 60 * 13, "{first:?}");
        // Nothing new: tables that are read whole, and the last entry of each log.
        let nothing = works.back_up(folder.path(), false).await;
        assert_eq!(
            (nothing.rows, nothing.ground),
            (first.rows, BackupGround::Before)
        );
        assert!(nothing.rows_read < 25, "{nothing:?}");
        // One version more: besides, a package with five versions and assets, an entry, and what the domain notes.
        works.put_file("main", 7, 5, 0).await;
        let one = works.back_up(folder.path(), false).await;
        let besides = one.rows_read - nothing.rows_read;
        assert!((12..=15).contains(&besides), "{one:?} after {nothing:?}");
        // A repository that goes takes its packages along, and none of them is read.
        works.house.add_repository("short", &[]).await;
        for name in 0..20 {
            assert_eq!(works.put_file("short", name, 1, 1).await, 201);
        }
        works.back_up(folder.path(), false).await;
        let (catalog, root) = (&works.house.catalog, &works.house.root);
        let gone = catalog
            .delete_repository(root, &works.house.domain, &repository("short"))
            .await;
        assert!(gone.unwrap().is_some());
        let without = works.back_up(folder.path(), false).await;
        let besides = without.rows_read - nothing.rows_read;
        assert!(besides < 40, "{without:?} after {nothing:?}");
        let was = image(&works.installation.store).await;
        assert_same(
            &was,
            &restored(folder.path(), 5).await,
            "without the repository",
        );
    }
}

/// What is written behind the back of the log: a status, or a version more.
async fn write_untold(house: &House, is_more: bool) {
    let written = house.store().write::<_, StoreError, _>(move |tx| {
        Box::pin(async move {
            if is_more {
                let table = ImageTable::find("package_tag").unwrap();
                let line = r#"[1,"untold","1.0.0"]"#;
                let row = store::image::ImageRow::from_line(table, line).unwrap();
                return tx.insert_image_rows(table, &[row]).await;
            }
            let found = tx.find_version(2, &VersionKey::new("1.0.0")).await?;
            let status = PackageVersionStatus::Archived;
            tx.update_version_status(found.unwrap().id, status).await
        })
    });
    written.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_what_no_entry_tells_of_makes_everything_be_read_anew() {
    for (is_more, with_proof) in [(true, false), (false, true)] {
        let from = House::filled(Kind::Embedded, 5).await;
        let folder = tempfile::tempdir().unwrap();
        from.back_up(folder.path()).await.unwrap();
        write_untold(&from, is_more).await;
        let back_up = carriage::back_up(
            &from.installation,
            folder.path(),
            1,
            with_proof,
            &NoProgress,
        );
        let made = back_up.await.unwrap();
        let BackupGround::NothingSince(why) = made.ground else {
            panic!("{made:?}");
        };
        assert!(why.contains("without an entry"), "{why}");
        let was = from.image().await;
        assert_same(&was, &restored(folder.path(), 2).await, "untold");
        // It is a ground for those that follow.
        let made = from.back_up(folder.path()).await.unwrap();
        assert_eq!(made.ground, BackupGround::Before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_database_that_was_put_back_is_read_anew() {
    let place = Place {
        domain: 1,
        repository: 1,
    };
    for more in [0, 2, 4] {
        let from = House::filled(Kind::Embedded, 3).await;
        let folder = tempfile::tempdir().unwrap();
        from.back_up(folder.path()).await.unwrap();
        // As it is now, it comes back later.
        from.installation.store.close().await;
        let database = from.folder.path().join("rows.db");
        let kept = fs::read(&database).unwrap();
        let House { folder: own, .. } = from;
        let from = House::at(own).await;
        from.publish(place, 10).await;
        from.publish(place, 11).await;
        let second = from.back_up(folder.path()).await.unwrap();
        assert_eq!(second.ground, BackupGround::Before);
        from.installation.store.close().await;
        let House { folder: own, .. } = from;
        for file in files(own.path()) {
            let name = file.0.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("rows.db") {
                fs::remove_file(file.0).unwrap();
            }
        }
        fs::write(&database, kept).unwrap();
        let from = House::at(own).await;
        // The log is shorter, or longer by other entries.
        for number in 20..20 + more {
            from.publish(place, number).await;
        }
        let third = from.back_up(folder.path()).await.unwrap();
        let BackupGround::NothingSince(why) = third.ground else {
            panic!("{third:?}");
        };
        assert!(why.contains("put back"), "{why}");
        let was = from.image().await;
        assert_same(&was, &restored(folder.path(), 3).await, "put back");
    }
}

/// The files of rows that a manifest names, each with its table.
fn row_files(folder: &Path, number: u64) -> Vec<(String, PathBuf)> {
    let text = fs::read_to_string(folder.join(format!("manifests/{number:08}.json")));
    let manifest: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let mut found = Vec::new();
    for table in manifest["manifest"]["tables"].as_array().unwrap() {
        for chunk in table["chunks"].as_array().unwrap() {
            let digest = chunk["sha256"].as_str().unwrap();
            let path = folder.join("blobs").join(&digest[..2]).join(&digest[2..]);
            found.push((table["name"].as_str().unwrap().to_owned(), path));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_an_increment_on_a_damaged_backup_is_refused_or_whole() {
    let from = House::filled(Kind::Embedded, 30).await;
    let folder = tempfile::tempdir().unwrap();
    from.back_up(folder.path()).await.unwrap();
    let place = Place {
        domain: 1,
        repository: 1,
    };
    let mut tables: Vec<_> = row_files(folder.path(), 1)
        .into_iter()
        .map(|file| file.0)
        .collect();
    tables.dedup();
    let (mut refusals, mut last, mut next) = (Vec::new(), 1, 100);
    for (table, is_gone) in tables
        .iter()
        .flat_map(|table| [(table, true), (table, false)])
    {
        let of_last = row_files(folder.path(), last);
        let (_, path) = of_last.iter().find(|(name, _)| name == table).unwrap();
        let whole = fs::read(path).unwrap();
        if is_gone {
            fs::remove_file(path).unwrap();
        } else {
            let mut flipped = whole.clone();
            flipped[whole.len() / 2] ^= 1;
            fs::write(path, flipped).unwrap();
        }
        from.publish(place, next).await;
        next += 1;
        match from.back_up(folder.path()).await {
            Ok(made) => {
                last = made.number;
                let is = restored(folder.path(), last).await;
                assert_same(&from.image().await, &is, table);
            }
            Err(CarriageError::Damaged(why)) => {
                assert!(why.contains(table), "{why}");
                refusals.push((table.as_str(), is_gone));
                let next = format!("manifests/{:08}.json", last + 1);
                assert!(!folder.path().join(next).exists());
            }
            Err(other) => panic!("{other}"),
        }
        fs::write(path, &whole).unwrap();
    }
    // Of tables that are read whole the file is written again where it is gone; all else stands on the one before.
    for table in [
        "package",
        "package_version",
        "asset",
        "domain_blob",
        "domain_package",
        "change",
    ] {
        for is_gone in [true, false] {
            assert!(
                refusals.contains(&(table, is_gone)),
                "{table}: {refusals:?}"
            );
        }
    }
    assert!(
        !refusals.contains(&("signing_key", true)) && refusals.contains(&("signing_key", false))
    );
}

/// Tries to make another backup into the same folder at every step of one.
struct Meddling<'a> {
    installation: &'a Installation,
    folder: &'a Path,
    refused: AtomicU32,
}

impl Progress for Meddling<'_> {
    fn begin(&self, _: &'static str, _: u64, _: Unit) {
        let second = carriage::back_up(self.installation, self.folder, 2, true, &NoProgress);
        let second = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(Box::pin(second))
        });
        let refused = refusal(second);
        assert!(
            refused.contains("another backup") && refused.contains("wait"),
            "{refused}"
        );
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_of_two_backups_at_once_into_one_folder_the_second_is_refused_and_harms_nothing() {
    let from = House::filled(Kind::Embedded, 10).await;
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=2_u32 {
        let meddling = Meddling {
            installation: &from.installation,
            folder: folder.path(),
            refused: AtomicU32::new(0),
        };
        let made = carriage::back_up(&from.installation, folder.path(), 1, true, &meddling).await;
        assert_eq!(made.unwrap().number, u64::from(number));
        // Rows, both sides of the proof, copies, and what was copied.
        assert_eq!(meddling.refused.into_inner(), 5);
        assert_same(
            &from.image().await,
            &restored(folder.path(), number.into()).await,
            "the first",
        );
        let place = Place {
            domain: 1,
            repository: 1,
        };
        from.publish(place, 50 + number).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_folder_of_the_form_before_says_what_to_do() {
    let from = House::filled(Kind::Embedded, 2).await;
    let folder = tempfile::tempdir().unwrap();
    from.back_up(folder.path()).await.unwrap();
    let path = folder.path().join("manifests/00000001.json");
    let envelope: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let mut manifest = envelope["manifest"].clone();
    manifest["form"] = 1.into();
    let text = manifest.to_string();
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
    let file = format!(r#"{{"manifest":{text},"sha256":"{sha256}"}}"#);
    fs::write(&path, file).unwrap();
    let refused = refusal(from.back_up(folder.path()).await);
    assert!(
        refused.contains("form 1") && refused.contains("a folder of their own"),
        "{refused}"
    );
}
