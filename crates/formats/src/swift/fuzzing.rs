//! What [`crate::fuzzing`] calls of this folder.

use std::io::Cursor;

use http::HeaderValue;

use super::archive;
use super::manifest::{Manifest, Manifests, SwiftVersion, tools_version};
use super::publish_form::{ARCHIVE, Decoder, Sections};
use super::repository_url::normalized;
use crate::kit::multipart::{Event, FormScanner};

/// See [`crate::fuzzing::swift_archive`].
pub(crate) fn swift_archive(data: &[u8]) {
    if let Ok(examined) = archive::examine(&mut Cursor::new(data)) {
        let kept = examined
            .companion
            .expect("an archive that is taken has manifests");
        Manifests::read(&kept).expect("what was written can be read");
    }
}

/// See [`crate::fuzzing::swift_manifest`].
pub(crate) fn swift_manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(version) = tools_version(text) {
        assert!(SwiftVersion::parse(version).is_some(), "{version}");
    }
    let first = text.lines().next().unwrap_or_default();
    if SwiftVersion::of_file(first).is_some() {
        let manifest = Manifest {
            file: first.to_owned(),
            text: text.to_owned(),
        };
        let tools = manifest.tools_version_or_name();
        assert!(SwiftVersion::parse(&tools).is_some(), "{tools}");
    }
}

/// See [`crate::fuzzing::swift_publish_form`].
pub(crate) fn swift_publish_form(data: &[u8]) {
    let Some((size, form)) = data.split_first() else {
        return;
    };
    let mut scanner = FormScanner::new("b").taking_encodings();
    let mut sections = Sections::default();
    let mut part: Option<(String, Decoder)> = None;
    for piece in form.chunks(usize::from(*size).max(1)) {
        scanner.feed(piece);
        loop {
            match scanner.scan() {
                Ok(Some(Event::Part(head))) => {
                    if head.name != ARCHIVE && sections.begin(&head.name).is_err() {
                        return;
                    }
                    part = Some((head.name, Decoder::new(head.encoding)));
                }
                Ok(Some(Event::Content(bytes))) => {
                    let Some((name, decoder)) = &mut part else {
                        return;
                    };
                    let decoded = if decoder.is_needed() {
                        decoder.feed(&bytes)
                    } else {
                        Ok(bytes.to_vec())
                    };
                    let kept = decoded.and_then(|bytes| sections.add(name, &bytes));
                    if kept.is_err() {
                        return;
                    }
                }
                Ok(Some(Event::PartEnd | Event::End)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let format = HeaderValue::from_static("cms-1.0.0");
    if let Ok(said) = sections.check("a.b", Some(&format)) {
        super::version_metadata::details(&said.to_json());
    }
}

/// See [`crate::fuzzing::swift_repository_url`].
pub(crate) fn swift_repository_url(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(found) = normalized(text)
    {
        assert!(found.contains('/'), "{found}");
    }
}
