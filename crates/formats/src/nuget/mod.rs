//! NuGet: the V3 protocol ("NuGet Server API") that dotnet, nuget.exe, MSBuild and Visual Studio speak.
//!
//! Reading and writing of documents ([`nuspec`], [`package_file`], [`source`], [`registration`], [`search_entry`]) knows no
//! HTTP; the endpoints beside it know no more of documents than where they are. A version has one asset, its package
//! file, with the manifest out of it as companion.

mod address;
mod connections;
mod facts;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod id;
mod listing;
mod nuspec;
mod package_file;
mod push;
mod read_package;
mod registration;
mod render;
mod routes;
mod search;
mod search_entry;
mod service_index;
mod shown;
mod source;
mod source_entry;
mod version;

use std::borrow::Cow;

use catalog::{AssetBytes, Examined, FormatRules, PublicConnection, PublicSource};
use http::HeaderMap;
use model::{
    AssetName, Constraint, Dependency, Error, FormatId, Namespace, PackageCoordinates, PackageName,
    Result, VersionDetails, VersionKey, VersionName,
};

use crate::kit::credentials;
use crate::namespace_rule::NO_NAMESPACE;
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("nuget");
/// Where clients that were given an API key put it.
const API_KEY: &str = "x-nuget-apikey";

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
        let name = PackageName::parse(&id::lower(name.as_str())).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    /// The normal form of "Package versioning": no leading zeros, no fourth part of zero, no build metadata. What is not
    /// a version stays as it is.
    fn version(&self, version: VersionName) -> VersionName {
        version::normalized(version)
    }

    fn version_key(&self, version: &VersionName) -> VersionKey {
        VersionKey::new(version::key(version.as_str()))
    }

    fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> Result<Examined> {
        package_file::examine(package, version, asset, bytes)
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        facts::merged(held, new)
    }

    /// The gallery unlists and deprecates versions long after they were published.
    fn follows_source(&self) -> bool {
        true
    }

    /// Projects that use a version restore it by the list of all versions, where it must be found.
    fn shows_unlisted(&self) -> bool {
        true
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::NugetSource)
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        facts::dependencies(metadata)
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        facts::details(metadata)
    }
}

impl Format for Nuget {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }

    /// The one in `Authorization`; where there is none, the API key, which is all that some set-ups send. An empty key is
    /// none: clients that have none send it so.
    fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<Cow<'h, str>>> {
        if let Some(token) = credentials::token(headers)? {
            return Ok(Some(token));
        }
        let mut keys = headers.get_all(API_KEY).iter();
        let Some(key) = keys.next() else {
            return Ok(None);
        };
        if keys.next().is_some() {
            let message = "The request has more than one X-NuGet-ApiKey field.";
            return Err(Error::unauthenticated(message));
        }
        let key = key.as_bytes().trim_ascii();
        if key.is_empty() {
            return Ok(None);
        }
        Ok(access::read_package_token(key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_nu_1_versions_and_ids_have_one_normal_form() {
        let version = |text: &str| Nuget.version(VersionName::parse(text).unwrap());
        assert_eq!(version("01.0.0.0-Beta+x").as_str(), "1.0.0-Beta");
        assert_eq!(version("not").as_str(), "not");
        let key = |text: &str| Nuget.version_key(&VersionName::parse(text).unwrap());
        assert_eq!(key("1.0-BETA"), key("1.0.0.0-beta"));
        let coordinates = Nuget
            .coordinates(None, PackageName::parse("Newtonsoft.Json").unwrap())
            .unwrap();
        assert_eq!(coordinates.name.as_str(), "newtonsoft.json");
    }

    #[test]
    fn f_nu_3_a05_an_api_key_is_a_token_where_there_is_no_other() {
        let token = |fields: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, value.parse().unwrap());
            }
            let token = Nuget.token(&headers);
            token
                .map(|token| token.map(Cow::into_owned))
                .map_err(|error| error.kind)
        };
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&[(API_KEY, "")]), Ok(None));
        assert_eq!(token(&[(API_KEY, " eyJ.key ")]), Ok(Some("eyJ.key".into())));
        let both = [(API_KEY, "eyJ.key"), ("authorization", "Bearer eyJ.own")];
        assert_eq!(token(&both), Ok(Some("eyJ.own".into())));
        assert!(token(&[(API_KEY, "a"), (API_KEY, "b")]).is_err());
        assert!(token(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]).is_err());
    }
}
