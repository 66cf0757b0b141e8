use std::io::Cursor;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use model::ErrorKind;

use super::*;
use crate::kit::zip::writer::{Member, archive};
use crate::pypi::name::find_project;

const WHEEL: &str = "foo_bar-1.0-py3-none-any.whl";
const SDIST: &str = "foo_bar-1.0.tar.gz";
const METADATA: &str =
    "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nRequires-Python: >=3.8\n\nHello";

fn row(name: &str, content: &[u8]) -> String {
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(content));
    format!("{name},sha256={digest},{}\n", content.len())
}

/// A wheel with these files, and the list of them.
fn wheel_of(files: &[(&str, &str)]) -> Vec<Member> {
    let mut members: Vec<Member> = files
        .iter()
        .map(|(name, content)| Member::new(name, *content))
        .collect();
    let mut record: String = files
        .iter()
        .map(|(name, content)| row(name, content.as_bytes()))
        .collect();
    record.push_str("foo_bar-1.0.dist-info/RECORD,,\n");
    members.push(Member::new("foo_bar-1.0.dist-info/RECORD", record));
    members
}

const FILES: [(&str, &str); 3] = [
    ("foo/__init__.py", "pass"),
    ("foo_bar-1.0.dist-info/METADATA", METADATA),
    (
        "foo_bar-1.0.dist-info/WHEEL",
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ),
];

fn sdist_of(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn look(file: &str, bytes: &[u8]) -> Result<Examined> {
    let package = find_project("foo-bar").unwrap();
    let version = VersionName::parse("1.0").unwrap();
    let asset = AssetName::parse(file).unwrap();
    let mut bytes = Cursor::new(bytes.to_vec());
    examine(&package, &version, &asset, &mut bytes)
}

fn refusal(file: &str, bytes: &[u8]) -> String {
    let error = look(file, bytes).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid(_)), "{error}");
    error.message
}

#[test]
fn a_wheel_tells_its_metadata() {
    let found = look(WHEEL, &archive(&wheel_of(&FILES))).unwrap();
    assert_eq!(found.companion.unwrap(), METADATA);
    assert_eq!(found.readme.as_deref(), Some("Hello"));
    let json: serde_json::Value = serde_json::from_str(&found.metadata.unwrap()).unwrap();
    assert_eq!(json["core"]["name"], "Foo.Bar");
    assert_eq!(json["core_of"], WHEEL);
    let facts = &json["files"][WHEEL];
    assert_eq!(facts["requires_python"], ">=3.8");
    assert_eq!(
        facts["core_metadata"],
        hex::encode(Sha256::digest(METADATA))
    );
}

#[test]
fn an_sdist_tells_its_metadata_and_speaks_for_wheels_only_when_it_may() {
    for (metadata, speaks) in [
        (METADATA.to_owned(), false),
        (METADATA.replace("2.1", "2.2"), true),
        (
            METADATA.replace("2.1", "2.2\nDynamic: Requires-Dist"),
            false,
        ),
    ] {
        let entries = [
            ("foo_bar-1.0/", ""),
            ("foo_bar-1.0/setup.py", "x"),
            ("foo_bar-1.0/foo_bar.egg-info/PKG-INFO", "other"),
            ("foo_bar-1.0/PKG-INFO", &metadata),
        ];
        let zipped: Vec<Member> = entries
            .iter()
            .map(|(name, content)| Member::new(name, *content))
            .collect();
        for (file, bytes) in [
            (SDIST, sdist_of(&entries)),
            ("foo.bar-1.0.0.zip", archive(&zipped)),
        ] {
            let found = look(file, &bytes).unwrap();
            assert_eq!(found.companion.unwrap(), metadata.as_str());
            let json: serde_json::Value = serde_json::from_str(&found.metadata.unwrap()).unwrap();
            assert_eq!(json["files"][file]["core_metadata"].is_string(), speaks);
        }
    }
}

#[test]
fn forms_that_are_only_passed_on_are_not_looked_into() {
    for file in [
        "foo_bar-1.0-py2.7.egg",
        "foo_bar-1.0.win32.exe",
        "foo_bar-1.0.tar.bz2",
    ] {
        let found = look(file, b"anything").unwrap();
        assert!(
            found.metadata.is_none() && found.companion.is_none(),
            "{file}"
        );
    }
}

#[test]
fn f_py_2_u03_wheels_that_are_ambiguous_or_not_what_they_list_are_refused() {
    let with = |name: &'static str, content: &'static str| {
        let mut files = FILES.to_vec();
        files.push((name, content));
        wheel_of(&files)
    };
    let without = |name: &str| {
        let mut files = FILES.to_vec();
        files.retain(|(found, _)| *found != name);
        wheel_of(&files)
    };
    let unlisted = |member: Member| {
        let mut members = wheel_of(&FILES);
        members.push(member);
        members
    };
    let mut unlisted_content = wheel_of(&FILES);
    unlisted_content[1].content[0] = b'm';
    let mut no_record = wheel_of(&FILES);
    no_record.pop();
    let mut ghost = wheel_of(&FILES);
    let record = ghost.last_mut().unwrap();
    record.content.extend_from_slice(b"ghost.py,sha256=x,1\n");
    let mut twice = wheel_of(&FILES);
    let record = twice.last_mut().unwrap();
    record
        .content
        .extend(row("foo/__init__.py", b"pass").into_bytes());
    let mut other_size = wheel_of(&FILES);
    other_size[0].content = b"longer than it was".to_vec();
    for (what, members) in [
        ("two folders", with("evil-1.0.dist-info/METADATA", METADATA)),
        (
            "a folder in other spelling",
            with("Foo_Bar-1.0.DIST-INFO/x", "x"),
        ),
        (
            "another METADATA",
            with("foo_bar-1.0.dist-info/metadata", METADATA),
        ),
        ("no METADATA", without("foo_bar-1.0.dist-info/METADATA")),
        ("no WHEEL", without("foo_bar-1.0.dist-info/WHEEL")),
        ("no RECORD", no_record),
        (
            "a file that is not listed",
            unlisted(Member::new("evil.py", "x")),
        ),
        ("a file that is only listed", ghost),
        ("a file listed twice", twice),
        ("metadata with another digest", unlisted_content),
        ("another size", other_size),
        ("no folder", vec![Member::new("a", "b")]),
        ("nothing", vec![]),
    ] {
        let message = refusal(WHEEL, &archive(&members));
        assert!(message.contains(WHEEL), "{what}: {message}");
    }
    for bytes in [&b""[..], b"PK", b"no zip at all, but long enough to be one"] {
        refusal(WHEEL, bytes);
    }
}

#[test]
fn f_py_2_u04_u05_wheels_whose_name_and_contents_disagree_are_refused() {
    let replaced = |at: usize, from: &str, to: &str| {
        let mut files = FILES.map(|(name, content)| (name, content.to_owned()));
        files[at].1 = files[at].1.replace(from, to);
        let files = files
            .each_ref()
            .map(|(name, content)| (*name, content.as_str()));
        archive(&wheel_of(&files))
    };
    for (bytes, said) in [
        (replaced(1, "Foo.Bar", "evil"), "evil"),
        (replaced(1, "Version: 1.0", "Version: 6.6"), "6.6"),
        (
            replaced(2, "py3-none-any", "cp311-cp311-win32"),
            "cp311-cp311-win32",
        ),
        (
            replaced(2, "py3-none-any", "py2-none-any\nTag: py3-none-any"),
            "py2-none-any",
        ),
    ] {
        let message = refusal(WHEEL, &bytes);
        assert!(message.contains(said), "{message}");
    }
    let good = archive(&wheel_of(&FILES));
    for file in [
        "foo_bar-1.1-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
        "foo_bar-1.0-py2-none-any.whl",
        "foo_bar-1.0.whl",
        "foo_bar-1.0.tar.gz",
        "readme.txt",
    ] {
        refusal(file, &good);
    }
    assert!(
        look("Foo.Bar-1.0.0-1-py3-none-any.whl", &good).is_ok(),
        "other spellings, and a build"
    );
    assert!(
        look(WHEEL, &replaced(2, "Tag: py3-none-any\n", "")).is_ok(),
        "it says nothing else"
    );
}

#[test]
fn f_py_2_u01_sdists_that_are_ambiguous_or_of_another_project_are_refused() {
    let good = ("foo_bar-1.0/PKG-INFO", METADATA);
    for entries in [
        vec![("foo_bar-1.0/setup.py", "x")],
        vec![good, good],
        vec![good, ("foo_bar-1.0/pkg-info", METADATA)],
        vec![("PKG-INFO", METADATA)],
        vec![("other-1.0/PKG-INFO", METADATA)],
        vec![("foo_bar-1.1/PKG-INFO", METADATA)],
        vec![("foo_bar-1.0/src/PKG-INFO", METADATA)],
        vec![good, ("evil-1.0/PKG-INFO", METADATA)],
        vec![good, ("top.txt", "x")],
        vec![good, ("foo_bar-1.0/../../etc/passwd", "x")],
        vec![good, ("/etc/passwd", "x")],
        vec![good, ("foo_bar-1.0\\x", "x")],
        vec![(
            "foo_bar-1.0/PKG-INFO",
            "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
        )],
        vec![("foo_bar-1.0/PKG-INFO", "no metadata")],
        vec![],
    ] {
        refusal(SDIST, &sdist_of(&entries));
    }
    let whole = sdist_of(&[good]);
    refusal(SDIST, &whole[..whole.len() - 9]);
    refusal(SDIST, &[&whole[..], b"garbage"].concat());
    refusal(SDIST, b"");
}

#[test]
fn u02_sdists_that_unpack_to_far_too_much_are_refused() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = tar::Header::new_ustar();
    header.set_path("foo_bar-1.0/zeroes").unwrap();
    header.set_size(200 << 20);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    for _ in 0..200 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let message = refusal(SDIST, &encoder.finish().unwrap());
    assert!(message.contains("unpacks to far more"), "{message}");
    let large = "x".repeat(crate::pypi::core_metadata::METADATA_BYTES + 1);
    refusal(SDIST, &sdist_of(&[("foo_bar-1.0/PKG-INFO", &large)]));
}
