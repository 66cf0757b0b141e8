//! `-/package/{name}/dist-tags`: what `npm dist-tag` speaks.

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Action, Error, InvalidReason, PackageCoordinates, ResourceType, Result, VersionName};
use serde_json::json;

use super::name::display_name;
use super::overview::Overview;
use super::{LATEST, tag};
use crate::kit::body::{Body, read_all};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Permission, Reply, Subject};

const WRITE: &[Action] = &[Action::PUT_PACKAGE_METADATA];
/// A version in quotes.
const BODY_BYTES: usize = 4096;

/// `GET -/package/{name}/dist-tags`
pub(super) struct ListTags {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ListTags {
    fn label(&self) -> &'static str {
        "list-dist-tags"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let overview = Overview::of(&cx, &self.package).await?;
            Ok(json_reply(StatusCode::OK, &json!(overview.tags)).into())
        })
    }
}

/// `PUT -/package/{name}/dist-tags/{tag}`
pub(super) struct SetTag {
    pub(super) package: PackageCoordinates,
    pub(super) tag: String,
}

impl Endpoint for SetTag {
    fn label(&self) -> &'static str {
        "set-dist-tag"
    }

    fn permission(&self) -> Permission {
        Permission::on(WRITE, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let body = read_all(body, BODY_BYTES).await?;
            tag::check(&self.tag)?;
            let version = serde_json::from_slice::<String>(&body)
                .ok()
                .and_then(|text| VersionName::parse(&text).ok());
            let version = version.ok_or_else(|| {
                let message = "The body of the request must be a version as a JSON string, such as \"1.0.0\".";
                Error::invalid(InvalidReason::CannotParse, message)
            })?;
            cx.catalog
                .set_tag(&cx.grant, &self.package, &self.tag, &version)
                .await?;
            Ok(json_reply(StatusCode::OK, &json!({ "ok": true })).into())
        })
    }
}

/// `DELETE -/package/{name}/dist-tags/{tag}`
pub(super) struct RemoveTag {
    pub(super) package: PackageCoordinates,
    pub(super) tag: String,
}

impl Endpoint for RemoveTag {
    fn label(&self) -> &'static str {
        "remove-dist-tag"
    }

    fn permission(&self) -> Permission {
        Permission::on(WRITE, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            if self.tag == LATEST {
                let message = format!(
                    "The tag 'latest' of '{}' cannot be removed: clients need it. Set it to another version instead.",
                    display_name(&self.package)
                );
                return Err(Error::conflict(
                    ResourceType::Package,
                    self.package.name.as_str(),
                    message,
                ));
            }
            cx.catalog
                .remove_tag(&cx.grant, &self.package, &self.tag)
                .await?;
            Ok(json_reply(StatusCode::OK, &json!({ "ok": true })).into())
        })
    }
}
