//! `PUT {group}/{artifact}/{version}/{file}`: one file of a version, which is Unfinished until its metadata comes.
//!
//! Clients send several files of a version at once. Each is staged by itself, so none waits for another, and nothing of
//! it stays in memory.

use catalog::{AssetAddition, Staged};
use futures_util::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use model::{Action, Error, InvalidReason, Result};

use super::layout::FilePlace;
use super::reply::taken;
use crate::kit::body::{Body, drain, next_chunk, too_large};
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// `PUT {group}/{artifact}/{version}/{file}`
pub(super) struct PutFile {
    pub(super) file: FilePlace,
}

impl Endpoint for PutFile {
    fn label(&self) -> &'static str {
        "put-file"
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission::on(PUBLISH, self.file.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.file.package, &self.file.version)
    }

    fn run(self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let staged = match receive(&cx, &mut body).await {
                Ok(staged) => staged,
                Err(error) => {
                    drain(body).await;
                    return Err(error);
                }
            };
            let FilePlace {
                package,
                version,
                asset,
            } = self.file;
            // The file may have taken hours, in which rights come and go.
            let grant = cx
                .grant_for(Action::PUBLISH_PACKAGE_VERSION, &package)
                .await?;
            let addition = AssetAddition {
                package,
                version,
                asset,
                staged,
                metadata: None,
                is_finished: false,
            };
            cx.catalog.add_asset(&grant, addition).await?;
            Ok(taken())
        })
    }
}

async fn receive(cx: &Context, body: &mut Body) -> Result<Staged> {
    // RFC 9110, section 14.5: a part of a file must not be taken for the whole.
    if cx.headers.contains_key(CONTENT_RANGE) {
        return Err(Error::invalid(
            InvalidReason::Other,
            "A file is sent whole: a PUT with Content-Range is not taken.",
        ));
    }
    let limit_bytes = cx.catalog.settings().quotas.asset_size_bytes;
    let announced = cx
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    let mut stage = cx.catalog.stage().await?;
    while let Some(chunk) = next_chunk(body).await? {
        if stage.written_bytes() + chunk.len() as u64 > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        stage.write(chunk).await.map_err(Error::internal)?;
    }
    stage.finish().await.map_err(Error::internal)
}
