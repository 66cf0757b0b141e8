//! What is kept of a version: its index line as it was written, and what its manifest says for people.
//!
//! A public source's versions are their lines alone, without what the crate's file tells; both forms are read here.

use std::borrow::Cow;

use model::{Dependency, VersionDetails};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::index_line::{LineDependency, LineHead};
use super::name::find_crate;

/// A version's metadata, in slices of what is kept.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Kept<'a> {
    /// The index line.
    pub(super) line: Option<&'a str>,
    about: Option<&'a str>,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(default, borrow)]
    index: Option<&'a RawValue>,
    #[serde(default, borrow)]
    about: Option<&'a RawValue>,
}

/// What a manifest says for people.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) documentation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authors: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) keywords: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) categories: Vec<String>,
}

impl<'a> Kept<'a> {
    /// Reads what is kept. What cannot be read says nothing.
    pub(super) fn read(json: &'a [u8]) -> Self {
        let Ok(text) = std::str::from_utf8(json) else {
            return Self::default();
        };
        // A line comes first: whatever else it has, it is itself.
        if LineHead::read(text).is_some() {
            return Self {
                line: Some(text),
                about: None,
            };
        }
        match serde_json::from_str::<Members<'a>>(text) {
            Ok(Members { index, about }) => Self {
                line: index.map(RawValue::get),
                about: about.map(RawValue::get),
            },
            Err(_) => Self::default(),
        }
    }

    /// The line and its head.
    pub(super) fn index(&self) -> Option<(&'a str, LineHead<'a>)> {
        let line = self.line?;
        Some((line, LineHead::read(line)?))
    }

    pub(super) fn about(&self) -> About {
        let read = self.about.and_then(|json| serde_json::from_str(json).ok());
        read.unwrap_or_default()
    }

    fn dependencies(&self) -> Vec<LineDependency<'a>> {
        #[derive(Deserialize)]
        struct Dependencies<'l> {
            #[serde(default, borrow)]
            deps: Vec<LineDependency<'l>>,
        }
        let read = self.line.and_then(|line| serde_json::from_str(line).ok());
        read.map_or_else(Vec::new, |Dependencies { deps }| deps)
    }
}

/// What is kept of a version with this line and this said about it.
pub(super) fn write(line: Option<&str>, about: Option<&str>) -> String {
    match (line, about) {
        (None, None) => "{}".to_owned(),
        (Some(line), None) => format!("{{\"index\":{line}}}"),
        (None, Some(about)) => format!("{{\"about\":{about}}}"),
        (Some(line), Some(about)) => format!("{{\"index\":{line},\"about\":{about}}}"),
    }
}

/// What is told about a version, as it is kept.
pub(super) fn write_about(about: &About) -> String {
    serde_json::to_string(about).expect("texts and lists of texts are always written as JSON")
}

/// What is held of a version, and what came: of a line that is held only whether it is yanked becomes other, and only
/// while the line that came means the same bytes.
pub(super) fn merged(held: &str, new: &str) -> String {
    let (held, new) = (Kept::read(held.as_bytes()), Kept::read(new.as_bytes()));
    let line = match (held.index(), new.index()) {
        (Some((line, head)), Some((_, said))) if head.checksum() == said.checksum() => {
            Some(head.with_yanked(line, said.is_yanked()))
        }
        (Some((line, _)), _) => Some(Cow::Borrowed(line)),
        (None, said) => said.map(|(line, _)| Cow::Borrowed(line)),
    };
    write(line.as_deref(), new.about.or(held.about))
}

/// The direct dependencies of a version, in the order of its line.
pub(super) fn dependencies(metadata: &str) -> Vec<Dependency> {
    let kept = Kept::read(metadata.as_bytes());
    let known = |kind: &str| match kind {
        "dev" => "dev",
        "build" => "build",
        _ => "normal",
    };
    kept.dependencies()
        .iter()
        .filter_map(|dependency| {
            Some(Dependency {
                namespace: None,
                package: find_crate(dependency.package())?.name,
                dependency_type: Some(known(dependency.kind.as_deref().unwrap_or_default())),
                version_requirement: Some(dependency.req.clone().into_owned()),
            })
        })
        .collect()
}

/// What a version says for people.
pub(super) fn details(metadata: &str) -> VersionDetails {
    let kept = Kept::read(metadata.as_bytes());
    let about = kept.about();
    // What a browser would run is no address.
    let is_link = |text: &String| text.starts_with("https://") || text.starts_with("http://");
    VersionDetails {
        display_name: kept.index().map(|(_, head)| head.name.into_owned()),
        summary: about.description,
        home_page: about.homepage.filter(is_link),
        source_code_repository: about.repository.filter(is_link),
        licenses: about
            .license
            .map(|license| (license, None))
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"name":"Foo","vers":"1.0.0","deps":[{"name":"b","req":"^1","package":"Bar","kind":"dev"},{"name":"c","req":"*","kind":null}],"cksum":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","yanked":false,"odd": 1.0}"#;

    #[test]
    fn a_line_alone_and_what_is_kept_are_read_alike() {
        let about = write_about(&About {
            description: Some("text".into()),
            homepage: Some("javascript:1".into()),
            license: Some("MIT".into()),
            ..About::default()
        });
        let kept = write(Some(LINE), Some(&about));
        assert_eq!(Kept::read(kept.as_bytes()).line, Some(LINE));
        assert_eq!(Kept::read(LINE.as_bytes()).line, Some(LINE));
        let said = details(&kept);
        assert_eq!(said.display_name.as_deref(), Some("Foo"));
        assert_eq!(said.summary.as_deref(), Some("text"));
        assert_eq!(said.home_page, None);
        assert_eq!(said.licenses, [("MIT".to_owned(), None)]);
        for bad in ["{}", "[]", "", "{\"index\":7}"] {
            assert!(Kept::read(bad.as_bytes()).index().is_none(), "{bad}");
            assert_eq!(dependencies(bad), [], "{bad}");
        }
    }

    #[test]
    fn f_cr_4_x08_of_what_a_source_says_later_only_a_yank_of_the_same_bytes_counts() {
        let held = merged(&merged("{}", LINE), r#"{"about":{"license":"MIT"}}"#);
        assert_eq!(held, write(Some(LINE), Some(r#"{"license":"MIT"}"#)));
        let yanked = LINE
            .replace("\"yanked\":false", "\"yanked\":true")
            .replace("Bar", "Evil");
        let after = merged(&held, &yanked);
        assert!(after.contains("\"yanked\":true") && !after.contains("Evil"));
        assert_eq!(merged(&after, LINE), held);
        let other = yanked.replace("aaaa", "bbbb");
        assert_eq!(merged(&held, &other), held);
    }

    #[test]
    fn dependencies_have_the_crates_own_names() {
        let found = dependencies(LINE);
        let names: Vec<_> = found
            .iter()
            .map(|d| (d.package.as_str(), d.dependency_type))
            .collect();
        assert_eq!(names, [("bar", Some("dev")), ("c", Some("normal"))]);
        assert_eq!(found[1].version_requirement.as_deref(), Some("*"));
    }
}
