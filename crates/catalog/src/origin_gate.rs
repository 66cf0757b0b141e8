//! The one answer to: may versions of this package be published to, ingested into or retained in this repository?
//!
//! Two say so: the package's own origin controls in that repository, and the package group that it belongs to. Where either
//! says no, it is no; a package that only a variation of a group's pattern takes is always refused (user guide, "Package
//! origin controls" and "Package group origin controls"). What is there already stays.

use std::sync::Arc;

use model::{
    Association, AssociationType, Error, GroupRestrictionMode, GroupRestrictionType,
    OriginRestrictions, PackageCoordinates, PackageGroupPattern, RepositoryName, ResourceType,
    Result,
};
use store::Connection;

use crate::Catalog;
use crate::failure::Failure;
use crate::package_group_table::GroupTable;
use crate::repository_view::Node;

/// What the groups of a domain say about one package.
#[derive(Debug, Clone)]
pub(crate) struct OriginGate {
    table: Arc<GroupTable>,
    association: Association,
    /// Whether it is about no package at all, but about a source's list of all of them.
    is_open: bool,
}

/// Who stands against it.
#[derive(Debug)]
enum Refusal<'g> {
    /// The package's own controls.
    Package,
    /// The package is a variation of what the group is for.
    Variation(&'g PackageGroupPattern),
    /// The group, in a mode that this or another group sets.
    Group {
        pattern: &'g PackageGroupPattern,
        set_by: &'g PackageGroupPattern,
        mode: GroupRestrictionMode,
    },
}

impl Catalog {
    /// What the domain's groups say about a package.
    pub(crate) async fn origin_gate(
        &self,
        domain_id: i64,
        package: &PackageCoordinates,
    ) -> Result<OriginGate> {
        let source = self.rules(package.format)?.source();
        let is_open = source.is_some_and(|source| source.is_list(package));
        let gate = OriginGate::new(self.group_table(domain_id).await?, package);
        Ok(OriginGate { is_open, ..gate })
    }
}

impl OriginGate {
    pub(crate) fn new(table: Arc<GroupTable>, package: &PackageCoordinates) -> Self {
        let association = table.groups.associate(package);
        Self {
            table,
            association,
            is_open: false,
        }
    }

    /// The same gate inside a transaction that writes: read anew if the groups have changed since.
    pub(crate) async fn current(
        self,
        connection: &mut Connection,
        domain_id: i64,
        package: &PackageCoordinates,
    ) -> Result<Self, Failure> {
        let revision = connection.find_package_group_revision(domain_id).await?;
        if revision == Some(self.table.revision) {
            return Ok(self);
        }
        let table = GroupTable::read(connection, domain_id).await?;
        Ok(Self::new(Arc::new(table), package))
    }

    /// Whether it may, in this repository. `own` are the package's controls there, where the package is there.
    pub(crate) fn allows(
        &self,
        restriction: GroupRestrictionType,
        repository_id: i64,
        own: Option<OriginRestrictions>,
    ) -> bool {
        self.refusal(restriction, repository_id, own).is_none()
    }

    /// Whether a request to this repository may find the package in the repositories above it: what is found there
    /// would be retained here.
    pub(crate) fn reaches_upstreams(&self, home: &Node) -> bool {
        self.allows(GroupRestrictionType::InternalUpstream, home.id, None)
    }

    /// Refuses a publish that may not be.
    pub(crate) fn check_publish(
        &self,
        (repository_id, repository): (i64, &RepositoryName),
        own: Option<OriginRestrictions>,
        package: &PackageCoordinates,
    ) -> Result<()> {
        let restriction = GroupRestrictionType::Publish;
        let Some(refusal) = self.refusal(restriction, repository_id, own) else {
            return Ok(());
        };
        let start =
            format!("Publishing versions of package '{package}' to this repository is blocked");
        let message = match refusal {
            Refusal::Package => format!(
                "{start} by the package's origin controls (publish is BLOCK). Use PutPackageOriginConfiguration to \
                 allow it."
            ),
            Refusal::Variation(pattern) => format!(
                "{start}: its name is a variation of package group '{pattern}' (a weak match), and variations are \
                 always blocked. Use CreatePackageGroup to give '/{package}$' a group of its own."
            ),
            Refusal::Group {
                pattern,
                set_by,
                mode,
            } => {
                let inherited = if set_by == pattern {
                    String::new()
                } else {
                    format!(", inherited from '{set_by}'")
                };
                format!(
                    "{start} by the origin controls of package group '{pattern}' ({} is {}{inherited}). Use \
                     UpdatePackageGroupOriginConfiguration to allow it for repository '{repository}'.",
                    restriction.as_str(),
                    mode.as_str(),
                )
            }
        };
        Err(Error::conflict(
            ResourceType::Package,
            package.name.as_str(),
            message,
        ))
    }

    fn refusal(
        &self,
        restriction: GroupRestrictionType,
        repository_id: i64,
        own: Option<OriginRestrictions>,
    ) -> Option<Refusal<'_>> {
        if self.is_open {
            return None;
        }
        let own = own.map(|own| match restriction {
            GroupRestrictionType::Publish => own.publish,
            GroupRestrictionType::ExternalUpstream | GroupRestrictionType::InternalUpstream => {
                own.upstream
            }
        });
        if own.is_some_and(|own| !own.is_allowed()) {
            return Some(Refusal::Package);
        }
        let groups = &self.table.groups;
        let Association { group, kind } = self.association;
        let pattern = groups.pattern(group);
        if kind == AssociationType::Weak {
            return Some(Refusal::Variation(pattern));
        }
        let effective = groups.effective(group, restriction);
        let is_allowed = match effective.mode {
            GroupRestrictionMode::Allow => true,
            GroupRestrictionMode::AllowSpecificRepositories => {
                self.table
                    .lists(effective.set_by, restriction, repository_id)
            }
            GroupRestrictionMode::Block | GroupRestrictionMode::Inherit => false,
        };
        (!is_allowed).then(|| Refusal::Group {
            pattern,
            set_by: groups.pattern(effective.set_by),
            mode: effective.mode,
        })
    }
}
