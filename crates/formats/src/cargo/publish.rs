//! `PUT api/v1/crates/new`: publishing a version ("Web API: Publish" in The Cargo Book).
//!
//! The metadata comes first and says which crate it is about; only who may publish that is let on. The crate is staged while
//! it arrives, so memory does not grow with it.

use bytes::Bytes;
use catalog::{NewAsset, Publication, Stage, Staged};
use futures_util::future::BoxFuture;
use http::StatusCode;
use jiff::Timestamp;
use model::{Action, EpochMillis, Error, InvalidReason, PackageCoordinates, ResourceType, Result};
use serde_json::json;

use super::crate_archive::{self, CrateContents};
use super::download::asset_name;
use super::frame::{Frame, Piece};
use super::new_crate::{Checked, NewCrate, Warnings, name_of};
use super::version_metadata;
use crate::kit::body::{Body, announced_bytes, drain, next_chunk, too_large};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, PackageLimits, Permission, Reply, Told};

/// A publish, as far as it has been read.
#[derive(Default)]
pub(super) struct Publish {
    begun: Option<Begun>,
}

struct Begun {
    frame: Frame,
    metadata: Bytes,
    package: PackageCoordinates,
}

impl Endpoint for Publish {
    fn label(&self) -> &'static str {
        "publish"
    }

    fn look_into<'b>(
        &'b mut self,
        body: &'b mut Body,
        limits: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        Box::pin(async move {
            let mut frame = Frame::new(limits.document_bytes);
            while self.begun.is_none() {
                match frame.next()? {
                    Some(Piece::Metadata(metadata)) => {
                        let package = name_of(&metadata)?;
                        self.begun = Some(Begun {
                            frame,
                            metadata,
                            package,
                        });
                        return Ok(());
                    }
                    Some(_) => return Err(Error::internal("a crate came before its metadata")),
                    None => match next_chunk(body).await? {
                        Some(chunk) => frame.feed(&chunk),
                        None => frame.finish()?,
                    },
                }
            }
            Ok(())
        })
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission {
            actions: PUBLISH,
            package: self.begun.as_ref().map(|begun| begun.package.clone()),
        }
    }

    fn run(self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Some(begun) = self.begun else {
                return Err(Error::internal("a publish ran before it was looked into"));
            };
            let Begun {
                frame,
                metadata,
                package,
            } = begun;
            match receive(&cx, &package, frame, &mut body).await {
                Ok(staged) => publish(&cx, metadata, staged).await,
                Err(error) => {
                    drain(body).await;
                    Err(error)
                }
            }
        })
    }
}

/// Reads the crate.
async fn receive(
    cx: &Context,
    package: &PackageCoordinates,
    mut frame: Frame,
    body: &mut Body,
) -> Result<Staged> {
    let limit_bytes = cx.limits.publish_body_bytes;
    if announced_bytes(&cx.headers).is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    let asset_limit = cx
        .catalog
        .settings()
        .quotas
        .asset_size_bytes
        .min(limit_bytes);
    let mut stage: Stage = cx.catalog.stage().await?;
    loop {
        match frame.next()? {
            Some(Piece::Crate(bytes)) => stage.write(bytes).await.map_err(Error::internal)?,
            Some(Piece::CrateBegins(length)) if length > asset_limit => {
                let message =
                    format!("The crate has {length} bytes; the limit is {asset_limit} bytes.");
                let name = package.name.as_str();
                return Err(Error::quota_exceeded(ResourceType::Asset, name, message));
            }
            Some(Piece::CrateBegins(_) | Piece::Metadata(_)) => {}
            None => match next_chunk(body).await? {
                Some(chunk) => frame.feed(&chunk),
                None => break,
            },
        }
    }
    frame.finish()?;
    stage.finish().await.map_err(Error::internal)
}

/// What a publish comes to, once its bytes have been looked at.
struct Examined {
    checked: Checked,
    metadata: String,
    readme: Option<String>,
}

async fn publish(cx: &Context, metadata: Bytes, staged: Staged) -> Result<Reply> {
    let mut bytes = staged.bytes();
    let (sha256, now) = (staged.digests().sha256, cx.catalog.now());
    let examined = tokio::task::spawn_blocking(move || {
        let mut said = NewCrate::read(&metadata)?;
        let checked = said.check()?;
        let contents = crate_archive::read(&mut bytes).map_err(|fault| refused(&fault.0))?;
        check_contents(&said, &contents)?;
        let line = said.line(&sha256, write_time(now));
        let about = version_metadata::write_about(&checked.about);
        Ok::<_, Error>(Examined {
            metadata: version_metadata::write(Some(&line), Some(&about)),
            readme: checked.readme.clone().or(contents.readme),
            checked,
        })
    });
    let Examined {
        checked,
        metadata,
        readme,
    } = examined.await.map_err(Error::internal)??;
    let Checked {
        package,
        version,
        warnings,
        ..
    } = checked;
    let assets = vec![NewAsset {
        name: asset_name(&package, &version)?,
        staged,
    }];
    let told = Told {
        action: Action::PUBLISH_PACKAGE_VERSION,
        package: None,
        version: Some(version.clone()),
    };
    // The crate may have taken hours, in which rights come and go.
    let grant = cx
        .grant_for(Action::PUBLISH_PACKAGE_VERSION, &package)
        .await?;
    let publication = Publication {
        package,
        version,
        metadata,
        readme,
        assets,
        tags: Vec::new(),
    };
    cx.catalog.publish(&grant, publication).await?;
    let mut response = json_reply(StatusCode::OK, &answer(&warnings));
    response.extensions_mut().insert(told);
    Ok(response.into())
}

/// The file must be the version that the metadata says, under the very name by which Cargo unpacks it.
fn check_contents(said: &NewCrate<'_>, contents: &CrateContents) -> Result<()> {
    let folder = format!("{}-{}", said.name, said.vers);
    if contents.folder != folder {
        let reason = format!("its folder is '{}', not '{folder}'", contents.folder);
        return Err(refused(&reason));
    }
    match contents.manifest.contradiction(said) {
        None => Ok(()),
        Some(other) => Err(refused(&format!("its Cargo.toml {other}"))),
    }
}

fn answer(warnings: &Warnings) -> serde_json::Value {
    json!({
        "warnings": {
            "invalid_categories": warnings.invalid_categories,
            "invalid_badges": [],
            "other": warnings.other,
        },
    })
}

/// A time as index lines have it, to the second.
fn write_time(at: EpochMillis) -> Option<String> {
    let time = Timestamp::from_millisecond(at.0).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn refused(reason: &str) -> Error {
    Error::invalid(
        InvalidReason::FieldValidation,
        format!("The file of the crate cannot be published: {reason}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_cargo_reads_them() {
        assert_eq!(
            write_time(EpochMillis(1_700_000_000_999)).as_deref(),
            Some("2023-11-14T22:13:20Z")
        );
        assert_eq!(write_time(EpochMillis(i64::MAX)), None);
    }
}
