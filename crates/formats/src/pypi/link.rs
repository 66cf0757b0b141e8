//! Addresses below a repository: of project pages and of files.

use std::fmt::Write as _;

use model::{Error, ResourceType};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What must not stand raw in a segment of an address (RFC 3986, "pchar"), and the plus sign of local versions, which some
/// servers read as a blank.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'+')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Where the pages and the files of a project are.
pub(super) fn project_link(base: &str, project: &str) -> String {
    format!("{base}simple/{project}/")
}

/// Where the files of a version are, below a project's own address.
pub(super) fn version_link(project_link: &str, version: &str) -> String {
    format!("{project_link}{}/", utf8_percent_encode(version, SEGMENT))
}

/// Adds the name of a file to an address.
pub(super) fn push_file(out: &mut String, file: &str) {
    let written = write!(out, "{}", utf8_percent_encode(file, SEGMENT));
    written.expect("a String takes every write");
}

/// That a file is not there.
pub(super) fn no_file(file: &str) -> Error {
    let message = format!("There is no file '{file}' of this version here.");
    Error::not_found(ResourceType::Asset, file, message)
}
