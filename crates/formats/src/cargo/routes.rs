//! Which request is for what. Index files and the web API lie below one address: no file of the index has a first segment
//! of the API's, whatever crates are called.

use http::Method;
use model::{Error, ResourceType, Result};

use super::download::Download;
use super::index::{ReadConfig, ReadIndex};
use super::name::{crate_of_segment, folders};
use super::overview::ReadCrate;
use super::owners::{ChangeOwners, ListOwners};
use super::publish::Publish;
use super::search::Search;
use super::yank::SetYanked;
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    // No segment of the protocol has a slash of its own, encoded or not.
    let is_odd = segments.iter().any(|segment| segment.contains('/'));
    if is_odd || (head.trailing_slash && !segments.is_empty()) {
        return Err(no_such_request());
    }
    if let ["api", "v1", "crates", rest @ ..] = segments.as_slice() {
        return of_api(head, rest);
    }
    if !head.reads() {
        return Err(no_such_request());
    }
    match segments.as_slice() {
        ["config.json"] => Ok(Box::new(ReadConfig)),
        ["crates", package, file] => Ok(Box::new(Download::of_file(package, file)?)),
        [folder, name] => index_file(folder, name),
        [first, second, name] => index_file(&format!("{first}/{second}"), name),
        _ => Err(no_such_request()),
    }
}

/// A file of the index, which is in the folders of its name and in no others.
fn index_file(folder: &str, name: &str) -> Routed {
    let package = crate_of_segment(name)?;
    if !folders(package.name.as_str()).eq_ignore_ascii_case(folder) {
        return Err(no_such_request());
    }
    Ok(Box::new(ReadIndex { package }))
}

fn of_api(head: &RequestHead<'_>, rest: &[&str]) -> Routed {
    let is = |method: Method| *head.method == method;
    match rest {
        [] if head.reads() => Ok(Box::new(Search::read(head))),
        ["new"] if is(Method::PUT) => Ok(Box::<Publish>::default()),
        [package] if head.reads() => {
            let package = crate_of_segment(package)?;
            Ok(Box::new(ReadCrate { package }))
        }
        [package, "owners"] => {
            let package = crate_of_segment(package)?;
            if head.reads() {
                return Ok(Box::new(ListOwners { package }));
            }
            if is(Method::PUT) || is(Method::DELETE) {
                return Ok(Box::new(ChangeOwners { package }));
            }
            Err(no_such_request())
        }
        [package, version, "download"] if head.reads() => {
            Ok(Box::new(Download::of(package, version)?))
        }
        [package, version, "yank"] if is(Method::DELETE) => {
            Ok(Box::new(SetYanked::of(package, version, true)?))
        }
        [package, version, "unyank"] if is(Method::PUT) => {
            Ok(Box::new(SetYanked::of(package, version, false)?))
        }
        _ => Err(no_such_request()),
    }
}

fn no_such_request() -> Error {
    let message = "There is no such address for crates here. Cargo is given the repository's own address, as \
        'sparse+' and the address with its slash.";
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
    fn f_cr_2_every_request_of_the_protocol_finds_its_endpoint() {
        for (target, expected) in [
            ("/config.json", "read-config"),
            ("/1/a", "read-index"),
            ("/2/ab", "read-index"),
            ("/3/a/abc", "read-index"),
            ("/3/A/ABC", "read-index"),
            ("/se/rd/serde_json", "read-index"),
            ("/Se/rd/Serde_json", "read-index"),
            ("/api/v1/crates/a/1.0.0/download", "download"),
            ("/api/v1/crates/a/1.0.0-rc.1%2Bx/download", "download"),
            ("/api/v1/crates/a/1.0.0+x/download", "download"),
            ("/crates/a-b/a-b-1.0.0-rc.1.crate", "download"),
            ("/crates/Ab/ab-1.0.0.crate", "download"),
            ("/api/v1/crates", "search"),
            ("/api/v1/crates?q=x&per_page=5", "search"),
            ("/api/v1/crates/a", "read-crate"),
            ("/api/v1/crates/a/owners", "list-owners"),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
            assert_eq!(routed(&Method::HEAD, target), Ok(expected), "{target}");
        }
        for (method, target, expected) in [
            (Method::PUT, "/api/v1/crates/new", "publish"),
            (Method::DELETE, "/api/v1/crates/a/1.0.0/yank", "yank"),
            (Method::PUT, "/api/v1/crates/a/1.0.0/unyank", "unyank"),
            (Method::PUT, "/api/v1/crates/a/owners", "change-owners"),
            (Method::DELETE, "/api/v1/crates/a/owners", "change-owners"),
        ] {
            assert_eq!(routed(&method, target), Ok(expected), "{target}");
        }
    }

    #[test]
    fn p14_crates_named_like_words_of_routes_are_found() {
        for target in [
            "/3/a/api",
            "/cr/at/crates",
            "/2/v1",
            "/co/nf/config",
            "/3/n/new",
            "/2/me",
        ] {
            assert_eq!(routed(&Method::GET, target), Ok("read-index"), "{target}");
        }
        assert_eq!(routed(&Method::GET, "/api/v1/crates/new"), Ok("read-crate"));
        let download = "/api/v1/crates/download/1.0.0/download";
        assert_eq!(routed(&Method::GET, download), Ok("download"));
    }

    #[test]
    fn f_cr_2_p03_p04_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/"),
            (Method::GET, "/config.json/"),
            (Method::GET, "/se/rd/serde/"),
            (Method::GET, "/1/ab"),
            (Method::GET, "/2/a"),
            (Method::GET, "/3/b/abc"),
            (Method::GET, "/ab/cd/other"),
            (Method::GET, "/ab/c/abcd"),
            (Method::GET, "/se/rd/serde%2fjson"),
            (Method::GET, "/se%2frd/serde"),
            (Method::GET, "/se/rd/serde.json"),
            (Method::GET, "/%C3%A9/1"),
            (Method::GET, "/api/v1/crates/a/1.0/download"),
            (Method::GET, "/api/v1/crates/a/..%2f1.0.0/download"),
            (Method::GET, "/api/v1/crates/a/1.0.0/download/x"),
            (Method::GET, "/api/v1/crates/a/1.0.0/yank"),
            (Method::GET, "/crates/a/b-1.0.0.crate"),
            (Method::GET, "/crates/a/a-1.0.0.tgz"),
            (Method::GET, "/crates/a/a1.0.0.crate"),
            (Method::POST, "/api/v1/crates/new"),
            (Method::PUT, "/api/v1/crates/a/1.0.0/yank"),
            (Method::DELETE, "/api/v1/crates/a/1.0.0/unyank"),
            (Method::DELETE, "/api/v1/crates/a"),
            (Method::PUT, "/config.json"),
            (Method::PUT, "/se/rd/serde"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }
}
