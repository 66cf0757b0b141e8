//! Maven's files: a POM, and a jar. See "POM Reference" in the documentation of Maven.

use bytes::Bytes;

use super::archive::zip;

/// A POM.
#[derive(Debug, Clone)]
pub struct Pom {
    group: String,
    artifact: String,
    version: String,
    packaging: String,
    /// The elements after the coordinates, as text.
    more: String,
    dependencies: String,
}

impl Pom {
    /// The POM of a jar that needs nothing.
    #[must_use]
    pub fn new(group: &str, artifact: &str, version: &str) -> Self {
        Self {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            packaging: "jar".to_owned(),
            more: format!("  <name>{}</name>\n", escaped(artifact)),
            dependencies: String::new(),
        }
    }

    /// Says that it is for something else than a jar, e.g. `pom`.
    #[must_use]
    pub fn packaging(mut self, packaging: &str) -> Self {
        packaging.clone_into(&mut self.packaging);
        self
    }

    /// Adds an element, as text.
    #[must_use]
    pub fn xml_element(mut self, element: &str) -> Self {
        self.more.push_str(&format!("  {element}\n"));
        self
    }

    /// Says what it is, in a sentence.
    #[must_use]
    pub fn description(self, text: &str) -> Self {
        self.xml_element(&format!("<description>{}</description>", escaped(text)))
    }

    /// Adds a licence.
    #[must_use]
    pub fn license(self, name: &str, url: &str) -> Self {
        let (name, url) = (escaped(name), escaped(url));
        self.xml_element(&format!(
            "<licenses><license><name>{name}</name><url>{url}</url></license></licenses>"
        ))
    }

    /// Names its parent.
    #[must_use]
    pub fn parent(self, group: &str, artifact: &str, version: &str) -> Self {
        let coordinates = coordinates(group, artifact, version);
        self.xml_element(&format!("<parent>{coordinates}</parent>"))
    }

    /// Adds a dependency.
    #[must_use]
    pub fn dependency(mut self, group: &str, artifact: &str, version: &str, scope: &str) -> Self {
        let coordinates = coordinates(group, artifact, version);
        self.dependencies.push_str(&format!(
            "    <dependency>{coordinates}<scope>{scope}</scope></dependency>\n"
        ));
        self
    }

    /// The document.
    #[must_use]
    pub fn xml(&self) -> Bytes {
        let coordinates = coordinates(&self.group, &self.artifact, &self.version);
        let dependencies = if self.dependencies.is_empty() {
            String::new()
        } else {
            format!("  <dependencies>\n{}  </dependencies>\n", self.dependencies)
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  \
             <modelVersion>4.0.0</modelVersion>\n  {coordinates}\n  <packaging>{}</packaging>\n{}{dependencies}</project>\n",
            escaped(&self.packaging),
            self.more,
        )
        .into()
    }
}

fn coordinates(group: &str, artifact: &str, version: &str) -> String {
    format!(
        "<groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>",
        escaped(group),
        escaped(artifact),
        escaped(version)
    )
}

/// A jar with a manifest and these files.
#[must_use]
pub fn jar(files: &[(&str, &[u8])]) -> Bytes {
    let manifest: (&str, &[u8]) = ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n");
    zip(&[&[manifest], files].concat())
}

/// Text as XML has it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pom_names_its_coordinates_and_what_it_needs() {
        let pom = Pom::new("com.example", "lib", "1.0")
            .description("a < b")
            .dependency("org.example", "base", "2.0", "compile");
        let text = String::from_utf8(pom.xml().to_vec()).unwrap();
        for part in [
            "<groupId>com.example</groupId><artifactId>lib</artifactId><version>1.0</version>",
            "<packaging>jar</packaging>",
            "<description>a &lt; b</description>",
            "<artifactId>base</artifactId><version>2.0</version><scope>compile</scope>",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(jar(&[]), jar(&[]));
    }
}
