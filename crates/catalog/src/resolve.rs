//! A package as its clients see it: what the repository, its upstreams and their public sources hold together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use model::{
    Asset, EpochMillis, Error, OriginType, PackageCoordinates, ResourceType, Result, VersionKey,
    VersionName,
};
use store::{AssetRow, Connection, PackageRow, VersionMetadataRow};

use crate::failure::from_store;
use crate::format_rules::Growth;
use crate::packages::{asset_from_row, parse_version};
use crate::repository_view::{Node, Walk};
use crate::{Catalog, FormatRules, Grant, SourcePackage};

/// A package over the whole graph: the union of versions, the nearest first where one is in several places.
#[derive(Debug, Clone)]
pub struct PackageView {
    /// The package.
    pub coordinates: PackageCoordinates,
    /// Its published versions, and the unlisted ones where the format shows them: the repository's own first, then those of its upstreams in search order.
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
    /// Whether it is offered to who has not chosen it before. Only formats that show what is Unlisted see others.
    pub is_listed: bool,
    /// What its public source says of it now, as the format's JSON: where the format follows its source, this version
    /// came from it, and everyone on the way lets it in.
    pub followed: Option<Bytes>,
}

impl VersionView {
    /// Adds the assets that the same version has further up, and what is said of them. What is nearer goes before.
    fn complete(&mut self, rules: &dyn FormatRules, above: Vec<Asset>, metadata: &str) {
        let is_missing = |asset: &Asset| self.assets.iter().all(|held| held.name != asset.name);
        let missing: Vec<Asset> = above.into_iter().filter(is_missing).collect();
        if missing.is_empty() {
            return;
        }
        self.assets.extend(missing);
        self.assets.sort_by(|a, b| a.name.cmp(&b.name));
        if let Metadata::Row(own) = &self.metadata {
            self.metadata = Metadata::Row(rules.merge_metadata(metadata, own));
        }
    }
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
    /// Versions that a nearer repository or source has decided on.
    decided: HashMap<VersionKey, Decision>,
    /// Whether any repository or source knows the package.
    known: bool,
}

/// What was decided on a version.
struct Decision {
    /// Its place in the view, if it is shown.
    shown: Option<usize>,
    /// Where it came from, if it is held: the type of origin, and its name.
    origin: Option<(String, String)>,
    /// Whether every repository that holds it lets clients have it, and has it from the same place.
    is_sound: bool,
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
            let is_new = !merge.known;
            if !self
                .merge_rows(&mut merge, node, index == 0, package)
                .await?
            {
                continue;
            }
            if is_new && !merge.known && self.has_rival(node.id, package).await? {
                break;
            }
            if reaches_upstreams {
                walk.descend(node);
            }
            match self.source_package(view, node, package).await {
                Ok(Some(source)) => merge.add_source(node, &source),
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
            self.add_row(found, own)?;
        }
        for tag in reader.list_package_tags(row.id).await.map_err(from_store)? {
            self.add_tag(tag.tag, tag.version);
        }
        Ok(())
    }

    fn add_row(&mut self, found: VersionMetadataRow, assets: Vec<Asset>) -> Result<()> {
        let VersionMetadataRow { version, metadata } = found;
        let name = parse_version(&version.version)?;
        let status = version.status().map_err(from_store)?;
        let origin = (version.origin_type, version.origin_name);
        let key = self.rules.version_key(&name);
        if let Some(decision) = self.decided.get_mut(&key) {
            let is_same = decision.origin.as_ref() == Some(&origin);
            decision.is_sound &= is_same && status.is_downloadable();
            let shown = decision.shown.map(|place| &mut self.view.versions[place]);
            if let Some(shown) = shown {
                if !decision.is_sound {
                    shown.followed = None;
                } else if self.rules.growth() == Growth::Always {
                    shown.complete(self.rules, assets, &metadata);
                }
            }
            return Ok(());
        }
        // Two clocks, never mixed: what came from a public source has that source's time, or none.
        let origin_type = OriginType::parse(&origin.0).unwrap_or(OriginType::Unknown);
        let here = (origin_type != OriginType::External).then_some(version.published_at_ms);
        let shown = VersionView {
            version: name,
            metadata: Metadata::Row(metadata),
            published_at: version.source_published_at_ms.or(here).map(EpochMillis),
            assets,
            origin: Some(origin_type),
            is_listed: status.is_listed(),
            followed: None,
        };
        let is_shown = shown.is_listed || (self.rules.shows_unlisted() && status.is_downloadable());
        let decision = Decision {
            shown: is_shown.then(|| self.show(shown)),
            origin: Some(origin),
            is_sound: status.is_downloadable(),
        };
        self.decided.insert(key, decision);
        Ok(())
    }

    fn show(&mut self, version: VersionView) -> usize {
        self.view.versions.push(version);
        self.view.versions.len() - 1
    }

    /// Adds a tag, unless it names what is not shown: a tag into the void must not hide a nearer one of its name.
    fn add_tag(&mut self, tag: String, version: String) {
        let is_shown = VersionName::parse(&version).is_ok_and(|name| {
            let decision = self.decided.get(&self.rules.version_key(&name));
            decision.is_some_and(|decision| decision.shown.is_some())
        });
        if is_shown {
            self.view.tags.insert(tag, version);
        }
    }

    fn add_source(&mut self, node: &Node, source: &SourcePackage) {
        self.known = true;
        let connection = node.connection.as_ref().map(|(name, _)| name.as_str());
        for found in &source.versions {
            let key = self.rules.version_key(&found.version);
            if let Some(decision) = self.decided.get(&key) {
                let came_from_here = decision.origin.as_ref().is_some_and(|(kind, name)| {
                    kind == OriginType::External.as_str() && Some(name.as_str()) == connection
                });
                if let Some(place) = decision.shown
                    && came_from_here
                    && decision.is_sound
                    && self.rules.follows_source()
                {
                    let followed = &mut self.view.versions[place].followed;
                    followed.get_or_insert_with(|| found.metadata.clone());
                }
                continue;
            }
            let shown = self.show(VersionView {
                version: found.version.clone(),
                metadata: Metadata::Source(found.metadata.clone()),
                published_at: found.published_at,
                assets: Vec::new(),
                origin: None,
                is_listed: true,
                followed: None,
            });
            let decision = Decision {
                shown: Some(shown),
                origin: None,
                is_sound: true,
            };
            self.decided.insert(key, decision);
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
