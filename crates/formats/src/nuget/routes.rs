//! Which request is for what.

use http::Method;
use model::{Error, ResourceType, Result};

use super::address::Hive;
use super::id::package_of_segment;
use super::listing::ChangeListing;
use super::push::Push;
use super::read_package::{FileAddress, ReadDocument, ReadFile};
use super::render::Variant;
use super::search::{Autocomplete, Search};
use super::service_index::{ReadServiceIndex, ReadSignatures, ReadVulnerabilities};
use super::version::Version;
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    // The publish address is the gallery's own; people know it by this name too.
    if let ["api", "v2", "package", rest @ ..] | ["v3", "package", rest @ ..] = segments.as_slice()
    {
        return publish(head, rest);
    }
    if !head.reads() || head.trailing_slash {
        return Err(no_such_request());
    }
    match segments.as_slice() {
        ["v3", "index.json"] => Ok(Box::new(ReadServiceIndex)),
        ["v3", "flatcontainer", id, "index.json"] => document(id, Variant::Versions, None),
        ["v3", "flatcontainer", id, version, file] => {
            Ok(Box::new(ReadFile(FileAddress::parse(id, version, file)?)))
        }
        ["v3", "registrations", rest @ ..] => registration(Hive::SemVer1, rest),
        ["v3", "registrations-semver2", rest @ ..] => registration(Hive::SemVer2, rest),
        ["v3", "query"] => Ok(Box::new(Search::read(head))),
        ["v3", "autocomplete"] => Ok(Box::new(Autocomplete::read(head))),
        ["v3", "vulnerabilities", "index.json"] => {
            Ok(Box::new(ReadVulnerabilities { is_page: false }))
        }
        ["v3", "vulnerabilities", "base.json"] => {
            Ok(Box::new(ReadVulnerabilities { is_page: true }))
        }
        ["v3", "repository-signatures", "index.json"] => Ok(Box::new(ReadSignatures)),
        _ => Err(no_such_request()),
    }
}

fn publish(head: &RequestHead<'_>, rest: &[&str]) -> Routed {
    match (head.method, rest) {
        (&Method::PUT, []) => Ok(Box::new(Push::of(head.headers)?)),
        (&Method::DELETE, [id, version]) => Ok(Box::new(ChangeListing::parse(id, version, false)?)),
        (&Method::POST, [id, version]) => Ok(Box::new(ChangeListing::parse(id, version, true)?)),
        _ => Err(no_such_request()),
    }
}

fn registration(hive: Hive, rest: &[&str]) -> Routed {
    let part = |text: &str| {
        let number = text.strip_suffix(".json").unwrap_or(text);
        let version = Version::parse(number).ok_or_else(no_such_request)?;
        Ok::<String, Error>(version.lower())
    };
    match rest {
        [id, "index.json"] => document(id, Variant::Index(hive), None),
        [id, "page", lower, upper] if upper.ends_with(".json") => {
            let page = format!("{}/{}", part(lower)?, part(upper)?);
            document(id, Variant::Page(hive), Some(page))
        }
        [id, leaf] if leaf.ends_with(".json") => {
            let leaf = part(leaf)?;
            document(id, Variant::Leaf(hive), Some(leaf))
        }
        _ => Err(no_such_request()),
    }
}

fn document(id: &str, variant: Variant, part: Option<String>) -> Routed {
    let package = package_of_segment(id)?;
    Ok(Box::new(ReadDocument {
        package,
        variant,
        part,
    }))
}

fn no_such_request() -> Error {
    let message = "There is no such address for NuGet packages here. The address of the package source ends in \
        'v3/index.json'; it names all others.";
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
    fn every_request_of_the_protocol_finds_its_endpoint() {
        for (target, expected) in [
            ("/v3/index.json", "read-service-index"),
            ("/v3/flatcontainer/a.b/index.json", "list-versions"),
            (
                "/v3/flatcontainer/a.b/1.0.0/a.b.1.0.0.nupkg",
                "read-package-file",
            ),
            (
                "/v3/flatcontainer/A.B/1.0.0/A.b.1.0.0.nupkg",
                "read-package-file",
            ),
            ("/v3/flatcontainer/a.b/1.0.0/a.b.nuspec", "read-manifest"),
            ("/v3/registrations/a.b/index.json", "read-registration"),
            (
                "/v3/registrations-semver2/a.b/index.json",
                "read-registration",
            ),
            (
                "/v3/registrations/a.b/page/1.0.0/2.0.0.json",
                "read-registration-page",
            ),
            (
                "/v3/registrations/a.b/1.0.0-rc.json",
                "read-registration-leaf",
            ),
            ("/v3/query?q=a&skip=0", "search"),
            ("/v3/autocomplete?q=a", "autocomplete"),
            ("/v3/vulnerabilities/index.json", "read-vulnerabilities"),
            ("/v3/vulnerabilities/base.json", "read-vulnerabilities"),
            (
                "/v3/repository-signatures/index.json",
                "read-repository-signatures",
            ),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
            assert_eq!(routed(&Method::HEAD, target), Ok(expected), "{target}");
        }
        for base in ["/api/v2/package", "/v3/package"] {
            assert_eq!(routed(&Method::PUT, base), Ok("push"));
            assert_eq!(routed(&Method::PUT, &format!("{base}/")), Ok("push"));
            let version = format!("{base}/A.b/1.0");
            assert_eq!(routed(&Method::DELETE, &version), Ok("unlist"));
            assert_eq!(routed(&Method::POST, &version), Ok("relist"));
        }
    }

    #[test]
    fn p14_packages_named_like_words_of_routes_are_found() {
        for (target, expected) in [
            ("/v3/flatcontainer/index.json/index.json", "list-versions"),
            ("/v3/registrations/page/index.json", "read-registration"),
            (
                "/v3/registrations/page/page/1.0.0/1.0.0.json",
                "read-registration-page",
            ),
            (
                "/v3/registrations/index.json/index.json",
                "read-registration",
            ),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
        }
    }

    #[test]
    fn p03_p04_u05_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/"),
            (Method::GET, "/index.json"),
            (Method::GET, "/v3/index.json/"),
            (Method::GET, "/v3"),
            (Method::GET, "/v3/flatcontainer/a/1.0.0/b.1.0.0.nupkg"),
            (Method::GET, "/v3/flatcontainer/a/..%2f1.0.0/a.1.0.0.nupkg"),
            (Method::GET, "/v3/flatcontainer/a%2fb/index.json"),
            (Method::GET, "/v3/registrations/a/page/x/1.0.0.json"),
            (Method::GET, "/v3/registrations/a/page/1.0.0%0a/1.0.0.json"),
            (Method::GET, "/v3/registrations/a/latest.json"),
            (Method::GET, "/api/v2/package/a/1.0.0"),
            (Method::GET, "/$metadata"),
            (Method::PUT, "/v3/index.json"),
            (Method::PUT, "/api/v2/package/a/1.0.0"),
            (Method::POST, "/api/v2/package"),
            (Method::DELETE, "/api/v2/package/a"),
            (Method::DELETE, "/api/v2/package/a/x"),
            (Method::PUT, "/api/v2/symbolpackage"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }
}
