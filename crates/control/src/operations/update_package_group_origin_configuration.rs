//! UpdatePackageGroupOriginConfiguration: changes what a package group lets in, and for which repositories.

use std::collections::BTreeMap;

use catalog::{AllowedRepository, AllowedRepositoryUpdates, GroupRestrictionChanges};
use model::{
    Constraint, DomainRef, GroupRestrictionMode, GroupRestrictionType, PackageGroupPattern,
    RepositoryName, Result,
};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, body};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, put};
use crate::protocol::shared_members::one_of;
use crate::shapes::PackageGroupDescription;

pub(crate) struct UpdatePackageGroupOriginConfiguration;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
    changes: GroupRestrictionChanges,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_group: PackageGroupDescription,
    allowed_repository_updates: Updates,
}

/// By type of restriction, by `ADDED` or `REMOVED`: the names of repositories.
type Updates = BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>;

impl Operation for UpdatePackageGroupOriginConfiguration {
    const NAME: &'static str = "UpdatePackageGroupOriginConfiguration";
    const ROUTE: Route = put("/v1/package-group-origin-configuration");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Query);
        let modes = read_modes(p);
        let add = read_repositories(p, "addAllowedRepositories");
        let remove = read_repositories(p, "removeAllowedRepositories");
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
            changes: GroupRestrictionChanges {
                modes: modes?,
                add: add?,
                remove: remove?,
            },
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            pattern,
            changes,
        } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let (group, updates) = ctx
            .catalog
            .update_package_group_origin_configuration(&ctx.caller, &domain, &pattern, changes)
            .await?;
        Ok(Output {
            package_group: (&group).into(),
            allowed_repository_updates: told(&updates),
        })
    }
}

fn told(updates: &AllowedRepositoryUpdates) -> Updates {
    let mut told = Updates::new();
    for (kind, list) in [("ADDED", &updates.added), ("REMOVED", &updates.removed)] {
        for (restriction, name) in list {
            let of_type = told.entry(restriction.as_str()).or_default();
            of_type.entry(kind).or_default().push(name.to_string());
        }
    }
    told
}

fn read_modes(p: &mut Params) -> Read<Vec<(GroupRestrictionType, GroupRestrictionMode)>> {
    let Some(entries) = p.map(body("restrictions"), usize::MAX)? else {
        return Ok(Vec::new());
    };
    let modes: Vec<_> = entries
        .iter()
        .map(|(key, value)| {
            let restriction = GroupRestrictionType::parse(key).ok_or_else(|| {
                let words = GroupRestrictionType::ALL.map(GroupRestrictionType::as_str);
                p.violation(
                    "restrictions",
                    Some(key.clone()),
                    Constraint::OneOf(words.into()),
                )
            });
            let words = GroupRestrictionMode::ALL.map(GroupRestrictionMode::as_str);
            let path = format!("restrictions.{key}.member");
            let mode = p.part_text(&path, value, one_of(GroupRestrictionMode::parse, words));
            Ok((restriction?, mode?))
        })
        .collect();
    modes.into_iter().collect()
}

fn read_repositories(p: &mut Params, member: &'static str) -> Read<Vec<AllowedRepository>> {
    let Some(items) = p.list(body(member), usize::MAX)? else {
        return Ok(Vec::new());
    };
    let repositories: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let path = format!("{member}.{}.member", index + 1);
            let words = GroupRestrictionType::ALL.map(GroupRestrictionType::as_str);
            let of_type = one_of(GroupRestrictionType::parse, words);
            let name = p.item_text(&path, item, "repositoryName", RepositoryName::parse);
            let restriction = p.item_text(&path, item, "originRestrictionType", of_type);
            Ok((restriction?, name?))
        })
        .collect();
    repositories.into_iter().collect()
}
