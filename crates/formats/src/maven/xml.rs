//! XML as Maven's files use it: read as [`crate::kit::xml`] does, written element by element.

pub(super) use crate::kit::xml::{Element, Fault, MOST_BYTES, read};

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
