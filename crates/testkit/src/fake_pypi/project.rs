//! Projects for a fake index, described by a test.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::PageForms;
use crate::packages::{Distribution, DistributionFile};

/// When a file was uploaded that does not say otherwise.
const SOME_TIME_AGO: &str = "2020-02-02T20:20:20.200000Z";

/// A project as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeProject {
    pub(super) name: String,
    pub(super) files: Vec<FakeFile>,
    pub(super) forms: PageForms,
    pub(super) files_base: Option<String>,
    pub(super) status: Option<(String, Option<String>)>,
    pub(super) tracks: Vec<String>,
    pub(super) alternate_locations: Vec<String>,
}

impl FakeProject {
    /// A project without files. The name is as the project spells it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            files: Vec::new(),
            forms: PageForms::Both,
            files_base: None,
            status: None,
            tracks: Vec::new(),
            alternate_locations: Vec::new(),
        }
    }

    /// Adds a version: a wheel and an sdist.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        let release = Distribution::new(&self.name, version);
        self.file(FakeFile::from(release.wheel()))
            .file(FakeFile::from(release.sdist()))
    }

    /// Adds a file. One of its name is replaced.
    #[must_use]
    pub fn file(mut self, file: FakeFile) -> Self {
        self.files.retain(|known| known.file_name != file.file_name);
        self.files.push(file);
        self
    }

    /// Marks every file of a version as yanked.
    #[must_use]
    pub fn yanked(mut self, version: &str, reason: &str) -> Self {
        for file in &mut self.files {
            if file.version == version {
                file.yanked = Some(reason.to_owned());
            }
        }
        self
    }

    /// Sets the forms in which its page is there.
    #[must_use]
    pub const fn forms(mut self, forms: PageForms) -> Self {
        self.forms = forms;
        self
    }

    /// Makes its pages point to files below another address than the index's own, or, as `../../packages/`, to files
    /// relative to the page.
    #[must_use]
    pub fn files_base(mut self, base: &str) -> Self {
        self.files_base = Some(base.to_owned());
        self
    }

    /// Sets its status, e.g. `archived`, with a reason.
    #[must_use]
    pub fn status(mut self, status: &str, reason: Option<&str>) -> Self {
        self.status = Some((status.to_owned(), reason.map(str::to_owned)));
        self
    }

    /// Says that it tracks a project of another index.
    #[must_use]
    pub fn tracks(mut self, url: &str) -> Self {
        self.tracks.push(url.to_owned());
        self
    }

    /// Says that it is also at another index.
    #[must_use]
    pub fn alternate_location(mut self, url: &str) -> Self {
        self.alternate_locations.push(url.to_owned());
        self
    }
}

/// A file of a project as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeFile {
    pub(super) version: String,
    pub(super) file_name: String,
    pub(super) bytes: Bytes,
    /// What the pages say of its bytes, by algorithm.
    pub(super) hashes: Vec<(String, String)>,
    pub(super) says_size: bool,
    pub(super) uploaded_at: Option<String>,
    pub(super) requires_python: Option<String>,
    pub(super) yanked: Option<String>,
    pub(super) core_metadata: Option<Bytes>,
    pub(super) provenance: Option<String>,
}

impl From<DistributionFile> for FakeFile {
    fn from(built: DistributionFile) -> Self {
        let text = String::from_utf8_lossy(&built.metadata);
        let requires_python = text
            .lines()
            .find_map(|line| line.strip_prefix("Requires-Python: "))
            .map(str::to_owned);
        // An index serves the core metadata of wheels only.
        let is_wheel = built.file_type == "bdist_wheel";
        Self {
            requires_python,
            core_metadata: is_wheel.then(|| built.metadata.clone()),
            ..Self::new(&built.version, &built.file_name, built.bytes)
        }
    }
}

impl FakeFile {
    /// A file of any name and content, without core metadata.
    #[must_use]
    pub fn new(version: &str, file_name: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            version: version.to_owned(),
            file_name: file_name.to_owned(),
            hashes: vec![("sha256".to_owned(), hex::encode(Sha256::digest(&bytes)))],
            bytes,
            says_size: true,
            uploaded_at: Some(SOME_TIME_AGO.to_owned()),
            requires_python: None,
            yanked: None,
            core_metadata: None,
            provenance: None,
        }
    }

    /// Says which Pythons it is for.
    #[must_use]
    pub fn requires_python(mut self, specifier: &str) -> Self {
        self.requires_python = Some(specifier.to_owned());
        self
    }

    /// Marks it as yanked; the reason may be empty.
    #[must_use]
    pub fn yanked(mut self, reason: &str) -> Self {
        self.yanked = Some(reason.to_owned());
        self
    }

    /// Sets when it was uploaded.
    #[must_use]
    pub fn uploaded_at(mut self, time: &str) -> Self {
        self.uploaded_at = Some(time.to_owned());
        self
    }

    /// Says what its digest is, whether it is or not.
    #[must_use]
    pub fn hash(mut self, algorithm: &str, hex: &str) -> Self {
        self.hashes.retain(|(known, _)| known != algorithm);
        self.hashes.push((algorithm.to_owned(), hex.to_owned()));
        self
    }

    /// Says nothing of its digests.
    #[must_use]
    pub fn without_hashes(mut self) -> Self {
        self.hashes.clear();
        self
    }

    /// Says nothing of its size and of when it was uploaded, as indexes did before PEP 700.
    #[must_use]
    pub fn without_size_and_time(mut self) -> Self {
        self.says_size = false;
        self.uploaded_at = None;
        self
    }

    /// Serves these bytes as its core metadata.
    #[must_use]
    pub fn core_metadata(mut self, metadata: impl Into<Bytes>) -> Self {
        self.core_metadata = Some(metadata.into());
        self
    }

    /// Has no core metadata beside it.
    #[must_use]
    pub fn without_core_metadata(mut self) -> Self {
        self.core_metadata = None;
        self
    }

    /// Points to its provenance.
    #[must_use]
    pub fn provenance(mut self, url: &str) -> Self {
        self.provenance = Some(url.to_owned());
        self
    }
}
