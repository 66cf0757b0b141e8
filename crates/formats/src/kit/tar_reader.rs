//! Entries of an unpacked tar archive one after the other, within bounds, for what reads an archive once and whole.
//!
//! An archive that is read while it arrives is another matter. What the blocks mean is said in [`crate::kit::tar`].

use std::io::{self, Read};

use crate::kit::tar::{Attributes, BLOCK_BYTES, Block, Header, Kind, TarFault};

const ATTRIBUTES_BYTES: u64 = 1 << 20;

/// An archive being read, entry by entry.
pub(crate) struct TarReader<R> {
    unpacked: R,
    left_bytes: u64,
    attributes: Attributes,
    long_name: Option<Vec<u8>>,
}

fn refused<T>(fault: &'static str) -> Result<T, TarFault> {
    Err(TarFault(fault))
}

impl<R: Read> TarReader<R> {
    /// Reads an archive that may have so many bytes.
    pub(crate) fn new(unpacked: R, allowed_bytes: u64) -> Self {
        Self {
            unpacked,
            left_bytes: allowed_bytes,
            attributes: Attributes::default(),
            long_name: None,
        }
    }

    /// What the archive is read from.
    pub(crate) fn into_inner(self) -> R {
        self.unpacked
    }

    /// The next entry that is no mere attribute of another. Its content has to be taken or skipped. Behind the last one
    /// everything has been read.
    pub(crate) fn next(&mut self) -> Result<Option<Header>, TarFault> {
        loop {
            let Some(block) = self.block()? else {
                return Ok(None);
            };
            if block.iter().all(|b| *b == 0) {
                self.check_end()?;
                return Ok(None);
            }
            let header = Header::read(&block)?;
            match header.kind {
                Kind::Attributes => {
                    let records = self.content(header.size_bytes, ATTRIBUTES_BYTES)?;
                    self.attributes = Attributes::read(&records)?;
                }
                Kind::GlobalAttributes => {
                    let records = self.content(header.size_bytes, ATTRIBUTES_BYTES)?;
                    if Attributes::read(&records)? != Attributes::default() {
                        return refused("attributes in it change all that follows");
                    }
                }
                Kind::LongName => {
                    let mut name = self.content(header.size_bytes, ATTRIBUTES_BYTES)?;
                    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
                    name.truncate(end);
                    self.long_name = Some(name);
                }
                Kind::File | Kind::Link | Kind::Directory | Kind::Other => {
                    return self.entry(header).map(Some);
                }
            }
        }
    }

    fn entry(&mut self, header: Header) -> Result<Header, TarFault> {
        let Attributes { path, size_bytes } = std::mem::take(&mut self.attributes);
        let long_name = self.long_name.take();
        let entry = Header {
            kind: header.kind,
            path: path.or(long_name).unwrap_or(header.path),
            size_bytes: size_bytes.unwrap_or(header.size_bytes),
        };
        if entry.size_bytes > 0 && matches!(entry.kind, Kind::Link | Kind::Directory) {
            return refused("it has a link or a directory with content");
        }
        Ok(entry)
    }

    /// A block, or nothing where the archive ends.
    fn block(&mut self) -> Result<Option<Block>, TarFault> {
        let mut block = [0; BLOCK_BYTES];
        let mut there = 0;
        while there < BLOCK_BYTES {
            match self.unpacked.read(&mut block[there..]) {
                Ok(0) if there == 0 => return Ok(None),
                Ok(0) => return refused("it ends in the middle of an entry"),
                Ok(taken) => there += taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return refused("it is not a whole gzip file"),
            }
        }
        self.count(BLOCK_BYTES as u64)?;
        Ok(Some(block))
    }

    /// What follows the first block of zeroes is zeroes.
    fn check_end(&mut self) -> Result<(), TarFault> {
        while let Some(block) = self.block()? {
            if block.iter().any(|b| *b != 0) {
                return refused("something follows its end");
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> Result<(), TarFault> {
        match self.left_bytes.checked_sub(bytes) {
            Some(left) => {
                self.left_bytes = left;
                Ok(())
            }
            None => refused("it unpacks to far more than it is"),
        }
    }

    /// Passes over an entry's content.
    pub(crate) fn skip(&mut self, size_bytes: u64) -> Result<(), TarFault> {
        let padded = padded(size_bytes)?;
        self.count(padded)?;
        let skipped = io::copy(&mut (&mut self.unpacked).take(padded), &mut io::sink());
        match skipped {
            Ok(skipped) if skipped == padded => Ok(()),
            Ok(_) => refused("it ends in the middle of an entry"),
            Err(_) => refused("it is not a whole gzip file"),
        }
    }

    /// An entry's content, which may have at most so many bytes.
    pub(crate) fn content(
        &mut self,
        size_bytes: u64,
        limit_bytes: u64,
    ) -> Result<Vec<u8>, TarFault> {
        if size_bytes > limit_bytes {
            return refused("metadata in it is too large");
        }
        let padded = padded(size_bytes)?;
        self.count(padded)?;
        let mut content = Vec::new();
        let taken = (&mut self.unpacked).take(padded).read_to_end(&mut content);
        match taken {
            Ok(taken) if taken as u64 == padded => {}
            Ok(_) => return refused("it ends in the middle of an entry"),
            Err(_) => return refused("it is not a whole gzip file"),
        }
        content.truncate(usize::try_from(size_bytes).unwrap_or(usize::MAX));
        Ok(content)
    }
}

fn padded(size_bytes: u64) -> Result<u64, TarFault> {
    match size_bytes.checked_next_multiple_of(BLOCK_BYTES as u64) {
        Some(padded) => Ok(padded),
        None => refused("a size in it cannot be"),
    }
}
