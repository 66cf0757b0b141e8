//! NuGet: the V3 protocol ("NuGet Server API").
//!
//! So far only what the API needs to know: names, versions and connections. Package requests are told that they are not
//! served.

mod connections;

use catalog::{FormatRules, PublicConnection};
use model::{
    Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result, VersionDetails,
    VersionName,
};

use crate::not_served::{NO_NAMESPACE, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("nuget");

/// The NuGet format.
pub(crate) struct Nuget;

impl FormatRules for Nuget {
    fn id(&self) -> FormatId {
        ID
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_some() {
            return Err(NO_NAMESPACE);
        }
        let name = PackageName::parse(&name.as_str().to_lowercase()).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    /// The normal form of "NuGet package version reference": no leading zeros, no fourth part of zero, no build
    /// metadata. What is not a version stays as it is.
    fn version(&self, version: VersionName) -> VersionName {
        normalized(version.as_str())
            .and_then(|text| VersionName::parse(&text).ok())
            .unwrap_or(version)
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Nuget {
    fn route(&self, _: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        not_served(ID)
    }

    fn is_served(&self) -> bool {
        false
    }
}

fn normalized(version: &str) -> Option<String> {
    let version = version.split('+').next()?;
    let (numbers, label) = match version.split_once('-') {
        Some((numbers, label)) => (numbers, Some(label)),
        None => (version, None),
    };
    let mut parts = Vec::new();
    for part in numbers.split('.') {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = part.trim_start_matches('0');
        parts.push(if part.is_empty() { "0" } else { part });
    }
    if parts.len() > 4 {
        return None;
    }
    if parts.len() == 4 && parts[3] == "0" {
        parts.pop();
    }
    while parts.len() < 3 {
        parts.push("0");
    }
    let numbers = parts.join(".");
    Some(label.map_or_else(|| numbers.clone(), |label| format!("{numbers}-{label}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_nu_1_versions_and_ids_have_one_normal_form() {
        for (text, expected) in [
            ("1.01.1", "1.1.1"),
            ("1.0.0.0", "1.0.0"),
            ("1.0", "1.0.0"),
            ("1", "1.0.0"),
            ("1.0.7+r3456", "1.0.7"),
            ("1.2.3.4", "1.2.3.4"),
            ("00.01.002-Beta.1", "0.1.2-Beta.1"),
            ("not a version".split(' ').next().unwrap(), "not"),
            ("1.2.3.4.5", "1.2.3.4.5"),
        ] {
            assert_eq!(
                Nuget.version(VersionName::parse(text).unwrap()).as_str(),
                expected
            );
        }
        let coordinates = Nuget
            .coordinates(None, PackageName::parse("Newtonsoft.Json").unwrap())
            .unwrap();
        assert_eq!(coordinates.name.as_str(), "newtonsoft.json");
    }
}
