use std::io::Cursor;

use super::*;
use crate::kit::zip::writer::{Member, archive};

const TEXT: &str = "// swift-tools-version:5.9\n";

fn examined(members: &[Member]) -> Result<(Manifests, Option<String>), String> {
    read(&mut Cursor::new(archive(members))).map_err(|fault| fault.to_string())
}

fn package(more: &[Member]) -> Vec<Member> {
    let mut members = vec![
        Member::new("List-1.0/", ""),
        Member::new("List-1.0/Package.swift", TEXT),
        Member::new("List-1.0/Sources/List/List.swift", "x"),
    ];
    members.extend_from_slice(more);
    members
}

#[test]
fn manifests_and_readme_are_found_in_the_one_folder() {
    let members = package(&[
        Member::new(
            "List-1.0/Package@swift-6.1.swift",
            "// swift-tools-version:6.1",
        ),
        Member::new("List-1.0/Package@swift-5.swift", "// five"),
        Member::new("List-1.0/Package@swift-x.swift", "no manifest"),
        Member::new("List-1.0/Tests/Package.swift", "another"),
        Member::new("List-1.0/readme.md", "# List"),
    ]);
    let (manifests, readme) = examined(&members).unwrap();
    assert_eq!(manifests.main.text, TEXT);
    let files: Vec<_> = manifests
        .alternates
        .iter()
        .map(|m| m.file.as_str())
        .collect();
    assert_eq!(files, ["Package@swift-5.swift", "Package@swift-6.1.swift"]);
    assert_eq!(readme.as_deref(), Some("# List"));
}

#[test]
fn f_sw_3_archives_without_a_package_in_one_folder_are_refused() {
    let one = |name: &str| Member::new(name, TEXT);
    let empty: &[Member] = &[];
    for (members, expected) in [
        (empty.to_vec(), "it is empty"),
        (vec![one("Package.swift")], "not in a folder"),
        (vec![one("a/b/Package.swift")], "has no Package.swift"),
        (vec![one("a/package.swift")], "take for a manifest"),
        (package(&[one("Other/x")]), "two folders"),
        (
            package(&[one("List-1.0/PACKAGE.swift")]),
            "take for a manifest",
        ),
        (
            package(&[one("List-1.0/package@Swift-5.swift")]),
            "take for a manifest",
        ),
        (
            package(&[
                one("List-1.0/Package@swift-5.swift"),
                one("List-1.0/Package@swift-5.0.swift"),
            ]),
            "two manifests for the same version",
        ),
    ] {
        let fault = examined(&members).unwrap_err();
        assert!(fault.contains(expected), "{expected}: {fault}");
    }
    let mut latin = Member::new("a/Package.swift", "");
    latin.content = vec![b'/', b'/', 0xe9];
    assert!(examined(&[latin]).unwrap_err().contains("UTF-8"));
}

#[test]
fn f_sw_3_u01_links_out_of_the_folder_and_files_through_links_are_refused() {
    let link = |name: &str, target: &str| Member::link(&format!("List-1.0/{name}"), target);
    for (name, target) in [
        ("Docs", "README.md"),
        ("Sources/A/B", "../List/List.swift"),
        ("Sources/Up", "./../Package.swift"),
        ("Dangling", "not/there"),
    ] {
        let members = package(&[link(name, target)]);
        assert_eq!(examined(&members).map(|_| ()), Ok(()), "{name} {target}");
    }
    for (name, target) in [
        ("a", "/etc/passwd"),
        ("a", ".."),
        ("a", "../x"),
        ("Sources/a", "../../x"),
        ("Sources/a", "../../List-1.0/x"),
        ("a", "Sources/../../x"),
        ("a", "Sources/../x"),
        ("a", "C:/x"),
        ("a", "..\\x"),
        ("a", ""),
        ("a", "."),
    ] {
        let members = package(&[link(name, target)]);
        assert!(examined(&members).is_err(), "{name} {target}");
    }
    let through = package(&[
        link("Out", "Sources"),
        Member::new("List-1.0/Out/x.swift", "x"),
    ]);
    assert!(examined(&through).unwrap_err().contains("through a link"));
    let other_case = package(&[
        link("Out", "Sources"),
        Member::new("List-1.0/OUT/y/x.swift", "x"),
    ]);
    assert!(examined(&other_case).is_err());
}

#[test]
fn f_sw_3_a_manifest_may_be_a_link_to_the_file_beside_it_and_nothing_else() {
    let linked = |target: &str, more: &[Member]| {
        let mut members = package(&[Member::link("List-1.0/Package@swift-5.swift", target)]);
        members.extend_from_slice(more);
        examined(&members)
    };
    let (manifests, _) = linked("Package.swift", &[]).unwrap();
    assert_eq!(manifests.alternates[0].text, TEXT);
    let chained = [Member::link("List-1.0/Next", "Package.swift")];
    for (target, more) in [
        ("Missing.swift", &[][..]),
        ("Sources/List/List.swift", &[]),
        ("Next", &chained),
        ("Package@swift-5.swift", &[]),
    ] {
        assert!(linked(target, more).is_err(), "{target}");
    }
    let own = [
        Member::new("a/Other.swift", TEXT),
        Member::link("a/Package.swift", "Other.swift"),
    ];
    assert_eq!(examined(&own).unwrap().0.main.text, TEXT);
}

#[test]
fn u02_manifests_that_are_too_large_or_too_many_are_refused() {
    let large = Member::new("a/Package.swift", vec![b' '; MANIFEST_BYTES + 1]);
    assert!(examined(&[large]).unwrap_err().contains("too large"));
    let many: Vec<Member> = (0..=ALTERNATES)
        .map(|number| Member::new(&format!("List-1.0/Package@swift-5.{number}.swift"), TEXT))
        .collect();
    assert!(
        examined(&package(&many))
            .unwrap_err()
            .contains("more than 32")
    );
    let (_, readme) = examined(&package(&[Member::new(
        "List-1.0/README.md",
        vec![b'x'; README_BYTES + 1],
    )]))
    .unwrap();
    assert_eq!(readme, None, "a readme is no reason to refuse a package");
}
