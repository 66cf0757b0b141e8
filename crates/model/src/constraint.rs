//! Constraints on request members and the wording AWS gives to their violation.

use std::fmt;

/// A constraint that a value did not satisfy. `Display` is the wording of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The member is required and was not sent.
    NotNull,
    /// Fewer characters (or list items) than allowed.
    MinLength(usize),
    /// More characters (or list items) than allowed.
    MaxLength(usize),
    /// The published regular expression of the member.
    Pattern(&'static str),
    /// The value is not one of a closed list.
    OneOf(Vec<&'static str>),
    /// A number below the allowed range.
    AtLeast(i64),
    /// A number above the allowed range.
    AtMost(i64),
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNull => write!(f, "Member must not be null"),
            Self::MinLength(n) => write!(f, "Member must have length greater than or equal to {n}"),
            Self::MaxLength(n) => write!(f, "Member must have length less than or equal to {n}"),
            Self::Pattern(pattern) => write!(
                f,
                "Member must satisfy regular expression pattern: {pattern}"
            ),
            Self::OneOf(values) => write!(
                f,
                "Member must satisfy enum value set: [{}]",
                values.join(", ")
            ),
            Self::AtLeast(n) => write!(f, "Member must have value greater than or equal to {n}"),
            Self::AtMost(n) => write!(f, "Member must have value less than or equal to {n}"),
        }
    }
}

/// One violated constraint: which member, which value, which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The member's name as the API spells it, e.g. `domain` or `upstreams.1.member.repositoryName`.
    pub member: String,
    /// The value sent, or `None` when nothing was sent.
    pub value: Option<String>,
    /// The rule it broke.
    pub constraint: Constraint,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "Value '{}' at '{}'", shorten(value), self.member)?,
            None => write!(f, "Value null at '{}'", self.member)?,
        }
        write!(f, " failed to satisfy constraint: {}", self.constraint)
    }
}

/// The message of a `ValidationException` for these violations, e.g.
/// `1 validation error detected: Value 'x' at 'domain' failed to satisfy constraint: ...`.
#[must_use]
pub fn violations_message(violations: &[Violation]) -> String {
    let plural = if violations.len() == 1 {
        "error"
    } else {
        "errors"
    };
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    format!(
        "{} validation {plural} detected: {}",
        violations.len(),
        list.join("; ")
    )
}

/// Values are echoed, so they are bounded and lose their control characters: an error text must not become a
/// way to flood a log or to forge its lines.
fn shorten(value: &str) -> String {
    const KEEP: usize = 256;
    let mut out: String = value
        .chars()
        .take(KEEP)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if value.chars().count() > KEEP {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_use_the_wording_of_aws() {
        let one = Violation {
            member: "domain".into(),
            value: Some("x".into()),
            constraint: Constraint::MinLength(2),
        };
        let two = Violation {
            member: "repository".into(),
            value: None,
            constraint: Constraint::NotNull,
        };
        assert_eq!(
            violations_message(std::slice::from_ref(&one)),
            "1 validation error detected: Value 'x' at 'domain' failed to satisfy constraint: \
             Member must have length greater than or equal to 2"
        );
        assert_eq!(
            violations_message(&[one, two]),
            "2 validation errors detected: Value 'x' at 'domain' failed to satisfy constraint: Member must have \
             length greater than or equal to 2; Value null at 'repository' failed to satisfy constraint: Member \
             must not be null"
        );
    }

    #[test]
    fn o02_control_characters_of_callers_do_not_reach_messages() {
        let v = Violation {
            member: "domain".into(),
            value: Some("a\nb".into()),
            constraint: Constraint::Pattern("x"),
        };
        assert!(!v.to_string().contains('\n'));
    }
}
