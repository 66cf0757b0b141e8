//! Files of gems, and the specifications beside them.

use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use http::{HeaderMap, Method};
use model::{Error, ErrorKind, Result};

use super::name::{FileAddress, candidates, no_file};
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::kit::page_reply::page_reply;
use crate::{Context, Endpoint, Reply, Subject};

const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What the name of a file may mean: the likeliest first, and at least one.
pub(super) struct Candidates(Vec<FileAddress>);

impl Candidates {
    /// Reads a name without its suffix.
    pub(super) fn of(full_name: &str) -> Result<Self> {
        let found = candidates(full_name);
        if found.is_empty() {
            return Err(no_file(full_name));
        }
        Ok(Self(found))
    }

    fn subject(&self) -> Subject<'_> {
        self.0.first().map_or_else(Subject::default, |first| {
            Subject::version(&first.gem, &first.version)
        })
    }
}

/// `GET gems/{name}-{version}[-{platform}].gem`
pub(super) struct ReadFile(pub(super) Candidates);

impl Endpoint for ReadFile {
    fn label(&self) -> &'static str {
        "read-gem"
    }

    fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let only_describe = cx.method == Method::HEAD;
            let mut absent = None;
            for address in &self.0.0 {
                let FileAddress { gem, version, file } = address;
                let found = cx
                    .catalog
                    .asset(&cx.grant, gem, version, file, only_describe)
                    .await;
                match found {
                    Ok(answer) => {
                        // Gems are compressed inside, and clients check them whole.
                        let headers: &HeaderMap = &cx.headers;
                        return asset_reply(&cx.method, headers, answer, BINARY).await;
                    }
                    Err(error) => absent = Some(not_found(error, absent)?),
                }
            }
            Err(absent.unwrap_or_else(|| no_file("")))
        })
    }
}

/// `GET quick/Marshal.4.8/{name}-{version}[-{platform}].gemspec.rz`
pub(super) struct ReadSpecification(pub(super) Candidates);

impl Endpoint for ReadSpecification {
    fn label(&self) -> &'static str {
        "read-specification"
    }

    fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let mut absent = None;
            for address in &self.0.0 {
                let FileAddress { gem, version, file } = address;
                match cx.catalog.companion(&cx.grant, gem, version, file).await {
                    Ok(bytes) => return Ok(page_reply(&cx.method, BINARY, bytes).into()),
                    Err(error) => absent = Some(not_found(error, absent)?),
                }
            }
            Err(absent.unwrap_or_else(|| no_file("")))
        })
    }
}

/// The first failure, while all of them say that there is nothing; another failure ends the search.
fn not_found(error: Error, first: Option<Error>) -> Result<Error> {
    if error.kind == ErrorKind::NotFound {
        Ok(first.unwrap_or(error))
    } else {
        Err(error)
    }
}
