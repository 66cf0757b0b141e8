//! Package files (`.nupkg`): zip archives with one manifest at their root. Only the manifest and the readme are unpacked, and
//! neither to anywhere; signatures inside are bytes like all others, and stay as they are.

use bytes::Bytes;
use catalog::{AssetBytes, Examined};
use model::{AssetName, Error, InvalidReason, PackageCoordinates, Result, VersionName};

use super::facts::{Facts, VersionMetadata};
use super::version::Version;
use super::{id, nuspec};
use crate::kit::xml::Fault;
use crate::kit::zip::{Entry, ZipFault, read_directory};

/// The largest readme that is kept; the gallery takes as much.
const README_BYTES: usize = 1 << 20;

/// Why a package is refused: words that come after "it cannot be accepted:".
#[derive(Debug, thiserror::Error)]
pub(super) enum PackageFault {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Zip(#[from] ZipFault),
    #[error("its manifest {0}")]
    Manifest(#[from] Fault),
}

fn refused<T>(text: impl Into<String>) -> Result<T, PackageFault> {
    Err(PackageFault::Refused(text.into()))
}

/// A package, as far as it is looked into.
#[derive(Debug)]
pub(super) struct PackageFile {
    pub(super) facts: Facts,
    pub(super) package: PackageCoordinates,
    pub(super) version: Version,
    /// The manifest as it is inside.
    pub(super) manifest: Bytes,
    pub(super) readme: Option<String>,
}

impl PackageFile {
    pub(super) fn read(bytes: &mut dyn AssetBytes) -> Result<Self, PackageFault> {
        let entries = read_directory(bytes)?;
        let manifest = the_manifest(&entries)?.read(bytes, nuspec::MOST_BYTES)?;
        let facts = nuspec::read(&manifest)?;
        let found = id::find_package(&facts.id).zip(Version::parse(&facts.version));
        let Some((package, version)) = found else {
            return refused("its manifest names no package");
        };
        let readme = match &facts.readme {
            Some(path) => read_readme(&entries, path, bytes)?,
            None => None,
        };
        Ok(Self {
            facts,
            package,
            version,
            manifest: manifest.into(),
            readme,
        })
    }
}

/// The one manifest at the root. Which of two is read depends on the reader.
fn the_manifest(entries: &[Entry]) -> Result<&Entry, PackageFault> {
    let mut found = entries.iter().filter(|entry| {
        let name = entry.name.as_str();
        !name.contains(['/', '\\']) && name.to_ascii_lowercase().ends_with(".nuspec")
    });
    match (found.next(), found.next()) {
        (Some(manifest), None) => Ok(manifest),
        (None, _) => refused("it has no manifest (.nuspec) at its root"),
        _ => refused("it has more than one manifest (.nuspec) at its root"),
    }
}

fn read_readme(
    entries: &[Entry],
    path: &str,
    bytes: &mut dyn AssetBytes,
) -> Result<Option<String>, PackageFault> {
    let mut named = entries.iter().filter(|entry| {
        let name = entry.name.replace('\\', "/");
        name.eq_ignore_ascii_case(path)
    });
    let Some(readme) = named.next() else {
        return refused(format!(
            "it does not have the readme '{path}' that its manifest names"
        ));
    };
    let readme = readme.read(bytes, README_BYTES)?;
    Ok(String::from_utf8(readme).ok())
}

/// The name of a version's package file.
pub(super) fn asset_name(package: &PackageCoordinates, version: &Version) -> Option<AssetName> {
    AssetName::parse(&format!("{}.{}.nupkg", package.name, version.lower())).ok()
}

/// Looks into a package that is to be kept under this name.
pub(super) fn examine(
    package: &PackageCoordinates,
    version: &VersionName,
    asset: &AssetName,
    bytes: &mut dyn AssetBytes,
) -> Result<Examined> {
    let found = examined(package, version, asset, bytes);
    let found = found.map_err(|fault| refusal(&fault))?;
    let told = VersionMetadata {
        package: Some(found.facts),
        source: None,
    };
    Ok(Examined {
        metadata: Some(told.to_json()),
        readme: found.readme,
        companion: Some(found.manifest),
    })
}

fn examined(
    package: &PackageCoordinates,
    version: &VersionName,
    asset: &AssetName,
    bytes: &mut dyn AssetBytes,
) -> Result<PackageFile, PackageFault> {
    let found = PackageFile::read(bytes)?;
    let is_named = Version::parse(version.as_str()).is_some_and(|said| said == found.version);
    if found.package != *package || !is_named {
        return refused(format!(
            "its manifest is that of {} {}, not of {} {version}",
            found.facts.id, found.facts.version, package.name
        ));
    }
    if asset_name(&found.package, &found.version).as_ref() != Some(asset) {
        return refused(format!("'{asset}' is not the name of its file"));
    }
    Ok(found)
}

/// A fault as the answer to whoever sent the package.
pub(super) fn refusal(fault: &PackageFault) -> Error {
    let message = format!("The package cannot be accepted: {fault}.");
    Error::invalid(InvalidReason::Other, message)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::kit::zip::writer::{Member, archive};

    fn manifest(members: &str) -> String {
        format!("<package><metadata>{members}</metadata></package>")
    }

    const NAMED: &str = "<id>Acme.Lib</id><version>1.0.0.0-RC.1+b</version>";

    fn package(members: &[Member]) -> Result<PackageFile, String> {
        PackageFile::read(&mut Cursor::new(archive(members))).map_err(|fault| fault.to_string())
    }

    fn nuspec(name: &str, members: &str) -> Member {
        Member::new(name, manifest(members))
    }

    #[test]
    fn a_package_tells_its_manifest_and_its_readme() {
        let members = [
            Member::new("[Content_Types].xml", "<Types/>"),
            nuspec(
                "other.NuSpec",
                &format!("{NAMED}<readme>docs\\README.md</readme>"),
            )
            .with_sizes_behind(),
            Member::new("docs/readme.md", "# é"),
            Member::new("lib/net45/_._", ""),
        ];
        let found = package(&members).unwrap();
        assert_eq!(found.package.name.as_str(), "acme.lib");
        assert_eq!(found.version.normal(), "1.0.0-RC.1");
        assert_eq!(found.readme.as_deref(), Some("# é"));
        assert_eq!(found.manifest, members[1].content);
        let name = asset_name(&found.package, &found.version).unwrap();
        assert_eq!(name.as_str(), "acme.lib.1.0.0-rc.1.nupkg");
    }

    #[test]
    fn f_nu_2_u03_u16_packages_without_one_manifest_are_refused() {
        let good = || nuspec("a.nuspec", NAMED);
        assert!(package(&[]).is_err());
        assert!(
            package(&[Member::new("lib/a.nuspec", manifest(NAMED))])
                .unwrap_err()
                .contains("no manifest")
        );
        assert!(
            package(&[good(), nuspec("b.nuspec", NAMED)])
                .unwrap_err()
                .contains("more than one")
        );
        assert!(
            package(&[good(), nuspec("A.NUSPEC", NAMED)])
                .unwrap_err()
                .contains("more than one")
        );
        assert!(
            package(&[good(), good()])
                .unwrap_err()
                .contains("the same name")
        );
        let pointing = nuspec("a.nuspec", &format!("{NAMED}<readme>gone.md</readme>"));
        assert!(package(&[pointing]).unwrap_err().contains("gone.md"));
        let mut cut = archive(&[good()]);
        cut.truncate(cut.len() - 1);
        assert!(PackageFile::read(&mut Cursor::new(cut)).is_err());
        assert!(PackageFile::read(&mut Cursor::new(b"no zip".to_vec())).is_err());
    }

    #[test]
    fn f_nu_2_u01_paths_that_lead_out_are_refused() {
        for path in [
            "../evil.dll",
            "lib/../../evil.dll",
            "/etc/passwd",
            "..\\evil.dll",
            "C:\\evil.dll",
        ] {
            let fault = package(&[nuspec("a.nuspec", NAMED), Member::new(path, "x")]).unwrap_err();
            assert!(fault.contains("leads elsewhere"), "{path}: {fault}");
        }
    }

    #[test]
    fn u02_a_manifest_or_a_readme_that_unpacks_to_too_much_is_refused() {
        let bomb = Member::new("a.nuspec", vec![b' '; nuspec::MOST_BYTES + 1]);
        assert!(package(&[bomb]).unwrap_err().contains("too large"));
        let large = [
            nuspec("a.nuspec", &format!("{NAMED}<readme>r.md</readme>")),
            Member::new("r.md", vec![b'x'; README_BYTES + 1]),
        ];
        assert!(package(&large).unwrap_err().contains("too large"));
        let mut lying = nuspec("a.nuspec", NAMED);
        lying.said_bytes = Some(10);
        assert!(package(&[lying]).is_err());
    }

    #[test]
    fn u04_u05_a_package_is_what_its_manifest_says_or_refused() {
        let bytes = archive(&[nuspec("a.nuspec", NAMED)]);
        let examined = |id: &str, version: &str, asset: &str| {
            let package = id::find_package(id).unwrap();
            let (version, asset) = (
                VersionName::parse(version).unwrap(),
                AssetName::parse(asset).unwrap(),
            );
            examine(&package, &version, &asset, &mut Cursor::new(bytes.clone()))
        };
        let good = examined("ACME.lib", "1.0.0-rc.1", "acme.lib.1.0.0-rc.1.nupkg").unwrap();
        assert_eq!(good.companion.as_deref(), Some(manifest(NAMED).as_bytes()));
        for (id, version, asset) in [
            ("other", "1.0.0-rc.1", "other.1.0.0-rc.1.nupkg"),
            ("acme.lib", "1.0.0", "acme.lib.1.0.0.nupkg"),
            ("acme.lib", "1.0.0-rc.1", "acme.lib.1.0.0-RC.1.nupkg"),
            ("acme.lib", "1.0.0-rc.1", "acme.lib.nupkg"),
        ] {
            assert!(
                examined(id, version, asset).is_err(),
                "{id} {version} {asset}"
            );
        }
    }
}
