use serde_json::{Value, json};

use super::*;

fn metadata(change: &[(&str, Value)]) -> Vec<u8> {
    let mut all = json!({
        "name": "Widget", "vers": "1.0.0", "deps": [], "features": {}, "authors": ["A"], "description": "text",
        "documentation": null, "homepage": null, "readme": "# Widget", "readme_file": "README.md",
        "keywords": ["a"], "categories": ["no-std"], "license": "MIT", "license_file": null, "repository": null,
        "badges": {}, "links": null, "rust_version": "1.70",
    });
    for (member, value) in change {
        all[*member] = value.clone();
    }
    all.to_string().into_bytes()
}

fn dependency(change: &[(&str, Value)]) -> Value {
    let mut all = json!({
        "optional": false, "default_features": true, "name": "other", "features": [], "version_req": "^1.0",
        "target": null, "kind": "normal",
    });
    for (member, value) in change {
        all[*member] = value.clone();
    }
    all
}

fn check(bytes: &[u8]) -> Result<Checked> {
    NewCrate::read(bytes)?.check()
}

fn line(bytes: &[u8]) -> Value {
    let read = NewCrate::read(bytes).unwrap();
    let line = read.line(
        &Sha256Digest::from_bytes([0xab; 32]),
        Some("2026-01-02T03:04:05Z".into()),
    );
    serde_json::from_str(&line).unwrap()
}

#[test]
fn metadata_comes_to_an_index_line() {
    let bytes = metadata(&[
        (
            "deps",
            json!([
                dependency(&[]),
                dependency(&[
                    ("name", json!("real")),
                    ("explicit_name_in_toml", json!("other2")),
                    ("optional", json!(true)),
                    ("kind", json!("build")),
                    ("target", json!("cfg(unix)")),
                    ("features", json!(["x"])),
                    ("registry", json!("sparse+https://index.example/")),
                    ("default_features", json!(false)),
                ]),
            ]),
        ),
        (
            "features",
            json!({"default": ["std"], "std": [], "new": ["dep:other2"]}),
        ),
        ("links", json!("z")),
    ]);
    let checked = check(&bytes).unwrap();
    assert_eq!(checked.package.name.as_str(), "widget");
    assert_eq!(checked.readme.as_deref(), Some("# Widget"));
    assert_eq!(checked.warnings, Warnings::default());
    assert_eq!(
        line(&bytes),
        json!({
            "name": "Widget", "vers": "1.0.0",
            "deps": [
                {"name": "other", "req": "^1.0", "features": [], "optional": false, "default_features": true,
                 "target": null, "kind": "normal"},
                {"name": "other2", "req": "^1.0", "features": ["x"], "optional": true, "default_features": false,
                 "target": "cfg(unix)", "kind": "build", "registry": "sparse+https://index.example/", "package": "real"},
            ],
            "cksum": "ab".repeat(32), "features": {"default": ["std"], "std": []},
            "features2": {"new": ["dep:other2"]}, "yanked": false, "links": "z", "rust_version": "1.70",
            "pubtime": "2026-01-02T03:04:05Z", "v": 2,
        })
    );
    let plain = line(&metadata(&[]));
    assert!(
        plain.get("v").is_none()
            && plain.get("features2").is_none()
            && plain.get("links").is_none()
    );
}

#[test]
fn members_that_are_missing_are_as_good_as_empty() {
    let checked = check(
        br#"{"name":"a","vers":"0.1.0","deps":null,"features":null,"keywords":null,"new":1}"#,
    )
    .unwrap();
    assert_eq!(checked.about, About::default());
    assert_eq!(checked.readme, None);
}

#[test]
fn f_cr_3_metadata_that_clients_cannot_use_is_refused() {
    let deps = |change: &[(&str, Value)]| ("deps", json!([dependency(change)]));
    for bad in [
        ("name", json!("a.b")),
        ("name", json!("std")),
        ("name", json!(7)),
        ("vers", json!("1.0")),
        ("vers", json!("1.0.0/..")),
        ("keywords", json!(["a", "b", "c", "d", "e", "f"])),
        ("keywords", json!(["with space"])),
        ("keywords", json!(["a".repeat(21)])),
        ("keywords", json!(["-a"])),
        ("categories", json!(["a", "b", "c", "d", "e", "f"])),
        ("links", json!("")),
        ("links", json!("a\nb")),
        ("rust_version", json!("1.70.0-beta")),
        ("rust_version", json!("^1.70")),
        ("rust_version", json!("1.2.3.4")),
        ("rust_version", json!("01.2")),
        ("rust_version", json!("garbage")),
        ("description", json!("a".repeat(20_000))),
        ("features", json!({"a b": []})),
        ("features", json!({"a": ["missing"]})),
        deps(&[("name", json!("../x"))]),
        deps(&[("name", json!("-x"))]),
        deps(&[("explicit_name_in_toml", json!("a b"))]),
        deps(&[("version_req", json!("latest"))]),
        deps(&[("version_req", json!("../1"))]),
        deps(&[("kind", json!("runtime"))]),
        deps(&[("features", json!(["a b"]))]),
        deps(&[("target", json!("a\u{0}b"))]),
        deps(&[("registry", json!("not an address"))]),
        deps(&[("registry", json!("javascript:alert(1)"))]),
        deps(&[("registry", json!("https://user:secret@index.example/"))]),
        ("deps", json!([dependency(&[]), dependency(&[])])),
        ("deps", json!("none")),
    ] {
        let bytes = metadata(std::slice::from_ref(&bad));
        assert!(check(&bytes).is_err(), "{bad:?}");
    }
    for bad in [
        &b""[..],
        b"[]",
        b"{",
        b"\xff",
        b"{\"name\":\"\xff\",\"vers\":\"1.0.0\"}",
        b"{\"name\":\"a\"}",
    ] {
        assert!(check(bad).is_err());
        assert!(name_of(bad).is_err() || bad == b"{\"name\":\"a\"}");
    }
    let deep = [
        b"{\"name\":\"a\",\"vers\":\"1.0.0\",\"badges\":".as_slice(),
        &b"[".repeat(100_000),
    ]
    .concat();
    assert!(check(&deep).is_err());
}

#[test]
fn what_is_taken_nevertheless_is_told() {
    let checked = check(&metadata(&[
        ("categories", json!(["no-std", "Not A Slug"])),
        ("readme", json!("a".repeat(2 << 20))),
        ("deps", json!([dependency(&[("version_req", json!("*"))])])),
    ]))
    .unwrap();
    assert_eq!(checked.warnings.invalid_categories, ["Not A Slug"]);
    assert_eq!(checked.warnings.other.len(), 2);
    assert_eq!(checked.about.categories, ["no-std"]);
    assert_eq!(checked.readme, None);
}

#[test]
fn the_same_dependency_may_be_of_several_kinds_and_targets() {
    let deps = json!([
        dependency(&[]),
        dependency(&[("kind", json!("dev"))]),
        dependency(&[("target", json!("cfg(unix)"))]),
    ]);
    assert!(check(&metadata(&[("deps", deps)])).is_ok());
}
