//! Archives for tests, byte by byte, so that they can be wrong in every place.

use std::io::Write as _;

use flate2::Crc;
use flate2::write::DeflateEncoder;

/// A member of an archive: how its header and its entry of the directory are written.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    /// The name in the header, where it is another one.
    pub(crate) header_name: Option<Vec<u8>>,
    pub(crate) content: Vec<u8>,
    pub(crate) deflated: bool,
    pub(crate) flags: u16,
    /// What stands behind the content.
    pub(crate) behind: Vec<u8>,
    /// The size that the directory says, where it is another one.
    pub(crate) said_bytes: Option<u32>,
    pub(crate) extra: Vec<u8>,
    /// The mode of the file on Unix.
    pub(crate) unix_mode: u16,
}

impl Member {
    pub(crate) fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            header_name: None,
            content: content.into(),
            deflated: true,
            flags: 0,
            behind: Vec::new(),
            said_bytes: None,
            extra: Vec::new(),
            unix_mode: 0,
        }
    }

    /// A symbolic link.
    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self {
            unix_mode: 0o120_777,
            ..Self::new(name, target)
        }
    }

    fn packed(&self) -> Vec<u8> {
        if !self.deflated {
            return self.content.clone();
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&self.content).unwrap();
        encoder.finish().unwrap()
    }

    pub(crate) fn crc(&self) -> u32 {
        let mut crc = Crc::new();
        crc.update(&self.content);
        crc.sum()
    }

    /// The same with its sizes behind its content, as writers to a pipe have them.
    pub(crate) fn with_sizes_behind(mut self) -> Self {
        self.flags |= 8;
        self.behind = [
            0x0807_4b50_u32.to_le_bytes(),
            self.crc().to_le_bytes(),
            (self.packed().len() as u32).to_le_bytes(),
            (self.content.len() as u32).to_le_bytes(),
        ]
        .concat();
        self
    }

    fn numbers(&self, blank: bool) -> Vec<u8> {
        let size = self.said_bytes.unwrap_or(self.content.len() as u32);
        let numbers = if blank {
            [0; 3]
        } else {
            [self.crc(), self.packed().len() as u32, size]
        };
        numbers.map(u32::to_le_bytes).concat()
    }
}

/// The bytes of an archive.
pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = out.len() as u32;
        let packing: u16 = if member.deflated { 8 } else { 0 };
        let shared = |numbers: Vec<u8>, name: &[u8]| {
            let mut shared = Vec::new();
            shared.extend_from_slice(&20_u16.to_le_bytes());
            shared.extend_from_slice(&member.flags.to_le_bytes());
            shared.extend_from_slice(&packing.to_le_bytes());
            shared.extend_from_slice(&[0; 4]);
            shared.extend_from_slice(&numbers);
            shared.extend_from_slice(&(name.len() as u16).to_le_bytes());
            shared.extend_from_slice(&(member.extra.len() as u16).to_le_bytes());
            shared
        };
        let header_name = member.header_name.as_ref().unwrap_or(&member.name);
        out.extend_from_slice(&0x0403_4b50_u32.to_le_bytes());
        out.extend(shared(member.numbers(member.flags & 8 != 0), header_name));
        out.extend_from_slice(header_name);
        out.extend_from_slice(&member.extra);
        out.extend(member.packed());
        out.extend_from_slice(&member.behind);
        directory.extend_from_slice(&0x0201_4b50_u32.to_le_bytes());
        directory.extend_from_slice(&20_u16.to_le_bytes());
        directory.extend(shared(member.numbers(false), &member.name));
        directory.extend_from_slice(&[0; 8]);
        directory.extend_from_slice(&member.unix_mode.to_le_bytes());
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(&member.name);
        directory.extend_from_slice(&member.extra);
    }
    let (at, bytes, count) = (
        out.len() as u32,
        directory.len() as u32,
        members.len() as u16,
    );
    out.extend(directory);
    out.extend_from_slice(&0x0605_4b50_u32.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}
