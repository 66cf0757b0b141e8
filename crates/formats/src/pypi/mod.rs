//! Python: the simple repository API (PEP 503, PEP 691) and the legacy upload API.
//!
//! So far only what the API needs to know: names and connections. Package requests are told that they are not served.

mod connections;

use catalog::{FormatRules, PublicConnection};
use model::{
    Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result, VersionDetails,
};

use crate::not_served::{NO_NAMESPACE, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("pypi");

/// The Python format.
pub(crate) struct Pypi;

impl FormatRules for Pypi {
    fn id(&self) -> FormatId {
        ID
    }

    /// Lower case, with every run of `-`, `_` and `.` as one hyphen (PEP 503, "Normalized Names").
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_some() {
            return Err(NO_NAMESPACE);
        }
        let name = PackageName::parse(&normalized(name.as_str())).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Pypi {
    fn route(&self, _: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        not_served(ID)
    }

    fn is_served(&self) -> bool {
        false
    }
}

fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_py_1_equal_names_become_one() {
        for name in [
            "PyHamcrest.Extra",
            "pyhamcrest-extra",
            "pyhamcrest__extra",
            "PYHAMCREST._-EXTRA",
        ] {
            let coordinates = Pypi
                .coordinates(None, PackageName::parse(name).unwrap())
                .unwrap();
            assert_eq!(coordinates.name.as_str(), "pyhamcrest-extra", "{name}");
        }
        let namespace = Some(Namespace::parse("x").unwrap());
        assert!(
            Pypi.coordinates(namespace, PackageName::parse("y").unwrap())
                .is_err()
        );
    }
}
