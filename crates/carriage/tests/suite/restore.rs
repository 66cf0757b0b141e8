//! Restoring: into empty places only, and nothing that is not exactly what was backed up.

use std::fs;
use std::path::Path;

use crate::house::{House, Kind, files, refusal};

/// A backup of a small installation.
async fn backup() -> (House, tempfile::TempDir) {
    let from = House::filled(Kind::Embedded, 4).await;
    let folder = tempfile::tempdir().unwrap();
    from.back_up(folder.path()).await.unwrap();
    from.publish(
        crate::house::Place {
            domain: 1,
            repository: 1,
        },
        99,
    )
    .await;
    from.back_up(folder.path()).await.unwrap();
    (from, folder)
}

async fn refused(folder: &Path) -> String {
    let to = House::new(Kind::Embedded).await;
    let error = to.restore(folder).await.expect_err("it is not whole");
    // Whether anything has arrived or not: nothing of it can be seen as if it were all.
    let is_empty = to.count("domain").await == 0;
    assert!(is_empty || carriage::check_whole(to.store()).await.is_err());
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_flipped_byte_anywhere_in_a_backup_is_refused() {
    let (_from, folder) = backup().await;
    let mut tried = 0;
    for (path, whole) in files(folder.path()) {
        if whole.is_empty() {
            // The lock.
            continue;
        }
        for place in [0, whole.len() / 2, whole.len() - 2] {
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            fs::write(&path, &flipped).unwrap();
            let shown = path.display().to_string();
            let is_needed = is_of_last(folder.path(), &path);
            if is_needed {
                refused(folder.path()).await;
                tried += 1;
            }
            assert!(is_needed || !shown.contains("manifests"), "{shown}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(tried > 45, "{tried}");
    let to = House::new(Kind::Embedded).await;
    to.restore(folder.path()).await.unwrap();
}

/// Whether the last backup stands on this file: its manifest names it, or it is one of the chain.
fn is_of_last(folder: &Path, path: &Path) -> bool {
    let parent = path.parent().unwrap();
    if parent.ends_with("manifests") {
        return true;
    }
    let digest = format!(
        "{}{}",
        parent.file_name().unwrap().display(),
        path.file_name().unwrap().display()
    );
    let last = fs::read_to_string(folder.join("manifests/00000002.json")).unwrap();
    let first = fs::read_to_string(folder.join("manifests/00000001.json")).unwrap();
    // Package bytes are named by rows, not by manifests.
    last.contains(&digest) || !first.contains(&digest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_backup_that_lacks_a_file_or_has_a_foreign_manifest_is_refused() {
    let (_from, folder) = backup().await;
    for (path, whole) in files(folder.path()) {
        if whole.is_empty() || !is_of_last(folder.path(), &path) {
            continue;
        }
        let is_last = path.ends_with("manifests/00000002.json");
        if path.parent().unwrap().ends_with("manifests") && is_last {
            // Then the one before it is the last.
            continue;
        }
        fs::remove_file(&path).unwrap();
        refused(folder.path()).await;
        fs::write(&path, whole).unwrap();
    }
    let (_other, foreign) = backup().await;
    let path = folder.path().join("manifests/00000002.json");
    fs::copy(foreign.path().join("manifests/00000002.json"), path).unwrap();
    let text = refused(folder.path()).await;
    assert!(text.contains("is not what followed"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_made_up_manifest_reaches_no_other_table_and_no_other_path() {
    let (_from, folder) = backup().await;
    let path = folder.path().join("manifests/00000001.json");
    fs::remove_file(folder.path().join("manifests/00000002.json")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first_table = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut manifest = whole["manifest"].clone();
        change(&mut manifest);
        manifest
    };
    let made_up = [
        first_table(&|m| m["tables"][0]["name"] = "installation_mark".into()),
        first_table(&|m| m["tables"][0]["columns"][0] = "id) VALUES (1); --".into()),
        first_table(&|m| m["tables"][0]["chunks"][0]["sha256"] = "../../../etc/passwd".into()),
        first_table(&|m| m["tables"][0]["rows"] = 77.into()),
        first_table(&|m| m["tables"][0]["more"] = 1.into()),
        first_table(&|m| m["form"] = 1.into()),
        first_table(&|m| m["form"] = 3.into()),
        first_table(&|m| m["schema"] = 1.into()),
        first_table(&|m| m["number"] = 5.into()),
        first_table(&|m| {
            m["tables"].as_array_mut().unwrap().pop();
        }),
    ];
    for manifest in made_up {
        // With the right digest, as someone who means harm would write it.
        let text = serde_json::to_string(&manifest).unwrap();
        let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
        fs::write(
            &path,
            format!(r#"{{"manifest":{text},"sha256":"{sha256}"}}"#),
        )
        .unwrap();
        let to = House::new(Kind::Embedded).await;
        refusal(to.restore(folder.path()).await);
        assert_eq!(to.count("log").await, 0);
        assert!(to.held().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_place_that_holds_something_is_not_restored_into() {
    let (from, folder) = backup().await;
    for kind in [Kind::Embedded, Kind::ScaledOut] {
        let with_rows = House::new(kind).await;
        with_rows.begin().await;
        let before = with_rows.image().await;
        let text = refusal(with_rows.restore(folder.path()).await);
        assert!(text.contains("not empty"), "{text}");
        assert_eq!(with_rows.image().await, before);
    }
    let with_bytes = House::new(Kind::Embedded).await;
    with_bytes
        .installation
        .blobs
        .put("bytes".into())
        .await
        .unwrap();
    let text = refusal(with_bytes.restore(folder.path()).await);
    assert!(text.contains("not empty"), "{text}");
    // Restored, it is an installation like any other: not empty, and backed up into a folder of its own.
    let to = House::new(Kind::Embedded).await;
    to.restore(folder.path()).await.unwrap();
    to.is_the_same_as(&from).await;
    refusal(to.restore(folder.path()).await);
    refusal(to.back_up(folder.path()).await);
    let own = tempfile::tempdir().unwrap();
    assert_eq!(to.back_up(own.path()).await.unwrap().number, 1);
}
