use serde_json::{Value, json};

use super::*;
use crate::pypi::name::find_project;

const BASE: &str = "https://index.example/simple/";

fn read(document: impl Into<String>) -> Result<SourcePackage, Unreadable> {
    let base = Url::parse(BASE).unwrap();
    let package = find_project("foo-bar").unwrap();
    PypiSource.read(&base, &package, &Bytes::from(document.into()))
}

fn page(files: &Value) -> Value {
    json!({"meta": {"api-version": "1.1"}, "name": "Foo.Bar", "files": files})
}

fn file(name: &str) -> Value {
    json!({"filename": name, "url": format!("https://files.example/{name}"), "hashes": {"sha256": "Ab".repeat(32)}})
}

fn facts(found: &SourceVersion) -> Value {
    let json: Value = serde_json::from_slice(&found.metadata).unwrap();
    json["files"].clone()
}

#[test]
fn a_project_is_asked_for_with_a_slash_at_its_end() {
    for base in [BASE, "https://index.example/simple"] {
        let request = PypiSource
            .metadata(
                &Url::parse(base).unwrap(),
                &find_project("Foo_Bar").unwrap(),
            )
            .unwrap();
        assert_eq!(
            request.url.as_str(),
            "https://index.example/simple/foo-bar/"
        );
        assert!(
            request
                .accept
                .starts_with("application/vnd.pypi.simple.v1+json")
        );
    }
}

#[test]
fn files_are_brought_together_by_version_with_what_is_said_of_each() {
    let mut wheel = file("foo_bar-1.0-py3-none-any.whl");
    wheel["size"] = json!(7);
    wheel["upload-time"] = json!("2020-01-02T00:00:00Z");
    wheel["requires-python"] = json!(">=3.8");
    wheel["core-metadata"] = json!({"sha256": "cd".repeat(32)});
    wheel["provenance"] = json!("https://index.example/p");
    wheel["yanked"] = json!("broken");
    let mut sdist = file("foo-bar-1.0.0.tar.gz");
    sdist["upload-time"] = json!("2020-01-01T00:00:00Z");
    sdist["hashes"] = json!({"md5": "00".repeat(16)});
    sdist["url"] = json!("../../files/foo-bar-1.0.0.tar.gz#sha256=00");
    let other = file("foo_bar-2.0rc1-py2.7.egg");
    let mut document = page(&json!([wheel, sdist, other]));
    document["versions"] = json!(["1.0.0", "2.0rc1", "3.0"]);
    document["meta"]["tracks"] = json!(["https://other.example/foo-bar/"]);
    document["project-status"] = json!({"status": "archived", "reason": "old"});
    let found = read(document.to_string()).unwrap();
    let names: Vec<&str> = found.versions.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(names, ["1.0.0", "2.0rc1"], "the index's own spelling");
    let first = &found.versions[0];
    assert_eq!(first.published_at, Some(EpochMillis(1_577_836_800_000)));
    let [wheel, sdist] = first.assets.as_slice() else {
        panic!("{:?}", first.assets);
    };
    assert_eq!(
        wheel.url.as_str(),
        "https://files.example/foo_bar-1.0-py3-none-any.whl"
    );
    assert_eq!(wheel.size_bytes, Some(7));
    assert_eq!(wheel.expected.sha256.unwrap().to_hex(), "ab".repeat(32));
    let companion = wheel.companion.as_ref().unwrap();
    assert_eq!(
        companion.url.as_str(),
        "https://files.example/foo_bar-1.0-py3-none-any.whl.metadata"
    );
    assert_eq!(companion.expected.sha256.unwrap().to_hex(), "cd".repeat(32));
    assert_eq!(
        sdist.url.as_str(),
        "https://index.example/files/foo-bar-1.0.0.tar.gz"
    );
    assert!(sdist.companion.is_none() && sdist.expected.md5.is_some());
    let expected = json!({
        "foo_bar-1.0-py3-none-any.whl": {
            "size": 7, "hashes": {"sha256": "ab".repeat(32)}, "requires_python": ">=3.8", "yanked": "broken",
            "upload_time": "2020-01-02T00:00:00Z", "core_metadata": "cd".repeat(32),
            "provenance": "https://index.example/p",
        },
        "foo-bar-1.0.0.tar.gz": {
            "hashes": {"md5": "00".repeat(16)}, "yanked": false, "upload_time": "2020-01-01T00:00:00Z",
        },
    });
    assert_eq!(facts(first), expected);
    let extras: Value = serde_json::from_slice(&found.extras).unwrap();
    assert_eq!(
        extras,
        json!({"tracks": ["https://other.example/foo-bar/"], "status": "archived", "status_reason": "old"})
    );
}

#[test]
fn a_mirror_that_has_html_alone_is_read() {
    let digest = "ab".repeat(32);
    let html = format!(
        "<html><body><a href=\"../../files/foo_bar-1.0.zip#sha256={digest}\" data-requires-python=\"&gt;=3\" \
         data-yanked=\"\" data-dist-info-metadata=\"true\">foo_bar-1.0.zip</a></body></html>"
    );
    let found = read(html).unwrap();
    let asset = &found.versions[0].assets[0];
    assert_eq!(
        asset.url.as_str(),
        "https://index.example/files/foo_bar-1.0.zip"
    );
    assert_eq!(asset.expected.sha256.unwrap().to_hex(), digest);
    assert!(asset.companion.is_some());
    assert_eq!(
        facts(&found.versions[0])["foo_bar-1.0.zip"],
        json!({"hashes": {"sha256": digest}, "requires_python": ">=3", "yanked": true, "core_metadata": true})
    );
}

#[test]
fn x11_files_of_other_projects_and_at_odd_addresses_are_left_out() {
    let at = |url: &str| {
        let mut found = file("foo_bar-1.0.zip");
        found["url"] = json!(url);
        found
    };
    let with_digest = |digest: &str| {
        let mut found = file("foo_bar-1.0.zip");
        found["hashes"] = json!({ "sha256": digest });
        found
    };
    for bad in [
        file("other-1.0.zip"),
        file("foo-1.0.zip"),
        file("foo_bar_baz-1.0-py3-none-any.whl"),
        file("../foo_bar-1.0.zip"),
        file("foo_bar-1.0/x.zip"),
        file("foo_bar-1.0;x.zip"),
        file("foo_bar-1.0.txt"),
        file("foo_bar-1.0.zip.asc"),
        file("foo_bar-1.0\n.zip"),
        at("https://user:secret@files.example/foo_bar-1.0.zip"),
        at("http://files.example/foo_bar-1.0.zip"),
        at("file:///etc/passwd"),
        at("ftp://files.example/foo_bar-1.0.zip"),
        at("javascript:alert(1)"),
        at("data:,x"),
        with_digest("xyz"),
        with_digest(""),
        json!({"filename": "foo_bar-1.0.zip"}),
        json!(7),
    ] {
        let document = page(&json!([bad, file("foo_bar-2.0.zip")]));
        let found = read(document.to_string()).unwrap();
        let names: Vec<&str> = found.versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(names, ["2.0"], "{bad}");
    }
    let twice = page(&json!([
        file("foo_bar-1.0.zip"),
        at("https://evil.example/x"),
        file("foo_bar-1.0.tar.gz")
    ]));
    let found = read(twice.to_string()).unwrap();
    assert_eq!(found.versions[0].assets.len(), 2);
    assert_eq!(
        found.versions[0].assets[0].url.host_str(),
        Some("files.example")
    );
}

#[test]
fn x11_links_that_are_passed_on_are_addresses_without_secrets() {
    for bad in [
        "javascript:alert(1)",
        "https://u:p@index.example/p",
        "file:///x",
    ] {
        let mut one = file("foo_bar-1.0.zip");
        one["provenance"] = json!(bad);
        let found = read(page(&json!([one])).to_string()).unwrap();
        assert_eq!(
            facts(&found.versions[0])["foo_bar-1.0.zip"].get("provenance"),
            None,
            "{bad}"
        );
    }
}

#[test]
fn x09_x11_u12_documents_that_are_no_page_of_this_project_are_unreadable() {
    let good = page(&json!([file("foo_bar-1.0.zip")])).to_string();
    for bad in [
        good.replace("Foo.Bar", "other"),
        good.replace("1.1", "2.0"),
        good.replace("\"name\"", "\"nome\""),
        good[..good.len() - 1].to_owned(),
        format!("{good}x"),
        good.replacen('{', "{\"name\":\"foo-bar\",", 1),
        "{}".into(),
        "[]".into(),
        "<html><body>Please log in</body></html>".into(),
        String::new(),
        "{".repeat(100_000),
    ] {
        assert!(read(bad.clone()).is_err(), "{:.80}", bad);
    }
    assert!(read(format!("\u{feff}{good}")).is_ok());
    let base = Url::parse(BASE).unwrap();
    let not_text = Bytes::from_static(b"{\"name\":\"\xff\"}");
    assert!(
        PypiSource
            .read(&base, &find_project("foo-bar").unwrap(), &not_text)
            .is_err()
    );
}

#[test]
fn long_reasons_are_cut_between_characters() {
    let mut one = file("foo_bar-1.0.zip");
    one["yanked"] = json!("é".repeat(TEXT_BYTES));
    let found = read(page(&json!([one])).to_string()).unwrap();
    let reason = facts(&found.versions[0])["foo_bar-1.0.zip"]["yanked"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(reason.len(), TEXT_BYTES);
}
