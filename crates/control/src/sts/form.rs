//! The members of a request of the query protocol.
//!
//! Lists are spelled out: `Tags.member.1.Key=team`. A name that comes twice has two meanings, so it is refused.

use std::collections::BTreeMap;

use model::{Constraint, Error, InvalidReason, Result, Violation, violations_message};

use crate::protocol::query;

/// More than any request of this service has.
const MOST_MEMBERS: usize = 400;

/// The members by name.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form. A query string beside it has no place here, unless it is a signature.
    pub(super) fn read(raw_query: Option<&str>, body: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not text"))?;
        let pairs = query::decode(text)?;
        if pairs.len() > MOST_MEMBERS {
            return Err(malformed("it has too many members"));
        }
        let beside = query::decode(raw_query.unwrap_or_default())?;
        let is_signature = |name: &str| name.to_ascii_lowercase().starts_with("x-amz-");
        if beside.iter().any(|(name, _)| !is_signature(name)) {
            return Err(malformed("a part of it is in the query string"));
        }
        let mut members = BTreeMap::new();
        for (name, value) in pairs {
            if members.insert(name, value).is_some() {
                return Err(malformed("a member is sent more than once"));
            }
        }
        Ok(Self(members))
    }

    /// A member as it came.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A member of which there must be between `min` and `max` bytes.
    pub(super) fn bounded(&self, name: &str, min: usize, max: usize) -> Result<Option<String>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let constraint = if text.len() < min {
            Constraint::MinLength(min)
        } else if text.len() > max {
            Constraint::MaxLength(max)
        } else {
            return Ok(Some(text.to_owned()));
        };
        Err(violated(name, Some(text), constraint))
    }

    /// The same, where it must be there.
    pub(super) fn required(&self, name: &str, min: usize, max: usize) -> Result<String> {
        let found = self.bounded(name, min, max)?;
        found.ok_or_else(|| violated(name, None, Constraint::NotNull))
    }

    /// `DurationSeconds`.
    pub(super) fn seconds(&self, max: i64) -> Result<Option<i64>> {
        const NAME: &str = "DurationSeconds";
        let Some(text) = self.text(NAME) else {
            return Ok(None);
        };
        let seconds: i64 = text
            .parse()
            .map_err(|_| malformed("DurationSeconds is not a whole number"))?;
        let constraint = if seconds < 900 {
            Constraint::AtLeast(900)
        } else if seconds > max {
            Constraint::AtMost(max)
        } else {
            return Ok(Some(seconds));
        };
        Err(violated(NAME, Some(text), constraint))
    }

    /// The items of a list of texts: `Name.member.1`, or `Name.member.1.suffix`.
    pub(super) fn list(&self, name: &str, suffix: &str, most: usize) -> Result<Vec<String>> {
        let mut items = Vec::new();
        while let Some(item) = self.text(&format!("{name}.member.{}{suffix}", items.len() + 1)) {
            if items.len() == most {
                return Err(violated(name, None, Constraint::MaxLength(most)));
            }
            items.push(item.to_owned());
        }
        let prefix = format!("{name}.member.");
        let with_suffix = |known: &&String| known.starts_with(&prefix) && known.ends_with(suffix);
        // A list with a hole, or with an item of another form, is not the list that was meant.
        if self.0.keys().filter(with_suffix).count() != items.len() {
            return Err(malformed("a list in it is not numbered from 1 on"));
        }
        Ok(items)
    }

    /// `Tags`.
    pub(super) fn tags(&self) -> Result<Vec<(String, String)>> {
        let keys = self.list("Tags", ".Key", 50)?;
        let values = self.list("Tags", ".Value", 50)?;
        if keys.len() != values.len() {
            return Err(malformed(
                "a tag in it has a key and no value, or the reverse",
            ));
        }
        Ok(keys.into_iter().zip(values).collect())
    }
}

fn malformed(why: &str) -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        format!("The form of the request cannot be read: {why}."),
    )
}

fn violated(name: &str, value: Option<&str>, constraint: Constraint) -> Error {
    // Messages spell members as the API's own code does: with a small first letter. A token is never repeated.
    let member = name[..1].to_ascii_lowercase() + &name[1..];
    let value = value
        .filter(|_| name != "WebIdentityToken")
        .map(str::to_owned);
    let violation = Violation {
        member,
        value,
        constraint,
    };
    Error::invalid(
        InvalidReason::FieldValidation,
        violations_message(&[violation]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::read(None, text.as_bytes()).unwrap()
    }

    #[test]
    fn lists_are_read_in_order_and_without_holes() {
        let text = "Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Value=&Tags.member.2.Key=b+c\
            &PolicyArns.member.1.arn=x";
        let read = form(text);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(read.tags().unwrap(), [pair("a", "1"), pair("b c", "")]);
        assert_eq!(read.list("PolicyArns", ".arn", 10).unwrap(), ["x"]);
        assert!(read.list("TransitiveTagKeys", "", 50).unwrap().is_empty());
        for bad in [
            "Tags.member.1.Key=a",
            "Tags.member.2.Key=a&Tags.member.2.Value=1",
            "Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.3.Key=a&Tags.member.3.Value=1",
        ] {
            assert!(form(bad).tags().is_err(), "{bad}");
        }
    }

    #[test]
    fn u12_forms_with_two_meanings_or_none_are_refused() {
        for bad in [
            "Action=a&Action=b",
            "Action=%",
            "Action=%ff",
            "A%63tion=a&Action=b",
        ] {
            assert!(Form::read(None, bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Form::read(None, b"Action=\xff").is_err());
        assert!(Form::read(Some("Action=a"), b"Action=a").is_err());
        assert!(Form::read(Some("X-Amz-Date=x"), b"Action=a").is_ok());
        assert!(Form::read(None, "a1=&".repeat(5).as_bytes()).is_err());
        let many: String = (0..500).map(|n| format!("a{n}=&")).collect();
        assert!(Form::read(None, many.as_bytes()).is_err());
    }

    #[test]
    fn lifetimes_are_whole_numbers_within_their_bounds() {
        let seconds = |text: &str| form(&format!("DurationSeconds={text}")).seconds(43_200);
        assert_eq!(form("").seconds(1).unwrap(), None);
        assert_eq!(seconds("900").unwrap(), Some(900));
        for bad in [
            "",
            "899",
            "43201",
            "-900",
            "1e3",
            "900.0",
            "99999999999999999999",
        ] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
