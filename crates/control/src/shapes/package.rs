//! Packages.

use model::OriginRestrictions;
use serde::Serialize;

/// `PackageOriginConfiguration`.
#[derive(Debug, Serialize)]
pub(crate) struct PackageOriginConfiguration {
    restrictions: PackageOriginRestrictions,
}

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
