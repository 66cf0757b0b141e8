//! The text of a permissions policy, as far as its form goes. What it says is read by `access`.

use std::fmt;

use crate::Constraint;
use crate::name::{check_length, is_unprintable, name_display};

/// A policy document: 1 to 7,168 characters that are printable or white space. Kept as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument(Box<str>);
name_display!(PolicyDocument);

impl PolicyDocument {
    /// Parses `[\P{C}\s]{1,7168}`.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 1, 7168)?;
        if text
            .chars()
            .any(|c| is_unprintable(c) && !c.is_whitespace())
        {
            Err(Constraint::Pattern(r"[\P{C}\s]+"))
        } else {
            Ok(Self(text.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s09_a_document_is_of_bounded_length_and_has_no_control_characters_but_white_space() {
        let text = "{\r\n\t\"Statement\": []\n}";
        assert_eq!(PolicyDocument::parse(text).unwrap().as_str(), text);
        assert!(PolicyDocument::parse(&"é".repeat(7168)).is_ok());
        assert_eq!(
            PolicyDocument::parse(&"x".repeat(7169)),
            Err(Constraint::MaxLength(7168))
        );
        assert_eq!(PolicyDocument::parse(""), Err(Constraint::MinLength(1)));
        for bad in [
            "{\0}",
            "{\u{7f}}",
            "{\u{202e}}",
            "\u{feff}{}",
            "{\u{1b}[2J}",
        ] {
            assert!(
                matches!(PolicyDocument::parse(bad), Err(Constraint::Pattern(_))),
                "{bad:?}"
            );
        }
    }
}
