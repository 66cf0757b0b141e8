//! Archives as package tools write them: a compressed tar, and a zip.
//!
//! Nothing of the machine or the moment is in them, so that the same entries give the same bytes. The formats are
//! described by POSIX (`pax`, ustar) and by PKWARE's APPNOTE.

use std::io::Write;

use bytes::Bytes;
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// The moment that npm gives to every file.
const PACKED_AT_SECONDS: u64 = 499_162_500;
/// The first day that a zip can name, 1980-01-01, as it writes days.
const PACKED_ON_DOS_DAY: u16 = 0b0000_0000_0010_0001;
const DEFLATED: u16 = 8;
const VERSION_NEEDED: u16 = 20;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// A tar of these paths and contents, compressed.
#[must_use]
pub fn tar_gz<P: AsRef<str>>(entries: &[(P, &[u8])]) -> Bytes {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(PACKED_AT_SECONDS);
        archive
            .append_data(&mut header, path.as_ref(), *content)
            .expect("memory takes every write, and tests use relative paths");
    }
    let compressed = archive.into_inner().and_then(GzEncoder::finish);
    compressed.expect("memory takes every write").into()
}

/// A zip of these names and contents, each compressed, in this order. Names are written as they are, even those that no
/// good zip has, and as often as they are given.
#[must_use]
pub fn zip<P: AsRef<str>>(entries: &[(P, &[u8])]) -> Bytes {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in entries {
        let offset = u32_of(archive.len());
        let name = name.as_ref().as_bytes();
        let compressed = deflated(content);
        let mut sum = Crc::new();
        sum.update(content);
        // What a local header and the directory's entry have in common.
        let mut facts = Vec::new();
        put_u16(
            &mut facts,
            &[VERSION_NEEDED, FLAGS, DEFLATED, 0, PACKED_ON_DOS_DAY],
        );
        put_u32(
            &mut facts,
            &[sum.sum(), u32_of(compressed.len()), u32_of(content.len())],
        );
        put_u16(&mut facts, &[u16_of(name.len()), 0]);

        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&facts);
        archive.extend_from_slice(name);
        archive.extend_from_slice(&compressed);

        directory.extend_from_slice(b"PK\x01\x02");
        put_u16(&mut directory, &[VERSION_NEEDED]);
        directory.extend_from_slice(&facts);
        // No comment, first disk, no attributes.
        put_u16(&mut directory, &[0, 0, 0]);
        put_u32(&mut directory, &[0, offset]);
        directory.extend_from_slice(name);
    }
    let (offset, count) = (u32_of(archive.len()), u16_of(entries.len()));
    let directory_bytes = u32_of(directory.len());
    archive.append(&mut directory);
    archive.extend_from_slice(b"PK\x05\x06");
    put_u16(&mut archive, &[0, 0, count, count]);
    put_u32(&mut archive, &[directory_bytes, offset]);
    put_u16(&mut archive, &[0]);
    archive.into()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(content).and_then(|()| encoder.finish());
    compressed.expect("memory takes every write")
}

fn put_u16(bytes: &mut Vec<u8>, values: &[u16]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put_u32(bytes: &mut Vec<u8>, values: &[u32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn u16_of(value: usize) -> u16 {
    u16::try_from(value).expect("tests make small archives")
}

fn u32_of(value: usize) -> u32 {
    u32::try_from(value).expect("tests make small archives")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    #[test]
    fn a_zip_ends_in_a_directory_that_leads_to_its_entries() {
        let first = b"print('hello')\n".repeat(20);
        let archive = zip(&[("a/one.py", &first[..]), ("two.txt", b"")]);
        let end = &archive[archive.len() - 22..];
        assert_eq!(&end[..4], b"PK\x05\x06");
        let number = |bytes: &[u8]| {
            let low_first = bytes.iter().rev();
            low_first.fold(0_usize, |value, byte| value << 8 | usize::from(*byte))
        };
        assert_eq!(number(&end[10..12]), 2);
        let directory = &archive[number(&end[16..20])..];
        assert_eq!(&directory[..4], b"PK\x01\x02");
        assert_eq!(number(&directory[24..28]), first.len());
        let local = &archive[number(&directory[42..46])..];
        assert_eq!(
            (&local[..4], &local[30..38]),
            (&b"PK\x03\x04"[..], &b"a/one.py"[..])
        );
        let compressed = &local[38..38 + number(&directory[20..24])];
        let mut content = Vec::new();
        DeflateDecoder::new(compressed)
            .read_to_end(&mut content)
            .unwrap();
        assert_eq!(content, first);
        assert_eq!(archive, zip(&[("a/one.py", &first[..]), ("two.txt", b"")]));
    }
}
