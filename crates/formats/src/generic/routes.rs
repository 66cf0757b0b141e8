//! Which request is for what: the segments are namespace, package, version, asset.

use http::Method;
use model::{
    AssetName, Constraint, Error, InvalidReason, Namespace, PackageCoordinates, PackageName,
    ResourceType, Result, VersionName,
};

use super::asset::ReadAsset;
use super::listing::{Place, ReadListing};
use super::publish::PutAsset;
use super::{ID, asset_name};
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    match (segments.as_slice(), head.method) {
        // One canonical spelling: files have no slash at their end.
        ([_, _, _, _], _) if head.trailing_slash => Err(unknown()),
        ([namespace, name, version, asset], method) => {
            let package = package(namespace, name)?;
            let version = parse("version", version, VersionName::parse)?;
            if head.reads() {
                let asset = parse("asset name", asset, AssetName::parse)?;
                return Ok(Box::new(ReadAsset {
                    package,
                    version,
                    asset,
                }));
            }
            let asset = parse("asset name", asset, new_asset)?;
            match *method {
                Method::PUT => Ok(Box::new(PutAsset {
                    package,
                    version,
                    asset,
                    unfinished: read_unfinished(head)?,
                })),
                Method::DELETE => Err(use_the_api(
                    "Files are not deleted one by one. Delete the version with DeletePackageVersions of the API.",
                )),
                _ => Err(unknown()),
            }
        }
        (folder @ ([] | [_] | [_, _] | [_, _, _]), _) if head.reads() => {
            let place = match folder {
                [] => Place::Repository,
                [namespace] => Place::Namespace(parse("namespace", namespace, Namespace::parse)?),
                [namespace, name] => Place::Package(package(namespace, name)?),
                [namespace, name, version, ..] => Place::Version(
                    package(namespace, name)?,
                    parse("version", version, VersionName::parse)?,
                ),
            };
            Ok(Box::new(ReadListing::of(place, head)?))
        }
        ([] | [_] | [_, _] | [_, _, _], &Method::PUT) => Err(use_the_api(
            "A file is put at {namespace}/{package}/{version}/{asset}: 'curl -T setup.exe .../tools/installer/1.0.0/' \
             with a slash at the end adds the file's own name.",
        )),
        _ => Err(unknown()),
    }
}

fn package(namespace: &str, name: &str) -> Result<PackageCoordinates> {
    Ok(PackageCoordinates {
        format: ID,
        namespace: Some(parse("namespace", namespace, Namespace::parse)?),
        name: parse("package name", name, PackageName::parse)?,
    })
}

fn new_asset(name: &str) -> Result<AssetName, Constraint> {
    let name = AssetName::parse(name)?;
    asset_name::check(&name).map(|()| name)
}

/// Reads a name; the text stays out of the answer, whatever it is.
pub(super) fn parse<T>(
    what: &str,
    text: &str,
    read: impl Fn(&str) -> Result<T, Constraint>,
) -> Result<T> {
    read(text).map_err(|constraint| {
        let message = format!("The {what} in the address cannot be used: {constraint}.");
        Error::invalid(InvalidReason::FieldValidation, message)
    })
}

/// Whether more assets follow. A misspelt parameter would finish a version that nobody can open again, so there is no
/// other one.
fn read_unfinished(head: &RequestHead<'_>) -> Result<bool> {
    let query = head.query.unwrap_or_default();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    match pairs.as_slice() {
        [] => Ok(false),
        [(name, value)] if name == "unfinished" && value == "true" => Ok(true),
        [(name, value)] if name == "unfinished" && value == "false" => Ok(false),
        _ => Err(Error::invalid(
            InvalidReason::FieldValidation,
            "The one parameter of this request is unfinished=true, or false: whether more assets of the version follow.",
        )),
    }
}

fn use_the_api(message: &str) -> Error {
    Error::invalid(InvalidReason::Other, message)
}

fn unknown() -> Error {
    let message = "There is no such request for generic packages. GET, HEAD and PUT a file at \
        {namespace}/{package}/{version}/{asset}; GET lists every folder above it.";
    Error::not_found(ResourceType::Package, "", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use model::ErrorKind;

    use super::*;
    use crate::kit::label_of::label_of;

    fn routed(method: &Method, target: &str) -> Result<&'static str, ErrorKind> {
        label_of(route, method, target, &HeaderMap::new()).map_err(|error| error.kind)
    }

    #[test]
    fn every_folder_is_listed_with_and_without_its_slash() {
        for (folder, expected) in [
            ("/", "list-namespaces"),
            ("/tools", "list-packages"),
            ("/tools/installer", "list-versions"),
            ("/tools/installer/1.0.0", "list-assets"),
            ("/-/%25/1.0.0+a", "list-assets"),
        ] {
            for target in [
                folder.to_owned(),
                format!("{}/", folder.trim_end_matches('/')),
            ] {
                for method in [Method::GET, Method::HEAD] {
                    assert_eq!(routed(&method, &target), Ok(expected), "{method} {target}");
                }
            }
        }
    }

    #[test]
    fn p14_files_are_read_and_put_whatever_they_are_called() {
        for name in ["a", "simple", "%7Ea%20b+c", "-", "%C3%BC", "api", "..."] {
            let target = format!("/tools/installer/1.0.0/{name}");
            assert_eq!(routed(&Method::GET, &target), Ok("read-asset"), "{name}");
            assert_eq!(routed(&Method::HEAD, &target), Ok("read-asset"), "{name}");
            assert_eq!(routed(&Method::PUT, &target), Ok("put-asset"), "{name}");
        }
    }

    #[test]
    fn p01_p03_p04_other_requests_are_refused() {
        let file = "/tools/installer/1.0.0/a";
        for (method, target) in [
            (Method::GET, "/tools/installer/1.0.0/a/"),
            (Method::GET, "/tools/installer/1.0.0/a/b"),
            (Method::PUT, "/tools/installer/1.0.0/"),
            (Method::PUT, "/tools/installer/1.0.0"),
            (Method::PUT, "/tools/installer/1.0.0/a/"),
            (Method::PUT, "/tools/installer/1.0.0/a%2Fb"),
            (Method::PUT, "/tools/installer/1.0.0/a%3Bb"),
            (Method::PUT, "/tools/installer/1.0.0/a:b"),
            (Method::PUT, "/to%20ols/installer/1.0.0/a"),
            (Method::PUT, "/tools/in%2Fstaller/1.0.0/a"),
            (Method::PUT, "/"),
            (Method::DELETE, file),
            (Method::POST, file),
            (Method::POST, "/tools/installer/1.0.0"),
            (Method::DELETE, "/tools/installer"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }

    #[test]
    fn a_misspelt_parameter_finishes_no_version() {
        let put = |query: &str| routed(&Method::PUT, &format!("/tools/installer/1.0.0/a?{query}"));
        for good in ["", "unfinished=true", "unfinished=false"] {
            assert_eq!(put(good), Ok("put-asset"), "{good}");
        }
        for bad in [
            "unfinised=true",
            "unfinished",
            "unfinished=",
            "unfinished=1",
            "unfinished=TRUE",
            "unfinished=true&unfinished=false",
            "Unfinished=true",
            "x=y",
        ] {
            assert!(matches!(put(bad), Err(ErrorKind::Invalid(_))), "{bad}");
        }
    }
}
