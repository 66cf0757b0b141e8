//! The sparse index: `config.json`, and a file of lines for each crate ("Index Format" in The Cargo Book).

use bytes::Bytes;
use catalog::{PackageView, VersionView};
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::HeaderValue;
use model::{Error, OriginType, PackageCoordinates, ResourceType, Result};
use semver::Version;
use serde_json::json;

use super::index_line::LineHead;
use super::version_metadata::Kept;
use super::{Variant, render, version};
use crate::kit::body::Body;
use crate::kit::document_reply::{document_reply, json_reply};
use crate::kit::negotiation;
use crate::{Context, Endpoint, Reply, Subject};

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// `GET config.json`
pub(super) struct ReadConfig;

impl Endpoint for ReadConfig {
    fn label(&self) -> &'static str {
        "read-config"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        // Cargo asks without a token first; that it got 401 is not enough, it wants to be told here, too.
        let needs_token = !cx.catalog.settings().dev;
        let config = json!({
            "dl": format!("{}api/v1/crates", cx.base),
            "api": cx.base.trim_end_matches('/'),
            "auth-required": needs_token,
        });
        let reply = json_reply(StatusCode::OK, &config);
        Box::pin(std::future::ready(Ok(reply.into())))
    }
}

/// `GET {folders}/{name}`
pub(super) struct ReadIndex {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ReadIndex {
    fn label(&self) -> &'static str {
        "read-index"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let encoding = negotiation::encoding(&cx.headers);
            let number = Variant::Index.number();
            let made =
                cx.catalog
                    .document(&cx.grant, &self.package, number, &cx.base, encoding, render);
            let (document, cache) = made.await?;
            document_reply(&cx.method, &cx.headers, &document, encoding, PLAIN, cache)
        })
    }
}

/// A version as the index shows it.
pub(super) struct ShownLine<'v> {
    pub(super) view: &'v VersionView,
    pub(super) kept: Kept<'v>,
    pub(super) line: &'v str,
    pub(super) head: LineHead<'v>,
    pub(super) parsed: Option<Version>,
    pub(super) is_yanked: bool,
}

/// The versions of a crate in their order. Fails when there is none: clients know no crate without versions.
pub(super) fn shown(view: &PackageView) -> Result<Vec<ShownLine<'_>>> {
    let mut lines: Vec<ShownLine<'_>> = view.versions.iter().filter_map(ShownLine::of).collect();
    if lines.is_empty() {
        let name = &view.coordinates.name;
        let message =
            format!("Crate '{name}' has no version that can be had from this repository.");
        return Err(Error::not_found(
            ResourceType::Package,
            name.as_str(),
            message,
        ));
    }
    lines.sort_by(|a, b| {
        let names = (&a.view.version, &b.view.version);
        a.parsed.cmp(&b.parsed).then_with(|| names.0.cmp(names.1))
    });
    Ok(lines)
}

impl<'v> ShownLine<'v> {
    fn of(view: &'v VersionView) -> Option<Self> {
        let kept = Kept::read(view.metadata.as_bytes());
        let (line, head) = kept.index()?;
        let followed = view.followed.as_deref().map(Kept::read);
        let said = followed.as_ref().and_then(Kept::index);
        let is_yanked = match (view.origin, said) {
            // Here a yank is a status, and nothing else.
            (Some(OriginType::Internal), _) => false,
            // What the source says now, as long as it means the same bytes.
            (_, Some((_, said))) if said.checksum() == head.checksum() => said.is_yanked(),
            _ => head.is_yanked(),
        };
        Some(Self {
            view,
            kept,
            line,
            parsed: version::read(view.version.as_str()),
            is_yanked: is_yanked || !view.is_listed,
            head,
        })
    }
}

/// The file of the index.
pub(super) fn render_index(view: &PackageView) -> Result<Bytes> {
    let mut lines = shown(view)?;
    // As the public index has them: in the order in which they came.
    lines.sort_by_key(|shown| shown.view.published_at);
    let size: usize = lines.iter().map(|shown| shown.line.len() + 16).sum();
    let mut out = Vec::with_capacity(size);
    for shown in &lines {
        let line = shown.head.with_yanked(shown.line, shown.is_yanked);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use catalog::Metadata;
    use model::{EpochMillis, VersionName};

    use super::*;
    use crate::cargo::name::find_crate;

    fn line(version: &str, yanked: bool) -> String {
        let checksum = "ab".repeat(32);
        format!(
            r#"{{"name":"Foo","vers":"{version}","deps":[],"cksum":"{checksum}", "yanked":{yanked}}}"#
        )
    }

    fn version(name: &str, origin: Option<OriginType>, yanked: bool) -> VersionView {
        VersionView {
            version: VersionName::parse(name).unwrap(),
            metadata: Metadata::Row(line(name, yanked)),
            published_at: None,
            assets: Vec::new(),
            origin,
            is_listed: true,
            followed: None,
        }
    }

    fn rendered(versions: Vec<VersionView>) -> Option<String> {
        let view = PackageView {
            coordinates: find_crate("foo").unwrap(),
            versions,
            tags: BTreeMap::new(),
            readme: None,
            extras: Bytes::new(),
        };
        let bytes = render_index(&view).ok()?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn lines_stand_in_the_order_in_which_they_came_and_as_they_were_written() {
        let at = |name: &str, ms: Option<i64>| VersionView {
            published_at: ms.map(EpochMillis),
            ..version(name, None, false)
        };
        let all = [
            at("1.8.1", Some(2)),
            at("1.10.0", Some(1)),
            at("1.9.0", Some(1)),
            at("1.0.0", None),
        ];
        let expected = ["1.0.0", "1.9.0", "1.10.0", "1.8.1"].map(|name| line(name, false) + "\n");
        assert_eq!(rendered(all.to_vec()).unwrap(), expected.concat());
        assert_eq!(rendered(Vec::new()), None);
    }

    #[test]
    fn y02_f_cr_4_a_version_is_yanked_when_it_is_unlisted_here_or_yanked_at_its_source() {
        let (external, internal) = (Some(OriginType::External), Some(OriginType::Internal));
        let followed = |yanked: bool| Some(Bytes::from(line("1.0.0", yanked)));
        for (origin, kept, is_listed, followed, expected) in [
            (internal, false, true, None, false),
            (internal, false, false, None, true),
            (internal, true, true, None, false),
            (external, false, true, None, false),
            (external, true, true, None, true),
            (external, false, true, followed(true), true),
            (external, true, true, followed(false), false),
            (external, false, false, followed(false), true),
            (None, true, true, None, true),
        ] {
            let found = VersionView {
                is_listed,
                followed,
                ..version("1.0.0", origin, kept)
            };
            let what = format!("{origin:?} {kept} {is_listed}");
            assert_eq!(
                rendered(vec![found]).unwrap(),
                line("1.0.0", expected) + "\n",
                "{what}"
            );
        }
        let other = VersionView {
            followed: Some(Bytes::from(line("1.0.0", true).replace("abab", "cdcd"))),
            ..version("1.0.0", external, false)
        };
        assert_eq!(
            rendered(vec![other]).unwrap(),
            line("1.0.0", false) + "\n",
            "x08"
        );
    }
}
