//! Forms as tests want them: fields and files in any order, right or wrong.

use std::fmt::Write as _;

use testkit::house::Answer;
use testkit::packages::DistributionFile;

use crate::house::House;

const BOUNDARY: &str = "xx-boundary";

/// A part: name, name of the file, content.
type Part = (String, Option<String>, Vec<u8>);

#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) parts: Vec<Part>,
}

impl Form {
    /// As twine sends a file.
    pub(crate) fn of(file: &DistributionFile) -> Self {
        let fields = file.upload_fields().into_iter();
        let mut parts: Vec<Part> = fields
            .map(|(name, value)| (name, None, value.into_bytes()))
            .collect();
        let content = (
            "content".to_owned(),
            Some(file.file_name.clone()),
            file.bytes.to_vec(),
        );
        parts.push(content);
        Self { parts }
    }

    /// With one more field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parts
            .push((name.to_owned(), None, value.as_bytes().to_vec()));
        self
    }

    /// With one more file.
    pub(crate) fn with_file(mut self, name: &str, file: &str, content: &[u8]) -> Self {
        self.parts
            .push((name.to_owned(), Some(file.to_owned()), content.to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parts.retain(|(found, ..)| found != name);
        self
    }

    /// With another value in a field.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        let mut form = self.without(name);
        form.parts
            .insert(0, (name.to_owned(), None, value.as_bytes().to_vec()));
        form
    }

    /// The same with the file before everything else.
    pub(crate) fn file_first(mut self) -> Self {
        self.parts.sort_by_key(|(_, file, _)| file.is_none());
        self
    }

    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, file, content) in &self.parts {
            let mut head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
            if let Some(file) = file {
                write!(head, "; filename=\"{file}\"").unwrap();
            }
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body
    }

    pub(crate) async fn send(&self, house: &House) -> Answer {
        house
            .post("", &Self::content_type(), self.body().into())
            .await
    }
}
