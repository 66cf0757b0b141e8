//! What a fake source serves at a path, and which of its forms a client gets.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};
use serde_json::Value;
use sha1::{Digest, Sha1};

/// A document: bytes, what they are said to be, and what tells a newer one.
#[derive(Debug, Clone)]
pub struct Document {
    content_type: String,
    body: Bytes,
    etag: String,
    last_modified: Option<String>,
    /// The compressed bytes, for documents that are compressed when a client asks; made once.
    gzip: Option<Arc<OnceLock<Bytes>>>,
}

impl Document {
    /// Bytes of any type. They are sent as they are; their ETag is made from them.
    #[must_use]
    pub fn new(content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            content_type: content_type.to_owned(),
            etag: format!("\"{}\"", hex::encode(Sha1::digest(&body))),
            body,
            last_modified: None,
            gzip: None,
        }
    }

    /// A file, of no type in particular.
    #[must_use]
    pub fn file(body: impl Into<Bytes>) -> Self {
        Self::new("application/octet-stream", body)
    }

    /// JSON, compressed when a client asks for it.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::new("application/json", value.to_string()).compressible()
    }

    /// Compresses it when a client asks for that.
    #[must_use]
    pub fn compressible(mut self) -> Self {
        self.gzip = Some(Arc::default());
        self
    }

    /// Says that it is of this type instead.
    #[must_use]
    pub fn content_type(mut self, content_type: &str) -> Self {
        content_type.clone_into(&mut self.content_type);
        self
    }

    /// Says when it last changed, as HTTP writes it.
    #[must_use]
    pub fn last_modified(mut self, date: &str) -> Self {
        self.last_modified = Some(date.to_owned());
        self
    }

    /// Its bytes.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    pub(super) fn media_type(&self) -> &str {
        &self.content_type
    }

    pub(super) fn etag(&self) -> &str {
        &self.etag
    }

    pub(super) fn date(&self) -> Option<&str> {
        self.last_modified.as_deref()
    }

    pub(super) fn compressed(&self) -> Option<Bytes> {
        let compressed = self.gzip.as_ref()?.get_or_init(|| gzip(&self.body));
        Some(compressed.clone())
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.expect("memory takes every write").into()
}

/// The form that a client accepts best; the first one, when it accepts none or all alike.
pub(super) fn best<'d>(forms: &'d [Document], headers: &HeaderMap) -> Option<&'d Document> {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    // The first of the best: `max_by` would take the last.
    forms.iter().reduce(|best, form| {
        let better = quality(accept, &form.content_type) > quality(accept, &best.content_type);
        if better { form } else { best }
    })
}

/// How much a client likes a type, in thousandths; the most specific of its words counts.
fn quality(accept: &str, content_type: &str) -> u32 {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let family = essence.split('/').next().unwrap_or_default();
    let words = accept.split(',').filter_map(|word| {
        let mut parts = word.split(';').map(str::trim);
        let range = parts.next()?;
        let specificity = if range.eq_ignore_ascii_case(essence) {
            2
        } else if range == format!("{family}/*") {
            1
        } else if range == "*/*" {
            0
        } else {
            return None;
        };
        let sent = parts.find_map(|part| part.strip_prefix("q="));
        let thousandths = sent.map_or(1000.0, |q| q.parse::<f32>().unwrap_or(0.0) * 1000.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the range of a quality"
        )]
        Some((specificity, thousandths.clamp(0.0, 1000.0) as u32))
    });
    words
        .max_by_key(|(specificity, _)| *specificity)
        .map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_a_client_likes_best_is_served_and_the_first_one_otherwise() {
        let forms = ["text/html", "application/x+json"].map(|kind| Document::new(kind, kind));
        for (accept, expected) in [
            ("*/*", "text/html"),
            ("image/png", "text/html"),
            ("application/x+json, text/html;q=0.2", "application/x+json"),
            ("application/x+json;q=0.1, text/html;q=0.2", "text/html"),
            (
                "text/html;q=0.1, */*;q=0.01, application/*;q=0.5",
                "application/x+json",
            ),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            let served = best(&forms, &headers).unwrap();
            assert_eq!(served.media_type(), expected, "{accept}");
        }
    }
}
