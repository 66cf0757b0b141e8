//! `DELETE` and `POST api/v2/package/{id}/{version}`: taking a version out of what clients find, and putting it back ("Package
//! publish and unlist" in the NuGet Server API).
//!
//! Nothing is deleted: projects that use a version go on restoring it. For good, the API deletes.

use catalog::VersionSelection;
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{
    Action, Error, PackageCoordinates, PackageVersionErrorCode, PackageVersionStatus, ResourceType,
    Result, VersionName,
};

use super::id::package_of_segment;
use super::version::Version;
use crate::kit::body::{Body, Response, drain, empty};
use crate::{Context, Endpoint, Permission, Reply, Subject};

const UPDATE: &[Action] = &[Action::of("UpdatePackageVersionsStatus")];

/// A version that is to be found, or not.
pub(super) struct ChangeListing {
    package: PackageCoordinates,
    version: VersionName,
    listed: bool,
}

impl ChangeListing {
    pub(super) fn parse(id: &str, version: &str, listed: bool) -> Result<Self> {
        let name = Version::parse(version).and_then(|read| read.name());
        let Some(version) = name else {
            let message = format!("There is no version '{version}'.");
            let kind = ResourceType::PackageVersion;
            return Err(Error::not_found(kind, version, message));
        };
        Ok(Self {
            package: package_of_segment(id)?,
            version,
            listed,
        })
    }

    /// Gives the version a status, where it has an expected one. Why not, if not.
    async fn set(
        &self,
        cx: &Context,
        from: PackageVersionStatus,
        to: PackageVersionStatus,
    ) -> Result<Option<PackageVersionErrorCode>> {
        let selection = VersionSelection {
            versions: [(self.version.clone(), None)].into(),
            expected_status: Some(from),
        };
        let outcome = cx
            .catalog
            .update_package_versions_status(
                cx.caller(),
                &cx.domain,
                &cx.repository,
                &self.package,
                selection,
                to,
            )
            .await?;
        let refused = outcome.failed.into_values().next();
        Ok(refused.map(|failed| failed.code))
    }

    async fn change(&self, cx: &Context) -> Result<()> {
        let (from, to) = if self.listed {
            (
                PackageVersionStatus::Unlisted,
                PackageVersionStatus::Published,
            )
        } else {
            (
                PackageVersionStatus::Published,
                PackageVersionStatus::Unlisted,
            )
        };
        let mut refused = self.set(cx, from, to).await?;
        if refused == Some(PackageVersionErrorCode::MismatchedStatus) {
            // It is as it is to be, or it is none of the two: then clients do not see it at all.
            refused = self.set(cx, to, to).await?;
        }
        match refused {
            None => Ok(()),
            Some(_) => {
                let message = format!(
                    "Version {} of package '{}' is not held by this repository.",
                    self.version, self.package.name
                );
                let kind = ResourceType::PackageVersion;
                Err(Error::not_found(kind, self.version.as_str(), message))
            }
        }
    }
}

impl Endpoint for ChangeListing {
    fn label(&self) -> &'static str {
        if self.listed { "relist" } else { "unlist" }
    }

    fn permission(&self) -> Permission {
        Permission::on(UPDATE, self.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            drain(body).await;
            self.change(&cx).await?;
            let mut response = Response::new(empty());
            *response.status_mut() = if self.listed {
                StatusCode::OK
            } else {
                StatusCode::NO_CONTENT
            };
            Ok(response.into())
        })
    }
}
