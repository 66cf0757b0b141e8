//! The API, in process: signed requests to a control plane over a real catalog, and what comes back.
//!
//! One file per noun; what every operation has in common (signature, errors, validation, paging) has files of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod connections;
mod declared_errors;
mod dependencies;
mod development;
mod domains;
mod endpoints;
mod hostile_requests;
mod package_origin;
mod packages;
mod paging;
mod publish_generic;
mod publish_hostile;
mod readmes;
mod repositories;
mod routes;
mod signatures;
mod support;
mod tokens;
mod validation;
mod versions;
