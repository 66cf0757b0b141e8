//! Reading one small member of a zip archive that lies on this host.
//!
//! Not for archives from outside: it knows the two methods that build tools use and nothing of zip64 or encryption, and
//! gives `None` for anything else. See APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

const END_RECORD: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";
const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
/// The end record is 22 bytes and may be followed by a comment; build tools write none or a short one.
const TAIL_BYTES: u64 = 4096;
const MOST_DIRECTORY_BYTES: u64 = 8 << 20;
const MOST_MEMBER_BYTES: u64 = 1 << 20;

/// The text of a member.
pub(super) fn read_member(archive: &Path, member: &str) -> Option<String> {
    let mut file = File::open(archive).ok()?;
    let length = file.metadata().ok()?.len();
    let tail = read_at(
        &mut file,
        length.saturating_sub(TAIL_BYTES),
        TAIL_BYTES.min(length),
    )?;
    let end = tail.windows(4).rposition(|window| window == END_RECORD)?;
    let (directory_bytes, directory_at) = (
        u64::from(u32_at(&tail, end + 12)?),
        u64::from(u32_at(&tail, end + 16)?),
    );
    if directory_bytes > MOST_DIRECTORY_BYTES {
        return None;
    }
    let directory = read_at(&mut file, directory_at, directory_bytes)?;
    let (method, packed_bytes, header_at) = find_entry(&directory, member.as_bytes())?;
    let header = read_at(&mut file, header_at, 30)?;
    if packed_bytes > MOST_MEMBER_BYTES || !header.starts_with(&LOCAL_HEADER) {
        return None;
    }
    let names_bytes = u64::from(u16_at(&header, 26)?) + u64::from(u16_at(&header, 28)?);
    let packed = read_at(&mut file, header_at + 30 + names_bytes, packed_bytes)?;
    let plain = match method {
        0 => packed,
        8 => {
            let mut plain = Vec::new();
            flate2::read::DeflateDecoder::new(&packed[..])
                .take(MOST_MEMBER_BYTES)
                .read_to_end(&mut plain)
                .ok()?;
            plain
        }
        _ => return None,
    };
    String::from_utf8(plain).ok()
}

/// Method, packed size and place of the local header.
fn find_entry(directory: &[u8], member: &[u8]) -> Option<(u16, u64, u64)> {
    let mut at = 0;
    while directory.get(at..at + 4)? == DIRECTORY_ENTRY {
        let name_bytes = usize::from(u16_at(directory, at + 28)?);
        let more_bytes =
            usize::from(u16_at(directory, at + 30)?) + usize::from(u16_at(directory, at + 32)?);
        if directory.get(at + 46..at + 46 + name_bytes)? == member {
            let header_at = u64::from(u32_at(directory, at + 42)?);
            return Some((
                u16_at(directory, at + 10)?,
                u64::from(u32_at(directory, at + 20)?),
                header_at,
            ));
        }
        at += 46 + name_bytes + more_bytes;
    }
    None
}

fn read_at(file: &mut File, at: u64, bytes: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut buffer = vec![0; usize::try_from(bytes).ok()?];
    file.read_exact(&mut buffer).ok()?;
    Some(buffer)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..at + 2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)
        .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// A zip archive with one deflated member.
    pub(crate) fn archive_with(member: &str, text: &str) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let name_bytes = u16::try_from(member.len()).unwrap().to_le_bytes();
        let (packed_bytes, plain_bytes) = (packed.len() as u32, text.len() as u32);
        let sizes = [
            [0; 4],
            packed_bytes.to_le_bytes(),
            plain_bytes.to_le_bytes(),
        ]
        .concat();
        let mut zip = Vec::new();
        zip.extend(
            [
                &LOCAL_HEADER[..],
                &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0],
                &sizes,
                &name_bytes,
                &[0, 0],
            ]
            .concat(),
        );
        zip.extend(member.as_bytes());
        zip.extend(&packed);
        let directory_at = zip.len() as u32;
        let head = [
            &DIRECTORY_ENTRY[..],
            &[20, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0],
            &sizes,
            &name_bytes,
        ]
        .concat();
        let entry = [&head[..], &[0; 16], member.as_bytes()].concat();
        zip.extend(&entry);
        let end = [
            &END_RECORD[..],
            &[0, 0, 0, 0, 1, 0, 1, 0],
            &(entry.len() as u32).to_le_bytes(),
        ]
        .concat();
        zip.extend([&end[..], &directory_at.to_le_bytes(), &[0, 0]].concat());
        zip
    }

    #[test]
    fn a_member_is_found_by_its_name_and_unpacked() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.jar");
        std::fs::write(&path, archive_with("org/x/pom.xml", "<project/>")).unwrap();
        assert_eq!(
            read_member(&path, "org/x/pom.xml").as_deref(),
            Some("<project/>")
        );
        assert_eq!(read_member(&path, "org/x/other.xml"), None);
    }

    #[test]
    fn what_is_not_an_archive_gives_nothing() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.jar");
        let whole = archive_with("a", "text");
        for length in [0, 3, 30, whole.len() - 10] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(read_member(&path, "a"), None, "{length}");
        }
        assert_eq!(read_member(&folder.path().join("none"), "a"), None);
    }
}
