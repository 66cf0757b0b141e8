//! The body of a publish: the length of the metadata in four bytes, the metadata as JSON, the length of the crate in four
//! bytes, the crate ("Web API: Publish" in The Cargo Book). Read while it arrives; what a length says is never believed
//! before the bytes have come.

use bytes::{Buf, Bytes, BytesMut};
use model::{Error, InvalidReason, Result};

const LENGTH_BYTES: usize = 4;

/// What comes out of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// All of the metadata.
    Metadata(Bytes),
    /// How many bytes the crate has.
    CrateBegins(u64),
    /// Some bytes of the crate.
    Crate(Bytes),
}

#[derive(Debug, Clone, Copy)]
enum Expects {
    MetadataLength,
    Metadata(usize),
    CrateLength,
    Crate { left_bytes: u64 },
}

/// A frame, as far as it has come.
#[derive(Debug)]
pub(super) struct Frame {
    waiting: BytesMut,
    expects: Expects,
    metadata_limit_bytes: usize,
}

impl Frame {
    pub(super) fn new(metadata_limit_bytes: usize) -> Self {
        Self {
            waiting: BytesMut::new(),
            expects: Expects::MetadataLength,
            metadata_limit_bytes,
        }
    }

    /// Takes more bytes; [`next`](Self::next) gives what they come to.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        self.waiting.extend_from_slice(chunk);
    }

    /// The next piece; `None` when it takes more bytes to tell.
    pub(super) fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            match self.expects {
                Expects::MetadataLength => {
                    let Some(length) = self.length() else {
                        return Ok(None);
                    };
                    let limit = self.metadata_limit_bytes;
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if length > limit {
                        return Err(Error::too_large(format!(
                            "The metadata of the crate has {length} bytes; at most {limit} are taken."
                        )));
                    }
                    self.expects = Expects::Metadata(length);
                }
                Expects::Metadata(length) => {
                    if self.waiting.len() < length {
                        return Ok(None);
                    }
                    self.expects = Expects::CrateLength;
                    let metadata = self.waiting.split_to(length).freeze();
                    return Ok(Some(Piece::Metadata(metadata)));
                }
                Expects::CrateLength => {
                    let Some(length) = self.length() else {
                        return Ok(None);
                    };
                    let left_bytes = u64::from(length);
                    self.expects = Expects::Crate { left_bytes };
                    return Ok(Some(Piece::CrateBegins(left_bytes)));
                }
                Expects::Crate { left_bytes } => {
                    let there = self.waiting.len() as u64;
                    if there > left_bytes {
                        return Err(refused(
                            "something follows the crate, or its length is wrong",
                        ));
                    }
                    if there == 0 {
                        return Ok(None);
                    }
                    let left_bytes = left_bytes - there;
                    self.expects = Expects::Crate { left_bytes };
                    return Ok(Some(Piece::Crate(self.waiting.split().freeze())));
                }
            }
        }
    }

    /// The body has ended: so must the frame.
    pub(super) fn finish(&self) -> Result<()> {
        match self.expects {
            Expects::Crate { left_bytes: 0 } if self.waiting.is_empty() => Ok(()),
            Expects::Crate { .. } => Err(refused("the crate is shorter than its length says")),
            Expects::MetadataLength | Expects::Metadata(_) => {
                Err(refused("the metadata is shorter than its length says"))
            }
            Expects::CrateLength => Err(refused("it has no crate")),
        }
    }

    fn length(&mut self) -> Option<u32> {
        (self.waiting.len() >= LENGTH_BYTES).then(|| self.waiting.get_u32_le())
    }
}

fn refused(reason: &str) -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        format!("The body is not what 'cargo publish' sends: {reason}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], step: usize) -> Result<(Bytes, Vec<u8>)> {
        let mut frame = Frame::new(64);
        let (mut metadata, mut file) = (Bytes::new(), Vec::new());
        for chunk in body.chunks(step) {
            frame.feed(chunk);
            while let Some(piece) = frame.next()? {
                match piece {
                    Piece::Metadata(bytes) => metadata = bytes,
                    Piece::CrateBegins(_) => {}
                    Piece::Crate(bytes) => file.extend_from_slice(&bytes),
                }
            }
        }
        frame.finish()?;
        Ok((metadata, file))
    }

    fn frame(metadata_length: u32, metadata: &[u8], length: u32, file: &[u8]) -> Vec<u8> {
        let lengths = (metadata_length.to_le_bytes(), length.to_le_bytes());
        [&lengths.0[..], metadata, &lengths.1, file].concat()
    }

    #[test]
    fn a_frame_is_read_in_pieces_of_any_size() {
        let body = frame(2, b"{}", 5, b"crate");
        for step in 1..=body.len() {
            let (metadata, file) = read(&body, step).unwrap();
            assert_eq!((&metadata[..], &file[..]), (&b"{}"[..], &b"crate"[..]));
        }
        assert_eq!(read(&frame(0, b"", 0, b""), 3).unwrap().1, b"");
    }

    #[test]
    fn f_cr_1_lengths_that_are_wrong_are_refused_and_nothing_is_made_room_for() {
        for body in [
            Vec::new(),
            vec![1],
            frame(2, b"{}", 5, b"crat"),
            frame(2, b"{}", 4, b"crate"),
            frame(1, b"{}", 5, b"crate"),
            frame(3, b"{}", 5, b"crate"),
            frame(2, b"{}", u32::MAX, b"crate"),
            frame(u32::MAX, b"{}", 5, b"crate"),
            frame(65, &[b' '; 65], 5, b"crate"),
            b"\x02\0\0\0{}".to_vec(),
            b"\x02\0\0\0{}\x05\0\0".to_vec(),
        ] {
            for step in [1, 7, 1000] {
                assert!(read(&body, step).is_err(), "{body:?}");
            }
        }
    }
}
