//! Looking into a package's tarball while it passes: the manifest in it, and what the index says of its files.
//!
//! Nothing is unpacked to anywhere. Everything is bounded: entries, unpacked bytes, the manifest. Where tools could
//! disagree about which manifest is the package's (npm's `package.json` page; npm strips the first component of every
//! path), the archive is refused.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use model::{Error, InvalidReason, Result};

use crate::kit::tar::{Attributes, BLOCK_BYTES, Block, Header, Kind, TarFault};

/// What an archive may unpack to, beside a multiple of its size. Deflate cannot exceed 1032 times; honest packages
/// stay far below.
const UNPACKED_FREE_BYTES: u64 = 64 << 20;
const UNPACKED_RATIO: u64 = 200;
const ENTRIES: u64 = 250_000;
const MANIFEST_BYTES: u64 = 4 << 20;
const ATTRIBUTES_BYTES: u64 = 1 << 20;
/// Unpacking this much at once is worth a thread of its own.
const BATCH_BYTES: usize = 256 << 10;

/// What was found in an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The bytes of its `package.json`.
    pub(super) manifest: Vec<u8>,
    pub(super) file_count: u64,
    pub(super) unpacked_size_bytes: u64,
    /// It has an `npm-shrinkwrap.json`, which decides what is installed below it.
    pub(super) has_shrinkwrap: bool,
    /// It has a `binding.gyp`, which npm builds at install unless told otherwise.
    pub(super) has_binding: bool,
}

/// An archive on its way in, unpacked off the async threads.
#[derive(Debug)]
pub(super) struct ArchiveReader {
    inspector: Option<Inspector>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

impl ArchiveReader {
    pub(super) fn new() -> Self {
        Self {
            inspector: Some(Inspector::new()),
            waiting: Vec::new(),
            waiting_bytes: 0,
        }
    }

    /// Takes the next bytes of the archive.
    pub(super) async fn feed(&mut self, bytes: Bytes) -> Result<()> {
        self.waiting_bytes += bytes.len();
        self.waiting.push(bytes);
        if self.waiting_bytes >= BATCH_BYTES {
            let inspector = self.inspect().await?;
            self.inspector = Some(inspector);
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Contents> {
        let inspector = self.inspect().await?;
        inspector.finish().map_err(|fault| refuse(&fault))
    }

    async fn inspect(&mut self) -> Result<Inspector> {
        let lost = || Error::internal("an archive was fed after it had been refused");
        let mut inspector = self.inspector.take().ok_or_else(lost)?;
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let work = move || {
            waiting
                .iter()
                .try_for_each(|bytes| inspector.feed(bytes))
                .map(|()| inspector)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)?
            .map_err(|fault| refuse(&fault))
    }
}

fn refuse(fault: &TarFault) -> Error {
    Error::invalid(
        InvalidReason::Other,
        format!("The tarball cannot be accepted: {fault}."),
    )
}

/// Unpacks and looks, as bytes are pushed in.
#[derive(Debug)]
struct Inspector {
    unpacker: MultiGzDecoder<TarScanner>,
    packed_bytes: u64,
}

impl Inspector {
    fn new() -> Self {
        Self {
            unpacker: MultiGzDecoder::new(TarScanner::new()),
            packed_bytes: 0,
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), TarFault> {
        self.packed_bytes += bytes.len() as u64;
        let allowed =
            UNPACKED_FREE_BYTES.saturating_add(self.packed_bytes.saturating_mul(UNPACKED_RATIO));
        self.unpacker.get_mut().allowed_bytes = allowed;
        let outcome = self.unpacker.write_all(bytes);
        self.judge(outcome)
    }

    fn finish(mut self) -> Result<Contents, TarFault> {
        if self.packed_bytes == 0 {
            return Err(TarFault("it is empty"));
        }
        let outcome = self.unpacker.try_finish();
        self.judge(outcome)?;
        std::mem::take(self.unpacker.get_mut()).finish()
    }

    /// The scanner's own complaint, where it made one; else it was the compression's.
    fn judge(&mut self, outcome: io::Result<()>) -> Result<(), TarFault> {
        match (outcome, self.unpacker.get_mut().fault.take()) {
            (_, Some(fault)) => Err(fault),
            (Ok(()), None) => Ok(()),
            (Err(_), None) => Err(TarFault("it is not a whole gzip file")),
        }
    }
}

/// What the present content is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Pass,
    Manifest,
    Attributes,
    GlobalAttributes,
    LongName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a header, of which this many bytes are there.
    Header(usize),
    /// In content, of which this much and then this much padding is to come.
    Content {
        left_bytes: u64,
        padding_bytes: u64,
        used_for: Use,
    },
    /// Behind the two blocks of zeroes that end an archive.
    End,
}

/// Reads tar from bytes pushed in pieces of any size.
#[derive(Debug)]
struct TarScanner {
    place: Place,
    block: Box<Block>,
    /// Content that is looked at.
    kept: Vec<u8>,
    next_attributes: Attributes,
    long_name: Option<Vec<u8>>,
    ends_begun: bool,
    entries: u64,
    seen_bytes: u64,
    allowed_bytes: u64,
    has_manifest: bool,
    contents: Contents,
    fault: Option<TarFault>,
}

impl Default for TarScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl TarScanner {
    fn new() -> Self {
        Self {
            place: Place::Header(0),
            block: Box::new([0; BLOCK_BYTES]),
            kept: Vec::new(),
            next_attributes: Attributes::default(),
            long_name: None,
            ends_begun: false,
            entries: 0,
            seen_bytes: 0,
            allowed_bytes: 0,
            has_manifest: false,
            contents: Contents::default(),
            fault: None,
        }
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), TarFault> {
        self.seen_bytes += bytes.len() as u64;
        if self.seen_bytes > self.allowed_bytes {
            return Err(TarFault("it unpacks to far more than it is"));
        }
        while !bytes.is_empty() {
            let taken = match self.place {
                Place::Header(there) => self.header(bytes, there)?,
                Place::Content {
                    left_bytes,
                    padding_bytes,
                    used_for,
                } => self.content(bytes, left_bytes, padding_bytes, used_for)?,
                Place::End if bytes.iter().all(|b| *b == 0) => bytes.len(),
                Place::End => return Err(TarFault("something follows its end")),
            };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    fn header(&mut self, bytes: &[u8], there: usize) -> Result<usize, TarFault> {
        let taken = bytes.len().min(BLOCK_BYTES - there);
        self.block[there..there + taken].copy_from_slice(&bytes[..taken]);
        if there + taken < BLOCK_BYTES {
            self.place = Place::Header(there + taken);
            return Ok(taken);
        }
        self.place = Place::Header(0);
        if self.block.iter().all(|b| *b == 0) {
            if std::mem::replace(&mut self.ends_begun, true) {
                self.place = Place::End;
            }
            return Ok(taken);
        }
        if self.ends_begun {
            return Err(TarFault("something follows its end"));
        }
        let header = Header::read(&self.block)?;
        self.entry(header)?;
        Ok(taken)
    }

    fn entry(&mut self, header: Header) -> Result<(), TarFault> {
        self.entries += 1;
        if self.entries > ENTRIES {
            return Err(TarFault("it has too many entries"));
        }
        let used_for = match header.kind {
            Kind::Attributes => Use::Attributes,
            Kind::GlobalAttributes => Use::GlobalAttributes,
            Kind::LongName => Use::LongName,
            Kind::File | Kind::Link | Kind::Directory | Kind::Other => return self.file(header),
        };
        if header.size_bytes > ATTRIBUTES_BYTES {
            return Err(TarFault("attributes in it are too long"));
        }
        self.begin_content(header.size_bytes, used_for)
    }

    fn file(&mut self, header: Header) -> Result<(), TarFault> {
        let Attributes { path, size_bytes } = std::mem::take(&mut self.next_attributes);
        let size_bytes = size_bytes.unwrap_or(header.size_bytes);
        let path = path.or(self.long_name.take()).unwrap_or(header.path);
        self.long_name = None;
        if header.kind != Kind::File {
            if size_bytes > 0 && header.kind != Kind::Other {
                return Err(TarFault("it has a link or a directory with content"));
            }
            if header.kind == Kind::Link && member(&path).is_some_and(is_manifest) {
                return Err(TarFault("its package.json is a link"));
            }
            return self.begin_content(size_bytes, Use::Pass);
        }
        self.contents.file_count += 1;
        self.contents.unpacked_size_bytes =
            self.contents.unpacked_size_bytes.saturating_add(size_bytes);
        let used_for = match member(&path) {
            Some(name) if is_manifest(name) => {
                if std::mem::replace(&mut self.has_manifest, true) {
                    return Err(TarFault("it has more than one package.json"));
                }
                if name != b"package.json" || path.contains(&b'\\') {
                    return Err(TarFault("its package.json has another spelling"));
                }
                if size_bytes > MANIFEST_BYTES {
                    return Err(TarFault("its package.json is too large"));
                }
                Use::Manifest
            }
            Some(b"npm-shrinkwrap.json") => {
                self.contents.has_shrinkwrap = true;
                Use::Pass
            }
            Some(b"binding.gyp") => {
                self.contents.has_binding = true;
                Use::Pass
            }
            _ => Use::Pass,
        };
        self.begin_content(size_bytes, used_for)
    }

    fn begin_content(&mut self, size_bytes: u64, used_for: Use) -> Result<(), TarFault> {
        let padding_bytes = size_bytes.next_multiple_of(BLOCK_BYTES as u64) - size_bytes;
        self.kept.clear();
        if size_bytes == 0 {
            return self.end_content(used_for);
        }
        self.place = Place::Content {
            left_bytes: size_bytes,
            padding_bytes,
            used_for,
        };
        Ok(())
    }

    fn content(
        &mut self,
        bytes: &[u8],
        left_bytes: u64,
        padding_bytes: u64,
        used_for: Use,
    ) -> Result<usize, TarFault> {
        let most = |wanted: u64| {
            usize::try_from(wanted).map_or(bytes.len(), |wanted| bytes.len().min(wanted))
        };
        if left_bytes > 0 {
            let taken = most(left_bytes);
            if used_for != Use::Pass {
                self.kept.extend_from_slice(&bytes[..taken]);
            }
            let left_bytes = left_bytes - taken as u64;
            self.place = Place::Content {
                left_bytes,
                padding_bytes,
                used_for,
            };
            if left_bytes == 0 && padding_bytes == 0 {
                self.end_content(used_for)?;
            }
            return Ok(taken);
        }
        let taken = most(padding_bytes);
        let padding_bytes = padding_bytes - taken as u64;
        self.place = Place::Content {
            left_bytes: 0,
            padding_bytes,
            used_for,
        };
        if padding_bytes == 0 {
            self.end_content(used_for)?;
        }
        Ok(taken)
    }

    fn end_content(&mut self, used_for: Use) -> Result<(), TarFault> {
        self.place = Place::Header(0);
        match used_for {
            Use::Pass => {}
            Use::Manifest => self.contents.manifest = std::mem::take(&mut self.kept),
            Use::Attributes => self.next_attributes = Attributes::read(&self.kept)?,
            Use::GlobalAttributes => {
                if Attributes::read(&self.kept)? != Attributes::default() {
                    return Err(TarFault("attributes in it change all that follows"));
                }
            }
            Use::LongName => {
                let end = self
                    .kept
                    .iter()
                    .position(|b| *b == 0)
                    .unwrap_or(self.kept.len());
                self.long_name = Some(self.kept[..end].to_vec());
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Contents, TarFault> {
        if !matches!(self.place, Place::Header(0) | Place::End) {
            return Err(TarFault("it ends in the middle of an entry"));
        }
        if !self.has_manifest {
            return Err(TarFault("it has no package.json"));
        }
        Ok(self.contents)
    }
}

/// What is left of a path when its first component is taken off, if that is one component. A backslash separates, too:
/// on some machines it does.
fn member(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path
        .split(|b| matches!(b, b'/' | b'\\'))
        .filter(|part| !matches!(*part, b"" | b"."));
    let (_, member) = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(member)
}

fn is_manifest(member: &[u8]) -> bool {
    member.eq_ignore_ascii_case(b"package.json")
}

impl Write for TarScanner {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.push(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(fault) => {
                self.fault = Some(fault.clone());
                Err(io::Error::other(fault))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
