//! Two small formats: one without a required namespace, one with.

use catalog::FormatRules;
use model::{
    AssetName, Constraint, Dependency, FormatId, Namespace, PackageCoordinates, PackageName,
    VersionDetails, VersionName,
};

pub(crate) const NPM: FormatId = FormatId::new("npm");
pub(crate) const GENERIC: FormatId = FormatId::new("generic");

pub(crate) static FORMATS: &[&dyn FormatRules] = &[&Npm, &Generic];

/// Lower-case names, namespaces without `@`, versions without a leading `v`, and a tag that names the default version.
struct Npm;

impl FormatRules for Npm {
    fn id(&self) -> FormatId {
        NPM
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        let pattern = Constraint::Pattern("[^@]+");
        if namespace
            .as_ref()
            .is_some_and(|namespace| namespace.as_str().contains('@'))
        {
            return Err(("namespace", pattern));
        }
        let lower = name.as_str().to_lowercase();
        let name = PackageName::parse(&lower).map_err(|constraint| ("package", constraint))?;
        Ok(PackageCoordinates {
            format: NPM,
            namespace,
            name,
        })
    }

    fn version(&self, version: VersionName) -> VersionName {
        let plain = version.as_str().strip_prefix('v').map(VersionName::parse);
        plain.and_then(Result::ok).unwrap_or(version)
    }

    fn default_tag(&self) -> Option<&'static str> {
        Some("latest")
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        let metadata: serde_json::Value = serde_json::from_str(metadata).unwrap();
        let listed = metadata["dependencies"].as_array().cloned();
        let dependency = |text: serde_json::Value| {
            let (namespace, name) = text.as_str().unwrap().split_once('/').unwrap();
            Dependency {
                namespace: Namespace::parse(namespace).ok(),
                package: PackageName::parse(name).unwrap(),
                dependency_type: (!namespace.is_empty()).then_some("regular"),
                version_requirement: (!namespace.is_empty()).then(|| "^1".to_owned()),
            }
        };
        listed
            .unwrap_or_default()
            .into_iter()
            .map(dependency)
            .collect()
    }

    fn details(&self, package: &PackageCoordinates, metadata: &str) -> VersionDetails {
        let metadata: serde_json::Value = serde_json::from_str(metadata).unwrap();
        let text = |name: &str| metadata[name].as_str().map(str::to_owned);
        let scope = package
            .namespace
            .as_ref()
            .map(|scope| format!("@{scope}/"))
            .unwrap_or_default();
        VersionDetails {
            display_name: Some(format!("{scope}{}", package.name)),
            summary: text("description"),
            home_page: text("homepage"),
            source_code_repository: text("repository"),
            licenses: text("license")
                .map(|name| (name, text("licenseUrl")))
                .into_iter()
                .collect(),
        }
    }
}

struct Generic;

impl FormatRules for Generic {
    fn id(&self) -> FormatId {
        GENERIC
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_none() {
            return Err(("namespace", Constraint::NotNull));
        }
        Ok(PackageCoordinates {
            format: GENERIC,
            namespace,
            name,
        })
    }

    fn growth(&self) -> catalog::Growth {
        catalog::Growth::WhileUnfinished
    }

    fn is_published_through_api(&self) -> bool {
        true
    }

    /// No slashes.
    fn check_asset_name(&self, name: &AssetName) -> Result<(), Constraint> {
        if name.as_str().contains('/') {
            return Err(Constraint::Pattern("[^/]+"));
        }
        Ok(())
    }

    fn has_readme(&self) -> bool {
        false
    }

    fn details(&self, _package: &PackageCoordinates, _metadata: &str) -> VersionDetails {
        VersionDetails::default()
    }
}
