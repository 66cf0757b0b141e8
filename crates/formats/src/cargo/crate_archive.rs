//! Looking into a crate's file: a gzip of a tar in which everything is in one folder, `{name}-{version}`, with the manifest
//! right there ("cargo package" in The Cargo Book).
//!
//! It is unpacked once, to nowhere, within the bounds that Cargo itself sets. Cargo reads the first member of a gzip file
//! alone and unpacks links as they are; so there may be one member, and no link.

use std::io::{BufRead as _, BufReader, Read, SeekFrom};

use catalog::AssetBytes;
use flate2::bufread::GzDecoder;

use super::crate_manifest::CrateManifest;
use crate::kit::tar::{Kind, TarFault};
use crate::kit::tar_reader::TarReader;

/// What a crate may unpack to: so many bytes, or so many times its size. Cargo stops there.
const UNPACKED_FREE_BYTES: u64 = 512 << 20;
const UNPACKED_RATIO: u64 = 20;
const ENTRIES: u64 = 100_000;
const MANIFEST_BYTES: u64 = 1 << 20;
const README_BYTES: u64 = 1 << 20;
/// Files beside the manifest that may be the readme.
const README_CANDIDATES: usize = 8;

/// What is in a crate's file.
#[derive(Debug, PartialEq)]
pub(super) struct CrateContents {
    /// The one folder.
    pub(super) folder: String,
    pub(super) manifest: CrateManifest,
    pub(super) readme: Option<String>,
}

/// Why a crate's file is refused, in words that come after "it".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct CrateFault(pub(super) String);

impl From<TarFault> for CrateFault {
    fn from(fault: TarFault) -> Self {
        Self(fault.0.to_owned())
    }
}

fn refused<T>(fault: impl Into<String>) -> Result<T, CrateFault> {
    Err(CrateFault(fault.into()))
}

/// Reads a crate's file.
pub(super) fn read(bytes: &mut dyn AssetBytes) -> Result<CrateContents, CrateFault> {
    let unreadable = |_| CrateFault("it cannot be read".to_owned());
    let packed_bytes = bytes.seek(SeekFrom::End(0)).map_err(unreadable)?;
    bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let allowed = UNPACKED_FREE_BYTES.max(packed_bytes.saturating_mul(UNPACKED_RATIO));
    let unpacked = GzDecoder::new(BufReader::with_capacity(256 << 10, bytes));
    let (contents, unpacked) =
        read_unpacked(BufReader::with_capacity(256 << 10, unpacked), allowed)?;
    let mut packed = unpacked.into_inner().into_inner();
    if !packed.fill_buf().map_err(unreadable)?.is_empty() {
        return refused("something follows its end");
    }
    Ok(contents)
}

/// What was found while reading.
#[derive(Default)]
struct Found {
    folder: Option<String>,
    manifest: Option<Vec<u8>>,
    readmes: Vec<(String, Vec<u8>)>,
}

fn read_unpacked<R: Read>(
    unpacked: R,
    allowed_bytes: u64,
) -> Result<(CrateContents, R), CrateFault> {
    let mut tar = TarReader::new(unpacked, allowed_bytes);
    let mut found = Found::default();
    for _ in 0..ENTRIES {
        let Some(entry) = tar.next()? else {
            return Ok((found.finish()?, tar.into_inner()));
        };
        match entry.kind {
            Kind::File | Kind::Directory => {}
            Kind::Link => return refused("it has a link"),
            _ => return refused("it has something that is neither a file nor a folder"),
        }
        match found.look_at(&entry.path, entry.kind == Kind::Directory)? {
            Place::Manifest if found.manifest.is_some() => {
                return refused("its Cargo.toml comes twice");
            }
            Place::Manifest => {
                found.manifest = Some(tar.content(entry.size_bytes, MANIFEST_BYTES)?);
            }
            Place::Readme(name)
                if entry.size_bytes <= README_BYTES && found.readmes.len() < README_CANDIDATES =>
            {
                let content = tar.content(entry.size_bytes, README_BYTES)?;
                found.readmes.push((name, content));
            }
            Place::Readme(_) | Place::Elsewhere => tar.skip(entry.size_bytes)?,
        }
    }
    refused("it has too many entries")
}

/// What a path is that of.
enum Place {
    Manifest,
    Readme(String),
    Elsewhere,
}

impl Found {
    fn look_at(&mut self, path: &[u8], is_directory: bool) -> Result<Place, CrateFault> {
        const ELSEWHERE: &str = "a path in it leads elsewhere";
        let Ok(path) = std::str::from_utf8(path) else {
            return refused("a path in it is not UTF-8");
        };
        if path.contains(['\\', '\0']) || path.chars().any(char::is_control) {
            return refused(ELSEWHERE);
        }
        let path = path
            .strip_suffix('/')
            .filter(|_| is_directory)
            .unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return refused(ELSEWHERE);
        }
        let (top, rest) = parts
            .split_first()
            .map_or(("", &[][..]), |(top, rest)| (*top, rest));
        match &self.folder {
            Some(folder) if folder == top => {}
            None => self.folder = Some(top.to_owned()),
            Some(_) => return refused("it does not keep everything in one folder"),
        }
        let [file] = rest else {
            if rest.is_empty() && !is_directory {
                return refused("it does not keep everything in one folder");
            }
            return Ok(Place::Elsewhere);
        };
        if file.eq_ignore_ascii_case("Cargo.toml") {
            if *file != "Cargo.toml" || is_directory {
                return refused("its Cargo.toml has another spelling, or is a folder");
            }
            return Ok(Place::Manifest);
        }
        if file.eq_ignore_ascii_case(".cargo-ok") {
            return refused("it has a .cargo-ok, by which Cargo knows what it has unpacked");
        }
        let is_readme = !is_directory
            && (file.to_ascii_lowercase().starts_with("readme")
                || file.to_ascii_lowercase().ends_with(".md"));
        Ok(if is_readme {
            Place::Readme((*file).to_owned())
        } else {
            Place::Elsewhere
        })
    }

    fn finish(self) -> Result<CrateContents, CrateFault> {
        let Some((folder, manifest)) = self.folder.zip(self.manifest) else {
            return refused("it has no Cargo.toml in its folder");
        };
        let manifest = CrateManifest::parse(&manifest)
            .map_err(|reason| CrateFault(format!("its Cargo.toml {reason}")))?;
        let named = manifest
            .readme
            .as_deref()
            .map(|path| path.trim_start_matches("./"));
        let wanted = match named {
            Some(path) => vec![path],
            None => vec!["README.md", "README.txt", "README"],
        };
        let readme = wanted.into_iter().find_map(|wanted| {
            let (_, content) = self.readmes.iter().find(|(name, _)| name == wanted)?;
            Some(String::from_utf8_lossy(content).into_owned())
        });
        Ok(CrateContents {
            folder,
            manifest,
            readme,
        })
    }
}

/// Reads bytes as the tar of a crate, without the compression that keeps most changes of an input out.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn read_tar_bytes(bytes: &[u8]) -> Option<CrateContents> {
    read_unpacked(bytes, 64 << 20)
        .ok()
        .map(|(contents, _)| contents)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use testkit::packages::tar_gz;

    use super::*;

    const TOML: &[u8] = b"[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

    fn read_bytes(bytes: &[u8]) -> Result<CrateContents, CrateFault> {
        read(&mut Cursor::new(bytes))
    }

    #[test]
    fn a_crate_tells_its_folder_its_manifest_and_its_readme() {
        let bytes = tar_gz(&[
            ("a-1.0.0/.cargo_vcs_info.json", &b"{}"[..]),
            ("a-1.0.0/Cargo.toml", TOML),
            ("a-1.0.0/Cargo.toml.orig", b"[package]\nname = \"other\"\n"),
            ("a-1.0.0/README.md", b"# A"),
            ("a-1.0.0/src/lib.rs", b""),
        ]);
        let found = read_bytes(&bytes).unwrap();
        assert_eq!(found.folder, "a-1.0.0");
        assert_eq!(found.manifest.name, "a");
        assert_eq!(found.readme.as_deref(), Some("# A"));
    }

    #[test]
    fn f_cr_3_u03_crates_that_cargo_could_read_otherwise_are_refused() {
        let good = tar_gz(&[("a-1.0.0/Cargo.toml", TOML)]);
        assert!(read_bytes(&good).is_ok());
        for (what, entries) in [
            ("no manifest", vec![("a-1.0.0/src/lib.rs", TOML)]),
            ("nothing", vec![]),
            (
                "a manifest elsewhere",
                vec![("a-1.0.0/sub/Cargo.toml", TOML)],
            ),
            ("no folder", vec![("Cargo.toml", TOML)]),
            (
                "two folders",
                vec![("a-1.0.0/Cargo.toml", TOML), ("b-1.0.0/x", b"")],
            ),
            (
                "two manifests",
                vec![("a-1.0.0/Cargo.toml", TOML), ("a-1.0.0/Cargo.toml", TOML)],
            ),
            (
                "another spelling",
                vec![("a-1.0.0/Cargo.toml", TOML), ("a-1.0.0/cargo.TOML", TOML)],
            ),
            (
                "Cargo's own mark",
                vec![("a-1.0.0/Cargo.toml", TOML), ("a-1.0.0/.cargo-ok", b"ok")],
            ),
            (
                "a manifest that is none",
                vec![("a-1.0.0/Cargo.toml", b"[")],
            ),
        ] {
            assert!(read_bytes(&tar_gz(&entries)).is_err(), "{what}");
        }
        let doubled = [&good[..], &good[..]].concat();
        assert!(read_bytes(&doubled).is_err(), "a second member");
        let followed = [&good[..], b"x"].concat();
        assert!(read_bytes(&followed).is_err(), "something behind it");
        assert!(read_bytes(&good[..good.len() - 4]).is_err(), "cut");
        assert!(read_bytes(b"").is_err());
        assert!(read_bytes(b"PK\x03\x04").is_err());
    }

    #[test]
    fn p01_u03_paths_that_lead_elsewhere_and_links_are_refused() {
        for path in [
            "a-1.0.0/../x",
            "/a-1.0.0/x",
            "a-1.0.0//x",
            "a-1.0.0/./x",
            "a-1.0.0\\x",
            "a-1.0.0/x\\..\\y",
            "a-1.0.0/a\nb",
        ] {
            let mut found = Found::default();
            assert!(found.look_at(path.as_bytes(), false).is_err(), "{path}");
        }
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
            Vec::new(),
            flate2::Compression::fast(),
        ));
        let mut header = tar::Header::new_ustar();
        header.set_size(TOML.len() as u64);
        archive
            .append_data(&mut header, "a-1.0.0/Cargo.toml", TOML)
            .unwrap();
        let mut link = tar::Header::new_ustar();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        archive
            .append_link(&mut link, "a-1.0.0/link", "/etc/passwd")
            .unwrap();
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        assert_eq!(
            read_bytes(&bytes).unwrap_err(),
            CrateFault("it has a link".into())
        );
    }
}
