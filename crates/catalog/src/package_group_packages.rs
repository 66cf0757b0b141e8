//! Which packages belong to a package group, and which group a package belongs to.

use model::{
    AssociationType, DomainRef, Error, Extra, InvalidReason, Namespace, PackageCoordinates,
    PackageGroup, PackageGroupPattern, PackageName, PackageRange, Page, PageLimit, Position,
    Result,
};
use store::{DomainPackageRow, StoreError, StoreResult};

use crate::Catalog;
use crate::failure::{Failure, from_store};
use crate::package_group_table::GroupTable;

/// Stretches of the list of packages looked at for one page: bounds its cost where other groups lie in between. A page
/// that ends by it is shorter than asked for, and tells where to go on.
const STRETCHES: usize = 32;
/// The least that is read of a stretch.
const STRETCH_ROWS: usize = 50;

impl Catalog {
    /// The group that a package belongs to, or would. The package need not exist.
    pub async fn get_associated_package_group(
        &self,
        domain: &DomainRef,
        package: &PackageCoordinates,
    ) -> Result<(PackageGroup, AssociationType)> {
        let (_, _, table) = self.fresh_group_table(domain).await?;
        let found = table.groups.associate(package);
        Ok((
            table.describe(self.scope(), domain, found.group),
            found.kind,
        ))
    }

    /// The packages in the domain that belong to a group, each once, in order of format and of what their names have in
    /// common with variations of them. With `preview`, those that would if the group were there. A page's key is format,
    /// namespace and name of the last package looked at, tab-separated.
    pub async fn list_associated_packages(
        &self,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
        preview: bool,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<(PackageCoordinates, AssociationType)>> {
        let (mut reader, domain_id, table) = self.fresh_group_table(domain).await?;
        let picker = Picker::of(&table, domain, pattern, preview)?;
        let range = PackageRange::of(pattern);
        let (mut at, end) = (range.start(), range.end());
        if let Some(after) = after {
            at = at.max(position_of_key(after)?);
        }
        let mut found: Vec<(PackageCoordinates, AssociationType)> = Vec::new();
        let mut last_looked_at = None;
        for _ in 0..STRETCHES {
            let stretch = stretch_limit(limit.rows() + 1 - found.len());
            let rows = reader
                .list_domain_packages(domain_id, &at, &end, stretch)
                .await
                .map_err(from_store)?;
            let mut is_over = rows.len() <= stretch.rows();
            for row in rows.iter().take(stretch.rows()) {
                let package = self.package_of_domain(row)?;
                let (kind, owner) = picker.pick(&table, &package);
                at = row.position();
                last_looked_at = Some(key_of(&package));
                if let Some(kind) = kind {
                    found.push((package, kind));
                    if found.len() > limit.rows() {
                        return Ok(Page::from_rows(found, limit, |(package, _)| {
                            key_of(package)
                        }));
                    }
                } else if let Some(further) = range.past(&at, owner) {
                    at = further;
                    is_over = false;
                    break;
                }
            }
            if is_over {
                last_looked_at = None;
                break;
            }
        }
        Ok(Page {
            items: found,
            next: last_looked_at,
        })
    }

    fn package_of_domain(&self, row: &DomainPackageRow) -> Result<PackageCoordinates> {
        let corrupt = |e| {
            let DomainPackageRow { domain_id, .. } = row;
            Error::internal(format!("a package of domain {domain_id}: {e}"))
        };
        let namespace = if row.namespace.is_empty() {
            None
        } else {
            Some(Namespace::parse(&row.namespace).map_err(corrupt)?)
        };
        Ok(PackageCoordinates {
            format: self.format(&row.format)?.id(),
            namespace,
            name: PackageName::parse(&row.name).map_err(corrupt)?,
        })
    }

    /// Fills in what a migration could not: the common forms of names.
    pub(crate) async fn fill_domain_packages(store: &store::Store) -> Result<()> {
        loop {
            let mut reader = store.read().await.map_err(from_store)?;
            let rows = reader
                .list_unfilled_domain_packages(PageLimit::MAX)
                .await
                .map_err(from_store)?;
            drop(reader);
            if rows.is_empty() {
                return Ok(());
            }
            tracing::info!(
                packages = rows.len(),
                "filling in the variations of package names"
            );
            let filled: StoreResult<()> = store
                .write(move |tx| {
                    Box::pin(async move {
                        for row in &rows {
                            tx.fill_domain_package(row).await?;
                        }
                        Ok::<(), StoreError>(())
                    })
                })
                .await;
            filled.map_err(Failure::from).map_err(Error::from)?;
        }
    }
}

/// Whose packages a list is of.
enum Picker<'p> {
    /// A group of the table.
    Group(usize),
    /// A pattern without a group.
    Extra(Extra<'p>),
}

impl<'p> Picker<'p> {
    fn of(
        table: &GroupTable,
        domain: &DomainRef,
        pattern: &'p PackageGroupPattern,
        preview: bool,
    ) -> Result<Self> {
        match table.find(domain, pattern) {
            Ok(group) => Ok(Self::Group(group)),
            Err(_) if preview => Ok(Self::Extra(Extra::new(pattern))),
            Err(missing) => Err(missing),
        }
    }

    /// Whether a package is on the list, and the pattern of the group that it belongs to.
    fn pick<'t>(
        &self,
        table: &'t GroupTable,
        package: &PackageCoordinates,
    ) -> (Option<AssociationType>, &'t PackageGroupPattern) {
        let present = table.groups.associate(package);
        let kind = match self {
            Self::Group(group) => (present.group == *group).then_some(present.kind),
            Self::Extra(extra) => extra.associate(&table.groups, package),
        };
        (kind, table.groups.pattern(present.group))
    }
}

fn stretch_limit(wanted: usize) -> PageLimit {
    PageLimit::new(u16::try_from(wanted.max(STRETCH_ROWS)).unwrap_or(u16::MAX))
}

fn key_of(package: &PackageCoordinates) -> String {
    format!(
        "{}\t{}\t{}",
        package.format,
        package.namespace_str(),
        package.name
    )
}

fn position_of_key(key: &str) -> Result<Position> {
    let parts: Vec<&str> = key.split('\t').collect();
    let [format, namespace, name] = parts[..] else {
        return Err(Error::invalid(
            InvalidReason::FieldValidation,
            "The pagination token is not valid.",
        ));
    };
    Ok(Position::of(format, namespace, name))
}
