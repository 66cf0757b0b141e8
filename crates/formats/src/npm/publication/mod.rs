//! Deciding whether a publish document says the truth about its tarball, and what of it is kept.
//!
//! Pure: the document without its tarball, and what was found out about the tarball, come in; a version to publish, or
//! the reason against it, goes out. What clients install by (dependencies, install scripts) must agree with the manifest
//! inside the tarball, or is taken from there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Digests, Error, InvalidReason, PackageCoordinates, Result, VersionName};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::members::{Members, ObjectWriter, read_text};
use super::name::{check_publishable, display_name, names};
use super::package_archive::Contents;
use super::publish_document::is_tarball;
use super::version_object::has_install_script;
use super::{LATEST, integrity, tag, version};

/// Members of the sent manifest that are this registry's to say, or kept elsewhere.
const NOT_KEPT: [&str; 10] = [
    "_id",
    "_rev",
    "_attachments",
    "_npmUser",
    "_hasShrinkwrap",
    "hasInstallScript",
    "dist",
    "readme",
    "name",
    "version",
];

/// A publish document without the bytes of its tarball.
#[derive(Debug, Deserialize)]
pub(super) struct PublishDocument<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_rev")]
    pub(super) revision: Option<Cow<'a, str>>,
    #[serde(borrow)]
    readme: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "dist-tags")]
    tags: Option<Members<'a>>,
    #[serde(borrow)]
    pub(super) versions: Option<Members<'a>>,
    #[serde(borrow, rename = "_attachments")]
    attachments: Option<Members<'a>>,
}

impl<'a> PublishDocument<'a> {
    /// Reads a document.
    pub(super) fn read(text: &'a str) -> Result<Self> {
        let document: Self = serde_json::from_str(text).map_err(|error| {
            let message = format!("The document cannot be read: {error}.");
            Error::invalid(InvalidReason::CannotParse, message)
        })?;
        for object in [&document.tags, &document.versions, &document.attachments]
            .into_iter()
            .flatten()
        {
            if let Some(name) = object.repeated() {
                return Err(refuse(&format!("'{}' stands in it twice", shorten(name))));
            }
        }
        Ok(document)
    }

    /// Refuses a document about another package than the address names.
    pub(super) fn check_name(&self, package: &PackageCoordinates) -> Result<()> {
        match &self.name {
            Some(name) if !names(package, name) => {
                let (name, display) = (shorten(name), display_name(package));
                Err(refuse(&format!(
                    "it is about '{name}', and the address names '{display}'"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// What was found out about the tarball while it arrived.
#[derive(Debug)]
pub(super) struct Tarball {
    pub(super) attachment: String,
    pub(super) size_bytes: u64,
    pub(super) digests: Digests,
    pub(super) contents: Contents,
}

/// A version that may be published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Examined {
    pub(super) version: VersionName,
    pub(super) metadata: String,
    pub(super) readme: Option<String>,
    pub(super) tags: Vec<String>,
}

/// Checks a publish.
pub(super) fn examine(
    package: &PackageCoordinates,
    text: &str,
    tarball: &Tarball,
) -> Result<Examined> {
    let document = PublishDocument::read(text)?;
    check_publishable(package)?;
    document.check_name(package)?;
    let (name, sent) = the_version(&document)?;
    version::check_publishable(&name)?;
    let version = VersionName::parse(&name)
        .map_err(|e| refuse(&format!("its version breaks a rule: {e}")))?;
    check_attachment(package, &document, &name, tarball)?;
    let manifest = Members::read(sent.get()).map_err(|_| refuse("its version is not an object"))?;
    if let Some(name) = manifest.repeated() {
        return Err(refuse(&format!(
            "'{}' stands in the manifest twice",
            shorten(name)
        )));
    }
    let says = |member: &str| manifest.text(member).unwrap_or_default();
    if !names(package, &says("name")) || says("version") != name {
        let found = shorten(&format!("{}@{}", says("name"), says("version")));
        return Err(refuse(&format!("the manifest in it is one of '{found}'")));
    }
    check_digests(&manifest, &tarball.digests)?;
    let inside = Inside::read(&tarball.contents.manifest)?;
    inside.check(package, &name, &manifest)?;
    let tags = tags(&document, &name)?;
    let readme = manifest
        .text("readme")
        .or_else(|| document.readme.clone())
        .filter(|text| !text.is_empty());
    let metadata = metadata(package, &name, &manifest, &inside, &tarball.contents);
    Ok(Examined {
        version,
        metadata,
        readme: readme.map(Cow::into_owned),
        tags,
    })
}

/// The one version of a publish.
fn the_version<'a>(document: &PublishDocument<'a>) -> Result<(Cow<'a, str>, &'a RawValue)> {
    match document
        .versions
        .as_ref()
        .map(|versions| versions.0.as_slice())
    {
        Some([(name, manifest)]) => Ok((name.clone(), *manifest)),
        found => {
            let count = found.map_or(0, <[_]>::len);
            Err(refuse(&format!(
                "it must hold exactly one version with its tarball, and holds {count}"
            )))
        }
    }
}

/// The attachments are the tarball of this version, whole, and at most what npm sends along with it.
fn check_attachment(
    package: &PackageCoordinates,
    document: &PublishDocument<'_>,
    version: &str,
    tarball: &Tarball,
) -> Result<()> {
    let attachments = document
        .attachments
        .as_ref()
        .map(|found| found.0.as_slice())
        .unwrap_or_default();
    let display = display_name(package);
    for (name, value) in attachments {
        // A provenance bundle. It is not kept: nothing here can serve it yet.
        if name.ends_with(".sigstore") {
            continue;
        }
        let expected = [
            format!("{display}-{version}.tgz"),
            format!("{}-{version}.tgz", package.name),
        ];
        if !is_tarball(name)
            || **name != tarball.attachment
            || !expected.iter().any(|expected| expected == name)
        {
            let name = shorten(name);
            return Err(refuse(&format!(
                "its attachment '{name}' is not the tarball of {display}@{version}"
            )));
        }
        let length = Members::read(value.get())
            .ok()
            .and_then(|attachment| attachment.get("length"));
        if length.is_some_and(|length| length.get().parse::<u64>() != Ok(tarball.size_bytes)) {
            let size = tarball.size_bytes;
            return Err(refuse(&format!(
                "the length it gives for '{name}' is not that of its data, {size} bytes"
            )));
        }
    }
    Ok(())
}

fn check_digests(manifest: &Members<'_>, digests: &Digests) -> Result<()> {
    let Some(dist) = manifest.object("dist") else {
        return Ok(());
    };
    let unreadable = |member: &str| refuse(&format!("'{member}' in its dist is not a digest"));
    let said = |member: &'static str| match dist.get(member) {
        None => Ok(None),
        Some(value) if value.get() == "null" => Ok(None),
        Some(value) => read_text(value).map(Some).ok_or_else(|| unreadable(member)),
    };
    let (integrity, shasum) = (said("integrity")?, said("shasum")?);
    let expected = integrity::read(integrity.as_deref(), shasum.as_deref())
        .map_err(|integrity::Malformed(member)| unreadable(member))?;
    match expected.mismatch(digests) {
        None => Ok(()),
        Some(algorithm) => Err(refuse(&format!(
            "the {algorithm} digest in its dist is not that of the tarball"
        ))),
    }
}

/// The tags to set: those of the document, all of which must name this version; `latest` when there is none.
fn tags(document: &PublishDocument<'_>, version: &str) -> Result<Vec<String>> {
    let mut tags = Vec::new();
    for (name, value) in document
        .tags
        .as_ref()
        .map(|tags| tags.0.as_slice())
        .unwrap_or_default()
    {
        tag::check(name)?;
        if read_text(value).as_deref() != Some(version) {
            return Err(refuse(&format!(
                "its tag '{name}' does not name the version that it publishes"
            )));
        }
        tags.push(name.to_string());
    }
    if tags.is_empty() {
        tags.push(LATEST.to_owned());
    }
    Ok(tags)
}

/// The manifest inside the tarball.
#[derive(Debug, Deserialize)]
struct Inside<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    dependencies: Option<&'a RawValue>,
    #[serde(borrow, rename = "optionalDependencies")]
    optional: Option<&'a RawValue>,
    #[serde(borrow, rename = "peerDependencies")]
    peers: Option<&'a RawValue>,
    #[serde(borrow)]
    scripts: Option<&'a RawValue>,
    gypfile: Option<bool>,
}

impl<'a> Inside<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        serde_json::from_slice(bytes).map_err(|error| {
            refuse(&format!(
                "the package.json in the tarball cannot be read: {error}"
            ))
        })
    }

    /// Refuses a document that says something else than the tarball does.
    fn check(&self, package: &PackageCoordinates, version: &str, sent: &Members<'_>) -> Result<()> {
        if !names(package, self.name.trim()) || version::cleaned(&self.version) != version {
            let found = shorten(&format!("{}@{}", self.name, self.version));
            return Err(refuse(&format!(
                "the package.json in the tarball is one of '{found}'"
            )));
        }
        // npm lists optional dependencies among the others in one place, and not in another.
        let inside = [ranges(self.dependencies), ranges(self.optional)];
        let outside = [
            ranges(sent.get("dependencies")),
            ranges(sent.get("optionalDependencies")),
        ];
        let differs = |name| {
            Err(refuse(&format!(
                "its {name} are not those of the package.json in the tarball"
            )))
        };
        if let ([Some(a), Some(b)], [Some(c), Some(d)]) = (inside, outside)
            && !agree(
                &a.into_iter().chain(b).collect(),
                &c.into_iter().chain(d).collect(),
            )
        {
            return differs("dependencies");
        }
        if let (Some(inside), Some(outside)) =
            (ranges(self.peers), ranges(sent.get("peerDependencies")))
            && !agree(&inside, &outside)
        {
            return differs("peerDependencies");
        }
        Ok(())
    }

    fn install_scripts(&self) -> Option<&'a RawValue> {
        let scripts = self.scripts?;
        Members::read(scripts.get())
            .ok()
            .filter(has_install_script)
            .map(|_| scripts)
    }
}

type Ranges = BTreeMap<String, String>;

/// A map of dependencies; none where there is one of another, older shape, which npm rewrites.
fn ranges(value: Option<&RawValue>) -> Option<Ranges> {
    value.map_or_else(
        || Some(Ranges::new()),
        |value| serde_json::from_str(value.get()).ok(),
    )
}

/// The same names, with the same ranges. Addresses of repositories and files are rewritten by some clients.
fn agree(inside: &Ranges, outside: &Ranges) -> bool {
    inside.len() == outside.len()
        && inside.iter().all(|(name, range)| {
            outside
                .get(name)
                .is_some_and(|other| range.trim() == other.trim() || range.contains(['/', ':']))
        })
}

/// What is kept of the manifest: what was sent, without what is not the sender's to say.
fn metadata(
    package: &PackageCoordinates,
    version: &str,
    sent: &Members<'_>,
    inside: &Inside<'_>,
    contents: &Contents,
) -> String {
    let display = display_name(package);
    let install_scripts = inside.install_scripts();
    let mut out = Vec::new();
    let mut writer = ObjectWriter::begin(&mut out);
    writer.text("name", &display);
    writer.text("version", version);
    writer.text("_id", &format!("{display}@{version}"));
    for (name, value) in &sent.0 {
        // Scripts that run at install are those of the tarball, whatever the document shows.
        let replaced = name == "scripts" && install_scripts.is_some();
        if !NOT_KEPT.contains(&name.as_ref()) && !replaced {
            writer.raw(name, value.get());
        }
    }
    if let Some(scripts) = install_scripts {
        writer.raw("scripts", scripts.get());
    }
    if install_scripts.is_some() || (contents.has_binding && inside.gypfile != Some(false)) {
        writer.raw("hasInstallScript", "true");
    }
    writer.raw(
        "_hasShrinkwrap",
        if contents.has_shrinkwrap {
            "true"
        } else {
            "false"
        },
    );
    let mut dist = ObjectWriter::begin(writer.key("dist"));
    dist.raw("fileCount", &contents.file_count.to_string());
    dist.raw("unpackedSize", &contents.unpacked_size_bytes.to_string());
    dist.end();
    writer.end();
    String::from_utf8(out).expect("made of text and of JSON that was read as text")
}

fn refuse(reason: &str) -> Error {
    Error::invalid(
        InvalidReason::Other,
        format!("The document cannot be published: {reason}."),
    )
}

/// Callers' words in messages are bounded and have no control characters.
fn shorten(text: &str) -> String {
    text.chars()
        .take(128)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
