//! JSON bodies: strict on the way in, plain on the way out.
//!
//! A body with two members of one name means different things to different readers, so it is refused; what a parser
//! of JSON refuses anyway (other encodings, data after the end, more than 128 levels) is refused too.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use model::{Error, InvalidReason, Result};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::Serialize;
use serde_json::{Map, Value};

use crate::Body;

/// Reads the members of a body. An empty body has none.
pub(crate) fn read_object(body: &[u8]) -> Result<Map<String, Value>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let invalid = |message| Error::invalid(InvalidReason::CannotParse, message);
    match serde_json::from_slice(body) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        Ok(Strict(other)) => {
            let found = type_name(&other);
            Err(invalid(format!(
                "The request body must be a JSON object, but {found} was sent."
            )))
        }
        Err(error) => Err(invalid(format!(
            "The request body is not valid JSON: {error}."
        ))),
    }
}

/// What a value is, for messages.
pub(crate) const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A reply with a JSON body.
pub(crate) fn reply(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>> {
    let text = serde_json::to_vec(value).map_err(Error::internal)?;
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// A value without repeated members at any level.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is sent more than once"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_is_an_empty_object() {
        assert!(read_object(b"").unwrap().is_empty());
        assert!(read_object(b" {} \n").unwrap().is_empty());
    }

    #[test]
    fn values_of_every_type_are_read() {
        let text = r#"{"a":null,"b":true,"c":[-1,2,0.5,"x"],"d":{"e":{}}}"#;
        let members = read_object(text.as_bytes()).unwrap();
        let plain: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(members), plain);
    }

    #[test]
    fn u12_bodies_with_two_meanings_or_none_are_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let bad: [&[u8]; 14] = [
            b"x",
            b"[]",
            b"1",
            b"null",
            b"{}{}",
            b"{} x",
            b"{\"a\":1,\"a\":1}",
            b"{\"b\":[{\"a\":1,\"\\u0061\":1}]}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\xff\"}",
            b"\xef\xbb\xbf{}",
            b"{/* no */}",
            b"{\"a\":1e999}",
            deep.as_bytes(),
        ];
        for body in bad {
            let error = read_object(body).unwrap_err();
            assert_eq!(
                error.kind,
                model::ErrorKind::Invalid(InvalidReason::CannotParse),
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(80)])
            );
        }
    }
}
