//! Forms with files (`multipart/form-data`, RFC 7578), read strictly while they arrive.
//!
//! What two readers could understand differently is refused: text before the first part or behind the last, a boundary
//! followed by something else, headers that come twice, names in more than one encoding. Content is passed on as it comes;
//! nothing of a part is kept but its head.

use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::memmem::Finder;
use model::{Error, InvalidReason, Result};

use crate::kit::body::{Body, next_chunk};

const PARTS: usize = 20_000;
const HEAD_BYTES: usize = 8 << 10;
const NAME_BYTES: usize = 256;
const FILE_NAME_BYTES: usize = 1024;

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartHead {
    /// The name of the field.
    pub(crate) name: String,
    /// The name of the file, where it is one.
    pub(crate) file_name: Option<String>,
    /// How the part says that its content is written.
    pub(crate) encoding: PartEncoding,
}

/// What a part says of its content (`Content-Transfer-Encoding`, RFC 7578, section 4.7). Content comes out as it stands:
/// whoever takes encodings decodes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PartEncoding {
    /// Nothing, or that it stands as it is.
    #[default]
    Plain,
    QuotedPrintable,
    Base64,
}

/// What comes next of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A part begins.
    Part(PartHead),
    /// Content of the part. Never empty.
    Content(Bytes),
    /// The part ends.
    PartEnd,
    /// The form ends.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first boundary.
    Start,
    /// Behind a boundary.
    Boundary,
    Head,
    Content,
    /// Behind the last boundary.
    Behind,
}

/// Takes a form apart as its bytes are fed.
#[derive(Debug)]
pub(crate) struct FormScanner {
    /// A line break, two hyphens and the boundary.
    delimiter: Finder<'static>,
    buffer: BytesMut,
    place: Place,
    parts: usize,
    takes_encodings: bool,
    is_ended: bool,
}

impl FormScanner {
    /// A scanner for forms with this boundary.
    pub(crate) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            delimiter: Finder::new(delimiter.as_bytes()).into_owned(),
            buffer: BytesMut::new(),
            place: Place::Start,
            parts: 0,
            takes_encodings: false,
            is_ended: false,
        }
    }

    /// The same, which does not refuse parts that say that they are encoded.
    pub(crate) fn taking_encodings(self) -> Self {
        Self {
            takes_encodings: true,
            ..self
        }
    }

    /// A scanner for the form that a request announces.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self> {
        let mut fields = headers.get_all(CONTENT_TYPE).iter();
        let (first, other) = (fields.next(), fields.next());
        let boundary = first
            .filter(|_| other.is_none())
            .and_then(|value| read_boundary(value.to_str().ok()?));
        match boundary {
            Some(boundary) => Ok(Self::new(boundary)),
            None => Err(refuse(
                "its content type must be multipart/form-data with a boundary",
            )),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What is next in the bytes that were fed; `None` when there have to be more.
    pub(crate) fn scan(&mut self) -> Result<Option<Event>> {
        loop {
            match self.place {
                Place::Start => {
                    // The first delimiter has no line break of its own before it.
                    let first = &self.delimiter.needle()[2..];
                    let there = self.buffer.len().min(first.len());
                    if self.buffer[..there] != first[..there] {
                        return Err(refuse("it does not begin with its boundary"));
                    }
                    if there < first.len() {
                        return Ok(None);
                    }
                    self.buffer.advance(there);
                    self.place = Place::Boundary;
                }
                Place::Boundary => match self.buffer.get(..2) {
                    None => return Ok(None),
                    Some(b"\r\n") => {
                        self.buffer.advance(2);
                        self.place = Place::Head;
                    }
                    Some(b"--") => {
                        self.buffer.advance(2);
                        self.place = Place::Behind;
                    }
                    Some(_) => return Err(refuse("a boundary is followed by something else")),
                },
                Place::Head => return self.head(),
                Place::Content => return Ok(self.content()),
                Place::Behind => {
                    let rest = &self.buffer[..];
                    if rest.len() > 2 || !b"\r\n".starts_with(rest) {
                        return Err(refuse("something follows its last boundary"));
                    }
                    let is_told = std::mem::replace(&mut self.is_ended, true);
                    return Ok((!is_told).then_some(Event::End));
                }
            }
        }
    }

    fn head(&mut self) -> Result<Option<Event>> {
        const BLANK: &[u8] = b"\r\n\r\n";
        let Some(end) = memchr::memmem::find(&self.buffer, BLANK) else {
            if self.buffer.len() > HEAD_BYTES {
                return Err(refuse("the head of a part is too long"));
            }
            return Ok(None);
        };
        if end > HEAD_BYTES {
            return Err(refuse("the head of a part is too long"));
        }
        self.parts += 1;
        if self.parts > PARTS {
            return Err(refuse("it has too many parts"));
        }
        let head = self.buffer.split_to(end);
        self.buffer.advance(BLANK.len());
        self.place = Place::Content;
        let head = read_head(&head)?;
        if head.encoding != PartEncoding::Plain && !self.takes_encodings {
            return Err(refuse("a part has a transfer encoding"));
        }
        Ok(Some(Event::Part(head)))
    }

    fn content(&mut self) -> Option<Event> {
        let delimiter_bytes = self.delimiter.needle().len();
        match self.delimiter.find(&self.buffer) {
            Some(0) => {
                self.buffer.advance(delimiter_bytes);
                self.place = Place::Boundary;
                Some(Event::PartEnd)
            }
            Some(end) => Some(Event::Content(self.buffer.split_to(end).freeze())),
            None => {
                // What could be the beginning of a delimiter has to wait.
                let safe = self.buffer.len().saturating_sub(delimiter_bytes - 1);
                (safe > 0).then(|| Event::Content(self.buffer.split_to(safe).freeze()))
            }
        }
    }

    /// Whether the form has come to its end.
    pub(crate) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// What comes next, out of a request's body.
    pub(crate) async fn next(&mut self, body: &mut Body) -> Result<Event> {
        loop {
            if let Some(event) = self.scan()? {
                return Ok(event);
            }
            match next_chunk(body).await? {
                Some(chunk) => self.feed(&chunk),
                None => return Err(refuse("it ends before its end")),
            }
        }
    }

    /// Makes sure that nothing follows the form.
    pub(crate) async fn finish(&mut self, body: &mut Body) -> Result<()> {
        while let Some(chunk) = next_chunk(body).await? {
            self.feed(&chunk);
            self.scan()?;
        }
        if self.is_ended() {
            Ok(())
        } else {
            Err(refuse("it ends before its end"))
        }
    }
}

fn refuse(reason: &str) -> Error {
    let message = format!("The form cannot be read: {reason}.");
    Error::invalid(InvalidReason::CannotParse, message)
}

/// The boundary of `multipart/form-data; boundary=...` (RFC 2046, section 5.1.1).
fn read_boundary(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').map(str::trim);
    if !parameters
        .next()?
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return None;
    }
    let mut boundary = None;
    for parameter in parameters {
        let (name, value) = parameter.split_once('=')?;
        if name.eq_ignore_ascii_case("boundary") {
            let value = match value.strip_prefix('"') {
                Some(quoted) => quoted.strip_suffix('"')?,
                None => value,
            };
            if boundary.replace(value).is_some() {
                return None;
            }
        }
    }
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    boundary.filter(|boundary| {
        (1..=70).contains(&boundary.len())
            && boundary.bytes().all(is_allowed)
            && !boundary.ends_with(' ')
    })
}

fn read_head(bytes: &[u8]) -> Result<PartHead> {
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("the head of a part is not UTF-8"))?;
    let (mut head, mut encoding) = (None, None);
    for line in text.split("\r\n") {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| refuse("the head of a part has a line that is no header field"))?;
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if name.is_empty()
            || !name.bytes().all(is_name)
            || value.contains(|c: char| c.is_control() && c != '\t')
        {
            return Err(refuse(
                "the head of a part has a line that is no header field",
            ));
        }
        if name.eq_ignore_ascii_case("content-disposition") {
            if head.replace(read_disposition(value.trim())?).is_some() {
                return Err(refuse("a part has two Content-Disposition fields"));
            }
        } else if name.eq_ignore_ascii_case("content-transfer-encoding")
            && encoding.replace(read_encoding(value.trim())?).is_some()
        {
            return Err(refuse("a part has two transfer encodings"));
        }
    }
    let head = head.ok_or_else(|| refuse("a part has no Content-Disposition field"))?;
    Ok(PartHead {
        encoding: encoding.unwrap_or_default(),
        ..head
    })
}

fn read_encoding(value: &str) -> Result<PartEncoding> {
    match value.to_ascii_lowercase().as_str() {
        "binary" | "7bit" | "8bit" => Ok(PartEncoding::Plain),
        "quoted-printable" => Ok(PartEncoding::QuotedPrintable),
        "base64" => Ok(PartEncoding::Base64),
        _ => Err(refuse("a part has an unknown transfer encoding")),
    }
}

/// `form-data; name="..."; filename="..."`
fn read_disposition(value: &str) -> Result<PartHead> {
    let bad = || refuse("the Content-Disposition field of a part cannot be read");
    let (kind, mut rest) = value.split_once(';').ok_or_else(bad)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(bad());
    }
    let (mut field, mut file, mut extended) = (None, None, None);
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(bad)?;
        let (value, after) = read_parameter(after).ok_or_else(bad)?;
        let (slot, limit) = match name.trim().to_ascii_lowercase().as_str() {
            "name" => (&mut field, NAME_BYTES),
            "filename" => (&mut file, FILE_NAME_BYTES),
            // .NET's clients send the name of a file in both notations.
            "filename*" => (&mut extended, FILE_NAME_BYTES),
            // Another spelling of the same: readers differ in which they prefer.
            "name*" => return Err(refuse("a part has a name in an extended notation")),
            _ => return Err(bad()),
        };
        if value.len() > limit || slot.replace(value.to_owned()).is_some() {
            return Err(refuse("a part has two names, or a name that is too long"));
        }
        match after.trim_start().strip_prefix(';') {
            Some(after) => rest = after,
            None if after.trim().is_empty() => break,
            None => return Err(bad()),
        }
    }
    if let Some(extended) = extended
        && file.as_deref() != read_extended(&extended).as_deref()
    {
        return Err(refuse(
            "a part has a file name in an extended notation that is not the plain one",
        ));
    }
    let name = field.filter(|name| !name.is_empty()).ok_or_else(bad)?;
    Ok(PartHead {
        name,
        file_name: file,
        encoding: PartEncoding::Plain,
    })
}

/// The value of an extended notation (RFC 8187), as far as it is in UTF-8: `utf-8''a%20b`.
fn read_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded
        .ok()
        .filter(|_| charset.eq_ignore_ascii_case("utf-8"))?;
    Some(decoded.into_owned())
}

/// A value in quotes or without, and what follows it. Escapes are read differently by everyone, so there are none.
fn read_parameter(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, after) = quoted.split_once('"')?;
        return (!value.contains('\\')).then_some((value, after));
    }
    let end = text.find(';').unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let value = value.trim_end();
    (!value.is_empty() && value.bytes().all(is_token)).then_some((value, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds pieces of this many bytes; gives the parts with their whole content.
    fn parts(form: &[u8], piece: usize) -> Result<Vec<(PartHead, Vec<u8>)>> {
        let mut scanner = FormScanner::new("b");
        let mut found: Vec<(PartHead, Vec<u8>)> = Vec::new();
        for bytes in form.chunks(piece.max(1)) {
            scanner.feed(bytes);
            while let Some(event) = scanner.scan()? {
                match event {
                    Event::Part(head) => found.push((head, Vec::new())),
                    Event::Content(bytes) => found.last_mut().unwrap().1.extend_from_slice(&bytes),
                    Event::PartEnd | Event::End => {}
                }
            }
        }
        if scanner.is_ended() {
            Ok(found)
        } else {
            Err(refuse("cut"))
        }
    }

    fn part(disposition: &str, content: &str) -> String {
        format!("--b\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n")
    }

    #[test]
    fn forms_are_read_in_pieces_of_any_size() {
        let content = "line\r\n--\r\n--a\r\n-\r\r\n";
        let form = format!(
            "{}{}{}--b--\r\n",
            part("form-data; name=\"a\"", ""),
            part("form-data; name=x; filename=\"f.txt\"", content),
            part("Form-Data; name=\"z z\"\r\nContent-Type: text/plain", "é"),
        );
        for piece in 1..form.len() {
            let found = parts(form.as_bytes(), piece).unwrap();
            let names: Vec<_> = found.iter().map(|(head, _)| head.name.as_str()).collect();
            assert_eq!(names, ["a", "x", "z z"]);
            assert_eq!(found[1].0.file_name.as_deref(), Some("f.txt"));
            assert_eq!(found[1].1, content.as_bytes());
            assert!(found[0].1.is_empty());
        }
        assert_eq!(parts(b"--b--", 3).unwrap(), []);
    }

    #[test]
    fn a_file_name_in_both_notations_is_one_name() {
        let disposition = "form-data; name=package; filename=\"a b.x\"; filename*=utf-8''a%20b.x";
        let found = parts((part(disposition, "x") + "--b--").as_bytes(), 7).unwrap();
        assert_eq!(found[0].0.name, "package");
        assert_eq!(found[0].0.file_name.as_deref(), Some("a b.x"));
    }

    #[test]
    fn u10_forms_that_can_be_read_in_two_ways_are_refused() {
        let good = part("form-data; name=\"a\"", "x");
        for bad in [
            "hello\r\n--b--".to_owned(),
            format!("\r\n{good}--b--"),
            format!("{good}--b--\r\nmore"),
            format!("{good}--b--\r\n\r\n"),
            format!("{good}--b \r\n"),
            format!("{good}--bb--"),
            good.clone(),
            format!("{good}--b"),
            part("form-data", "x") + "--b--",
            part("form-data; name=\"\"", "x") + "--b--",
            part("attachment; name=\"a\"", "x") + "--b--",
            part("form-data; name=\"a\"; name=\"b\"", "x") + "--b--",
            part("form-data; name=\"a\"; filename=\"x\"; filename=\"y\"", "x") + "--b--",
            part("form-data; name=\"a\"; filename*=utf-8''x", "x") + "--b--",
            part("form-data; name=a; filename=x; filename*=utf-8''y", "x") + "--b--",
            part("form-data; name=a; filename=x; filename*=latin1''x", "x") + "--b--",
            part("form-data; name=a; filename=x; filename*=x", "x") + "--b--",
            part("form-data; name=a; name*=utf-8''a", "x") + "--b--",
            part("form-data; name=\"a\"; other=\"x\"", "x") + "--b--",
            part("form-data; name=\"a\\\"b\"", "x") + "--b--",
            part("form-data; name=\"a", "x") + "--b--",
            part("form-data; name=\"a\" x", "x") + "--b--",
            part(
                "form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
                "x",
            ) + "--b--",
            part(
                "form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
                "x",
            ) + "--b--",
            part("form-data; name=\"a\"\r\n folded", "x") + "--b--",
            part("form-data; name=\"a\"\nX: y", "x") + "--b--",
            part(
                &format!("form-data; name=\"{}\"", "a".repeat(NAME_BYTES + 1)),
                "x",
            ) + "--b--",
            format!("--b\r\nX: {}\r\n\r\n", "a".repeat(HEAD_BYTES)),
            format!("--b\r\nX: {}", "a".repeat(2 * HEAD_BYTES)),
            "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--".to_owned(),
            good.repeat(PARTS + 1) + "--b--",
        ] {
            for piece in [7, bad.len()] {
                assert!(parts(bad.as_bytes(), piece).is_err(), "{:.80}", bad);
            }
        }
    }

    #[test]
    fn encodings_of_parts_are_told_to_who_takes_them() {
        for (field, expected) in [
            ("binary", Some(PartEncoding::Plain)),
            ("Base64", Some(PartEncoding::Base64)),
            ("quoted-printable", Some(PartEncoding::QuotedPrintable)),
            ("x-uuencode", None),
            ("binary\r\nContent-Transfer-Encoding: base64", None),
        ] {
            let disposition =
                format!("form-data; name=\"a\"\r\nContent-Transfer-Encoding: {field}");
            let form = part(&disposition, "eA==") + "--b--";
            let mut scanner = FormScanner::new("b").taking_encodings();
            scanner.feed(form.as_bytes());
            let found = scanner.scan().ok().flatten();
            let found = found.map(|event| match event {
                Event::Part(head) => head.encoding,
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected, "{field}");
        }
    }

    #[test]
    fn u10_boundaries_are_read_and_odd_ones_refused() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"",
                Some("a b:c"),
            ),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=a; boundary=b", None),
            ("multipart/form-data; boundary=\"a ", None),
            ("multipart/form-data; boundary=\"a \"", None),
            ("multipart/mixed; boundary=a", None),
            ("application/json", None),
            ("multipart/form-data; boundary=a\u{7f}", None),
        ] {
            assert_eq!(read_boundary(content_type), expected, "{content_type}");
        }
        let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
        assert_eq!(read_boundary(&long), None);
    }

    proptest! {
        #[test]
        fn u10_content_comes_out_as_it_went_in(content in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'c'), any::<u8>()], 0..200), piece in 1_usize..40) {
            let mut form = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".to_vec();
            form.extend_from_slice(&content);
            form.extend_from_slice(b"\r\n--b--\r\n");
            // Content that holds a delimiter is no content.
            if !content.windows(5).any(|w| w == b"\r\n--b") && !content.starts_with(b"--b") {
                let found = parts(&form, piece).unwrap();
                prop_assert_eq!(&found[0].1, &content);
            }
        }
    }
}
