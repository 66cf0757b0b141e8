//! A public NuGet gallery in this process: real packages on a [`FakeSource`], with the service index, the registrations, the
//! catalog entries and the flat container that clients read.
//!
//! See "NuGet Server API" in the documentation of NuGet.

mod package;

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;
use serde_json::{Value, json};

pub use package::{FakeNugetPackage, FakeNugetVersion};

use crate::fake_source::{Document, FakeSource, lock};

/// A fake public gallery. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeNuget {
    source: FakeSource,
    /// The packages, to change single ones.
    packages: Mutex<Vec<FakeNugetPackage>>,
}

impl FakeNuget {
    /// Starts an empty gallery on a free port.
    pub async fn start() -> Self {
        let gallery = Self {
            source: FakeSource::start().await,
            packages: Mutex::default(),
        };
        gallery.put_service_index(&[]);
        gallery
    }

    /// The address that dotnet would be given.
    #[must_use]
    pub fn index_url(&self) -> String {
        format!("{}v3/index.json", self.base_url())
    }

    /// The path of the service index.
    #[must_use]
    pub const fn index_path() -> &'static str {
        "/v3/index.json"
    }

    /// Serves a service index that names these resources too, by type and path.
    pub fn put_service_index(&self, more: &[(&str, &str)]) {
        let base = self.base_url();
        let own = [
            ("PackageBaseAddress/3.0.0", "flat/"),
            ("RegistrationsBaseUrl/3.6.0", "registrations/"),
            ("RegistrationsBaseUrl/Versioned", "registrations/"),
            ("SearchQueryService", "query"),
        ];
        let resources = own
            .iter()
            .chain(more)
            .map(|(kind, path)| json!({ "@id": format!("{base}{path}"), "@type": kind }));
        let resources: Vec<Value> = resources.collect();
        let index = json!({ "version": "3.0.0", "resources": resources });
        self.put(Self::index_path(), Document::json(&index));
    }

    /// The path of a package's registrations.
    #[must_use]
    pub fn registration_path(id: &str) -> String {
        format!("/registrations/{}/index.json", id.to_lowercase())
    }

    /// The path of a package file.
    #[must_use]
    pub fn file_path(id: &str, version: &str) -> String {
        let (id, version) = (id.to_lowercase(), version.to_lowercase());
        format!("/flat/{id}/{version}/{id}.{version}.nupkg")
    }

    /// The path of the manifest beside a package file.
    #[must_use]
    pub fn manifest_path(id: &str, version: &str) -> String {
        let (id, version) = (id.to_lowercase(), version.to_lowercase());
        format!("/flat/{id}/{version}/{id}.nuspec")
    }

    /// The path of a version's catalog entry.
    #[must_use]
    pub fn catalog_path(id: &str, version: &str) -> String {
        let (id, version) = (id.to_lowercase(), version.to_lowercase());
        format!("/catalog/{id}.{version}.json")
    }

    /// The bytes of a package file as the gallery would serve them.
    #[must_use]
    pub fn file(&self, id: &str, version: &str) -> Option<Bytes> {
        self.bytes(&Self::file_path(id, version))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{}", self.base_url(), path.trim_start_matches('/'))
    }

    /// Adds a package, or replaces the one of its id.
    pub fn add_package(&self, package: FakeNugetPackage) {
        self.remove_package(&package.id);
        let id = &package.id;
        let mut leaves = Vec::new();
        for release in &package.versions {
            let lower = release.lower();
            let file = Self::file_path(id, &lower);
            let catalog = Self::catalog_path(id, &lower);
            let entry = release.entry(&self.url(&catalog), &self.url(&file));
            let mut details = json!({ "id": release.id, "version": release.version });
            if let Some(hash) = &release.hash {
                details["packageHash"] = json!(hash);
                details["packageHashAlgorithm"] = json!("SHA512");
            }
            self.put(&catalog, Document::json(&details));
            self.put(&file, Document::file(release.bytes.clone()));
            let manifest = Document::new("application/xml", release.manifest.clone());
            self.put(&Self::manifest_path(id, &lower), manifest);
            leaves.push((
                lower,
                json!({ "@type": "Package", "catalogEntry": entry, "packageContent": self.url(&file) }),
            ));
        }
        let path = Self::registration_path(id);
        let size = package.page_size.unwrap_or(leaves.len()).max(1);
        let mut pages = Vec::new();
        for leaves in leaves.chunks(size) {
            let (first, last) = (&leaves[0].0, &leaves[leaves.len() - 1].0);
            let at = format!(
                "/registrations/{}/page/{first}/{last}.json",
                id.to_lowercase()
            );
            let items: Vec<&Value> = leaves.iter().map(|(_, leaf)| leaf).collect();
            let mut page = json!({
                "@id": self.url(&at), "count": items.len(), "lower": first, "upper": last, "items": items,
            });
            if package.page_size.is_some() {
                self.put(&at, Document::json(&page));
                page.as_object_mut()
                    .expect("it was made as an object")
                    .remove("items");
            }
            pages.push(page);
        }
        let index = json!({ "@id": self.url(&path), "count": pages.len(), "items": pages });
        self.put(&path, Document::json(&index));
        lock(&self.packages).push(package);
    }

    /// Changes a package that was added.
    pub fn change_package(
        &self,
        id: &str,
        change: impl FnOnce(FakeNugetPackage) -> FakeNugetPackage,
    ) {
        let known = self.remove_package(id);
        self.add_package(change(known.expect("the test has added this package")));
    }

    /// Takes a package and its files away, as if the gallery had removed it.
    pub fn remove_package(&self, id: &str) -> Option<FakeNugetPackage> {
        let mut packages = lock(&self.packages);
        let known = packages
            .iter()
            .position(|package| package.id.eq_ignore_ascii_case(id))?;
        let lower = id.to_lowercase();
        self.remove_below(&format!("/registrations/{lower}/"));
        self.remove_below(&format!("/flat/{lower}/"));
        let package = packages.remove(known);
        for release in &package.versions {
            self.remove(&Self::catalog_path(id, &release.lower()));
        }
        Some(package)
    }
}

impl Deref for FakeNuget {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakeNuget {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}
