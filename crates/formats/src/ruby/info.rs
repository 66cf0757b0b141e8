//! `info/{gem}` of the compact index: a line for each file of a gem.
//!
//! `{version}[-{platform}] {gem}:{bounds},...|checksum:{sha256},ruby:{bounds},rubygems:{bounds}`, bounds joined by `&`. The
//! format is that of the `compact_index` gem, which the public host runs on.

use std::fmt::Write as _;

use super::name::{FileName, is_name};
use super::shown::Shown;
use super::version_metadata::GemFacts;

/// What separates a header from the lines.
pub(super) const DASHES: &str = "---";
const CHECKSUM: &str = "checksum:";
/// The longest line that is read.
const LINE_BYTES: usize = 256 << 10;

/// Writes the document.
pub(super) fn render(shown: &Shown<'_>) -> String {
    let mut out = String::with_capacity(64 + shown.files.len() * 128);
    out.push_str("---\n");
    for file in &shown.files {
        let facts = &file.facts;
        let (needs, requires) = (
            facts.needs.as_deref().unwrap_or_default(),
            facts.requires.as_deref().unwrap_or_default(),
        );
        // Text takes every write.
        write!(out, "{} {needs}|", file.rest()).ok();
        if let Some(sha256) = &facts.sha256 {
            out.push_str(CHECKSUM);
            out.push_str(sha256);
            if !requires.is_empty() {
                out.push(',');
            }
        }
        out.push_str(requires);
        out.push('\n');
    }
    out
}

/// A line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'l> {
    pub(super) name: FileName<'l>,
    pub(super) needs: &'l str,
    pub(super) sha256: Option<&'l str>,
    /// What is said behind the checksum.
    pub(super) requires: &'l str,
}

impl<'l> Line<'l> {
    /// Reads a line. Nothing but visible ASCII and blanks is in it: it is passed on as it is.
    pub(super) fn parse(line: &'l str) -> Option<Self> {
        let is_plain = line.bytes().all(|b| matches!(b, b' '..=b'~'));
        if line.len() > LINE_BYTES || !is_plain {
            return None;
        }
        let (rest, said) = line.split_once(' ')?;
        let (needs, requires) = said.split_once('|').unwrap_or((said, ""));
        let name = FileName::of_rest(rest)?;
        if !read_needs(needs).all(|(gem, _)| is_name(gem)) {
            return None;
        }
        let (sha256, requires) = match requires.strip_prefix(CHECKSUM) {
            None => (None, requires),
            Some(after) => match after.split_once(',') {
                None => (Some(after), ""),
                Some((sha256, requires)) => (Some(sha256), requires),
            },
        };
        Some(Self {
            name,
            needs,
            sha256,
            requires,
        })
    }

    /// What it says beside its name.
    pub(super) fn facts(&self, at: usize) -> GemFacts {
        GemFacts {
            needs: Some(self.needs.to_owned()),
            requires: Some(self.requires.to_owned()),
            sha256: self.sha256.map(str::to_owned),
            at: u32::try_from(at).ok(),
            yanked: None,
        }
    }

    /// What the gem needs to run: names and bounds, joined by `&`.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&'l str, &'l str)> {
        read_needs(self.needs)
    }
}

fn read_needs(needs: &str) -> impl Iterator<Item = (&str, &str)> {
    needs
        .split(',')
        .filter(|needed| !needed.is_empty())
        .map(|needed| needed.split_once(':').unwrap_or((needed, ">= 0")))
}

/// The lines of a document behind its header; nothing when it has none, and so is none.
pub(super) fn lines(text: &str) -> Option<std::str::Lines<'_>> {
    const HEADER_LINES: usize = 16;
    let mut rest = text;
    for _ in 0..HEADER_LINES {
        let (line, after) = rest.split_once('\n')?;
        if line.trim_end() == DASHES {
            return Some(after.lines());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line =
            Line::parse("1.0-java a:>= 1&< 2,b:= 3|checksum:00ff,ruby:>= 2,rubygems:> 1.3.1")
                .unwrap();
        assert_eq!((line.name.number, line.name.platform), ("1.0", "java"));
        let needs: Vec<_> = line.needs().collect();
        assert_eq!(needs, [("a", ">= 1&< 2"), ("b", "= 3")]);
        assert_eq!(line.sha256, Some("00ff"));
        assert_eq!(line.requires, "ruby:>= 2,rubygems:> 1.3.1");
        let bare = Line::parse("1.0 |checksum:00").unwrap();
        assert_eq!(
            (bare.needs, bare.sha256, bare.requires),
            ("", Some("00"), "")
        );
        let old = Line::parse("1.0 a:>= 0").unwrap();
        assert_eq!((old.needs, old.sha256), ("a:>= 0", None));
    }

    #[test]
    fn f_rb_2_x09_lines_that_are_none_are_left_out() {
        for bad in [
            "",
            "1.0",
            "a |checksum:00",
            "1.0-2.0 |checksum:00",
            "1/2 |checksum:00",
            "1.0 a/b:>= 1|checksum:00",
            "1.0 a:>= 1\u{7}|",
            "<html> <body>",
            "1.0 ü:>= 1|",
        ] {
            assert_eq!(Line::parse(bad), None, "{bad:?}");
        }
        assert!(lines("created_at: x\n---\n1.0 |\n").is_some());
        for bad in ["", "1.0 |\n", "<!DOCTYPE html>\n<p>\n"] {
            assert!(lines(bad).is_none(), "{bad:?}");
        }
    }
}
