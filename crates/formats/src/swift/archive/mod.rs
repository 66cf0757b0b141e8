//! Looking into source archives, as `swift package archive-source` makes them: a zip with one folder that holds the package.
//!
//! The package manager unpacks all of it and takes the one folder off. Of the archive only the manifests and the readme are
//! unpacked here, and the targets of links: a link that leads out of the folder, and a file that would be written through
//! a link, are refused.

use std::collections::HashSet;

use catalog::{AssetBytes, Examined};
use model::{Error, InvalidReason, Result};

use super::manifest::{MANIFEST, Manifest, Manifests, SwiftVersion};
use crate::kit::zip::{Entry, ZipFault, read_directory};

/// The largest manifest.
const MANIFEST_BYTES: usize = 512 << 10;
/// The most manifests for single versions of Swift: each of them is a link in a header field.
const ALTERNATES: usize = 32;
const README_BYTES: usize = 1 << 20;
const TARGET_BYTES: usize = 4096;
/// The most links, each of which is read.
const LINKS: usize = 10_000;

/// Why an archive is refused: words that come after "it cannot be accepted:".
#[derive(Debug, thiserror::Error)]
enum ArchiveFault {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Zip(#[from] ZipFault),
}

fn refused<T>(text: impl Into<String>) -> Result<T, ArchiveFault> {
    Err(ArchiveFault::Refused(text.into()))
}

/// Looks into a source archive.
pub(super) fn examine(bytes: &mut dyn AssetBytes) -> Result<Examined> {
    let (manifests, readme) = read(bytes).map_err(|fault| {
        let message = format!("The source archive cannot be accepted: {fault}.");
        Error::invalid(InvalidReason::Other, message)
    })?;
    Ok(Examined {
        metadata: None,
        readme,
        companion: Some(manifests.to_bytes()?),
    })
}

fn read(bytes: &mut dyn AssetBytes) -> Result<(Manifests, Option<String>), ArchiveFault> {
    let entries = read_directory(bytes)?;
    let folder = top_folder(&entries)?.to_owned();
    check_links(&entries, &folder, bytes)?;
    let mut alternates = Vec::new();
    let (mut main, mut readme) = (None, None);
    for entry in &entries {
        let Some(file) = top_file(entry, &folder) else {
            continue;
        };
        if file == MANIFEST {
            main = Some(read_manifest(&entries, entry, file, bytes)?);
        } else if SwiftVersion::of_file(file).is_some() {
            if alternates.len() == ALTERNATES {
                return refused(format!(
                    "it has more than {ALTERNATES} manifests for single versions of Swift"
                ));
            }
            alternates.push(read_manifest(&entries, entry, file, bytes)?);
        } else if is_misspelt(file) {
            return refused(format!(
                "it has a file '{file}', which some machines take for a manifest"
            ));
        } else if file.eq_ignore_ascii_case("README.md") && !entry.is_link() {
            readme = entry.read(bytes, README_BYTES).ok();
        }
    }
    let Some(main) = main else {
        return refused(format!("it has no {MANIFEST} in its folder '{folder}'"));
    };
    alternates.sort_by_key(Manifest::swift_version);
    if has_equal(&alternates) {
        return refused("it has two manifests for the same version of Swift");
    }
    let readme = readme.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok((Manifests { main, alternates }, readme))
}

fn has_equal(sorted: &[Manifest]) -> bool {
    sorted
        .windows(2)
        .any(|pair| pair[0].swift_version() == pair[1].swift_version())
}

/// The one folder that everything is in.
fn top_folder(entries: &[Entry]) -> Result<&str, ArchiveFault> {
    let mut found: Option<&str> = None;
    for entry in entries {
        let Some((top, _)) = entry.name.split_once('/') else {
            return refused(format!(
                "'{}' is not in a folder: the package has to be in one folder, as 'swift package archive-source' puts it",
                shortened(&entry.name)
            ));
        };
        match found {
            Some(folder) if folder != top => {
                return refused(format!(
                    "it has two folders, '{}' and '{}': the package has to be in one, as 'swift package archive-source' \
                     puts it",
                    shortened(folder),
                    shortened(top)
                ));
            }
            _ => found = Some(top),
        }
    }
    match found {
        Some(folder) => Ok(folder),
        None => refused("it is empty"),
    }
}

/// The name of a file that stands in the folder itself.
fn top_file<'e>(entry: &'e Entry, folder: &str) -> Option<&'e str> {
    let file = entry.name.strip_prefix(folder)?.strip_prefix('/')?;
    (!file.is_empty() && !file.contains('/')).then_some(file)
}

/// Names that machines without upper and lower case in file names take for those of manifests.
fn is_misspelt(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    lower == "package.swift"
        || lower
            .strip_prefix("package@swift-")
            .and_then(|rest| rest.strip_suffix(".swift"))
            .is_some_and(|version| SwiftVersion::parse(version).is_some())
}

/// A manifest's text. One that is a link to another file of the folder has that file's.
fn read_manifest(
    entries: &[Entry],
    entry: &Entry,
    file: &str,
    bytes: &mut dyn AssetBytes,
) -> Result<Manifest, ArchiveFault> {
    let mut source = entry;
    if entry.is_link() {
        let target = read_target(entry, bytes)?;
        let folder = entry.name.strip_suffix(file).unwrap_or_default();
        let path = format!("{folder}{target}");
        let found = entries.iter().find(|entry| entry.name == path);
        source = match found {
            Some(found) if !found.is_link() && !target.contains('/') => found,
            _ => {
                return refused(format!(
                    "its {file} is a link to something else than a file beside it"
                ));
            }
        };
    }
    let content = source.read(bytes, MANIFEST_BYTES)?;
    match String::from_utf8(content) {
        Ok(text) => Ok(Manifest {
            file: file.to_owned(),
            text,
        }),
        Err(_) => refused(format!("its {file} is not in UTF-8")),
    }
}

fn read_target(link: &Entry, bytes: &mut dyn AssetBytes) -> Result<String, ArchiveFault> {
    let target = link.read(bytes, TARGET_BYTES)?;
    match String::from_utf8(target) {
        Ok(target) if !target.is_empty() && !target.contains(['\0', '\\']) => Ok(target),
        _ => refused("it has a link whose target cannot be read"),
    }
}

/// Links stay inside the folder, and nothing is written through one.
fn check_links(
    entries: &[Entry],
    folder: &str,
    bytes: &mut dyn AssetBytes,
) -> Result<(), ArchiveFault> {
    let mut links = HashSet::new();
    for entry in entries.iter().filter(|entry| entry.is_link()) {
        if links.len() == LINKS {
            return refused(format!("it has more than {LINKS} links"));
        }
        let name = entry.name.trim_end_matches('/');
        let target = read_target(entry, bytes)?;
        if !stays_inside(name, &target, folder) {
            return refused(format!(
                "its link '{}' leads out of its folder",
                shortened(name)
            ));
        }
        links.insert(name.to_lowercase());
    }
    if links.is_empty() {
        return Ok(());
    }
    for entry in entries {
        let lower = entry.name.to_lowercase();
        let mut above = lower.trim_end_matches('/');
        while let Some((parent, _)) = above.rsplit_once('/') {
            if links.contains(parent) {
                return refused(format!(
                    "'{}' would be written through a link",
                    shortened(&entry.name)
                ));
            }
            above = parent;
        }
    }
    Ok(())
}

/// Whether a link's target is in the folder, at every step of its way. A way that goes up after it went down is refused:
/// where it was before depends on other links.
fn stays_inside(link: &str, target: &str, folder: &str) -> bool {
    if target.starts_with('/') || target.contains(':') {
        return false;
    }
    let mut place: Vec<&str> = link.split('/').collect();
    place.pop();
    let mut goes_down = false;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                place.pop();
                if goes_down || place.first() != Some(&folder) {
                    return false;
                }
            }
            _ => goes_down = true,
        }
    }
    // A link to nothing but the folder that it is in would have no end.
    goes_down || place.len() > 1
}

/// Enough of a name to find it by.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests;
