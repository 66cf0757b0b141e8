//! The bytes of a finished stage, to be looked at before they become a blob: read from and sought in like a file.
//!
//! Each reader has its own place, so several can read at once, and none disturbs what is committed.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

/// A reader of staged bytes. It blocks. What it reads stays readable when the stage is given up.
#[derive(Debug)]
pub struct StagedBytes(Content);

#[derive(Debug)]
enum Content {
    Memory(Cursor<Bytes>),
    File {
        file: Arc<File>,
        size_bytes: u64,
        offset: u64,
    },
}

impl StagedBytes {
    pub(crate) const fn in_memory(bytes: Bytes) -> Self {
        Self(Content::Memory(Cursor::new(bytes)))
    }

    pub(crate) const fn in_file(file: Arc<File>, size_bytes: u64) -> Self {
        Self(Content::File {
            file,
            size_bytes,
            offset: 0,
        })
    }
}

impl Read for StagedBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Content::Memory(bytes) => bytes.read(buffer),
            Content::File { file, offset, .. } => {
                let read = file.read_at(buffer, *offset)?;
                *offset += read as u64;
                Ok(read)
            }
        }
    }
}

impl Seek for StagedBytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Content::Memory(bytes) => bytes.seek(to),
            Content::File {
                size_bytes, offset, ..
            } => {
                let place = match to {
                    SeekFrom::Start(place) => Some(place),
                    SeekFrom::End(by) => size_bytes.checked_add_signed(by),
                    SeekFrom::Current(by) => offset.checked_add_signed(by),
                };
                *offset = place.ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidInput, "a seek before the first byte")
                })?;
                Ok(*offset)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_a_file_read_and_seek_as_those_in_memory() {
        let all: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &all).unwrap();
        let file = Arc::new(File::open(path.path()).unwrap());
        let readers = [
            StagedBytes::in_memory(Bytes::from(all.clone())),
            StagedBytes::in_file(Arc::clone(&file), 100_000),
        ];
        for mut reader in readers {
            let mut some = [0; 3];
            assert_eq!(reader.seek(SeekFrom::End(-3)).unwrap(), 99_997);
            reader.read_exact(&mut some).unwrap();
            assert_eq!(some, all[99_997..]);
            assert_eq!(reader.read(&mut some).unwrap(), 0, "there is no more");
            assert_eq!(reader.seek(SeekFrom::Current(-50_000)).unwrap(), 50_000);
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, all[50_000..]);
            assert_eq!(reader.seek(SeekFrom::Start(0)).unwrap(), 0);
            reader.seek(SeekFrom::Current(-1)).unwrap_err();
            reader.seek(SeekFrom::End(-100_001)).unwrap_err();
            assert_eq!(reader.seek(SeekFrom::Start(1 << 40)).unwrap(), 1 << 40);
            assert_eq!(reader.read(&mut some).unwrap(), 0);
        }
    }
}
