//! The manifest of a package ("nuspec reference" in NuGet's documentation), read strictly where a second reading would
//! matter: which package it is, what it needs, and which of its files it points to.

use std::borrow::Cow;

use super::facts::{DependencyGroup, Facts, PackageDependency, PackageType};
use super::id::is_id;
use super::version::{Range, Version};
use crate::kit::xml::{self, Element, Fault};

/// The largest manifest; the gallery takes a quarter of it.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// The longest text that is kept of a member.
const TEXT_BYTES: usize = 32 << 10;
const MOST_DEPENDENCIES: usize = 10_000;
const MOST_TAGS: usize = 500;

/// Reads a manifest.
pub(super) fn read(bytes: &[u8]) -> Result<Facts, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault(format!("is larger than {MOST_BYTES} bytes").into()));
    }
    let package = xml::read_with_attributes(&decoded(bytes)?, "package")?;
    let metadata = the_one(&package, "metadata")?.ok_or(Fault::new("has no <metadata>"))?;
    let id = required(metadata, "id")?;
    if !is_id(&id) {
        return Err(Fault(
            format!("has the id '{}', which cannot be", short(&id)).into(),
        ));
    }
    let version = required(metadata, "version")?;
    if Version::parse(&version).is_none() {
        let text = format!("has the version '{}', which cannot be", short(&version));
        return Err(Fault(text.into()));
    }
    let license = metadata.child("license");
    let license_of = |kind: &str| {
        let license = license.filter(|found| found.attribute("type") == Some(kind))?;
        license.text().map(str::to_owned)
    };
    let repository = metadata.child("repository");
    Ok(Facts {
        id,
        version,
        title: text(metadata, "title"),
        authors: text(metadata, "authors"),
        description: text(metadata, "description"),
        summary: text(metadata, "summary"),
        language: text(metadata, "language"),
        project_url: text(metadata, "projectUrl"),
        icon_url: text(metadata, "iconUrl"),
        license_url: text(metadata, "licenseUrl"),
        license_expression: license_of("expression").filter(|text| text.len() <= TEXT_BYTES),
        license_file: license_of("file")
            .map(|path| inner_path(&path))
            .transpose()?,
        readme: path(metadata, "readme")?,
        min_client_version: metadata.attribute("minClientVersion").map(str::to_owned),
        require_license_acceptance: text(metadata, "requireLicenseAcceptance")
            .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        tags: tags(metadata),
        repository_url: repository
            .and_then(|found| found.attribute("url"))
            .filter(|url| !url.is_empty() && url.len() <= TEXT_BYTES)
            .map(str::to_owned),
        package_types: package_types(metadata),
        dependency_groups: {
            // Read for its refusal alone: where the icon is, clients are not told.
            path(metadata, "icon")?;
            dependency_groups(metadata)?
        },
        ..Facts::default()
    })
}

/// The text of a manifest in UTF-8. Old tools wrote UTF-16.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    let unit = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    let pairs = bytes[2..].chunks(2).map(|pair| match pair {
        [one, other] => unit([*one, *other]),
        _ => 0xd800,
    });
    let text: Result<String, _> = char::decode_utf16(pairs).collect();
    let text = text.map_err(|_| Fault::new("is not in UTF-16, as it says"))?;
    Ok(Cow::Owned(text.into_bytes()))
}

/// The element of this name; two of them would be read differently by everyone.
fn the_one<'e>(parent: &'e Element, name: &'e str) -> Result<Option<&'e Element>, Fault> {
    let mut found = parent.all(name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(Fault(format!("has more than one <{name}>").into())),
    }
}

fn required(metadata: &Element, name: &'static str) -> Result<String, Fault> {
    let found = the_one(metadata, name)?;
    let text = found.and_then(Element::text);
    text.map(str::to_owned)
        .ok_or_else(|| Fault(format!("has no <{name}>").into()))
}

fn text(metadata: &Element, name: &str) -> Option<String> {
    let text = metadata.text_of(name)?;
    (text.len() <= TEXT_BYTES).then(|| text.to_owned())
}

fn path(metadata: &Element, name: &str) -> Result<Option<String>, Fault> {
    metadata.text_of(name).map(inner_path).transpose()
}

/// The path of a file in the package, as archives write it.
fn inner_path(path: &str) -> Result<String, Fault> {
    let path = path.replace('\\', "/");
    let is_inside = path.len() <= 1024
        && !path.contains([':', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_inside {
        Ok(path)
    } else {
        let text = format!(
            "points to the file '{}', which cannot be in a package",
            short(&path)
        );
        Err(Fault(text.into()))
    }
}

fn tags(metadata: &Element) -> Vec<String> {
    let text = text(metadata, "tags").unwrap_or_default();
    let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    words
        .filter(|word| !word.is_empty())
        .take(MOST_TAGS)
        .map(str::to_owned)
        .collect()
}

fn package_types(metadata: &Element) -> Vec<PackageType> {
    let all = metadata.child("packageTypes");
    let all = all.into_iter().flat_map(|types| types.all("packageType"));
    all.filter_map(|found| {
        let name = found.attribute("name").filter(|name| is_id(name))?;
        let version = found.attribute("version").filter(|text| text.len() <= 255);
        Some(PackageType {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        })
    })
    .take(64)
    .collect()
}

fn dependency_groups(metadata: &Element) -> Result<Vec<DependencyGroup>, Fault> {
    let Some(all) = the_one(metadata, "dependencies")? else {
        return Ok(Vec::new());
    };
    let mut left = MOST_DEPENDENCIES;
    let mut groups = Vec::new();
    // Those of old stand without a group, for every framework.
    let bare = dependencies(all, &mut left)?;
    if !bare.is_empty() {
        groups.push(DependencyGroup {
            framework: None,
            dependencies: bare,
        });
    }
    for group in all.all("group") {
        let framework = group.attribute("targetFramework").map(str::trim);
        groups.push(DependencyGroup {
            framework: framework
                .filter(|text| !text.is_empty() && text.len() <= 255)
                .map(str::to_owned),
            dependencies: dependencies(group, &mut left)?,
        });
    }
    Ok(groups)
}

fn dependencies(parent: &Element, left: &mut usize) -> Result<Vec<PackageDependency>, Fault> {
    let mut found = Vec::new();
    for element in parent.all("dependency") {
        *left = left
            .checked_sub(1)
            .ok_or(Fault::new("has too many dependencies"))?;
        let id = element.attribute("id").map(str::trim).unwrap_or_default();
        if !is_id(id) {
            let text = format!("has a dependency '{}', which cannot be an id", short(id));
            return Err(Fault(text.into()));
        }
        let said = element.attribute("version").unwrap_or_default();
        let range = Range::parse(said).ok_or_else(|| {
            let said = short(said);
            Fault(format!("needs '{id}' in the versions '{said}', which is no range").into())
        })?;
        found.push(PackageDependency {
            id: id.to_owned(),
            range: range.to_string(),
        });
    }
    Ok(found)
}

fn short(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(members: &str) -> String {
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<package \
             xmlns=\"http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd\">\n  <metadata minClientVersion=\"2.12\">\
             {members}</metadata>\n  <files><file src=\"a\" /></files></package>"
        )
    }

    const NAMED: &str = "<id>Acme.Lib</id><version>1.0.7+r3</version>";

    fn fault(members: &str) -> String {
        read(manifest(members).as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_a_manifest_says_is_read() {
        let text = manifest(&format!(
            "{NAMED}<title>T</title><authors>A, B</authors><owners>o</owners><description>d &lt;b&gt;</description>\
             <license type=\"expression\">MIT OR Apache-2.0</license><licenseUrl>https://l.example/</licenseUrl>\
             <projectUrl>https://p.example/</projectUrl><iconUrl>https://i.example/i.png</iconUrl><icon>images\\i.png</icon>\
             <readme>docs\\README.md</readme><tags>one, two;three  four</tags>\
             <requireLicenseAcceptance>True</requireLicenseAcceptance>\
             <repository type=\"git\" url=\"https://git.example/x\" commit=\"00\" />\
             <packageTypes><packageType name=\"DotnetTool\" version=\"2.0\" /><packageType name=\"a b\" /></packageTypes>\
             <dependencies><dependency id=\"Bare\" version=\"1.0\" /><group targetFramework=\".NETStandard2.0\">\
             <dependency id=\"Grouped\" version=\"[1.0, 2.0)\" exclude=\"Build,Analyzers\" /></group>\
             <group targetFramework=\"net45\" /></dependencies>"
        ));
        let facts = read(text.as_bytes()).unwrap();
        assert_eq!(
            (facts.id.as_str(), facts.version.as_str()),
            ("Acme.Lib", "1.0.7+r3")
        );
        assert_eq!(facts.description.as_deref(), Some("d <b>"));
        assert_eq!(
            facts.license_expression.as_deref(),
            Some("MIT OR Apache-2.0")
        );
        assert_eq!(facts.readme.as_deref(), Some("docs/README.md"));
        assert_eq!(facts.tags, ["one", "two", "three", "four"]);
        assert!(facts.require_license_acceptance);
        assert_eq!(facts.min_client_version.as_deref(), Some("2.12"));
        assert_eq!(
            facts.repository_url.as_deref(),
            Some("https://git.example/x")
        );
        assert_eq!(facts.types().collect::<Vec<_>>(), ["DotnetTool"]);
        let groups: Vec<_> = facts
            .dependency_groups
            .iter()
            .map(|group| {
                let needed = group.dependencies.iter();
                let needed: Vec<_> = needed.map(|d| (d.id.as_str(), d.range.as_str())).collect();
                (group.framework.as_deref(), needed)
            })
            .collect();
        assert_eq!(
            groups,
            [
                (None, vec![("Bare", "[1.0.0, )")]),
                (Some(".NETStandard2.0"), vec![("Grouped", "[1.0.0, 2.0.0)")]),
                (Some("net45"), vec![]),
            ]
        );
    }

    #[test]
    fn utf_16_is_read() {
        let text = manifest(&format!("{NAMED}<title>é</title>"));
        let text = text
            .trim_start_matches('\u{feff}')
            .replace("utf-8", "utf-16");
        let little: Vec<u8> = [0xfeff_u16]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&little).unwrap().title.as_deref(), Some("é"));
        let big: Vec<u8> = [0xfeff_u16]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(read(&big).unwrap().title.as_deref(), Some("é"));
        assert!(read(&big[..big.len() - 1]).is_err());
    }

    #[test]
    fn f_nu_2_u12_manifests_that_are_ambiguous_or_hostile_are_refused() {
        assert!(fault("<version>1</version>").contains("no <id>"));
        assert!(fault("<id>a</id>").contains("no <version>"));
        assert!(fault(&format!("{NAMED}<id>b</id>")).contains("more than one <id>"));
        assert!(fault("<id>a/../b</id><version>1</version>").contains("which cannot be"));
        assert!(fault("<id>a</id><version>$version$</version>").contains("which cannot be"));
        for path in [
            "../../x",
            "/etc/passwd",
            "C:\\x",
            "a/../../b",
            "\\\\host\\x",
            "a//b",
        ] {
            for member in ["readme", "icon"] {
                let text = fault(&format!("{NAMED}<{member}>{path}</{member}>"));
                assert!(text.contains("cannot be in a package"), "{path}: {text}");
            }
            let text = fault(&format!("{NAMED}<license type=\"file\">{path}</license>"));
            assert!(text.contains("cannot be in a package"), "{path}: {text}");
        }
        let needs = |id: &str, range: &str| {
            let needed = format!("<dependency id=\"{id}\" version=\"{range}\"/>");
            fault(&format!("{NAMED}<dependencies>{needed}</dependencies>"))
        };
        assert!(needs("a b", "1.0").contains("cannot be an id"));
        assert!(needs("a", "latest").contains("no range"));
        let many = "<dependency id=\"a\"/>".repeat(MOST_DEPENDENCIES + 1);
        assert!(fault(&format!("{NAMED}<dependencies>{many}</dependencies>")).contains("too many"));
        let entity = format!(
            "<!DOCTYPE package [<!ENTITY x 'y'>]>{}",
            &manifest(NAMED)[3..]
        );
        assert!(
            read(entity.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("document type")
        );
        assert!(read(b"<package/>").is_err());
        assert!(read(b"<other><metadata/></other>").is_err());
        assert!(read(&vec![b' '; MOST_BYTES + 1]).is_err());
        // Nothing declares it; it stays as it is written.
        let odd = read(manifest(&format!("{NAMED}<title>&nbsp;</title>")).as_bytes());
        assert_eq!(odd.unwrap().title.as_deref(), Some("&nbsp;"));
    }
}
