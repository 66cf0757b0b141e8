//! Index lines: one JSON object for each version of a crate ("Index Format" in The Cargo Book).
//!
//! A line is passed on as it was written, members that nobody here knows included; all that is ever changed in one is
//! whether the version is yanked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::Sha256Digest;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What has to be known of a line to show it.
#[derive(Debug, Deserialize)]
pub(super) struct LineHead<'l> {
    #[serde(borrow)]
    pub(super) name: Cow<'l, str>,
    #[serde(borrow)]
    pub(super) vers: Cow<'l, str>,
    #[serde(borrow)]
    cksum: Cow<'l, str>,
    /// As it is written, `null` included.
    #[serde(default, borrow, deserialize_with = "written")]
    yanked: Option<&'l RawValue>,
    #[serde(default, borrow)]
    pub(super) pubtime: Option<Cow<'l, str>>,
}

fn written<'l, D: Deserializer<'l>>(value: D) -> Result<Option<&'l RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

impl<'l> LineHead<'l> {
    /// Reads a line. `None` when it is none.
    pub(super) fn read(line: &'l str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// The digest of the crate's file; `None` when it cannot be read.
    pub(super) fn checksum(&self) -> Option<Sha256Digest> {
        Sha256Digest::from_hex(&self.cksum.to_ascii_lowercase())
    }

    pub(super) fn is_yanked(&self) -> bool {
        self.yanked.is_some_and(|value| value.get() == "true")
    }

    /// The line that this is the head of, yanked or not; everything else in it stays as it is.
    pub(super) fn with_yanked<'t>(&self, line: &'t str, yanked: bool) -> Cow<'t, str> {
        let word = if yanked { "true" } else { "false" };
        match self.yanked.map(RawValue::get) {
            _ if self.is_yanked() == yanked => Cow::Borrowed(line),
            Some(value) => {
                // The value is a slice of the line that was read.
                let start = value.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
                let parts = (
                    line.get(..start),
                    line.get(start.saturating_add(value.len())..),
                );
                match parts {
                    (Some(before), Some(after)) => Cow::Owned([before, word, after].concat()),
                    _ => Cow::Borrowed(line),
                }
            }
            None => {
                let open = line.trim_end().strip_suffix('}').unwrap_or(line);
                Cow::Owned(format!("{open},\"yanked\":{word}}}"))
            }
        }
    }
}

/// A line that is written here. The order of members is that of the public index.
#[derive(Debug, Serialize)]
pub(super) struct NewLine<'p> {
    pub(super) name: &'p str,
    pub(super) vers: &'p str,
    pub(super) deps: Vec<LineDependency<'p>>,
    pub(super) cksum: String,
    pub(super) features: BTreeMap<&'p str, Vec<&'p str>>,
    /// Features whose syntax Cargo before 1.60 cannot read; it stumbles over them in `features`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) features2: BTreeMap<&'p str, Vec<&'p str>>,
    pub(super) yanked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) links: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rust_version: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pubtime: Option<String>,
    /// What Cargo must know to read the line; absent where every Cargo can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v: Option<u32>,
}

/// A dependency in a line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LineDependency<'p> {
    /// As the manifest calls it.
    #[serde(borrow)]
    pub(super) name: Cow<'p, str>,
    #[serde(borrow)]
    pub(super) req: Cow<'p, str>,
    #[serde(default, borrow)]
    pub(super) features: Vec<Cow<'p, str>>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default = "yes")]
    pub(super) default_features: bool,
    #[serde(default, borrow)]
    pub(super) target: Option<Cow<'p, str>>,
    #[serde(default, borrow)]
    pub(super) kind: Option<Cow<'p, str>>,
    /// The index it is from; none for the one that the line is in.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) registry: Option<Cow<'p, str>>,
    /// The crate's own name, where the manifest calls it otherwise.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) package: Option<Cow<'p, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) artifact: Option<Vec<Cow<'p, str>>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) bindep_target: Option<Cow<'p, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) lib: bool,
}

const fn yes() -> bool {
    true
}

impl LineDependency<'_> {
    /// The crate that it is.
    pub(super) fn package(&self) -> &str {
        self.package.as_deref().unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yanked(line: &str, yanked: bool) -> String {
        let head = LineHead::read(line).unwrap();
        let changed = head.with_yanked(line, yanked).into_owned();
        assert_eq!(LineHead::read(&changed).unwrap().is_yanked(), yanked);
        changed
    }

    #[test]
    fn f_cr_4_a_line_is_never_rewritten_but_for_whether_it_is_yanked() {
        let line = r#"{"name":"A", "vers":"1.0.0","new":{"yanked":true,"x":[1.50]},"cksum":"00", "yanked" : false ,"v":9}"#;
        assert_eq!(yanked(line, false), line);
        assert_eq!(
            yanked(line, true),
            r#"{"name":"A", "vers":"1.0.0","new":{"yanked":true,"x":[1.50]},"cksum":"00", "yanked" : true ,"v":9}"#
        );
        assert_eq!(yanked(&yanked(line, true), false), line);
        for (line, expected) in [
            (
                r#"{"name":"a","vers":"1.0.0","cksum":""}"#,
                r#"{"name":"a","vers":"1.0.0","cksum":"","yanked":true}"#,
            ),
            (
                r#"{"name":"a","vers":"1.0.0","yanked":null,"cksum":""}"#,
                r#"{"name":"a","vers":"1.0.0","yanked":true,"cksum":""}"#,
            ),
        ] {
            assert_eq!(yanked(line, false), line);
            assert_eq!(yanked(line, true), expected);
        }
    }

    #[test]
    fn what_is_no_line_is_not_read() {
        for bad in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"name":"a","vers":"1.0.0"}"#,
            r#"{"name":"a","name":"b","vers":"1.0.0","cksum":""}"#,
            r#"{"name":"a","vers":"1.0.0","cksum":""} {}"#,
        ] {
            assert!(LineHead::read(bad).is_none(), "{bad}");
        }
        let head = LineHead::read(r#"{"name":"a","vers":"1","cksum":"AB"}"#).unwrap();
        assert!(head.checksum().is_none());
    }
}
