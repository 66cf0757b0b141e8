use serde_json::{Value, json};

use super::super::facts::VersionMetadata;
use super::*;

fn base() -> Url {
    Url::parse("https://gallery.example/v3/index.json").unwrap()
}

fn package() -> PackageCoordinates {
    id::find_package("Acme.Lib").unwrap()
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn entry(version: &str) -> Value {
    json!({
        "@id": format!("https://gallery.example/catalog/acme.lib.{version}.json"),
        "id": "Acme.Lib", "version": version, "authors": "A", "listed": true,
        "published": "2020-09-13T12:26:40.123+00:00",
        "dependencyGroups": [{"targetFramework": "net45", "dependencies": [{"id": "Other", "range": "1.0"}, {"id": "a b"}]}],
    })
}

fn leaf(version: &str) -> Value {
    let lower = version.to_lowercase();
    json!({
        "catalogEntry": entry(version),
        "packageContent": format!("https://files.example/flat/acme.lib/{lower}/acme.lib.{lower}.nupkg"),
    })
}

fn index(leaves: &[Value]) -> Value {
    json!({"count": 1, "items": [{"@id": "https://gallery.example/p", "count": leaves.len(), "items": leaves}]})
}

fn read(document: &Value) -> Result<SourcePackage, Unreadable> {
    NugetSource.read(&base(), &package(), &bytes(document))
}

#[test]
fn the_best_registrations_of_a_service_index_are_asked() {
    let resources = |resources: Value| bytes(&json!({"version": "3.0.0", "resources": resources}));
    let at = |kind: Value, id: &str| json!({"@id": id, "@type": kind});
    let layout = resources(json!([
        at(
            json!("PackageBaseAddress/3.0.0"),
            "https://gallery.example/flat/"
        ),
        at(json!("RegistrationsBaseUrl"), "https://gallery.example/r1/"),
        at(
            json!(["Other", "RegistrationsBaseUrl/3.6.0"]),
            "https://gallery.example/r2"
        ),
    ]));
    let folder = NugetSource.metadata_base(&base(), &layout).unwrap();
    let request = NugetSource.metadata(&folder, &package()).unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://gallery.example/r2/acme.lib/index.json"
    );
    let odd = id::find_package("É_x").unwrap();
    let request = NugetSource.metadata(&folder, &odd).unwrap();
    assert_eq!(request.url.path(), "/r2/%C3%A9_x/index.json");
    for bad in [
        resources(json!([])),
        resources(json!([at(
            json!("RegistrationsBaseUrl"),
            "https://elsewhere.example/r/"
        )])),
        resources(json!([at(json!("RegistrationsBaseUrl"), "file:///etc/")])),
        resources(json!([at(
            json!("RegistrationsBaseUrl"),
            "https://u:p@gallery.example/r/"
        )])),
        Bytes::from_static(b"<html>log in</html>"),
    ] {
        assert!(
            NugetSource.metadata_base(&base(), &bad).is_err(),
            "x11: {bad:?}"
        );
    }
}

#[test]
fn versions_are_read_with_what_the_gallery_says_of_them() {
    let mut other = entry("2.0.0-RC.1+build");
    other["listed"] = json!(false);
    other["published"] = json!("1900-01-01T00:00:00+00:00");
    other["deprecation"] = json!({"reasons": ["Legacy"]});
    other["tags"] = json!("one two");
    other["authors"] = json!(["A", "B"]);
    let other = json!({"catalogEntry": other, "packageContent": "https://gallery.example/x.nupkg"});
    let found = read(&index(&[leaf("1.0.0.0"), other])).unwrap();
    let names: Vec<&str> = found.versions.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(names, ["1.0.0", "2.0.0-RC.1"]);
    let (first, second) = (&found.versions[0], &found.versions[1]);
    assert_eq!(first.published_at.unwrap().0, 1_600_000_000_123);
    assert_eq!(
        second.published_at, None,
        "x22: what is unlisted has no time"
    );
    let facts = VersionMetadata::read(&first.metadata).source.unwrap();
    let needed = &facts.dependency_groups[0].dependencies;
    assert_eq!((needed.len(), needed[0].range.as_str()), (1, "[1.0.0, )"));
    let facts = VersionMetadata::read(&second.metadata).source.unwrap();
    assert_eq!(facts.listed, Some(false));
    assert_eq!(facts.deprecation, Some(json!({"reasons": ["Legacy"]})));
    assert_eq!(
        (facts.tags.len(), facts.authors.as_deref()),
        (2, Some("A, B"))
    );
    assert_eq!(facts.version, "2.0.0-RC.1+build");
    let asset = &second.assets[0];
    assert_eq!(asset.name.as_str(), "acme.lib.2.0.0-rc.1.nupkg");
    assert!(
        asset.companion.is_none(),
        "its address tells of no manifest"
    );
}

#[test]
fn a_manifest_is_beside_the_package_file_of_a_flat_container() {
    let mut flat = leaf("1.0.0");
    flat["packageContent"] =
        json!("https://gallery.example/flat/acme.lib/1.0.0/acme.lib.1.0.0.nupkg");
    let found = read(&index(&[flat])).unwrap();
    let companion = found.versions[0].assets[0].companion.as_ref().unwrap();
    assert_eq!(
        companion.url.as_str(),
        "https://gallery.example/flat/acme.lib/1.0.0/acme.lib.nuspec"
    );
}

#[test]
fn x07_the_digest_is_in_the_registration_or_in_its_catalog_entry() {
    let hash = STANDARD.encode([7; 64]);
    let mut told = leaf("1.0.0");
    told["catalogEntry"]["packageHash"] = json!(hash);
    told["catalogEntry"]["packageHashAlgorithm"] = json!("SHA512");
    let found = read(&index(&[told, leaf("2.0.0")])).unwrap();
    let digest = Some(Sha512Digest::from_bytes([7; 64]));
    let (first, second) = (&found.versions[0].assets[0], &found.versions[1].assets[0]);
    assert_eq!(first.expected.sha512, digest);
    assert!(first.checksum.is_none());
    let beside = second.checksum.as_ref().unwrap();
    assert_eq!(
        beside.url.as_str(),
        "https://gallery.example/catalog/acme.lib.2.0.0.json"
    );
    for (text, expected) in [
        (
            json!({"packageHash": hash, "packageHashAlgorithm": "SHA512"}),
            digest,
        ),
        (json!({"catalogEntry": {"packageHash": hash}}), digest),
        (
            json!({"packageHash": hash, "packageHashAlgorithm": "MD5"}),
            None,
        ),
        (json!({"packageHash": "AAAA"}), None),
        (json!({"catalogEntry": "https://gallery.example/x"}), None),
        (json!([]), None),
    ] {
        let read = (beside.read)(&text.to_string());
        assert_eq!(read.and_then(|read| read.sha512), expected, "{text}");
    }
    let mut elsewhere = leaf("1.0.0");
    elsewhere["catalogEntry"]["@id"] = json!("http://169.254.169.254/latest");
    let found = read(&index(&[elsewhere])).unwrap();
    assert!(found.versions[0].assets[0].checksum.is_none(), "x11");
}

#[test]
fn x11_what_is_of_another_package_or_cannot_be_is_left_out() {
    let mut foreign = leaf("9.0.0");
    foreign["catalogEntry"]["id"] = json!("Other.Lib");
    let mut nameless = leaf("1.x");
    nameless["catalogEntry"]["version"] = json!("1.x");
    let mut placeless = leaf("3.0.0");
    placeless["packageContent"] = json!("file:///etc/passwd");
    let mut secret = leaf("4.0.0");
    secret["packageContent"] = json!("https://u:p@gallery.example/x.nupkg");
    let leaves = vec![
        foreign.clone(),
        nameless,
        placeless,
        secret,
        json!(null),
        leaf("1.0.0"),
        leaf("1.0"),
    ];
    let found = read(&index(&leaves)).unwrap();
    assert_eq!(found.versions.len(), 1);
    assert!(
        read(&index(&[foreign]))
            .unwrap_err()
            .0
            .contains("another package")
    );
    assert!(read(&index(&[])).unwrap().versions.is_empty());
    for bad in [json!([]), json!({}), json!({"items": "x"}), json!("x")] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn f_nu_3_pages_are_asked_for_within_bounds_and_read_in_their_places() {
    let page = |at: &str, count: u64| json!({"@id": at, "count": count});
    let index = json!({"items": [
        page("https://gallery.example/r/acme.lib/page/1.0.0/1.0.0.json", 1),
        {"@id": "x", "count": 1, "items": [leaf("2.0.0")]},
        page("page/3.0.0/3.0.0.json#f", 1),
    ]});
    let further =
        |document: &Value| NugetSource.further_metadata(&base(), &package(), &bytes(document));
    let asked = further(&index).unwrap();
    let asked: Vec<&str> = asked.iter().map(|page| page.url.as_str()).collect();
    assert_eq!(
        asked,
        [
            "https://gallery.example/r/acme.lib/page/1.0.0/1.0.0.json",
            "https://gallery.example/v3/page/3.0.0/3.0.0.json",
        ]
    );
    let pages = ["1.0.0", "3.0.0"].map(|version| bytes(&json!({"items": [leaf(version)]})));
    let marked = Bytes::from([b"\xef\xbb\xbf".as_slice(), &pages[1]].concat());
    let joined = NugetSource
        .joined_metadata(bytes(&index), &[pages[0].clone(), marked])
        .unwrap();
    let found = NugetSource.read(&base(), &package(), &joined).unwrap();
    let names: Vec<&str> = found.versions.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(names, ["1.0.0", "2.0.0", "3.0.0"]);
    let short = NugetSource.joined_metadata(bytes(&index), &[]).unwrap();
    assert!(NugetSource.read(&base(), &package(), &short).is_err());

    let many = json!({"items": vec![page("p", 64); 200]});
    assert!(further(&many).unwrap_err().0.contains("more than"));
    let pages = json!({"items": vec![page("p", 1); 2_000]});
    assert!(further(&pages).is_err());
    let elsewhere = json!({"items": [page("https://elsewhere.example/p", 1)]});
    assert!(further(&elsewhere).is_err());
    let large: Vec<Value> = (0..10_001).map(|n| leaf(&format!("1.0.{n}"))).collect();
    assert!(read(&json!({"items": [{"items": large}]})).is_err());
}
