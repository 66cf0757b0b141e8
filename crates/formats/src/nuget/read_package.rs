//! Reading package files, manifests, lists of versions and registrations ("Package content" and "Package metadata" in the
//! NuGet Server API).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use model::{AssetName, Error, PackageCoordinates, ResourceType, Result, VersionName};

use super::id::package_of_segment;
use super::package_file::asset_name;
use super::render::{Variant, render};
use super::version::Version;
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::kit::document_reply::document_reply;
use crate::kit::negotiation::encoding;
use crate::kit::small_reply::{FOR_GOOD, small_reply};
use crate::{Context, Endpoint, Reply, Subject};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");
const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// A version's package file, as an address names it.
#[derive(Debug)]
pub(super) struct FileAddress {
    package: PackageCoordinates,
    version: VersionName,
    asset: AssetName,
    is_manifest: bool,
}

impl FileAddress {
    /// Reads the three segments: `{id}/{version}/{id}.{version}.nupkg`, or `{id}/{version}/{id}.nuspec`.
    pub(super) fn parse(id: &str, version: &str, file: &str) -> Result<Self> {
        let no_file = || {
            let message = format!("There is no file '{file}'.");
            Error::not_found(ResourceType::Asset, file, message)
        };
        let package = package_of_segment(id)?;
        let read = Version::parse(version).ok_or_else(no_file)?;
        let asset = asset_name(&package, &read).ok_or_else(no_file)?;
        let file = super::id::lower(file);
        let is_manifest = file == format!("{}.nuspec", package.name);
        // Clients that spell a version their own way name the file by it too.
        let spelled = format!("{}.{}.nupkg", package.name, version.to_ascii_lowercase());
        if !is_manifest && file != asset.as_str() && file != spelled {
            return Err(no_file());
        }
        let version = read.name().ok_or_else(no_file)?;
        Ok(Self {
            package,
            version,
            asset,
            is_manifest,
        })
    }
}

/// `GET v3/flatcontainer/{id}/{version}/{file}`
pub(super) struct ReadFile(pub(super) FileAddress);

impl Endpoint for ReadFile {
    fn label(&self) -> &'static str {
        if self.0.is_manifest {
            "read-manifest"
        } else {
            "read-package-file"
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.0.package, &self.0.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let FileAddress {
                package,
                version,
                asset,
                is_manifest,
            } = &self.0;
            if *is_manifest {
                let found = cx.catalog.companion(&cx.grant, package, version, asset);
                let mut response = small_reply(&cx, found.await?, XML, FOR_GOOD)?;
                // A browser makes nothing of it.
                let guard = HeaderValue::from_static("attachment");
                response.headers_mut().insert(CONTENT_DISPOSITION, guard);
                return Ok(response.into());
            }
            let only_describe = cx.method == Method::HEAD;
            let answer = cx
                .catalog
                .asset(&cx.grant, package, version, asset, only_describe)
                .await?;
            asset_reply(&cx.method, &cx.headers, answer, BINARY).await
        })
    }
}

/// A document of a package that lies ready: the list of its versions, an index of registrations, a page, a leaf.
pub(super) struct ReadDocument {
    pub(super) package: PackageCoordinates,
    pub(super) variant: Variant,
    /// Which page or which leaf, as the address names it.
    pub(super) part: Option<String>,
}

impl Endpoint for ReadDocument {
    fn label(&self) -> &'static str {
        self.variant.label()
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let place = super::render::place(&cx.base, self.part.as_deref());
            let (encoding, number) = (encoding(&cx.headers), self.variant.number());
            let place: Arc<str> = place;
            let (document, cache) = cx
                .catalog
                .document(&cx.grant, &self.package, number, &place, encoding, render)
                .await?;
            document_reply(&cx.method, &cx.headers, &document, encoding, JSON, cache)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_nu_1_u05_files_are_named_by_their_id_and_version_in_any_case() {
        for (id, version, file) in [
            ("acme.lib", "1.0.0-rc", "acme.lib.1.0.0-rc.nupkg"),
            ("Acme.Lib", "1.0.0-RC", "Acme.Lib.1.0.0-RC.nupkg"),
            ("acme.lib", "1.0-rc", "acme.lib.1.0-rc.nupkg"),
            ("acme.lib", "1.0.0.0-rc", "acme.lib.1.0.0-rc.nupkg"),
            ("acme.lib", "1.0.0-rc", "acme.lib.nuspec"),
        ] {
            let found = FileAddress::parse(id, version, file).unwrap();
            assert_eq!(found.asset.as_str(), "acme.lib.1.0.0-rc.nupkg", "{file}");
            assert_eq!(found.is_manifest, file.ends_with(".nuspec"));
        }
        for (id, version, file) in [
            ("acme.lib", "1.0.0", "acme.lib.1.0.1.nupkg"),
            ("acme.lib", "1.0.0", "other.1.0.0.nupkg"),
            ("acme.lib", "1.0.0", "other.nuspec"),
            ("acme.lib", "1.0.0", "acme.lib.1.0.0.snupkg"),
            ("acme.lib", "latest", "acme.lib.latest.nupkg"),
            ("acme..lib", "1.0.0", "acme..lib.1.0.0.nupkg"),
        ] {
            assert!(FileAddress::parse(id, version, file).is_err(), "{file}");
        }
    }
}
