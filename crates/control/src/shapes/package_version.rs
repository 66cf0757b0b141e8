//! Package versions.

use model::Origin;
use serde::Serialize;

/// `PackageVersionOrigin`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageVersionOrigin {
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_entry_point: Option<DomainEntryPoint>,
    origin_type: &'static str,
}

/// Where a version entered the domain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum DomainEntryPoint {
    RepositoryName(String),
    ExternalConnectionName(String),
}

impl PackageVersionOrigin {
    pub(crate) fn of(origin: &Origin) -> Self {
        let entry_point = match origin {
            Origin::Internal(name) => Some(DomainEntryPoint::RepositoryName(name.to_string())),
            Origin::External(name) => {
                Some(DomainEntryPoint::ExternalConnectionName(name.to_string()))
            }
            Origin::Unknown => None,
        };
        Self {
            domain_entry_point: entry_point,
            origin_type: origin.origin_type().as_str(),
        }
    }
}
