//! `PUT api/v2/package`: pushing a package, as `nuget push` and `dotnet nuget push` do ("Package publish and unlist" in the NuGet
//! Server API): as the first part of a form, or as the bare body, often in chunks and to an address with a slash behind it.
//!
//! Only the package itself says which one it is, and says it anywhere inside. So it is staged first, by whoever may at least
//! read the repository, and looked into; then the right to publish that package is asked for, and only then is it kept.

use bytes::Bytes;
use catalog::{AssetAddition, Stage, Staged};
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use model::{Action, Error, InvalidReason, ResourceType, Result};

use super::package_file::{PackageFile, asset_name, refusal};
use crate::kit::body::{Body, Response, announced_bytes, drain, full, next_chunk, too_large};
use crate::kit::multipart::{Event, FormScanner};
use crate::{Context, Endpoint, Permission, Reply, Told};

/// The bytes of a form beside the package.
const FORM_BYTES: usize = 64 << 10;
/// Packages of symbols say so among their types.
const SYMBOLS: &str = "SymbolsPackage";

/// A push.
pub(super) struct Push {
    /// Where the package comes as the part of a form.
    form: Option<FormScanner>,
    announced_bytes: Option<u64>,
}

impl Push {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.to_ascii_lowercase().starts_with("multipart/")
        });
        Ok(Self {
            form: is_form.then(|| FormScanner::of(headers)).transpose()?,
            announced_bytes: announced_bytes(headers),
        })
    }
}

impl Endpoint for Push {
    fn label(&self) -> &'static str {
        "push"
    }

    fn permission(&self) -> Permission {
        // The right to publish is one on the package, which is not known before its last byte.
        const EITHER: &[Action] = &[
            Action::PUBLISH_PACKAGE_VERSION,
            Action::READ_FROM_REPOSITORY,
        ];
        Permission {
            actions: EITHER,
            package: None,
        }
    }

    fn run(mut self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            // Who pushes has read the service index: CodeArtifact asks for both rights.
            let (caller, read) = (cx.caller().clone(), Action::READ_FROM_REPOSITORY);
            let may_read = cx
                .catalog
                .grant(caller, read, &cx.domain, &cx.repository, None);
            if let Err(error) = may_read.await {
                drain(body).await;
                return Err(error);
            }
            let staged = match self.receive(&cx, &mut body).await {
                Ok(staged) => staged,
                Err(error) => {
                    drain(body).await;
                    return Err(error);
                }
            };
            publish(&cx, staged).await
        })
    }
}

impl Push {
    async fn receive(&mut self, cx: &Context, body: &mut Body) -> Result<Staged> {
        let quota = cx.catalog.settings().quotas.asset_size_bytes;
        let limit_bytes = quota.saturating_add(FORM_BYTES as u64);
        if self
            .announced_bytes
            .is_some_and(|length| length > limit_bytes)
        {
            return Err(too_large(limit_bytes));
        }
        let mut receiving = Receiving {
            stage: cx.catalog.stage().await?,
            limit_bytes: quota,
        };
        match &mut self.form {
            None => {
                while let Some(bytes) = next_chunk(body).await? {
                    receiving.write(bytes).await?;
                }
            }
            Some(form) => receive_form(form, body, &mut receiving).await?,
        }
        if receiving.stage.written_bytes() == 0 {
            return Err(refuse("The request has no package in it."));
        }
        receiving.stage.finish().await.map_err(Error::internal)
    }
}

/// Takes the package out of a form. Its part may have any name; whatever else is there is small and not looked at.
async fn receive_form(
    form: &mut FormScanner,
    body: &mut Body,
    receiving: &mut Receiving,
) -> Result<()> {
    let mut left_bytes = FORM_BYTES;
    let (mut has_package, mut is_package) = (false, false);
    loop {
        match form.next(body).await? {
            Event::Part(head) => {
                is_package = head.file_name.is_some() || head.name == "package";
                if is_package && std::mem::replace(&mut has_package, true) {
                    return Err(refuse("The form has more than one package in it."));
                }
            }
            Event::Content(bytes) if is_package => receiving.write(bytes).await?,
            Event::Content(bytes) => {
                left_bytes = left_bytes
                    .checked_sub(bytes.len())
                    .ok_or_else(|| too_large(FORM_BYTES as u64))?;
            }
            Event::PartEnd => is_package = false,
            Event::End => break,
        }
    }
    form.finish(body).await
}

struct Receiving {
    stage: Stage,
    limit_bytes: u64,
}

impl Receiving {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        if self.stage.written_bytes() + bytes.len() as u64 > self.limit_bytes {
            let message = format!("A package can have at most {} bytes.", self.limit_bytes);
            return Err(Error::quota_exceeded(
                ResourceType::Asset,
                "package",
                message,
            ));
        }
        self.stage.write(bytes).await.map_err(Error::internal)
    }
}

async fn publish(cx: &Context, staged: Staged) -> Result<Reply> {
    let mut bytes = staged.bytes();
    let read = tokio::task::spawn_blocking(move || PackageFile::read(&mut bytes));
    let found = read.await.map_err(Error::internal)?;
    let found = found.map_err(|fault| refusal(&fault))?;
    if found
        .facts
        .types()
        .any(|kind| kind.eq_ignore_ascii_case(SYMBOLS))
    {
        return Err(refuse(
            "Packages of symbols (.snupkg) are not kept here. Push the package itself; with '--no-symbols' clients do \
             not try.",
        ));
    }
    let names = found
        .version
        .name()
        .zip(asset_name(&found.package, &found.version));
    let Some((version, asset)) = names else {
        return Err(refuse(
            "The id and the version of the package are too long together.",
        ));
    };
    let grant = cx
        .grant_for(Action::PUBLISH_PACKAGE_VERSION, &found.package)
        .await?;
    let addition = AssetAddition {
        package: found.package.clone(),
        version,
        asset,
        staged,
        metadata: None,
        is_finished: true,
    };
    let added = cx.catalog.add_asset(&grant, addition).await?;
    let told = Told {
        action: Action::PUBLISH_PACKAGE_VERSION,
        package: Some(found.package),
        version: Some(added.version),
    };
    let mut response = Response::new(full("The package was pushed.\n"));
    *response.status_mut() = StatusCode::CREATED;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response.extensions_mut().insert(told);
    Ok(response.into())
}

fn refuse(message: &str) -> Error {
    Error::invalid(InvalidReason::FieldValidation, message)
}
