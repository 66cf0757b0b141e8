//! The manifests of a release: `Package.swift`, and those for single versions of Swift beside it ("Fetch manifest for a
//! package release" in the registry specification; SE-0152 for the line that names the tools).
//!
//! Nothing here runs or understands Swift: of a manifest only its name and its first line count. All manifests of a release
//! are kept together beside its archive, as one small document.

use bytes::Bytes;
use model::{Error, Result};
use serde::{Deserialize, Serialize};

/// The manifest that every package has.
pub(super) const MANIFEST: &str = "Package.swift";

/// A version of Swift as file names and queries write it: `5`, `5.9`, `5.9.1`. What is left out counts as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SwiftVersion([u32; 3]);

impl SwiftVersion {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part) => *number = read_number(part)?,
                None if index > 0 => break,
                None => return None,
            }
        }
        parts.next().is_none().then_some(Self(numbers))
    }

    /// The version that the name of a manifest is for: `Package@swift-5.9.swift`.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let version = name.strip_prefix("Package@swift-")?;
        Self::parse(version.strip_suffix(".swift")?)
    }
}

fn read_number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// The version of the tools that a manifest asks for, as it writes it: `5.9` of `// swift-tools-version:5.9`. `None` where
/// it says none that can be read.
pub(super) fn tools_version(manifest: &str) -> Option<&str> {
    const LABEL: &str = "swift-tools-version";
    let line = manifest.trim_start().lines().next()?;
    let comment = line.strip_prefix("//")?.trim_start();
    let (label, rest) = comment.split_at_checked(LABEL.len())?;
    if !label.eq_ignore_ascii_case(LABEL) {
        return None;
    }
    let said = rest.strip_prefix(':')?.split(';').next()?.trim();
    // Prereleases and build metadata are passed over, as the tools do.
    let version = said.split(['-', '+']).next()?.trim_end();
    let is_read = SwiftVersion::parse(version).is_some() && version.contains('.');
    is_read.then_some(version)
}

/// A manifest, as the archive has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The name of its file.
    pub(super) file: String,
    /// Its content.
    pub(super) text: String,
}

impl Manifest {
    /// The version of Swift that it is for; nothing for the one that is for all.
    pub(super) fn swift_version(&self) -> Option<SwiftVersion> {
        SwiftVersion::of_file(&self.file)
    }

    /// The version of Swift in its name, as it is written there.
    pub(super) fn version_text(&self) -> &str {
        let text = self.file.strip_prefix("Package@swift-");
        text.and_then(|text| text.strip_suffix(".swift"))
            .unwrap_or_default()
    }

    /// The version of the tools that it asks for. The package manager fails on a link without one that it can read, so what
    /// says none has that of its name.
    pub(super) fn tools_version_or_name(&self) -> String {
        if let Some(said) = tools_version(&self.text) {
            return said.to_owned();
        }
        let named = self.version_text();
        if named.contains('.') {
            named.to_owned()
        } else {
            format!("{named}.0")
        }
    }
}

/// The manifests of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifests {
    /// `Package.swift`
    pub(super) main: Manifest,
    /// The others, in the order of their versions.
    pub(super) alternates: Vec<Manifest>,
}

impl Manifests {
    /// The manifest for a version of Swift, where there is one of its own. The package manager asks with all three numbers,
    /// whatever the file's name has.
    pub(super) fn alternate(&self, swift_version: &str) -> Option<&Manifest> {
        let asked = SwiftVersion::parse(swift_version)?;
        let mut alternates = self.alternates.iter();
        alternates.find(|manifest| manifest.swift_version() == Some(asked))
    }

    /// As they are kept.
    pub(super) fn to_bytes(&self) -> Result<Bytes> {
        serde_json::to_vec(self)
            .map(Bytes::from)
            .map_err(Error::internal)
    }

    /// Reads what was kept.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_sw_3_versions_of_swift_are_read_as_file_names_have_them() {
        for (text, expected) in [
            ("5", Some([5, 0, 0])),
            ("5.9", Some([5, 9, 0])),
            ("5.9.0", Some([5, 9, 0])),
            ("05.10.2", Some([5, 10, 2])),
            ("", None),
            (".", None),
            ("5.", None),
            ("5..9", None),
            ("5.9.0.1", None),
            ("-5", None),
            ("+5", None),
            ("5.9 ", None),
            ("99999999999", None),
            ("٥", None),
        ] {
            assert_eq!(SwiftVersion::parse(text).map(|v| v.0), expected, "{text}");
        }
        for name in [
            "Package.swift",
            "Package@swift-.swift",
            "Package@swift-5",
            "package@swift-5.swift",
        ] {
            assert_eq!(SwiftVersion::of_file(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_line_names_the_tools() {
        for (text, expected) in [
            ("// swift-tools-version:5.9\nimport X", Some("5.9")),
            ("//swift-tools-version: 5.9.2;more", Some("5.9.2")),
            ("\n  // Swift-Tools-Version:\t6.0  \r\n", Some("6.0")),
            ("// swift-tools-version:5.9-beta+1", Some("5.9")),
            ("// swift-tools-version:5", None),
            ("// swift-tools-version 5.9", None),
            ("// swift-tools-version:five", None),
            (
                "import PackageDescription\n// swift-tools-version:5.9",
                None,
            ),
            ("// swift-töols-version:5.9", None),
            ("//", None),
            ("", None),
        ] {
            assert_eq!(tools_version(text), expected, "{text}");
        }
    }

    #[test]
    fn f_sw_3_a_manifest_is_found_however_its_version_is_written() {
        let manifest = |file: &str, text: &str| Manifest {
            file: file.to_owned(),
            text: text.to_owned(),
        };
        let manifests = Manifests {
            main: manifest(MANIFEST, "// swift-tools-version:6.0"),
            alternates: vec![
                manifest("Package@swift-4.swift", "no line"),
                manifest("Package@swift-5.9.swift", "// swift-tools-version:5.9.1"),
            ],
        };
        for (asked, expected) in [
            ("4", Some("4.0")),
            ("4.0.0", Some("4.0")),
            ("5.9", Some("5.9.1")),
            ("5.9.0", Some("5.9.1")),
            ("5.9.1", None),
            ("6.0", None),
            ("", None),
            ("../x", None),
        ] {
            let found = manifests.alternate(asked);
            let found = found.map(Manifest::tools_version_or_name);
            assert_eq!(found.as_deref(), expected, "{asked}");
        }
        let kept = manifests.to_bytes().unwrap();
        assert_eq!(Manifests::read(&kept).unwrap(), manifests);
    }
}
