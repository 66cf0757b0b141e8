//! The names of a namespace's packages over the whole graph, for the listings that some package managers read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Error, FormatId, Namespace, PackageCoordinates, PackageName, PageLimit, Result};
use store::PackageNameRow;

use crate::failure::from_store;
use crate::origin_gate::OriginGate;
use crate::package_group_table::GroupTable;
use crate::repository_view::{RepositoryView, Walk};
use crate::{Catalog, Grant};

/// What the repositories of a view hold of the names up to some name: by name, then by repository.
type Shelf = BTreeMap<String, BTreeMap<usize, PackageNameRow>>;

impl Catalog {
    /// The names of the packages of a namespace (`None`: of those without one) that the repositories of the graph hold
    /// with a version to show, in order, after the given one; at most `limit` of them. A package whose only version a
    /// nearer repository hides may be among them.
    ///
    /// Origin controls hold for every name, as they do for the package itself. Public sources are not asked.
    pub async fn package_names(
        self: &Arc<Self>,
        grant: &Grant,
        format: FormatId,
        namespace: Option<&Namespace>,
        after: Option<&PackageName>,
        limit: usize,
    ) -> Result<Vec<PackageName>> {
        self.known_package_names(grant, (format, namespace), after, limit, false)
            .await
    }

    /// The same, with the packages of which every version is hidden where that is asked for.
    pub(crate) async fn known_package_names(
        self: &Arc<Self>,
        grant: &Grant,
        (format, namespace): (FormatId, Option<&Namespace>),
        after: Option<&PackageName>,
        limit: usize,
        with_hidden: bool,
    ) -> Result<Vec<PackageName>> {
        let view = grant.view();
        view.check_upstreams()?;
        let groups = self.group_table(view.domain_id).await?;
        let mut after = after.map_or("", PackageName::as_str).to_owned();
        let mut names = Vec::new();
        if limit == 0 {
            return Ok(names);
        }
        // Not too few: of a page, some may not be shown.
        let page = PageLimit::new(u16::try_from(limit.max(64)).unwrap_or(u16::MAX));
        loop {
            let (shelf, end) = self
                .shelf_of_names(view, (format, namespace), &after, page)
                .await?;
            for (name, rows) in shelf {
                let name = PackageName::parse(&name).map_err(|e| {
                    Error::internal(format!("a row names the package '{name}': {e}"))
                })?;
                let package = PackageCoordinates {
                    format,
                    namespace: namespace.cloned(),
                    name,
                };
                if is_shown(view, &groups, &package, &rows, with_hidden) {
                    names.push(package.name);
                    if names.len() >= limit {
                        return Ok(names);
                    }
                }
            }
            match end {
                Some(end) => after = end,
                None => return Ok(names),
            }
        }
    }

    /// What every repository of a view holds after a name, up to the returned one (`None`: all there is).
    async fn shelf_of_names(
        &self,
        view: &RepositoryView,
        (format, namespace): (FormatId, Option<&Namespace>),
        after: &str,
        page: PageLimit,
    ) -> Result<(Shelf, Option<String>)> {
        let place = (format.as_str(), namespace.map_or("", Namespace::as_str));
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (mut shelf, mut ends) = (Shelf::new(), BTreeSet::new());
        for (index, node) in view.nodes.iter().enumerate() {
            let rows = reader
                .list_package_names(node.id, place, after, page)
                .await
                .map_err(from_store)?;
            if rows.len() > page.rows() {
                // Nothing is known of what this repository holds beyond its last row.
                ends.extend(rows.last().map(|row| row.name.clone()));
            }
            for row in rows {
                shelf
                    .entry(row.name.clone())
                    .or_default()
                    .insert(index, row);
            }
        }
        let end = ends.pop_first();
        if let Some(end) = &end {
            let mut beyond = shelf.split_off(end);
            if let Some(last) = beyond.remove(end) {
                shelf.insert(end.clone(), last);
            }
        }
        Ok((shelf, end))
    }
}

/// Whether a request to the view's repository finds the package with a version to show: the walk of `resolve`.
fn is_shown(
    view: &RepositoryView,
    groups: &Arc<GroupTable>,
    package: &PackageCoordinates,
    rows: &BTreeMap<usize, PackageNameRow>,
    with_hidden: bool,
) -> bool {
    let reaches_upstreams =
        OriginGate::new(Arc::clone(groups), package).reaches_upstreams(view.home());
    let mut walk = Walk::of(view);
    while let Some(index) = walk.next() {
        let row = rows.get(&index);
        if row.is_some_and(|row| row.is_listed || with_hidden) {
            return true;
        }
        if reaches_upstreams && row.is_none_or(|row| row.upstream_allowed) {
            walk.descend(&view.nodes[index]);
        }
    }
    false
}
