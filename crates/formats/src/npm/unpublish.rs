//! `npm unpublish`: what it deletes are package versions, as DeletePackageVersions would.
//!
//! For a whole package the client deletes the document at the revision it read. For one version it sends the document
//! back without that version, and then deletes the tarball, which is gone by then.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Action, Error, InvalidReason, PackageCoordinates, ResourceType, Result, VersionName};
use serde_json::json;

use super::name::display_name;
use super::overview::Overview;
use super::publication::PublishDocument;
use crate::kit::body::{Body, read_all};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Permission, Reply, Subject};

const DELETE_VERSIONS: &[Action] = &[Action::of("DeletePackageVersions")];
const DELETE_PACKAGE: &[Action] = &[Action::of("DeletePackage")];

/// `DELETE {name}/-rev/{revision}`
pub(super) struct DeletePackage {
    pub(super) package: PackageCoordinates,
    pub(super) revision: String,
}

impl Endpoint for DeletePackage {
    fn label(&self) -> &'static str {
        "delete-package"
    }

    fn permission(&self) -> Permission {
        Permission::on(DELETE_PACKAGE, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            Overview::of(&cx, &self.package)
                .await?
                .check_revision(&self.package, &self.revision)?;
            cx.catalog
                .delete_all_versions(&cx.grant, &self.package)
                .await?;
            Ok(done())
        })
    }
}

/// `PUT {name}/-rev/{revision}`
pub(super) struct ReplacePackage {
    pub(super) package: PackageCoordinates,
    pub(super) revision: String,
}

impl Endpoint for ReplacePackage {
    fn label(&self) -> &'static str {
        "replace-package"
    }

    fn permission(&self) -> Permission {
        Permission::on(DELETE_VERSIONS, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Self { package, revision } = *self;
            let body = read_all(body, cx.limits.document_bytes).await?;
            let overview = Overview::of(&cx, &package).await?;
            overview.check_revision(&package, &revision)?;
            let asked = package.clone();
            let kept = tokio::task::spawn_blocking(move || kept_versions(&asked, &body));
            let kept = kept.await.map_err(Error::internal)??;
            let removed: Vec<&String> = overview
                .versions
                .keys()
                .filter(|version| !kept.contains(*version))
                .collect();
            let held: HashSet<VersionName> = cx
                .catalog
                .list_own_versions(&cx.grant, &package)
                .await?
                .into_iter()
                .collect();
            let removed = removed
                .into_iter()
                .map(|version| {
                    let held = VersionName::parse(version)
                        .ok()
                        .filter(|version| held.contains(version));
                    held.ok_or_else(|| not_held(&package, version))
                })
                .collect::<Result<Vec<_>>>()?;
            if !removed.is_empty() {
                cx.catalog
                    .delete_versions(&cx.grant, &package, removed)
                    .await?;
            }
            Ok(done())
        })
    }
}

/// The versions that a document keeps.
fn kept_versions(package: &PackageCoordinates, body: &[u8]) -> Result<HashSet<String>> {
    let refuse = |reason: &str| {
        Error::invalid(
            InvalidReason::CannotParse,
            format!("The document cannot be used: {reason}."),
        )
    };
    let text = std::str::from_utf8(body).map_err(|_| refuse("it is not UTF-8"))?;
    let document = PublishDocument::read(text)?;
    document.check_name(package)?;
    // `npm owner` sends such a document to the same address.
    let versions = document.versions.ok_or_else(|| {
        refuse("it has no versions. Owners of packages are not kept here; rights are given by policies")
    })?;
    if versions.0.is_empty() {
        return Err(refuse("it keeps no version. Delete the package instead"));
    }
    Ok(versions
        .0
        .into_iter()
        .map(|(version, _)| version.into_owned())
        .collect())
}

/// What is changed must be held by the repository that is spoken to.
pub(super) fn not_held(package: &PackageCoordinates, version: &str) -> Error {
    let message = format!(
        "Version '{version}' of package '{}' is not held by this repository itself. If it comes from an upstream \
         repository, it can only be changed there.",
        display_name(package)
    );
    Error::conflict(ResourceType::PackageVersion, version, message)
}

/// `DELETE {name}/-/{file}/-rev/{revision}`: npm's last step. The tarball went with its version.
pub(super) struct DeleteTarball {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
}

impl Endpoint for DeleteTarball {
    fn label(&self) -> &'static str {
        "delete-tarball"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn permission(&self) -> Permission {
        Permission::on(DELETE_VERSIONS, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let overview = Overview::of(&cx, &self.package).await?;
            if overview.versions.contains_key(self.version.as_str()) {
                let message = format!(
                    "The tarball of {}@{} cannot be deleted while the version is there. Unpublish the version.",
                    display_name(&self.package),
                    self.version
                );
                return Err(Error::conflict(
                    ResourceType::PackageVersion,
                    self.version.as_str(),
                    message,
                ));
            }
            Ok(done())
        })
    }
}

fn done() -> Reply {
    json_reply(StatusCode::OK, &json!({ "ok": true })).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::name::read_segments;

    #[test]
    fn documents_that_keep_nothing_or_say_nothing_of_versions_are_refused() {
        let package = read_segments(&["a"]).unwrap().0;
        let kept = kept_versions(&package, br#"{"name":"a","versions":{"1.0.0":{}}}"#).unwrap();
        assert_eq!(kept, HashSet::from(["1.0.0".to_owned()]));
        for bad in [
            &br#"{"name":"a","versions":{}}"#[..],
            br#"{"_id":"a","maintainers":[]}"#,
            br#"{"name":"b"}"#,
            b"\xff",
        ] {
            assert!(kept_versions(&package, bad).is_err());
        }
    }
}
