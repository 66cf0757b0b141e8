//! What calls about several versions answer.

use std::collections::BTreeMap;

use model::VersionOutcome;
use serde::Serialize;

/// `successfulVersions` and `failedVersions`. Both are there even when they are empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionOutcomeMaps {
    successful_versions: BTreeMap<String, SuccessfulPackageVersionInfo>,
    failed_versions: BTreeMap<String, PackageVersionError>,
}

/// `SuccessfulPackageVersionInfo`.
#[derive(Debug, Serialize)]
struct SuccessfulPackageVersionInfo {
    revision: String,
    status: &'static str,
}

/// `PackageVersionError`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageVersionError {
    error_code: &'static str,
    error_message: String,
}

impl From<VersionOutcome> for VersionOutcomeMaps {
    fn from(outcome: VersionOutcome) -> Self {
        let successful = outcome.successful.into_iter().map(|(version, success)| {
            let info = SuccessfulPackageVersionInfo {
                revision: success.revision,
                status: success.status.as_str(),
            };
            (version.to_string(), info)
        });
        let failed = outcome.failed.into_iter().map(|(version, failed)| {
            let error = PackageVersionError {
                error_code: failed.code.as_str(),
                error_message: failed.message,
            };
            (version.to_string(), error)
        });
        Self {
            successful_versions: successful.collect(),
            failed_versions: failed.collect(),
        }
    }
}
