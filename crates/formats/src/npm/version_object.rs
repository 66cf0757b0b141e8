//! One version inside a packument: the publisher's manifest with the parts that are this registry's to say.

use catalog::VersionView;
use model::Asset;

use super::members::{Members, ObjectWriter, read_text};
use super::{asset_name, integrity};

/// The members that installing needs: those of the registry's documentation of the abbreviated form, and those that
/// clients have come to read from it since.
const INSTALL_MEMBERS: [&str; 20] = [
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bin",
    "directories",
    "engines",
    "os",
    "cpu",
    "libc",
    "funding",
    "hasInstallScript",
    "_hasShrinkwrap",
];

/// The scripts that run on the machine of whoever installs.
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Writes a version. Fails when its metadata is not a JSON object.
pub(super) fn write(
    out: &mut Vec<u8>,
    found: &VersionView,
    tarball: &str,
    abbreviated: bool,
) -> Result<(), String> {
    let text = std::str::from_utf8(found.metadata.as_bytes()).map_err(|error| error.to_string())?;
    let members = Members::read(text).map_err(|error| error.to_string())?;
    let mut writer = ObjectWriter::begin(out);
    let mut tells_of_scripts = false;
    for (name, value) in &members.0 {
        let name = name.as_ref();
        let json = value.get();
        // An empty notice is how a deprecation is taken back.
        let left_out = name == "dist"
            || (name == "deprecated" && matches!(json, "\"\"" | "false" | "null"))
            || (abbreviated && !INSTALL_MEMBERS.contains(&name));
        if !left_out {
            tells_of_scripts |= name == "hasInstallScript";
            writer.raw(name, json);
        }
    }
    if abbreviated && !tells_of_scripts && runs_scripts(&members) {
        writer.raw("hasInstallScript", "true");
    }
    let held = found.assets.iter().find(|asset| asset.name == asset_name());
    write_dist(
        writer.key("dist"),
        members.object("dist").unwrap_or_default(),
        tarball,
        held,
    );
    writer.end();
    Ok(())
}

/// What the source said of the bytes, with our address of them, and our digests where it named none.
fn write_dist(out: &mut Vec<u8>, said: Members<'_>, tarball: &str, held: Option<&Asset>) {
    let has = |name| said.get(name).is_some_and(|value| value.get() != "null");
    let (has_integrity, has_shasum) = (has("integrity"), has("shasum"));
    let mut writer = ObjectWriter::begin(out);
    if let Some(held) = held {
        if !has_integrity {
            writer.text("integrity", &integrity::of(&held.digests));
        }
        if !has_shasum {
            writer.text("shasum", &held.digests.sha1.to_hex());
        }
    }
    writer.text("tarball", tarball);
    for (name, value) in said.0 {
        let absent = (name == "integrity" && !has_integrity) || (name == "shasum" && !has_shasum);
        if name != "tarball" && !absent {
            writer.raw(&name, value.get());
        }
    }
    writer.end();
}

/// Whether installing this version runs a script of it.
pub(super) fn runs_scripts(manifest: &Members<'_>) -> bool {
    let builds = manifest
        .get("gypfile")
        .is_some_and(|value| value.get() == "true");
    builds
        || manifest
            .object("scripts")
            .is_some_and(|scripts| has_install_script(&scripts))
}

/// Whether one of these scripts runs at install.
pub(super) fn has_install_script(scripts: &Members<'_>) -> bool {
    scripts.0.iter().any(|(name, value)| {
        INSTALL_SCRIPTS.contains(&name.as_ref())
            && read_text(value).is_some_and(|script| !script.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use catalog::Metadata;
    use model::VersionName;

    use super::*;

    fn written(metadata: &str, abbreviated: bool) -> serde_json::Value {
        let found = VersionView {
            version: VersionName::parse("1.0.0").unwrap(),
            metadata: Metadata::Source(Bytes::copy_from_slice(metadata.as_bytes())),
            published_at: None,
            assets: Vec::new(),
            origin: None,
            is_listed: true,
            followed: None,
        };
        let mut out = Vec::new();
        write(
            &mut out,
            &found,
            "http://h.example/a/-/a-1.0.0.tgz",
            abbreviated,
        )
        .unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn x11_the_address_of_a_tarball_is_always_ours_and_the_rest_of_dist_stays() {
        let version = written(
            r#"{"name":"a","dist":{"tarball":"http://evil.example/x","integrity":"sha512-x","signatures":[{"keyid":"k"}]}}"#,
            false,
        );
        assert_eq!(
            version["dist"]["tarball"],
            "http://h.example/a/-/a-1.0.0.tgz"
        );
        assert_eq!(version["dist"]["integrity"], "sha512-x");
        assert_eq!(version["dist"]["signatures"][0]["keyid"], "k");
        let twice = written(
            r#"{"dist":{"tarball":"http://evil.example/x","tarball":"http://evil.example/y"}}"#,
            true,
        );
        assert_eq!(twice["dist"].as_object().unwrap().len(), 1);
    }

    #[test]
    fn the_abbreviated_form_leaves_out_what_installing_does_not_need() {
        let version = written(
            r#"{"name":"a","scripts":{"postinstall":"node x"},"description":"d","bin":{"a":"b"},"deprecated":"old"}"#,
            true,
        );
        let names: Vec<_> = version
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            names,
            ["name", "bin", "deprecated", "hasInstallScript", "dist"]
        );
    }

    #[test]
    fn scripts_that_run_at_install_are_told_apart() {
        for (scripts, expected) in [
            (r#"{"test":"x"}"#, false),
            (r#"{"install":"x"}"#, true),
            (r#"{"preinstall":" "}"#, false),
            (r#"{"postinstall":1}"#, false),
        ] {
            assert_eq!(
                has_install_script(&Members::read(scripts).unwrap()),
                expected,
                "{scripts}"
            );
        }
    }

    #[test]
    fn a_deprecation_that_was_taken_back_is_not_shown() {
        for empty in ["\"\"", "false", "null"] {
            assert_eq!(
                written(&format!(r#"{{"deprecated":{empty}}}"#), false).get("deprecated"),
                None
            );
        }
    }
}
