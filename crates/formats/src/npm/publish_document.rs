//! Taking the document of `npm publish` apart while it arrives.
//!
//! The document is one JSON object that holds the tarball as base64 somewhere in it. Here the bytes of the tarball are
//! decoded as they come, wherever they stand, and the rest is kept, bounded, to be read as JSON when it is whole: the
//! same document with an empty string in the tarball's place. Only what is needed to find that string is understood
//! here; whether the document is well-formed is decided by whoever reads the rest.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use model::{Error, InvalidReason, Result};

/// Deeper documents are refused.
const DEPTH: usize = 100;

/// The last quad of base64 may be padded, and some clients leave the padding out.
const LAST_QUAD: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const QUADS: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// What has been found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The bytes of the attachment of this name follow.
    Begin(String),
    /// Some of them.
    Data(Bytes),
    /// These were all.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between strings.
    Structure,
    /// In a string that is kept; after a backslash or not.
    Text { escaped: bool, is_key: bool },
    /// In the string that holds a tarball; after a backslash or not.
    Tarball { escaped: bool },
}

/// A document on its way in.
#[derive(Debug)]
pub(super) struct DocumentScanner {
    rest: Vec<u8>,
    rest_limit_bytes: usize,
    state: State,
    /// The closing brackets that are due.
    open: Vec<u8>,
    expects_key: bool,
    /// Where the present string begins in `rest`.
    text_start: usize,
    /// The present key of each of the outer three levels, where that level is an object.
    keys: [Option<String>; 3],
    decoder: Base64Decoder,
}

impl DocumentScanner {
    pub(super) const fn new(rest_limit_bytes: usize) -> Self {
        Self {
            rest: Vec::new(),
            rest_limit_bytes,
            state: State::Structure,
            open: Vec::new(),
            expects_key: false,
            text_start: 0,
            keys: [None, None, None],
            decoder: Base64Decoder::new(),
        }
    }

    /// Takes the next bytes of the document; gives what they hold of tarballs.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Structure => self.structure(bytes, &mut pieces)?,
                State::Text { escaped, is_key } => self.text(bytes, escaped, is_key)?,
                State::Tarball { escaped } => self.tarball(bytes, escaped, &mut pieces)?,
            };
        }
        Ok(pieces)
    }

    /// The document without the bytes of its tarballs.
    pub(super) fn finish(self) -> Result<String> {
        if self.state != State::Structure || !self.open.is_empty() {
            return Err(refuse("it ends too early"));
        }
        String::from_utf8(self.rest).map_err(|_| refuse("it is not UTF-8"))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<()> {
        if self.rest.len() + bytes.len() > self.rest_limit_bytes {
            let limit = self.rest_limit_bytes;
            let message = format!(
                "The document without its tarball is larger than the limit of {limit} bytes."
            );
            return Err(Error::too_large(message));
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Up to and with the next quote.
    fn structure<'b>(&mut self, bytes: &'b [u8], pieces: &mut Vec<Piece>) -> Result<&'b [u8]> {
        let quote = bytes.iter().position(|b| *b == b'"');
        let (before, after) = bytes.split_at(quote.unwrap_or(bytes.len()));
        for byte in before {
            self.bracket(*byte)?;
        }
        self.keep(before)?;
        let Some(after) = after.get(1..) else {
            return Ok(&[]);
        };
        let is_key = self.expects_key;
        if !is_key && let Some(attachment) = self.tarball_of() {
            pieces.push(Piece::Begin(attachment));
            self.keep(b"\"\"")?;
            self.state = State::Tarball { escaped: false };
        } else {
            self.text_start = self.rest.len();
            self.keep(b"\"")?;
            self.state = State::Text {
                escaped: false,
                is_key,
            };
        }
        Ok(after)
    }

    fn bracket(&mut self, byte: u8) -> Result<()> {
        match byte {
            b'{' | b'[' => {
                if self.open.len() == DEPTH {
                    return Err(refuse("it is nested too deeply"));
                }
                // A new level has no key yet, and an array never has one.
                if let Some(key) = self.keys.get_mut(self.open.len()) {
                    *key = None;
                }
                self.open.push(if byte == b'{' { b'}' } else { b']' });
                self.expects_key = byte == b'{';
            }
            b'}' | b']' => {
                if self.open.pop() != Some(byte) {
                    return Err(refuse("its brackets do not match"));
                }
                self.expects_key = false;
            }
            b',' => self.expects_key = self.open.last() == Some(&b'}'),
            b':' => self.expects_key = false,
            _ => {}
        }
        Ok(())
    }

    /// The attachment whose tarball a string at this place is.
    fn tarball_of(&self) -> Option<String> {
        match &self.keys {
            [Some(top), Some(attachment), Some(member)]
                if self.open.len() == 3
                    && top == "_attachments"
                    && member == "data"
                    && is_tarball(attachment) =>
            {
                Some(attachment.clone())
            }
            _ => None,
        }
    }

    /// Up to and with the quote that ends the string.
    fn text<'b>(&mut self, bytes: &'b [u8], escaped: bool, is_key: bool) -> Result<&'b [u8]> {
        if escaped {
            self.keep(&bytes[..1])?;
            self.state = State::Text {
                escaped: false,
                is_key,
            };
            return Ok(&bytes[1..]);
        }
        let Some(end) = bytes.iter().position(|b| matches!(b, b'"' | b'\\')) else {
            self.keep(bytes)?;
            return Ok(&[]);
        };
        self.keep(&bytes[..=end])?;
        if bytes[end] == b'\\' {
            self.state = State::Text {
                escaped: true,
                is_key,
            };
        } else {
            self.state = State::Structure;
            if is_key
                && let Some(key) = self
                    .open
                    .len()
                    .checked_sub(1)
                    .and_then(|level| self.keys.get_mut(level))
            {
                // Read as JSON: a key may be spelled with escapes.
                let text = &self.rest[self.text_start..];
                *key = Some(
                    serde_json::from_slice(text)
                        .map_err(|_| refuse("a key in it cannot be read"))?,
                );
            }
        }
        Ok(&bytes[end + 1..])
    }

    /// Up to and with the quote that ends the tarball.
    fn tarball<'b>(
        &mut self,
        bytes: &'b [u8],
        escaped: bool,
        pieces: &mut Vec<Piece>,
    ) -> Result<&'b [u8]> {
        if escaped {
            // The one character of base64 that some writers escape.
            if bytes[0] != b'/' {
                return Err(not_base64());
            }
            self.decoder.feed(b"/", pieces)?;
            self.state = State::Tarball { escaped: false };
            return Ok(&bytes[1..]);
        }
        let end = bytes.iter().position(|b| matches!(b, b'"' | b'\\'));
        self.decoder
            .feed(&bytes[..end.unwrap_or(bytes.len())], pieces)?;
        let Some(end) = end else { return Ok(&[]) };
        if bytes[end] == b'\\' {
            self.state = State::Tarball { escaped: true };
        } else {
            self.decoder.finish(pieces)?;
            pieces.push(Piece::End);
            self.state = State::Structure;
        }
        Ok(&bytes[end + 1..])
    }
}

/// Whether an attachment is a tarball by its name. Others (a provenance bundle) are JSON as text.
pub(super) fn is_tarball(attachment: &str) -> bool {
    attachment.ends_with(".tgz")
}

/// Base64 that arrives in pieces of any size.
#[derive(Debug)]
struct Base64Decoder {
    /// The last one to four characters: they may be the padded end.
    held: Vec<u8>,
}

impl Base64Decoder {
    const fn new() -> Self {
        Self { held: Vec::new() }
    }

    fn feed(&mut self, text: &[u8], pieces: &mut Vec<Piece>) -> Result<()> {
        let total = self.held.len() + text.len();
        // Whole quads, except the last one.
        let ready = total.saturating_sub(1) / 4 * 4;
        if ready == 0 {
            self.held.extend_from_slice(text);
            return Ok(());
        }
        let mut decoded = Vec::with_capacity(ready / 4 * 3 + 3);
        let missing = if self.held.is_empty() {
            0
        } else {
            4 - self.held.len()
        };
        let (first, text) = text.split_at(missing);
        if !self.held.is_empty() {
            self.held.extend_from_slice(first);
            QUADS
                .decode_vec(&self.held, &mut decoded)
                .map_err(|_| not_base64())?;
            self.held.clear();
        }
        let (quads, last) = text.split_at(text.len().saturating_sub(1) / 4 * 4);
        QUADS
            .decode_vec(quads, &mut decoded)
            .map_err(|_| not_base64())?;
        self.held.extend_from_slice(last);
        pieces.push(Piece::Data(decoded.into()));
        Ok(())
    }

    fn finish(&mut self, pieces: &mut Vec<Piece>) -> Result<()> {
        let decoded = LAST_QUAD.decode(&self.held).map_err(|_| not_base64())?;
        self.held.clear();
        if !decoded.is_empty() {
            pieces.push(Piece::Data(decoded.into()));
        }
        Ok(())
    }
}

fn not_base64() -> Error {
    refuse("the data of its attachment is not base64")
}

fn refuse(reason: &str) -> Error {
    let message = format!("The document cannot be read: {reason}.");
    Error::invalid(InvalidReason::CannotParse, message)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use model::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    /// What a document comes to: the rest, and each tarball's name and bytes.
    type Outcome = Result<(String, Vec<(String, Vec<u8>)>), ErrorKind>;

    fn scan<'b>(chunks: impl IntoIterator<Item = &'b [u8]>) -> Outcome {
        let mut scanner = DocumentScanner::new(10_000);
        let mut tarballs: Vec<(String, Vec<u8>)> = Vec::new();
        let mut ended = true;
        for chunk in chunks {
            for piece in scanner.feed(chunk).map_err(|error| error.kind)? {
                match piece {
                    Piece::Begin(name) => {
                        assert!(std::mem::replace(&mut ended, false));
                        tarballs.push((name, Vec::new()));
                    }
                    Piece::Data(bytes) => tarballs.last_mut().unwrap().1.extend_from_slice(&bytes),
                    Piece::End => assert!(!std::mem::replace(&mut ended, true)),
                }
            }
        }
        Ok((scanner.finish().map_err(|error| error.kind)?, tarballs))
    }

    fn document(bytes: &[u8]) -> String {
        let data = STANDARD.encode(bytes);
        format!(
            r#" {{"_id":"a","n\"{{":[{{"_attachments":{{"x.tgz":{{"data":"!!"}}}}}}, 1.5e3, "}}\\"],
              "_attachments": {{"a-1.sigstore":{{"data":"{{\"x\":1}}","length":7}},
                "a-1.0.0.tgz":{{"content_type":"x","data" : "{data}","length":{}}}}}, "z":"\u00e9"}} "#,
            bytes.len()
        )
    }

    #[test]
    fn the_tarball_is_decoded_and_the_rest_is_kept() {
        let text = document(b"some bytes");
        let (rest, tarballs) = scan([text.as_bytes()]).unwrap();
        assert_eq!(
            tarballs,
            [("a-1.0.0.tgz".to_owned(), b"some bytes".to_vec())]
        );
        assert_eq!(rest, text.replace(&STANDARD.encode(b"some bytes"), ""));
        assert!(serde_json::from_str::<serde_json::Value>(&rest).is_ok());
    }

    proptest! {
        #[test]
        fn any_split_of_the_body_gives_the_same_result(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::vec(0_usize..800, 0..40),
        ) {
            let text = document(&bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]);
            let (rest, tarballs) = scan(chunks).unwrap();
            prop_assert_eq!(tarballs, vec![("a-1.0.0.tgz".to_owned(), bytes)]);
            prop_assert_eq!(rest, scan([text.as_bytes()]).unwrap().0);
        }

        #[test]
        fn no_bytes_make_the_scanner_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let whole = scan([&bytes[..]]);
            let single = scan(bytes.chunks(1));
            prop_assert_eq!(whole, single);
        }
    }

    #[test]
    fn keys_are_read_as_json_and_tarballs_may_have_escaped_slashes() {
        let text = r#"{"\u005fattachments":{"a\u002etgz":{"d\u0061ta":"\/\/8="}}}"#;
        assert_eq!(
            scan([text.as_bytes()]).unwrap().1,
            [("a.tgz".to_owned(), vec![255, 255])]
        );
        let unpadded = r#"{"_attachments":{"a.tgz":{"data":"//8"}}}"#;
        assert_eq!(
            scan([unpadded.as_bytes()]).unwrap().1,
            [("a.tgz".to_owned(), vec![255, 255])]
        );
    }

    #[test]
    fn only_the_data_of_a_named_attachment_is_a_tarball() {
        for text in [
            r#"{"_attachments":{"a.tgz":"AAAA"}}"#,
            r#"{"_attachments":{"a.tgz":{"data":{"data":"AAAA"}}}}"#,
            r#"{"_attachments":{"a.tgz":{"data":["AAAA"]}}}"#,
            r#"{"_attachments":[{"a.tgz":{"data":"AAAA"}}]}"#,
            r#"{"_attachments":{"a.tgz":{"length":"AAAA","data":null}}}"#,
            r#"{"x":{"a.tgz":{"data":"AAAA"}}}"#,
            r#"[{"_attachments":{"a.tgz":{"data":"AAAA"}}}]"#,
            r#"{"a":{"_attachments":{"a.tgz":{"data":"AAAA"}}}}"#,
        ] {
            let (rest, tarballs) = scan([text.as_bytes()]).unwrap();
            assert_eq!((rest.as_str(), tarballs.len()), (text, 0));
        }
    }

    #[test]
    fn f_npm_3_garbage_in_place_of_base64_is_refused() {
        for data in [
            "!",
            "AAA=A",
            "====",
            "A",
            "AAAA=",
            "AA AA",
            "AA\\nAA",
            "AA\\u0041",
            "AB==x",
            "é",
            "-_-_",
        ] {
            let text = format!(r#"{{"_attachments":{{"a.tgz":{{"data":"{data}"}}}}}}"#);
            for chunks in [vec![text.as_bytes()], text.as_bytes().chunks(1).collect()] {
                assert!(matches!(scan(chunks), Err(ErrorKind::Invalid(_))), "{data}");
            }
        }
    }

    #[test]
    fn u07_u12_documents_that_are_cut_or_odd_are_refused() {
        let text = document(b"bytes");
        let end = text.trim_end().len();
        for cut in 0..end - 1 {
            assert!(
                scan([&text.as_bytes()[..cut]]).is_err() || text[..cut].trim().is_empty(),
                "{cut}"
            );
        }
        let deep = "[".repeat(100_000);
        for bad in ["{]", "}", "[}", r#"{"a":1}}"#, "\"", "{\"\\", &deep] {
            assert!(scan([bad.as_bytes()]).is_err(), "{bad:.20}");
        }
        assert!(scan([b"{\"\xff\":1}".as_slice()]).is_err());
    }

    #[test]
    fn u11_what_is_kept_is_bounded_and_what_is_decoded_is_not() {
        let fill = "x".repeat(20_000);
        let kept = format!(r#"{{"readme":"{fill}"}}"#);
        assert_eq!(scan([kept.as_bytes()]), Err(ErrorKind::TooLarge));
        let text = document(&[7; 50_000]);
        assert_eq!(
            scan(text.as_bytes().chunks(1000)).unwrap().1[0].1.len(),
            50_000
        );
    }
}
