//! Addresses of releases, and the `Link` fields that lead to them (RFC 8288).
//!
//! The package manager cuts these fields at every comma and semicolon, wherever they stand, so neither may be in an address.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{HeaderValue, LINK};
use model::{Error, PackageCoordinates, Result};

use super::manifest::Manifests;
use crate::kit::path;

/// The address of a release.
pub(super) fn release_url(base: &str, package: &PackageCoordinates, version: &str) -> String {
    let segments = [package.namespace_str(), package.name.as_str(), version];
    format!("{base}{}", path::write(&segments).unwrap_or_default())
}

/// The elements of a `Link` field.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<String>);

impl Links {
    /// Adds an element.
    pub(super) fn add(&mut self, url: &str, relation: &str) {
        self.0.push(format!("<{url}>; rel=\"{relation}\""));
    }

    /// Adds an address that a publisher wrote, unless it would not be understood as one.
    pub(super) fn add_foreign(&mut self, url: &str, relation: &str) {
        let is_plain = |b: u8| b.is_ascii_graphic() && !b"<>,;\"\\".contains(&b);
        if !url.is_empty() && url.bytes().all(is_plain) {
            self.add(url, relation);
        }
    }

    /// Adds the manifests for single versions of Swift. `release` is the address of the release.
    pub(super) fn add_manifests(&mut self, release: &str, manifests: &Manifests) {
        for manifest in &manifests.alternates {
            let (file, version) = (&manifest.file, manifest.version_text());
            let tools = manifest.tools_version_or_name();
            self.0.push(format!(
                "<{release}/Package.swift?swift-version={version}>; rel=\"alternate\"; filename=\"{file}\"; \
                 swift-tools-version=\"{tools}\""
            ));
        }
    }

    /// The field's value; nothing, when it says nothing.
    pub(super) fn into_value(self) -> Bytes {
        self.0.join(", ").into()
    }

    /// Sends the field, unless it says nothing.
    pub(super) fn insert_into(self, headers: &mut HeaderMap) -> Result<()> {
        insert_value(self.into_value(), headers)
    }
}

/// Sends a value that was made before, unless it says nothing.
pub(super) fn insert_value(value: Bytes, headers: &mut HeaderMap) -> Result<()> {
    if !value.is_empty() {
        let value = HeaderValue::from_maybe_shared(value).map_err(Error::internal)?;
        headers.insert(LINK, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swift::manifest::{MANIFEST, Manifest};
    use crate::swift::name::Identity;

    #[test]
    fn releases_have_addresses_of_their_own() {
        let package = Identity::parse("Mona", "LinkedList").unwrap().package;
        let base = "http://h/swift/d/a/main/";
        assert_eq!(
            release_url(base, &package, "1.0.0+a"),
            format!("{base}mona/linkedlist/1.0.0%2Ba")
        );
    }

    #[test]
    fn u15_addresses_that_would_break_the_field_are_left_out() {
        let mut links = Links::default();
        for bad in [
            "",
            "https://git.example/a,b",
            "https://git.example/a;b",
            "https://git.example/a>b",
            "https://git.example/a\r\nX: y",
            "https://git.example/é",
            "https://git.example/a b",
        ] {
            links.add_foreign(bad, "alternate");
        }
        assert!(links.0.is_empty(), "{links:?}");
        let mut headers = HeaderMap::new();
        Links::default().insert_into(&mut headers).unwrap();
        assert!(headers.is_empty());
        links.add_foreign("git@git.example:a/b.git", "alternate");
        links.insert_into(&mut headers).unwrap();
        assert_eq!(
            headers[LINK],
            "<git@git.example:a/b.git>; rel=\"alternate\""
        );
    }

    #[test]
    fn a_link_to_a_manifest_is_what_the_package_manager_parses() {
        let manifest = |file: &str, text: &str| Manifest {
            file: file.to_owned(),
            text: text.to_owned(),
        };
        let manifests = Manifests {
            main: manifest(MANIFEST, ""),
            alternates: vec![
                manifest("Package@swift-4.swift", "// swift-tools-version:4.0"),
                manifest("Package@swift-4.2.swift", ""),
            ],
        };
        let mut links = Links::default();
        links.add_manifests("http://h/m/l/1.1.1", &manifests);
        assert_eq!(
            links.0,
            [
                "<http://h/m/l/1.1.1/Package.swift?swift-version=4>; rel=\"alternate\"; \
                 filename=\"Package@swift-4.swift\"; swift-tools-version=\"4.0\"",
                "<http://h/m/l/1.1.1/Package.swift?swift-version=4.2>; rel=\"alternate\"; \
                 filename=\"Package@swift-4.2.swift\"; swift-tools-version=\"4.2\"",
            ]
        );
    }
}
