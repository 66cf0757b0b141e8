//! Which request is for what.

use http::Method;
use model::{Error, ResourceType, Result};

use super::account::{KeyForm, ReadKey, ReadProfile};
use super::dependency_api::ReadDependencies;
use super::described::{ReadGem, ReadVersions, Search};
use super::file::{Candidates, ReadFile, ReadSpecification};
use super::index::{Greeting, ReadInfo, ReadList};
use super::lists::List;
use super::name::gem_of_segment;
use super::owners::{ChangeOwners, ReadOwners};
use super::push::Push;
use super::yank::Yank;
use crate::{Endpoint, RequestHead};

type Routed = Result<Box<dyn Endpoint>>;

/// Finds the endpoint of a request.
pub(super) fn route(head: &RequestHead<'_>) -> Routed {
    let segments: Vec<&str> = head.segments.iter().map(AsRef::as_ref).collect();
    if head.reads() {
        return read(head, &segments);
    }
    let api = match segments.as_slice() {
        ["api", "v1", rest @ ..] => rest,
        _ => return Err(no_such_request()),
    };
    match (head.method, api) {
        (&Method::POST, ["gems"]) => Ok(Box::new(Push::of(head.headers)?)),
        (&Method::DELETE, ["gems", "yank"]) => Ok(Box::new(Yank::read(head, false))),
        (&Method::PUT, ["gems", "unyank"]) => Ok(Box::new(Yank::read(head, true))),
        (&(Method::POST | Method::DELETE | Method::PUT | Method::PATCH), ["gems", gem, owners])
            if is_owners(owners) =>
        {
            Ok(Box::new(ChangeOwners(gem_of_segment(gem)?)))
        }
        (&Method::POST, [key]) if let Some(form) = key_form(key) => Ok(Box::new(ReadKey(form))),
        _ => Err(no_such_request()),
    }
}

fn read(head: &RequestHead<'_>, segments: &[&str]) -> Routed {
    if segments.is_empty() {
        return Ok(Box::new(Greeting));
    }
    if head.trailing_slash {
        return Err(no_such_request());
    }
    match segments {
        ["versions"] => Ok(Box::new(ReadList(List::Versions))),
        ["names"] => Ok(Box::new(ReadList(List::Names))),
        ["info", gem] => Ok(Box::new(ReadInfo(gem_of_segment(gem)?))),
        ["specs.4.8.gz"] => Ok(Box::new(ReadList(List::Specs))),
        ["latest_specs.4.8.gz"] => Ok(Box::new(ReadList(List::LatestSpecs))),
        ["prerelease_specs.4.8.gz"] => Ok(Box::new(ReadList(List::PrereleaseSpecs))),
        // `downloads/` is what Bundler of old asks for.
        ["gems" | "downloads", file] if let Some(name) = file.strip_suffix(".gem") => {
            Ok(Box::new(ReadFile(Candidates::of(name)?)))
        }
        ["quick", "Marshal.4.8", file] if let Some(name) = file.strip_suffix(".gemspec.rz") => {
            Ok(Box::new(ReadSpecification(Candidates::of(name)?)))
        }
        ["api", "v1", rest @ ..] => read_api(head, rest),
        _ => Err(no_such_request()),
    }
}

fn read_api(head: &RequestHead<'_>, segments: &[&str]) -> Routed {
    match segments {
        ["dependencies"] => Ok(Box::new(ReadDependencies::read(head))),
        ["search.json" | "search.yaml"] => Ok(Box::new(Search::read(head))),
        ["profile", "me.yaml"] => Ok(Box::new(ReadProfile)),
        ["gems", gem, owners] if is_owners(owners) => {
            Ok(Box::new(ReadOwners(gem_of_segment(gem)?)))
        }
        ["gems", gem] if let Some(gem) = without_suffix(gem) => {
            Ok(Box::new(ReadGem(gem_of_segment(gem)?)))
        }
        ["versions", gem, "latest.json"] => Ok(Box::new(ReadVersions {
            gem: gem_of_segment(gem)?,
            only_latest: true,
        })),
        ["versions", gem] if let Some(gem) = without_suffix(gem) => Ok(Box::new(ReadVersions {
            gem: gem_of_segment(gem)?,
            only_latest: false,
        })),
        [key] if let Some(form) = key_form(key) => Ok(Box::new(ReadKey(form))),
        _ => Err(no_such_request()),
    }
}

fn is_owners(segment: &str) -> bool {
    matches!(segment, "owners" | "owners.yaml" | "owners.json")
}

fn without_suffix(segment: &str) -> Option<&str> {
    let json = segment.strip_suffix(".json");
    json.or_else(|| segment.strip_suffix(".yaml"))
}

fn key_form(segment: &str) -> Option<KeyForm> {
    match segment {
        "api_key" => Some(KeyForm::Text),
        "api_key.yaml" => Some(KeyForm::Yaml),
        "api_key.json" => Some(KeyForm::Json),
        _ => None,
    }
}

fn no_such_request() -> Error {
    let message = "There is no such address for gems here. Give gem and Bundler the repository's address as a source, and \
        'gem push --host' the same without the slash at its end.";
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
    fn every_request_of_the_protocols_finds_its_endpoint() {
        for (target, expected) in [
            ("/", "greeting"),
            ("/versions", "read-versions"),
            ("/names", "read-names"),
            ("/info/net-http", "read-info"),
            ("/specs.4.8.gz", "read-specs"),
            ("/latest_specs.4.8.gz", "read-specs"),
            ("/prerelease_specs.4.8.gz", "read-specs"),
            ("/gems/a-1.0.gem", "read-gem"),
            ("/gems/net-http-1.0-x86_64-linux.gem", "read-gem"),
            ("/downloads/a-1.0.gem", "read-gem"),
            ("/quick/Marshal.4.8/a-1.0.gemspec.rz", "read-specification"),
            ("/api/v1/dependencies", "read-dependencies"),
            ("/api/v1/dependencies?gems=a,b", "read-dependencies"),
            ("/api/v1/search.json?query=a", "search"),
            ("/api/v1/gems/a.json", "read-gem-json"),
            ("/api/v1/gems/a.b.yaml", "read-gem-json"),
            ("/api/v1/gems/a/owners.yaml", "read-owners"),
            ("/api/v1/versions/a.json", "read-versions-json"),
            ("/api/v1/versions/a/latest.json", "read-versions-json"),
            ("/api/v1/api_key", "read-key"),
            ("/api/v1/profile/me.yaml", "read-profile"),
        ] {
            assert_eq!(routed(&Method::GET, target), Ok(expected), "{target}");
            assert_eq!(routed(&Method::HEAD, target), Ok(expected), "{target}");
        }
        for (method, target, expected) in [
            (Method::POST, "/api/v1/gems", "push"),
            (Method::DELETE, "/api/v1/gems/yank", "yank"),
            (Method::PUT, "/api/v1/gems/unyank", "unyank"),
            (Method::POST, "/api/v1/gems/a/owners", "change-owners"),
            (Method::DELETE, "/api/v1/gems/a/owners", "change-owners"),
            (Method::POST, "/api/v1/api_key", "read-key"),
        ] {
            assert_eq!(routed(&method, target), Ok(expected), "{method} {target}");
        }
    }

    #[test]
    fn p14_gems_named_like_words_of_routes_are_found() {
        for target in ["/info/info", "/info/versions", "/info/names", "/info/api"] {
            assert_eq!(routed(&Method::GET, target), Ok("read-info"), "{target}");
        }
        assert_eq!(
            routed(&Method::GET, "/api/v1/gems/yank.json"),
            Ok("read-gem-json")
        );
        assert_eq!(routed(&Method::GET, "/gems/gems-1.gem"), Ok("read-gem"));
    }

    #[test]
    fn p03_p04_u05_other_requests_are_refused() {
        for (method, target) in [
            (Method::GET, "/versions/"),
            (Method::GET, "/info"),
            (Method::GET, "/info/a/b"),
            (Method::GET, "/info/*"),
            (Method::GET, "/info/.a"),
            (Method::GET, "/info/a%2fb"),
            (Method::GET, "/info/a%20b"),
            (Method::GET, "/gems/a.gem"),
            (Method::GET, "/gems/a-1.0.zip"),
            (Method::GET, "/gems/..%2fa-1.0.gem"),
            (Method::GET, "/gems/a-1.0.gem/"),
            (Method::GET, "/quick/Marshal.4.8/a.gemspec.rz"),
            (Method::GET, "/quick/Marshal.5/a-1.gemspec.rz"),
            (Method::GET, "/specs.4.8"),
            (Method::GET, "/api/v1/gems"),
            (Method::GET, "/api/v2/gems/a.json"),
            (Method::POST, "/gems"),
            (Method::POST, "/"),
            (Method::PUT, "/api/v1/gems"),
            (Method::DELETE, "/api/v1/gems"),
            (Method::DELETE, "/gems/a-1.0.gem"),
        ] {
            let found = routed(&method, target);
            assert!(
                matches!(found, Err(ErrorKind::NotFound | ErrorKind::Invalid(_))),
                "{method} {target}: {found:?}"
            );
        }
    }
}
