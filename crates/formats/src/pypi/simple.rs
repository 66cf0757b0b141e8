//! `GET simple/` and `GET simple/{project}/`: the simple repository API, in the form that the client asks for (PEP 691,
//! "Version + Format Selection").

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};
use model::{Error, PackageCoordinates, PackageName, Result};

use super::{ID, Variant, render, simple_html, simple_json};
use crate::kit::body::{Body, Response, full};
use crate::kit::document_reply::document_reply;
use crate::kit::negotiation::{encoding, is_absent, names_type, weight_of_type};
use crate::kit::small_reply::{ASK_AGAIN, small_reply};
use crate::{Context, Endpoint, Reply, Subject};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HTML: &str = "application/vnd.pypi.simple.v1+html";
const TEXT_HTML: &str = "text/html";
/// What a request can name, what is sent for it, and how readily it is chosen by name and by wildcard among equals. Old
/// clients and people name nothing.
const OFFERS: [(&str, Page, u8, u8); 5] = [
    (JSON, Page::Json, 3, 2),
    ("application/vnd.pypi.simple.latest+json", Page::Json, 3, 2),
    (HTML, Page::Html, 2, 1),
    ("application/vnd.pypi.simple.latest+html", Page::Html, 2, 1),
    (TEXT_HTML, Page::TextHtml, 1, 3),
];
const TEXT_HTML_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// A page of links needs nothing else, and no other page may show it as its own.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
/// Names read at once for the list of projects.
const NAMES: usize = 1000;

/// The forms of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Json,
    Html,
    TextHtml,
}

impl Page {
    const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => HeaderValue::from_static(JSON),
            Self::Html => HeaderValue::from_static(HTML),
            Self::TextHtml => TEXT_HTML_TYPE,
        }
    }

    const fn variant(self) -> Variant {
        match self {
            Self::Json => Variant::Json,
            Self::Html | Self::TextHtml => Variant::Html,
        }
    }

    /// The form that a request asks for; `None` when it takes none of them.
    fn requested(headers: &HeaderMap, format: Option<&str>) -> Option<Self> {
        if let Some(format) = format {
            let named = OFFERS.iter().find(|(name, ..)| format == *name);
            return named.map(|(_, page, ..)| *page);
        }
        if is_absent(headers) {
            return Some(Self::TextHtml);
        }
        let weighed = OFFERS
            .iter()
            .filter_map(|(name, page, by_name, by_wildcard)| {
                let weight = weight_of_type(headers, name).filter(|weight| *weight > 0)?;
                let readiness = match names_type(headers, name) {
                    Some(_) => (1, *by_name),
                    None => (0, *by_wildcard),
                };
                Some((weight, readiness, *page))
            });
        let best = weighed.max_by_key(|(weight, readiness, _)| (*weight, *readiness));
        best.map(|(.., page)| page)
    }
}

/// What a request is told that takes none of the forms.
fn not_acceptable() -> Response {
    let names: Vec<&str> = OFFERS.iter().map(|(name, ..)| *name).collect();
    let text = format!("This address is served as one of {}.\n", names.join(", "));
    let mut response = Response::new(full(text));
    *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    response
}

/// `GET simple/{project}/`
pub(super) struct ReadProject {
    pub(super) project: PackageCoordinates,
    /// The form that the address names.
    pub(super) format: Option<String>,
}

impl Endpoint for ReadProject {
    fn label(&self) -> &'static str {
        "read-project"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.project)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Some(page) = Page::requested(&cx.headers, self.format.as_deref()) else {
                return Ok(not_acceptable().into());
            };
            let encoding = encoding(&cx.headers);
            let number = page.variant().number();
            let (document, cache) = cx
                .catalog
                .document(&cx.grant, &self.project, number, &cx.base, encoding, render)
                .await?;
            let content_type = page.content_type();
            let mut reply = document_reply(
                &cx.method,
                &cx.headers,
                &document,
                encoding,
                content_type,
                cache,
            )?;
            protect(&mut reply.response);
            Ok(reply)
        })
    }
}

fn protect(response: &mut Response) {
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
}

/// `GET simple/`
pub(super) struct ListProjects {
    pub(super) format: Option<String>,
}

impl Endpoint for ListProjects {
    fn label(&self) -> &'static str {
        "list-projects"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Some(page) = Page::requested(&cx.headers, self.format.as_deref()) else {
                return Ok(not_acceptable().into());
            };
            let names = list_names(&cx).await?;
            let base = std::sync::Arc::clone(&cx.base);
            let rendered = tokio::task::spawn_blocking(move || {
                let names = names.iter().map(PackageName::as_str);
                match page {
                    Page::Json => simple_json::render_root(names),
                    Page::Html | Page::TextHtml => {
                        Ok(Bytes::from(simple_html::render_root(&base, names)))
                    }
                }
            });
            let bytes = rendered.await.map_err(Error::internal)??;
            list_reply(&cx, page, bytes)
        })
    }
}

/// The names of what the repository and its upstreams hold. What a public source has is not listed: nobody asked for it
/// yet.
async fn list_names(cx: &Context) -> Result<Vec<PackageName>> {
    let mut names: Vec<PackageName> = Vec::new();
    loop {
        let found = cx
            .catalog
            .package_names(&cx.grant, ID, None, names.last(), NAMES)
            .await?;
        let is_last = found.len() < NAMES;
        names.extend(found);
        if is_last {
            return Ok(names);
        }
    }
}

fn list_reply(cx: &Context, page: Page, bytes: Bytes) -> Result<Reply> {
    let mut response = small_reply(cx, bytes, page.content_type(), ASK_AGAIN)?;
    protect(&mut response);
    let varies = HeaderValue::from_static("Accept");
    response.headers_mut().insert(VARY, varies);
    Ok(response.into())
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    fn requested(accept: &str, format: Option<&str>) -> Option<Page> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        Page::requested(&headers, format)
    }

    #[test]
    fn f_py_6_x12_the_accept_field_or_the_address_decides_the_form() {
        for (accept, expected) in [
            // pip, uv, poetry, browsers.
            (
                "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
                Some(Page::Json),
            ),
            (
                "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
                Some(Page::Json),
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some(Page::TextHtml),
            ),
            ("text/html; q=0.9, */*; q=0.5", Some(Page::TextHtml)),
            ("*/*", Some(Page::TextHtml)),
            ("", Some(Page::TextHtml)),
            ("application/*", Some(Page::Json)),
            ("text/*", Some(Page::TextHtml)),
            ("application/vnd.pypi.simple.latest+json", Some(Page::Json)),
            ("application/vnd.pypi.simple.latest+html", Some(Page::Html)),
            (
                "application/vnd.pypi.simple.v1+html, text/html",
                Some(Page::Html),
            ),
            (
                "application/vnd.pypi.simple.v1+json;q=0.1, text/html;q=0.5",
                Some(Page::TextHtml),
            ),
            (
                "application/vnd.pypi.simple.v1+json;q=0, */*",
                Some(Page::TextHtml),
            ),
            ("text/html;q=0, */*;q=0.1", Some(Page::Json)),
            ("text/html;q=0", None),
            ("application/json", None),
            ("application/vnd.pypi.simple.v2+json", None),
            ("image/png", None),
            ("nonsense", None),
        ] {
            assert_eq!(requested(accept, None), expected, "{accept}");
        }
        assert_eq!(
            Page::requested(&HeaderMap::new(), None),
            Some(Page::TextHtml)
        );
        assert_eq!(requested("text/html", Some(JSON)), Some(Page::Json));
        assert_eq!(
            requested("image/png", Some(TEXT_HTML)),
            Some(Page::TextHtml)
        );
        assert_eq!(requested("*/*", Some("*/*")), None);
        assert_eq!(not_acceptable().status(), StatusCode::NOT_ACCEPTABLE);
        assert_eq!(not_acceptable().headers()[VARY], "Accept");
    }

    #[test]
    fn a_meta_version_is_answered_with_the_real_one() {
        let page = requested("application/vnd.pypi.simple.latest+json", None).unwrap();
        assert_eq!(page.content_type(), JSON);
        assert_eq!(page.variant(), Variant::Json);
    }
}
