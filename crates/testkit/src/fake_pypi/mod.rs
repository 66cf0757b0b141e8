//! A public Python index in this process: real wheels and sdists on a [`FakeSource`], with project pages as HTML and as JSON.
//!
//! See PEP 503 and PEP 691 for the pages, PEP 700, 592, 658, 708, 740 and 792 for what is on them; together they are the
//! "Simple repository API" of the Python Packaging User Guide.

mod pages;
mod project;

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;

pub use project::{FakeFile, FakeProject};

use crate::fake_source::{Document, FakeSource, lock};
use crate::packages::normal_name;

/// A fake public Python index. It stops when it is dropped.
#[derive(Debug)]
pub struct FakePypi {
    source: FakeSource,
    /// The projects, to change single ones.
    projects: Mutex<Vec<FakeProject>>,
}

/// The forms in which an index has its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageForms {
    /// HTML and JSON, as the client asks.
    Both,
    /// Only HTML, as older indexes.
    Html,
    /// Only JSON.
    Json,
}

impl FakePypi {
    /// Starts an empty index on a free port.
    pub async fn start() -> Self {
        Self {
            source: FakeSource::start().await,
            projects: Mutex::default(),
        }
    }

    /// The address that pip would be given, with a slash at the end.
    #[must_use]
    pub fn index_url(&self) -> String {
        format!("{}simple/", self.base_url())
    }

    /// The path of a project's page.
    #[must_use]
    pub fn page_path(project: &str) -> String {
        format!("/simple/{}/", normal_name(project))
    }

    /// The path of a file. Its core metadata is at this path and `.metadata`.
    #[must_use]
    pub fn file_path(file_name: &str) -> String {
        format!("/packages/{file_name}")
    }

    /// The bytes of a file as the index would serve them.
    #[must_use]
    pub fn file(&self, file_name: &str) -> Option<Bytes> {
        self.bytes(&Self::file_path(file_name))
    }

    /// Adds a project, or replaces the one of its name.
    pub fn add_project(&self, project: FakeProject) {
        self.remove_project(&project.name);
        let both = [PageForms::Html, PageForms::Both].contains(&project.forms);
        let mut forms = Vec::new();
        if both {
            let page: Bytes = pages::html(&project, self.base_url()).into();
            forms.push(Document::new("text/html; charset=utf-8", page.clone()).compressible());
            let versioned = "application/vnd.pypi.simple.v1+html";
            forms.push(Document::new(versioned, page).compressible());
        }
        if project.forms != PageForms::Html {
            let page = Document::json(&pages::json(&project, self.base_url()));
            forms.push(page.content_type("application/vnd.pypi.simple.v1+json"));
        }
        self.put_forms(&Self::page_path(&project.name), forms);
        for file in &project.files {
            let path = Self::file_path(&file.file_name);
            self.put(&path, Document::file(file.bytes.clone()));
            if let Some(metadata) = &file.core_metadata {
                self.put(
                    &format!("{path}.metadata"),
                    Document::file(metadata.clone()),
                );
            }
        }
        lock(&self.projects).push(project);
    }

    /// Changes a project that was added.
    pub fn change_project(&self, name: &str, change: impl FnOnce(FakeProject) -> FakeProject) {
        let known = self.remove_project(name);
        self.add_project(change(known.expect("the test has added this project")));
    }

    /// Takes a project and its files away, as if the public index had removed it.
    pub fn remove_project(&self, name: &str) -> Option<FakeProject> {
        let mut projects = lock(&self.projects);
        let known = projects
            .iter()
            .position(|project| normal_name(&project.name) == normal_name(name))?;
        let project = projects.remove(known);
        self.remove(&Self::page_path(name));
        for file in &project.files {
            let path = Self::file_path(&file.file_name);
            self.remove(&path);
            self.remove(&format!("{path}.metadata"));
        }
        Some(project)
    }
}

impl Deref for FakePypi {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakePypi {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}
