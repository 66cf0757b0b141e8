//! Looking into wheels ("Binary distribution format" and "Recording installed projects" in PyPA's specifications; PEP 427,
//! PEP 491).
//!
//! Of a wheel only the metadata is unpacked. What it has is compared with what its own list says it has, name by name and
//! size by size; the digests of that list are checked for the members that are read, not for all: a wheel's bytes are
//! held under the digest of the whole.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::AssetBytes;
use sha2::{Digest as _, Sha256};

use super::core_metadata::METADATA_BYTES;
use super::file_name::WheelName;
use super::name::normalized;
use super::version;
use crate::kit::zip::{Entry, ZipFault, read_directory};

/// The largest list of files: 100,000 of them with long names.
const RECORD_BYTES: usize = 32 << 20;
const WHEEL_BYTES: usize = 256 << 10;

/// Why a distribution is refused: words that come after "it cannot be accepted:".
#[derive(Debug, thiserror::Error)]
pub(super) enum DistributionFault {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Zip(#[from] ZipFault),
}

pub(super) fn refused<T>(text: impl Into<String>) -> Result<T, DistributionFault> {
    Err(DistributionFault::Refused(text.into()))
}

/// The bytes of a wheel's `METADATA`, when the wheel is what its name says.
pub(super) fn read_metadata(
    name: &WheelName<'_>,
    bytes: &mut dyn AssetBytes,
) -> Result<Vec<u8>, DistributionFault> {
    let entries = read_directory(bytes)?;
    let folder = info_folder(&entries)?;
    check_folder(name, folder)?;
    let metadata = member(&entries, folder, "METADATA")?;
    let tags = member(&entries, folder, "WHEEL")?;
    let list = member(&entries, folder, "RECORD")?;
    let record = list.read(bytes, RECORD_BYTES)?;
    let record = Record::parse(&record)?;
    record.check_names(&entries, folder)?;
    let metadata_bytes = metadata.read(bytes, METADATA_BYTES)?;
    record.check_content(&metadata.name, &metadata_bytes)?;
    let tag_bytes = tags.read(bytes, WHEEL_BYTES)?;
    record.check_content(&tags.name, &tag_bytes)?;
    check_tags(name, &tag_bytes)?;
    Ok(metadata_bytes)
}

/// The one `.dist-info` folder.
fn info_folder(entries: &[Entry]) -> Result<&str, DistributionFault> {
    let mut found: Option<&str> = None;
    for entry in entries {
        let top = entry.name.split('/').next().unwrap_or_default();
        if !top.to_ascii_lowercase().ends_with(".dist-info") {
            continue;
        }
        match found {
            Some(folder) if folder != top => {
                return refused("it has more than one .dist-info folder");
            }
            _ => found = Some(top),
        }
    }
    match found {
        Some(folder) if folder.ends_with(".dist-info") => Ok(folder),
        _ => refused("it has no .dist-info folder"),
    }
}

fn check_folder(name: &WheelName<'_>, folder: &str) -> Result<(), DistributionFault> {
    let stem = folder.strip_suffix(".dist-info").unwrap_or(folder);
    let is_its_own = stem.rsplit_once('-').is_some_and(|(project, said)| {
        normalized(project) == normalized(name.project)
            && (version::same(said, &name.version)
                || version::same(&said.replace('_', "-"), &name.version))
    });
    if is_its_own {
        Ok(())
    } else {
        refused(format!(
            "its folder '{folder}' is of another project or version than its name"
        ))
    }
}

/// The one member of this name in the folder; other spellings are the same file on some machines.
fn member<'e>(
    entries: &'e [Entry],
    folder: &str,
    name: &str,
) -> Result<&'e Entry, DistributionFault> {
    let path = format!("{folder}/{name}");
    let mut found = entries
        .iter()
        .filter(|entry| entry.name.eq_ignore_ascii_case(&path));
    match (found.next(), found.next()) {
        (Some(entry), None) if entry.name == path => Ok(entry),
        (None, _) => refused(format!("it has no {path}")),
        _ => refused(format!("its {path} has another spelling, or comes twice")),
    }
}

/// The tags inside must be those of the file name: by these it is chosen, by those it is installed.
fn check_tags(name: &WheelName<'_>, bytes: &[u8]) -> Result<(), DistributionFault> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return refused("its WHEEL is not in UTF-8");
    };
    let mut said: Vec<String> = Vec::new();
    for line in text.lines() {
        let tag = match line.split_once(':') {
            Some((field, tag)) if field.trim().eq_ignore_ascii_case("tag") => tag.trim(),
            _ => continue,
        };
        // A tag may itself be a set, as in a file name.
        let parts: Vec<&str> = tag.split('-').collect();
        let [python, abi, platform] = parts.as_slice() else {
            return refused(format!("its WHEEL has the tag '{tag}', which cannot be"));
        };
        let set = WheelName {
            project: name.project,
            version: String::new(),
            python,
            abi,
            platform,
        };
        said.extend(set.tags());
        if said.len() > 10_000 {
            return refused("its WHEEL has too many tags");
        }
    }
    said.sort_unstable();
    said.dedup();
    if said.is_empty() || said == name.tags() {
        Ok(())
    } else {
        refused(format!(
            "its file name says {}, its WHEEL says {}",
            name.tags().join(", "),
            said.join(", ")
        ))
    }
}

/// A wheel's list of its files.
struct Record(HashMap<String, Line>);

struct Line {
    digest: String,
    size: String,
}

impl Record {
    fn parse(bytes: &[u8]) -> Result<Self, DistributionFault> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refused("its RECORD is not in UTF-8");
        };
        let mut lines = HashMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let Some([path, digest, size]) = read_row(line) else {
                return refused("its RECORD has a line that cannot be read");
            };
            if lines.insert(path, Line { digest, size }).is_some() {
                return refused("its RECORD names a file twice");
            }
        }
        Ok(Self(lines))
    }

    /// Every file is on the list, with its size, and everything on the list is there. The list does not list its own
    /// signatures, and need not say its own digest.
    fn check_names(&self, entries: &[Entry], folder: &str) -> Result<(), DistributionFault> {
        let own = |name: &str| {
            let file = name
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            matches!(file, Some("RECORD" | "RECORD.jws" | "RECORD.p7s"))
        };
        let mut listed = 0;
        for entry in entries.iter().filter(|entry| !entry.is_directory()) {
            let name = entry.name.as_str();
            let Some(line) = self.0.get(name) else {
                if own(name) {
                    continue;
                }
                return refused(format!("its RECORD does not name '{name}'"));
            };
            listed += 1;
            let agrees = own(name)
                || (!line.digest.is_empty()
                    && (line.size.is_empty() || line.size.parse() == Ok(entry.size_bytes)));
            if !agrees {
                return refused(format!("its RECORD says something else of '{name}'"));
            }
        }
        if listed == self.0.len() {
            Ok(())
        } else {
            refused("its RECORD names files that it does not have")
        }
    }

    fn check_content(&self, name: &str, content: &[u8]) -> Result<(), DistributionFault> {
        let said = self.0.get(name).map(|line| line.digest.as_str());
        let Some(said) = said.and_then(|digest| digest.strip_prefix("sha256=")) else {
            // Stronger digests are allowed, and seen nowhere.
            return Ok(());
        };
        if said.trim_end_matches('=') == URL_SAFE_NO_PAD.encode(Sha256::digest(content)) {
            Ok(())
        } else {
            refused(format!("'{name}' has another digest than its RECORD says"))
        }
    }
}

/// A row of three values separated by commas, any of them in quotes.
fn read_row(line: &str) -> Option<[String; 3]> {
    let mut values = Vec::with_capacity(3);
    let mut rest = line;
    loop {
        let value;
        (value, rest) = read_value(rest)?;
        values.push(value);
        match rest.strip_prefix(',') {
            Some(after) if values.len() < 3 => rest = after,
            Some(_) => return None,
            None => break,
        }
    }
    if rest.is_empty() {
        values.try_into().ok()
    } else {
        None
    }
}

fn read_value(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
        return (!value.contains('"')).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    loop {
        let end = rest.find('"')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}
