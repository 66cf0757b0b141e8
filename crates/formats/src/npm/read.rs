//! Reading packuments and single manifests.

use bytes::Bytes;
use catalog::Encoding;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::HeaderValue;
use model::{Error, PackageCoordinates, ResourceType, Result};

use super::members::{Members, ObjectWriter};
use super::name::display_name;
use super::overview::Overview;
use super::{Variant, render};
use crate::kit::body::Body;
use crate::kit::document_reply::{document_reply, json_bytes_reply};
use crate::kit::negotiation;
use crate::{Context, Endpoint, Reply, Subject};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";
const FULL: &str = "application/json";

/// `GET {name}`
pub(super) struct ReadPackument {
    pub(super) package: PackageCoordinates,
    /// Whether the client reads in order to write: then it needs the full form, as it is now, with its revision.
    pub(super) for_writing: bool,
}

impl Endpoint for ReadPackument {
    fn label(&self) -> &'static str {
        "read-packument"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            if self.for_writing {
                return for_writing(&cx, &self.package).await;
            }
            let (variant, content_type) = variant(&cx.headers);
            let encoding = negotiation::encoding(&cx.headers);
            let number = variant.number();
            let (document, cache) = cx
                .catalog
                .document(&cx.grant, &self.package, number, &cx.base, encoding, render)
                .await?;
            document_reply(
                &cx.method,
                &cx.headers,
                &document,
                encoding,
                content_type,
                cache,
            )
        })
    }
}

/// The abbreviated form for who names it and does not like the full one better.
fn variant(headers: &HeaderMap) -> (Variant, HeaderValue) {
    let abbreviated = negotiation::names_type(headers, ABBREVIATED)
        .is_some_and(|weight| weight >= negotiation::weight_of_type(headers, FULL).unwrap_or(0));
    if abbreviated {
        (Variant::Abbreviated, HeaderValue::from_static(ABBREVIATED))
    } else {
        (Variant::Full, HeaderValue::from_static(FULL))
    }
}

/// The full packument with the revision that a change to it must name.
async fn for_writing(cx: &Context, package: &PackageCoordinates) -> Result<Reply> {
    // The revision first: if the package changes in between, the change that follows is refused, not lost.
    let overview = Overview::of(cx, package).await?;
    let document = full_document(cx, package).await?;
    let mut bytes = Vec::with_capacity(document.len() + 64);
    let mut writer = ObjectWriter::begin(&mut bytes);
    writer.text("_rev", &overview.revision);
    // What follows are the members of the document, whose own brace is left out.
    bytes.push(b',');
    bytes.extend_from_slice(&document[1..]);
    Ok(json_bytes_reply(bytes).into())
}

async fn full_document(cx: &Context, package: &PackageCoordinates) -> Result<Bytes> {
    let number = Variant::Full.number();
    let made = cx
        .catalog
        .document(
            &cx.grant,
            package,
            number,
            &cx.base,
            Encoding::Identity,
            render,
        )
        .await?;
    Ok(made.0.bytes.clone())
}

/// `GET {name}/{version or tag}`
pub(super) struct ReadManifest {
    pub(super) package: PackageCoordinates,
    pub(super) version_or_tag: String,
}

impl Endpoint for ReadManifest {
    fn label(&self) -> &'static str {
        "read-manifest"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Self {
                package,
                version_or_tag,
            } = *self;
            let document = full_document(&cx, &package).await?;
            let asked = version_or_tag.clone();
            let found = tokio::task::spawn_blocking(move || find_manifest(&document, &asked));
            let found = found.await.map_err(Error::internal)??.ok_or_else(|| {
                let message = format!(
                    "Package '{}' has no version and no tag '{version_or_tag}' here.",
                    display_name(&package)
                );
                Error::not_found(ResourceType::PackageVersion, version_or_tag, message)
            })?;
            Ok(json_bytes_reply(found).into())
        })
    }
}

/// The manifest of a version, or of the version that a tag names, cut out of a full packument.
fn find_manifest(document: &Bytes, version_or_tag: &str) -> Result<Option<Bytes>> {
    let text = std::str::from_utf8(document).map_err(Error::internal)?;
    let packument = Members::read(text).map_err(Error::internal)?;
    let versions = packument.object("versions").unwrap_or_default();
    let found = versions.get(version_or_tag).or_else(|| {
        let tagged = packument.object("dist-tags")?.text(version_or_tag)?;
        versions.get(&tagged)
    });
    Ok(found.map(|manifest| document.slice_ref(manifest.get().as_bytes())))
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    #[test]
    fn f_py_6_x12_the_accept_field_decides_the_form() {
        let chosen = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            variant(&headers).0
        };
        for accept in [
            "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
            "application/vnd.npm.install-v1+json",
            "application/vnd.npm.install-v1+json, */*",
        ] {
            assert_eq!(chosen(accept), Variant::Abbreviated, "{accept}");
        }
        for accept in [
            "application/json",
            "*/*",
            "application/*",
            "text/html",
            "application/vnd.npm.install-v1+json;q=0",
            "application/json, application/vnd.npm.install-v1+json;q=0.5",
        ] {
            assert_eq!(chosen(accept), Variant::Full, "{accept}");
        }
        assert_eq!(variant(&HeaderMap::new()).0, Variant::Full);
    }

    #[test]
    fn manifests_are_found_by_version_and_by_tag() {
        let document = Bytes::from_static(
            br#"{"dist-tags":{"latest":"1.0.0","1.0.0":"2.0.0"},"versions":{"1.0.0":{"a":1},"2.0.0":{"a":2}}}"#,
        );
        let find = |asked| {
            find_manifest(&document, asked)
                .unwrap()
                .map(|json| String::from_utf8(json.to_vec()).unwrap())
        };
        assert_eq!(find("2.0.0").as_deref(), Some(r#"{"a":2}"#));
        assert_eq!(find("latest").as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(
            find("1.0.0").as_deref(),
            Some(r#"{"a":1}"#),
            "a version goes before a tag of its name"
        );
        assert_eq!(find("3.0.0"), None);
    }
}
