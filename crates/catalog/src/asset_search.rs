//! Looking for an asset over the graph, as documents are merged: the nearest repository that knows the version decides
//! where it came from, and whatever else is found of it must have come from there too.
//!
//! A source is asked for what a held version lacks only if that version came from it. So what was published here is never
//! completed from outside, whatever the source has under the same name.

use std::sync::Arc;

use model::{
    AssetName, Digests, GroupRestrictionType, OriginType, PackageCoordinates, Result, VersionKey,
    VersionName,
};
use store::AssetCompanion;

use crate::Catalog;
use crate::failure::from_store;
use crate::format_rules::FormatRules;
use crate::origin_gate::OriginGate;
use crate::packages::{parse_version, version_not_found};
use crate::repository_view::{Node, RepositoryView, Walk};
use crate::source::{SourceAsset, SourceVersion};
use crate::source_documents::SourceFault;

/// Where an asset is.
#[derive(Debug)]
pub(crate) enum Located {
    Held {
        node: usize,
        version: VersionName,
        digests: Digests,
        companion: Option<AssetCompanion>,
    },
    AtSource(Box<AtSource>),
}

/// An asset that a public source has, or may have.
#[derive(Debug, Clone)]
pub(crate) struct AtSource {
    pub(crate) node: usize,
    pub(crate) version: SourceVersion,
    pub(crate) asset: SourceAsset,
    /// Whether the source's metadata names it. Else only asking for the asset tells whether it is there.
    pub(crate) is_listed: bool,
}

/// A search that goes on from where it found something.
pub(crate) struct AssetSearch<'v> {
    catalog: &'v Arc<Catalog>,
    view: &'v Arc<RepositoryView>,
    package: &'v PackageCoordinates,
    version: &'v VersionName,
    asset: &'v AssetName,
    rules: &'static dyn FormatRules,
    key: VersionKey,
    gate: OriginGate,
    walk: Walk,
    /// Where the nearest repository that holds the version has it from: the type of origin, and its name.
    origin: Option<(String, String)>,
    fault: Option<(usize, SourceFault)>,
    /// The repository that holds the asset, where the search may go on from it.
    found_at: Option<usize>,
}

/// What a repository's rows say.
enum Rows {
    /// The asset is held; and whether the search may go on nevertheless.
    Held(Box<Located>, bool),
    /// The asset is not held; go on to the upstreams and the source.
    GoOn,
    /// The package's origin controls let the search go no further from here.
    Blocked,
}

impl Catalog {
    /// Begins a search.
    pub(crate) async fn search_asset<'v>(
        self: &'v Arc<Self>,
        view: &'v Arc<RepositoryView>,
        package: &'v PackageCoordinates,
        version: &'v VersionName,
        asset: &'v AssetName,
    ) -> Result<AssetSearch<'v>> {
        let rules = self.rules(package.format)?;
        Ok(AssetSearch {
            catalog: self,
            view,
            package,
            version,
            asset,
            rules,
            key: rules.version_key(version),
            gate: self.origin_gate(view.domain_id, package).await?,
            walk: Walk::of(view),
            origin: None,
            fault: None,
            found_at: None,
        })
    }
}

impl AssetSearch<'_> {
    /// The next place that has the asset; not found when there is none, or the failure of a source that might have had
    /// it.
    pub(crate) async fn next(&mut self) -> Result<Located> {
        let reaches_upstreams = self.gate.reaches_upstreams(self.view.home());
        loop {
            let index = match self.found_at.take() {
                Some(index) => index,
                None => {
                    let Some(index) = self.walk.next() else {
                        break;
                    };
                    match self.look_at_rows(index).await? {
                        Rows::Held(located, goes_on) => {
                            self.found_at = goes_on.then_some(index);
                            return Ok(*located);
                        }
                        Rows::Blocked => continue,
                        Rows::GoOn => index,
                    }
                }
            };
            let node = &self.view.nodes[index];
            if index == 0 {
                self.view.check_upstreams()?;
            }
            if reaches_upstreams {
                self.walk.descend(node);
            }
            match self.look_at_source(index).await {
                Ok(Some(found)) => return Ok(Located::AtSource(Box::new(found))),
                Ok(None) => {}
                Err(fault) => self.fault = Some((index, fault)),
            }
        }
        match self.fault.take() {
            Some((index, fault)) => Err(fault_at(&self.view.nodes[index], fault)),
            None => Err(self.not_found()),
        }
    }

    /// Goes on although a source failed: unless another place has the asset, that failure is the answer.
    pub(crate) fn note_fault(&mut self, node: usize, fault: SourceFault) {
        self.fault = Some((node, fault));
    }

    fn not_found(&self) -> model::Error {
        version_not_found(self.package, self.version)
    }

    async fn look_at_rows(&mut self, index: usize) -> Result<Rows> {
        let node = &self.view.nodes[index];
        let mut reader = self.catalog.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(node.id, self.package)
            .await
            .map_err(from_store)?;
        let Some(row) = row else {
            drop(reader);
            if self.origin.is_none() && self.catalog.has_rival(node.id, self.package).await? {
                return Err(self.not_found());
            }
            return Ok(Rows::GoOn);
        };
        let found = reader
            .find_version(row.id, &self.key)
            .await
            .map_err(from_store)?;
        if let Some(found) = found {
            if !found.status().map_err(from_store)?.is_downloadable() {
                return Err(self.not_found());
            }
            let origin = (found.origin_type.clone(), found.origin_name.clone());
            // Of another version under the same name nothing counts.
            if *self.origin.get_or_insert_with(|| origin.clone()) == origin {
                let held = reader
                    .find_asset(found.id, self.asset)
                    .await
                    .map_err(from_store)?;
                if let Some(held) = held {
                    let located = Located::Held {
                        node: index,
                        version: parse_version(&found.version)?,
                        digests: held.digests().map_err(from_store)?,
                        companion: held.companion().map_err(from_store)?,
                    };
                    return Ok(Rows::Held(Box::new(located), row.upstream_allowed));
                }
            }
        }
        Ok(if row.upstream_allowed {
            Rows::GoOn
        } else {
            Rows::Blocked
        })
    }

    async fn look_at_source(&self, index: usize) -> Result<Option<AtSource>, SourceFault> {
        let node = &self.view.nodes[index];
        let Some((connection, format)) = &node.connection else {
            return Ok(None);
        };
        let Some(source) = self.rules.source() else {
            return Ok(None);
        };
        let came_from_here = |(kind, name): &(String, String)| {
            kind == OriginType::External.as_str() && name == connection.as_str()
        };
        let may_ask = *format == self.package.format
            && self.origin.as_ref().is_none_or(came_from_here)
            && self
                .gate
                .allows(GroupRestrictionType::ExternalUpstream, node.id, None);
        if !may_ask {
            return Ok(None);
        }
        let base = self.catalog.connection_source(node).await?.base().clone();
        let unlisted = source
            .unlisted_asset(&base, self.package, self.version, self.asset)
            .map_err(SourceFault::Unreadable)?;
        if let Some(asset) = unlisted {
            return Ok(Some(AtSource {
                node: index,
                version: SourceVersion::unlisted(self.version.clone()),
                asset,
                is_listed: false,
            }));
        }
        if !source.usual_assets(self.package, self.version).is_empty() {
            // Its metadata lists no assets, so there is nothing to find in it.
            return Ok(None);
        }
        let listed = self
            .catalog
            .source_package(self.view, node, self.package)
            .await?;
        Ok(listed.and_then(|listed| {
            let version = listed.version(self.rules, self.version)?;
            let asset = version.assets.iter().find(|a| a.name == *self.asset)?;
            Some(AtSource {
                node: index,
                version: version.clone(),
                asset: asset.clone(),
                is_listed: true,
            })
        }))
    }
}

/// A source's failure as the answer to a request.
pub(crate) fn fault_at(node: &Node, fault: SourceFault) -> model::Error {
    let connection = node.connection.as_ref();
    fault.into_error(connection.map_or("", |(name, _)| name.as_str()))
}
