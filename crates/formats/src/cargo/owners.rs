//! `api/v1/crates/{crate}/owners`: who owns a crate. Crates have no owners of their own here: they are the domain's, and
//! policies say who may do what.

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Error, InvalidReason, PackageCoordinates, Result};
use serde_json::json;

use super::{Variant, render};
use crate::kit::body::{Body, drain};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply, Subject};

/// `GET .../owners`
pub(super) struct ListOwners {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ListOwners {
    fn label(&self) -> &'static str {
        "list-owners"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            // Of what is not there nobody is the owner.
            let (number, plain) = (Variant::Index.number(), catalog::Encoding::Identity);
            cx.catalog
                .document(&cx.grant, &self.package, number, &cx.base, plain, render)
                .await?;
            let answer = json!({
                "users": [{
                    // Accounts have twelve digits; Cargo reads no more than nine.
                    "id": 0,
                    "login": cx.domain.owner.as_str(),
                    "name": format!("Account {}, owner of the domain {}", cx.domain.owner, cx.domain.name),
                }],
            });
            Ok(json_reply(StatusCode::OK, &answer).into())
        })
    }
}

/// `PUT .../owners` and `DELETE .../owners`
pub(super) struct ChangeOwners {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ChangeOwners {
    fn label(&self) -> &'static str {
        "change-owners"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, _: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            drain(body).await;
            Err(Error::invalid(
                InvalidReason::Other,
                "Crates have no owners of their own here. Who may publish or yank a crate is said by the policies of the \
                 domain, of the repository and of the user: grant codeartifact:PublishPackageVersion and \
                 codeartifact:UpdatePackageVersionsStatus on the package.",
            ))
        })
    }
}
