//! POMs ("POM Reference"): what is kept of one.
//!
//! Only what this POM itself says: nothing is inherited from its parent. Properties are filled in as far as the POM
//! defines them; others stay as they are written. How long anything becomes by that is bounded.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::xml::{Element, Fault, read as read_xml};

/// Texts for people are cut there.
const MOST_TEXT: usize = 8 << 10;
/// Parts of coordinates that are longer name nothing.
const MOST_WORD: usize = 255;
/// Further dependencies are not kept.
const MOST_DEPENDENCIES: usize = 2_000;
const MOST_LICENSES: usize = 50;
/// Properties may be made of properties.
const MOST_PASSES: usize = 8;

/// What is kept of a POM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Pom {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) packaging: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Dependency>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<Dependency>,
}

/// A licence of a POM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct License {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

/// An artifact that a POM names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Dependency {
    pub(super) group: String,
    pub(super) artifact: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) optional: bool,
}

/// Reads a POM.
pub(super) fn read(bytes: &[u8]) -> Result<Pom, Fault> {
    let project = read_xml(bytes, "project")?;
    let properties = Properties::of(&project);
    let text = |name: &str, most: usize| {
        let found = properties.fill(project.text_of(name)?);
        Some(cut(&found, most).to_owned())
    };
    let scm = project.child("scm").and_then(|scm| scm.text_of("url"));
    let source_url = scm.map(|url| cut(&properties.fill(url), MOST_TEXT).to_owned());
    let licenses = project.child("licenses").into_iter();
    let licenses = licenses
        .flat_map(|list| list.all("license"))
        .filter_map(license);
    let parent = project.child("parent").and_then(|parent| {
        let parent = dependency(parent, &properties)?;
        Some(Dependency {
            scope: None,
            optional: false,
            ..parent
        })
    });
    let dependencies = project.child("dependencies").into_iter();
    let dependencies = dependencies
        .flat_map(|list| list.all("dependency"))
        .filter_map(|found| dependency(found, &properties));
    Ok(Pom {
        name: text("name", MOST_TEXT),
        description: text("description", MOST_TEXT),
        url: text("url", MOST_TEXT),
        source_url,
        packaging: text("packaging", MOST_WORD),
        licenses: licenses.take(MOST_LICENSES).collect(),
        parent,
        dependencies: dependencies.take(MOST_DEPENDENCIES).collect(),
    })
}

fn license(element: &Element) -> Option<License> {
    let url = element.text_of("url").map(|url| cut(url, MOST_TEXT));
    // Some name their licence by its address alone.
    let name = element
        .text_of("name")
        .map(|name| cut(name, MOST_TEXT))
        .or(url)?;
    Some(License {
        name: name.to_owned(),
        url: url.map(str::to_owned),
    })
}

fn dependency(element: &Element, properties: &Properties<'_>) -> Option<Dependency> {
    let word = |name: &str| {
        let found = properties.fill(element.text_of(name)?);
        (found.len() <= MOST_WORD).then(|| found.into_owned())
    };
    Some(Dependency {
        group: word("groupId")?,
        artifact: word("artifactId")?,
        version: word("version"),
        scope: word("scope"),
        optional: word("optional").is_some_and(|text| text == "true"),
    })
}

/// The text up to a length.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The properties that a POM defines.
struct Properties<'p>(HashMap<Cow<'p, str>, &'p str>);

impl<'p> Properties<'p> {
    fn of(project: &'p Element) -> Self {
        let mut found = HashMap::new();
        let parent = project.child("parent");
        for name in ["groupId", "artifactId", "version"] {
            let inherited = parent.and_then(|parent| parent.text_of(name));
            if let Some(text) = inherited {
                found.insert(Cow::Owned(format!("project.parent.{name}")), text);
            }
            // An artifact id is never inherited.
            let inherited = inherited.filter(|_| name != "artifactId");
            if let Some(text) = project.text_of(name).or(inherited) {
                for prefix in ["project", "pom"] {
                    found.insert(Cow::Owned(format!("{prefix}.{name}")), text);
                }
            }
        }
        for name in ["name", "description", "url", "packaging"] {
            if let Some(text) = project.text_of(name) {
                found.insert(Cow::Owned(format!("project.{name}")), text);
            }
        }
        let properties = project.child("properties").into_iter();
        for property in properties.flat_map(Element::children) {
            if let Some(text) = property.text() {
                found.insert(Cow::Borrowed(property.name()), text);
            }
        }
        Self(found)
    }

    /// A text with its properties filled in, as far as they are known; as it was written when it would become too long.
    fn fill<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut filled = Cow::Borrowed(text);
        for _ in 0..MOST_PASSES {
            match self.pass(&filled) {
                Pass::Changed(next) => filled = Cow::Owned(next),
                Pass::Same => break,
                Pass::TooLong => return Cow::Borrowed(text),
            }
        }
        filled
    }

    fn pass(&self, text: &str) -> Pass {
        let (mut out, mut rest, mut changed) = (String::new(), text, false);
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let known = after
                .split_once('}')
                .and_then(|(name, tail)| Some((*self.0.get(name)?, tail)));
            match known {
                Some((value, tail)) => {
                    out.push_str(value);
                    rest = tail;
                    changed = true;
                }
                None => {
                    out.push_str("${");
                    rest = after;
                }
            }
            if out.len() > MOST_TEXT {
                return Pass::TooLong;
            }
        }
        out.push_str(rest);
        if changed {
            Pass::Changed(out)
        } else {
            Pass::Same
        }
    }
}

enum Pass {
    Changed(String),
    Same,
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pom(inner: &str) -> Pom {
        read(
            format!("<project xmlns=\"http://maven.apache.org/POM/4.0.0\">{inner}</project>")
                .as_bytes(),
        )
        .unwrap()
    }

    #[test]
    fn what_a_pom_says_is_read() {
        let found = pom(
            "<parent><groupId>org.acme</groupId><artifactId>parent</artifactId><version>7</version></parent>\
             <artifactId>lib</artifactId><packaging>maven-plugin</packaging>\
             <name>Acme :: ${project.artifactId}</name><description>\n  Does it.\n</description>\
             <url>https://acme.example/</url><scm><url>https://git.example/lib</url></scm>\
             <licenses><license><name>Apache-2.0</name><url>https://l.example</url></license>\
             <license><url>https://only.example</url></license><license/></licenses>\
             <properties><v.junit>5.1</v.junit><v>${v.junit}</v></properties>\
             <dependencyManagement><dependencies><dependency><groupId>m</groupId><artifactId>m</artifactId>\
             </dependency></dependencies></dependencyManagement>\
             <dependencies>\
             <dependency><groupId>${project.groupId}</groupId><artifactId>core</artifactId>\
             <version>${project.version}</version></dependency>\
             <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>${v}</version>\
             <scope>test</scope></dependency>\
             <dependency><groupId>o</groupId><artifactId>o</artifactId><version>${unknown}</version>\
             <optional>true</optional></dependency>\
             <dependency><artifactId>nameless</artifactId></dependency>\
             </dependencies>\
             <build><plugins><plugin><dependencies><dependency><groupId>p</groupId><artifactId>p</artifactId>\
             </dependency></dependencies></plugin></plugins></build>",
        );
        assert_eq!(found.name.as_deref(), Some("Acme :: lib"));
        assert_eq!(found.description.as_deref(), Some("Does it."));
        assert_eq!(found.packaging.as_deref(), Some("maven-plugin"));
        assert_eq!(found.source_url.as_deref(), Some("https://git.example/lib"));
        let license = |name: &str, url: &str| License {
            name: name.into(),
            url: Some(url.into()),
        };
        assert_eq!(
            found.licenses,
            [
                license("Apache-2.0", "https://l.example"),
                license("https://only.example", "https://only.example")
            ]
        );
        let told = |found: &Dependency| {
            format!(
                "{}:{}:{}:{}:{}",
                found.group,
                found.artifact,
                found.version.as_deref().unwrap_or("-"),
                found.scope.as_deref().unwrap_or("-"),
                found.optional
            )
        };
        assert_eq!(
            found.parent.as_ref().map(told).unwrap(),
            "org.acme:parent:7:-:false"
        );
        let dependencies: Vec<String> = found.dependencies.iter().map(told).collect();
        assert_eq!(
            dependencies,
            [
                "org.acme:core:7:-:false",
                "junit:junit:5.1:test:false",
                "o:o:${unknown}:-:true"
            ]
        );
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let found = pom(
            "<name>n</name><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId>\
                         </dependency></dependencies>",
        );
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(
            json,
            r#"{"name":"n","dependencies":[{"group":"g","artifact":"a"}]}"#
        );
        assert_eq!(serde_json::from_str::<Pom>(&json).unwrap(), found);
    }

    #[test]
    fn u12_properties_that_grow_or_turn_in_circles_come_to_an_end() {
        let mut bomb = String::from("<properties><p0>aaaaaaaaaa</p0>");
        for level in 1..40 {
            let below = format!("${{p{}}}", level - 1).repeat(10);
            bomb.push_str(&format!("<p{level}>{below}</p{level}>"));
        }
        bomb.push_str("</properties><name>${p39}</name>");
        assert_eq!(pom(&bomb).name.as_deref(), Some("${p39}"));
        let circle = "<properties><a>${b}</a><b>${a}</b></properties><name>${a} ${ ${a</name>";
        assert!(pom(circle).name.unwrap().len() < 100);
    }

    #[test]
    fn u17_lists_and_texts_are_bounded_and_kept_as_they_are() {
        let dependency = "<dependency><groupId>g</groupId><artifactId>a</artifactId></dependency>";
        let found = pom(&format!(
            "<description>{}</description><name>&lt;script>alert(1)&lt;/script></name><dependencies>{}</dependencies>",
            "é".repeat(MOST_TEXT),
            dependency.repeat(10_000)
        ));
        assert_eq!(found.dependencies.len(), MOST_DEPENDENCIES);
        assert!(found.description.unwrap().len() <= MOST_TEXT);
        assert_eq!(found.name.as_deref(), Some("<script>alert(1)</script>"));
        let long = format!(
            "<dependencies><dependency><groupId>{}</groupId><artifactId>a</artifactId></dependency></dependencies>",
            "g".repeat(300)
        );
        assert!(pom(&long).dependencies.is_empty());
    }

    #[test]
    fn f_mvn_2_what_is_no_pom_is_refused() {
        for bad in [
            "",
            "<metadata/>",
            "<project>",
            "<!DOCTYPE project SYSTEM 'x'><project/>",
            "<html><body>404</body></html>",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
