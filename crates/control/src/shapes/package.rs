//! Packages.

use model::{Namespace, OriginRestrictions, Package};
use serde::Serialize;

/// `PackageSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageSummary {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    origin_configuration: PackageOriginConfiguration,
}

/// `PackageOriginConfiguration`.
#[derive(Debug, Serialize)]
pub(crate) struct PackageOriginConfiguration {
    restrictions: PackageOriginRestrictions,
}

/// `PackageOriginRestrictions`.
#[derive(Debug, Serialize)]
struct PackageOriginRestrictions {
    publish: &'static str,
    upstream: &'static str,
}

impl From<OriginRestrictions> for PackageOriginConfiguration {
    fn from(restrictions: OriginRestrictions) -> Self {
        Self {
            restrictions: PackageOriginRestrictions {
                publish: restrictions.publish.as_str(),
                upstream: restrictions.upstream.as_str(),
            },
        }
    }
}

impl From<&Package> for PackageSummary {
    fn from(package: &Package) -> Self {
        let coordinates = &package.coordinates;
        Self {
            format: coordinates.format.as_str(),
            namespace: coordinates.namespace.as_ref().map(Namespace::to_string),
            package: coordinates.name.to_string(),
            origin_configuration: package.restrictions.into(),
        }
    }
}
