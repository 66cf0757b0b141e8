//! What the rules need to know of a format.

use std::io::{Read, Seek};

use bytes::Bytes;
use model::{
    AssetName, Constraint, Dependency, FormatId, Namespace, PackageCoordinates,
    PackageGroupPattern, PackageName, PatternFault, PatternShape, VersionDetails, VersionKey,
    VersionName,
};

use sha2::{Digest as _, Sha256};

use crate::{Discovery, PackageView, PublicSource};

/// The bytes of an asset that came in, as a format looks at them.
pub trait AssetBytes: Read + Seek {}

impl<T: Read + Seek> AssetBytes for T {}

/// What an asset's bytes tell.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// What the version says of itself by this asset, as JSON that only the format reads. It is merged into what is
    /// held of the version, see [`FormatRules::merge_metadata`].
    pub metadata: Option<String>,
    /// The version's readme.
    pub readme: Option<String>,
    /// A small document out of the asset that clients ask for beside it, e.g. a wheel's core metadata. It is kept as
    /// long as the asset, and is no asset itself.
    pub companion: Option<Bytes>,
}

/// When assets can still be added to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// A version comes with all of its assets, or not at all.
    Never,
    /// As long as it is Unfinished.
    WhileUnfinished,
    /// As long as its assets can be downloaded, and while it is Unfinished.
    Always,
}

/// One package format, as far as the rules are concerned. Everything else about it is in its own folder.
pub trait FormatRules: Send + Sync + 'static {
    /// Its id.
    fn id(&self) -> FormatId;

    /// Coordinates in the format's normal form, or the member and constraint that stand against them.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)>;

    /// What stands against a package group's pattern for packages of this format, in words that come after "it", if
    /// anything does. By itself: namespaces and names that the format's packages cannot have, or have in another form.
    fn group_pattern_fault(&self, pattern: &PackageGroupPattern) -> Option<String> {
        fault_by_coordinates(pattern, |namespace, name| self.coordinates(namespace, name))
    }

    /// A version's name in the format's normal form.
    fn version(&self, version: VersionName) -> VersionName {
        version
    }

    /// What the spellings of one version have in common: versions of a package with equal keys are the same version,
    /// whose name is the first of its spellings that was seen.
    fn version_key(&self, version: &VersionName) -> VersionKey {
        VersionKey::of_name(version)
    }

    /// What versions have in common of which only one may be published, although they are different for who has them.
    /// `None` where that is their key.
    fn number_key(&self, _version: &VersionName) -> Option<VersionKey> {
        None
    }

    /// When assets can still be added to a version.
    fn growth(&self) -> Growth {
        Growth::Never
    }

    /// Looks at the bytes of an asset, once, when they are published or pulled through, before anything names them. Runs
    /// off the async threads. An error refuses the asset when it is published; where it comes from a public source, the
    /// asset is kept without what it might have told.
    fn examine(
        &self,
        _package: &PackageCoordinates,
        _version: &VersionName,
        _asset: &AssetName,
        _bytes: &mut dyn AssetBytes,
    ) -> model::Result<Examined> {
        Ok(Examined::default())
    }

    /// Brings together what is held of a version and what came with one more asset, both as JSON. `{}` is held of a
    /// version that is new. Runs inside a transaction: it must be quick, and cannot fail.
    fn merge_metadata(&self, _held: &str, new: &str) -> String {
        new.to_owned()
    }

    /// Whether versions that came from a public source go on following what it says of them: their new assets, and the
    /// metadata that they are shown with.
    fn follows_source(&self) -> bool {
        false
    }

    /// Whether documents show versions that are Unlisted too, marked as the format marks what is there for those alone who
    /// have chosen it before, see [`crate::VersionView::is_listed`].
    fn shows_unlisted(&self) -> bool {
        false
    }

    /// What a name has in common with all that clients or people take for it, where the format holds them apart: of these a
    /// repository has one package only, and the nearest one hides the others. `None` where each name stands for itself.
    fn name_fold(&self, _package: &PackageCoordinates) -> Option<NameFold> {
        None
    }

    /// What tells a document from all others, for entity tags. The package managers of some formats hold it against the
    /// bytes that came.
    fn entity_tag(&self, document: &[u8]) -> String {
        hex::encode(&Sha256::digest(document)[..16])
    }

    /// What is kept ready beside a document and not sent as a part of it, e.g. for header fields of its replies. Called
    /// with what the document was made of.
    fn beside_document(&self, _package: &PackageView, _base: &str, _variant: u8) -> Bytes {
        Bytes::new()
    }

    /// The public sources that packages of this format can come from.
    fn connections(&self) -> &'static [PublicConnection] {
        &[]
    }

    /// How to ask a public source of this format; `None` while the format cannot be pulled through.
    fn source(&self) -> Option<&dyn PublicSource> {
        None
    }

    /// The tag that names the version shown first, where the format has tags.
    fn default_tag(&self) -> Option<&'static str> {
        None
    }

    /// Whether versions come and go through the API, one asset at a time, without a package manager. Then what is held
    /// of an unfinished one can be fetched too, by whoever names it.
    fn is_published_through_api(&self) -> bool {
        false
    }

    /// What stands against the name of an asset that is published through the API.
    fn check_asset_name(&self, _name: &AssetName) -> Result<(), Constraint> {
        Ok(())
    }

    /// Whether versions of this format can have a readme.
    fn has_readme(&self) -> bool {
        true
    }

    /// The direct dependencies that a version's metadata names, always in the same order.
    fn dependencies(&self, _metadata: &str) -> Vec<Dependency> {
        Vec::new()
    }

    /// What a version's metadata says for people.
    fn details(&self, package: &PackageCoordinates, metadata: &str) -> VersionDetails;
}

/// What names that are taken for each other have in common.
#[derive(Debug, Clone)]
pub struct NameFold {
    /// What all of them begin with: the shorter, the more names are looked at.
    pub stem: String,
    /// Folds a name. Two names are taken for each other when they come to the same.
    pub fold: fn(&str) -> String,
}

/// A public source that every installation knows.
#[derive(Debug, Clone, Copy)]
pub struct PublicConnection {
    /// Its name, e.g. `public:npmjs`.
    pub name: &'static str,
    /// The repository that the service's console makes for it, e.g. `npm-store`.
    pub store_repository: &'static str,
    /// Where to look for its address, best first; the first place that answers wins.
    pub discovery: &'static [Discovery],
    /// What an operator can install so that the address is found.
    pub remedy: &'static str,
}

/// The formats of this program.
#[derive(Clone, Copy)]
pub struct FormatList(&'static [&'static dyn FormatRules]);

impl std::fmt::Debug for FormatList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|format| format.id()))
            .finish()
    }
}

impl FormatList {
    /// Wraps the list that the formats crate keeps.
    #[must_use]
    pub const fn new(formats: &'static [&'static dyn FormatRules]) -> Self {
        Self(formats)
    }

    /// The formats.
    pub fn iter(self) -> impl Iterator<Item = &'static dyn FormatRules> {
        self.0.iter().copied()
    }

    /// The format with this id.
    #[must_use]
    pub fn find(self, id: &str) -> Option<&'static dyn FormatRules> {
        self.iter().find(|format| format.id().as_str() == id)
    }

    /// Reads a package group's pattern, and checks it by the rules of its format.
    pub fn package_group_pattern(self, text: &str) -> Result<PackageGroupPattern, PatternFault> {
        let pattern = PackageGroupPattern::parse(text)?;
        if pattern.is_root() {
            return Ok(pattern);
        }
        let fault = match self.find(pattern.format()) {
            Some(format) => format.group_pattern_fault(&pattern),
            None => Some(format!(
                "begins with '{}', which is not one of the package formats {}.",
                pattern.format(),
                self.ids().join(", ")
            )),
        };
        match fault {
            None => Ok(pattern),
            Some(fault) => Err(PatternFault::Grammar(format!(
                "The package group pattern '{text}' is not valid: it {fault}"
            ))),
        }
    }

    /// The ids of all formats, in the order of the list.
    #[must_use]
    pub fn ids(self) -> Vec<&'static str> {
        self.iter().map(|format| format.id().as_str()).collect()
    }
}

/// Tries a pattern's namespace and name as if a package had them.
fn fault_by_coordinates(
    pattern: &PackageGroupPattern,
    coordinates: impl Fn(
        Option<Namespace>,
        PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)>,
) -> Option<String> {
    if pattern.shape() <= PatternShape::Format {
        return None;
    }
    let has_name = pattern.shape() > PatternShape::Namespace;
    // Where the pattern has no name, any name will do.
    let name = if has_name { pattern.name() } else { "x" };
    let (namespace, format) = (pattern.namespace(), pattern.format());
    let name = PackageName::parse(name).ok()?;
    match coordinates(Namespace::parse(namespace).ok(), name) {
        Ok(normal) => {
            let same = normal.namespace_str() == namespace
                && (!has_name || normal.name.as_str() == pattern.name());
            let shown = if has_name {
                format!("{}/{}", normal.namespace_str(), normal.name)
            } else {
                normal.namespace_str().to_owned()
            };
            (!same).then(|| {
                format!(
                    "must have the normal form of {format} names, which is '/{format}/{shown}'."
                )
            })
        }
        Err(("namespace", _)) if namespace.is_empty() => Some(format!(
            "must have a namespace: {format} packages always do."
        )),
        Err(("namespace", Constraint::MaxLength(0))) => Some(format!(
            "must have an empty namespace, as {format} packages do: '/{format}//' and then the name."
        )),
        Err((member, constraint)) => Some(format!(
            "has a {member} that {format} packages cannot have: {constraint}."
        )),
    }
}
