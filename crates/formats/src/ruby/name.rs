//! Names of gems, and of their files: `{name}-{version}[-{platform}].gem`.
//!
//! What RubyGems calls the full name cannot always be taken apart by itself: names, too, have hyphens and digits. Whoever
//! knows the name reads it exactly; an address gives candidates, the likeliest first.

use model::{AssetName, Error, PackageCoordinates, PackageName, ResourceType, Result, VersionName};

use super::version::is_number;
use super::{ID, platform};

const SUFFIX: &str = ".gem";
/// More readings of one name are not looked at: each is a look at the source.
const CANDIDATES: usize = 3;

/// Whether a gem can have this name: letters and digits of ASCII, with `-`, `_` and `.`.
pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    bytes.len() <= 200
        && bytes
            .first()
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && bytes.iter().all(is_part)
}

/// Whether a gem of this name can be published: it has a letter, as gems of the public host have.
pub(super) fn is_new_name(text: &str) -> bool {
    is_name(text) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The gem of this name.
pub(super) fn find_gem(text: &str) -> Option<PackageCoordinates> {
    let name = PackageName::parse(text).ok().filter(|_| is_name(text))?;
    Some(PackageCoordinates {
        format: ID,
        namespace: None,
        name,
    })
}

/// The gem that an address names. None can have another name, so the answer is that there is none.
pub(super) fn gem_of_segment(text: &str) -> Result<PackageCoordinates> {
    find_gem(text).ok_or_else(|| {
        let message = format!("'{text}' is not the name of a gem.");
        Error::not_found(ResourceType::Package, text, message)
    })
}

/// A gem's file: what its name says beside the gem's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileName<'f> {
    pub(super) number: &'f str,
    /// `ruby` where the name says nothing.
    pub(super) platform: &'f str,
}

impl<'f> FileName<'f> {
    /// Reads the name of a file of a gem.
    pub(super) fn of(gem: &str, file: &'f str) -> Option<Self> {
        let rest = file.strip_suffix(SUFFIX)?.strip_prefix(gem)?;
        Self::of_rest(rest.strip_prefix('-')?)
    }

    /// Reads `{version}[-{platform}]`.
    pub(super) fn of_rest(rest: &'f str) -> Option<Self> {
        let (number, platform) = match rest.split_once('-') {
            None => (rest, platform::RUBY),
            Some((number, platform)) => (number, platform),
        };
        let is_good = is_number(number) && platform::is_platform(platform);
        is_good.then_some(Self { number, platform })
    }

    /// `{version}[-{platform}]`
    pub(super) fn rest(self) -> String {
        if self.platform == platform::RUBY {
            self.number.to_owned()
        } else {
            format!("{}-{}", self.number, self.platform)
        }
    }

    /// The file's name.
    pub(super) fn file(self, gem: &str) -> String {
        format!("{gem}-{}{SUFFIX}", self.rest())
    }
}

/// A file, as an address names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileAddress {
    pub(super) gem: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) file: AssetName,
}

/// What a full name may mean: every place where a version can begin, the first one first.
pub(super) fn candidates(full_name: &str) -> Vec<FileAddress> {
    let mut found = Vec::new();
    for (at, _) in full_name.match_indices('-') {
        let (gem, rest) = (&full_name[..at], &full_name[at + 1..]);
        let Some(name) = FileName::of_rest(rest) else {
            continue;
        };
        let file = AssetName::parse(&format!("{full_name}{SUFFIX}"));
        if let (Some(gem), Ok(version), Ok(file)) =
            (find_gem(gem), VersionName::parse(name.number), file)
        {
            found.push(FileAddress { gem, version, file });
        }
        if found.len() == CANDIDATES {
            break;
        }
    }
    found
}

/// That there is no such file.
pub(super) fn no_file(file: &str) -> Error {
    let message = format!("There is no gem '{file}'.");
    Error::not_found(ResourceType::Asset, file, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_rb_1_names_without_slashes_and_dots_in_front_are_names() {
        for good in ["rails", "a", "0mq", "net-http", "Ascii85", "_", "a.b_c-1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", ".a", "-a", "a/b", "a b", "a\\b", "ü", "a\n"] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_new_name("0mq") && !is_new_name("0") && !is_new_name("_-1"));
    }

    #[test]
    fn a_file_of_a_gem_says_its_version_and_platform() {
        let read = |gem, file| FileName::of(gem, file).map(|name| (name.number, name.platform));
        assert_eq!(read("a", "a-1.0.gem"), Some(("1.0", "ruby")));
        assert_eq!(read("a", "a-1.0-java.gem"), Some(("1.0", "java")));
        assert_eq!(
            read("a-b", "a-b-1.0.rc1-x86_64-linux-gnu.gem"),
            Some(("1.0.rc1", "x86_64-linux-gnu"))
        );
        for (gem, file) in [
            ("a", "b-1.0.gem"),
            ("a", "a-1.0.zip"),
            ("a", "a-b.gem"),
            ("a", "a-1.0-.gem"),
            ("a", "a1.0.gem"),
            ("a", "a-1.0-x y.gem"),
        ] {
            assert_eq!(read(gem, file), None, "{file}");
        }
        let name = FileName::of("a", "a-1.0-java.gem").unwrap();
        assert_eq!(name.file("a"), "a-1.0-java.gem");
    }

    #[test]
    fn f_rb_2_names_with_hyphens_and_digits_have_every_reading() {
        let read = |full: &str| -> Vec<(String, String)> {
            let found = candidates(full).into_iter();
            found
                .map(|c| (c.gem.name.to_string(), c.version.to_string()))
                .collect()
        };
        let pair = |gem: &str, version: &str| (gem.to_owned(), version.to_owned());
        assert_eq!(read("rails-7.0.1"), [pair("rails", "7.0.1")]);
        assert_eq!(read("net-http-0.1"), [pair("net-http", "0.1")]);
        assert_eq!(read("foo-1-2.0"), [pair("foo-1", "2.0")]);
        assert_eq!(
            read("x-1.0-universal-darwin-20"),
            [pair("x", "1.0"), pair("x-1.0-universal-darwin", "20")]
        );
        assert_eq!(read("a-1.0-x86-mingw32"), [pair("a", "1.0")]);
        assert_eq!(read("a"), []);
        assert_eq!(read("a/b-1.0"), []);
        assert!(candidates(&"a-1-java".repeat(1000)).len() <= CANDIDATES);
    }
}
