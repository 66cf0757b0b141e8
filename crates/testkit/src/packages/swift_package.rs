//! Swift packages as `swift package archive-source` packs them, and the form that `swift package-registry publish` sends.

use bytes::Bytes;

use super::zip;

/// A package whose source archive can be made.
#[derive(Debug, Clone)]
pub struct SwiftPackage {
    folder: String,
    files: Vec<(String, Vec<u8>)>,
}

impl SwiftPackage {
    /// A package with one target.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let empty = Self {
            folder: format!("{name}-{version}"),
            files: Vec::new(),
        };
        let manifest = format!(
            "// swift-tools-version:5.9\nimport PackageDescription\n\nlet package = Package(\n    name: \"{name}\",\n    \
             targets: [.target(name: \"{name}\")]\n)\n"
        );
        let source = format!("public let version = \"{version}\"\n");
        empty
            .file("Package.swift", manifest.as_bytes())
            .file(&format!("Sources/{name}/{name}.swift"), source.as_bytes())
    }

    /// The same with another folder around everything.
    #[must_use]
    pub fn folder(mut self, folder: &str) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// The same with a file, in place of one with that path.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.retain(|(held, _)| held != path);
        self.files.push((path.to_owned(), content.to_owned()));
        self
    }

    /// The same without a file.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.files.retain(|(held, _)| held != path);
        self
    }

    /// Its source archive.
    #[must_use]
    pub fn archive(&self) -> Bytes {
        let mut entries = vec![(format!("{}/", self.folder), &[][..])];
        let files = self.files.iter();
        entries.extend(files.map(|(path, content)| {
            let path = format!("{}/{path}", self.folder);
            (path, content.as_slice())
        }));
        zip(&entries)
    }

    /// Its source archive as `git archive` ends it, with the name of a commit.
    #[must_use]
    pub fn git_archive(&self) -> Bytes {
        const COMMIT: &[u8] = b"0123456789abcdef0123456789abcdef01234567";
        let mut archive = self.archive().to_vec();
        let length_at = archive.len() - 2;
        archive[length_at] = 40;
        archive.extend_from_slice(COMMIT);
        archive.into()
    }
}

/// What a release is published with, section by section.
#[derive(Debug, Clone, Default)]
pub struct SwiftReleaseForm(Vec<(String, Vec<u8>)>);

impl SwiftReleaseForm {
    const BOUNDARY: &str = "6F1C2A7E-0B7D-4E0B-9C8F-0123456789AB";

    /// The form for an archive, as the package manager writes it.
    #[must_use]
    pub fn of(archive: &[u8]) -> Self {
        let head = "Content-Disposition: form-data; name=\"source-archive\"\r\nContent-Type: application/zip\r\n\
            Content-Transfer-Encoding: binary";
        Self::default().section(head, archive)
    }

    /// The same with what is said of the release. The package manager names an encoding that it does not use.
    #[must_use]
    pub fn metadata(self, json: &str) -> Self {
        let head = "Content-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\
            Content-Transfer-Encoding: quoted-printable";
        self.section(head, json.as_bytes())
    }

    /// The same with a signature of the section of this name.
    #[must_use]
    pub fn signature(self, section: &str, signature: &[u8]) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"{section}-signature\"\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: binary"
        );
        self.section(&head, signature)
    }

    /// The same with a section whose head is given.
    #[must_use]
    pub fn section(mut self, head: &str, content: &[u8]) -> Self {
        self.0.push((head.to_owned(), content.to_owned()));
        self
    }

    /// The value of `Content-Type`, and the body.
    #[must_use]
    pub fn body(&self) -> (String, Bytes) {
        let mut body = Vec::new();
        for (head, content) in &self.0 {
            body.extend_from_slice(format!("--{}\r\n{head}\r\n\r\n", Self::BOUNDARY).as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{}--\r\n", Self::BOUNDARY).as_bytes());
        let content_type = format!("multipart/form-data;boundary=\"{}\"", Self::BOUNDARY);
        (content_type, body.into())
    }
}
