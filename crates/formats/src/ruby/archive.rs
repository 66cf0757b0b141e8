//! A gem's file: a tar with `metadata.gz`, `data.tar.gz` and `checksums.yaml.gz` (RubyGems, `Gem::Package`). Read to learn
//! what the gem says of itself; nothing is unpacked to disk, and of its contents nothing but the digest is looked at.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::gemspec::{Gemspec, read_checksums};
use super::yaml::YamlFault;
use crate::kit::tar::{BLOCK_BYTES, Block, Header, Kind, TarFault};

/// The largest `metadata.gz` that is taken, and what it may unpack to: it lists the gem's files.
pub(super) const METADATA_PACKED_BYTES: u64 = 4 << 20;
const METADATA_BYTES: u64 = 16 << 20;
const CHECKSUMS_BYTES: u64 = 1 << 20;
const ENTRIES: usize = 64;

/// Why a gem is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct GemFault(pub(super) String);

pub(super) fn refused<T>(reason: impl Into<String>) -> Result<T, GemFault> {
    Err(GemFault(reason.into()))
}

impl From<TarFault> for GemFault {
    fn from(fault: TarFault) -> Self {
        Self(fault.0.to_owned())
    }
}

impl From<YamlFault> for GemFault {
    fn from(fault: YamlFault) -> Self {
        Self(format!("of its metadata, {fault}"))
    }
}

impl From<io::Error> for GemFault {
    fn from(_: io::Error) -> Self {
        Self("it cannot be read".to_owned())
    }
}

/// What the members of a gem are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Metadata,
    Data,
    Checksums,
    Signature,
}

impl Member {
    /// The member of this name. A gem has no others, and clients take what they know by name, wherever it stands.
    pub(super) fn of(header: &Header) -> Result<Self, GemFault> {
        let member = match header.path.as_slice() {
            b"metadata.gz" => Self::Metadata,
            b"data.tar.gz" => Self::Data,
            b"checksums.yaml.gz" => Self::Checksums,
            b"metadata.gz.sig" | b"data.tar.gz.sig" | b"checksums.yaml.gz.sig" => Self::Signature,
            path => {
                return refused(format!(
                    "a gem has no member '{}'",
                    String::from_utf8_lossy(path)
                ));
            }
        };
        if header.kind != Kind::File {
            return refused("a member of it is no file");
        }
        Ok(member)
    }
}

/// The digests of a member, by the names that RubyGems gives them.
struct Digests {
    name: String,
    sha1: String,
    sha256: String,
    sha512: String,
}

/// Reads a gem, and checks that it is whole and what its checksums say.
pub(super) fn read(bytes: impl Read) -> Result<Gemspec, GemFault> {
    let mut source = io::BufReader::with_capacity(128 << 10, bytes);
    let (mut metadata, mut checksums) = (None, None);
    let mut digests: Vec<Digests> = Vec::new();
    while let Some(header) = next_header(&mut source)? {
        let member = Member::of(&header)?;
        let name = String::from_utf8_lossy(&header.path).into_owned();
        if digests.len() == ENTRIES || digests.iter().any(|known| known.name == name) {
            return refused(format!("it has '{name}' twice"));
        }
        let keep = match member {
            Member::Metadata => Some(METADATA_PACKED_BYTES),
            Member::Checksums => Some(CHECKSUMS_BYTES),
            Member::Data | Member::Signature => None,
        };
        if keep.is_some_and(|limit| header.size_bytes > limit) {
            return refused(format!("its '{name}' is too large"));
        }
        let (content, found) = read_member(&mut source, &header, name, keep.is_some())?;
        match member {
            Member::Metadata => metadata = Some(content),
            Member::Checksums => checksums = Some(content),
            Member::Data | Member::Signature => {}
        }
        digests.push(found);
    }
    let Some(metadata) = metadata else {
        return refused("it has no metadata.gz");
    };
    if !digests.iter().any(|found| found.name == "data.tar.gz") {
        return refused("it has no data.tar.gz");
    }
    // Gems of old have none.
    if let Some(checksums) = checksums {
        check(&checksums, &digests)?;
    }
    read_metadata(&metadata)
}

/// Reads what `metadata.gz` holds.
pub(super) fn read_metadata(packed: &[u8]) -> Result<Gemspec, GemFault> {
    let bytes = unpacked(packed, METADATA_BYTES, "metadata.gz")?;
    let Ok(text) = String::from_utf8(bytes) else {
        return refused("its metadata is not UTF-8");
    };
    Ok(Gemspec::parse(&text)?)
}

fn unpacked(packed: &[u8], limit_bytes: u64, name: &str) -> Result<Vec<u8>, GemFault> {
    let mut bytes = Vec::new();
    let mut reader = MultiGzDecoder::new(packed).take(limit_bytes + 1);
    if reader.read_to_end(&mut bytes).is_err() {
        return refused(format!("its '{name}' is not a whole gzip file"));
    }
    if bytes.len() as u64 > limit_bytes {
        return refused(format!(
            "its '{name}' unpacks to more than {limit_bytes} bytes"
        ));
    }
    Ok(bytes)
}

/// The next header; nothing where the archive ends.
fn next_header(source: &mut impl Read) -> Result<Option<Header>, GemFault> {
    let Some(block) = next_block(source)? else {
        return refused("it ends before its end");
    };
    if block.iter().any(|b| *b != 0) {
        return Ok(Some(Header::read(&block)?));
    }
    while let Some(block) = next_block(source)? {
        if block.iter().any(|b| *b != 0) {
            return refused("something follows its end");
        }
    }
    Ok(None)
}

fn next_block(source: &mut impl Read) -> Result<Option<Block>, GemFault> {
    let mut block = [0; BLOCK_BYTES];
    let mut there = 0;
    while there < BLOCK_BYTES {
        match source.read(&mut block[there..]) {
            Ok(0) if there == 0 => return Ok(None),
            Ok(0) => return refused("it ends in the middle of a member"),
            Ok(taken) => there += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(block))
}

fn read_member(
    source: &mut impl Read,
    header: &Header,
    name: String,
    is_kept: bool,
) -> Result<(Vec<u8>, Digests), GemFault> {
    let mut hashes = (Sha1::new(), Sha256::new(), Sha512::new());
    let mut content = Vec::new();
    let mut left = header.size_bytes;
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let taken = match source.read(&mut buffer[..most]) {
            Ok(0) => return refused("it ends in the middle of a member"),
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let piece = &buffer[..taken];
        hashes.0.update(piece);
        hashes.1.update(piece);
        hashes.2.update(piece);
        if is_kept {
            content.extend_from_slice(piece);
        }
        left -= taken as u64;
    }
    let filler = (BLOCK_BYTES as u64 - header.size_bytes % BLOCK_BYTES as u64) % BLOCK_BYTES as u64;
    let skipped = io::copy(&mut source.by_ref().take(filler), &mut io::sink())?;
    if skipped < filler {
        return refused("it ends in the middle of a member");
    }
    let digests = Digests {
        name,
        sha1: hex::encode(hashes.0.finalize()),
        sha256: hex::encode(hashes.1.finalize()),
        sha512: hex::encode(hashes.2.finalize()),
    };
    Ok((content, digests))
}

/// Holds what a gem's checksums say against what it has.
fn check(checksums: &[u8], found: &[Digests]) -> Result<(), GemFault> {
    let text = unpacked(checksums, CHECKSUMS_BYTES, "checksums.yaml.gz")?;
    let Ok(text) = String::from_utf8(text) else {
        return refused("its checksums are not UTF-8");
    };
    for (algorithm, member, said) in read_checksums(&text)? {
        let Some(found) = found.iter().find(|found| found.name == member) else {
            return refused(format!("its checksums name '{member}', which it has not"));
        };
        let right = match algorithm.as_str() {
            "SHA1" => &found.sha1,
            "SHA256" => &found.sha256,
            "SHA512" => &found.sha512,
            _ => continue,
        };
        if !said.eq_ignore_ascii_case(right) {
            return refused(format!(
                "the {algorithm} of its '{member}' is not what its checksums say"
            ));
        }
    }
    Ok(())
}
