//! `GET identifiers?url=`: the packages that come from a source repository ("Lookup package identifiers registered for a
//! URL" in the registry specification, section 4.5).
//!
//! Publishers say where their source is, in the metadata of a release; what the newest listed release says counts. The
//! address is compared and never asked.

use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Error, InvalidReason, ResourceType, Result};
use serde_json::json;

use super::ID;
use super::name::plain_identity;
use super::release_metadata;
use super::repository_url::{ADDRESS_BYTES, normalized};
use super::version_metadata::VersionMetadata;
use crate::kit::body::{Body, empty};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply};

/// Packages read at once.
const PAGE: usize = 500;
/// Packages looked at for one request: bounds its cost.
const LOOKED_AT: usize = 5_000;

/// `GET identifiers?url=`
pub(super) struct FindIdentifiers {
    url: String,
}

impl FindIdentifiers {
    pub(super) fn read(url: Option<&str>) -> Result<Self> {
        let url = url.map(str::trim).filter(|url| !url.is_empty());
        match url {
            Some(url) if url.len() <= ADDRESS_BYTES => Ok(Self {
                url: url.to_owned(),
            }),
            _ => {
                let message = "The parameter 'url' has to be the address of a source repository.";
                Err(Error::invalid(InvalidReason::FieldValidation, message))
            }
        }
    }
}

impl Endpoint for FindIdentifiers {
    fn label(&self) -> &'static str {
        "find-identifiers"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let found = match normalized(&self.url) {
                Some(asked) => find(&cx, &asked).await?,
                None => Vec::new(),
            };
            if found.is_empty() {
                let message = "No package here says that it comes from this source repository.";
                return Err(Error::not_found(ResourceType::Package, "", message));
            }
            let mut response = json_reply(StatusCode::OK, &json!({ "identifiers": found }));
            if cx.method == http::Method::HEAD {
                *response.body_mut() = empty();
            }
            Ok(response.into())
        })
    }
}

async fn find(cx: &Context, asked: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for skip in (0..LOOKED_AT).step_by(PAGE) {
        let hits = cx
            .catalog
            .search_packages(&cx.grant, ID, &[], skip, PAGE)
            .await?;
        let is_last = hits.len() < PAGE;
        for hit in hits {
            let held = VersionMetadata::read(hit.metadata.as_bytes());
            let mut addresses = release_metadata::repositories(&held.metadata);
            if addresses.any(|address| normalized(address).as_deref() == Some(asked)) {
                found.push(match held.identity.as_str() {
                    "" => plain_identity(&hit.package),
                    said => said.to_owned(),
                });
            }
        }
        if is_last {
            break;
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
