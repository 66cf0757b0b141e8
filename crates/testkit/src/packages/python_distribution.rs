//! Python's built packages: a wheel, and an sdist.
//!
//! See "Core metadata specifications", "Binary distribution format" and "Source distribution format" in the Python
//! Packaging User Guide.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::archive::{tar_gz, zip};

/// A release of a project, from which a wheel and an sdist can be built.
#[derive(Debug, Clone)]
pub struct Distribution {
    name: String,
    version: String,
    headers: Vec<(String, String)>,
    description: String,
    files: Vec<(String, Vec<u8>)>,
}

/// A built file: what is uploaded, and what is downloaded.
#[derive(Debug, Clone)]
pub struct DistributionFile {
    /// The project's name, as it spells it.
    pub project: String,
    /// The version.
    pub version: String,
    /// The file's name.
    pub file_name: String,
    /// The file.
    pub bytes: Bytes,
    /// Its core metadata: `METADATA` of a wheel, `PKG-INFO` of an sdist.
    pub metadata: Bytes,
    /// What twine calls it: `bdist_wheel` or `sdist`.
    pub file_type: &'static str,
    /// What twine says it is for: `py3` or `source`.
    pub python_version: &'static str,
}

impl Distribution {
    /// A release that needs nothing, with one small module.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            headers: vec![("Summary".to_owned(), format!("The project {name}"))],
            description: String::new(),
            files: Vec::new(),
        }
    }

    /// Adds a field to its core metadata, or one more of this name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says what it needs, e.g. `six>=1.5`.
    #[must_use]
    pub fn requires_dist(self, requirement: &str) -> Self {
        self.header("Requires-Dist", requirement)
    }

    /// Says which Pythons it is for, e.g. `>=3.8`.
    #[must_use]
    pub fn requires_python(self, specifier: &str) -> Self {
        self.header("Requires-Python", specifier)
    }

    /// Sets its long description, in Markdown.
    #[must_use]
    pub fn description(mut self, markdown: &str) -> Self {
        markdown.clone_into(&mut self.description);
        self.header("Description-Content-Type", "text/markdown")
    }

    /// Adds a file: a path in the wheel, and below the sdist's own folder.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    /// The name as file names have it: lower case, runs of `-_.` as one `_`.
    fn stem(&self) -> String {
        let normal = normal_name(&self.name).replace('-', "_");
        format!("{normal}-{}", self.version)
    }

    fn metadata(&self) -> String {
        let mut text = format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
            self.name, self.version
        );
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        if !self.description.is_empty() {
            text.push_str(&format!("\n{}", self.description));
        }
        text
    }

    /// Its files, a module at least.
    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = self.files.clone();
        if files.is_empty() {
            let module = normal_name(&self.name).replace('-', "_");
            let text = format!("__version__ = {:?}\n", self.version);
            files.push((format!("{module}/__init__.py"), text.into_bytes()));
        }
        files
    }

    fn built(
        &self,
        file_name: String,
        bytes: Bytes,
        (file_type, python_version): (&'static str, &'static str),
    ) -> DistributionFile {
        DistributionFile {
            project: self.name.clone(),
            version: self.version.clone(),
            file_name,
            bytes,
            metadata: self.metadata().into(),
            file_type,
            python_version,
        }
    }

    /// The wheel for every Python 3.
    #[must_use]
    pub fn wheel(&self) -> DistributionFile {
        self.wheel_for("py3-none-any")
    }

    /// The wheel for some Pythons and systems, e.g. `cp312-cp312-manylinux_2_17_x86_64`.
    #[must_use]
    pub fn wheel_for(&self, tag: &str) -> DistributionFile {
        let folder = format!("{}.dist-info", self.stem());
        let wheel =
            format!("Wheel-Version: 1.0\nGenerator: testkit\nRoot-Is-Purelib: true\nTag: {tag}\n");
        let mut files = self.contents();
        files.push((format!("{folder}/METADATA"), self.metadata().into_bytes()));
        files.push((format!("{folder}/WHEEL"), wheel.into_bytes()));
        let mut record = String::new();
        for (path, content) in &files {
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content));
            record.push_str(&format!("{path},sha256={digest},{}\n", content.len()));
        }
        record.push_str(&format!("{folder}/RECORD,,\n"));
        files.push((format!("{folder}/RECORD"), record.into_bytes()));
        let file_name = format!("{}-{tag}.whl", self.stem());
        self.built(file_name, zip(&borrowed(&files)), ("bdist_wheel", "py3"))
    }

    /// The sdist.
    #[must_use]
    pub fn sdist(&self) -> DistributionFile {
        let stem = self.stem();
        let project = format!(
            "[project]\nname = {:?}\nversion = {:?}\n",
            self.name, self.version
        );
        let mut files = vec![
            (format!("{stem}/PKG-INFO"), self.metadata().into_bytes()),
            (format!("{stem}/pyproject.toml"), project.into_bytes()),
        ];
        for (path, content) in self.contents() {
            files.push((format!("{stem}/{path}"), content));
        }
        let bytes = tar_gz(&borrowed(&files));
        self.built(format!("{stem}.tar.gz"), bytes, ("sdist", "source"))
    }
}

impl DistributionFile {
    /// The fields that twine sends before the file, in order. The file's own field is `content`.
    #[must_use]
    pub fn upload_fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![
            (":action".to_owned(), "file_upload".to_owned()),
            ("protocol_version".to_owned(), "1".to_owned()),
            ("filetype".to_owned(), self.file_type.to_owned()),
            ("pyversion".to_owned(), self.python_version.to_owned()),
            (
                "sha256_digest".to_owned(),
                hex::encode(Sha256::digest(&self.bytes)),
            ),
        ];
        let text = String::from_utf8_lossy(&self.metadata);
        let (head, description) = text.split_once("\n\n").unwrap_or((&text, ""));
        for line in head.lines() {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            fields.push((name.to_lowercase().replace('-', "_"), value.to_owned()));
        }
        if !description.is_empty() {
            fields.push(("description".to_owned(), description.to_owned()));
        }
        fields
    }

    /// The upload as twine sends it: the type of the body with its boundary, and the body.
    #[must_use]
    pub fn upload_form(&self) -> (String, Bytes) {
        const BOUNDARY: &str = "a-boundary-that-no-package-holds";
        let mut body = Vec::new();
        for (name, value) in self.upload_fields() {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            self.file_name
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(&self.bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        (
            format!("multipart/form-data; boundary={BOUNDARY}"),
            body.into(),
        )
    }
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_slice()))
        .collect()
}

/// A project's name in its normal form: lower case, runs of `-_.` as one `-`.
pub(crate) fn normal_name(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_and_an_sdist_are_named_after_the_normal_name_and_say_the_same() {
        let release = Distribution::new("Left.Pad", "1.0")
            .requires_dist("six>=1.5")
            .description("# Left");
        let (wheel, sdist) = (release.wheel(), release.sdist());
        assert_eq!(wheel.file_name, "left_pad-1.0-py3-none-any.whl");
        assert_eq!(sdist.file_name, "left_pad-1.0.tar.gz");
        assert_eq!(wheel.metadata, sdist.metadata);
        assert_eq!(wheel.bytes, release.wheel().bytes);
        let fields = wheel.upload_fields();
        for (name, value) in [
            ("name", "Left.Pad"),
            ("requires_dist", "six>=1.5"),
            ("description", "# Left"),
            ("filetype", "bdist_wheel"),
        ] {
            assert!(
                fields.contains(&(name.to_owned(), value.to_owned())),
                "{name}"
            );
        }
    }
}
