//! YAML as gems hold it, read to plain values: text, lists, and pairs. No tag makes an object of anything; those that gems
//! have for a reason are passed over, all others are refused, as RubyGems' own safe loading does.
//!
//! An alias is the value that it names, shared and never copied, so what a document unfolds to costs no more than it is
//! long. The language is described by YAML 1.2; events come from a parser that keeps no stack of calls.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

const VALUES: usize = 1_000_000;
const DEPTH: usize = 32;

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct YamlFault(pub(super) String);

fn refused<T>(reason: impl Into<String>) -> Result<T, YamlFault> {
    Err(YamlFault(reason.into()))
}

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    /// Text, and whether it was quoted or written in a block.
    Text(String, bool),
    /// Base64.
    Binary(String),
    List(Vec<Rc<Value>>),
    Pairs(Vec<(Rc<Value>, Rc<Value>)>),
}

impl Value {
    /// Its text; nothing for null, lists and pairs.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text, is_quoted) => {
                let is_null = !is_quoted && matches!(text.as_str(), "" | "~" | "null" | "Null");
                (!is_null).then_some(text.as_str())
            }
            Self::Binary(_) | Self::List(_) | Self::Pairs(_) => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Text(..)) && self.text().is_none()
    }

    pub(super) fn list(&self) -> &[Rc<Self>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn pairs(&self) -> &[(Rc<Self>, Rc<Self>)] {
        match self {
            Self::Pairs(pairs) => pairs,
            _ => &[],
        }
    }

    /// The value of a key. Of two of a name, the last, as Ruby reads it.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Self>> {
        let mut pairs = self.pairs().iter().rev();
        pairs
            .find(|(name, _)| matches!(&**name, Self::Text(text, _) if text == key))
            .map(|(_, value)| value)
    }
}

/// A list or pairs that is not at its end.
struct Open {
    anchor: usize,
    items: Vec<Rc<Value>>,
    are_pairs: bool,
}

/// Reads the only document of a text.
pub(super) fn read(text: &str) -> Result<Rc<Value>, YamlFault> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Rc<Value>> = HashMap::new();
    let mut root: Option<Rc<Value>> = None;
    let mut values = 0;
    while let Some(event) = parser.next_event() {
        let Ok((event, _)) = event else {
            return refused("it is not well-formed");
        };
        values += 1;
        if values > VALUES || open.len() > DEPTH {
            return refused("it has too many values, or is too deep");
        }
        let (anchor, value) = match event {
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                if root.is_some() {
                    return refused("it has more than one document");
                }
                continue;
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref())?;
                open.push(Open::new(anchor, false));
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref())?;
                open.push(Open::new(anchor, true));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(done) => (done.anchor, Rc::new(done.into_value())),
                None => return refused("it is not well-formed"),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let is_binary = check_tag(tag.as_deref())?;
                let text = text.into_owned();
                let value = if is_binary {
                    Value::Binary(text)
                } else {
                    Value::Text(text, style != ScalarStyle::Plain)
                };
                (anchor, Rc::new(value))
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(value) => (0, Rc::clone(value)),
                // Also one that is inside what it names.
                None => return refused("an alias in it names nothing"),
            },
        };
        if anchor > 0 {
            anchors.insert(anchor, Rc::clone(&value));
        }
        match open.last_mut() {
            Some(parent) => parent.items.push(value),
            None => root = Some(value),
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => refused("it is empty"),
    }
}

impl Open {
    const fn new(anchor: usize, are_pairs: bool) -> Self {
        Self {
            anchor,
            items: Vec::new(),
            are_pairs,
        }
    }

    fn into_value(self) -> Value {
        if !self.are_pairs {
            return Value::List(self.items);
        }
        let mut pairs = Vec::with_capacity(self.items.len() / 2);
        let mut items = self.items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            pairs.push((key, value));
        }
        Value::Pairs(pairs)
    }
}

/// Refuses tags that would make an object of what no gem needs. True for base64.
fn check_tag(tag: Option<&Tag>) -> Result<bool, YamlFault> {
    const CLASSES: [&str; 8] = [
        "Gem::Specification",
        "Gem::Version",
        "Gem::Version::Requirement",
        "Gem::Requirement",
        "Gem::Dependency",
        "Gem::Platform",
        "YAML::Syck::DefaultKey",
        "Syck::DefaultKey",
    ];
    let Some(tag) = tag else { return Ok(false) };
    if tag.handle == "tag:yaml.org,2002:" {
        return Ok(tag.suffix == "binary");
    }
    let name = format!("{}{}", tag.handle, tag.suffix);
    let name = name.trim_start_matches('!');
    let class = name
        .strip_prefix("ruby/object:")
        .or_else(|| name.strip_prefix("tag:ruby.yaml.org,2002:object:"));
    match name {
        "binary" => Ok(true),
        "" | "str" | "ruby/symbol" | "ruby/sym" => Ok(false),
        _ if class.is_some_and(|class| CLASSES.contains(&class)) => Ok(false),
        _ => refused(format!("the tag '!{name}' has no place in a gem")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_plain_values() {
        let text = "--- !ruby/object:Gem::Specification\nname: a\nversion: !ruby/object:Gem::Version\n  version: 1.0\n\
            list:\n- &x one\n- *x\n- ! '>='\nempty:\nquoted: ''\nblock: |-\n  a\n  b\n";
        let value = read(text).unwrap();
        assert_eq!(value.get("name").unwrap().text(), Some("a"));
        let version = value.get("version").unwrap();
        assert_eq!(version.get("version").unwrap().text(), Some("1.0"));
        let list: Vec<_> = value.get("list").unwrap().list().iter().collect();
        assert_eq!(list[1].text(), Some("one"));
        assert_eq!(list[2].text(), Some(">="));
        assert!(value.get("empty").unwrap().is_null());
        assert_eq!(value.get("quoted").unwrap().text(), Some(""));
        assert_eq!(value.get("block").unwrap().text(), Some("a\nb"));
        assert!(value.get("absent").is_none());
    }

    #[test]
    fn u13_f_rb_1_tags_that_make_objects_are_refused() {
        for bad in [
            "--- !ruby/object:Kernel\na: b\n",
            "--- !ruby/hash:Gem::Specification\na: b\n",
            "---\na: !ruby/object:ERB\n  src: x\n",
            "---\na: !ruby/regexp /x/\n",
            "---\na: !ruby/class String\n",
            "---\na: !ruby/struct:X {}\n",
            "---\na: !<tag:ruby.yaml.org,2002:object:ERB> {}\n",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let binary = read("---\na: !binary |-\n  YQ==\n").unwrap();
        assert!(matches!(&**binary.get("a").unwrap(), Value::Binary(text) if text == "YQ=="));
    }

    #[test]
    fn u13_f_rb_1_aliases_share_and_do_not_unfold() {
        let mut bomb = String::from("---\na0: &a0 [x, x, x, x, x, x, x, x]\n");
        for level in 1..25 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 8].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let value = read(&bomb).unwrap();
        assert_eq!(value.get("a24").unwrap().list().len(), 8);
        assert!(read("---\na: &a [*a]\n").is_err(), "a list inside itself");
        assert!(read("---\na: *b\n").is_err());
    }

    #[test]
    fn u13_documents_that_are_deep_large_or_broken_are_refused() {
        assert!(read(&"[".repeat(10_000)).is_err());
        assert!(read(&format!("{}x{}", "[".repeat(100), "]".repeat(100))).is_err());
        assert!(read(&"- a\n".repeat(VALUES + 1)).is_err());
        for bad in ["", "--- a\n--- b\n", "a: b: c", "a: 'b"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
