//! What the rules need to know of a format.

use model::{
    AssetName, Constraint, Dependency, FormatId, Namespace, PackageCoordinates, PackageName,
    VersionDetails, VersionName,
};

use crate::{Discovery, PublicSource};

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

    /// A version's name in the format's normal form.
    fn version(&self, version: VersionName) -> VersionName {
        version
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

    /// Whether versions come and go through the API alone, one asset at a time, without a package manager. Then what
    /// is held of an unfinished one can be fetched through the API too.
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

    /// The ids of all formats, in the order of the list.
    #[must_use]
    pub fn ids(self) -> Vec<&'static str> {
        self.iter().map(|format| format.id().as_str()).collect()
    }
}
