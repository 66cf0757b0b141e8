//! What a gem's file tells of its version: the specification inside, which must be that of the name that the file has. The
//! index is made of what is inside, never of what comes beside it.

use bytes::Bytes;
use catalog::{AssetBytes, Examined};
use model::{AssetName, Error, InvalidReason, PackageCoordinates, Result, VersionName};

use super::archive::{self, GemFault};
use super::gemspec::Gemspec;
use super::marshalled::packed_specification;
use super::version::Requirement;
use super::version_metadata::{GemFacts, SpecFacts, VersionMetadata};

/// Looks into a gem.
pub(super) fn examine(
    package: &PackageCoordinates,
    version: &VersionName,
    asset: &AssetName,
    bytes: &mut dyn AssetBytes,
) -> Result<Examined> {
    bytes.rewind().map_err(Error::internal)?;
    let spec = archive::read(bytes).map_err(|fault| refuse(asset.as_str(), &fault))?;
    if spec.name != package.name.as_str()
        || spec.number != version.as_str()
        || spec.file() != asset.as_str()
    {
        let fault = format!("its metadata is that of '{}'", spec.file());
        return Err(refuse(asset.as_str(), &GemFault(fault)));
    }
    let mut told = VersionMetadata::of_gem(asset.as_str(), facts(&spec));
    let people = SpecFacts::of(&spec);
    told.set_spec(asset.as_str(), &people);
    Ok(Examined {
        metadata: Some(told.to_json()),
        readme: None,
        companion: Some(Bytes::from(packed_specification(&spec)?)),
    })
}

/// Why a gem cannot be accepted.
pub(super) fn refuse(file: &str, fault: &GemFault) -> Error {
    let message = format!("The gem '{file}' cannot be accepted: {fault}.");
    Error::invalid(InvalidReason::Other, message)
}

/// What the index says of a gem.
fn facts(spec: &Gemspec) -> GemFacts {
    let needs: Vec<String> = spec
        .dependencies
        .iter()
        .filter(|needed| !needed.is_development)
        .map(|needed| format!("{}:{}", needed.name, needed.requirement.joined("&")))
        .collect();
    let bound = |word: &str, requirement: &Requirement| {
        (!requirement.is_any()).then(|| format!("{word}:{}", requirement.joined("&")))
    };
    let requires = [
        bound("ruby", &spec.required_ruby),
        bound("rubygems", &spec.required_rubygems),
    ];
    let requires: Vec<String> = requires.into_iter().flatten().collect();
    GemFacts {
        needs: Some(needs.join(",")),
        requires: Some(requires.join(",")),
        ..GemFacts::default()
    }
}
