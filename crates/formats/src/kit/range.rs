//! Ranges of bytes (RFC 9110, section 14): one range, or the whole.
//!
//! Several ranges in one request are answered with the whole, which the RFC permits: no client of a package manager
//! asks for them, and assembling them is a way to make a server work.

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};

/// What part of a body is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// These bytes, the end not included. Never empty.
    Bytes(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// The part that a request asks for of `size_bytes` bytes with this entity tag.
pub(crate) fn requested(headers: &HeaderMap, size_bytes: u64, etag: Option<&str>) -> Part {
    let Some(value) = headers.get(RANGE) else {
        return Part::Whole;
    };
    // A range of something else than the client holds would be glued to the wrong beginning. Compared strongly; a
    // date is never equal, since no date is sent.
    if let Some(condition) = headers.get(IF_RANGE)
        && etag.is_none_or(|etag| condition.as_bytes() != etag.as_bytes())
    {
        return Part::Whole;
    }
    value
        .to_str()
        .ok()
        .and_then(|text| read(text, size_bytes))
        .unwrap_or(Part::Whole)
}

/// `None` for what is to be ignored: other units, several ranges, and what is not well-formed.
fn read(text: &str, size_bytes: u64) -> Option<Part> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let suffix_bytes = number(last)?;
        if suffix_bytes == 0 || size_bytes == 0 {
            return Some(Part::Unsatisfiable);
        }
        return Some(Part::Bytes(
            size_bytes.saturating_sub(suffix_bytes)..size_bytes,
        ));
    }
    let first = number(first)?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        number(last)?
    };
    if last < first {
        return None;
    }
    if first >= size_bytes {
        return Some(Part::Unsatisfiable);
    }
    Some(Part::Bytes(first..last.saturating_add(1).min(size_bytes)))
}

/// Digits only: `parse` alone would take a sign. A number too large to be one is as good as the largest.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, range.parse().unwrap());
        requested(&headers, 100, Some("\"abc\""))
    }

    #[test]
    fn single_ranges_are_cut_to_what_is_there() {
        for (text, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=90-", 90..100),
            ("bytes=90-1000", 90..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
            ("Bytes = 5-6", 5..7),
            ("bytes=0-99999999999999999999999", 0..100),
        ] {
            assert_eq!(part(text), Part::Bytes(expected), "{text}");
        }
    }

    #[test]
    fn d06_odd_ranges_get_the_whole_or_a_refusal_and_never_an_error() {
        for text in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(part(text), Part::Unsatisfiable, "{text}");
        }
        let thousands = format!("bytes={}", vec!["0-1"; 5000].join(","));
        for text in [
            "bytes=0-1,5-6",
            "bytes=9-5",
            "lines=1-2",
            "bytes",
            "bytes=",
            "bytes=a-b",
            "bytes=--5",
            "bytes=+1-2",
        ] {
            assert_eq!(part(text), Part::Whole, "{text}");
        }
        assert_eq!(part(&thousands), Part::Whole);
    }

    #[test]
    fn d06_a_stale_if_range_gets_the_whole() {
        let with = |condition: &str, etag| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, "bytes=0-9".parse().unwrap());
            headers.insert(IF_RANGE, condition.parse().unwrap());
            requested(&headers, 100, etag)
        };
        assert_eq!(with("\"abc\"", Some("\"abc\"")), Part::Bytes(0..10));
        assert_eq!(with("\"old\"", Some("\"abc\"")), Part::Whole);
        assert_eq!(with("W/\"abc\"", Some("\"abc\"")), Part::Whole);
        assert_eq!(
            with("Wed, 21 Oct 2015 07:28:00 GMT", Some("\"abc\"")),
            Part::Whole
        );
        assert_eq!(with("\"abc\"", None), Part::Whole);
    }

    #[test]
    fn nothing_of_an_empty_body_can_be_asked_for() {
        assert_eq!(read("bytes=0-", 0), Some(Part::Unsatisfiable));
        assert_eq!(read("bytes=-5", 0), Some(Part::Unsatisfiable));
    }
}
