//! The directory of a zip archive (PKWARE's APPNOTE.TXT 6.3.10), read so that only one reading of it is possible.
//!
//! Tools find the entries of an archive in different ways: by the directory at its end, or by the headers before each
//! entry. Where the two could disagree, where something stands before, between or behind what the directory names, or
//! where a name comes twice, the archive is refused: what installs is not this reader. Nothing is unpacked to anywhere.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// The most entries.
const ENTRIES: u64 = 250_000;
/// The largest directory.
const DIRECTORY_BYTES: u64 = 64 << 20;
const END_BYTES: u64 = 22;
const LOCATOR_BYTES: u64 = 20;
const END_64_BYTES: u64 = 56;
const LOCAL_BYTES: u64 = 30;
const CENTRAL_BYTES: usize = 46;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR: u32 = 0x0706_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;

/// Bits of the flags: encrypted, sizes behind the content, patched, strongly encrypted, masked.
const FORBIDDEN_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
const SIZES_BEHIND: u16 = 1 << 3;
const NAMES_IN_UTF8: u16 = 1 << 11;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ZipFault {
    /// What is wrong with it.
    #[error("{0}")]
    Refused(&'static str),
    /// It could not be read.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
}

use ZipFault::Refused;

type Result<T> = std::result::Result<T, ZipFault>;

/// How an entry's content is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Stored,
    Deflated,
    /// Another way, which is passed over.
    Other,
}

/// An entry, as directory and header agree on it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    packed_bytes: u64,
    crc: u32,
    packing: Packing,
    packing_number: u16,
    flags: u16,
    /// The mode that Unix would give the file, or nothing where the writer knew none.
    unix_mode: u16,
    header_at: u64,
    content_at: u64,
}

impl Entry {
    pub(crate) fn is_directory(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Whether unpacking makes a symbolic link of it, whose target is its content.
    pub(crate) fn is_link(&self) -> bool {
        const KIND: u16 = 0o170_000;
        const LINK: u16 = 0o120_000;
        self.unix_mode & KIND == LINK
    }

    /// The whole content, when it is at most this large unpacked.
    pub(crate) fn read<R: Read + Seek + ?Sized>(
        &self,
        archive: &mut R,
        limit_bytes: usize,
    ) -> Result<Vec<u8>> {
        let size = usize::try_from(self.size_bytes)
            .ok()
            .filter(|size| *size <= limit_bytes)
            .ok_or(Refused("a member that is needed is too large"))?;
        archive.seek(SeekFrom::Start(self.content_at))?;
        let packed = archive.take(self.packed_bytes);
        let mut content = Vec::with_capacity(size);
        // One byte more than there may be: what unpacks to more than it says is noticed.
        let most = self.size_bytes + 1;
        match self.packing {
            Packing::Stored => packed.take(most).read_to_end(&mut content)?,
            Packing::Deflated => DeflateDecoder::new(packed)
                .take(most)
                .read_to_end(&mut content)?,
            Packing::Other => {
                return Err(Refused("a member that is needed is packed in a rare way"));
            }
        };
        let mut crc = Crc::new();
        crc.update(&content);
        if content.len() != size || crc.sum() != self.crc {
            return Err(Refused(
                "a member that is needed is not what the directory says",
            ));
        }
        Ok(content)
    }
}

/// The entries of an archive, in the order of their content.
pub(crate) fn read_directory<R: Read + Seek + ?Sized>(archive: &mut R) -> Result<Vec<Entry>> {
    let end = find_end(archive)?;
    let mut entries = read_entries(archive, &end)?;
    entries.sort_by_key(|entry| entry.header_at);
    let mut names = HashSet::with_capacity(entries.len());
    if !entries
        .iter()
        .all(|entry| names.insert(entry.name.as_str()))
    {
        return Err(Refused("two entries of it have the same name"));
    }
    drop(names);
    let mut at = 0;
    let starts: Vec<u64> = entries.iter().map(|entry| entry.header_at).collect();
    for (index, entry) in entries.iter_mut().enumerate() {
        if entry.header_at != at {
            return Err(Refused("something stands between or before its entries"));
        }
        let next = starts.get(index + 1).copied().unwrap_or(end.directory_at);
        check_header(archive, entry, next)?;
        at = next;
    }
    if at != end.directory_at {
        return Err(Refused("something stands between or before its entries"));
    }
    Ok(entries)
}

/// Where the directory is.
struct Directory {
    directory_at: u64,
    directory_bytes: u64,
    entries: u64,
}

fn find_end<R: Read + Seek + ?Sized>(archive: &mut R) -> Result<Directory> {
    let length = archive.seek(SeekFrom::End(0))?;
    let (end_at, block) = find_end_block(archive, length)?;
    if u16_at(&block, 4) != 0 || u16_at(&block, 6) != 0 {
        return Err(Refused("it is a part of an archive in several volumes"));
    }
    let (here, all) = (u16_at(&block, 8), u16_at(&block, 10));
    let (bytes, at) = (u32_at(&block, 12), u32_at(&block, 16));
    let small = Directory {
        directory_at: at.into(),
        directory_bytes: bytes.into(),
        entries: all.into(),
    };
    let (found, directory_end) = match find_end_64(archive, end_at)? {
        Some((large, large_at)) => {
            let agrees =
                |small: u64, all_ones: u64, large: u64| small == all_ones || small == large;
            if !agrees(small.entries, 0xffff, large.entries)
                || !agrees(small.directory_bytes, 0xffff_ffff, large.directory_bytes)
                || !agrees(small.directory_at, 0xffff_ffff, large.directory_at)
            {
                return Err(Refused("its two ends do not agree"));
            }
            (large, large_at)
        }
        None if here != all => return Err(Refused("its end does not agree with itself")),
        None => (small, end_at),
    };
    if found.directory_at.checked_add(found.directory_bytes) != Some(directory_end) {
        return Err(Refused("its directory is not where its end says"));
    }
    if found.entries > ENTRIES || found.directory_bytes > DIRECTORY_BYTES {
        return Err(Refused("it has too many entries"));
    }
    Ok(found)
}

/// The small end, and where it begins. A comment behind it could hold a second end, and tools look for either; so the one
/// comment that is taken is what `git archive` writes: the name of the commit, in hexadecimal.
fn find_end_block<R: Read + Seek + ?Sized>(
    archive: &mut R,
    length: u64,
) -> Result<(u64, [u8; END_BYTES as usize])> {
    const COMMIT_NAMES: [u16; 2] = [40, 64];
    for comment_bytes in [0].into_iter().chain(COMMIT_NAMES) {
        let Some(end_at) = length.checked_sub(END_BYTES + u64::from(comment_bytes)) else {
            return Err(Refused("it is not a zip archive"));
        };
        let block: [u8; END_BYTES as usize] = read_at(archive, end_at)?;
        if u32_at(&block, 0) != END || u16_at(&block, 20) != comment_bytes {
            continue;
        }
        let mut comment = Vec::new();
        archive
            .take(u64::from(comment_bytes))
            .read_to_end(&mut comment)?;
        if comment
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
        {
            return Ok((end_at, block));
        }
    }
    Err(Refused(
        "it is not a zip archive, or something follows its end",
    ))
}

/// The end in its large form, and where it begins, if its locator stands before the small one.
fn find_end_64<R: Read + Seek + ?Sized>(
    archive: &mut R,
    end_at: u64,
) -> Result<Option<(Directory, u64)>> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES) else {
        return Ok(None);
    };
    let locator: [u8; LOCATOR_BYTES as usize] = read_at(archive, locator_at)?;
    if u32_at(&locator, 0) != LOCATOR {
        return Ok(None);
    }
    let at = u64_at(&locator, 8);
    if at.checked_add(END_64_BYTES) != Some(locator_at) {
        return Err(Refused("its large end is not where its locator says"));
    }
    let block: [u8; END_64_BYTES as usize] = read_at(archive, at)?;
    let (here, all) = (u64_at(&block, 24), u64_at(&block, 32));
    let is_plain = u32_at(&block, 0) == END_64
        && u64_at(&block, 4) == END_64_BYTES - 12
        && u32_at(&block, 16) == 0
        && u32_at(&block, 20) == 0
        && here == all;
    if !is_plain {
        return Err(Refused("its large end cannot be read"));
    }
    let directory = Directory {
        directory_at: u64_at(&block, 48),
        directory_bytes: u64_at(&block, 40),
        entries: all,
    };
    Ok(Some((directory, at)))
}

fn read_entries<R: Read + Seek + ?Sized>(archive: &mut R, end: &Directory) -> Result<Vec<Entry>> {
    archive.seek(SeekFrom::Start(end.directory_at))?;
    let mut directory = Vec::new();
    archive
        .take(end.directory_bytes)
        .read_to_end(&mut directory)?;
    let mut rest = directory.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = read_entry(rest)?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() as u64 != end.entries {
        return Err(Refused("it has another number of entries than it says"));
    }
    Ok(entries)
}

fn read_entry(bytes: &[u8]) -> Result<(Entry, &[u8])> {
    const SHORT: ZipFault = Refused("its directory is cut");
    let (head, rest) = bytes.split_at_checked(CENTRAL_BYTES).ok_or(SHORT)?;
    if u32_at(head, 0) != CENTRAL {
        return Err(Refused("its directory has something else than entries"));
    }
    let (name, rest) = rest
        .split_at_checked(u16_at(head, 28).into())
        .ok_or(SHORT)?;
    let (extra, rest) = rest
        .split_at_checked(u16_at(head, 30).into())
        .ok_or(SHORT)?;
    let (_, rest) = rest
        .split_at_checked(u16_at(head, 32).into())
        .ok_or(SHORT)?;
    if u16_at(head, 34) != 0 {
        return Err(Refused("it is a part of an archive in several volumes"));
    }
    let mut sizes = Sizes {
        size_bytes: u32_at(head, 24).into(),
        packed_bytes: u32_at(head, 20).into(),
        header_at: u32_at(head, 42).into(),
    };
    sizes.enlarge(extra, true)?;
    let packing_number = u16_at(head, 10);
    let entry = Entry {
        name: read_name(name)?,
        size_bytes: sizes.size_bytes,
        packed_bytes: sizes.packed_bytes,
        crc: u32_at(head, 16),
        packing: match packing_number {
            0 => Packing::Stored,
            8 => Packing::Deflated,
            _ => Packing::Other,
        },
        packing_number,
        flags: u16_at(head, 8),
        unix_mode: u16_at(head, 40),
        header_at: sizes.header_at,
        content_at: 0,
    };
    if entry.flags & FORBIDDEN_FLAGS != 0 {
        return Err(Refused("an entry of it is encrypted or patched"));
    }
    // Without the mark, some read such a name in another character set.
    if !entry.name.is_ascii() && entry.flags & NAMES_IN_UTF8 == 0 {
        return Err(Refused("the name of an entry of it is not marked as UTF-8"));
    }
    if entry.packing == Packing::Stored && entry.size_bytes != entry.packed_bytes {
        return Err(Refused("an entry of it has two sizes"));
    }
    Ok((entry, rest))
}

/// Names are text that means the same everywhere: no control characters, no backslashes, no way up or out.
fn read_name(name: &[u8]) -> Result<String> {
    let name = std::str::from_utf8(name)
        .map_err(|_| Refused("the name of an entry of it is not in UTF-8"))?;
    let path = name.strip_suffix('/').unwrap_or(name);
    let is_plain = !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && !path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if is_plain {
        Ok(name.to_owned())
    } else {
        Err(Refused("the name of an entry of it leads elsewhere"))
    }
}

/// The numbers that have a large form in an extra field.
struct Sizes {
    size_bytes: u64,
    packed_bytes: u64,
    header_at: u64,
}

impl Sizes {
    /// Takes the large form of each number whose small form is all ones.
    fn enlarge(&mut self, extra: &[u8], with_place: bool) -> Result<()> {
        const BAD: ZipFault = Refused("an extra field of an entry of it cannot be read");
        const ALL_ONES: u64 = 0xffff_ffff;
        let mut large = None;
        let mut rest = extra;
        // Old writers leave one to three bytes of padding behind the last field.
        while rest.len() >= 4 {
            let length: usize = u16_at(rest, 2).into();
            let (id, content) = (u16_at(rest, 0), rest.get(4..4 + length).ok_or(BAD)?);
            match id {
                1 if large.is_some() => return Err(BAD),
                1 => large = Some(content),
                // Another name than the one that everybody reads.
                0x7075 => return Err(Refused("an entry of it has two names")),
                _ => {}
            }
            rest = &rest[4 + length..];
        }
        let mut large = large.unwrap_or_default();
        let place = with_place.then_some(&mut self.header_at);
        for number in [
            Some(&mut self.size_bytes),
            Some(&mut self.packed_bytes),
            place,
        ] {
            if let Some(number) = number.filter(|number| **number == ALL_ONES) {
                let (first, others) = large.split_at_checked(8).ok_or(BAD)?;
                (*number, large) = (u64_at(first, 0), others);
            }
        }
        Ok(())
    }
}

/// Compares the header before an entry's content with the directory, and what is behind the content with both.
fn check_header<R: Read + Seek + ?Sized>(
    archive: &mut R,
    entry: &mut Entry,
    next: u64,
) -> Result<()> {
    const DIFFERS: ZipFault = Refused("a header of it differs from its directory");
    let head: [u8; LOCAL_BYTES as usize] = read_at(archive, entry.header_at)?;
    if u32_at(&head, 0) != LOCAL
        || u16_at(&head, 6) != entry.flags
        || u16_at(&head, 8) != entry.packing_number
    {
        return Err(DIFFERS);
    }
    let (name_bytes, extra_bytes) = (u16_at(&head, 26), u16_at(&head, 28));
    let mut name_and_extra = vec![0; usize::from(name_bytes) + usize::from(extra_bytes)];
    archive.read_exact(&mut name_and_extra)?;
    let (name, extra) = name_and_extra.split_at(name_bytes.into());
    if name != entry.name.as_bytes() {
        return Err(DIFFERS);
    }
    let mut sizes = Sizes {
        size_bytes: u32_at(&head, 22).into(),
        packed_bytes: u32_at(&head, 18).into(),
        header_at: 0,
    };
    let sizes_behind = entry.flags & SIZES_BEHIND != 0;
    let is_blank = sizes.size_bytes == 0 && sizes.packed_bytes == 0 && u32_at(&head, 14) == 0;
    sizes.enlarge(extra, false)?;
    let is_same = sizes.size_bytes == entry.size_bytes
        && sizes.packed_bytes == entry.packed_bytes
        && u32_at(&head, 14) == entry.crc;
    if !is_same && !(sizes_behind && (is_blank || u32_at(&head, 14) == 0)) {
        return Err(DIFFERS);
    }
    entry.content_at = entry.header_at + LOCAL_BYTES + name_and_extra.len() as u64;
    let content_end = entry.content_at.checked_add(entry.packed_bytes);
    let behind = content_end.and_then(|end| next.checked_sub(end));
    match (sizes_behind, behind) {
        (false, Some(0)) => Ok(()),
        (true, Some(bytes @ (12 | 16 | 20 | 24))) => check_descriptor(archive, entry, next, bytes),
        _ => Err(Refused("something stands between or before its entries")),
    }
}

/// What stands behind an entry's content: perhaps a signature, then checksum and sizes, small or large.
fn check_descriptor<R: Read + Seek + ?Sized>(
    archive: &mut R,
    entry: &Entry,
    next: u64,
    bytes: u64,
) -> Result<()> {
    let mut block = [0; 24];
    archive.seek(SeekFrom::Start(next - bytes))?;
    let block = &mut block[..usize::try_from(bytes).unwrap_or_default()];
    archive.read_exact(block)?;
    let numbers = if matches!(bytes, 16 | 24) {
        if u32_at(block, 0) != DESCRIPTOR {
            return Err(Refused("what follows an entry of it cannot be read"));
        }
        &block[4..]
    } else {
        block
    };
    let (packed, size) = if numbers.len() == 12 {
        (u64::from(u32_at(numbers, 4)), u64::from(u32_at(numbers, 8)))
    } else {
        (u64_at(numbers, 4), u64_at(numbers, 12))
    };
    if u32_at(numbers, 0) == entry.crc && packed == entry.packed_bytes && size == entry.size_bytes {
        Ok(())
    } else {
        Err(Refused(
            "what follows an entry of it differs from its directory",
        ))
    }
}

fn read_at<const N: usize, R: Read + Seek + ?Sized>(archive: &mut R, at: u64) -> Result<[u8; N]> {
    let mut block = [0; N];
    archive.seek(SeekFrom::Start(at))?;
    archive.read_exact(&mut block)?;
    Ok(block)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
pub(crate) mod writer;

#[cfg(test)]
mod tests;
