//! Which request is for what.

use http::Method;
use model::{Error, InvalidReason, PackageCoordinates, ResourceType, Result, VersionName};

use super::access::{ListCollaborators, ReadVisibility};
use super::dist_tags::{ListTags, RemoveTag, SetTag};
use super::identity::{Ping, ReadProfile, WhoAmI};
use super::name::{display_name, read_segments, version_of_file};
use super::publish::PutPackage;
use super::read::{ReadManifest, ReadPackument};
use super::search::Search;
use super::tarball::ReadTarball;
use super::unpublish::{DeletePackage, DeleteTarball, ReplacePackage};
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    match segments.as_slice() {
        [] if head.reads() => Ok(Box::new(Ping)),
        [] => Err(unknown()),
        // One canonical spelling: npm's addresses have no slash at their end.
        _ if head.trailing_slash => Err(unknown()),
        // There is a package named "-". It has a packument and tarballs; everything else under "-" is the registry's.
        ["-", rest @ ..] if !rest.is_empty() && rest[0] != "-" => service(head, rest),
        _ => package(head, &segments),
    }
}

/// What lies under `-/`.
fn service(head: &RequestHead<'_>, segments: &[&str]) -> Routed {
    match segments {
        ["ping"] if head.reads() => Ok(Box::new(Ping)),
        ["whoami"] if head.reads() => Ok(Box::new(WhoAmI)),
        ["npm", "v1", "user"] if head.reads() => Ok(Box::new(ReadProfile)),
        ["v1", "search"] if head.reads() => Ok(Box::new(Search::read(head))),
        ["package", rest @ ..] => about_package(head, rest),
        ["user", ..] if head.reads() => Err(not_found(
            "Users are not kept here: principals are those of the account. Rights are given by policies.",
        )),
        ["user", ..] | ["v1", "login", ..] => Err(Error::invalid(
            InvalidReason::Other,
            "Nobody logs in here by name and password. Get a token with 'aws codeartifact login --tool npm', or with \
             GetAuthorizationToken, and set it as _authToken.",
        )),
        ["npm", "v1", "security", ..] => Err(not_found(
            "Audits are not served: this registry keeps no security advisories.",
        )),
        ["team", ..] | ["org", ..] | ["npm", "v1", "tokens", ..] | ["npm", "v1", "user"] => {
            Err(not_found(
                "Teams, organisations and tokens are not kept here. Rights are given by policies.",
            ))
        }
        _ => Err(unknown()),
    }
}

/// What lies under `-/package/{name}/`.
fn about_package(head: &RequestHead<'_>, segments: &[&str]) -> Routed {
    let (package, taken) = read_segments(segments)?;
    match segments.get(taken..).unwrap_or_default() {
        ["dist-tags"] if head.reads() => Ok(Box::new(ListTags { package })),
        ["dist-tags", tag] => match *head.method {
            Method::PUT | Method::POST => Ok(Box::new(SetTag {
                package,
                tag: (*tag).to_owned(),
            })),
            Method::DELETE => Ok(Box::new(RemoveTag {
                package,
                tag: (*tag).to_owned(),
            })),
            _ => Err(unknown()),
        },
        ["access" | "visibility"] if head.reads() => Ok(Box::new(ReadVisibility { package })),
        ["collaborators"] if head.reads() => Ok(Box::new(ListCollaborators { package })),
        ["access"] => Err(Error::invalid(
            InvalidReason::Other,
            "Access to packages is given by policies on the repository and the domain, not by 'npm access'.",
        )),
        _ => Err(unknown()),
    }
}

/// What lies under a package's name.
fn package(head: &RequestHead<'_>, segments: &[&str]) -> Routed {
    let (package, taken) = read_segments(segments)?;
    let rest = segments.get(taken..).unwrap_or_default();
    match (head.method, rest) {
        (_, []) if head.reads() => {
            let for_writing = head.parameter("write").is_some_and(|value| value == "true");
            Ok(Box::new(ReadPackument {
                package,
                for_writing,
            }))
        }
        (&Method::PUT, []) => Ok(Box::new(PutPackage { package })),
        (_, ["-", file @ ..]) if head.reads() => {
            let version = version_of(&package, file)?;
            Ok(Box::new(ReadTarball { package, version }))
        }
        (&Method::DELETE, ["-rev", revision]) => Ok(Box::new(DeletePackage {
            package,
            revision: (*revision).to_owned(),
        })),
        (&Method::PUT, ["-rev", revision]) => Ok(Box::new(ReplacePackage {
            package,
            revision: (*revision).to_owned(),
        })),
        (&Method::DELETE, ["-", file @ .., "-rev", _]) => {
            let version = version_of(&package, file)?;
            Ok(Box::new(DeleteTarball { package, version }))
        }
        (_, [version_or_tag]) if head.reads() => Ok(Box::new(ReadManifest {
            package,
            version_or_tag: (*version_or_tag).to_owned(),
        })),
        _ => Err(unknown()),
    }
}

/// The version whose tarball a file name names.
fn version_of(package: &PackageCoordinates, file: &[&str]) -> Result<VersionName> {
    let file = file.join("/");
    version_of_file(package, &file)
        .and_then(|version| VersionName::parse(version).ok())
        .ok_or_else(|| {
            let name = display_name(package);
            not_found(&format!(
                "'{file}' is not the file name of a version of package '{name}'."
            ))
        })
}

fn unknown() -> Error {
    not_found("The npm registry protocol has no such request, or it is not served here.")
}

fn not_found(message: &str) -> Error {
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
        for (method, target, expected) in [
            (Method::GET, "/", "ping"),
            (Method::GET, "/-/ping?write=true", "ping"),
            (Method::GET, "/-/whoami", "whoami"),
            (Method::GET, "/-/npm/v1/user", "read-profile"),
            (Method::GET, "/-/v1/search?text=a", "search"),
            (Method::GET, "/lodash", "read-packument"),
            (Method::HEAD, "/@s%2fn", "read-packument"),
            (Method::GET, "/@s/n?write=true", "read-packument"),
            (Method::GET, "/lodash/1.0.0", "read-manifest"),
            (Method::GET, "/@s/n/latest", "read-manifest"),
            (Method::GET, "/lodash/-/lodash-1.0.0.tgz", "read-tarball"),
            (Method::GET, "/@s/n/-/n-1.0.0.tgz", "read-tarball"),
            (Method::HEAD, "/@s%2Fn/-/n-1.0.0.tgz", "read-tarball"),
            (Method::GET, "/@s%2Fn/-/@s%2Fn-1.0.0.tgz", "read-tarball"),
            (Method::GET, "/@s/n/-/@s/n-1.0.0.tgz", "read-tarball"),
            (Method::PUT, "/@s%2fn", "put-package"),
            (Method::PUT, "/lodash/-rev/1-a", "replace-package"),
            (Method::DELETE, "/lodash/-rev/1-a", "delete-package"),
            (
                Method::DELETE,
                "/lodash/-/lodash-1.0.0.tgz/-rev/1-a",
                "delete-tarball",
            ),
            (
                Method::DELETE,
                "/@s/n/-/n-1.0.0.tgz/-rev/1-a",
                "delete-tarball",
            ),
            (Method::GET, "/-/package/@s%2fn/dist-tags", "list-dist-tags"),
            (Method::GET, "/-/package/@s/n/dist-tags", "list-dist-tags"),
            (Method::PUT, "/-/package/n/dist-tags/next", "set-dist-tag"),
            (
                Method::DELETE,
                "/-/package/n/dist-tags/next",
                "remove-dist-tag",
            ),
            (Method::GET, "/-/package/n/visibility", "read-visibility"),
            (
                Method::GET,
                "/-/package/n/collaborators",
                "list-collaborators",
            ),
        ] {
            assert_eq!(routed(&method, target), Ok(expected), "{method} {target}");
        }
    }

    #[test]
    fn p14_names_that_are_words_of_routes_are_told_apart() {
        for (target, expected) in [
            ("/-", "read-packument"),
            ("/-/-/--0.0.1.tgz", "read-tarball"),
            ("/package", "read-packument"),
            ("/ping", "read-packument"),
            ("/-rev", "read-packument"),
            ("/latest/latest", "read-manifest"),
            ("/simple/-/simple-1.0.0.tgz", "read-tarball"),
            ("/favicon.ico", "read-packument"),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
        }
        assert_eq!(
            routed(&Method::GET, "/-/ping-1.0.0.tgz"),
            Err(ErrorKind::NotFound)
        );
    }

    #[test]
    fn p03_p04_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/lodash/"),
            (Method::GET, "/-/ping/"),
            (Method::GET, "/lodash/-/"),
            (Method::GET, "/lodash/-"),
            (Method::GET, "/lodash/1.0.0/x"),
            (Method::GET, "/lodash/-/other-1.0.0.tgz"),
            (Method::GET, "/lodash/-/lodash-1.0.0.zip"),
            (Method::POST, "/lodash"),
            (Method::DELETE, "/lodash"),
            (Method::DELETE, "/lodash/-/lodash-1.0.0.tgz"),
            (Method::PUT, "/lodash/-/lodash-1.0.0.tgz"),
            (Method::PUT, "/lodash/1.0.0"),
            (Method::POST, "/"),
            (Method::POST, "/-/npm/v1/security/advisories/bulk"),
            (Method::GET, "/-/all"),
            (Method::GET, "/-/org/x/package"),
            (Method::GET, "/-/user/org.couchdb.user:x"),
            (Method::DELETE, "/-/user/token/x"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
        for target in ["/-/user/org.couchdb.user:x", "/-/v1/login"] {
            assert!(
                matches!(routed(&Method::PUT, target), Err(ErrorKind::Invalid(_))),
                "{target}"
            );
        }
    }
}
