//! The API, in process: signed requests to a control plane over a real catalog, and what comes back.
//!
//! One file per noun; what every operation has in common (signature, errors, validation, paging) has files of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod connections;
mod copy_package_versions;
mod declared_errors;
mod delete_package;
mod delete_package_versions;
mod dependencies;
mod development;
mod dispose_package_versions;
mod domains;
mod endpoints;
mod explanations;
mod hostile_requests;
mod identities;
mod package_group_packages;
mod package_groups;
mod package_origin;
mod packages;
mod paging;
mod policies;
mod publish_generic;
mod publish_hostile;
mod rates;
mod readmes;
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
mod update_package_versions_status;
mod validation;
mod version_members;
mod versions;
