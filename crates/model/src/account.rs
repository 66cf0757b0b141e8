//! Account ids.

use std::fmt;

use crate::Constraint;

/// Twelve digits that name an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Box<str>);

impl AccountId {
    /// Parses `[0-9]{12}`.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        match text.len() {
            0..12 => Err(Constraint::MinLength(12)),
            12 if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(text.into())),
            12 => Err(Constraint::Pattern("[0-9]{12}")),
            _ => Err(Constraint::MaxLength(12)),
        }
    }

    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s13_only_twelve_digits_are_an_account() {
        assert!(AccountId::parse("000000000000").is_ok());
        for bad in [
            "",
            "1",
            "00000000000",
            "0000000000000",
            "00000000000a",
            "０００００００００００0",
        ] {
            assert!(AccountId::parse(bad).is_err(), "{bad}");
        }
    }
}
