//! XML on the way out: elements and text, nothing else. The one place that escapes.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};

use crate::Body;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The inside of an element. Names are constants of this crate; texts may be anything.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// Adds an element with text in it.
    pub(super) fn text(mut self, name: &'static str, text: &str) -> Self {
        self.open(name);
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&apos;"),
                // A carriage return would come out as a line feed.
                '\r' => self.0.push_str("&#13;"),
                '\t' | '\n' => self.0.push(c),
                c if is_forbidden(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        self.close(name);
        self
    }

    /// Adds an element with text in it, where there is one.
    pub(super) fn optional(self, name: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds an element with elements in it.
    pub(super) fn element(mut self, name: &'static str, inner: &Self) -> Self {
        self.open(name);
        self.0.push_str(&inner.0);
        self.close(name);
        self
    }

    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// The answer of an operation with this inside of its result.
    pub(super) fn into_response(self, operation: &str, request_id: &str) -> Response<Body> {
        let metadata = Self::default().text("RequestId", request_id);
        let text = format!(
            "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{}</{operation}Result>\
             <ResponseMetadata>{}</ResponseMetadata></{operation}Response>",
            self.0, metadata.0
        );
        reply(StatusCode::OK, text)
    }

    /// The answer of a failure with this inside.
    pub(super) fn into_error(self, status: StatusCode) -> Response<Body> {
        let text = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">{}</ErrorResponse>",
            self.0
        );
        reply(status, text)
    }
}

/// Characters that no XML 1.0 document holds, in any spelling.
const fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn reply(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_element() {
        let xml = Xml::default()
            .text("A", "</A><B>&amp;\"'\r\n\t\0\u{1f}é")
            .optional("C", None)
            .element("D", &Xml::default().text("E", ""));
        assert_eq!(
            xml.0,
            "<A>&lt;/A&gt;&lt;B&gt;&amp;amp;&quot;&apos;&#13;\n\t\u{fffd}\u{fffd}é</A><D><E></E></D>"
        );
    }
}
