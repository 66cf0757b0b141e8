//! The framing `aws-chunked`: `size;extension CRLF bytes CRLF`, again and again, a size of 0, trailers, an empty line.
//!
//! Taken off as the bytes come, with a line's worth of memory. What the framing signs is not looked at here.

use bytes::{Buf as _, Bytes};
use model::{Error, InvalidReason, Result};

use super::upload::broke_off;

/// The longest line: a size with a signature, or a trailer.
const LINE_BYTES: usize = 1024;
const TRAILERS: usize = 16;

/// A body being read out of its framing.
#[derive(Debug)]
pub(super) struct AwsChunked {
    at: At,
    line: Vec<u8>,
    declared_bytes: Option<u64>,
    decoded_bytes: u64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The end of the line behind a chunk.
    DataEnd,
    /// A trailer or the last line; so many trailers came.
    Trailer(usize),
    End,
}

impl AwsChunked {
    /// A reader; `declared_bytes` is the length without the framing, where the client said it.
    pub(super) const fn new(declared_bytes: Option<u64>) -> Self {
        Self {
            at: At::Size,
            line: Vec::new(),
            declared_bytes,
            decoded_bytes: 0,
        }
    }

    /// Takes from the front of `input` up to the next bytes of the content; `None` when all of it is taken.
    pub(super) fn feed(&mut self, input: &mut Bytes) -> Result<Option<Bytes>> {
        while !input.is_empty() {
            if let At::Data(left) = self.at {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let left = left - here as u64;
                self.at = if left == 0 {
                    At::DataEnd
                } else {
                    At::Data(left)
                };
                return Ok(Some(input.split_to(here)));
            }
            if self.take_line(input)? {
                self.end_line()?;
                self.line.clear();
            }
        }
        Ok(None)
    }

    /// Refuses a body that ended before its framing did, or that is shorter than declared.
    pub(super) fn finish(&self) -> Result<()> {
        let is_over = match self.at {
            At::End => true,
            // Some clients leave out the last, empty line.
            At::Trailer(_) => self.line.is_empty(),
            At::Size | At::Data(_) | At::DataEnd => false,
        };
        let is_whole = self
            .declared_bytes
            .is_none_or(|bytes| bytes == self.decoded_bytes);
        if is_over && is_whole {
            Ok(())
        } else {
            Err(broke_off())
        }
    }

    /// Moves bytes into the line; true when its end is reached.
    fn take_line(&mut self, input: &mut Bytes) -> Result<bool> {
        if self.at == At::End {
            return Err(malformed("there are bytes behind its last chunk"));
        }
        let end = input.iter().position(|byte| *byte == b'\n');
        let here = end.map_or(input.len(), |end| end + 1);
        if self.line.len() + here > LINE_BYTES {
            return Err(malformed("a line of it is too long"));
        }
        self.line.extend_from_slice(&input[..here]);
        input.advance(here);
        Ok(end.is_some())
    }

    fn end_line(&mut self) -> Result<()> {
        let Some(line) = self.line.strip_suffix(b"\r\n") else {
            return Err(malformed("a line of it ends without a carriage return"));
        };
        self.at = match self.at {
            At::Size => {
                let size =
                    read_size(line).ok_or_else(|| malformed("the size of a chunk is no number"))?;
                let decoded = self.decoded_bytes.saturating_add(size);
                if self.declared_bytes.is_some_and(|bytes| decoded > bytes) {
                    return Err(malformed(
                        "it has more bytes than x-amz-decoded-content-length says",
                    ));
                }
                self.decoded_bytes = decoded;
                if size == 0 {
                    At::Trailer(0)
                } else {
                    At::Data(size)
                }
            }
            At::DataEnd if line.is_empty() => At::Size,
            At::Trailer(_) if line.is_empty() => At::End,
            At::Trailer(count) if count < TRAILERS => At::Trailer(count + 1),
            At::Trailer(_) => return Err(malformed("it has too many trailers")),
            At::DataEnd | At::Data(_) | At::End => {
                return Err(malformed("a chunk is longer than its size"));
            }
        };
        Ok(())
    }
}

/// Hex digits up to the first semicolon.
fn read_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?;
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn malformed(why: &str) -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        format!("The request body is not well-formed aws-chunked: {why}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content of a body that comes in pieces of this size, or the message of its refusal.
    fn read(body: &[u8], declared: Option<u64>, piece: usize) -> Result<Vec<u8>, String> {
        let mut framing = AwsChunked::new(declared);
        let mut content = Vec::new();
        for part in body.chunks(piece) {
            let mut input = Bytes::copy_from_slice(part);
            while let Some(bytes) = framing.feed(&mut input).map_err(|error| error.message)? {
                assert!(!bytes.is_empty());
                content.extend_from_slice(&bytes);
            }
            assert!(framing.line.len() <= LINE_BYTES);
        }
        framing.finish().map_err(|error| error.message)?;
        Ok(content)
    }

    #[test]
    fn the_content_is_read_in_pieces_of_any_size() {
        let signed = b"4;chunk-signature=00ff\r\nwi\r\n\r\n00A;x\r\n0123456789\r\n0;chunk-signature=11\r\n\r\n";
        let trailing =
            b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:00\r\n\r\n";
        for piece in 1..=signed.len() {
            assert_eq!(read(signed, Some(14), piece).unwrap(), b"wi\r\n0123456789");
            assert_eq!(read(trailing, Some(3), piece).unwrap(), b"abc");
            assert_eq!(read(b"0\r\n\r\n", Some(0), piece).unwrap(), b"");
            assert_eq!(read(b"0\r\n", None, piece).unwrap(), b"");
        }
    }

    #[test]
    fn u07_a_body_that_ends_anywhere_before_its_end_is_refused() {
        let whole = b"4;s=1\r\nabcd\r\n2\r\nef\r\n0;s=2\r\n\r\n";
        for length in 0..whole.len() - 2 {
            let message = read(&whole[..length], None, 5).unwrap_err();
            assert_eq!(
                message, "The request body broke off before its end.",
                "{length}"
            );
        }
        assert!(read(whole, Some(7), 5).is_err(), "shorter than declared");
    }

    #[test]
    fn u07_malformed_framing_is_refused_with_a_bounded_memory() {
        let long_line = [b"1;".as_slice(), &[b'x'; 2000]].concat();
        let many = [b"0\r\n".as_slice(), &b"a:b\r\n".repeat(17)].concat();
        let cases: [(&[u8], &str); 12] = [
            (b"\r\n", "no number"),
            (b";s=1\r\n", "no number"),
            (b"-1\r\n", "no number"),
            (b"0x3\r\n", "no number"),
            (b"10000000000000000\r\n", "no number"),
            (b"zz\r\n", "no number"),
            (b"3\nabc", "carriage return"),
            (b"3\r\nabcd\r\n", "longer than its size"),
            (b"0\r\n\r\nmore", "behind its last chunk"),
            (b"ffffffffffffffff\r\n", "x-amz-decoded-content-length"),
            (&long_line, "too long"),
            (&many, "too many trailers"),
        ];
        for (body, why) in cases {
            for piece in [1, 7, 5000] {
                let message = read(body, Some(100), piece).unwrap_err();
                assert!(message.contains(why), "{why}: {message}");
            }
        }
    }
}
