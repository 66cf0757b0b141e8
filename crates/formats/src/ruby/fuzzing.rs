//! What [`crate::fuzzing`] calls of this folder.

use bytes::Bytes;
use catalog::PublicSource as _;
use url::Url;

use super::gemspec::{Gemspec, read_checksums};
use super::info::{Line, lines};
use super::marshalled::specification;
use super::name::{candidates, find_gem};
use super::source::RubySource;
use super::version::{Requirement, Version, key};
use super::version_metadata::SpecFacts;
use super::{all_gems, archive};

/// See [`crate::fuzzing::gem`].
pub(crate) fn gem(data: &[u8]) {
    if let Ok(spec) = archive::read(data) {
        specification(&spec);
    }
}

/// See [`crate::fuzzing::gemspec`].
pub(crate) fn gemspec(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(spec) = Gemspec::parse(text) {
        specification(&spec);
        SpecFacts::of(&spec);
        assert!(!spec.file().contains(['/', '\\', '\0']));
    }
    read_checksums(text).ok();
}

/// See [`crate::fuzzing::gem_info`].
pub(crate) fn gem_info(data: &[u8]) {
    let base = Url::parse("https://gems.example/").ok();
    if let (Some(base), Some(gem)) = (base, find_gem("widget")) {
        let document = Bytes::copy_from_slice(data);
        RubySource.read(&base, &gem, &document).ok();
        RubySource.read(&base, &all_gems(), &document).ok();
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for line in lines(text).into_iter().flatten() {
        if let Some(line) = Line::parse(line) {
            candidates(&format!("widget-{}", line.name.rest()));
            key(line.name.number);
            assert!(Version::parse(line.name.number).is_some());
            for (_, bounds) in line.needs() {
                Requirement::parse(bounds.split('&'));
            }
        }
    }
}
