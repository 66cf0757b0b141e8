//! What a distribution file tells of its version: name, version and form of the file, and the metadata inside, which must
//! agree. The index is made of what is inside, never of what a form says beside it.

use bytes::Bytes;
use catalog::{AssetBytes, Examined};
use model::{
    AssetName, Error, InvalidReason, PackageCoordinates, Result, Sha256Digest, VersionName,
};
use sha2::{Digest as _, Sha256};

use super::core_metadata::CoreMetadata;
use super::file_name::{Form, WheelName, version_of};
use super::name::normalized;
use super::sdist::SdistName;
use super::version_metadata::{CoreMetadataFact, FileFacts, VersionMetadata};
use super::wheel::{DistributionFault, refused};
use super::{sdist, version, wheel};

/// Looks into a distribution. Forms that are only passed on tell nothing.
pub(super) fn examine(
    package: &PackageCoordinates,
    version: &VersionName,
    asset: &AssetName,
    bytes: &mut dyn AssetBytes,
) -> Result<Examined> {
    let (file, project) = (asset.as_str(), package.name.as_str());
    let refuse = |fault: DistributionFault| {
        let message = format!("The file '{file}' cannot be accepted: {fault}.");
        Error::invalid(InvalidReason::Other, message)
    };
    let Some((form, _)) = Form::of(file) else {
        let fault = "its name is not that of a distribution of a Python project";
        return refused(fault).map_err(refuse);
    };
    if form.is_passed_on() {
        return Ok(Examined::default());
    }
    let found = read_metadata(form, project, version, file, bytes);
    let metadata = found.map_err(refuse)?;
    let (core, readme) = read_core(project, version, &metadata).map_err(refuse)?;
    let is_its_own = form == Form::Wheel || core.is_static();
    let digest = Sha256Digest::from_bytes(Sha256::digest(&metadata).into());
    let facts = FileFacts {
        requires_python: core.requires_python.clone(),
        core_metadata: is_its_own.then(|| CoreMetadataFact::Sha256(digest.to_hex())),
        ..FileFacts::default()
    };
    let mut told = VersionMetadata::of_file(file, facts);
    told.set_core(file, &core);
    Ok(Examined {
        metadata: Some(told.to_json()),
        readme,
        companion: Some(Bytes::from(metadata)),
    })
}

fn read_metadata(
    form: Form,
    project: &str,
    version: &VersionName,
    file: &str,
    bytes: &mut dyn AssetBytes,
) -> Result<Vec<u8>, DistributionFault> {
    let is_known = |key: &str| version::key(version.as_str()) == key;
    let said = version_of(project, file, &is_known);
    if !said.is_some_and(|said| version::same(&said, version.as_str())) {
        return refused(format!(
            "its name is not that of a file of version {version} of {project}"
        ));
    }
    match form {
        Form::Wheel => match WheelName::parse(file) {
            Some(name) => wheel::read_metadata(&name, bytes),
            None => refused("its name is not that of a wheel"),
        },
        Form::Sdist(archive) => {
            let version = version.as_str();
            let name = SdistName {
                project,
                version,
                archive,
            };
            sdist::read_metadata(name, bytes)
        }
        Form::Other(_) => refused("it is neither a wheel nor a source distribution"),
    }
}

/// The metadata, when it is about this version.
fn read_core(
    project: &str,
    version: &VersionName,
    metadata: &[u8],
) -> Result<(CoreMetadata, Option<String>), DistributionFault> {
    let read = CoreMetadata::parse(metadata);
    let (core, readme) = match read {
        Ok(read) => read,
        Err(fault) => return refused(format!("of its metadata, {fault}")),
    };
    if normalized(&core.name) != project || !version::same(&core.version, version.as_str()) {
        return refused(format!(
            "its metadata is that of {} {}, not of {project} {version}",
            core.name, core.version
        ));
    }
    Ok((core, readme))
}

#[cfg(test)]
mod tests;
