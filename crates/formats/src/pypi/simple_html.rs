//! Pages of the simple repository API in HTML (PEP 503, with the attributes of PEP 592, 658, 714 and 740 and the
//! metadata of PEP 629, 708 and 792). Everything that stands in them is hostile text.

use super::API_VERSION;
use super::link::{project_link, push_file};
use super::shown::{Shown, ShownFile, ShownVersion};
use super::simple_json::provenance;
use super::version_metadata::CoreMetadataFact;

/// Bytes of an anchor beside what is known of its file.
const ANCHOR_BYTES: usize = 512;

/// The page of a project.
pub(super) fn render_project(shown: &Shown<'_>) -> String {
    let files: usize = shown.versions.iter().map(|found| found.files.len()).sum();
    let mut page = String::with_capacity(1024 + files * ANCHOR_BYTES);
    page.push_str("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n");
    meta(&mut page, "pypi:repository-version", API_VERSION);
    for location in &shown.extras.tracks {
        meta(&mut page, "pypi:tracks", location);
    }
    for location in &shown.extras.alternate_locations {
        meta(&mut page, "pypi:alternate-locations", location);
    }
    if let Some(status) = &shown.extras.status {
        meta(&mut page, "pypi:project-status", status);
    }
    if let Some(reason) = &shown.extras.status_reason {
        meta(&mut page, "pypi:project-status-reason", reason);
    }
    page.push_str("<title>Links for ");
    escape(&mut page, shown.name);
    page.push_str("</title>\n</head>\n<body>\n<h1>Links for ");
    escape(&mut page, shown.name);
    page.push_str("</h1>\n");
    for version in &shown.versions {
        for file in &version.files {
            anchor(&mut page, version, file);
        }
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// The list of projects.
pub(super) fn render_root<'n>(base: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n");
    meta(&mut page, "pypi:repository-version", API_VERSION);
    page.push_str("<title>Simple index</title>\n</head>\n<body>\n");
    for name in names {
        page.push_str("<a href=\"");
        escape(&mut page, &project_link(base, name));
        page.push_str("\">");
        escape(&mut page, name);
        page.push_str("</a><br>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn anchor(page: &mut String, version: &ShownVersion<'_>, file: &ShownFile<'_>) {
    let facts = &file.facts;
    page.push_str("<a href=\"");
    escape(page, &version.link);
    push_file(page, &file.name);
    if let Some((name, digest)) = facts.hashes.best() {
        page.push('#');
        page.push_str(name);
        page.push('=');
        escape(page, digest);
    }
    page.push('"');
    if let Some(requires) = &facts.requires_python {
        attribute(page, "data-requires-python", requires);
    }
    if file.has_core_metadata() {
        let value = match &facts.core_metadata {
            Some(CoreMetadataFact::Sha256(digest)) => format!("sha256={digest}"),
            _ => "true".to_owned(),
        };
        // pip 22.3 to 23.1 know the older name alone.
        attribute(page, "data-dist-info-metadata", &value);
        attribute(page, "data-core-metadata", &value);
    }
    if file.is_yanked() {
        let reason = facts.yanked.as_ref().and_then(|yanked| yanked.reason());
        attribute(page, "data-yanked", reason.unwrap_or_default());
    }
    if let Some(address) = provenance(version, file) {
        attribute(page, "data-provenance", &address);
    }
    page.push('>');
    escape(page, &file.name);
    page.push_str("</a><br>\n");
}

fn meta(page: &mut String, name: &str, content: &str) {
    page.push_str("<meta");
    attribute(page, "name", name);
    attribute(page, "content", content);
    page.push_str(">\n");
}

fn attribute(page: &mut String, name: &str, value: &str) {
    page.push(' ');
    page.push_str(name);
    page.push_str("=\"");
    escape(page, value);
    page.push('"');
}

/// Text that is the same in content and in quoted attributes.
fn escape(page: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        page.push_str(&rest[..at]);
        page.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#x27;",
        });
        rest = &rest[at + 1..];
    }
    page.push_str(rest);
}

#[cfg(test)]
mod tests {
    use model::OriginType;
    use serde_json::json;

    use super::*;
    use crate::pypi::shown::tests::{asset, version, view};

    #[test]
    fn a_page_has_an_anchor_for_each_file() {
        let kept = json!({
            "widget-1.0-py3-none-any.whl": {"core_metadata": "aa", "requires_python": ">=3.8", "attestations": []},
            "widget-1.0.tar.gz": {},
        });
        let assets = vec![
            asset("widget-1.0-py3-none-any.whl", 1),
            asset("widget-1.0.tar.gz", 2),
        ];
        let ours = version("1.0", Some(OriginType::Internal), &kept, assets);
        let source = json!({"widget-2.0+x.zip": {"hashes": {"md5": "bb"}, "yanked": "broken", "core_metadata": true,
            "provenance": "https://source.example/p"}});
        let extras = json!({"tracks": ["https://t.example/"], "alternate_locations": ["https://a.example/"],
            "status": "archived", "status_reason": "done"});
        let view = view(vec![ours, version("2.0+x", None, &source, vec![])], &extras);
        let page = render_project(&Shown::of(&view, "https://r.example/main/"));
        let base = "https://r.example/main/simple/widget/";
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        let expected = [
            format!(
                "<a href=\"{base}1.0/widget-1.0-py3-none-any.whl#sha256={one}\" data-requires-python=\"&gt;=3.8\" \
                 data-dist-info-metadata=\"sha256=aa\" data-core-metadata=\"sha256=aa\" \
                 data-provenance=\"{base}1.0/widget-1.0-py3-none-any.whl.provenance\">\
                 widget-1.0-py3-none-any.whl</a><br>\n"
            ),
            format!(
                "<a href=\"{base}1.0/widget-1.0.tar.gz#sha256={two}\">widget-1.0.tar.gz</a><br>\n"
            ),
            format!(
                "<a href=\"{base}2.0%2Bx/widget-2.0%2Bx.zip#md5=bb\" data-dist-info-metadata=\"true\" \
                 data-core-metadata=\"true\" data-yanked=\"broken\" \
                 data-provenance=\"https://source.example/p\">widget-2.0+x.zip</a><br>\n"
            ),
        ];
        let body = page.split_once("</h1>\n").unwrap().1;
        assert_eq!(body, format!("{}</body>\n</html>\n", expected.concat()));
        for meta in [
            "\"pypi:repository-version\" content=\"1.4\"",
            "\"pypi:tracks\" content=\"https://t.example/\"",
            "\"pypi:alternate-locations\" content=\"https://a.example/\"",
            "\"pypi:project-status\" content=\"archived\"",
            "\"pypi:project-status-reason\" content=\"done\"",
        ] {
            assert!(page.contains(meta), "{meta}");
        }
    }

    #[test]
    fn f_py_5_nothing_that_a_source_says_becomes_markup() {
        let evil = "\"><script>alert('x')</script>&amp;";
        let files = json!({evil: {"yanked": evil, "requires_python": evil, "core_metadata": evil,
            "hashes": {"sha256": evil}, "provenance": evil}});
        let extras = json!({"tracks": [evil], "alternate_locations": [evil], "status": evil, "status_reason": evil});
        let view = view(vec![version("1.0", None, &files, vec![])], &extras);
        let page = render_project(&Shown::of(&view, "https://r.example/"));
        assert!(!page.contains("<script") && !page.contains("\">\">") && !page.contains("'x'"));
        let escaped = "&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;amp;";
        for attribute in ["data-yanked", "data-requires-python", "data-provenance"] {
            assert!(
                page.contains(&format!("{attribute}=\"{escaped}\"")),
                "{attribute}"
            );
        }
        assert!(page.contains(&format!("{escaped}</a>")));
        assert!(render_root("b/", ["a&b"].into_iter()).contains(">a&amp;b</a>"));
    }

    #[test]
    fn pages_of_very_large_projects_are_written_in_one_pass() {
        let versions = (0..500).map(|n| {
            let files: serde_json::Map<_, _> = (0..10)
                .map(|f| {
                    (
                        format!("widget-{n}.0-{f}.zip"),
                        json!({"hashes": {"sha256": "0".repeat(64)}}),
                    )
                })
                .collect();
            version(&format!("{n}.0"), None, &files.into(), vec![])
        });
        let view = view(versions.collect(), &json!({}));
        let page = render_project(&Shown::of(&view, "https://r.example/"));
        assert_eq!(page.matches("<a href").count(), 5000);
    }
}
