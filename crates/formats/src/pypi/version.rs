//! Versions of projects and their order ("Version specifiers" in PyPA's specifications; PEP 440).
//!
//! Everything that the specification's own regular expression accepts is read, in all its spellings. What it does not
//! accept are the versions of old: they are equal to themselves alone, and older than every other.

use std::fmt;

/// A version. Two are equal when the specification says so: `1.0` is `1.0.0`, and `1.0-1` is `1.0.post1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Version {
    // The order of the fields is the order of comparison.
    epoch: u64,
    /// Without zeroes at its end.
    release: Vec<u64>,
    pre: (Stage, u64),
    post: Option<u64>,
    dev: Dev,
    local: Vec<LocalPart>,
}

/// What a pre-release is of. A development release of the final one comes before all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    OnlyDev,
    Alpha,
    Beta,
    Candidate,
    Final,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Dev {
    At(u64),
    No,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum LocalPart {
    Text(String),
    Number(u64),
}

impl Version {
    /// Reads a version, in any spelling.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 255 || !text.is_ascii() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let mut rest = Rest(lower.strip_prefix('v').unwrap_or(&lower));
        let (epoch, mut release) = rest.release()?;
        while release.last() == Some(&0) {
            release.pop();
        }
        let pre = rest.pre()?;
        let post = rest.post()?;
        let dev = rest.labelled(&[("dev", ())])?.map(|((), n)| n);
        let local = rest.local()?;
        if !rest.0.is_empty() {
            return None;
        }
        let pre = match (pre, post, dev) {
            (Some(pre), ..) => pre,
            (None, None, Some(_)) => (Stage::OnlyDev, 0),
            (None, ..) => (Stage::Final, 0),
        };
        Some(Self {
            epoch,
            release,
            pre,
            post,
            dev: dev.map_or(Dev::No, Dev::At),
            local,
        })
    }

    /// Whether installers pass it over unless they are told otherwise.
    pub(super) fn is_prerelease(&self) -> bool {
        self.pre.0 != Stage::Final || self.dev != Dev::No
    }
}

/// The one spelling that all equal versions have in common: the normal form without zeroes at the release's end.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}!", self.epoch)?;
        }
        match self.release.split_first() {
            None => f.write_str("0")?,
            Some((first, others)) => {
                write!(f, "{first}")?;
                others.iter().try_for_each(|part| write!(f, ".{part}"))?;
            }
        }
        let stage = match self.pre.0 {
            Stage::Alpha => Some("a"),
            Stage::Beta => Some("b"),
            Stage::Candidate => Some("rc"),
            Stage::OnlyDev | Stage::Final => None,
        };
        if let Some(stage) = stage {
            write!(f, "{stage}{}", self.pre.1)?;
        }
        if let Some(post) = self.post {
            write!(f, ".post{post}")?;
        }
        if let Dev::At(dev) = self.dev {
            write!(f, ".dev{dev}")?;
        }
        for (at, part) in self.local.iter().enumerate() {
            f.write_str(if at == 0 { "+" } else { "." })?;
            match part {
                LocalPart::Text(text) => f.write_str(text)?,
                LocalPart::Number(number) => write!(f, "{number}")?,
            }
        }
        Ok(())
    }
}

/// What is left to read. Each method takes what it names, or leaves everything; `None` is a version that cannot be.
struct Rest<'v>(&'v str);

impl<'v> Rest<'v> {
    fn digits(&mut self) -> Option<&'v str> {
        let end = self
            .0
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        (!digits.is_empty()).then(|| {
            self.0 = rest;
            digits
        })
    }

    fn number(&mut self) -> Option<u64> {
        self.digits()?.parse().ok()
    }

    fn release(&mut self) -> Option<(u64, Vec<u64>)> {
        let mut epoch = 0;
        let mut first = self.number()?;
        if let Some(rest) = self.0.strip_prefix('!') {
            self.0 = rest;
            epoch = first;
            first = self.number()?;
        }
        let mut release = vec![first];
        while let Some(rest) = self.0.strip_prefix('.') {
            if !rest.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            self.0 = rest;
            release.push(self.number()?);
        }
        Some((epoch, release))
    }

    /// A label behind an optional separator, with an optional number behind another: `.dev3`, `-rc-1`, `a`.
    fn labelled<T: Copy>(&mut self, labels: &[(&str, T)]) -> Option<Option<(T, u64)>> {
        let separators = ['-', '_', '.'];
        let start = self.0.strip_prefix(separators).unwrap_or(self.0);
        let found = labels
            .iter()
            .find_map(|(label, meaning)| Some((start.strip_prefix(label)?, *meaning)));
        let Some((rest, meaning)) = found else {
            return Some(None);
        };
        self.0 = rest;
        let numbered = rest.strip_prefix(separators).unwrap_or(rest);
        if !numbered.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(Some((meaning, 0)));
        }
        self.0 = numbered;
        Some(Some((meaning, self.number()?)))
    }

    fn pre(&mut self) -> Option<Option<(Stage, u64)>> {
        // A longer label before the shorter one that it begins with.
        self.labelled(&[
            ("alpha", Stage::Alpha),
            ("a", Stage::Alpha),
            ("beta", Stage::Beta),
            ("b", Stage::Beta),
            ("preview", Stage::Candidate),
            ("pre", Stage::Candidate),
            ("c", Stage::Candidate),
            ("rc", Stage::Candidate),
        ])
    }

    fn post(&mut self) -> Option<Option<u64>> {
        if let Some(rest) = self.0.strip_prefix('-')
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            self.0 = rest;
            return Some(Some(self.number()?));
        }
        let labels = [("post", ()), ("rev", ()), ("r", ())];
        Some(self.labelled(&labels)?.map(|((), number)| number))
    }

    fn local(&mut self) -> Option<Vec<LocalPart>> {
        let Some(rest) = self.0.strip_prefix('+') else {
            return Some(Vec::new());
        };
        self.0 = "";
        rest.split(['-', '_', '.'])
            .map(|part| {
                if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    None
                } else if part.bytes().all(|b| b.is_ascii_digit()) {
                    part.parse().ok().map(LocalPart::Number)
                } else {
                    Some(LocalPart::Text(part.to_owned()))
                }
            })
            .collect()
    }
}

/// What the spellings of a version have in common. Versions of old have only themselves.
pub(super) fn key(text: &str) -> String {
    Version::parse(text).map_or_else(|| text.to_owned(), |version| version.to_string())
}

/// Whether two texts name one version.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || Version::parse(one).is_some_and(|one| Version::parse(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In ascending order; each line is one version in several spellings.
    const ASCENDING: &[&[&str]] = &[
        &["0", "0.0", "v0"],
        &["1.0.dev0", "1.0dev", "1.0-dev_0", "1.DEV"],
        &["1.0.dev456"],
        &["1.0a1.dev1"],
        &["1.0a1", "1.0alpha1", "1-a-1", "v1.0.A.1", "1.0_alpha_01"],
        &["1.0a2.dev456"],
        &["1.0a12"],
        &["1.0b1.dev456"],
        &["1.0b2", "1.0beta2"],
        &["1.0b2.post345.dev456"],
        &["1.0b2.post345"],
        &["1.0rc1", "1.0c1", "1.0pre1", "1.0preview1", "1.0-rc.1"],
        &["1.0rc2"],
        &["1", "1.0", "1.0.0", "01.0", "  1.0\t", "V1"],
        &["1.0+abc.5", "1.0+ABC-5", "1+abc_5"],
        &["1.0+abc.7"],
        &["1.0+5", "1+05"],
        &["1.0+5.0"],
        &["1.0.post456.dev34"],
        &["1.0.post456", "1.0-456", "1.0r456", "1.0_rev456"],
        &["1.0.1"],
        &["1.1.dev1"],
        &["1.10"],
        &["2016.3"],
        &["1!0.1"],
        &["1!1.0", "1!1"],
    ];

    #[test]
    fn f_py_3_versions_have_one_key_in_all_spellings_and_a_total_order() {
        let mut before: Option<Version> = None;
        for line in ASCENDING {
            let first = Version::parse(line[0]).unwrap();
            for spelling in *line {
                let version = Version::parse(spelling).unwrap();
                assert_eq!(version, first, "{spelling}");
                assert_eq!(key(spelling), key(line[0]));
                assert!(same(spelling, line[0]));
            }
            if let Some(before) = before {
                assert!(before < first, "{before} {first}");
                assert_ne!(before.to_string(), first.to_string());
            }
            before = Some(first);
        }
    }

    #[test]
    fn f_py_3_versions_of_old_are_equal_to_themselves_alone() {
        for old in [
            "",
            "dev",
            "1.0-final",
            "1.0.x",
            "2004d",
            "1..0",
            "1.0+",
            "1.0+a..b",
            "1.0.post-",
            "1!",
            "1.0-",
            "é",
            "1.99999999999999999999999",
            "vv1",
        ] {
            assert_eq!(Version::parse(old), None, "{old}");
            assert_eq!(key(old), old);
        }
        assert!(!same("1.0-final", "1.0"));
        assert!(same("1.0-final", "1.0-final"));
    }

    #[test]
    fn f_py_3_prereleases_are_known() {
        for (text, expected) in [
            ("1.0", false),
            ("1.0.post1", false),
            ("1.0+local", false),
            ("1.0a1", true),
            ("1.0.dev1", true),
            ("1.0.post1.dev2", true),
        ] {
            assert_eq!(
                Version::parse(text).unwrap().is_prerelease(),
                expected,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn f_py_3_a_key_is_its_own_key(text in "[0-9v!.]{0,6}[0-9.a-z_+-]{0,16}") {
            let once = key(&text);
            prop_assert_eq!(&key(&once), &once);
            prop_assert!(same(&text, &once));
        }
    }
}
