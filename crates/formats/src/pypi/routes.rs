//! Which request is for what.

use http::Method;
use model::{Error, InvalidReason, ResourceType, Result, VersionName};

use super::file::{FileAddress, ReadFile, ReadMetadata, ReadProvenance};
use super::name::project_of_segment;
use super::project_json::ReadProjectJson;
use super::simple::{ListProjects, ReadProject};
use super::upload::Upload;
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    if *head.method == Method::POST {
        return match segments.as_slice() {
            // The address of uploads is the repository's own. People give those of pages, too, and the public index has
            // its own name for it.
            [] | ["legacy" | "simple"] => Ok(Box::new(Upload::of(head.headers)?)),
            _ => Err(no_such_request()),
        };
    }
    if !head.reads() {
        return Err(no_such_request());
    }
    let format = || head.parameter("format").map(|format| format.into_owned());
    match segments.as_slice() {
        [] | ["simple"] => Ok(Box::new(ListProjects { format: format() })),
        ["simple", project] => {
            let project = project_of_segment(project)?;
            let format = format();
            Ok(Box::new(ReadProject { project, format }))
        }
        // Everything below has one spelling, without a slash at its end; of JSON, clients know both.
        ["simple", project, version, file] if !head.trailing_slash => {
            below_version(project, version, file)
        }
        ["integrity", project, version, file, "provenance"] => {
            let address = FileAddress::parse(project, version, file)?;
            Ok(Box::new(ReadProvenance(address)))
        }
        ["pypi", project, "json"] | [project, "json"] => read_json(project, None),
        ["pypi", project, version, "json"] | [project, version, "json"] => {
            read_json(project, Some(version))
        }
        _ => Err(no_such_request()),
    }
}

fn below_version(project: &str, version: &str, file: &str) -> Routed {
    if let Some(file) = file.strip_suffix(".metadata") {
        let address = FileAddress::parse(project, version, file)?;
        return Ok(Box::new(ReadMetadata(address)));
    }
    if let Some(file) = file.strip_suffix(".provenance") {
        let address = FileAddress::parse(project, version, file)?;
        return Ok(Box::new(ReadProvenance(address)));
    }
    let address = FileAddress::parse(project, version, file)?;
    Ok(Box::new(ReadFile(address)))
}

fn read_json(project: &str, version: Option<&str>) -> Routed {
    let project = project_of_segment(project)?;
    let version = version
        .map(|version| {
            VersionName::parse(version).map_err(|_| {
                let message = format!("'{version}' is not the version of a Python project.");
                Error::invalid(InvalidReason::FieldValidation, message)
            })
        })
        .transpose()?;
    Ok(Box::new(ReadProjectJson { project, version }))
}

fn no_such_request() -> Error {
    let message = "There is no such address for Python projects here. Installers use 'simple/' below the repository's \
        address; uploads go to the repository's address itself.";
    Error::not_found(ResourceType::Package, "", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::CONTENT_TYPE;
    use model::ErrorKind;

    use super::*;
    use crate::kit::label_of::label_of;

    fn routed(method: &Method, target: &str) -> Result<&'static str, ErrorKind> {
        let mut headers = HeaderMap::new();
        let form = "multipart/form-data; boundary=x".parse().unwrap();
        headers.insert(CONTENT_TYPE, form);
        label_of(route, method, target, &headers).map_err(|error| error.kind)
    }

    #[test]
    fn every_request_of_the_protocol_finds_its_endpoint() {
        for (target, expected) in [
            ("/", "list-projects"),
            ("/simple/", "list-projects"),
            ("/simple", "list-projects"),
            ("/simple/foo/", "read-project"),
            ("/simple/Foo.Bar", "read-project"),
            ("/simple/foo/?format=text/html", "read-project"),
            ("/simple/foo/1.0/foo-1.0-py3-none-any.whl", "read-file"),
            ("/simple/Foo/1.0.0/foo-1.0.tar.gz", "read-file"),
            ("/simple/foo/1.0%2Bx/foo-1.0%2Bx.tar.gz", "read-file"),
            (
                "/simple/foo/1.0/foo-1.0-py3-none-any.whl.metadata",
                "read-core-metadata",
            ),
            (
                "/simple/foo/1.0/foo-1.0-py3-none-any.whl.provenance",
                "read-provenance",
            ),
            (
                "/integrity/foo/1.0/foo-1.0.tar.gz/provenance",
                "read-provenance",
            ),
            ("/foo/json", "read-project-json"),
            ("/foo/json/", "read-project-json"),
            ("/foo/1.0/json", "read-project-json"),
            ("/pypi/foo/json", "read-project-json"),
            ("/pypi/foo/1.0/json", "read-project-json"),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
            assert_eq!(routed(&Method::HEAD, target), Ok(expected), "{target}");
        }
        for target in ["/", "/legacy/", "/legacy", "/simple/"] {
            assert_eq!(routed(&Method::POST, target), Ok("upload"), "{target}");
        }
    }

    #[test]
    fn p14_projects_named_like_words_of_routes_are_found() {
        for (target, expected) in [
            ("/simple/simple/", "read-project"),
            ("/simple/json/", "read-project"),
            ("/simple/legacy/", "read-project"),
            ("/json/json", "read-project-json"),
            ("/pypi/json", "read-project-json"),
            ("/pypi/pypi/json", "read-project-json"),
            ("/simple/json/1.0/json-1.0.tar.gz", "read-file"),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
        }
    }

    #[test]
    fn p03_p04_u05_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/foo"),
            (Method::GET, "/legacy/"),
            (Method::GET, "/simple/foo/1.0/"),
            (Method::GET, "/simple/foo/1.0/foo-1.0.tar.gz/"),
            (Method::GET, "/simple/foo/1.0/foo-1.1.tar.gz"),
            (Method::GET, "/simple/foo/1.0/bar-1.0.tar.gz"),
            (Method::GET, "/simple/foo/1.0/foo-1.0.txt"),
            (Method::GET, "/simple/foo/1.0/foo-1.0.tar.gz.asc"),
            (
                Method::GET,
                "/simple/foo/1.0/foo-1.0.tar.gz.metadata.metadata",
            ),
            (Method::GET, "/simple/-foo/"),
            (Method::GET, "/simple/f%20o/"),
            (Method::GET, "/simple/a%2fb/"),
            (Method::GET, "/simple/foo/1.0/..%2ffoo-1.0.tar.gz"),
            (Method::GET, "/pypi"),
            (Method::POST, "/pypi"),
            (Method::POST, "/simple/foo/"),
            (Method::PUT, "/"),
            (Method::DELETE, "/simple/foo/"),
            (Method::DELETE, "/simple/foo/1.0/foo-1.0.tar.gz"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }
}
