//! Condition operators by name: `ForAnyValue:StringNotLikeIfExists`.
//!
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use super::error::{PolicyError, quoted};

/// An operator, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    /// How a key with several values is asked.
    pub(super) set: Set,
    /// What is compared, and how.
    pub(super) test: Test,
    /// Whether the answer is turned around.
    pub(super) negated: bool,
    /// Whether an absent key is as good as a match.
    pub(super) if_exists: bool,
}

/// What stands before the colon of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// Nothing: the key has one value.
    Single,
    /// `ForAllValues`.
    All,
    /// `ForAnyValue`.
    Any,
}

/// A kind of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Text,
    TextIgnoringCase,
    TextLike,
    Number(Order),
    Date(Order),
    Flag,
    Bytes,
    Address,
    Arn,
    Absence,
}

/// How the request's value must stand to the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn holds<T: Ord>(self, request: &T, policy: &T) -> bool {
        match self {
            Self::Equal => request == policy,
            Self::Less => request < policy,
            Self::LessOrEqual => request <= policy,
            Self::Greater => request > policy,
            Self::GreaterOrEqual => request >= policy,
        }
    }
}

/// Every operator, with whether it is negated.
const TESTS: [(&str, Test, bool); 27] = [
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("BinaryEquals", Test::Bytes, false),
    ("Bool", Test::Flag, false),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    (
        "DateGreaterThanEquals",
        Test::Date(Order::GreaterOrEqual),
        false,
    ),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("IpAddress", Test::Address, false),
    ("NotIpAddress", Test::Address, true),
    ("Null", Test::Absence, false),
    ("NumericEquals", Test::Number(Order::Equal), false),
    ("NumericGreaterThan", Test::Number(Order::Greater), false),
    (
        "NumericGreaterThanEquals",
        Test::Number(Order::GreaterOrEqual),
        false,
    ),
    ("NumericLessThan", Test::Number(Order::Less), false),
    (
        "NumericLessThanEquals",
        Test::Number(Order::LessOrEqual),
        false,
    ),
    ("NumericNotEquals", Test::Number(Order::Equal), true),
    ("StringEquals", Test::Text, false),
    ("StringEqualsIgnoreCase", Test::TextIgnoringCase, false),
    ("StringLike", Test::TextLike, false),
    ("StringNotEquals", Test::Text, true),
    ("StringNotEqualsIgnoreCase", Test::TextIgnoringCase, true),
    ("StringNotLike", Test::TextLike, true),
];

impl Operator {
    pub(super) fn parse(name: &str) -> Result<Self, PolicyError> {
        let (set, rest) = match name.split_once(':') {
            None => (Set::Single, name),
            Some(("ForAllValues", rest)) => (Set::All, rest),
            Some(("ForAnyValue", rest)) => (Set::Any, rest),
            Some(_) => return Err(unknown(name)),
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (_, test, negated) = TESTS
            .into_iter()
            .find(|(known, ..)| *known == base)
            .ok_or_else(|| unknown(name))?;
        if test == Test::Absence && (if_exists || set != Set::Single) {
            return Err(PolicyError::new(format!(
                "The condition operator {} does not exist: Null takes neither IfExists nor ForAllValues or ForAnyValue.",
                quoted(name)
            )));
        }
        Ok(Self {
            set,
            test,
            negated,
            if_exists,
        })
    }
}

fn unknown(name: &str) -> PolicyError {
    let base = name.rsplit_once(':').map_or(name, |(_, base)| base);
    let meant = TESTS
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(base));
    PolicyError::new(match meant {
        Some((known, ..)) => format!(
            "{} is not a condition operator. Did you mean {known}? The names are case-sensitive.",
            quoted(name)
        ),
        None => format!(
            "{} is not a condition operator. Write for example StringEquals, ArnLike or IpAddress, with IfExists after \
             it or ForAllValues: or ForAnyValue: before it where needed.",
            quoted(name)
        ),
    })
}
