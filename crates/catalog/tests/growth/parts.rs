//! Small formats: `parts`, whose versions grow for ever and tell of themselves by their assets, and `sealed`, whose
//! versions come whole.

use std::io::SeekFrom;

use catalog::{AssetBytes, Examined, FormatRules, Growth};
use model::{
    AssetName, Constraint, Error, FormatId, InvalidReason, Namespace, PackageCoordinates,
    PackageName, VersionDetails, VersionKey, VersionName,
};
use serde_json::{Value, json};

pub(crate) const PARTS: FormatId = FormatId::new("parts");
pub(crate) const SEALED: FormatId = FormatId::new("sealed");

pub(crate) static FORMATS: &[&dyn FormatRules] = &[&Parts, &Sealed];

/// Trailing `.0` of versions mean nothing. Bytes that begin with `no` are refused; a line `companion=...` at the end of an
/// asset is its companion, and `readme` at its beginning a readme.
struct Parts;

impl FormatRules for Parts {
    fn id(&self) -> FormatId {
        PARTS
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        Ok(PackageCoordinates {
            format: PARTS,
            namespace,
            name,
        })
    }

    fn version_key(&self, version: &VersionName) -> VersionKey {
        let mut key = version.as_str();
        while let Some(shorter) = key.strip_suffix(".0") {
            key = shorter;
        }
        VersionKey::new(key)
    }

    fn growth(&self) -> Growth {
        Growth::Always
    }

    fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> model::Result<Examined> {
        let size = bytes.seek(SeekFrom::End(0)).map_err(Error::internal)?;
        bytes.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        let mut all = Vec::new();
        bytes.read_to_end(&mut all).map_err(Error::internal)?;
        assert_eq!(all.len() as u64, size, "{package} {version}");
        if all.starts_with(b"no") {
            let message = format!("Asset '{asset}' says no.");
            return Err(Error::invalid(InvalidReason::FieldValidation, message));
        }
        let text = String::from_utf8_lossy(&all);
        let companion = text.rsplit_once("companion=");
        Ok(Examined {
            metadata: Some(json!({ "files": { asset.as_str(): size } }).to_string()),
            readme: text.starts_with("readme").then(|| text.to_string()),
            companion: companion.map(|(_, companion)| companion.to_owned().into()),
        })
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        let mut held: Value = serde_json::from_str(held).unwrap();
        let new: Value = serde_json::from_str(new).unwrap();
        merge(&mut held, new);
        held.to_string()
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

fn merge(held: &mut Value, new: Value) {
    match (held, new) {
        (Value::Object(held), Value::Object(new)) => {
            for (name, value) in new {
                merge(held.entry(name).or_insert(Value::Null), value);
            }
        }
        (held, new) => *held = new,
    }
}

/// Everything as it is by default.
struct Sealed;

impl FormatRules for Sealed {
    fn id(&self) -> FormatId {
        SEALED
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        Ok(PackageCoordinates {
            format: SEALED,
            namespace,
            name,
        })
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}
