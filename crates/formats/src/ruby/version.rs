//! Versions and requirements (RubyGems, `Gem::Version` and `Gem::Requirement`): order, equality, and text.

use std::cmp::Ordering;

/// The longest version that is read.
const NUMBER_BYTES: usize = 200;
/// The longest requirement that is read.
const REQUIREMENT_BYTES: usize = 2000;
const OPERATORS: [&str; 7] = ["=", "!=", ">=", "<=", "~>", ">", "<"];

/// Whether this is a version as it stands in the name of a file: without a hyphen.
pub(super) fn is_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let words = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= NUMBER_BYTES && parts.next().is_some_and(digits) && parts.all(words)
}

/// A version as a gemspec may write it, in its own form: what follows a hyphen is a pre-release.
pub(super) fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let number = if text.is_empty() {
        "0".to_owned()
    } else {
        text.replace('-', ".pre.")
    };
    is_number(&number).then_some(number)
}

/// A part of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment<'v> {
    /// Digits, without zeroes in front.
    Number(&'v str),
    Text(&'v str),
}

impl Segment<'_> {
    const ZERO: Segment<'static> = Segment::Number("");

    /// Text comes before numbers: `1.0.a` before `1.0`.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a.len(), a).cmp(&(b.len(), b)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Text(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Text(_)) => Ordering::Greater,
        }
    }
}

/// A version, read.
#[derive(Debug, Clone)]
pub(super) struct Version<'v>(Vec<Segment<'v>>);

impl<'v> Version<'v> {
    /// Reads a version; `None` for what is none.
    pub(super) fn parse(text: &'v str) -> Option<Self> {
        if !is_number(text) {
            return None;
        }
        let mut segments = Vec::new();
        for part in text.split('.') {
            let mut rest = part;
            while let Some(first) = rest.bytes().next() {
                let is_digit = first.is_ascii_digit();
                let end = rest
                    .bytes()
                    .position(|b| b.is_ascii_digit() != is_digit)
                    .unwrap_or(rest.len());
                let (segment, after) = rest.split_at(end);
                segments.push(if is_digit {
                    Segment::Number(segment.trim_start_matches('0'))
                } else {
                    Segment::Text(segment)
                });
                rest = after;
            }
        }
        Some(Self(canonical(&segments)))
    }

    /// Whether it is a pre-release: it has a letter.
    pub(super) fn is_prerelease(&self) -> bool {
        self.0
            .iter()
            .any(|segment| matches!(segment, Segment::Text(_)))
    }

    fn key(&self) -> String {
        let text = |segment: &Segment<'_>| match segment {
            Segment::Number("") => "0".to_owned(),
            Segment::Number(text) | Segment::Text(text) => (*text).to_owned(),
        };
        let all: Vec<String> = self.0.iter().map(text).collect();
        if all.is_empty() {
            "0".to_owned()
        } else {
            all.join(".")
        }
    }
}

/// Without the zeroes that mean nothing: at the end of the numbers before the first text, and at the very end.
fn canonical<'v>(segments: &[Segment<'v>]) -> Vec<Segment<'v>> {
    let is_text = |segment: &Segment<'_>| matches!(segment, Segment::Text(_));
    let border = segments.iter().position(is_text).unwrap_or(segments.len());
    let (numbers, rest) = segments.split_at(border);
    let mut out = Vec::with_capacity(segments.len());
    for part in [numbers, rest] {
        let end = part.iter().rposition(|segment| *segment != Segment::ZERO);
        out.extend_from_slice(&part[..end.map_or(0, |end| end + 1)]);
    }
    out
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Version<'_> {}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        for at in 0..length {
            let a = self.0.get(at).unwrap_or(&Segment::ZERO);
            let b = other.0.get(at).unwrap_or(&Segment::ZERO);
            match a.compare(b) {
                Ordering::Equal => {}
                order => return order,
            }
        }
        Ordering::Equal
    }
}

/// What all spellings of a version have in common. What is no version is equal to itself alone.
pub(super) fn key(text: &str) -> String {
    match Version::parse(text) {
        Some(version) => version.key(),
        None => format!("?{text}"),
    }
}

/// A requirement: all of its bounds hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Requirement(pub(super) Vec<(String, String)>);

impl Requirement {
    /// Any version.
    pub(super) fn any() -> Self {
        Self(vec![(">=".to_owned(), "0".to_owned())])
    }

    /// Reads bounds such as `>= 1.0`; a version alone means that version.
    pub(super) fn parse<'b>(bounds: impl IntoIterator<Item = &'b str>) -> Option<Self> {
        let mut out = Vec::new();
        for bound in bounds {
            let bound = bound.trim();
            if bound.len() > REQUIREMENT_BYTES {
                return None;
            }
            let end = bound
                .find(|c: char| !matches!(c, '=' | '!' | '<' | '>' | '~'))
                .unwrap_or(bound.len());
            let (operator, version) = bound.split_at(end);
            out.push(Self::bound(operator, version)?);
        }
        if out.is_empty() {
            return Some(Self::any());
        }
        Some(Self(out))
    }

    /// A bound, where it can be one.
    pub(super) fn bound(operator: &str, version: &str) -> Option<(String, String)> {
        let operator = if operator.is_empty() { "=" } else { operator };
        let version = version.trim();
        let is_written = !version.is_empty() && number(version).is_some();
        (OPERATORS.contains(&operator) && is_written)
            .then(|| (operator.to_owned(), version.to_owned()))
    }

    /// Whether any version will do.
    pub(super) fn is_any(&self) -> bool {
        self.0
            .iter()
            .all(|(operator, version)| operator == ">=" && version == "0")
    }

    /// The bounds as the index has them, in order of their text.
    pub(super) fn joined(&self, separator: &str) -> String {
        let mut bounds: Vec<String> = self
            .0
            .iter()
            .map(|(operator, version)| format!("{operator} {version}"))
            .collect();
        bounds.sort_unstable();
        bounds.join(separator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Version::parse(a).unwrap().cmp(&Version::parse(b).unwrap())
    }

    #[test]
    fn versions_stand_in_the_order_of_rubygems() {
        let order = [
            "0.a",
            "0",
            "0.0.1",
            "1.0.a",
            "1.0.a.2",
            "1.0.a10",
            "1.0.b1",
            "1.0.rc1",
            "1.0",
            "1.0.1",
            "1.2",
            "1.10.a",
            "1.10",
            "9",
            "10",
            "20240101000000",
            "123456789012345678901234567890",
        ];
        for pair in order.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        for (a, b) in [
            ("1", "1.0"),
            ("1.0.0", "1"),
            ("1.0.a", "1.a"),
            ("01.2", "1.2"),
            ("1.a1", "1.a.1"),
            ("0", "0.0"),
            ("1.a.0", "1.a"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
            assert_eq!(key(a), key(b));
        }
        assert_ne!(key("1"), key("1.1"));
        assert_eq!(key("0"), "0");
    }

    #[test]
    fn f_rb_1_what_is_no_version_is_told_apart() {
        for bad in [
            "", "a", "1.", ".1", "1..2", "1-2", "1.0\n", "v1", "1.0+a", "1/2",
        ] {
            assert!(!is_number(bad), "{bad:?}");
        }
        assert_eq!(number(" 1.0-rc1 ").as_deref(), Some("1.0.pre.rc1"));
        assert_eq!(number(""), Some("0".to_owned()));
        assert_eq!(number("../1"), None);
        assert_eq!(key("x"), "?x");
        assert!(Version::parse("1.0.rc1").unwrap().is_prerelease());
        assert!(!Version::parse("1.0").unwrap().is_prerelease());
    }

    #[test]
    fn requirements_are_read_and_written_in_order() {
        let read = |bounds: &[&str]| Requirement::parse(bounds.iter().copied());
        let two = read(&[">= 1.0", "< 3"]).unwrap();
        assert_eq!(two.joined("&"), "< 3&>= 1.0");
        assert_eq!(two.joined(", "), "< 3, >= 1.0");
        assert_eq!(read(&["1.0"]).unwrap().joined("&"), "= 1.0");
        assert_eq!(read(&["~>2.0.pre"]).unwrap().joined("&"), "~> 2.0.pre");
        assert!(read(&[]).unwrap().is_any());
        assert!(read(&[">= 0"]).unwrap().is_any());
        assert!(!two.is_any());
        for bad in [">= ", "=> 1", ">= x", "~", "1 || 2", ">= 1,|ruby:1"] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn f_rb_2_the_order_is_total_and_agrees_with_the_key(
            a in "[0-2]{1,2}(\\.[0-2a-b]{1,2}){0,3}",
            b in "[0-2]{1,2}(\\.[0-2a-b]{1,2}){0,3}",
            c in "[0-2]{1,2}(\\.[0-2a-b]{1,2}){0,3}",
        ) {
            let [x, y, z] = [&a, &b, &c].map(|text| Version::parse(text).unwrap());
            prop_assert_eq!(x.cmp(&y), y.cmp(&x).reverse());
            if x <= y && y <= z {
                prop_assert!(x <= z);
            }
            prop_assert_eq!(x == y, key(&a) == key(&b));
        }
    }
}
