//! Core metadata: what a distribution says of itself, in `METADATA` of a wheel and `PKG-INFO` of an sdist ("Core metadata
//! specifications" of PyPA, up to version 2.5).
//!
//! The form is that of mail headers as Python's `email` package reads them. Bounded in bytes, lines and values; what
//! two readers could understand differently is refused.

use model::{Dependency, PackageName, VersionDetails};
use serde::{Deserialize, Serialize};

use super::name::{is_name, normalized};

/// The largest metadata that is read. Descriptions are most of it.
pub(super) const METADATA_BYTES: usize = 8 << 20;
/// The most header lines.
const LINES: usize = 100_000;
/// The longest value that is kept apart from the description: licences are sent in full by old tools.
const VALUE_BYTES: usize = 64 << 10;

/// The versions of the metadata itself that are known.
const KNOWN: [&str; 9] = [
    "1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5",
];

/// Whether metadata of this version can be read.
pub(super) fn is_known(metadata_version: &str) -> bool {
    KNOWN.contains(&metadata_version)
}

/// Why metadata is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct MetadataFault(pub(super) String);

/// What is kept of the metadata of a version. The description is the version's readme, and kept apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CoreMetadata {
    pub(super) metadata_version: String,
    pub(super) name: String,
    pub(super) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keywords: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) home_page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) download_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maintainer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maintainer_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description_content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requires_python: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) license_files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) classifiers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) platforms: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) requires_dist: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) requires_external: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) provides_extra: Vec<String>,
    /// Label and address, as the header has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) project_urls: Vec<(String, String)>,
    /// The fields that building may still change: then an sdist cannot speak for what is built of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dynamic: Vec<String>,
}

impl CoreMetadata {
    /// Reads metadata: the fields, and the description.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, Option<String>), MetadataFault> {
        if bytes.len() > METADATA_BYTES {
            let fault = format!("it is larger than {METADATA_BYTES} bytes");
            return Err(MetadataFault(fault));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| MetadataFault("it is not in UTF-8".to_owned()))?;
        let (fields, body) = read_fields(text.strip_prefix('\u{feff}').unwrap_or(text))?;
        let mut found = Self::default();
        let mut description = None;
        let mut seen = Vec::new();
        for (name, value) in fields {
            let name = name.to_ascii_lowercase();
            // The fields that decide what a distribution is; of the others, the first stands.
            if matches!(
                name.as_str(),
                "metadata-version" | "name" | "version" | "requires-python"
            ) {
                if seen.contains(&name) {
                    let fault = format!("the field {name} stands in it more than once");
                    return Err(MetadataFault(fault));
                }
                seen.push(name.clone());
            }
            if name == "description" {
                description = description.or(Some(unfolded_description(&value)));
            } else {
                found.take(&name, value.trim())?;
            }
        }
        found.check()?;
        let description = Some(body.to_owned())
            .filter(|body| !body.trim().is_empty())
            .or(description)
            .filter(|text| !text.is_empty() && text != "UNKNOWN");
        Ok((found, description))
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), MetadataFault> {
        // What old tools wrote for what nobody had said.
        if value.is_empty() || value == "UNKNOWN" {
            return Ok(());
        }
        if value.len() > VALUE_BYTES {
            if name == "license" {
                return Ok(());
            }
            let fault = format!("its field {name} is longer than {VALUE_BYTES} bytes");
            return Err(MetadataFault(fault));
        }
        let needed = match name {
            "metadata-version" => Some(&mut self.metadata_version),
            "name" => Some(&mut self.name),
            "version" => Some(&mut self.version),
            _ => None,
        };
        if let Some(needed) = needed {
            value.clone_into(needed);
            return Ok(());
        }
        let one = match name {
            "summary" => &mut self.summary,
            "keywords" => &mut self.keywords,
            "home-page" => &mut self.home_page,
            "download-url" => &mut self.download_url,
            "author" => &mut self.author,
            "author-email" => &mut self.author_email,
            "maintainer" => &mut self.maintainer,
            "maintainer-email" => &mut self.maintainer_email,
            "license" => &mut self.license,
            "license-expression" => &mut self.license_expression,
            "description-content-type" => &mut self.description_content_type,
            "requires-python" => &mut self.requires_python,
            _ => {
                self.take_one_of_many(name, value);
                return Ok(());
            }
        };
        one.get_or_insert_with(|| value.to_owned());
        Ok(())
    }

    fn take_one_of_many(&mut self, name: &str, value: &str) {
        let many = match name {
            "license-file" => &mut self.license_files,
            "classifier" => &mut self.classifiers,
            "platform" => &mut self.platforms,
            "requires-dist" => &mut self.requires_dist,
            "requires-external" => &mut self.requires_external,
            "provides-extra" => &mut self.provides_extra,
            "dynamic" => &mut self.dynamic,
            "project-url" => {
                let (label, url) = value.split_once(',').unwrap_or(("", value));
                let entry = (label.trim().to_owned(), url.trim().to_owned());
                self.project_urls.push(entry);
                return;
            }
            // Fields of old that nobody reads, and those of later versions.
            _ => return,
        };
        many.push(value.to_owned());
    }

    fn check(&self) -> Result<(), MetadataFault> {
        let fault = |text: String| Err(MetadataFault(text));
        for (field, value) in [
            ("Metadata-Version", &self.metadata_version),
            ("Name", &self.name),
            ("Version", &self.version),
        ] {
            if value.is_empty() {
                return fault(format!("its field {field} is missing"));
            }
        }
        if !is_known(&self.metadata_version) {
            return fault(format!(
                "its Metadata-Version is '{}'; known are {}",
                self.metadata_version,
                KNOWN.join(", ")
            ));
        }
        if !is_name(&self.name) {
            return fault(format!("its Name '{}' is no project's name", self.name));
        }
        Ok(())
    }

    /// Whether what is built of an sdist with this metadata has the same dependencies and needs the same Pythons: only
    /// then installers may take this for the built distribution's own (PEP 643).
    pub(super) fn is_static(&self) -> bool {
        let says_what_is_dynamic = !matches!(
            self.metadata_version.as_str(),
            "1.0" | "1.1" | "1.2" | "2.0" | "2.1"
        );
        let counts = |field: &String| {
            [
                "requires-dist",
                "requires-python",
                "provides-extra",
                "version",
            ]
            .iter()
            .any(|name| field.eq_ignore_ascii_case(name))
        };
        says_what_is_dynamic && !self.dynamic.iter().any(counts)
    }

    /// The direct dependencies.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let found = self.requires_dist.iter();
        found.filter_map(|text| read_dependency(text)).collect()
    }

    /// What it says for people.
    pub(super) fn details(&self) -> VersionDetails {
        let url = |labels: &[&str]| {
            let by_label = |label: &&str| {
                let is_it = |(said, _): &&(String, String)| well_known(said) == **label;
                self.project_urls.iter().find(is_it)
            };
            let found = labels.iter().find_map(by_label);
            found.map(|(_, url)| url.clone())
        };
        VersionDetails {
            display_name: Some(self.name.clone()).filter(|name| !name.is_empty()),
            summary: self.summary.clone(),
            home_page: self.home_page.clone().or_else(|| url(&["homepage"])),
            source_code_repository: url(&["source", "repository", "sourcecode", "github"]),
            licenses: self.licenses(),
        }
    }

    fn licenses(&self) -> Vec<(String, Option<String>)> {
        let first_line = |text: &String| text.lines().next().unwrap_or_default().trim().to_owned();
        let said = self
            .license_expression
            .clone()
            .or_else(|| self.license.as_ref().map(first_line));
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            return vec![(said, None)];
        }
        let by_classifier = self.classifiers.iter().filter_map(|classifier| {
            let name = classifier.strip_prefix("License :: ")?;
            let name = name.strip_prefix("OSI Approved :: ").unwrap_or(name);
            (name != "OSI Approved").then(|| (name.to_owned(), None))
        });
        by_classifier.collect()
    }
}

/// A label of an address without case, spaces and punctuation ("Well-known Project URLs in Metadata").
fn well_known(label: &str) -> String {
    label
        .chars()
        .filter(|c| !c.is_ascii_punctuation() && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// A dependency as the API has it: the project, and what is asked of it as the metadata writes it.
fn read_dependency(text: &str) -> Option<Dependency> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let requirement = rest.trim();
    is_name(name).then_some(())?;
    Some(Dependency {
        namespace: None,
        package: PackageName::parse(&normalized(name)).ok()?,
        dependency_type: Some("Requires-Dist"),
        version_requirement: (!requirement.is_empty()).then(|| requirement.to_owned()),
    })
}

/// A header field: its name and its value.
type Field<'t> = (&'t str, String);

/// The header fields, continued lines joined, and what follows the empty line.
fn read_fields(text: &str) -> Result<(Vec<Field<'_>>, &str), MetadataFault> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut rest = text;
    for _ in 0..LINES {
        let (line, after) = match rest.find('\n') {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, ""),
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return Ok((fields, after));
        }
        if line.contains(['\r', '\0']) {
            return Err(MetadataFault("a line of it has a control character".into()));
        }
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = fields.last_mut() else {
                return Err(MetadataFault("it begins with a continued line".into()));
            };
            value.push('\n');
            value.push_str(line);
        } else {
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| is_field_name(name))
                .ok_or_else(|| MetadataFault("a line of it is no header field".into()))?;
            fields.push((name, value.to_owned()));
        }
        rest = after;
    }
    Err(MetadataFault(format!(
        "it has more than {LINES} header lines"
    )))
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A description in a header field: its lines are indented by eight blanks, or by seven and a bar.
fn unfolded_description(value: &str) -> String {
    let lines = value.trim_start_matches(' ').split('\n');
    let unfolded = lines.map(|line| {
        line.strip_prefix("       |")
            .or_else(|| line.strip_prefix("        "))
            .unwrap_or(line)
    });
    unfolded.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "Metadata-Version: 2.4\r\nName: Foo.Bar\nVersion: 1.0\nSummary: does things\n\
        License-Expression: MIT\nLicense-File: LICENSE\nRequires-Python: >=3.8\nClassifier: A :: B\n\
        Requires-Dist: Some_Thing[extra] (>=1.0,<2) ; python_version < \"3\"\nRequires-Dist: other\n\
        Requires-Dist: at @ https://example.com/x.zip\nProject-URL: Home Page, https://a.example\n\
        Project-URL: Source Code, https://b.example\nProvides-Extra: extra\nAuthor: UNKNOWN\nX-Later: y\n\nThe *text*.\n";

    #[test]
    fn metadata_is_read() {
        let (found, description) = CoreMetadata::parse(WHOLE.as_bytes()).unwrap();
        assert_eq!(description.as_deref(), Some("The *text*.\n"));
        assert_eq!(
            (found.name.as_str(), found.version.as_str()),
            ("Foo.Bar", "1.0")
        );
        assert_eq!(found.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(found.author, None);
        assert!(found.is_static());
        let details = found.details();
        assert_eq!(details.display_name.as_deref(), Some("Foo.Bar"));
        assert_eq!(details.licenses, [("MIT".to_owned(), None)]);
        assert_eq!(
            details.source_code_repository.as_deref(),
            Some("https://b.example")
        );
        let dependencies: Vec<_> = found
            .dependencies()
            .into_iter()
            .map(|d| {
                (
                    d.package.to_string(),
                    d.dependency_type,
                    d.version_requirement,
                )
            })
            .collect();
        let expected = [
            (
                "some-thing",
                Some("[extra] (>=1.0,<2) ; python_version < \"3\""),
            ),
            ("other", None),
            ("at", Some("@ https://example.com/x.zip")),
        ]
        .map(|(name, requirement)| {
            (
                name.to_owned(),
                Some("Requires-Dist"),
                requirement.map(str::to_owned),
            )
        });
        assert_eq!(dependencies, expected);
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<CoreMetadata>(&json).unwrap(), found);
    }

    #[test]
    fn old_metadata_is_read() {
        let old = "Metadata-Version: 1.1\nName: foo\nVersion: 1.0\nLicense: BSD\n        and more\n\
            Description: First\n        second\n         third\n       |fourth\nPlatform: any\n";
        let (found, description) = CoreMetadata::parse(old.as_bytes()).unwrap();
        assert_eq!(
            description.as_deref(),
            Some("First\nsecond\n third\nfourth")
        );
        assert_eq!(found.details().licenses, [("BSD".to_owned(), None)]);
        assert!(!found.is_static());
        let by_classifier = "Metadata-Version: 2.1\nName: foo\nVersion: 1\nLicense: UNKNOWN\n\
            Classifier: License :: OSI Approved :: MIT License\n";
        let (found, _) = CoreMetadata::parse(by_classifier.as_bytes()).unwrap();
        assert_eq!(found.details().licenses, [("MIT License".to_owned(), None)]);
    }

    #[test]
    fn f_py_4_u03_metadata_that_is_not_or_is_ambiguous_is_refused() {
        let head = "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n";
        for bad in [
            String::new(),
            "Name: foo\nVersion: 1.0\n".into(),
            "Metadata-Version: 2.1\nVersion: 1.0\n".into(),
            head.replace("2.1", "2.6"),
            head.replace("2.1", "3.0"),
            head.replace("foo", "../foo"),
            format!("{head}Name: bar\n"),
            format!("{head}VERSION: 2.0\n"),
            format!("{head}Requires-Python: >=3\nrequires-python: <3\n"),
            format!("{head}no field\n"),
            format!("{head}Sum mary: x\n"),
            format!(" {head}"),
            format!("{head}Summary: a\rName: b\n"),
            format!("{head}Summary: {}\n", "x".repeat(VALUE_BYTES + 1)),
            format!("{head}{}", "Classifier: x\n".repeat(LINES)),
        ] {
            assert!(CoreMetadata::parse(bad.as_bytes()).is_err(), "{:.60}", bad);
        }
        assert!(CoreMetadata::parse(b"Metadata-Version: 2.1\nName: f\xff\nVersion: 1\n").is_err());
        let huge = format!("{head}\n{}", "x".repeat(METADATA_BYTES));
        assert!(CoreMetadata::parse(huge.as_bytes()).is_err());
    }

    #[test]
    fn only_an_sdist_that_says_so_speaks_for_what_is_built_of_it() {
        for (metadata, expected) in [
            ("Metadata-Version: 2.2\nName: a\nVersion: 1\n", true),
            (
                "Metadata-Version: 2.2\nName: a\nVersion: 1\nDynamic: License\n",
                true,
            ),
            (
                "Metadata-Version: 2.2\nName: a\nVersion: 1\nDynamic: Requires-Dist\n",
                false,
            ),
            ("Metadata-Version: 2.1\nName: a\nVersion: 1\n", false),
        ] {
            let (found, _) = CoreMetadata::parse(metadata.as_bytes()).unwrap();
            assert_eq!(found.is_static(), expected, "{metadata}");
        }
    }
}
