//! What package groups let in: modes, and lists of repositories.

use model::{
    ChangeKind, DomainRef, Error, GroupRestrictionMode, GroupRestrictionType, InvalidReason,
    PackageGroup, PackageGroupPattern, Page, PageLimit, RepositoryName, ResourceType, Result,
};

use crate::change_log::{ChangeDetails, change};
use crate::failure::{Failure, from_store};
use crate::package_group_table::group_not_found;
use crate::repository_view::repository_not_found;
use crate::{Caller, Catalog};

/// Repositories that one call may put on lists or take off them.
const EDITS: usize = 100;

/// A repository on the list of a restriction.
pub type AllowedRepository = (GroupRestrictionType, RepositoryName);

/// What to change of a package group's restrictions. What is not named stays.
#[derive(Debug, Clone, Default)]
pub struct GroupRestrictionChanges {
    /// New modes.
    pub modes: Vec<(GroupRestrictionType, GroupRestrictionMode)>,
    /// Repositories to put on lists.
    pub add: Vec<AllowedRepository>,
    /// Repositories to take off lists, after the others were put on.
    pub remove: Vec<AllowedRepository>,
}

/// What of it changed lists.
#[derive(Debug, Clone, Default)]
pub struct AllowedRepositoryUpdates {
    /// The repositories that were put on a list they were not on.
    pub added: Vec<AllowedRepository>,
    /// The repositories that were taken off a list they were on.
    pub removed: Vec<AllowedRepository>,
}

impl Catalog {
    /// Changes what a package group lets in. From when this returns, everything goes by it.
    pub async fn update_package_group_origin_configuration(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
        changes: GroupRestrictionChanges,
    ) -> Result<(PackageGroup, AllowedRepositoryUpdates)> {
        check_changes(domain, pattern, &changes)?;
        let entry = change(ChangeKind::PackageGroupRestricted, self.now(), caller)
            .with(&described(pattern, &changes));
        let pattern = pattern.clone();
        let changed = self.change_groups(domain, move |tx, domain, domain_id| {
            Box::pin(async move {
                let row = tx.find_package_group(domain_id, &pattern).await?;
                let row = row.ok_or_else(|| group_not_found(domain, &pattern))?;
                let mut modes = row.modes()?;
                for (restriction, mode) in &changes.modes {
                    modes.set(*restriction, *mode);
                }
                for (restriction, name) in &changes.add {
                    if modes.of(*restriction) != GroupRestrictionMode::AllowSpecificRepositories {
                        return Err(no_list(&pattern, *restriction, name).into());
                    }
                }
                if modes != row.modes()? {
                    tx.update_package_group_modes(row.id, modes).await?;
                }
                let updates = edit_lists(tx, domain, (domain_id, row.id), &changes).await?;
                tx.append_change(domain_id, &entry).await?;
                Ok((pattern, updates))
            })
        });
        changed.await
    }

    /// The repositories on a package group's own list, in order of name. A page's key is the name.
    pub async fn list_allowed_repositories(
        &self,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
        restriction: GroupRestrictionType,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<RepositoryName>> {
        let (mut reader, _, table) = self.fresh_group_table(domain).await?;
        let group = table.find(domain, pattern)?;
        let mode = table.groups.modes(group).of(restriction);
        if mode != GroupRestrictionMode::AllowSpecificRepositories {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let id = table.groups.value(group).id;
        let names = reader
            .list_allowed_repositories(id, restriction, after.unwrap_or(""), limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(names, limit, String::clone);
        let items: Result<Vec<_>> = page
            .items
            .iter()
            .map(|name| {
                RepositoryName::parse(name)
                    .map_err(|e| Error::internal(format!("a list of package group {id}: {e}")))
            })
            .collect();
        Ok(Page {
            items: items?,
            next: page.next,
        })
    }
}

/// What can be refused without looking at the group.
fn check_changes(
    domain: &DomainRef,
    pattern: &PackageGroupPattern,
    changes: &GroupRestrictionChanges,
) -> Result<()> {
    let edits = changes.add.len() + changes.remove.len();
    if edits > EDITS {
        let message = format!(
            "At most {EDITS} allowed repositories can be added and removed in one request, and {edits} were sent."
        );
        return Err(Error::quota_exceeded(
            ResourceType::Domain,
            domain.name.as_str(),
            message,
        ));
    }
    let inherit = |(_, mode): &(_, GroupRestrictionMode)| *mode == GroupRestrictionMode::Inherit;
    if pattern.is_root() && changes.modes.iter().any(inherit) {
        let message = "The root package group '/*' has no group to inherit from. Use ALLOW, BLOCK or \
            ALLOW_SPECIFIC_REPOSITORIES.";
        return Err(Error::invalid(InvalidReason::Other, message));
    }
    Ok(())
}

fn no_list(
    pattern: &PackageGroupPattern,
    restriction: GroupRestrictionType,
    name: &RepositoryName,
) -> Error {
    let message = format!(
        "Repository '{name}' cannot be added to the allowed repositories for {restriction} of package group \
         '{pattern}': the mode of that restriction is not ALLOW_SPECIFIC_REPOSITORIES.",
        restriction = restriction.as_str()
    );
    Error::invalid(InvalidReason::Other, message)
}

/// Puts repositories on lists, then takes others off.
async fn edit_lists(
    tx: &mut store::Tx,
    domain: &DomainRef,
    (domain_id, group_id): (i64, i64),
    changes: &GroupRestrictionChanges,
) -> Result<AllowedRepositoryUpdates, Failure> {
    let mut done = AllowedRepositoryUpdates::default();
    for (restriction, name) in &changes.add {
        let row = tx.find_repository(domain_id, name).await?;
        let row = row.ok_or_else(|| repository_not_found(domain, name))?;
        let repository = (row.id, name);
        if tx
            .insert_allowed_repository(group_id, *restriction, repository)
            .await?
        {
            done.added.push((*restriction, name.clone()));
        }
    }
    for (restriction, name) in &changes.remove {
        if tx.find_repository(domain_id, name).await?.is_none() {
            return Err(repository_not_found(domain, name).into());
        }
        if tx
            .delete_allowed_repository(group_id, *restriction, name)
            .await?
        {
            done.removed.push((*restriction, name.clone()));
        }
    }
    Ok(done)
}

fn described(
    pattern: &PackageGroupPattern,
    changes: &GroupRestrictionChanges,
) -> serde_json::Value {
    let list = |list: &[AllowedRepository]| -> Vec<_> {
        list.iter()
            .map(|(restriction, name)| {
                serde_json::json!({ "restriction": restriction.as_str(), "repository": name.as_str() })
            })
            .collect()
    };
    let modes: serde_json::Map<_, _> = changes
        .modes
        .iter()
        .map(|(restriction, mode)| (restriction.as_str().to_owned(), mode.as_str().into()))
        .collect();
    serde_json::json!({
        "pattern": pattern.as_str(), "modes": modes, "add": list(&changes.add), "remove": list(&changes.remove),
    })
}
