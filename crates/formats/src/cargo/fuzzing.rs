//! What [`crate::fuzzing`] calls of this folder.

use std::io::Cursor;

use model::Sha256Digest;

use super::crate_archive;
use super::crate_manifest::CrateManifest;
use super::frame::{Frame, Piece};
use super::index_line::LineHead;
use super::new_crate::NewCrate;
use super::version_metadata;

/// See [`crate::fuzzing::crate_publish`].
pub(crate) fn publish(data: &[u8]) {
    let Some((size, body)) = data.split_first() else {
        return;
    };
    let mut frame = Frame::new(1 << 20);
    for piece in body.chunks(usize::from(*size).max(1)) {
        frame.feed(piece);
        loop {
            match frame.next() {
                Ok(Some(Piece::Metadata(metadata))) => new_crate(&metadata),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    frame.finish().ok();
}

fn new_crate(metadata: &[u8]) {
    let Ok(mut said) = NewCrate::read(metadata) else {
        return;
    };
    if said.check().is_ok() {
        let line = said.line(&Sha256Digest::from_bytes([0; 32]), None);
        assert!(
            LineHead::read(&line).is_some(),
            "what is published can be shown"
        );
    }
}

/// See [`crate::fuzzing::crate_tar`].
pub(crate) fn tar(data: &[u8]) {
    crate_archive::read_tar_bytes(data);
    crate_archive::read(&mut Cursor::new(data)).ok();
    CrateManifest::parse(data).ok();
}

/// See [`crate::fuzzing::index_line`].
pub(crate) fn index_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(head) = LineHead::read(text) {
        for yanked in [true, false] {
            let changed = head.with_yanked(text, yanked);
            let again = LineHead::read(&changed).expect("a changed line is a line");
            assert!(again.is_yanked() == yanked || changed == text);
        }
    }
    let merged = version_metadata::merged("{}", text);
    version_metadata::merged(&merged, text);
    version_metadata::dependencies(&merged);
    version_metadata::details(&merged);
}
