//! Files of versions, and the documents beside them: core metadata (PEP 658) and provenance (PEP 740).

use bytes::Bytes;
use catalog::Encoding;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use model::{AssetName, PackageCoordinates, Result, VersionName};

use super::link::no_file;
use super::name::project_of_segment;
use super::{Variant, file_name, provenance, render, version};
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::kit::small_reply::{FOR_GOOD, small_reply};
use crate::{Context, Endpoint, Reply, Subject};

const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A file of a version, as an address names it.
pub(super) struct FileAddress {
    project: PackageCoordinates,
    version: VersionName,
    file: AssetName,
}

impl FileAddress {
    /// Reads the three segments. A file whose name is that of another project or version cannot be there.
    pub(super) fn parse(project: &str, version: &str, file: &str) -> Result<Self> {
        let coordinates = project_of_segment(project)?;
        let is_known = |key: &str| key == version::key(version);
        let said = file_name::version_of(coordinates.name.as_str(), file, &is_known);
        if !said.is_some_and(|said| version::same(&said, version)) {
            return Err(no_file(file));
        }
        Ok(Self {
            project: coordinates,
            version: VersionName::parse(version).map_err(|_| no_file(file))?,
            file: AssetName::parse(file).map_err(|_| no_file(file))?,
        })
    }
}

/// `GET simple/{project}/{version}/{file}`
pub(super) struct ReadFile(pub(super) FileAddress);

impl Endpoint for ReadFile {
    fn label(&self) -> &'static str {
        "read-file"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.0.project, &self.0.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let FileAddress {
                project,
                version,
                file,
            } = &self.0;
            let only_describe = cx.method == Method::HEAD;
            let answer = cx
                .catalog
                .asset(&cx.grant, project, version, file, only_describe)
                .await?;
            asset_reply(&cx.method, &cx.headers, answer, BINARY).await
        })
    }
}

/// `GET simple/{project}/{version}/{file}.metadata`
pub(super) struct ReadMetadata(pub(super) FileAddress);

impl Endpoint for ReadMetadata {
    fn label(&self) -> &'static str {
        "read-core-metadata"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.0.project, &self.0.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let FileAddress {
                project,
                version,
                file,
            } = &self.0;
            let metadata = cx
                .catalog
                .companion(&cx.grant, project, version, file)
                .await?;
            document_beside(&cx, metadata, BINARY)
        })
    }
}

/// `GET simple/{project}/{version}/{file}.provenance`, and `integrity/{project}/{version}/{file}/provenance` as the public
/// index has it
pub(super) struct ReadProvenance(pub(super) FileAddress);

impl Endpoint for ReadProvenance {
    fn label(&self) -> &'static str {
        "read-provenance"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.0.project, &self.0.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let FileAddress { project, file, .. } = &self.0;
            let number = Variant::Provenance.number();
            let made = cx.catalog.document(
                &cx.grant,
                project,
                number,
                &cx.base,
                Encoding::Identity,
                render,
            );
            let all = made.await?.0;
            let found = provenance::find(&all.bytes, file.as_str())?;
            let content_type = HeaderValue::from_static("application/vnd.pypi.integrity.v1+json");
            let found = found.ok_or_else(|| no_file(&format!("{file}.provenance")))?;
            document_beside(&cx, found, content_type)
        })
    }
}

/// A small document that belongs to a file and is as immutable as it. A browser makes nothing of it.
fn document_beside(cx: &Context, bytes: Bytes, content_type: HeaderValue) -> Result<Reply> {
    let mut response = small_reply(cx, bytes, content_type, FOR_GOOD)?;
    let guard = HeaderValue::from_static("sandbox");
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, guard);
    Ok(response.into())
}
