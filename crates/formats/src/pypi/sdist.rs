//! Looking into source distributions ("Source distribution format" in PyPA's specifications; PEP 625, PEP 643).
//!
//! An sdist keeps everything in one folder, `{name}-{version}`, and its metadata in `PKG-INFO` right there. It is unpacked
//! once, to nowhere, within bounds: it could have a second `PKG-INFO` at its end.

use std::io::{BufReader, Read, SeekFrom};

use catalog::AssetBytes;
use flate2::read::MultiGzDecoder;

use super::core_metadata::METADATA_BYTES;
use super::file_name::{Archive, version_of};
use super::version;
use super::wheel::{DistributionFault, refused};
use crate::kit::tar::{Kind, TarFault};
use crate::kit::tar_reader::TarReader;
use crate::kit::zip::read_directory;

const UNPACKED_FREE_BYTES: u64 = 64 << 20;
/// What an archive may unpack to, as a multiple of its size. Deflate cannot exceed 1032 times; honest sdists stay far
/// below.
const UNPACKED_RATIO: u64 = 200;
const ENTRIES: u64 = 250_000;

/// Which sdist is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct SdistName<'n> {
    /// The project's normalized name.
    pub(super) project: &'n str,
    pub(super) version: &'n str,
    pub(super) archive: Archive,
}

/// The bytes of an sdist's `PKG-INFO`, when the sdist is what its name says.
pub(super) fn read_metadata(
    name: SdistName<'_>,
    bytes: &mut dyn AssetBytes,
) -> Result<Vec<u8>, DistributionFault> {
    let mut layout = Layout::new(name);
    let found = match name.archive {
        Archive::Zip => read_zip(&mut layout, bytes)?,
        Archive::TarGz => read_tar(&mut layout, bytes)?,
    };
    match found {
        Some(metadata) => Ok(metadata),
        None => refused("it has no PKG-INFO in its folder"),
    }
}

fn read_zip(
    layout: &mut Layout<'_>,
    bytes: &mut dyn AssetBytes,
) -> Result<Option<Vec<u8>>, DistributionFault> {
    let mut found = None;
    for entry in &read_directory(bytes)? {
        let path = entry.name.as_bytes();
        if layout.look_at(path, entry.is_directory())? {
            found = Some(entry.read(bytes, METADATA_BYTES)?);
        }
    }
    Ok(found)
}

/// What an archive's paths must be.
struct Layout<'n> {
    name: SdistName<'n>,
    folder: Option<Vec<u8>>,
    has_metadata: bool,
}

impl<'n> Layout<'n> {
    const fn new(name: SdistName<'n>) -> Self {
        Self {
            name,
            folder: None,
            has_metadata: false,
        }
    }

    /// Looks at a path; tells whether it is that of the metadata.
    fn look_at(&mut self, path: &[u8], is_directory: bool) -> Result<bool, DistributionFault> {
        if path.starts_with(b"/") || path.contains(&b'\\') || path.contains(&0) {
            return refused("a path in it leads elsewhere");
        }
        let mut parts = path
            .split(|b| *b == b'/')
            .filter(|part| !matches!(*part, b"" | b"."));
        let Some(top) = parts.next() else {
            // "./", the folder that was packed.
            return Ok(false);
        };
        let rest: Vec<&[u8]> = parts.collect();
        if top == b".." || rest.contains(&&b".."[..]) {
            return refused("a path in it leads elsewhere");
        }
        self.check_folder(top, is_directory || !rest.is_empty())?;
        let [file] = rest.as_slice() else {
            return Ok(false);
        };
        if is_directory || !file.eq_ignore_ascii_case(b"PKG-INFO") {
            return Ok(false);
        }
        if *file != b"PKG-INFO" || std::mem::replace(&mut self.has_metadata, true) {
            return refused("its PKG-INFO has another spelling, or comes twice");
        }
        Ok(true)
    }

    fn check_folder(&mut self, top: &[u8], is_folder: bool) -> Result<(), DistributionFault> {
        match &self.folder {
            Some(folder) if folder == top && is_folder => return Ok(()),
            None if is_folder => {}
            _ => return refused("it does not keep everything in one folder"),
        }
        let SdistName {
            project, version, ..
        } = self.name;
        let said = std::str::from_utf8(top)
            .ok()
            .and_then(|top| version_of(project, &format!("{top}.tar.gz"), &|_| false));
        if !said.is_some_and(|said| version::same(&said, version)) {
            return refused(format!(
                "its folder '{}' is of another project or version than its name",
                String::from_utf8_lossy(top)
            ));
        }
        self.folder = Some(top.to_vec());
        Ok(())
    }
}

impl From<TarFault> for DistributionFault {
    fn from(fault: TarFault) -> Self {
        Self::Refused(fault.0.to_owned())
    }
}

fn read_tar(
    layout: &mut Layout<'_>,
    bytes: &mut dyn AssetBytes,
) -> Result<Option<Vec<u8>>, DistributionFault> {
    let unreadable = |_| DistributionFault::Refused("it cannot be read".to_owned());
    let packed_bytes = bytes.seek(SeekFrom::End(0)).map_err(unreadable)?;
    bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let allowed = UNPACKED_FREE_BYTES.saturating_add(packed_bytes.saturating_mul(UNPACKED_RATIO));
    let unpacked = MultiGzDecoder::new(BufReader::with_capacity(256 << 10, bytes));
    read_unpacked(
        layout,
        BufReader::with_capacity(256 << 10, unpacked),
        allowed,
    )
}

fn read_unpacked(
    layout: &mut Layout<'_>,
    unpacked: impl Read,
    allowed_bytes: u64,
) -> Result<Option<Vec<u8>>, DistributionFault> {
    let mut tar = TarReader::new(unpacked, allowed_bytes);
    let mut found = None;
    for _ in 0..ENTRIES {
        let Some(entry) = tar.next()? else {
            return Ok(found);
        };
        if !layout.look_at(&entry.path, entry.kind == Kind::Directory)? {
            tar.skip(entry.size_bytes)?;
        } else if entry.kind == Kind::File {
            found = Some(tar.content(entry.size_bytes, METADATA_BYTES as u64)?);
        } else {
            return refused("its PKG-INFO is a link");
        }
    }
    refused("it has too many entries")
}

/// Reads bytes as the tar of an sdist, without the compression that keeps most changes of an input out.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn read_tar_bytes(name: SdistName<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    read_unpacked(&mut Layout::new(name), bytes, UNPACKED_FREE_BYTES)
        .ok()
        .flatten()
}
