//! Versions of NuGet packages and their order ("Package versioning" in NuGet's documentation; SemVer 2.0.0 with a fourth
//! number).
//!
//! Whatever NuGet's own clients read is read, in all its spellings. Build metadata and the case of labels mean nothing.

use std::cmp::Ordering;
use std::fmt;

use model::VersionName;

const MOST_BYTES: usize = 255;

/// A version. Two are equal when NuGet says so: `1.0` is `1.0.0.0`, and `1.0.0-RC+a` is `1.0-rc`.
#[derive(Debug, Clone)]
pub(super) struct Version {
    numbers: [u32; 4],
    release: Release,
    /// The labels as they were written, without what follows a `+`.
    labels: String,
    /// What follows a `+`, as it was written.
    metadata: Option<String>,
}

/// What follows the numbers. A final version comes after all of its pre-releases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Release {
    Pre(Vec<Label>),
    Final,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Number(u32),
    /// In lower case.
    Text(String),
}

impl Label {
    fn read(text: &str) -> Option<Self> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if text.is_empty() || !text.bytes().all(is_allowed) {
            return None;
        }
        Some(match number(text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text.to_ascii_lowercase()),
        })
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A number as .NET has them: digits, up to 2147483647.
fn number(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = is_digits.then(|| text.parse().ok())??;
    i32::try_from(number).is_ok().then_some(number)
}

impl Version {
    /// Reads a version, in any spelling.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return None;
        }
        let (text, metadata) = match text.split_once('+') {
            Some((text, metadata)) => (text, Some(metadata)),
            None => (text, None),
        };
        if let Some(metadata) = metadata {
            metadata
                .split('.')
                .try_for_each(|part| Label::read(part).map(drop))?;
        }
        let (dotted, labels) = match text.split_once('-') {
            Some((dotted, labels)) => (dotted, Some(labels)),
            None => (text, None),
        };
        let mut numbers = [0; 4];
        for (at, part) in dotted.split('.').enumerate() {
            *numbers.get_mut(at)? = number(part)?;
        }
        let release = match labels {
            Some(labels) => {
                Release::Pre(labels.split('.').map(Label::read).collect::<Option<_>>()?)
            }
            None => Release::Final,
        };
        Some(Self {
            numbers,
            release,
            labels: labels.unwrap_or_default().to_owned(),
            metadata: metadata.map(str::to_owned),
        })
    }

    /// Whether clients pass it over unless they are told otherwise.
    pub(super) fn is_prerelease(&self) -> bool {
        self.release != Release::Final
    }

    /// Whether clients that know only SemVer 1.0.0 cannot read it.
    pub(super) fn needs_semver2(&self) -> bool {
        self.metadata.is_some() || matches!(&self.release, Release::Pre(labels) if labels.len() > 1)
    }

    /// The normal form: no leading zeroes, no fourth number of zero, no build metadata.
    pub(super) fn normal(&self) -> String {
        self.written(&self.labels)
    }

    /// The normal form with its build metadata, which is how documents show a version.
    pub(super) fn full(&self) -> String {
        let mut text = self.normal();
        if let Some(metadata) = &self.metadata {
            text.push('+');
            text.push_str(metadata);
        }
        text
    }

    /// The normal form as addresses have it.
    pub(super) fn lower(&self) -> String {
        self.written(&self.labels.to_ascii_lowercase())
    }

    /// The one spelling that all equal versions have in common.
    pub(super) fn key(&self) -> String {
        match &self.release {
            Release::Final => self.written(""),
            Release::Pre(labels) => {
                let labels: Vec<String> = labels.iter().map(Label::to_string).collect();
                self.written(&labels.join("."))
            }
        }
    }

    /// The normal form as the name that the version has here.
    pub(super) fn name(&self) -> Option<VersionName> {
        VersionName::parse(&self.normal()).ok()
    }

    fn written(&self, labels: &str) -> String {
        let [major, minor, patch, revision] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        if revision > 0 {
            text.push_str(&format!(".{revision}"));
        }
        if self.is_prerelease() {
            text.push('-');
            text.push_str(labels);
        }
        text
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| self.release.cmp(&other.release))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

/// The normal form of a version's name; a name that is no version stays as it is.
pub(super) fn normalized(version: VersionName) -> VersionName {
    let normal = Version::parse(version.as_str()).and_then(|read| read.name());
    normal.unwrap_or(version)
}

/// What the spellings of a version have in common.
pub(super) fn key(text: &str) -> String {
    Version::parse(text).map_or_else(|| text.to_lowercase(), |version| version.key())
}

/// A range of versions, as a manifest has it ("Version ranges").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    lower: Option<Version>,
    upper: Option<Version>,
    with_lower: bool,
    with_upper: bool,
}

impl Range {
    /// Reads a range: `1.0`, `[1.0]`, `[1.0, 2.0)`, `(, 2.0]`, or nothing, which is every version.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self {
                lower: None,
                upper: None,
                with_lower: false,
                with_upper: false,
            });
        }
        let with_lower = text.starts_with('[');
        let Some(inner) = text.strip_prefix(['[', '(']) else {
            return Some(Self {
                lower: Some(Version::parse(text)?),
                upper: None,
                with_lower: true,
                with_upper: false,
            });
        };
        let with_upper = inner.ends_with(']');
        let inner = inner.strip_suffix([']', ')'])?;
        let bound = |text: &str| match text.trim() {
            "" => Some(None),
            text => Version::parse(text).map(Some),
        };
        let (lower, upper) = match inner.split_once(',') {
            Some((lower, upper)) => (bound(lower)?, bound(upper)?),
            None if with_lower && with_upper => {
                let only = Some(Version::parse(inner)?);
                (only.clone(), only)
            }
            None => return None,
        };
        Some(Self {
            with_lower: with_lower && lower.is_some(),
            with_upper: with_upper && upper.is_some(),
            lower,
            upper,
        })
    }

    /// Whether clients that know only SemVer 1.0.0 cannot read it.
    pub(super) fn needs_semver2(&self) -> bool {
        let mut bounds = self.lower.iter().chain(&self.upper);
        bounds.any(Version::needs_semver2)
    }
}

/// The form that the gallery's registrations have: `[1.0.0, )`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = |version: &Option<Version>| version.as_ref().map(Version::normal);
        let (lower, upper) = (bound(&self.lower), bound(&self.upper));
        f.write_str(if self.with_lower { "[" } else { "(" })?;
        write!(
            f,
            "{}, {}",
            lower.unwrap_or_default(),
            upper.unwrap_or_default()
        )?;
        f.write_str(if self.with_upper { "]" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In ascending order; each line is one version in several spellings.
    const ASCENDING: &[&[&str]] = &[
        &["0.0.0-0", "0-0", "0.0-00"],
        &["0", "0.0", "0.0.0.0", "00"],
        &["0.0.0.1"],
        &["1.0.0-1", "1-01"],
        &["1.0.0-2"],
        &["1.0.0-10"],
        &["1.0.0--"],
        &["1.0.0-2147483648"],
        &["1.0.0-alpha", "1.0-ALPHA", "1.0.0.0-Alpha+build.5"],
        &["1.0.0-alpha.1"],
        &["1.0.0-alpha.1.x"],
        &["1.0.0-alpha.beta"],
        &["1.0.0-alpha2"],
        &["1.0.0-rc-1"],
        &[
            "1",
            "1.0",
            "1.0.0",
            "1.0.0.0",
            "01.00",
            " 1.0.0 ",
            "1.0.0+meta",
            "1+a.b-c",
        ],
        &["1.0.0.1-b"],
        &["1.0.0.1"],
        &["1.0.1"],
        &["1.2.3.4"],
        &["1.10"],
        &["2147483647.0.0"],
    ];

    #[test]
    fn f_nu_1_versions_have_one_key_in_all_spellings_and_a_total_order() {
        let mut before: Option<Version> = None;
        for line in ASCENDING {
            let first = Version::parse(line[0]).unwrap();
            for spelling in *line {
                let version = Version::parse(spelling).unwrap();
                assert_eq!(version, first, "{spelling}");
                assert_eq!(key(spelling), key(line[0]), "{spelling}");
            }
            if let Some(before) = before {
                assert!(before < first, "{before:?} {first:?}");
                assert_ne!(before.key(), first.key());
            }
            before = Some(first);
        }
    }

    #[test]
    fn f_nu_1_a_full_form_keeps_what_is_said_of_the_build() {
        for (text, full) in [
            ("1.01.1.0+A.b", "1.1.1+A.b"),
            ("1.0-RC.1+5", "1.0.0-RC.1+5"),
            ("1", "1.0.0"),
        ] {
            assert_eq!(Version::parse(text).unwrap().full(), full);
        }
    }

    #[test]
    fn f_nu_1_versions_have_one_normal_form() {
        for (text, normal, lower) in [
            ("1.01.1", "1.1.1", "1.1.1"),
            ("1.0.0.0", "1.0.0", "1.0.0"),
            ("1.0", "1.0.0", "1.0.0"),
            ("1", "1.0.0", "1.0.0"),
            ("1.0.7+r3456", "1.0.7", "1.0.7"),
            ("1.2.3.4", "1.2.3.4", "1.2.3.4"),
            ("00.01.002-Beta.1", "0.1.2-Beta.1", "0.1.2-beta.1"),
            ("1.0-01", "1.0.0-01", "1.0.0-01"),
        ] {
            let version = Version::parse(text).unwrap();
            assert_eq!(
                (version.normal(), version.lower()),
                (normal.into(), lower.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn f_nu_1_what_is_no_version_is_equal_to_itself_alone() {
        for bad in [
            "",
            "v1",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4.5",
            "1.x",
            "-1",
            "1-",
            "1.0-a..b",
            "1.0-a_b",
            "1.0+",
            "1.0+a..b",
            "1.0-é",
            "2147483648.0",
            "99999999999999999999",
            "1 0",
            "1.0-rc/1",
            "1.0+a+b",
            "latest",
            "*",
            "1.*",
        ] {
            assert_eq!(Version::parse(bad), None, "{bad}");
            assert_eq!(key(bad), bad);
        }
        assert_eq!(Version::parse(&format!("1.0-{}", "a".repeat(300))), None);
        assert_eq!(key("NotAVersion"), "notaversion");
    }

    #[test]
    fn what_older_clients_cannot_read_is_known() {
        for (text, expected) in [
            ("1.0.0", false),
            ("1.0.0-beta", false),
            ("1.0.0-beta-2", false),
            ("1.0.0-beta.2", true),
            ("1.0.0+build", true),
        ] {
            assert_eq!(
                Version::parse(text).unwrap().needs_semver2(),
                expected,
                "{text}"
            );
        }
        assert!(Range::parse("[1.0.0-a.b, 2.0)").unwrap().needs_semver2());
        assert!(Range::parse("(,1.0.0-a.b)").unwrap().needs_semver2());
        assert!(!Range::parse("1.0.0-a").unwrap().needs_semver2());
    }

    #[test]
    fn ranges_are_written_as_the_gallery_does() {
        for (text, expected) in [
            ("1.0", "[1.0.0, )"),
            ("[1.0]", "[1.0.0, 1.0.0]"),
            ("[1.0,2.0)", "[1.0.0, 2.0.0)"),
            ("( 1.0 , 2.0 ]", "(1.0.0, 2.0.0]"),
            ("(,1.0]", "(, 1.0.0]"),
            ("[,1.0]", "(, 1.0.0]"),
            ("(1.0,)", "(1.0.0, )"),
            ("", "(, )"),
            ("(,)", "(, )"),
            ("1.0.0-Beta+x", "[1.0.0-Beta, )"),
        ] {
            let range = Range::parse(text).unwrap();
            assert_eq!(range.to_string(), expected, "{text}");
            assert_eq!(Range::parse(expected), Some(range), "{text}");
        }
        for bad in [
            "(1.0)",
            "[1.0",
            "1.0]",
            "[",
            "[]",
            "[a,b]",
            "[1.0,2.0,3.0]",
            "1.*",
            "^1.0",
        ] {
            assert_eq!(Range::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn f_nu_1_a_key_is_its_own_key_and_equal_keys_are_equal_versions(
            one in "[0-9]{1,3}(\\.[0-9]{1,2}){0,3}(-[0-9a-zA-Z.-]{1,6})?(\\+[a-z.]{1,3})?",
            other in "[01](\\.[01]){0,3}(-[01aA.]{1,3})?",
        ) {
            let once = key(&one);
            prop_assert_eq!(&key(&once), &once);
            if let (Some(a), Some(b)) = (Version::parse(&one), Version::parse(&other)) {
                prop_assert_eq!(a == b, a.key() == b.key());
                prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
                prop_assert_eq!(Version::parse(&a.normal()), Some(a));
            }
        }
    }
}
