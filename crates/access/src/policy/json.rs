//! JSON read strictly: a key that comes twice in an object is an error, because readers disagree on which one counts.
//!
//! Nesting is bounded by the JSON library; the size of the text by whoever calls.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::error::{PolicyError, quoted};

/// A JSON value whose objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Flag(bool),
    /// The number as text: policies compare numbers by their digits.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        serde_json::from_str(text)
            .map_err(|error| PolicyError::new(format!("Syntax errors in policy. {error}")))
    }

    /// What it is, for messages.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// An object's members.
    pub(super) fn into_object(self, element: &str) -> Result<Vec<(String, Self)>, PolicyError> {
        match self {
            Self::Object(members) => Ok(members),
            other => Err(PolicyError::new(format!(
                "{element} must be an object, not {}.",
                other.noun()
            ))),
        }
    }

    /// One string.
    pub(super) fn into_text(self, element: &str) -> Result<String, PolicyError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(PolicyError::new(format!(
                "{element} must be a string, not {}.",
                other.noun()
            ))),
        }
    }

    /// A string or a list of strings, at least one.
    pub(super) fn into_texts(self, element: &str) -> Result<Vec<String>, PolicyError> {
        let texts = match self {
            Self::Text(text) => vec![text],
            Self::List(items) => items
                .into_iter()
                .map(|item| item.into_text(&format!("Each value of {element}")))
                .collect::<Result<_, _>>()?,
            other => {
                return Err(PolicyError::new(format!(
                    "{element} must be a string or a list of strings, not {}.",
                    other.noun()
                )));
            }
        };
        if texts.is_empty() {
            return Err(PolicyError::new(format!(
                "{element} must have at least one value."
            )));
        }
        Ok(texts)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Flag(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!(
                    "The key {} comes twice in one object.",
                    quoted(&key)
                )));
            }
            members.push((key, entries.next_value()?));
        }
        Ok(Json::Object(members))
    }
}
