//! Which request is for what ("Endpoints" in the registry specification, section 4).

use http::Method;
use model::{Error, ResourceType, Result};

use super::accept::{self, MediaType};
use super::identifiers::FindIdentifiers;
use super::login::{Login, TellAvailability};
use super::manifest::MANIFEST;
use super::name::Identity;
use super::problem::{Refusal, TellMethods};
use super::publish::PublishRelease;
use super::read_manifest::ReadManifest;
use super::release::{ReadRelease, ReleaseAddress};
use super::releases::ListReleases;
use super::source_archive::ReadArchive;
use super::version;
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

const READ: &str = "GET, HEAD, OPTIONS";

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    // One canonical spelling: no address here has a slash at its end.
    if head.trailing_slash && !segments.is_empty() {
        return Err(unknown());
    }
    match segments.as_slice() {
        ["login"] => match *head.method {
            Method::POST => Ok(Box::new(Login)),
            _ => other_method(head, "POST, OPTIONS"),
        },
        ["availability"] if head.reads() => Ok(Box::new(TellAvailability)),
        ["identifiers"] => read(head, MediaType::Json, || {
            let url = head.parameter("url");
            Ok(Box::new(FindIdentifiers::read(url.as_deref())?))
        }),
        [scope, name] => read(head, MediaType::Json, || {
            let name = name.strip_suffix(".json").unwrap_or(name);
            Ok(Box::new(ListReleases(Identity::parse(scope, name)?)))
        }),
        [scope, name, file] => release(head, scope, name, file),
        [scope, name, version, file] if *file == MANIFEST => read(head, MediaType::Swift, || {
            let swift_version = head.parameter("swift-version");
            Ok(Box::new(ReadManifest {
                release: address(scope, name, version)?,
                swift_version: swift_version.map(|text| text.into_owned()),
            }))
        }),
        _ => Err(unknown()),
    }
}

/// What lies at the address of a release, whatever its ending.
fn release(head: &RequestHead<'_>, scope: &str, name: &str, file: &str) -> Routed {
    if *head.method == Method::PUT {
        let release = address(scope, name, file)?;
        return accepted(head, MediaType::Json, || {
            Ok(Box::new(PublishRelease::of(release, head.headers)?))
        });
    }
    if let Some(version) = file.strip_suffix(".zip") {
        return read(head, MediaType::Zip, || {
            Ok(Box::new(ReadArchive(address(scope, name, version)?)))
        });
    }
    if !head.reads() {
        return other_method(head, "GET, HEAD, PUT, OPTIONS");
    }
    accepted(head, MediaType::Json, || {
        let version = file.strip_suffix(".json").unwrap_or(file);
        Ok(Box::new(ReadRelease(address(scope, name, version)?)))
    })
}

fn address(scope: &str, name: &str, version: &str) -> Result<ReleaseAddress> {
    Ok(ReleaseAddress {
        identity: Identity::parse(scope, name)?,
        version: version::parse(version)?,
    })
}

/// An endpoint that only reads.
fn read(head: &RequestHead<'_>, gives: MediaType, endpoint: impl FnOnce() -> Routed) -> Routed {
    if head.reads() {
        accepted(head, gives, endpoint)
    } else {
        other_method(head, READ)
    }
}

/// An endpoint for who takes what it gives.
fn accepted(head: &RequestHead<'_>, gives: MediaType, endpoint: impl FnOnce() -> Routed) -> Routed {
    match accept::check(head.headers, gives) {
        Ok(()) => endpoint(),
        Err(refused) => Ok(Box::new(Refusal {
            status: refused.status(),
            message: refused.message(),
            allow: None,
        })),
    }
}

fn other_method(head: &RequestHead<'_>, allow: &'static str) -> Routed {
    if *head.method == Method::OPTIONS {
        Ok(Box::new(TellMethods(allow)))
    } else {
        Ok(Box::new(Refusal::method(allow)))
    }
}

fn unknown() -> Error {
    let message = "There is no such address in the Swift package registry protocol. Releases are at {scope}/{name}, \
        without a slash at the end.";
    Error::not_found(ResourceType::Package, "", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{ACCEPT, CONTENT_TYPE};
    use model::ErrorKind;

    use super::*;
    use crate::kit::label_of::label_of;

    fn routed(method: &Method, target: &str, accept: &str) -> Result<&'static str, ErrorKind> {
        let mut headers = HeaderMap::new();
        let form = "multipart/form-data;boundary=\"x\"".parse().unwrap();
        headers.insert(CONTENT_TYPE, form);
        headers.insert(ACCEPT, accept.parse().unwrap());
        label_of(route, method, target, &headers).map_err(|error| error.kind)
    }

    #[test]
    fn every_request_of_the_protocol_finds_its_endpoint() {
        for (target, media_type, expected) in [
            ("/mona/LinkedList", "json", "list-releases"),
            ("/mona/LinkedList.json", "json", "list-releases"),
            ("/mona/LinkedList/1.1.1", "json", "read-release"),
            ("/mona/LinkedList/1.1.1.json", "json", "read-release"),
            ("/mona/LinkedList/1.0.0-b.1+x", "json", "read-release"),
            ("/mona/LinkedList/1.1.1.zip", "zip", "read-archive"),
            ("/mona/LinkedList/1.0.0-b.zip", "zip", "read-archive"),
            (
                "/mona/LinkedList/1.1.1/Package.swift",
                "swift",
                "read-manifest",
            ),
            (
                "/mona/LinkedList/1.1.1/Package.swift?swift-version=4.2",
                "swift",
                "read-manifest",
            ),
            (
                "/identifiers?url=https://git.example/a",
                "json",
                "find-identifiers",
            ),
            ("/availability", "json", "tell-availability"),
        ] {
            for accept in [
                format!("application/vnd.swift.registry.v1+{media_type}"),
                "*/*".to_owned(),
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let found = routed(&method, target, &accept);
                    assert_eq!(found, Ok(expected), "{method} {target} {accept}");
                }
            }
        }
        assert_eq!(routed(&Method::POST, "/login", "*/*"), Ok("login"));
        let put = routed(&Method::PUT, "/mona/LinkedList/1.1.1", "*/*");
        assert_eq!(put, Ok("publish-release"));
    }

    #[test]
    fn p14_packages_named_like_words_of_routes_are_found() {
        for (target, expected) in [
            ("/login/login", "list-releases"),
            ("/identifiers/availability", "list-releases"),
            ("/identifiers/identifiers/1.0.0", "read-release"),
            ("/login/login/1.0.0.zip", "read-archive"),
        ] {
            assert_eq!(
                routed(&Method::GET, target, "*/*"),
                Ok(expected),
                "{target}"
            );
        }
    }

    #[test]
    fn f_sw_1_p03_p04_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/"),
            (Method::GET, "/mona"),
            (Method::GET, "/mona/LinkedList/"),
            (Method::GET, "/mona/Linked.List"),
            (Method::GET, "/mona/LinkedList.zip"),
            (Method::GET, "/mona/LinkedList/latest"),
            (Method::GET, "/mona/LinkedList/1.0"),
            (Method::GET, "/mona/LinkedList/1.0.zip"),
            (Method::GET, "/mona/LinkedList/1.0.0.zip.zip"),
            (Method::GET, "/mona/LinkedList/1.0.0/"),
            (Method::GET, "/mona/LinkedList/1.0.0/package.swift"),
            (Method::GET, "/mona/LinkedList/1.0.0/Package@swift-5.swift"),
            (Method::GET, "/mona/LinkedList/1.0.0/..%2fx"),
            (Method::GET, "/mo.na/LinkedList"),
            (Method::GET, "/mo%2fna/LinkedList"),
            (Method::GET, "/m%20na/LinkedList/1.0.0"),
            (Method::GET, "/identifiers"),
            (Method::GET, "/identifiers?url="),
            (Method::PUT, "/mona/LinkedList/1.0"),
            (Method::PUT, "/mona/LinkedList/1.0.0-a.zip"),
            (Method::PUT, "/mona/-List/1.0.0"),
            (Method::GET, "/submissions/1/2/3/4"),
        ] {
            let found = routed(&method, target, "*/*");
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }

    #[test]
    fn f_sw_2_other_methods_and_media_types_are_told_what_there_is() {
        for (method, target) in [
            (Method::PUT, "/mona/LinkedList"),
            (Method::DELETE, "/mona/LinkedList/1.0.0"),
            (Method::POST, "/mona/LinkedList/1.0.0"),
            (Method::GET, "/login"),
            (Method::POST, "/identifiers?url=x"),
            (Method::DELETE, "/mona/LinkedList/1.0.0.zip"),
        ] {
            assert_eq!(
                routed(&method, target, "*/*"),
                Ok("refusal"),
                "{method} {target}"
            );
        }
        let options = routed(&Method::OPTIONS, "/mona/LinkedList/1.0.0", "*/*");
        assert_eq!(options, Ok("tell-methods"));
        for (target, accept) in [
            ("/mona/LinkedList", "application/vnd.swift.registry.v2+json"),
            ("/mona/LinkedList", "application/vnd.swift.registry.v1+zip"),
            (
                "/mona/LinkedList/1.0.0.zip",
                "application/vnd.swift.registry.v1+json",
            ),
        ] {
            assert_eq!(
                routed(&Method::GET, target, accept),
                Ok("refusal"),
                "{target}"
            );
        }
    }
}
