//! A package as its clients see it: what the repository, its upstreams and their public sources hold together.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use model::{
    Asset, EpochMillis, Error, OriginType, PackageCoordinates, ResourceType, Result, VersionKey,
    VersionName,
};
use store::{AssetRow, Connection, PackageRow};

use crate::failure::from_store;
use crate::packages::{asset_from_row, parse_version};
use crate::repository_view::{Node, Walk};
use crate::{Catalog, FormatRules, Grant};

/// A package over the whole graph: the union of versions, the nearest first where one is in several places.
#[derive(Debug, Clone)]
pub struct PackageView {
    /// The package.
    pub coordinates: PackageCoordinates,
    /// Its published versions: the repository's own first, then those of its upstreams in search order.
    pub versions: Vec<VersionView>,
    /// Its tags. Where two repositories have the same tag, the upstream's value stands.
    pub tags: BTreeMap<String, String>,
    /// The readme of the version that the default tag names, where the repository itself holds it.
    pub readme: Option<String>,
    /// What the nearest public source says beside versions and tags.
    pub extras: Bytes,
}

/// A version of such a package.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// Its name.
    pub version: VersionName,
    /// The format's own metadata of it.
    pub metadata: Metadata,
    /// When its public source published it, or when it was published here. `None` when the source does not say.
    pub published_at: Option<EpochMillis>,
    /// Its assets, where they are held.
    pub assets: Vec<Asset>,
    /// Where it came from. `None` for one that no repository holds yet.
    pub origin: Option<OriginType>,
    /// What its public source says of it now, as the format's JSON: where the format follows its source, this version
    /// came from it, and everyone on the way lets it in.
    pub followed: Option<Bytes>,
}

/// A version's metadata: from a row, or a slice of a public source's document.
#[derive(Debug, Clone)]
pub enum Metadata {
    /// From a row.
    Row(String),
    /// From a public source's document.
    Source(Bytes),
}

impl Metadata {
    /// The JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Row(text) => text.as_bytes(),
            Self::Source(bytes) => bytes,
        }
    }
}

/// A view in the making.
struct Merge {
    rules: &'static dyn FormatRules,
    view: PackageView,
    /// Versions decided by a nearer repository, and whether they are shown.
    decided: HashMap<VersionKey, bool>,
    /// Whether any repository or source knows the package.
    known: bool,
}

impl Catalog {
    /// Merges what the graph holds of a package. A source that fails is left out as long as anything is held.
    pub(crate) async fn resolve(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
    ) -> Result<PackageView> {
        let view = grant.view();
        view.check_upstreams()?;
        let mut merge = Merge {
            rules: self.rules(package.format)?,
            view: PackageView {
                coordinates: package.clone(),
                versions: Vec::new(),
                tags: BTreeMap::new(),
                readme: None,
                extras: Bytes::new(),
            },
            decided: HashMap::new(),
            known: false,
        };
        let gate = self.origin_gate(view.domain_id, package).await?;
        let reaches_upstreams = gate.reaches_upstreams(view.home());
        let mut fault = None;
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            if !self
                .merge_rows(&mut merge, node, index == 0, package)
                .await?
            {
                continue;
            }
            if reaches_upstreams {
                walk.descend(node);
            }
            match self.source_package(view, node, package).await {
                Ok(Some(source)) => merge.add_source(&source),
                Ok(None) => {}
                Err(error) => fault = Some((node, error)),
            }
        }
        if merge.known {
            return Ok(merge.view);
        }
        match fault {
            Some((node, error)) => Err(error.into_error(
                node.connection
                    .as_ref()
                    .map_or("", |(name, _)| name.as_str()),
            )),
            None => Err(package_not_found(package)),
        }
    }

    /// Adds a repository's own rows; tells whether the package's origin controls let the search go on from there.
    async fn merge_rows(
        &self,
        merge: &mut Merge,
        node: &Node,
        is_home: bool,
        package: &PackageCoordinates,
    ) -> Result<bool> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let Some(row) = reader
            .find_package(node.id, package)
            .await
            .map_err(from_store)?
        else {
            return Ok(true);
        };
        merge.add_rows(&mut reader, &row).await?;
        if is_home
            && let Some(shown) = self.default_display_version(&mut reader, &row).await?
            && let Some(found) = reader
                .find_version(row.id, &merge.rules.version_key(&shown))
                .await
                .map_err(from_store)?
        {
            merge.view.readme = reader
                .find_version_readme(found.id)
                .await
                .map_err(from_store)?;
        }
        Ok(row.upstream_allowed)
    }

    /// The tags of a package, over the whole graph.
    pub async fn list_tags(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
    ) -> Result<BTreeMap<String, String>> {
        let mut view = self.resolve(grant, package).await?;
        let shown: HashSet<&str> = view
            .versions
            .iter()
            .map(|version| version.version.as_str())
            .collect();
        view.tags
            .retain(|_, version| shown.contains(version.as_str()));
        Ok(view.tags)
    }
}

impl Merge {
    async fn add_rows(&mut self, reader: &mut Connection, row: &PackageRow) -> Result<()> {
        let versions = reader
            .list_version_metadata(row.id)
            .await
            .map_err(from_store)?;
        let assets = reader
            .list_assets_of_package(row.id)
            .await
            .map_err(from_store)?;
        let mut assets: std::iter::Peekable<std::vec::IntoIter<AssetRow>> =
            assets.into_iter().peekable();
        self.known |= !versions.is_empty();
        for found in versions {
            let mut own = Vec::new();
            while let Some(asset) = assets.next_if(|asset| asset.version_id <= found.version.id) {
                if asset.version_id == found.version.id {
                    own.push(asset_from_row(&asset)?);
                }
            }
            let name = parse_version(&found.version.version)?;
            let is_listed = found.version.status().map_err(from_store)?.is_listed();
            if self.decide(&name, is_listed) && is_listed {
                // Two clocks, never mixed: what came from a public source has that source's time, or none.
                let is_external = found.version.origin_type == OriginType::External.as_str();
                let here = (!is_external).then_some(found.version.published_at_ms);
                let published_at = found
                    .version
                    .source_published_at_ms
                    .or(here)
                    .map(EpochMillis);
                self.view.versions.push(VersionView {
                    version: name,
                    metadata: Metadata::Row(found.metadata),
                    published_at,
                    assets: own,
                    origin: Some(
                        OriginType::parse(&found.version.origin_type)
                            .unwrap_or(OriginType::Unknown),
                    ),
                    followed: None,
                });
            }
        }
        for tag in reader.list_package_tags(row.id).await.map_err(from_store)? {
            self.add_tag(tag.tag, tag.version);
        }
        Ok(())
    }

    /// Whether nobody nearer has decided on this version; if so, it is decided now.
    fn decide(&mut self, version: &VersionName, is_shown: bool) -> bool {
        match self.decided.entry(self.rules.version_key(version)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(is_shown);
                true
            }
        }
    }

    /// Adds a tag, unless it names what is not shown: a tag into the void must not hide a nearer one of its name.
    fn add_tag(&mut self, tag: String, version: String) {
        let is_shown = VersionName::parse(&version)
            .is_ok_and(|name| self.decided.get(&self.rules.version_key(&name)) == Some(&true));
        if is_shown {
            self.view.tags.insert(tag, version);
        }
    }

    fn add_source(&mut self, source: &crate::SourcePackage) {
        self.known = true;
        for found in &source.versions {
            if self.decide(&found.version, true) {
                self.view.versions.push(VersionView {
                    version: found.version.clone(),
                    metadata: Metadata::Source(found.metadata.clone()),
                    published_at: found.published_at,
                    assets: Vec::new(),
                    origin: None,
                    followed: None,
                });
            }
        }
        for (tag, version) in &source.tags {
            self.add_tag(tag.clone(), version.clone());
        }
        if self.view.extras.is_empty() {
            self.view.extras = source.extras.clone();
        }
    }
}

pub(crate) fn package_not_found(package: &PackageCoordinates) -> Error {
    let message = format!("Package '{package}' was not found.");
    Error::not_found(ResourceType::Package, package.name.as_str(), message)
}
