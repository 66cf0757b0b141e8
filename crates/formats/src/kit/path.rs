//! The one place where the bytes of a path are decoded.
//!
//! A path is split at its raw slashes, and each segment is percent-decoded exactly once (RFC 3986, section 2.4).
//! Whatever routes, authorizes, stores or logs uses the result; nothing decodes again. A segment may hold a slash that
//! was encoded: only a format knows whether that means something, and its names refuse slashes.

use std::borrow::Cow;

use model::{Error, InvalidReason, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that never mean anything in a path (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Longer paths are refused before anything looks at them.
const PATH_BYTES: usize = 8 * 1024;
/// The deepest path: Maven's groups are the deepest names there are.
const SEGMENTS: usize = 64;

/// A path taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path<'r> {
    /// The decoded segments. None is empty or a dot segment.
    pub(crate) segments: Vec<Cow<'r, str>>,
    /// Whether a slash ended the path.
    pub(crate) trailing_slash: bool,
}

/// Takes a raw path apart.
pub(crate) fn read(raw: &str) -> Result<Path<'_>> {
    if raw.len() > PATH_BYTES {
        return Err(refuse("it is too long"));
    }
    let inner = raw
        .strip_prefix('/')
        .ok_or_else(|| refuse("it does not begin with a slash"))?;
    let mut segments = Vec::with_capacity(8);
    if inner.is_empty() {
        return Ok(Path {
            segments,
            trailing_slash: true,
        });
    }
    let (inner, trailing_slash) = inner
        .strip_suffix('/')
        .map_or((inner, false), |inner| (inner, true));
    for raw in inner.split('/') {
        if segments.len() == SEGMENTS {
            return Err(refuse("it has too many segments"));
        }
        segments.push(read_segment(raw)?);
    }
    Ok(Path {
        segments,
        trailing_slash,
    })
}

/// A path relative to a repository's address, each of its segments encoded; `None` when no request could name it here.
pub(crate) fn write(segments: &[&str]) -> Option<String> {
    let encoded: Vec<String> = segments
        .iter()
        .map(|segment| utf8_percent_encode(segment, ENCODED).to_string())
        .collect();
    let path = encoded.join("/");
    read(&format!("/{path}")).is_ok().then_some(path)
}

/// A value as it stands in a query.
pub(crate) fn write_value(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The first segment, raw: enough to find the format whose shape an error about the rest should have.
pub(crate) fn first_segment(raw: &str) -> &str {
    raw.strip_prefix('/')
        .unwrap_or(raw)
        .split('/')
        .next()
        .unwrap_or_default()
}

fn read_segment(raw: &str) -> Result<Cow<'_, str>> {
    let segment = decode(raw)?;
    // An encoded slash must not hide what a plain one would show.
    if segment
        .split('/')
        .any(|piece| matches!(piece, "" | "." | ".."))
    {
        return Err(refuse("it has an empty or a dot segment"));
    }
    if segment.chars().any(char::is_control) {
        return Err(refuse("it has a control character"));
    }
    // Some servers and proxies read a backslash as a slash, and what follows a semicolon as a parameter.
    if segment.contains(['\\', ';']) {
        return Err(refuse("it has a backslash or a semicolon"));
    }
    Ok(segment)
}

/// Percent-decodes once. Unlike lenient decoders, what is not a complete triplet is refused.
fn decode(raw: &str) -> Result<Cow<'_, str>> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            let value = digit()
                .zip(digit())
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
            decoded.push(value.ok_or_else(|| refuse("it has a broken percent sequence"))?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| refuse("it is not UTF-8"))
}

fn refuse(reason: &str) -> Error {
    let message = format!("The path of the request cannot be used: {reason}.");
    Error::invalid(InvalidReason::CannotParse, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(raw: &str) -> Vec<String> {
        read(raw)
            .unwrap()
            .segments
            .into_iter()
            .map(Cow::into_owned)
            .collect()
    }

    #[test]
    fn segments_are_decoded_exactly_once() {
        assert_eq!(
            segments("/npm/d/acme-000000000000/main/lodash"),
            ["npm", "d", "acme-000000000000", "main", "lodash"]
        );
        assert_eq!(segments("/@scope%2fname"), ["@scope/name"]);
        assert_eq!(
            segments("/@scope%2Fname/-/name-1.0.0.tgz"),
            ["@scope/name", "-", "name-1.0.0.tgz"]
        );
    }

    #[test]
    fn p07_what_is_written_is_read_back_as_it_was() {
        let odd = [
            "a b",
            "a+b",
            "100%",
            "%2e%2e",
            "ü?&=\"'<>",
            "日本語",
            "~-._",
        ];
        let written = write(&odd).unwrap();
        assert!(written.is_ascii(), "{written}");
        assert_eq!(segments(&format!("/{written}")), odd);
        for unreadable in ["a;b", "..", "a\\b"] {
            assert_eq!(write(&["x", unreadable]), None, "{unreadable}");
        }
    }

    #[test]
    fn p02_a_second_encoding_stays_text() {
        assert_eq!(segments("/a/%252e%252e%252fb"), ["a", "%2e%2e%2fb"]);
        assert_eq!(segments("/%25"), ["%"]);
    }

    #[test]
    fn p04_one_trailing_slash_is_noted_and_two_are_refused() {
        assert!(read("/a/").unwrap().trailing_slash);
        assert!(!read("/a").unwrap().trailing_slash);
        assert_eq!(
            read("/").unwrap(),
            Path {
                segments: vec![],
                trailing_slash: true
            }
        );
        for bad in ["//", "//a", "/a//", "/a//b", "/%2F/a", "/a/%2f"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p01_p02_p03_p05_p12_hostile_segments_are_refused() {
        let hostile = [
            "/..",
            "/a/../b",
            "/./a",
            "/%2e%2e/a",
            "/.%2e/a",
            "/%2e%2e%2fx",
            "/..%2fx",
            "/@a%2f..",
            "/@a%2f%2fb",
            "/..%5cx",
            "/a%5c..%5cb",
            "/..;/x",
            "/;/../x",
            "/;x=y/x",
            "/a;x=y",
            "/a%3bx",
            "/x%00y",
            "/x%0d%0ay",
            "/x%7fy",
            "/%",
            "/%2",
            "/%zz",
            "/%c0%ae%c0%ae/x",
            "/%ff%fe",
            "a",
            "",
        ];
        for bad in hostile {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(
            segments("/．．/x"),
            ["．．", "x"],
            "full-width dots are a literal name"
        );
        assert_eq!(segments("/....//x".trim_end_matches("//x")), ["...."]);
    }

    #[test]
    fn p11_long_and_deep_paths_are_refused_before_they_are_decoded() {
        assert!(read(&"/a".repeat(1000)).is_err());
        assert!(read(&format!("/{}", "a".repeat(70_000))).is_err());
    }
}
