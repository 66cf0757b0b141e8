//! The documents of RubyGems' older protocols, in Ruby's own serialization: a specification (`quick/Marshal.4.8`), the lists
//! of all versions (`specs.4.8`), and the answer of the dependency API.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use model::{Error, Result};

use super::gemspec::Gemspec;
use super::marshal::Writer;
use super::platform::{self, Platform};
use super::version::Requirement;

/// What a specification without a day says: clients want one.
const SOME_DAY: (i16, u8, u8) = (1980, 1, 2);

/// A version as lists and answers have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release<'g> {
    pub(super) name: &'g str,
    pub(super) number: &'g str,
    pub(super) platform: &'g str,
    /// Names and requirements of what it needs to run.
    pub(super) dependencies: Vec<(&'g str, String)>,
}

/// A specification, compressed as clients expect it.
pub(super) fn packed_specification(spec: &Gemspec) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder
        .write_all(&specification(spec))
        .and_then(|()| encoder.finish())
        .map_err(Error::internal)
}

/// A specification: the class, and the fields that it keeps of itself, in the order of `Gem::Specification#_dump`.
pub(super) fn specification(spec: &Gemspec) -> Vec<u8> {
    let mut fields = Writer::new();
    fields.array(19);
    fields.optional_text(spec.rubygems_version.as_deref());
    fields.integer(spec.specification_version);
    fields.text(&spec.name);
    write_version(&mut fields, &spec.number);
    fields.day(spec.date.unwrap_or(SOME_DAY));
    fields.optional_text(spec.summary.as_deref());
    write_requirement(&mut fields, &spec.required_ruby);
    write_requirement(&mut fields, &spec.required_rubygems);
    let original_platform = fields.text(&spec.original_platform);
    write_dependencies(&mut fields, spec);
    // The project at a host that is gone.
    fields.text("");
    match spec.emails.as_slice() {
        [] => fields.nil(),
        [one] => drop(fields.text(one)),
        several => write_texts(&mut fields, several),
    }
    write_texts(&mut fields, &spec.authors);
    fields.optional_text(spec.description.as_deref());
    fields.optional_text(spec.homepage.as_deref());
    // That it has documentation.
    fields.boolean(true);
    match Platform::parse(&spec.original_platform) {
        Some(platform) => write_platform(&mut fields, &platform),
        None if spec.original_platform == platform::RUBY => fields.again(original_platform),
        None => drop(fields.text(platform::RUBY)),
    }
    write_texts(&mut fields, &spec.licenses);
    fields.hash(spec.metadata.len());
    for (key, value) in &spec.metadata {
        fields.text(key);
        fields.text(value);
    }
    let mut whole = Writer::new();
    whole.made_of_bytes("Gem::Specification", &fields.finish());
    whole.finish()
}

fn write_version(out: &mut Writer, number: &str) {
    out.made_of("Gem::Version");
    out.array(1);
    out.text(number);
}

fn write_requirement(out: &mut Writer, requirement: &Requirement) {
    out.made_of("Gem::Requirement");
    out.array(1);
    out.array(requirement.0.len());
    for (operator, version) in &requirement.0 {
        out.array(2);
        out.text(operator);
        write_version(out, version);
    }
}

fn write_dependencies(out: &mut Writer, spec: &Gemspec) {
    out.array(spec.dependencies.len());
    for dependency in &spec.dependencies {
        out.instance("Gem::Dependency", 5);
        out.symbol("@name");
        out.text(&dependency.name);
        out.symbol("@requirement");
        write_requirement(out, &dependency.requirement);
        out.symbol("@type");
        out.symbol(if dependency.is_development {
            "development"
        } else {
            "runtime"
        });
        out.symbol("@prerelease");
        out.boolean(false);
        // The name that it had before, for versions of RubyGems that look for that.
        out.symbol("@version_requirements");
        write_requirement(out, &dependency.requirement);
    }
}

fn write_platform(out: &mut Writer, platform: &Platform) {
    out.instance("Gem::Platform", 3);
    out.symbol("@cpu");
    out.optional_text(platform.cpu.as_deref());
    out.symbol("@os");
    out.text(&platform.os);
    out.symbol("@version");
    out.optional_text(platform.version.as_deref());
}

fn write_texts(out: &mut Writer, texts: &[String]) {
    out.array(texts.len());
    for text in texts {
        out.text(text);
    }
}

/// A list of versions, compressed as clients expect it.
pub(super) fn packed_list(releases: &[Release<'_>]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder
        .write_all(&list(releases))
        .and_then(|()| encoder.finish())
        .map_err(Error::internal)
}

/// A list of versions: name, version and platform of each.
pub(super) fn list(releases: &[Release<'_>]) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(releases.len());
    for release in releases {
        out.array(3);
        out.text(release.name);
        write_version(&mut out, release.number);
        out.text(release.platform);
    }
    out.finish()
}

/// The answer of the dependency API.
pub(super) fn dependencies(releases: &[Release<'_>]) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(releases.len());
    for release in releases {
        out.hash(4);
        for (key, value) in [
            ("name", release.name),
            ("number", release.number),
            ("platform", release.platform),
        ] {
            out.symbol(key);
            out.text(value);
        }
        out.symbol("dependencies");
        out.array(release.dependencies.len());
        for (name, requirement) in &release.dependencies {
            out.array(2);
            out.text(name);
            out.text(requirement);
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruby::gemspec::GemDependency;

    #[test]
    fn f_rb_2_an_answer_of_the_dependency_api_is_what_ruby_writes() {
        let releases = [
            Release {
                name: "a",
                number: "1.0",
                platform: "ruby",
                dependencies: vec![("b", ">= 0".to_owned())],
            },
            Release {
                name: "a",
                number: "2",
                platform: "java",
                dependencies: vec![],
            },
        ];
        let expected = [
            &b"\x04\x08[\x07{\x09:\x09nameI\"\x06a\x06:\x06ET:\x0bnumberI\"\x081.0\x06;\x06T"[..],
            b":\x0dplatformI\"\x09ruby\x06;\x06T:\x11dependencies[\x06[\x07I\"\x06b\x06;\x06TI\"\x09>= 0\x06;\x06T",
            b"{\x09;\x00I\"\x06a\x06;\x06T;\x07I\"\x062\x06;\x06T;\x08I\"\x09java\x06;\x06T;\x09[\x00",
        ]
        .concat();
        assert_eq!(dependencies(&releases), expected);
        assert_eq!(dependencies(&[]), b"\x04\x08[\x00");
    }

    #[test]
    fn f_rb_2_a_list_of_versions_is_what_ruby_writes() {
        let releases = [Release {
            name: "a",
            number: "1.0",
            platform: "ruby",
            dependencies: vec![],
        }];
        let expected = b"\x04\x08[\x06[\x08I\"\x06a\x06:\x06ETU:\x11Gem::Version[\x06I\"\x081.0\x06;\x00TI\"\x09ruby\x06;\x00T";
        assert_eq!(list(&releases), expected);
        assert_eq!(list(&[]), b"\x04\x08[\x00");
    }

    #[test]
    fn f_rb_2_a_specification_is_what_ruby_writes() {
        let spec = Gemspec {
            name: "a".into(),
            number: "1.0".into(),
            original_platform: "java".into(),
            authors: vec!["Ann".into()],
            date: Some((2020, 1, 31)),
            summary: Some("s".into()),
            dependencies: vec![GemDependency {
                name: "b".into(),
                requirement: Requirement::any(),
                is_development: false,
            }],
            required_ruby: Requirement::any(),
            required_rubygems: Requirement::any(),
            rubygems_version: Some("3.3.15".into()),
            specification_version: 4,
            ..Gemspec::default()
        };
        let any = |first: bool| {
            let class = if first {
                "U:\x15Gem::Requirement"
            } else {
                "U;\x09"
            };
            format!("{class}[\x06[\x06[\x07I\"\x07>=\x06;\x00TU;\x06[\x06I\"\x060\x06;\x00T")
        };
        let inner = [
            b"\x04\x08[\x18I\"\x0b3.3.15\x06:\x06ETi\x09I\"\x06a\x06;\x00T".to_vec(),
            b"U:\x11Gem::Version[\x06I\"\x081.0\x06;\x00T".to_vec(),
            b"Iu:\x09Time\x0d\xe0\x03\x1e\xc0\x00\x00\x00\x00\x06:\x09zoneI\"\x08UTC\x06;\x00F"
                .to_vec(),
            b"I\"\x06s\x06;\x00T".to_vec(),
            any(true).into_bytes(),
            any(false).into_bytes(),
            b"I\"\x09java\x06;\x00T".to_vec(),
            b"[\x06o:\x14Gem::Dependency\x0a:\x0a@nameI\"\x06b\x06;\x00T:\x11@requirement".to_vec(),
            any(false).into_bytes(),
            b":\x0a@type:\x0cruntime:\x10@prereleaseF:\x1a@version_requirements".to_vec(),
            any(false).into_bytes(),
            b"I\"\x00\x06;\x00T0[\x06I\"\x08Ann\x06;\x00T00T".to_vec(),
            b"o:\x12Gem::Platform\x08:\x09@cpu0:\x08@osI\"\x09java\x06;\x00T:\x0d@version0"
                .to_vec(),
            b"[\x00{\x00".to_vec(),
        ]
        .concat();
        let written = specification(&spec);
        let head = b"\x04\x08u:\x17Gem::Specification";
        assert!(written.starts_with(head));
        let body = &written[head.len()..];
        // The length of what follows takes two bytes.
        assert_eq!(body[0], 2);
        assert_eq!(
            usize::from(u16::from_le_bytes([body[1], body[2]])),
            body.len() - 3
        );
        assert_eq!(
            String::from_utf8_lossy(&body[3..]),
            String::from_utf8_lossy(&inner)
        );
        assert_eq!(&body[3..], inner);
    }
}
