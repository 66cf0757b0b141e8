//! Reading the members of a request into types.
//!
//! Every reader notes what is wrong and goes on, so that one reply names all that is wrong. [`Refused`] is the proof
//! that something was noted: an operation reads all its members first and uses `?` on them afterwards. What cannot
//! be understood at all (not JSON, a string where a number must be) is told alone.

use catalog::FormatList;
use http::{HeaderMap, Method, header, request};
use model::{
    AccountId, ArnScope, Constraint, Error, InvalidReason, Result, Violation, violations_message,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::member::{Member, Place};
use super::{json, query};

/// Violations told in one reply; more would let a small request make a large one.
const TOLD: usize = 100;

/// Who asks what, as far as reading members depends on it.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) operation: &'static str,
    pub(crate) account: AccountId,
    pub(crate) scope: ArnScope,
    pub(crate) formats: FormatList,
}

/// Something was wrong with a member and has been noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(());

/// The outcome of reading a member.
pub(crate) type Read<T> = std::result::Result<T, Refused>;

/// The members of a request, and what was found wrong with them so far.
#[derive(Debug)]
pub(crate) struct Params {
    pub(crate) asking: Asking,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Map<String, Value>,
    violations: Vec<Violation>,
    fault: Option<Error>,
    /// Over every member read so far: page tokens are bound to it.
    inputs: Sha256,
    #[cfg(test)]
    pub(crate) asked: Vec<(Member, bool)>,
}

impl Params {
    /// Takes a request apart. Its signature has been checked.
    pub(crate) fn read(asking: Asking, parts: &request::Parts, body: &[u8]) -> Result<Self> {
        check_body_kind(parts, body)?;
        let query = query::decode(parts.uri.query().unwrap_or_default())?;
        let body = json::read_object(body)?;
        Ok(Self::new(asking, query, body))
    }

    /// Takes a request apart whose body is bytes still to come. Its signature has been checked.
    pub(crate) fn read_head(asking: Asking, parts: &request::Parts) -> Result<Self> {
        let query = query::decode(parts.uri.query().unwrap_or_default())?;
        Ok(Self {
            headers: parts.headers.clone(),
            ..Self::new(asking, query, Map::new())
        })
    }

    pub(crate) fn new(
        asking: Asking,
        query: Vec<(String, String)>,
        body: Map<String, Value>,
    ) -> Self {
        Self {
            asking,
            query,
            headers: HeaderMap::new(),
            body,
            violations: Vec::new(),
            fault: None,
            inputs: Sha256::new(),
            #[cfg(test)]
            asked: Vec::new(),
        }
    }

    /// The input, if nothing was found wrong.
    pub(crate) fn finish<T>(self, input: Read<T>) -> Result<T> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match input {
            Ok(input) if self.violations.is_empty() => Ok(input),
            _ => Err(Error::invalid(
                InvalidReason::FieldValidation,
                violations_message(&self.violations),
            )),
        }
    }

    /// A member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        member: Member,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<T> {
        self.ask(member, true);
        match self.text(member)? {
            Some(text) => self.parse(member.name, &text, parse),
            None => Err(self.violation(member.name, None, Constraint::NotNull)),
        }
    }

    /// A member that may be there.
    pub(crate) fn optional<T>(
        &mut self,
        member: Member,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<Option<T>> {
        self.ask(member, false);
        match self.text(member)? {
            Some(text) => self.parse(member.name, &text, parse).map(Some),
            None => Ok(None),
        }
    }

    /// A whole number that may be there.
    pub(crate) fn integer(&mut self, member: Member, min: i64, max: i64) -> Read<Option<i64>> {
        self.ask(member, false);
        let raw = match member.place {
            Place::Query | Place::Header | Place::Payload => self.text(member)?,
            Place::Body => match self.body.get(member.wire) {
                None | Some(Value::Null) => None,
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(other) => {
                    let found = json::type_name(other);
                    return Err(self.wrong_type(member.name, "a whole number", found));
                }
            },
        };
        let Some(raw) = raw else { return Ok(None) };
        let Some(number) = whole_number(&raw) else {
            return Err(self.wrong_type(member.name, "a whole number", "something else"));
        };
        self.parse(member.name, &raw, |_| match number {
            number if number < min => Err(Constraint::AtLeast(min)),
            number if number > max => Err(Constraint::AtMost(max)),
            number => Ok(Some(number)),
        })
    }

    /// A boolean, which may be there: of JSON in the body, `true` or `false` elsewhere.
    pub(crate) fn boolean(&mut self, member: Member) -> Read<Option<bool>> {
        self.ask(member, false);
        if member.place == Place::Body {
            let value = match self.body.get(member.wire) {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Bool(value)) => *value,
                Some(other) => {
                    let found = json::type_name(other);
                    return Err(self.wrong_type(member.name, "a boolean", found));
                }
            };
            self.note_input(member.name, if value { "true" } else { "false" });
            return Ok(Some(value));
        }
        match self.text(member)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.wrong_type(member.name, "true or false", "something else")),
        }
    }

    /// A structure in the body that must be there; its members are read with [`Self::item_text`].
    pub(crate) fn structure(&mut self, member: Member) -> Read<Value> {
        self.ask(member, true);
        match self.body.remove(member.wire) {
            Some(value @ Value::Object(_)) => Ok(value),
            None | Some(Value::Null) => Err(self.violation(member.name, None, Constraint::NotNull)),
            Some(other) => Err(self.wrong_type(member.name, "an object", json::type_name(&other))),
        }
    }

    /// The bytes of the body: always there, if only none, and taken by the operation as they come.
    pub(crate) fn payload(&mut self, member: Member) {
        self.ask(member, true);
    }

    /// A list in the body that may be there.
    pub(crate) fn list(&mut self, member: Member, max: usize) -> Read<Option<Vec<Value>>> {
        self.ask(member, false);
        self.take_list(member, max)
    }

    /// A list in the body that must be there.
    pub(crate) fn required_list(&mut self, member: Member, max: usize) -> Read<Vec<Value>> {
        self.ask(member, true);
        match self.take_list(member, max)? {
            None => Err(self.violation(member.name, None, Constraint::NotNull)),
            Some(items) => Ok(items),
        }
    }

    /// A list in the body that must be there, and must not be empty.
    pub(crate) fn filled_list(&mut self, member: Member, max: usize) -> Read<Vec<Value>> {
        let items = self.required_list(member, max)?;
        if items.is_empty() {
            return Err(self.violation(member.name, Some("[]".into()), Constraint::MinLength(1)));
        }
        Ok(items)
    }

    fn take_list(&mut self, member: Member, max: usize) -> Read<Option<Vec<Value>>> {
        match self.take(member, "a list", max, Value::as_array, Vec::len)? {
            Some(Value::Array(items)) => Ok(Some(items)),
            _ => Ok(None),
        }
    }

    /// An object in the body, with any keys, that may be there.
    pub(crate) fn map(&mut self, member: Member, max: usize) -> Read<Option<Map<String, Value>>> {
        self.ask(member, false);
        match self.take(member, "an object", max, Value::as_object, Map::len)? {
            Some(Value::Object(entries)) => Ok(Some(entries)),
            _ => Ok(None),
        }
    }

    /// Takes a value of many parts out of the body.
    fn take<T>(
        &mut self,
        member: Member,
        wanted: &str,
        max: usize,
        as_parts: impl FnOnce(&Value) -> Option<&T>,
        length: impl FnOnce(&T) -> usize,
    ) -> Read<Option<Value>> {
        let Some(value) = self.body.get(member.wire).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let text = value.to_string();
        let Some(length) = as_parts(value).map(length) else {
            let found = json::type_name(value);
            return Err(self.wrong_type(member.name, wanted, found));
        };
        self.note_input(member.name, &text);
        if length > max {
            return Err(self.violation(member.name, Some(text), Constraint::MaxLength(max)));
        }
        Ok(self.body.remove(member.wire))
    }

    /// A part of a list or of a map that must be a text. `path` names it, e.g. `versions.1.member`.
    pub(crate) fn part_text<T>(
        &mut self,
        path: &str,
        part: &Value,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<T> {
        match part {
            Value::String(text) => self.parse(path, text, parse),
            Value::Null => Err(self.violation(path, None, Constraint::NotNull)),
            other => Err(self.wrong_type(path, "a string", json::type_name(other))),
        }
    }

    /// A text that must be in an item of a list, or in a structure. `path` is the item's, e.g. `tags.1.member`.
    pub(crate) fn item_text<T>(
        &mut self,
        path: &str,
        item: &Value,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<T> {
        let members = match item {
            Value::Object(members) => members,
            Value::Null => return Err(self.violation(path, None, Constraint::NotNull)),
            other => return Err(self.wrong_type(path, "an object", json::type_name(other))),
        };
        let path = format!("{path}.{name}");
        match members.get(name) {
            Some(Value::String(text)) => self.parse(&path, text, parse),
            None | Some(Value::Null) => Err(self.violation(&path, None, Constraint::NotNull)),
            Some(other) => Err(self.wrong_type(&path, "a string", json::type_name(other))),
        }
    }

    /// A text that is itself an item of a list. `path` is the item's, e.g. `tagKeys.1.member`.
    pub(crate) fn text_item<T>(
        &mut self,
        path: &str,
        item: &Value,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<T> {
        match item {
            Value::String(text) => self.parse(path, text, parse),
            Value::Null => Err(self.violation(path, None, Constraint::NotNull)),
            other => Err(self.wrong_type(path, "a string", json::type_name(other))),
        }
    }

    /// Notes that a member breaks a constraint.
    pub(crate) fn violation(
        &mut self,
        member: &str,
        value: Option<String>,
        constraint: Constraint,
    ) -> Refused {
        if self.violations.len() < TOLD {
            self.violations.push(Violation {
                member: member.to_owned(),
                value,
                constraint,
            });
        }
        Refused(())
    }

    /// Notes what is not a violation of one member's constraint. The first such fault is told alone.
    pub(crate) fn fault(&mut self, error: Error) -> Refused {
        self.fault.get_or_insert(error);
        Refused(())
    }

    /// The digest over the members read so far.
    pub(crate) fn inputs(&self) -> Sha256 {
        self.inputs.clone()
    }

    fn parse<T>(
        &mut self,
        member: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Constraint>,
    ) -> Read<T> {
        parse(text).map_err(|constraint| self.violation(member, Some(text.to_owned()), constraint))
    }

    /// What was sent for a member of type string.
    fn text(&mut self, member: Member) -> Read<Option<String>> {
        let text = match member.place {
            Place::Query => {
                let mut sent = self.query.iter().filter(|(name, _)| name == member.wire);
                let first = sent.next().map(|(_, value)| value.clone());
                if sent.next().is_some() {
                    let wire = member.wire;
                    return Err(self.cannot_parse(format!(
                        "The query parameter '{wire}' was sent more than once."
                    )));
                }
                first
            }
            Place::Header => {
                let mut sent = self.headers.get_all(member.wire).iter();
                let first = sent.next().map(|value| value.to_str().map(str::to_owned));
                match (first, sent.next()) {
                    (None, _) => None,
                    (Some(Ok(text)), None) => Some(text),
                    _ => {
                        let wire = member.wire;
                        return Err(self.cannot_parse(format!(
                            "The header '{wire}' must be sent once, and as plain text."
                        )));
                    }
                }
            }
            Place::Payload => None,
            Place::Body => match self.body.get(member.wire) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => {
                    let found = json::type_name(other);
                    return Err(self.wrong_type(member.name, "a string", found));
                }
            },
        };
        if let Some(text) = &text {
            self.note_input(member.name, text);
        }
        Ok(text)
    }

    fn wrong_type(&mut self, member: &str, wanted: &str, found: &str) -> Refused {
        self.cannot_parse(format!(
            "The member '{member}' must be {wanted}, but {found} was sent."
        ))
    }

    fn cannot_parse(&mut self, message: String) -> Refused {
        self.fault(Error::invalid(InvalidReason::CannotParse, message))
    }

    fn note_input(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            // The length stands before the text, so that no two lists of members read the same.
            self.inputs.update((part.len() as u64).to_be_bytes());
            self.inputs.update(part);
        }
    }

    #[cfg(test)]
    fn ask(&mut self, member: Member, is_required: bool) {
        self.asked.push((member, is_required));
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "tests record what is asked for"
    )]
    fn ask(&mut self, _member: Member, _is_required: bool) {}
}

/// A body, where there is one, is JSON and belongs to a method that has bodies.
fn check_body_kind(parts: &request::Parts, body: &[u8]) -> Result<()> {
    if body.is_empty() {
        return Ok(());
    }
    let refuse = |message: String| Err(Error::invalid(InvalidReason::CannotParse, message));
    if parts.method == Method::GET {
        return refuse("A GET request has no body; send its members in the query string.".into());
    }
    let Some(sent) = parts.headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let text = sent.to_str().unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    let known = ["application/json", "application/x-amz-json-1.1"];
    if known.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let shown: String = kind.chars().take(100).collect();
    refuse(format!(
        "The request body must be JSON with the content type 'application/json', but '{shown}' was sent."
    ))
}

/// Reads digits with an optional minus. What does not fit becomes the nearest number that does, and is out of every
/// range that members have.
fn whole_number(raw: &str) -> Option<i64> {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nearest = if raw.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Some(raw.parse().unwrap_or(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s15_whole_numbers_are_digits_and_never_overflow() {
        for (raw, expected) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("1000", Some(1000)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
            ("", None),
            ("-", None),
            ("+5", None),
            (" 5", None),
            ("5.0", None),
            ("1e3", None),
            ("0x10", None),
            ("٣", None),
        ] {
            assert_eq!(whole_number(raw), expected, "{raw}");
        }
    }
}
