//! `gem owner`. Gems have no owners here: rights are given by policies, and that is the answer.

use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use model::{Action, Error, InvalidReason, PackageCoordinates, Result};

use crate::kit::body::Body;
use crate::kit::page_reply::page_reply;
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// `GET api/v1/gems/{gem}/owners.yaml` and `.json`
pub(super) struct ReadOwners(pub(super) PackageCoordinates);

impl Endpoint for ReadOwners {
    fn label(&self) -> &'static str {
        "read-owners"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.0)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        // The empty list, in JSON and in YAML.
        let json = HeaderValue::from_static("application/json");
        Box::pin(std::future::ready(Ok(
            page_reply(&cx.method, json, "[]").into()
        )))
    }
}

/// `POST` and `DELETE api/v1/gems/{gem}/owners`
pub(super) struct ChangeOwners(pub(super) PackageCoordinates);

impl Endpoint for ChangeOwners {
    fn label(&self) -> &'static str {
        "change-owners"
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission::on(PUBLISH, self.0.clone())
    }

    fn run(self: Box<Self>, _: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        let message = "Owners of gems are not kept here. Who may publish is said by policies: see \
            PutRepositoryPermissionsPolicy.";
        let refused = Error::invalid(InvalidReason::Other, message);
        Box::pin(std::future::ready(Err(refused)))
    }
}
