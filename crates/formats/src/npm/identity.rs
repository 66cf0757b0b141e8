//! Who am I, and is anybody there: `npm whoami`, `npm profile get`, `npm ping`.

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::Result;
use serde_json::json;

use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply};

/// `GET -/ping`, and the bare address. Needs the right to read, so it tells whether a token works.
pub(super) struct Ping;

impl Endpoint for Ping {
    fn label(&self) -> &'static str {
        "ping"
    }

    fn run(self: Box<Self>, _: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async { Ok(json_reply(StatusCode::OK, &json!({})).into()) })
    }
}

/// `GET -/whoami`
pub(super) struct WhoAmI;

impl Endpoint for WhoAmI {
    fn label(&self) -> &'static str {
        "whoami"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            Ok(json_reply(
                StatusCode::OK,
                &json!({ "username": cx.caller().to_string() }),
            )
            .into())
        })
    }
}

/// `GET -/npm/v1/user`
pub(super) struct ReadProfile;

impl Endpoint for ReadProfile {
    fn label(&self) -> &'static str {
        "read-profile"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let profile = json!({ "name": cx.caller().to_string(), "email": "", "email_verified": false, "tfa": false });
            Ok(json_reply(StatusCode::OK, &profile).into())
        })
    }
}
