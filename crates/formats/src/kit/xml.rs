//! XML as package manifests use it (Extensible Markup Language 1.0), read into a small tree.
//!
//! What comes from outside may be hostile, so that much of XML is left out on purpose: a document type declaration is
//! refused, so there are no entities to expand and nothing to fetch; size, depth and the number of elements are bounded.
//! Attributes are looked at only where a format has any; processing instructions never are.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The largest file that is read.
pub(crate) const MOST_BYTES: usize = 4 << 20;
/// Deeper than the configuration of any plugin.
const MOST_DEPTH: usize = 200;
const MOST_ELEMENTS: usize = 250_000;
const MOST_ATTRIBUTES: usize = 64;

/// What is wrong with a file, in words that come after "it".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(pub(crate) Cow<'static, str>);

impl Fault {
    pub(crate) const fn new(words: &'static str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

/// An element: its name without a prefix, its own text, the elements in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: Box<str>,
    text: String,
    attributes: Vec<(Box<str>, Box<str>)>,
    children: Vec<Element>,
}

impl Element {
    fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute, where attributes were read.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| &**own == name);
        found.map(|(_, value)| &**value)
    }

    /// The first element of this name in it.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// Every element of this name in it.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children
            .iter()
            .filter(move |child| &*child.name == name)
    }

    /// Every element in it.
    pub(crate) fn children(&self) -> &[Self] {
        &self.children
    }

    /// Its own text without the space around it, if there is any.
    pub(crate) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The text of the first element of this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)?.text()
    }
}

/// The text of a file. Maven's files are UTF-8; old ones by hand are often Latin-1 whatever they say.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(
        |_| Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        Cow::Borrowed,
    )
}

/// Reads a file whose outermost element has this name, without its attributes.
pub(crate) fn read(bytes: &[u8], root: &str) -> Result<Element, Fault> {
    read_as(bytes, root, false)
}

/// The same with the attributes of every element.
pub(crate) fn read_with_attributes(bytes: &[u8], root: &str) -> Result<Element, Fault> {
    read_as(bytes, root, true)
}

fn read_as(bytes: &[u8], root: &str, with_attributes: bool) -> Result<Element, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault(format!("is larger than {MOST_BYTES} bytes").into()));
    }
    let found = read_tree(&decode(bytes), with_attributes)?;
    if found.name() == root {
        Ok(found)
    } else {
        Err(Fault(
            format!("has another outermost element than <{root}>").into(),
        ))
    }
}

fn read_tree(text: &str, with_attributes: bool) -> Result<Element, Fault> {
    let mut reader = Reader::from_str(text);
    let (mut open, mut root): (Vec<Element>, Option<Element>) = (Vec::new(), None);
    let mut elements = 0;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| Fault(format!("is not well-formed XML: {error}").into()))?;
        match event {
            Event::Start(start) | Event::Empty(start) if root.is_some() => {
                return Err(Fault(
                    format!("has a second outermost element, <{}>", short(&start)).into(),
                ));
            }
            Event::Start(start) => {
                count(&mut elements, open.len())?;
                open.push(element(&start, with_attributes)?);
            }
            Event::Empty(start) => {
                count(&mut elements, open.len())?;
                let element = element(&start, with_attributes)?;
                close(element, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open
                    .pop()
                    .ok_or(Fault::new("closes an element that is not open"))?;
                close(element, &mut open, &mut root);
            }
            Event::Text(piece) => add(&mut open, &piece)?,
            Event::CData(piece) => add(&mut open, &piece)?,
            Event::GeneralRef(reference) => add(&mut open, &resolve(&reference)?)?,
            Event::DocType(_) => {
                return Err(Fault::new(
                    "has a document type declaration, which is not allowed here",
                ));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(Fault::new("ends inside an element"));
    }
    root.ok_or(Fault::new("has no element"))
}

/// An element that begins. Its attributes are known by their names without a prefix; declarations of prefixes are none.
fn element(start: &BytesStart<'_>, with_attributes: bool) -> Result<Element, Fault> {
    let mut element = Element::named(start.local_name().as_ref());
    if !with_attributes {
        return Ok(element);
    }
    let bad =
        || Fault(format!("has an attribute of <{}> that cannot be read", element.name).into());
    let mut attributes: Vec<(Box<str>, Box<str>)> = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| bad())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        if attributes.len() == MOST_ATTRIBUTES {
            return Err(Fault::new("has an element with too many attributes"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| bad())?;
        attributes.push((attribute.key.local_name().as_ref().into(), value.into()));
    }
    element.attributes = attributes;
    Ok(element)
}

fn count(elements: &mut usize, depth: usize) -> Result<(), Fault> {
    *elements += 1;
    if *elements > MOST_ELEMENTS {
        return Err(Fault::new("has too many elements"));
    }
    if depth >= MOST_DEPTH {
        return Err(Fault::new("is nested too deeply"));
    }
    Ok(())
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn add(open: &mut [Element], text: &str) -> Result<(), Fault> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Fault::new("has text outside of its element")),
    }
    Ok(())
}

/// What a reference stands for. Those of HTML, which some old POMs use without a declaration, stay as they are written.
fn resolve(name: &str) -> Result<Cow<'static, str>, Fault> {
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        },
        None => {
            return Ok(match name {
                "amp" => "&".into(),
                "lt" => "<".into(),
                "gt" => ">".into(),
                "quot" => "\"".into(),
                "apos" => "'".into(),
                other => format!("&{other};").into(),
            });
        }
    };
    number
        .ok()
        .and_then(char::from_u32)
        .filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
        .map(|c| c.to_string().into())
        .ok_or(Fault::new("refers to a character that XML does not have"))
}

/// What is shown of a name in a message.
fn short(name: &str) -> String {
    name.chars().take(40).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        read(text.as_bytes(), "a").unwrap_err().to_string()
    }

    #[test]
    fn elements_texts_and_references_are_read() {
        let found = read(
            b"\xef\xbb\xbf<?xml version='1.0'?><!-- c --><x:a xmlns:x='u' z='1'>\n <b> one &amp; <![CDATA[<two>]]> &#x41;&#66;\
              </b><b/><c><d>&oslash;</d></c></x:a>\n",
            "a",
        )
        .unwrap();
        assert_eq!(found.text_of("b"), Some("one & <two> AB"));
        assert_eq!(found.all("b").count(), 2);
        assert_eq!(
            found.child("c").unwrap().text_of("d"),
            Some("&oslash;"),
            "nothing declares it, and it is not expanded"
        );
        assert_eq!(found.text_of("none"), None);
        assert_eq!(found.text(), None);
    }

    #[test]
    fn latin_1_is_read_where_utf_8_cannot_be() {
        let found = read(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a>J\xf8rgen</a>",
            "a",
        );
        assert_eq!(found.unwrap().text(), Some("Jørgen"));
    }

    #[test]
    fn u12_f_mvn_2_declarations_entities_and_inclusions_come_to_nothing() {
        for hostile in [
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM 'http://dtd.example/a.dtd'><a/>",
            "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;'>]><a>&m;</a>",
        ] {
            assert!(fault(hostile).contains("document type"), "{hostile}");
        }
        let found = read(
            b"<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd'/></a>",
            "a",
        )
        .unwrap();
        assert_eq!(found.children().len(), 1);
        assert_eq!(found.child("include").unwrap().text(), None);
    }

    #[test]
    fn u12_depth_size_and_number_are_bounded() {
        let deep = "<a>".repeat(100_000);
        assert!(fault(&deep).contains("too deeply"));
        let many = format!("<a>{}</a>", "<b/>".repeat(300_000));
        assert!(fault(&many).contains("too many"));
        let large = format!("<a>{}</a>", "x".repeat(MOST_BYTES));
        assert!(fault(&large).contains("larger than"));
        let attribute = format!("<a b='{}'/>", "x".repeat(MOST_BYTES - 100));
        assert!(read(attribute.as_bytes(), "a").is_ok());
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            "",
            "   ",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><a/>",
            "<a/>text",
            "text<a/>",
            "<a>&#0;</a>",
            "<a>&#xd800;</a>",
            "<a>&#x;</a>",
            "<a>&amp</a>",
            "<a",
            "<a><![CDATA[</a>",
            "<b/>",
            "{}",
            "<html><body>log in</body></html>",
        ] {
            assert!(read(bad.as_bytes(), "a").is_err(), "{bad}");
        }
    }

    #[test]
    fn u12_attributes_are_read_where_a_format_has_them() {
        let text = b"<a xmlns='u' xmlns:p='v' b='1 &amp; 2' p:c=\"x\ty\"><d e='&#65;'/></a>";
        let found = read_with_attributes(text, "a").unwrap();
        assert_eq!(found.attribute("b"), Some("1 & 2"));
        assert_eq!(found.attribute("c"), Some("x y"));
        assert_eq!(found.attribute("xmlns"), None);
        assert_eq!(found.child("d").unwrap().attribute("e"), Some("A"));
        assert_eq!(read(text, "a").unwrap().attribute("b"), None);
        let many: String = (0..100).map(|n| format!(" a{n}=''")).collect();
        for bad in [
            "<a b='1' b='2'/>".to_owned(),
            "<a b=1/>".to_owned(),
            "<a b/>".to_owned(),
            "<a b='&none;'/>".to_owned(),
            "<a b='&#0;'/>".to_owned(),
            format!("<a{many}/>"),
        ] {
            assert!(read_with_attributes(bad.as_bytes(), "a").is_err(), "{bad}");
        }
    }
}
