//! Which repository of which domain a request is for, and what of its path is left for the format.
//!
//! Two forms, both ending in the format's own segments: `/{format}/d/{domain}-{owner}/{repository}/...` on any host, and
//! `/{format}/{repository}/...` on a host named `{domain}-{owner}.{host base}`. The bare address is answered with and
//! without its slash, because users drop it.

use std::borrow::Cow;

use http::request::Parts;
use http::{HeaderMap, Method};
use model::{AccountId, DomainName, DomainRef, Error, RepositoryName, ResourceType, Result};
use url::form_urlencoded;

use crate::kit::bases::{EndpointForm, PublicAddresses};
use crate::kit::path;

/// The head of a request, as a format sees it.
#[derive(Debug)]
pub struct RequestHead<'r> {
    /// The method.
    pub method: &'r Method,
    /// The decoded segments below the repository's address.
    pub segments: Vec<Cow<'r, str>>,
    /// Whether a slash ended the path.
    pub trailing_slash: bool,
    /// The query, raw.
    pub query: Option<&'r str>,
    /// The header fields.
    pub headers: &'r HeaderMap,
}

impl RequestHead<'_> {
    /// The first value of a query parameter, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = form_urlencoded::parse(self.query?.as_bytes());
        pairs
            .into_iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Whether the request reads: GET, or HEAD.
    #[must_use]
    pub fn reads(&self) -> bool {
        *self.method == Method::GET || *self.method == Method::HEAD
    }
}

/// Longer queries are refused before anything looks at them.
const QUERY_BYTES: usize = 8 * 1024;

/// A request's place.
#[derive(Debug)]
pub(crate) struct Address<'r> {
    pub(crate) domain: DomainRef,
    pub(crate) repository: RepositoryName,
    pub(crate) form: EndpointForm,
    pub(crate) head: RequestHead<'r>,
}

/// Reads the address of a request whose first segment named a format. `host` is the one it names.
pub(crate) fn read<'r>(
    parts: &'r Parts,
    host: Option<&'r str>,
    addresses: &PublicAddresses,
) -> Result<Address<'r>> {
    let query = parts.uri.query();
    if query.is_some_and(|query| query.len() > QUERY_BYTES) {
        return Err(no_repository());
    }
    let path::Path {
        segments,
        trailing_slash,
    } = path::read(parts.uri.path())?;
    let mut segments = segments.into_iter().skip(1);
    let named = addresses.domain_label(host).and_then(read_domain);
    let (form, domain) = match named {
        Some(domain) => (EndpointForm::Host, domain),
        None => {
            if segments.next().as_deref() != Some("d") {
                return Err(no_repository());
            }
            let domain = segments
                .next()
                .as_deref()
                .and_then(read_domain)
                .ok_or_else(no_repository)?;
            (EndpointForm::Path, domain)
        }
    };
    let repository = segments
        .next()
        .and_then(|name| RepositoryName::parse(&name).ok())
        .ok_or_else(no_repository)?;
    let head = RequestHead {
        method: &parts.method,
        segments: segments.collect(),
        trailing_slash,
        query,
        headers: &parts.headers,
    };
    Ok(Address {
        domain,
        repository,
        form,
        head,
    })
}

/// `acme-111122223333`: the owner is what follows the last hyphen.
fn read_domain(label: &str) -> Option<DomainRef> {
    let (name, owner) = label.rsplit_once('-')?;
    Some(DomainRef {
        owner: AccountId::parse(owner).ok()?,
        name: DomainName::parse(name).ok()?,
    })
}

fn no_repository() -> Error {
    let message = "The address names no repository. Package addresses have the form \
        /{format}/d/{domain}-{owner}/{repository}/, as GetRepositoryEndpoint gives them.";
    Error::not_found(ResourceType::Repository, "", message)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use url::Url;

    use super::*;

    fn addresses() -> PublicAddresses {
        PublicAddresses {
            public_url: Url::parse("http://127.0.0.1:8740").unwrap(),
            allowed_hosts: Vec::new(),
            host_base: Some("packages.example".into()),
            endpoint_form: EndpointForm::Path,
        }
    }

    fn parse(
        target: &str,
        host: Option<&str>,
    ) -> Result<(String, String, Vec<String>, EndpointForm)> {
        let (parts, ()) = Request::get(target).body(()).unwrap().into_parts();
        let address = read(&parts, host, &addresses())?;
        Ok((
            format!("{}-{}", address.domain.name, address.domain.owner),
            address.repository.as_str().to_owned(),
            address
                .head
                .segments
                .into_iter()
                .map(Cow::into_owned)
                .collect(),
            address.form,
        ))
    }

    #[test]
    fn both_forms_name_the_same_place() {
        let path = parse(
            "/npm/d/my-acme-111122223333/main/@s%2fn/-/n-1.tgz",
            Some("127.0.0.1"),
        )
        .unwrap();
        let host = parse(
            "/npm/main/@s%2fn/-/n-1.tgz",
            Some("my-acme-111122223333.packages.example"),
        )
        .unwrap();
        assert_eq!(path.0, "my-acme-111122223333");
        assert_eq!((&path.0, &path.1, &path.2), (&host.0, &host.1, &host.2));
        assert_eq!((path.3, host.3), (EndpointForm::Path, EndpointForm::Host));
    }

    #[test]
    fn the_bare_address_is_read_with_and_without_its_slash() {
        for target in [
            "/npm/d/acme-111122223333/main",
            "/npm/d/acme-111122223333/main/",
        ] {
            assert_eq!(
                parse(target, None).unwrap().2,
                Vec::<String>::new(),
                "{target}"
            );
        }
    }

    #[test]
    fn p06_encoded_names_of_domains_and_repositories_are_the_decoded_ones() {
        let (domain, repository, ..) =
            parse("/npm/d/%61cme%2D111122223333/m%61in/x", None).unwrap();
        assert_eq!(
            (domain.as_str(), repository.as_str()),
            ("acme-111122223333", "main")
        );
    }

    #[test]
    fn p04_p10_addresses_without_a_repository_are_refused() {
        for target in [
            "/npm",
            "/npm/",
            "/npm/d",
            "/npm/d/acme-111122223333",
            "/npm/d/acme-111122223333/",
            "/npm/d//main/x",
            "/npm/d/acme/main/x",
            "/npm/d/acme-11112222333/main/x",
            "/npm/d/-111122223333/main/x",
            "/npm/d/acme-111122223333/m%2fain/x",
            "/npm/x/acme-111122223333/main/y",
            "/npm/d/ACME-111122223333/main/y",
            "/npm/main/x",
            "//npm/d/acme-111122223333/main/y",
        ] {
            assert!(parse(target, Some("127.0.0.1")).is_err(), "{target}");
        }
        let long = format!("/npm/d/acme-111122223333/main/x?{}", "a".repeat(100_000));
        assert!(long.parse::<http::Uri>().is_err() || parse(&long, None).is_err());
    }
}
