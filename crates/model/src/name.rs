//! Names of domains, repositories and external connections, and descriptions.

use std::fmt;

use crate::Constraint;

macro_rules! name_display {
    ($name:ident) => {
        impl $name {
            /// The text as it was parsed.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use name_display;

/// Checks the length in characters.
pub(crate) fn check_length(text: &str, min: usize, max: usize) -> Result<(), Constraint> {
    // Bytes bound characters from above, so that a long text is refused before it is walked.
    if text.len() > max.saturating_mul(4) {
        return Err(Constraint::MaxLength(max));
    }
    let length = text.chars().count();
    if length < min {
        Err(Constraint::MinLength(min))
    } else if length > max {
        Err(Constraint::MaxLength(max))
    } else {
        Ok(())
    }
}

/// A domain's name: 2 to 50 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Box<str>);
name_display!(DomainName);

impl DomainName {
    /// Parses `[a-z][a-z0-9\-]{0,48}[a-z0-9]`.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 2, 50)?;
        let bytes = text.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let good =
            bytes[0].is_ascii_lowercase() && bytes.iter().all(inner) && bytes.last() != Some(&b'-');
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Constraint::Pattern(r"[a-z][a-z0-9\-]{0,48}[a-z0-9]"))
        }
    }
}

/// A repository's name: 2 to 100 letters, digits, dots, hyphens and underscores. Case sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Box<str>);
name_display!(RepositoryName);

impl RepositoryName {
    /// Parses `[A-Za-z0-9][A-Za-z0-9._\-]{1,99}`.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 2, 100)?;
        let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let bytes = text.as_bytes();
        let good = bytes[0].is_ascii_alphanumeric() && bytes.iter().all(inner);
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Constraint::Pattern(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}"))
        }
    }
}

/// An external connection's name, e.g. `public:npmjs`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalConnectionName(Box<str>);
name_display!(ExternalConnectionName);

impl ExternalConnectionName {
    /// Parses `[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}`.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 2, 100)?;
        let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':');
        let bytes = text.as_bytes();
        let good = bytes[0].is_ascii_alphanumeric() && bytes.iter().all(inner);
        if good {
            Ok(Self(text.into()))
        } else {
            Err(Constraint::Pattern(r"[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}"))
        }
    }
}

/// A free text of at most 1,000 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(Box<str>);
name_display!(Description);

impl Description {
    /// Parses `\P{C}*`, at most 1,000 characters.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 0, 1000)?;
        if text.chars().any(is_unprintable) {
            Err(Constraint::Pattern(r"\P{C}*"))
        } else {
            Ok(Self(text.into()))
        }
    }
}

/// Control characters, and the format characters that can make one name look like another
/// (bidirectional overrides, zero-width characters).
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
        || matches!(u32::from(c), 0xfdd0..=0xfdef | 0xf0000..)
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_published_patterns() {
        for good in ["ab", "a1", "my-domain", "a--b"] {
            assert!(DomainName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "1a",
            "ab-",
            "A-b",
            "my_domain",
            "dömain",
            "..",
            "a/b",
        ] {
            assert!(DomainName::parse(bad).is_err(), "{bad}");
        }
        for good in ["ab", "A.b", "0_-"] {
            assert!(RepositoryName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", ".a", "..", "-a", "a b", "a/b", "a%2e", "a\0"] {
            assert!(RepositoryName::parse(bad).is_err(), "{bad}");
        }
        assert!(ExternalConnectionName::parse("public:npmjs").is_ok());
        assert!(ExternalConnectionName::parse("public/npmjs").is_err());
    }

    #[test]
    fn lengths_are_checked_before_patterns() {
        assert_eq!(
            DomainName::parse(&"a".repeat(51)),
            Err(Constraint::MaxLength(50))
        );
        assert_eq!(
            RepositoryName::parse(&"a".repeat(70_000)),
            Err(Constraint::MaxLength(100))
        );
        assert_eq!(
            Description::parse(&"é".repeat(1000)).map(|d| d.as_str().chars().count()),
            Ok(1000)
        );
    }

    #[test]
    fn p05_descriptions_hold_no_control_or_override_characters() {
        for bad in ["a\0", "a\r\nb", "a\u{202e}b", "a\u{200b}b", "a\u{7f}"] {
            assert!(Description::parse(bad).is_err(), "{bad:?}");
        }
    }
}
