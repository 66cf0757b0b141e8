//! `npm access`: what can be said of rights, which live in policies and not in packages.

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Action, PackageCoordinates, Result};
use serde_json::json;

use super::overview::Overview;
use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply, Subject};

/// `GET -/package/{name}/visibility`, `.../access`: nothing here is public, every request needs a token.
pub(super) struct ReadVisibility {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ReadVisibility {
    fn label(&self) -> &'static str {
        "read-visibility"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            Overview::of(&cx, &self.package).await?;
            Ok(json_reply(StatusCode::OK, &json!({ "public": false })).into())
        })
    }
}

/// `GET -/package/{name}/collaborators`: who asks, and what they may do. Others' rights are not theirs to see.
pub(super) struct ListCollaborators {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ListCollaborators {
    fn label(&self) -> &'static str {
        "list-collaborators"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            Overview::of(&cx, &self.package).await?;
            let right = if cx
                .may(Action::PUBLISH_PACKAGE_VERSION, &self.package)
                .await?
            {
                "write"
            } else {
                "read"
            };
            Ok(json_reply(StatusCode::OK, &json!({ cx.caller().to_string(): right })).into())
        })
    }
}
