//! The folders: namespaces, their packages, their versions, and the assets of a version.

use std::borrow::Cow;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::{HeaderValue, LINK};
use model::{
    AssetName, Constraint, Error, InvalidReason, Namespace, PackageCoordinates, PackageName, Page,
    PageLimit, Result, VersionName,
};

use super::ID;
use super::page::{Entry, Listing, asset_facts, render_html, render_json, version_facts};
use super::routes::parse;
use crate::kit::body::Body;
use crate::kit::negotiation;
use crate::kit::page_reply::page_reply;
use crate::{Context, Endpoint, Reply, RequestHead, Subject};

/// A folder.
pub(super) enum Place {
    /// Of namespaces.
    Repository,
    /// Of packages.
    Namespace(Namespace),
    /// Of versions.
    Package(PackageCoordinates),
    /// Of assets.
    Version(PackageCoordinates, VersionName),
}

/// `GET {folder}/`
pub(super) struct ReadListing {
    place: Place,
    /// The last name of the page before.
    after: Option<String>,
    limit: PageLimit,
}

impl ReadListing {
    pub(super) fn of(place: Place, head: &RequestHead<'_>) -> Result<Self> {
        let limit = match head.parameter("limit").as_deref().map(str::parse) {
            None => PageLimit::MAX,
            Some(Ok(limit)) => PageLimit::new(limit),
            Some(Err(_)) => {
                let message = "The parameter limit is a number from 1 to 1000.";
                return Err(Error::invalid(InvalidReason::FieldValidation, message));
            }
        };
        let after = head.parameter("after").map(Cow::into_owned);
        Ok(Self {
            place,
            after,
            limit,
        })
    }

    /// The name that the page comes after.
    fn after<T>(&self, read: impl Fn(&str) -> Result<T, Constraint>) -> Result<Option<T>> {
        let after = self.after.as_deref().filter(|after| !after.is_empty());
        after
            .map(|after| parse("parameter after", after, read))
            .transpose()
    }

    async fn list(&self, cx: &Context) -> Result<Listing> {
        let limit = self.limit;
        let listing = Listing::new(&cx.base, cx.repository.as_str());
        match &self.place {
            Place::Repository => {
                let after = self.after(Namespace::parse)?;
                let found = cx
                    .catalog
                    .held_namespaces(&cx.grant, ID, after.as_ref(), limit)
                    .await?;
                let entries = found.map(|name| Entry::new("namespace", name.as_str()));
                Ok(listing.of("namespaces", entries, limit))
            }
            Place::Namespace(namespace) => {
                let after = self.after(PackageName::parse)?;
                let found = cx
                    .catalog
                    .held_package_names(&cx.grant, ID, namespace, after.as_ref(), limit)
                    .await?;
                let listing = listing.below("namespace", namespace.as_str());
                let entries = found.map(|name| Entry::new("package", name.as_str()));
                Ok(listing.of("packages", entries, limit))
            }
            Place::Package(package) => {
                let after = self.after(VersionName::parse)?;
                let found = cx
                    .catalog
                    .held_versions(&cx.grant, package, after.as_ref(), limit)
                    .await?;
                let entries = found.map(|found| {
                    Entry::new("version", found.version.as_str()).with(version_facts(&found))
                });
                Ok(of_package(listing, package).of("versions", entries, limit))
            }
            Place::Version(package, version) => {
                let after = self.after(AssetName::parse)?;
                let (found, assets) = cx
                    .catalog
                    .held_version(&cx.grant, package, version, after.as_ref(), limit)
                    .await?;
                let entries: Page<Entry> = assets
                    .map(|asset| Entry::new("name", asset.name.as_str()).with(asset_facts(&asset)));
                let listing = of_package(listing, package)
                    .below("version", version.as_str())
                    .with(version_facts(&found));
                Ok(listing.of("assets", entries, limit))
            }
        }
    }
}

fn of_package(listing: Listing, package: &PackageCoordinates) -> Listing {
    listing
        .below("namespace", package.namespace_str())
        .below("package", package.name.as_str())
}

impl Endpoint for ReadListing {
    fn label(&self) -> &'static str {
        match self.place {
            Place::Repository => "list-namespaces",
            Place::Namespace(_) => "list-packages",
            Place::Package(_) => "list-versions",
            Place::Version(..) => "list-assets",
        }
    }

    fn subject(&self) -> Subject<'_> {
        match &self.place {
            Place::Repository | Place::Namespace(_) => Subject::default(),
            Place::Package(package) => Subject::package(package),
            Place::Version(package, version) => Subject::version(package, version),
        }
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let listing = self.list(&cx).await?;
            let mut response = if wants_html(&cx.headers) {
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                page_reply(&cx.method, html, render_html(&listing))
            } else {
                let json = HeaderValue::from_static("application/json");
                page_reply(&cx.method, json, render_json(&listing).to_string())
            };
            if let Some(next) = listing.next() {
                let link = HeaderValue::try_from(format!("<{next}>; rel=\"next\""));
                response
                    .headers_mut()
                    .insert(LINK, link.map_err(Error::internal)?);
            }
            Ok(response.into())
        })
    }
}

/// HTML for those who like it better, as browsers do; JSON for scripts, which take anything.
fn wants_html(headers: &HeaderMap) -> bool {
    let weight = |media_type| negotiation::weight_of_type(headers, media_type).unwrap_or(0);
    weight("text/html") > weight("application/json")
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    #[test]
    fn browsers_get_pages_and_scripts_get_json() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            wants_html(&headers)
        };
        for page in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
            "application/json;q=0.5, text/*",
        ] {
            assert!(wants(page), "{page}");
        }
        for json in [
            "*/*",
            "application/json",
            "application/json, text/html",
            "image/png",
        ] {
            assert!(!wants(json), "{json}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }
}
