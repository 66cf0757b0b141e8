//! What [`crate::fuzzing`] calls of this folder.

use std::io::Cursor;

use model::{AssetName, Sha256Digest, VersionName};

use super::core_metadata::CoreMetadata;
use super::distribution;
use super::file_name::Archive;
use super::name::find_project;
use super::provenance;
use super::sdist::{SdistName, read_tar_bytes};
use super::upload_form::{Fields, check_file_name};
use crate::kit::multipart::{Event, FormScanner};

/// The most bytes of a field that are kept.
const FIELD_BYTES: usize = 1 << 20;

fn examine(file: &str, data: &[u8]) {
    let names = (
        find_project("foo"),
        VersionName::parse("1.0"),
        AssetName::parse(file),
    );
    if let (Some(project), Ok(version), Ok(asset)) = names {
        distribution::examine(&project, &version, &asset, &mut Cursor::new(data)).ok();
    }
}

/// See [`crate::fuzzing::wheel_metadata`].
pub(crate) fn wheel_metadata(data: &[u8]) {
    examine("foo-1.0-py3-none-any.whl", data);
    examine("foo-1.0.zip", data);
    if let Ok((core, _)) = CoreMetadata::parse(data) {
        core.dependencies();
        core.details();
    }
}

/// See [`crate::fuzzing::sdist_tar`].
pub(crate) fn sdist_tar(data: &[u8]) {
    let name = SdistName {
        project: "foo",
        version: "1.0",
        archive: Archive::TarGz,
    };
    if let Some(metadata) = read_tar_bytes(name, data) {
        CoreMetadata::parse(&metadata).ok();
    }
    examine("foo-1.0.tar.gz", data);
}

/// See [`crate::fuzzing::upload_form`].
pub(crate) fn upload_form(data: &[u8]) {
    let Some((size, form)) = data.split_first() else {
        return;
    };
    let mut scanner = FormScanner::new("b");
    let mut fields = Fields::default();
    let (mut field, mut file, mut value) = (String::new(), None, Vec::new());
    for piece in form.chunks(usize::from(*size).max(1)) {
        scanner.feed(piece);
        loop {
            match scanner.scan() {
                Ok(Some(Event::Part(head))) => {
                    (field, file) = (head.name, head.file_name.or(file));
                }
                Ok(Some(Event::Content(bytes))) if value.len() < FIELD_BYTES => {
                    value.extend_from_slice(&bytes);
                }
                Ok(Some(Event::PartEnd)) => {
                    fields.put(&field, &value).ok();
                    value.clear();
                }
                Ok(Some(Event::Content(_) | Event::End)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let file = file.unwrap_or_default();
    if check_file_name(&file).is_ok()
        && let Ok(form) = fields.check(&file)
        && let Some(attestations) = form.attestations
    {
        provenance::check(&attestations, &file, &Sha256Digest::from_bytes([0; 32])).ok();
    }
}
