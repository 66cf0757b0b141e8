//! The API, in process: signed requests to a control plane over a real catalog, and what comes back.
//!
//! One file per noun; what every operation has in common (signature, errors, validation, paging) has files of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod connections;
mod declared_errors;
mod development;
mod domains;
mod endpoints;
mod explanations;
mod hostile_requests;
mod identities;
mod packages;
mod paging;
mod policies;
mod repositories;
mod routes;
mod signatures;
mod sts_roles;
mod sts_sessions;
mod sts_web_identity;
mod sts_wire;
mod support;
mod tags;
mod tenancy;
mod tokens;
mod validation;
mod versions;
