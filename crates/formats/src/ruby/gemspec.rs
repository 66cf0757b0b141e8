//! What a gem says of itself (RubyGems, `Gem::Specification`, as its gem holds it in YAML).

use std::rc::Rc;

use super::name::{FileName, is_name};
use super::platform;
use super::version::{Requirement, number};
use super::yaml::{Value, YamlFault, read};

/// The longest text that is read of a field.
const TEXT_BYTES: usize = 1 << 20;
/// What a gem may need, at most.
const DEPENDENCIES: usize = 5000;
const AUTHORS: usize = 1000;

/// A specification, as far as anyone asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Gemspec {
    pub(super) name: String,
    /// In RubyGems' own form.
    pub(super) number: String,
    /// As it was written.
    pub(super) original_platform: String,
    pub(super) authors: Vec<String>,
    pub(super) emails: Vec<String>,
    /// Year, month and day.
    pub(super) date: Option<(i16, u8, u8)>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) homepage: Option<String>,
    pub(super) licenses: Vec<String>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) dependencies: Vec<GemDependency>,
    pub(super) required_ruby: Requirement,
    pub(super) required_rubygems: Requirement,
    pub(super) rubygems_version: Option<String>,
    pub(super) specification_version: i32,
}

/// What a gem needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GemDependency {
    pub(super) name: String,
    pub(super) requirement: Requirement,
    /// Only for working on the gem.
    pub(super) is_development: bool,
}

impl Gemspec {
    /// Reads a specification.
    pub(super) fn parse(yaml: &str) -> Result<Self, YamlFault> {
        let value = read(yaml)?;
        if value.pairs().is_empty() {
            return refused("it is no specification");
        }
        check_unique(&value)?;
        let name = required_text(&value, "name")?;
        if !is_name(&name) {
            return refused(format!("its name '{name}' is not that of a gem"));
        }
        let version = value.get("version").and_then(|v| version_text(v));
        let Some(number) = version.as_deref().and_then(number) else {
            return refused(format!(
                "its version '{}' cannot be read",
                version.unwrap_or_default()
            ));
        };
        let original_platform = platform_text(&value)?;
        if !platform::is_platform(&original_platform) {
            return refused(format!("its platform '{original_platform}' cannot be read"));
        }
        let requirement = |key: &str| match value.get(key) {
            None => Ok(Requirement::any()),
            Some(found) => read_requirement(found)
                .ok_or_else(|| YamlFault(format!("its {key} cannot be read"))),
        };
        Ok(Self {
            number,
            original_platform,
            authors: texts(&value, "authors", "author")?,
            emails: texts(&value, "email", "emails")?,
            date: value.get("date").and_then(|date| read_day(date.text()?)),
            summary: text(&value, "summary")?,
            description: text(&value, "description")?,
            homepage: text(&value, "homepage")?,
            licenses: texts(&value, "licenses", "license")?,
            metadata: read_metadata(&value)?,
            dependencies: read_dependencies(&value)?,
            required_ruby: requirement("required_ruby_version")?,
            required_rubygems: requirement("required_rubygems_version")?,
            rubygems_version: text(&value, "rubygems_version")?,
            specification_version: text(&value, "specification_version")?
                .and_then(|text| text.parse().ok())
                .filter(|version| (1..=4).contains(version))
                .unwrap_or(4),
            name,
        })
    }

    /// The platform as it stands in names.
    pub(super) fn platform(&self) -> String {
        platform::normal(&self.original_platform)
    }

    /// The name of its gem's file.
    pub(super) fn file(&self) -> String {
        let platform = self.platform();
        let name = FileName {
            number: &self.number,
            platform: &platform,
        };
        name.file(&self.name)
    }
}

fn refused<T>(reason: impl Into<String>) -> Result<T, YamlFault> {
    Err(YamlFault(reason.into()))
}

/// A field that stands twice could be read in two ways.
fn check_unique(value: &Value) -> Result<(), YamlFault> {
    let mut seen = std::collections::HashSet::new();
    for (key, _) in value.pairs() {
        let Some(key) = key.text() else {
            return refused("a field of it has no name");
        };
        if !seen.insert(key) {
            return refused(format!("it says '{key}' twice"));
        }
    }
    Ok(())
}

fn required_text(value: &Value, key: &str) -> Result<String, YamlFault> {
    match text(value, key)? {
        Some(text) => Ok(text),
        None => refused(format!("it does not say its {key}")),
    }
}

fn text(value: &Value, key: &str) -> Result<Option<String>, YamlFault> {
    let Some(found) = value.get(key).and_then(|found| found.text()) else {
        return Ok(None);
    };
    checked(key, found).map(Some)
}

fn checked(key: &str, text: &str) -> Result<String, YamlFault> {
    if text.len() > TEXT_BYTES {
        return refused(format!("its {key} is longer than {TEXT_BYTES} bytes"));
    }
    Ok(text.to_owned())
}

/// Several texts, or one.
fn texts(value: &Value, key: &str, other: &str) -> Result<Vec<String>, YamlFault> {
    let found = value.get(key).filter(|found| !found.is_null());
    let Some(found) = found.or_else(|| value.get(other)) else {
        return Ok(Vec::new());
    };
    if let Some(one) = found.text() {
        return checked(key, one).map(|one| vec![one]);
    }
    let items = found.list().iter().filter_map(|item| item.text());
    items.take(AUTHORS).map(|item| checked(key, item)).collect()
}

/// A version: an object that has it, or, of old, the text itself.
fn version_text(value: &Value) -> Option<String> {
    let found = value
        .get("version")
        .map_or_else(|| value.text(), |v| v.text())?;
    Some(found.to_owned())
}

fn platform_text(value: &Value) -> Result<String, YamlFault> {
    let original = text(value, "original_platform")?;
    let Some(found) = value.get("platform") else {
        return Ok(original.unwrap_or_else(|| platform::RUBY.to_owned()));
    };
    if let Some(text) = found.text() {
        let is_none = text.is_empty() || text == platform::RUBY;
        return Ok(if is_none {
            platform::RUBY.to_owned()
        } else {
            text.to_owned()
        });
    }
    if found.is_null() {
        return Ok(platform::RUBY.to_owned());
    }
    let part = |key: &str| found.get(key).and_then(|part| part.text());
    let parts = [part("cpu"), part("os"), part("version")];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return refused("its platform cannot be read");
    }
    Ok(parts.join("-"))
}

/// A requirement: pairs of an operator and a version.
fn read_requirement(value: &Value) -> Option<Requirement> {
    if value.is_null() {
        return Some(Requirement::any());
    }
    if let Some(text) = value.text() {
        return Requirement::parse(text.split(','));
    }
    let bounds = value.get("requirements")?;
    let mut out = Vec::new();
    for bound in bounds.list() {
        match bound.list() {
            [operator, version] => {
                out.push(Requirement::bound(
                    operator.text()?,
                    &version_text(version)?,
                )?);
            }
            _ => return None,
        }
    }
    if out.is_empty() {
        return Some(Requirement::any());
    }
    Some(Requirement(out))
}

fn read_dependencies(value: &Value) -> Result<Vec<GemDependency>, YamlFault> {
    let Some(found) = value.get("dependencies") else {
        return Ok(Vec::new());
    };
    if found.list().len() > DEPENDENCIES {
        return refused(format!("it needs more than {DEPENDENCIES} other gems"));
    }
    let read = |dependency: &Rc<Value>| {
        let name = required_text(dependency, "name")?;
        if !is_name(&name) {
            return refused(format!("it needs '{name}', which is not the name of a gem"));
        }
        // RubyGems has had three names for it.
        let requirement = ["requirement", "version_requirements", "version_requirement"]
            .into_iter()
            .find_map(|key| dependency.get(key))
            .map_or(Some(Requirement::any()), |found| read_requirement(found));
        let Some(requirement) = requirement else {
            return refused(format!("what it needs of '{name}' cannot be read"));
        };
        let kind = text(dependency, "type")?;
        Ok(GemDependency {
            name,
            requirement,
            is_development: kind.is_some_and(|kind| kind.trim_start_matches(':') == "development"),
        })
    };
    found.list().iter().map(read).collect()
}

fn read_metadata(value: &Value) -> Result<Vec<(String, String)>, YamlFault> {
    let Some(found) = value.get("metadata") else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for (key, value) in found.pairs().iter().take(AUTHORS) {
        if let (Some(key), Some(value)) = (key.text(), value.text()) {
            out.push((checked("metadata", key)?, checked("metadata", value)?));
        }
    }
    Ok(out)
}

/// The day of a time such as `2020-01-31 00:00:00.000000000 Z`.
fn read_day(text: &str) -> Option<(i16, u8, u8)> {
    let mut parts = text.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let date = date.ok().filter(|date| date.year() >= 1900)?;
    Some((
        date.year(),
        date.month().unsigned_abs(),
        date.day().unsigned_abs(),
    ))
}

/// Digests of a gem's members by algorithm and name, in hex, where it says any (`checksums.yaml`).
pub(super) fn read_checksums(text: &str) -> Result<Vec<(String, String, String)>, YamlFault> {
    let value = read(text)?;
    let mut out = Vec::new();
    for (algorithm, members) in value.pairs() {
        for (member, digest) in members.pairs() {
            let (Some(algorithm), Some(member)) = (algorithm.text(), member.text()) else {
                return refused("a checksum in it has no name");
            };
            let hex = match &**digest {
                Value::Binary(base64) => unpacked(base64),
                Value::Text(text, _) => Some(text.clone()),
                Value::List(_) | Value::Pairs(_) => None,
            };
            let Some(hex) = hex else {
                return refused("a checksum in it cannot be read");
            };
            out.push((algorithm.to_owned(), member.to_owned(), hex));
        }
    }
    Ok(out)
}

/// Hex that old versions of RubyGems took for bytes and wrote in base64.
fn unpacked(base64: &str) -> Option<String> {
    use base64::Engine as _;
    let packed: String = base64.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "--- !ruby/object:Gem::Specification
name: widget
version: !ruby/object:Gem::Version
  version: 1.2.0
platform: ruby
authors:
- Ann
autorequire:
bindir: bin
cert_chain: []
date: 2020-01-31 00:00:00.000000000 Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rack
  requirement: &1 !ruby/object:Gem::Requirement
    requirements:
    - - \"~>\"
      - !ruby/object:Gem::Version
        version: '2.0'
    - - \">=\"
      - !ruby/object:Gem::Version
        version: 2.0.4
  type: :runtime
  prerelease: false
  version_requirements: *1
- !ruby/object:Gem::Dependency
  name: rake
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - \">=\"
      - !ruby/object:Gem::Version
        version: '0'
  type: :development
  prerelease: false
  version_requirements:
description: Long
email:
- ann@example.org
executables: []
files:
- lib/widget.rb
homepage: http://example.org
licenses:
- MIT
metadata:
  source_code_uri: http://example.org/src
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: '2.7'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: '0'
requirements: []
rubygems_version: 3.3.15
signing_key:
specification_version: 4
summary: Short
test_files: []
";

    #[test]
    fn a_specification_is_read() {
        let spec = Gemspec::parse(SPEC).unwrap();
        assert_eq!(
            (spec.name.as_str(), spec.number.as_str()),
            ("widget", "1.2.0")
        );
        assert_eq!(spec.file(), "widget-1.2.0.gem");
        assert_eq!(spec.date, Some((2020, 1, 31)));
        assert_eq!(
            spec.dependencies[0].requirement.joined("&"),
            ">= 2.0.4&~> 2.0"
        );
        assert!(!spec.dependencies[0].is_development);
        assert!(spec.dependencies[1].is_development);
        assert_eq!(spec.required_ruby.joined("&"), ">= 2.7");
        assert!(spec.required_rubygems.is_any());
        assert_eq!(spec.licenses, ["MIT"]);
        assert_eq!(spec.emails, ["ann@example.org"]);
        assert_eq!(spec.metadata[0].0, "source_code_uri");
    }

    #[test]
    fn f_rb_1_platforms_are_read_as_text_and_as_an_object() {
        let with = |platform: &str| {
            Gemspec::parse(&SPEC.replace("platform: ruby\n", platform)).map(|spec| spec.file())
        };
        assert_eq!(with("platform: java\n").unwrap(), "widget-1.2.0-java.gem");
        let object =
            "platform: !ruby/object:Gem::Platform\n  cpu: x86_64\n  os: linux\n  version:\n";
        assert_eq!(with(object).unwrap(), "widget-1.2.0-x86_64-linux.gem");
        assert_eq!(with("").unwrap(), "widget-1.2.0.gem");
        assert_eq!(with("platform:\n").unwrap(), "widget-1.2.0.gem");
        for bad in [
            "platform: a/b\n",
            "platform: ../x\n",
            "platform: []\n",
            "platform: '1'\n",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_rb_1_specifications_that_say_what_cannot_be_are_refused() {
        for (from, to) in [
            ("name: widget", "name: ../widget"),
            ("name: widget", "name: a/b"),
            ("name: widget", "nom: widget"),
            ("name: widget", "name: widget\nname: gadget"),
            ("version: 1.2.0", "version: 1.2/3"),
            ("version: 1.2.0", "version: [1]"),
            ("version: 1.2.0", "version: 1.2.0\n  suffix: x\nversion: 2"),
            ("name: rack", "name: ra ck"),
            ("version: '2.7'", "version: 'x'"),
            (
                "- - \">=\"\n    - !ruby/object:Gem::Version\n      version: '2.7'",
                "- - \"||\"\n    - 1",
            ),
            ("summary: Short", "summary: !ruby/object:ERB {}"),
        ] {
            let text = SPEC.replacen(from, to, 1);
            assert_ne!(text, SPEC, "{from}");
            assert!(Gemspec::parse(&text).is_err(), "{to}");
        }
        assert!(Gemspec::parse("--- []\n").is_err());
    }

    #[test]
    fn checksums_are_read_in_both_spellings() {
        let plain = read_checksums("---\nSHA256:\n  metadata.gz: ab\n").unwrap();
        let expected = (
            "SHA256".to_owned(),
            "metadata.gz".to_owned(),
            "ab".to_owned(),
        );
        assert_eq!(plain, std::slice::from_ref(&expected));
        let packed = read_checksums("---\nSHA256:\n  metadata.gz: !binary |-\n    YWI=\n").unwrap();
        assert_eq!(packed, [expected]);
        assert!(read_checksums("---\nSHA256:\n  metadata.gz: []\n").is_err());
    }
}
