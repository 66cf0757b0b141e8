//! XML as Maven's files use it (Extensible Markup Language 1.0): read into a small tree, written element by element.
//!
//! What comes from outside may be hostile, so that much of XML is left out on purpose: a document type declaration is
//! refused, so there are no entities to expand and nothing to fetch; size, depth and the number of elements are bounded.
//! Attributes and processing instructions are not looked at.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The largest file that is read.
pub(super) const MOST_BYTES: usize = 4 << 20;
/// Deeper than the configuration of any plugin.
const MOST_DEPTH: usize = 200;
const MOST_ELEMENTS: usize = 250_000;

/// What is wrong with a file, in words that come after "it".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Fault(pub(super) Cow<'static, str>);

impl Fault {
    pub(super) const fn new(words: &'static str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

/// An element: its name without a prefix, its own text, the elements in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    name: Box<str>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first element of this name in it.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// Every element of this name in it.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children
            .iter()
            .filter(move |child| &*child.name == name)
    }

    /// Every element in it.
    pub(super) fn children(&self) -> &[Self] {
        &self.children
    }

    /// Its own text without the space around it, if there is any.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The text of the first element of this name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
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

/// Reads a file whose outermost element has this name.
pub(super) fn read(bytes: &[u8], root: &str) -> Result<Element, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault(format!("is larger than {MOST_BYTES} bytes").into()));
    }
    let found = read_tree(&decode(bytes))?;
    if found.name() == root {
        Ok(found)
    } else {
        Err(Fault(
            format!("has another outermost element than <{root}>").into(),
        ))
    }
}

fn read_tree(text: &str) -> Result<Element, Fault> {
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
                open.push(Element::named(start.local_name().as_ref()));
            }
            Event::Empty(start) => {
                count(&mut elements, open.len())?;
                let element = Element::named(start.local_name().as_ref());
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

/// Writes a file, indented by two spaces as Maven does.
pub(super) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Begins a file. `attributes` are those of the outermost element, written as they are.
    pub(super) fn begin(root: &'static str, attributes: &str) -> Self {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.push('<');
        out.push_str(root);
        out.push_str(attributes);
        out.push_str(">\n");
        Self {
            out,
            open: vec![root],
        }
    }

    /// Begins an element that holds others.
    pub(super) fn open(&mut self, name: &'static str) {
        self.indent();
        self.tag("<", name);
        self.out.push('\n');
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.tag("</", name);
            self.out.push('\n');
        }
    }

    /// An element with a text.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.indent();
        self.tag("<", name);
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c => self.out.push(c),
            }
        }
        self.tag("</", name);
        self.out.push('\n');
    }

    /// The same, where there is a text.
    pub(super) fn text_if_any(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn indent(&mut self) {
        for _ in 0..self.open.len() {
            self.out.push_str("  ");
        }
    }

    fn tag(&mut self, opening: &str, name: &str) {
        self.out.push_str(opening);
        self.out.push_str(name);
        self.out.push('>');
    }
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
    fn what_is_written_is_read_again() {
        let mut writer = Writer::begin("a", " v=\"1\"");
        writer.open("b");
        writer.text("c", "<&>\"'");
        writer.text_if_any("d", None);
        writer.close();
        writer.text("e", "x");
        let text = writer.finish();
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a v=\"1\">\n  <b>\n    <c>&lt;&amp;&gt;\"'</c>\n  </b>\n  \
             <e>x</e>\n</a>\n"
        );
        let found = read(text.as_bytes(), "a").unwrap();
        assert_eq!(found.child("b").unwrap().text_of("c"), Some("<&>\"'"));
    }
}
