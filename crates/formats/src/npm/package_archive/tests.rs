use ::tar::{Builder, EntryType, Header as TarHeader};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const MANIFEST: &[u8] = br#"{"name":"a","version":"1.0.0"}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive of regular files, unpacked.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = TarHeader::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An entry of any kind, its path written as it is.
fn entry(path: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = TarHeader::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
    bytes
}

const END: [u8; 2 * BLOCK_BYTES] = [0; 2 * BLOCK_BYTES];

fn inspect(packed: &[u8], chunk_bytes: usize) -> Result<Contents, TarFault> {
    let mut inspector = Inspector::new();
    for chunk in packed.chunks(chunk_bytes) {
        inspector.feed(chunk)?;
    }
    inspector.finish()
}

fn fault(unpacked: &[u8]) -> &'static str {
    inspect(&gzip(unpacked), 4096).unwrap_err().0
}

#[test]
fn the_manifest_is_found_however_the_bytes_arrive() {
    let files: &[(&str, &[u8])] = &[
        ("package/index.js", &[b'x'; 5000]),
        ("package/package.json", MANIFEST),
        ("package/binding.gyp", b"{}"),
    ];
    let packed = gzip(&tar(files));
    let expected = Contents {
        manifest: MANIFEST.to_vec(),
        file_count: 3,
        unpacked_size_bytes: 5000 + MANIFEST.len() as u64 + 2,
        has_shrinkwrap: false,
        has_binding: true,
    };
    for chunk_bytes in [1, 7, 512, 100_000] {
        assert_eq!(
            inspect(&packed, chunk_bytes).unwrap(),
            expected,
            "{chunk_bytes}"
        );
    }
}

#[test]
fn long_names_and_attributes_name_entries_too() {
    let long = format!("package/{}/x.js", "d".repeat(200));
    let mut builder = Builder::new(Vec::new());
    for (path, content) in [
        (long.as_str(), &b"x"[..]),
        ("package/package.json", MANIFEST),
    ] {
        let mut header = TarHeader::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content).unwrap();
    }
    assert_eq!(
        inspect(&gzip(&builder.into_inner().unwrap()), 100)
            .unwrap()
            .manifest,
        MANIFEST
    );
    let pax = [
        entry("x", EntryType::XHeader, b"29 path=package/package.json\n"),
        entry("odd-name", EntryType::Regular, MANIFEST),
        END.to_vec(),
    ];
    assert_eq!(
        inspect(&gzip(&pax.concat()), 100).unwrap().manifest,
        MANIFEST
    );
}

#[test]
fn an_archive_without_its_end_marks_or_with_another_root_is_accepted() {
    let bare = entry("node-v1/package.json", EntryType::Regular, MANIFEST);
    assert_eq!(inspect(&gzip(&bare), 100).unwrap().manifest, MANIFEST);
    let members = [gzip(&bare[..100]), gzip(&bare[100..])].concat();
    assert_eq!(
        inspect(&members, 3).unwrap().manifest,
        MANIFEST,
        "gzip files may be several, joined"
    );
}

#[test]
fn u03_archives_that_readers_could_understand_differently_are_refused() {
    let manifest = entry("package/package.json", EntryType::Regular, MANIFEST);
    let other = |path: &str| entry(path, EntryType::Regular, b"{}");
    let twice = "it has more than one package.json";
    for second in [
        "package/package.json",
        "./package/package.json",
        "other/package.json",
        "package/PACKAGE.json",
        "p\\package.json",
    ] {
        assert_eq!(
            fault(&[manifest.clone(), other(second)].concat()),
            twice,
            "{second}"
        );
    }
    assert_eq!(
        fault(&other("package/Package.json")),
        "its package.json has another spelling"
    );
    assert_eq!(
        fault(&other("package\\package.json")),
        "its package.json has another spelling"
    );
    let link = entry("package/package.json", EntryType::Symlink, b"");
    assert_eq!(fault(&link), "its package.json is a link");
    let behind = "something follows its end";
    assert_eq!(fault(&[&END[..], &manifest].concat()), behind);
    assert_eq!(fault(&[&manifest[..], &END, b"x"].concat()), behind);
    assert_eq!(fault(&[&END[..512], &manifest].concat()), behind);
    let global = entry(
        "g",
        EntryType::XGlobalHeader,
        b"29 path=package/package.json\n",
    );
    assert_eq!(
        fault(&[global, other("x")].concat()),
        "attributes in it change all that follows"
    );
}

#[test]
fn u01_paths_lead_nowhere_and_deeper_manifests_are_not_the_packages() {
    for path in [
        "package.json",
        "/package.json",
        "package/a/package.json",
        "package/node_modules/b/package.json",
    ] {
        let archive = entry(path, EntryType::Regular, MANIFEST);
        assert_eq!(fault(&archive), "it has no package.json", "{path}");
    }
}

#[test]
fn u07_u16_archives_that_are_cut_or_empty_are_refused() {
    let packed = gzip(&tar(&[
        ("package/package.json", MANIFEST),
        ("package/x", &[7; 3000]),
    ]));
    for cut in 0..packed.len() {
        assert!(inspect(&packed[..cut], 64).is_err(), "{cut}");
    }
    assert_eq!(fault(b""), "it has no package.json");
    assert_eq!(inspect(b"", 1).unwrap_err().0, "it is empty");
    assert_eq!(
        inspect(b"not gzip at all", 4).unwrap_err().0,
        "it is not a whole gzip file"
    );
    assert_eq!(
        inspect(&[&packed[..], b"appended"].concat(), 64)
            .unwrap_err()
            .0,
        "it is not a whole gzip file"
    );
    let half = entry("package/package.json", EntryType::Regular, MANIFEST);
    assert_eq!(fault(&half[..600]), "it ends in the middle of an entry");
}

#[test]
fn u02_archives_that_unpack_to_far_too_much_are_refused() {
    let mut header = TarHeader::new_ustar();
    header.as_old_mut().name[..9].copy_from_slice(b"package/z");
    header.set_size(100 << 20);
    header.set_cksum();
    let unpacked = [header.as_bytes().to_vec(), vec![0; 100 << 20]].concat();
    assert_eq!(fault(&unpacked), "it unpacks to far more than it is");
    let many =
        entry("package/x", EntryType::Regular, b"").repeat(usize::try_from(ENTRIES).unwrap() + 1);
    let mut scanner = TarScanner::new();
    scanner.allowed_bytes = u64::MAX;
    assert_eq!(
        scanner.push(&many).unwrap_err().0,
        "it has too many entries"
    );
}

#[test]
fn huge_declared_sizes_take_no_memory() {
    let mut header = TarHeader::new_ustar();
    header.as_old_mut().name[..20].copy_from_slice(b"package/package.json");
    header.set_size(8 << 30);
    header.set_cksum();
    assert_eq!(fault(header.as_bytes()), "its package.json is too large");
}
