//! The members that name several versions of a package: `versions`, `versionRevisions`, `expectedStatus`.
//!
//! A version that is named twice is meant once. Versions are read into their format's normal form, as everywhere.

use std::collections::BTreeMap;

use catalog::VersionSelection;
use model::{Error, InvalidReason, PackageCoordinates, PackageVersionStatus, VersionName};
use serde_json::Value;

use super::member::body;
use super::params::{Params, Read, Refused};
use super::shared_members::{one_of, visible};

/// Versions in one call.
const MAX: usize = 100;

/// Versions, each with the revision it is expected to have.
type Versions = BTreeMap<VersionName, Option<String>>;

impl Params {
    /// `versions` alone, which must be there, and `expectedStatus`.
    pub(crate) fn versions(
        &mut self,
        package: &Read<PackageCoordinates>,
    ) -> Read<VersionSelection> {
        let versions = self.required_versions(package);
        let expected_status = self.expected_status();
        Ok(VersionSelection {
            versions: versions?,
            expected_status: expected_status?,
        })
    }

    /// `versions`, which must be there, `versionRevisions`, which must have the same versions where it is there, and
    /// `expectedStatus`.
    pub(crate) fn versions_with_revisions(
        &mut self,
        package: &Read<PackageCoordinates>,
    ) -> Read<VersionSelection> {
        let versions = self.required_versions(package);
        let revisions = self.version_revisions(package);
        let expected_status = self.expected_status();
        let (versions, revisions) = (versions?, revisions?);
        if let Some(revisions) = &revisions
            && !revisions.keys().eq(versions.keys())
        {
            return Err(self.rule(
                "The members 'versions' and 'versionRevisions' must name the same versions.",
            ));
        }
        Ok(VersionSelection {
            versions: revisions.unwrap_or(versions),
            expected_status: expected_status?,
        })
    }

    /// `versions` or `versionRevisions`: one of them, not both.
    pub(crate) fn versions_or_revisions(
        &mut self,
        package: &Read<PackageCoordinates>,
    ) -> Read<Versions> {
        let items = self.list(body("versions"), MAX);
        let versions = items.and_then(|items| {
            let versions = items.map(|items| self.version_names(package, &items));
            versions.transpose()
        });
        let revisions = self.version_revisions(package);
        match (versions?, revisions?) {
            (Some(versions), None) | (None, Some(versions)) if !versions.is_empty() => Ok(versions),
            (Some(_), None) | (None, Some(_)) => {
                Err(self.rule("The call names no version. Name at least one."))
            }
            (Some(_), Some(_)) => Err(self.rule(
                "The members 'versions' and 'versionRevisions' were both sent. Send one of them.",
            )),
            (None, None) => {
                Err(self
                    .rule("Neither 'versions' nor 'versionRevisions' was sent. Send one of them."))
            }
        }
    }

    fn expected_status(&mut self) -> Read<Option<PackageVersionStatus>> {
        let words = PackageVersionStatus::ALL.map(PackageVersionStatus::as_str);
        self.optional(
            body("expectedStatus"),
            one_of(PackageVersionStatus::parse, words),
        )
    }

    fn required_versions(&mut self, package: &Read<PackageCoordinates>) -> Read<Versions> {
        let items = self.filled_list(body("versions"), MAX)?;
        self.version_names(package, &items)
    }

    fn version_names(
        &mut self,
        package: &Read<PackageCoordinates>,
        items: &[Value],
    ) -> Read<Versions> {
        let names: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = format!("versions.{}.member", index + 1);
                self.part_text(&path, item, VersionName::parse)
            })
            .collect();
        let names: Vec<_> = names.into_iter().collect::<Read<_>>()?;
        let package = package.as_ref().map_err(|refused| *refused)?;
        Ok(names
            .into_iter()
            .map(|name| (self.in_normal_form(package, name), None))
            .collect())
    }

    fn version_revisions(&mut self, package: &Read<PackageCoordinates>) -> Read<Option<Versions>> {
        let Some(entries) = self.map(body("versionRevisions"), MAX)? else {
            return Ok(None);
        };
        let pairs: Vec<Read<_>> = entries
            .iter()
            .enumerate()
            .map(|(index, (name, revision))| {
                // By number, since a key can be as long as the caller likes.
                let path = format!("versionRevisions.{}", index + 1);
                let key = Value::String(name.clone());
                let name = self.part_text(&format!("{path}.key"), &key, VersionName::parse);
                let revision = self.part_text(&format!("{path}.value"), revision, |text| {
                    visible(text, 50).map(str::to_owned)
                });
                Ok((name?, revision?))
            })
            .collect();
        let pairs = pairs.into_iter().collect::<Read<Vec<_>>>()?;
        let package = package.as_ref().map_err(|refused| *refused)?;
        let mut versions = Versions::new();
        for (name, revision) in pairs {
            let name = self.in_normal_form(package, name);
            let before = versions.insert(name, Some(revision.clone()));
            if before.is_some_and(|before| before != Some(revision)) {
                return Err(self.rule(
                    "The member 'versionRevisions' names one version twice, with different revisions.",
                ));
            }
        }
        Ok(Some(versions))
    }

    fn rule(&mut self, message: &str) -> Refused {
        self.fault(Error::invalid(InvalidReason::FieldValidation, message))
    }
}
