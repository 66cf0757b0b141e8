//! What `gem signin` asks for. Keys are tokens here: who shows one gets the same back, to be kept by the client.

use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use model::Result;

use super::index::TEXT;
use crate::kit::body::Body;
use crate::kit::credentials::token;
use crate::kit::page_reply::page_reply;
use crate::{Context, Endpoint, Reply};

const YAML: HeaderValue = HeaderValue::from_static("application/x-yaml");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How the key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyForm {
    Text,
    Yaml,
    Json,
}

/// `GET api/v1/api_key`, and `POST`, which later versions use
pub(super) struct ReadKey(pub(super) KeyForm);

impl Endpoint for ReadKey {
    fn label(&self) -> &'static str {
        "read-key"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let key = token(&cx.headers)?.unwrap_or_default();
            let key = key.trim();
            let (content_type, text) = match self.0 {
                KeyForm::Text => (TEXT, key.to_owned()),
                KeyForm::Yaml => (YAML, format!("---\n:rubygems_api_key: {key}\n")),
                KeyForm::Json => {
                    let json = serde_json::json!({ "rubygems_api_key": key });
                    (JSON, json.to_string())
                }
            };
            Ok(page_reply(&cx.method, content_type, text).into())
        })
    }
}

/// `GET api/v1/profile/me.yaml`: whether a second factor is asked for.
pub(super) struct ReadProfile;

impl Endpoint for ReadProfile {
    fn label(&self) -> &'static str {
        "read-profile"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        let text = "---\nid: 1\nhandle: aws\nmfa: disabled\n";
        Box::pin(std::future::ready(Ok(
            page_reply(&cx.method, YAML, text).into()
        )))
    }
}
