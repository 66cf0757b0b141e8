//! `GET {project}/json` and `GET {project}/{version}/json`: the JSON API of the public index, for the tools that ask for
//! what a project says of itself.

use bytes::Bytes;
use catalog::Encoding;
use futures_util::future::BoxFuture;
use http::Method;
use model::{AssetName, Error, PackageCoordinates, ResourceType, Result, VersionName};

use super::core_metadata::CoreMetadata;
use super::releases::Releases;
use super::{Variant, render};
use crate::kit::body::{Body, empty};
use crate::kit::document_reply::json_bytes_reply;
use crate::{Context, Endpoint, Reply, Subject};

pub(super) struct ReadProjectJson {
    pub(super) project: PackageCoordinates,
    pub(super) version: Option<VersionName>,
}

impl Endpoint for ReadProjectJson {
    fn label(&self) -> &'static str {
        "read-project-json"
    }

    fn subject(&self) -> Subject<'_> {
        match &self.version {
            Some(version) => Subject::version(&self.project, version),
            None => Subject::package(&self.project),
        }
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let number = Variant::Releases.number();
            let made = cx.catalog.document(
                &cx.grant,
                &self.project,
                number,
                &cx.base,
                Encoding::Identity,
                render,
            );
            let document = made.await?.0.bytes.clone();
            let described_by = self.described_by(&document)?;
            let metadata = match described_by {
                Some((version, file)) => self.core_metadata(&cx, &version, &file).await,
                None => None,
            };
            let answer =
                tokio::task::spawn_blocking(move || self.answer(&document, metadata.as_ref()));
            let answer = answer.await.map_err(Error::internal)??;
            let mut response = json_bytes_reply(answer);
            if cx.method == Method::HEAD {
                *response.body_mut() = empty();
            }
            Ok(response.into())
        })
    }
}

impl ReadProjectJson {
    fn asked(&self) -> Option<&str> {
        self.version.as_ref().map(VersionName::as_str)
    }

    /// The file whose core metadata tells what the version says of itself.
    fn described_by(&self, document: &Bytes) -> Result<Option<(VersionName, AssetName)>> {
        let releases = Releases::read(document)?;
        let release = releases
            .find(self.asked())
            .ok_or_else(|| self.not_found())?;
        let file = release.described_by.as_deref();
        Ok(file.and_then(|file| {
            let version = VersionName::parse(&release.version).ok()?;
            Some((version, AssetName::parse(file).ok()?))
        }))
    }

    /// Fetched where it is not held. Where that fails, the answer says less.
    async fn core_metadata(
        &self,
        cx: &Context,
        version: &VersionName,
        file: &AssetName,
    ) -> Option<Bytes> {
        let found = cx
            .catalog
            .companion(&cx.grant, &self.project, version, file);
        found.await.ok()
    }

    fn answer(&self, document: &Bytes, metadata: Option<&Bytes>) -> Result<String> {
        let releases = Releases::read(document)?;
        let release = releases
            .find(self.asked())
            .ok_or_else(|| self.not_found())?;
        let core = metadata.and_then(|bytes| CoreMetadata::parse(bytes).ok());
        releases.answer(release, core, self.version.is_none())
    }

    fn not_found(&self) -> Error {
        let (name, version) = (&self.project.name, self.asked().unwrap_or_default());
        let message = match &self.version {
            Some(version) => format!("There is no version {version} of project {name} here."),
            None => format!("There is no version of project {name} here."),
        };
        Error::not_found(ResourceType::PackageVersion, version, message)
    }
}
