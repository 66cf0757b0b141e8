//! `DELETE api/v1/crates/{crate}/{version}/yank` and `PUT .../unyank`.
//!
//! A yanked version is one whose status is Unlisted: nobody who has not chosen it before gets it, and whoever has it in a
//! lock file does. So it takes the right to set statuses, and only versions that the repository itself holds have one.

use catalog::VersionSelection;
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{
    Action, Error, PackageCoordinates, PackageVersionStatus, ResourceType, Result, VersionName,
};
use serde_json::json;

use super::name::crate_of_segment;
use super::version::version_of_segment;
use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// A yank, or what takes it back.
pub(super) struct SetYanked {
    package: PackageCoordinates,
    version: VersionName,
    yanked: bool,
}

impl SetYanked {
    pub(super) fn of(package: &str, version: &str, yanked: bool) -> Result<Self> {
        Ok(Self {
            package: crate_of_segment(package)?,
            version: version_of_segment(version)?,
            yanked,
        })
    }
}

impl Endpoint for SetYanked {
    fn label(&self) -> &'static str {
        if self.yanked { "yank" } else { "unyank" }
    }

    fn permission(&self) -> Permission {
        const SET_STATUS: &[Action] = &[Action::of("UpdatePackageVersionsStatus")];
        Permission::on(SET_STATUS, self.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Self {
                package,
                version,
                yanked,
            } = *self;
            let held = cx
                .catalog
                .held_assets(&cx.grant, &package, &version)
                .await?;
            // What is archived or disposed of must not come back by this.
            let status = held
                .map(|(status, _)| status)
                .filter(|status| status.is_downloadable());
            let Some(status) = status else {
                return Err(not_held(&package, &version));
            };
            let target = if yanked {
                PackageVersionStatus::Unlisted
            } else {
                PackageVersionStatus::Published
            };
            let selection = VersionSelection {
                versions: [(version.clone(), None)].into(),
                expected_status: Some(status),
            };
            let outcome = cx
                .catalog
                .update_package_versions_status(
                    cx.caller(),
                    &cx.domain,
                    &cx.repository,
                    &package,
                    selection,
                    target,
                )
                .await?;
            if let Some((_, failed)) = outcome.failed.first_key_value() {
                let (id, message) = (version.as_str(), failed.message.clone());
                return Err(Error::conflict(ResourceType::PackageVersion, id, message));
            }
            Ok(json_reply(StatusCode::OK, &json!({ "ok": true })).into())
        })
    }
}

fn not_held(package: &PackageCoordinates, version: &VersionName) -> Error {
    let message = format!(
        "Version {version} of crate '{}' is not held by this repository itself. What comes from an upstream repository is \
         yanked there, and what comes from the public index follows it.",
        package.name
    );
    Error::not_found(ResourceType::PackageVersion, version.as_str(), message)
}
