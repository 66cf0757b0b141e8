//! Package groups.

use std::collections::BTreeMap;

use model::{GroupRestriction, PackageGroup, PackageGroupReference as Reference, Page};
use serde::Serialize;

use crate::protocol::page_token::Cursor;

/// `PackageGroupDescription`, and `PackageGroupSummary`, which is the same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageGroupDescription {
    arn: String,
    pattern: String,
    domain_name: String,
    domain_owner: String,
    created_time: f64,
    contact_info: String,
    description: String,
    origin_configuration: PackageGroupOriginConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<PackageGroupReference>,
}

#[derive(Debug, Serialize)]
struct PackageGroupOriginConfiguration {
    /// Always all three types.
    restrictions: BTreeMap<&'static str, PackageGroupOriginRestriction>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageGroupOriginRestriction {
    mode: &'static str,
    effective_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inherited_from: Option<PackageGroupReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories_count: Option<usize>,
}

#[derive(Debug, Serialize)]
struct PackageGroupReference {
    arn: String,
    pattern: String,
}

impl From<&Reference> for PackageGroupReference {
    fn from(reference: &Reference) -> Self {
        Self {
            arn: reference.arn.to_string(),
            pattern: reference.pattern.to_string(),
        }
    }
}

impl From<&GroupRestriction> for PackageGroupOriginRestriction {
    fn from(restriction: &GroupRestriction) -> Self {
        Self {
            mode: restriction.mode.as_str(),
            effective_mode: restriction.effective_mode.as_str(),
            inherited_from: restriction.inherited_from.as_ref().map(Into::into),
            repositories_count: restriction.repositories_count,
        }
    }
}

impl From<&PackageGroup> for PackageGroupDescription {
    fn from(group: &PackageGroup) -> Self {
        let restrictions = group.restrictions.iter();
        Self {
            arn: group.arn.to_string(),
            pattern: group.pattern.to_string(),
            domain_name: group.domain.name.to_string(),
            domain_owner: group.domain.owner.to_string(),
            created_time: group.created_at.as_seconds(),
            contact_info: group.contact_info.clone(),
            description: group.description.clone(),
            origin_configuration: PackageGroupOriginConfiguration {
                restrictions: restrictions
                    .map(|one| (one.restriction.as_str(), one.into()))
                    .collect(),
            },
            parent: group.parent.as_ref().map(Into::into),
        }
    }
}

/// One page of package groups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageGroupPage {
    package_groups: Vec<PackageGroupDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl PackageGroupPage {
    pub(crate) fn of(page: Page<PackageGroup>, cursor: &Cursor) -> Self {
        Self {
            package_groups: page.items.iter().map(Into::into).collect(),
            next_token: cursor.next_token(page.next),
        }
    }
}
