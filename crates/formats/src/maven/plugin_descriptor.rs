//! The descriptor in a plugin's jar, `META-INF/maven/plugin.xml` (Maven's "Plugin Descriptor" page): the prefix by which
//! its goals are called.
//!
//! Of the archive (APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16) only the one member is read, within limits.
//! Anything unusual about it means that there is no descriptor: then the prefix follows from the artifact's name.

use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::xml::{MOST_BYTES, read as read_xml};

const MEMBER: &[u8] = b"META-INF/maven/plugin.xml";
const END_RECORD: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";
const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
/// The record at the end has 22 bytes and may be followed by a comment.
const MOST_TAIL_BYTES: u64 = 4 << 10;
const MOST_DIRECTORY_BYTES: u64 = 8 << 20;
const MOST_PREFIX: usize = 100;

/// The prefix that the descriptor in a jar names.
pub(super) fn goal_prefix<B: Read + Seek + ?Sized>(jar: &mut B) -> Option<String> {
    let descriptor = member(jar)?;
    let plugin = read_xml(&descriptor, "plugin").ok()?;
    let prefix = plugin.text_of("goalPrefix")?;
    let is_good = prefix.len() <= MOST_PREFIX
        && prefix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_good.then(|| prefix.to_owned())
}

/// The prefix that a plugin has when nobody says otherwise: its name without `maven` and `plugin`.
pub(super) fn conventional_prefix(artifact: &str) -> String {
    if artifact == "maven-plugin-plugin" {
        return "plugin".to_owned();
    }
    without(&without(artifact, "maven"), "plugin")
}

/// The text without every occurrence of a word and the hyphens beside it.
fn without(text: &str, word: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before.strip_suffix('-').unwrap_or(before));
        rest = after.strip_prefix('-').unwrap_or(after);
    }
    out.push_str(rest);
    out
}

fn member<B: Read + Seek + ?Sized>(jar: &mut B) -> Option<Vec<u8>> {
    let length = jar.seek(SeekFrom::End(0)).ok()?;
    let tail_bytes = length.min(MOST_TAIL_BYTES);
    let tail = read_at(jar, length - tail_bytes, tail_bytes)?;
    let end = tail
        .windows(END_RECORD.len())
        .rposition(|window| window == END_RECORD)?;
    let directory_bytes = u64::from(u32_at(&tail, end + 12)?);
    let directory_at = u64::from(u32_at(&tail, end + 16)?);
    if directory_bytes > MOST_DIRECTORY_BYTES {
        return None;
    }
    let directory = read_at(jar, directory_at, directory_bytes)?;
    let (method, packed_bytes, header_at) = find_entry(&directory)?;
    let header = read_at(jar, header_at, 30)?;
    if packed_bytes > MOST_BYTES as u64 || !header.starts_with(&LOCAL_HEADER) {
        return None;
    }
    let names_bytes = u64::from(u16_at(&header, 26)?) + u64::from(u16_at(&header, 28)?);
    let packed = read_at(jar, header_at + 30 + names_bytes, packed_bytes)?;
    match method {
        0 => Some(packed),
        8 => {
            let mut plain = Vec::new();
            // One byte more than can be read as XML, so that a longer one is refused there.
            let mut unpacked = DeflateDecoder::new(&packed[..]).take(MOST_BYTES as u64 + 1);
            unpacked.read_to_end(&mut plain).ok()?;
            Some(plain)
        }
        _ => None,
    }
}

/// Method, packed size and place of the member.
fn find_entry(directory: &[u8]) -> Option<(u16, u64, u64)> {
    let mut at = 0;
    while directory.get(at..at + 4)? == DIRECTORY_ENTRY {
        let name_bytes = usize::from(u16_at(directory, at + 28)?);
        if directory.get(at + 46..at + 46 + name_bytes)? == MEMBER {
            let packed_bytes = u64::from(u32_at(directory, at + 20)?);
            let header_at = u64::from(u32_at(directory, at + 42)?);
            return Some((u16_at(directory, at + 10)?, packed_bytes, header_at));
        }
        let more_bytes =
            usize::from(u16_at(directory, at + 30)?) + usize::from(u16_at(directory, at + 32)?);
        at += 46 + name_bytes + more_bytes;
    }
    None
}

fn read_at<B: Read + Seek + ?Sized>(jar: &mut B, at: u64, bytes: u64) -> Option<Vec<u8>> {
    jar.seek(SeekFrom::Start(at)).ok()?;
    let mut found = Vec::new();
    jar.take(bytes).read_to_end(&mut found).ok()?;
    (found.len() as u64 == bytes).then_some(found)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{Cursor, Write as _};

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// A jar with one member.
    pub(crate) fn jar_with(name: &[u8], content: &[u8], packed: bool) -> Vec<u8> {
        let body = if packed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let name_bytes = u16::try_from(name.len()).unwrap().to_le_bytes();
        let method = if packed { 8_u16 } else { 0 }.to_le_bytes();
        let lengths = [
            [0; 4],
            u32::try_from(body.len()).unwrap().to_le_bytes(),
            u32::try_from(content.len()).unwrap().to_le_bytes(),
        ]
        .concat();
        let mut jar = LOCAL_HEADER.to_vec();
        jar.extend([[20, 0], [0, 0], method, [0, 0], [0, 0]].concat());
        jar.extend(&lengths);
        jar.extend([name_bytes, [0, 0]].concat());
        jar.extend(name);
        jar.extend(&body);
        let directory_at = u32::try_from(jar.len()).unwrap();
        let mut directory = DIRECTORY_ENTRY.to_vec();
        directory.extend([[20, 0], [20, 0], [0, 0], method, [0, 0], [0, 0]].concat());
        directory.extend(&lengths);
        directory.extend(name_bytes);
        directory.extend([0; 16]);
        directory.extend(name);
        jar.extend(&directory);
        jar.extend(END_RECORD);
        jar.extend([0; 4]);
        jar.extend([[1, 0], [1, 0]].concat());
        jar.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        jar.extend(directory_at.to_le_bytes());
        jar.extend([0; 2]);
        jar
    }

    #[test]
    fn the_prefix_is_read_out_of_a_jar() {
        let descriptor = b"<plugin><goalPrefix>acme</goalPrefix><mojos/></plugin>";
        for packed in [true, false] {
            let jar = jar_with(MEMBER, descriptor, packed);
            assert_eq!(goal_prefix(&mut Cursor::new(jar)).as_deref(), Some("acme"));
        }
        let other = jar_with(b"META-INF/MANIFEST.MF", b"x", true);
        assert_eq!(goal_prefix(&mut Cursor::new(other)), None);
    }

    #[test]
    fn u02_u03_jars_that_lie_about_themselves_have_no_descriptor() {
        let good = jar_with(
            MEMBER,
            b"<plugin><goalPrefix>acme</goalPrefix></plugin>",
            true,
        );
        for cut in 0..good.len() - 2 {
            assert_eq!(goal_prefix(&mut Cursor::new(&good[..cut])), None, "{cut}");
        }
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 0xff;
            // Whatever is found, it ends and does not fail.
            goal_prefix(&mut Cursor::new(bad));
        }
        let bomb = jar_with(MEMBER, &vec![b' '; 64 << 20], true);
        assert_eq!(goal_prefix(&mut Cursor::new(bomb)), None);
        let odd = jar_with(
            MEMBER,
            b"<plugin><goalPrefix>a&#10;b</goalPrefix></plugin>",
            true,
        );
        assert_eq!(goal_prefix(&mut Cursor::new(odd)), None);
    }

    #[test]
    fn without_a_descriptor_the_name_of_the_artifact_decides() {
        for (artifact, prefix) in [
            ("maven-jar-plugin", "jar"),
            ("acme-maven-plugin", "acme"),
            ("maven-plugin-plugin", "plugin"),
            ("versions-maven-plugin", "versions"),
            ("acme", "acme"),
        ] {
            assert_eq!(conventional_prefix(artifact), prefix);
        }
    }
}
