//! Where everything is, below a repository's address.

use crate::kit::path;

pub(super) const PUBLISH: &str = "api/v2/package";
pub(super) const CONTENT: &str = "v3/flatcontainer/";
pub(super) const QUERY: &str = "v3/query";
pub(super) const AUTOCOMPLETE: &str = "v3/autocomplete";
pub(super) const VULNERABILITIES: &str = "v3/vulnerabilities/";
pub(super) const SIGNATURES: &str = "v3/repository-signatures/index.json";

/// The two sets of registrations: one leaves out what clients that know only SemVer 1.0.0 cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hive {
    SemVer1,
    SemVer2,
}

impl Hive {
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::SemVer1 => "registrations",
            Self::SemVer2 => "registrations-semver2",
        }
    }
}

/// Writes addresses below a repository's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses<'b> {
    /// Ends with a slash.
    pub(super) base: &'b str,
}

impl Addresses<'_> {
    /// The address of a package file.
    pub(super) fn content(&self, id: &str, version: &str) -> String {
        let file = format!("{id}.{version}.nupkg");
        format!("{}{CONTENT}{}", self.base, written(&[id, version, &file]))
    }

    /// The address that a package's registrations are below; ends with a slash.
    pub(super) fn registration(&self, hive: Hive, id: &str) -> String {
        format!("{}v3/{}/{}/", self.base, hive.folder(), written(&[id]))
    }

    pub(super) fn index(&self, hive: Hive, id: &str) -> String {
        format!("{}index.json", self.registration(hive, id))
    }

    pub(super) fn leaf(&self, hive: Hive, id: &str, version: &str) -> String {
        let file = format!("{version}.json");
        format!("{}{}", self.registration(hive, id), written(&[&file]))
    }

    pub(super) fn page(&self, hive: Hive, id: &str, lower: &str, upper: &str) -> String {
        let upper = format!("{upper}.json");
        let below = written(&["page", lower, &upper]);
        format!("{}{below}", self.registration(hive, id))
    }
}

/// Ids and versions are made of what every path can have.
fn written(segments: &[&str]) -> String {
    path::write(segments).unwrap_or_default()
}
