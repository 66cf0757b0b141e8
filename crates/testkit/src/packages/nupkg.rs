//! NuGet's packages: a zip with a manifest at its root. See "nuspec reference" in the documentation of NuGet.

use bytes::Bytes;

use super::archive::zip;
use super::pom::escaped;

/// A package, from which a `.nupkg` can be built.
#[derive(Debug, Clone)]
pub struct Nupkg {
    id: String,
    version: String,
    /// The elements after the version, as text.
    more: String,
    /// The groups of dependencies, as text.
    groups: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Nupkg {
    /// A package that needs nothing.
    #[must_use]
    pub fn new(id: &str, version: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: version.to_owned(),
            more: format!(
                "    <authors>Acme</authors>\n    <description>The package {}</description>\n",
                escaped(id)
            ),
            groups: String::new(),
            files: Vec::new(),
        }
    }

    /// Adds an element to the metadata, as text.
    #[must_use]
    pub fn xml_element(mut self, element: &str) -> Self {
        self.more.push_str(&format!("    {element}\n"));
        self
    }

    /// Says what it needs on a framework.
    #[must_use]
    pub fn dependency(mut self, framework: &str, id: &str, range: &str) -> Self {
        self.groups.push_str(&format!(
            "      <group targetFramework=\"{}\"><dependency id=\"{}\" version=\"{}\" /></group>\n",
            escaped(framework),
            escaped(id),
            escaped(range)
        ));
        self
    }

    /// Adds a readme, and names it.
    #[must_use]
    pub fn readme(self, markdown: &str) -> Self {
        self.xml_element("<readme>docs/README.md</readme>")
            .file("docs/README.md", markdown.as_bytes())
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> String {
        let dependencies = if self.groups.is_empty() {
            String::new()
        } else {
            format!("    <dependencies>\n{}    </dependencies>\n", self.groups)
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <package xmlns=\"http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd\">\n  <metadata>\n    \
             <id>{}</id>\n    <version>{}</version>\n{}{dependencies}  </metadata>\n</package>\n",
            escaped(&self.id),
            escaped(&self.version),
            self.more
        )
    }

    /// The `.nupkg`.
    #[must_use]
    pub fn build(&self) -> Bytes {
        let manifest = self.manifest();
        let name = format!("{}.nuspec", self.id);
        let mut entries: Vec<(&str, &[u8])> = vec![
            ("_rels/.rels", b"<Relationships />"),
            (&name, manifest.as_bytes()),
            ("lib/netstandard2.0/_._", b""),
            ("[Content_Types].xml", b"<Types />"),
        ];
        let files = self.files.iter();
        entries.extend(files.map(|(path, content)| (path.as_str(), content.as_slice())));
        zip(&entries)
    }

    /// The content type and the body with which .NET's clients push it.
    #[must_use]
    pub fn push_form(&self) -> (String, Bytes) {
        push_form(&self.build())
    }

    /// Its id, as it spells it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version, as it writes it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// The content type and the body with which .NET's clients push these bytes.
#[must_use]
pub fn push_form(bytes: &[u8]) -> (String, Bytes) {
    let boundary = "2c2d1f2e-5b0a-4b3c-9d5c-6f1f6b1d5a77";
    let mut body = format!(
        "--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=package; \
         filename=package.nupkg; filename*=utf-8''package.nupkg\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    (content_type, body.into())
}
