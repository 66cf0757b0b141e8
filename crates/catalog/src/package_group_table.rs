//! The groups of a domain, compiled and kept ready: which one a package belongs to is a handful of look-ups.

use std::collections::HashSet;
use std::sync::Arc;

use model::{
    DomainRef, EpochMillis, Error, GroupRestriction, GroupRestrictionMode, GroupRestrictionType,
    PackageGroup, PackageGroupPattern, PackageGroupReference, PackageGroupTable, Result,
};
use quick_cache::sync::Cache;
use store::Connection;

use crate::Catalog;
use crate::failure::{Failure, from_store};
use crate::repository_view::domain_not_found;
use crate::stamps::Tick;

/// Domains whose groups are kept ready.
const TABLES: usize = 1024;

/// All groups of a domain at one revision.
#[derive(Debug)]
pub(crate) struct GroupTable {
    pub(crate) groups: PackageGroupTable<Group>,
    /// The count of changes that it was read at.
    pub(crate) revision: i64,
}

/// What there is of a group beside its pattern and modes.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: i64,
    created_at: EpochMillis,
    pub(crate) contact_info: String,
    pub(crate) description: String,
    /// The repositories on its lists.
    allowed: HashSet<(GroupRestrictionType, i64)>,
}

/// Tables by domain, and when they were last known to be true.
#[derive(Debug)]
pub(crate) struct GroupTables(Cache<i64, (Tick, Arc<GroupTable>)>);

impl Default for GroupTables {
    fn default() -> Self {
        Self(Cache::new(TABLES))
    }
}

impl GroupTable {
    /// Reads a domain's groups, inside or outside a transaction.
    pub(crate) async fn read(connection: &mut Connection, domain_id: i64) -> Result<Self, Failure> {
        // The count comes first: what changes meanwhile makes the table newer than it says, never older.
        let revision = connection.find_package_group_revision(domain_id).await?;
        let revision = revision.ok_or_else(|| {
            Error::internal(format!("the domain {domain_id} of package groups is gone"))
        })?;
        let rows = connection.list_package_groups(domain_id).await?;
        let mut allowed = connection
            .list_allowed_repositories_in_domain(domain_id)
            .await?;
        allowed.sort_by_key(|row| row.group_id);
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            let pattern = PackageGroupPattern::parse(&row.pattern)
                .map_err(|fault| Error::internal(format!("package group {}: {fault}", row.id)))?;
            let from = allowed.partition_point(|other| other.group_id < row.id);
            let own = allowed[from..]
                .iter()
                .take_while(|other| other.group_id == row.id);
            let own: Option<HashSet<_>> = own
                .map(|row| {
                    Some((
                        GroupRestrictionType::parse(&row.restriction)?,
                        row.repository_id,
                    ))
                })
                .collect();
            let modes = row.modes()?;
            let group = Group {
                id: row.id,
                created_at: EpochMillis(row.created_at_ms),
                contact_info: row.contact_info,
                description: row.description,
                allowed: own.ok_or_else(|| {
                    Error::internal(format!(
                        "package group {} has a list of no known kind",
                        row.id
                    ))
                })?,
            };
            groups.push((pattern, modes, group));
        }
        let groups = PackageGroupTable::new(groups).ok_or_else(|| {
            Error::internal(format!("the domain {domain_id} has no root package group"))
        })?;
        Ok(Self { groups, revision })
    }

    /// The group of a pattern.
    pub(crate) fn find(&self, domain: &DomainRef, pattern: &PackageGroupPattern) -> Result<usize> {
        self.groups
            .find(pattern)
            .ok_or_else(|| group_not_found(domain, pattern))
    }

    /// Whether a group's own list names a repository.
    pub(crate) fn lists(
        &self,
        group: usize,
        restriction: GroupRestrictionType,
        repository_id: i64,
    ) -> bool {
        let allowed = &self.groups.value(group).allowed;
        allowed.contains(&(restriction, repository_id))
    }

    /// A group as the API describes it.
    pub(crate) fn describe(
        &self,
        scope: &model::ArnScope,
        domain: &DomainRef,
        index: usize,
    ) -> PackageGroup {
        let reference = |index: usize| {
            let pattern = self.groups.pattern(index).clone();
            PackageGroupReference {
                arn: scope.package_group(&domain.owner, &domain.name, &pattern),
                pattern,
            }
        };
        let restrictions = GroupRestrictionType::ALL.map(|restriction| {
            let effective = self.groups.effective(index, restriction);
            let has_list = effective.mode == GroupRestrictionMode::AllowSpecificRepositories;
            let listed = &self.groups.value(effective.set_by).allowed;
            let count = || listed.iter().filter(|one| one.0 == restriction).count();
            GroupRestriction {
                restriction,
                mode: self.groups.modes(index).of(restriction),
                effective_mode: effective.mode,
                inherited_from: (effective.set_by != index).then(|| reference(effective.set_by)),
                repositories_count: has_list.then(count),
            }
        });
        let PackageGroupReference { arn, pattern } = reference(index);
        let group = self.groups.value(index);
        PackageGroup {
            arn,
            pattern,
            domain: domain.clone(),
            created_at: group.created_at,
            contact_info: group.contact_info.clone(),
            description: group.description.clone(),
            restrictions: restrictions.into(),
            parent: self.groups.parent(index).map(reference),
        }
    }
}

impl Catalog {
    /// The groups of a domain, from memory while its graph stands.
    pub(crate) async fn group_table(&self, domain_id: i64) -> Result<Arc<GroupTable>> {
        if let Some((made_at, table)) = self.group_tables.0.get(&domain_id)
            && self.stamps.graph_is_valid(made_at, domain_id)
        {
            return Ok(table);
        }
        let mut reader = self.store.read().await.map_err(from_store)?;
        self.checked_group_table(&mut reader, domain_id).await
    }

    /// The groups of a domain as they are now, also when another process changed them: what the API describes.
    pub(crate) async fn fresh_group_table(
        &self,
        domain: &DomainRef,
    ) -> Result<(Connection, i64, Arc<GroupTable>)> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader
            .find_domain(&domain.owner, &domain.name)
            .await
            .map_err(from_store)?;
        let found = found.ok_or_else(|| domain_not_found(domain))?;
        let table = self.checked_group_table(&mut reader, found.id).await?;
        Ok((reader, found.id, table))
    }

    /// The kept table if its revision is the present one, else a new one.
    async fn checked_group_table(
        &self,
        reader: &mut Connection,
        domain_id: i64,
    ) -> Result<Arc<GroupTable>> {
        let made_at = self.stamps.now();
        let revision = reader
            .find_package_group_revision(domain_id)
            .await
            .map_err(from_store)?;
        let kept = self.group_tables.0.get(&domain_id);
        let table = match kept {
            Some((_, table)) if Some(table.revision) == revision => table,
            _ => Arc::new(GroupTable::read(reader, domain_id).await?),
        };
        self.group_tables
            .0
            .insert(domain_id, (made_at, Arc::clone(&table)));
        Ok(table)
    }
}

/// That a domain has no group of this pattern. No type of resource stands for groups, so none is named.
pub(crate) fn group_not_found(domain: &DomainRef, pattern: &PackageGroupPattern) -> Error {
    let message = format!(
        "Package group not found. Package group '{pattern}' does not exist in domain '{}'.",
        domain.name
    );
    Error::not_found(model::ResourceType::Domain, domain.name.as_str(), message).without_resource()
}
