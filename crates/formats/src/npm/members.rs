//! JSON objects as their members in order, each value untouched: how documents of any size are read and written
//! without building a tree of them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in its order. A name may occur twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads an object; anything else is an error.
    pub(super) fn read(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The last member of a name, which is the one JavaScript would see.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }

    /// A member that is text.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        read_text(self.get(name)?)
    }

    /// A member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?.get()).ok()
    }

    /// Whether a name occurs twice: then readers may differ in what they see.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(key, _)| key.as_ref()).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    }
}

/// The text of a value that is one.
pub(super) fn read_text(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value.get())
        .ok()
        .map(|text| text.0)
}

/// Text that is borrowed where it has no escapes.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Writes an object, member by member.
pub(super) struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ObjectWriter<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// The name of the next member; its value is to be written to what this returns.
    pub(super) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_text(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.key(name).extend_from_slice(json.as_bytes());
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        write_text(self.key(name), text);
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// Writes text as a JSON string.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text)
        .expect("memory takes every write, and text is always a JSON string");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_their_values_untouched() {
        let members =
            Members::read(r#"{"b":1.50,"__proto__":{"x":[ 1 ]},"a\n":"t\u0041"}"#).unwrap();
        let mut out = Vec::new();
        let mut writer = ObjectWriter::begin(&mut out);
        for (name, value) in &members.0 {
            writer.raw(name, value.get());
        }
        writer.end();
        assert_eq!(
            out,
            br#"{"b":1.50,"__proto__":{"x":[ 1 ]},"a\n":"t\u0041"}"#
        );
        assert_eq!(members.text("a\n").as_deref(), Some("tA"));
        assert_eq!(members.text("b"), None);
        assert!(members.object("__proto__").is_some());
        assert!(Members::read("[]").is_err());
    }

    #[test]
    fn u12_repeated_names_are_noticed() {
        assert_eq!(
            Members::read(r#"{"a":1,"b":2,"\u0061":3}"#)
                .unwrap()
                .repeated(),
            Some("a")
        );
        assert_eq!(Members::read(r#"{"a":1,"b":2}"#).unwrap().repeated(), None);
    }
}
