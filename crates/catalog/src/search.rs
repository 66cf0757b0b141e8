//! Search over what a repository and its upstreams hold. Public sources are not searched.

use std::collections::HashSet;
use std::sync::Arc;

use model::{
    EpochMillis, FormatId, Namespace, PackageCoordinates, PackageName, PageLimit, Result,
    VersionName,
};

use crate::failure::from_store;
use crate::origin_gate::OriginGate;
use crate::packages::parse_version;
use crate::repository_view::Walk;
use crate::{Catalog, Grant};

/// Packages looked at for one search, over all repositories: bounds its cost.
const LOOKED_AT: usize = 20_000;

/// A package that a search found.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// The package.
    pub package: PackageCoordinates,
    /// The version to show.
    pub version: VersionName,
    /// That version's metadata, as JSON that its format reads.
    pub metadata: String,
    /// When that version was published.
    pub published_at: EpochMillis,
}

impl Catalog {
    /// Packages whose name or namespace holds every word, in order of name. The words are literal text.
    pub async fn search_packages(
        &self,
        grant: &Grant,
        format: FormatId,
        words: &[String],
        skip: usize,
        take: usize,
    ) -> Result<Vec<SearchHit>> {
        let view = grant.view();
        let mut hits = Vec::new();
        let mut seen = HashSet::new();
        let mut looked_at = 0;
        let mut hidden = 0;
        let groups = self.group_table(view.domain_id).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            walk.descend(node);
            let mut after = (String::new(), String::new());
            // Words that many names hold are found in as few rows as are shown; rare ones in pages that grow.
            let mut limit = page_of(skip.saturating_add(take));
            loop {
                let rows = reader
                    .list_packages_of_format(node.id, format.as_str(), (&after.0, &after.1), limit)
                    .await
                    .map_err(from_store)?;
                let page = model::Page::from_rows(rows, limit, |row| row.name.clone());
                for row in &page.items {
                    after = (row.namespace.clone(), row.name.clone());
                    let text = format!("{}/{}", row.namespace, row.name).to_lowercase();
                    if !words.iter().all(|word| text.contains(word.as_str())) || !seen.insert(text)
                    {
                        continue;
                    }
                    let corrupt = |e| model::Error::internal(format!("package {}: {e}", row.id));
                    let namespace = if row.namespace.is_empty() {
                        None
                    } else {
                        Some(Namespace::parse(&row.namespace).map_err(corrupt)?)
                    };
                    let package = PackageCoordinates {
                        format,
                        namespace,
                        name: PackageName::parse(&row.name).map_err(corrupt)?,
                    };
                    // What an upstream repository holds is not there for this one while its group says so.
                    if index != 0
                        && !OriginGate::new(Arc::clone(&groups), &package)
                            .reaches_upstreams(view.home())
                    {
                        hidden += 1;
                        continue;
                    }
                    if seen.len() - hidden <= skip {
                        continue;
                    }
                    let Some(version) = self.default_display_version(&mut reader, row).await?
                    else {
                        continue;
                    };
                    let found = reader
                        .find_version_metadata(
                            row.id,
                            &self.format(&row.format)?.version_key(&version),
                        )
                        .await
                        .map_err(from_store)?;
                    let Some(found) = found else { continue };
                    hits.push(SearchHit {
                        package,
                        version: parse_version(version.as_str())?,
                        metadata: found.metadata,
                        published_at: EpochMillis(
                            found
                                .version
                                .source_published_at_ms
                                .unwrap_or(found.version.published_at_ms),
                        ),
                    });
                    if hits.len() == take {
                        return Ok(hits);
                    }
                }
                looked_at += page.items.len();
                if page.next.is_none() || looked_at >= LOOKED_AT {
                    break;
                }
                limit = page_of(limit.rows() * 2);
            }
        }
        Ok(hits)
    }
}

/// A page of so many rows, or the largest there is.
fn page_of(rows: usize) -> PageLimit {
    PageLimit::new(u16::try_from(rows).unwrap_or(u16::MAX))
}
