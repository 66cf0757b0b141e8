//! One line of a `Condition` element: an operator, a key and the values that the policy compares with.
//!
//! Several values of the policy are alternatives; under a negated operator none of them may match. What the public
//! documents leave open - a key with several values without `ForAllValues` or `ForAnyValue`, a negated comparison
//! with a variable that has no value - is decided against the request: it allows less and forbids more.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::EpochMillis;

use super::date::parse_date;
use super::error::{PolicyError, quoted};
use super::json::Json;
use super::key::{Found, Key, Value};
use super::network::Network;
use super::number::Number;
use super::operator::{Operator, Order, Set, Test};
use super::question::{Effect, Question};
use super::variable::{Match, Reading, Template};

/// An operator with its key and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    set: Set,
    negated: bool,
    if_exists: bool,
    key: Key,
    operands: Operands,
}

/// The policy's values, read as the operator needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Operands {
    Texts(Box<[Template]>),
    TextsIgnoringCase(Box<[Template]>),
    Arns(Box<[Template]>),
    Numbers(Order, Box<[Number]>),
    Dates(Order, Box<[EpochMillis]>),
    Flags(Box<[bool]>),
    Bytes(Box<[Box<[u8]>]>),
    Networks(Box<[Network]>),
    Absence(Box<[bool]>),
}

impl Condition {
    /// Reads the value of a statement's element `Condition`.
    pub(super) fn parse_all(json: Json, variables: bool) -> Result<Box<[Self]>, PolicyError> {
        let mut conditions = Vec::new();
        for (name, keys) in json.into_object("Condition")? {
            let operator = Operator::parse(&name)?;
            for (key, values) in keys.into_object(&format!("Condition operator {name}"))? {
                let condition = Self::parse(operator, &key, values, variables)
                    .map_err(|error| error.within(format!("{name} of {}", quoted(&key))))?;
                conditions.push(condition);
            }
        }
        Ok(conditions.into())
    }

    fn parse(
        operator: Operator,
        key: &str,
        values: Json,
        variables: bool,
    ) -> Result<Self, PolicyError> {
        Ok(Self {
            set: operator.set,
            negated: operator.negated,
            if_exists: operator.if_exists,
            key: Key::parse(key)?,
            operands: Operands::parse(operator.test, &scalars(values)?, variables)?,
        })
    }

    /// Whether a request meets the condition, in a statement of this effect.
    pub(super) fn holds(&self, question: &Question<'_>, effect: Effect) -> bool {
        let found = self.key.find(question);
        if let Operands::Absence(wanted) = &self.operands {
            return wanted.contains(&found.is_none());
        }
        let Some(found) = found else {
            return self.if_exists
                || match self.set {
                    Set::Single => self.negated,
                    Set::All => true,
                    Set::Any => false,
                };
        };
        let passes = |value: &Value<'_>| self.passes(value, question, effect);
        match (self.set, effect) {
            (Set::All, _) => found.is_empty() || found.all(passes),
            (Set::Any, _) => !found.is_empty() && any(&found, passes),
            (Set::Single, Effect::Allow) => found.all(passes),
            (Set::Single, Effect::Deny) => any(&found, passes),
        }
    }

    fn passes(&self, value: &Value<'_>, question: &Question<'_>, effect: Effect) -> bool {
        match self.operands.compare(value, question) {
            Match::Yes => !self.negated,
            Match::No => self.negated,
            Match::Unknown => self.negated && effect == Effect::Deny,
        }
    }
}

fn any(found: &Found<'_>, test: impl Fn(&Value<'_>) -> bool) -> bool {
    !found.all(|value| !test(value))
}

/// The values of a key: strings, numbers and booleans alike, as text.
fn scalars(values: Json) -> Result<Vec<String>, PolicyError> {
    let scalar = |json: Json| match json {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Flag(flag) => Ok(flag.to_string()),
        other => Err(PolicyError::new(format!(
            "A value must be a string, a number or a boolean, not {}.",
            other.noun()
        ))),
    };
    match values {
        Json::List(items) if items.is_empty() => {
            Err(PolicyError::new("There must be at least one value."))
        }
        Json::List(items) => items.into_iter().map(scalar).collect(),
        other => Ok(vec![scalar(other)?]),
    }
}

impl Operands {
    fn parse(test: Test, values: &[String], variables: bool) -> Result<Self, PolicyError> {
        let templates = |reading| {
            let template = |text: &str| Template::parse(text, reading, variables);
            every(values, template)
        };
        Ok(match test {
            Test::Text => Self::Texts(templates(Reading::Literal)?),
            Test::TextLike => Self::Texts(templates(Reading::Wild)?),
            Test::TextIgnoringCase => Self::TextsIgnoringCase(templates(Reading::Literal)?),
            Test::Arn => {
                values
                    .iter()
                    .try_for_each(|text| check_arn(text, variables))?;
                Self::Arns(templates(Reading::Arn)?)
            }
            Test::Number(order) => Self::Numbers(
                order,
                every(values, |text| {
                    Number::parse(text)
                        .ok_or_else(|| unreadable(text, "a number such as 10 or 2.5"))
                })?,
            ),
            Test::Date(order) => Self::Dates(
                order,
                every(values, |text| {
                    parse_date(text).ok_or_else(|| {
                        unreadable(
                            text,
                            "a date such as 2026-11-23T04:51:27Z, or seconds since 1970",
                        )
                    })
                })?,
            ),
            Test::Flag => Self::Flags(every(values, flag)?),
            Test::Absence => Self::Absence(every(values, flag)?),
            Test::Bytes => Self::Bytes(every(values, |text| {
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|_| unreadable(text, "base64"))?;
                Ok(bytes.into())
            })?),
            Test::Address => Self::Networks(every(values, |text| {
                Network::parse(text).ok_or_else(|| {
                    unreadable(text, "an address or a network such as 203.0.113.0/24")
                })
            })?),
        })
    }

    fn compare(&self, value: &Value<'_>, question: &Question<'_>) -> Match {
        match self {
            Self::Texts(templates) | Self::Arns(templates) => {
                let text = value.text();
                best(templates, |template| template.matches(&text, question))
            }
            Self::TextsIgnoringCase(templates) => {
                let text = value.text();
                best(templates, |template| {
                    template.equals_ignoring_case(&text, question)
                })
            }
            Self::Numbers(order, numbers) => Number::parse(&value.text())
                .is_some_and(|number| numbers.iter().any(|other| order.holds(&number, other)))
                .into(),
            Self::Dates(order, dates) => date_of(value)
                .is_some_and(|date| dates.iter().any(|other| date_holds(*order, date, *other)))
                .into(),
            Self::Flags(flags) => flag(&value.text())
                .is_ok_and(|flag| flags.contains(&flag))
                .into(),
            Self::Bytes(wanted) => {
                let text = value.text();
                wanted
                    .iter()
                    .any(|bytes| **bytes == *text.as_bytes())
                    .into()
            }
            Self::Networks(networks) => address_of(value)
                .is_some_and(|address| networks.iter().any(|network| network.contains(address)))
                .into(),
            // Answered before any value is looked at.
            Self::Absence(_) => Match::No,
        }
    }
}

/// Every value read, or the first fault.
fn every<T>(
    values: &[String],
    read: impl Fn(&str) -> Result<T, PolicyError>,
) -> Result<Box<[T]>, PolicyError> {
    values.iter().map(|text| read(text)).collect()
}

fn unreadable(text: &str, wanted: &str) -> PolicyError {
    let hint = if text.contains("${") {
        " Variables may only stand in values of string and ARN operators."
    } else {
        ""
    };
    PolicyError::new(format!("{} is not {wanted}.{hint}", quoted(text)))
}

fn flag(text: &str) -> Result<bool, PolicyError> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(unreadable(text, "true or false")),
    }
}

/// Comparisons of ARNs go segment by segment, so there must be six; variables are looked at when they have values.
fn check_arn(text: &str, variables: bool) -> Result<(), PolicyError> {
    let shaped = text.starts_with("arn:") && text.splitn(6, ':').count() == 6;
    if shaped || (variables && text.contains("${")) {
        return Ok(());
    }
    Err(unreadable(
        text,
        "an ARN with its six parts, arn:partition:service:region:account:resource, with * and ? as wildcards",
    ))
}

fn best(templates: &[Template], test: impl Fn(&Template) -> Match) -> Match {
    let mut answer = Match::No;
    for template in templates {
        match test(template) {
            Match::Yes => return Match::Yes,
            Match::Unknown => answer = Match::Unknown,
            Match::No => {}
        }
    }
    answer
}

fn date_of(value: &Value<'_>) -> Option<EpochMillis> {
    match value {
        Value::Instant(instant) | Value::Epoch(instant) => Some(*instant),
        Value::Text(text) => parse_date(text),
        Value::Flag(_) | Value::Address(_) => None,
    }
}

/// Dates are equal when they are the same second: that is how finely they are written in policies.
fn date_holds(order: Order, request: EpochMillis, policy: EpochMillis) -> bool {
    let second = |instant: EpochMillis| instant.0.div_euclid(1000);
    match order {
        Order::Equal => second(request) == second(policy),
        order => order.holds(&request, &policy),
    }
}

fn address_of(value: &Value<'_>) -> Option<IpAddr> {
    match value {
        Value::Address(address) => Some(*address),
        Value::Text(text) => text.parse().ok(),
        Value::Flag(_) | Value::Instant(_) | Value::Epoch(_) => None,
    }
}
