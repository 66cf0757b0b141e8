//! Where clients reach this server, and the addresses that documents and the API spell out.
//!
//! A generated address comes from configuration only. A request's `Host` chooses among the addresses that the operator
//! allowed; one that is not on the list changes nothing, so nobody can steer the links that others get to see.

use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, Uri};
use model::{DomainRef, Error, FormatId, InvalidReason, RepositoryName, Result};
use url::Url;

/// The addresses of this server, as clients use them.
#[derive(Debug, Clone)]
pub struct PublicAddresses {
    /// Scheme, host and port that clients use.
    pub public_url: Url,
    /// Other hosts, with a port if need be, that a request may name; links in its answer then use that host.
    pub allowed_hosts: Vec<String>,
    /// The host name, with a port if need be, below which each domain has a name of its own.
    pub host_base: Option<String>,
    /// The form of address that is handed out.
    pub endpoint_form: EndpointForm,
}

/// The two forms of a repository's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointForm {
    /// `{public_url}/{format}/d/{domain}-{owner}/{repository}/`
    Path,
    /// `{scheme}://{domain}-{owner}.{host_base}/{format}/{repository}/`
    Host,
}

impl EndpointForm {
    /// How many segments of a path, behind the format's, name domain and repository.
    pub(crate) const fn segments(self) -> usize {
        match self {
            Self::Path => 3,
            Self::Host => 1,
        }
    }
}

impl PublicAddresses {
    /// The address of a repository for one format, as the API hands it out. Ends with a slash.
    #[must_use]
    pub fn endpoint(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        format: FormatId,
    ) -> String {
        match (self.endpoint_form, &self.host_base) {
            (EndpointForm::Host, Some(_)) => self.host_form(domain, repository, format),
            _ => self.path_form(self.public_host(), domain, repository, format),
        }
    }

    /// The address that a client uses which named this host, in the form it used.
    pub(crate) fn base(
        &self,
        form: EndpointForm,
        host: Option<&str>,
        (domain, repository, format): (&DomainRef, &RepositoryName, FormatId),
    ) -> Arc<str> {
        let base = match form {
            EndpointForm::Host => self.host_form(domain, repository, format),
            EndpointForm::Path => {
                let allowed = |host: &&str| {
                    self.allowed_hosts
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(host))
                };
                let known = host.filter(allowed).map(str::to_ascii_lowercase);
                self.path_form(
                    known.as_deref().unwrap_or(self.public_host()),
                    domain,
                    repository,
                    format,
                )
            }
        };
        base.into()
    }

    /// `acme-111122223333` of `acme-111122223333.packages.example`, when host names have that form here.
    pub(crate) fn domain_label<'r>(&self, host: Option<&'r str>) -> Option<&'r str> {
        let base = without_port(self.host_base.as_deref()?);
        let host = without_port(host?);
        let dot = host.len().checked_sub(base.len() + 1)?;
        let (label, rest) = host.split_at_checked(dot)?;
        (rest.starts_with('.') && rest[1..].eq_ignore_ascii_case(base)).then_some(label)
    }

    fn host_form(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        format: FormatId,
    ) -> String {
        let (scheme, base) = (
            self.public_url.scheme(),
            self.host_base.as_deref().unwrap_or_default(),
        );
        format!(
            "{scheme}://{}-{}.{base}/{format}/{repository}/",
            domain.name, domain.owner
        )
    }

    fn path_form(
        &self,
        host: &str,
        domain: &DomainRef,
        repository: &RepositoryName,
        format: FormatId,
    ) -> String {
        let scheme = self.public_url.scheme();
        format!(
            "{scheme}://{host}/{format}/d/{}-{}/{repository}/",
            domain.name, domain.owner
        )
    }

    /// Host and port of the public address.
    fn public_host(&self) -> &str {
        &self.public_url[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The host that a request names: by its target, or by its one `Host` field. More than one answer is an attack.
pub(crate) fn host_of<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Result<Option<&'r str>> {
    let mut fields = headers.get_all(HOST).iter();
    let field = match fields.next() {
        Some(value) => Some(value.to_str().map_err(|_| refuse())?),
        None => None,
    };
    let target = uri.authority().map(http::uri::Authority::as_str);
    let clash = field
        .zip(target)
        .is_some_and(|(field, target)| !field.eq_ignore_ascii_case(target));
    let host = target.or(field);
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if fields.next().is_some() || clash || host.is_some_and(|host| !host.bytes().all(plain)) {
        return Err(refuse());
    }
    Ok(host)
}

fn refuse() -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        "The request does not name exactly one host, as a name or an address.",
    )
}

#[cfg(test)]
mod tests {
    use model::{AccountId, DomainName};

    use super::*;

    const NPM: FormatId = FormatId::new("npm");

    fn addresses(endpoint_form: EndpointForm) -> PublicAddresses {
        PublicAddresses {
            public_url: Url::parse("https://packages.example:8443").unwrap(),
            allowed_hosts: vec!["inside.example:8740".into()],
            host_base: Some("d.packages.example:8443".into()),
            endpoint_form,
        }
    }

    fn place() -> (DomainRef, RepositoryName) {
        let owner = AccountId::parse("111122223333").unwrap();
        let domain = DomainRef {
            owner,
            name: DomainName::parse("my-acme").unwrap(),
        };
        (domain, RepositoryName::parse("team-a").unwrap())
    }

    #[test]
    fn endpoints_have_the_configured_form_and_end_with_a_slash() {
        let (domain, repository) = place();
        assert_eq!(
            addresses(EndpointForm::Path).endpoint(&domain, &repository, NPM),
            "https://packages.example:8443/npm/d/my-acme-111122223333/team-a/"
        );
        assert_eq!(
            addresses(EndpointForm::Host).endpoint(&domain, &repository, NPM),
            "https://my-acme-111122223333.d.packages.example:8443/npm/team-a/"
        );
    }

    #[test]
    fn p13_x13_only_allowed_hosts_reach_a_generated_address() {
        let (domain, repository) = place();
        let base = |host| {
            addresses(EndpointForm::Path).base(
                EndpointForm::Path,
                host,
                (&domain, &repository, NPM),
            )
        };
        let public = "https://packages.example:8443/npm/d/my-acme-111122223333/team-a/";
        assert_eq!(
            &*base(Some("INSIDE.example:8740")),
            "https://inside.example:8740/npm/d/my-acme-111122223333/team-a/"
        );
        for host in [
            None,
            Some("evil.example"),
            Some("inside.example"),
            Some("inside.example:8740.evil.example"),
        ] {
            assert_eq!(&*base(host), public, "{host:?}");
        }
    }

    #[test]
    fn host_names_of_domains_are_told_from_others() {
        let addresses = addresses(EndpointForm::Host);
        let label = |host| addresses.domain_label(Some(host));
        assert_eq!(
            label("acme-111122223333.d.packages.example"),
            Some("acme-111122223333")
        );
        assert_eq!(
            label("acme-111122223333.D.Packages.example:8443"),
            Some("acme-111122223333")
        );
        for other in [
            "d.packages.example",
            "xd.packages.example",
            "acme.d.packages.example.evil.example",
            "",
            "é",
        ] {
            assert_eq!(label(other), None, "{other}");
        }
    }

    #[test]
    fn p13_a_request_names_one_host_or_is_refused() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let headers = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, host.parse().unwrap());
            }
            headers
        };
        assert_eq!(
            host_of(&uri("/x"), &headers(&["a.example:1"])).unwrap(),
            Some("a.example:1")
        );
        assert_eq!(
            host_of(&uri("http://a.example/x"), &headers(&["A.example"])).unwrap(),
            Some("a.example")
        );
        assert_eq!(
            host_of(&uri("/x"), &headers(&["[::1]:8740"])).unwrap(),
            Some("[::1]:8740")
        );
        assert_eq!(host_of(&uri("/x"), &headers(&[])).unwrap(), None);
        for (target, hosts) in [
            ("/x", &["a.example", "b.example"][..]),
            ("/x", &["a.example", "a.example"]),
            ("http://a.example/x", &["b.example"]),
            ("/x", &["user@a.example"]),
            ("/x", &["a.example/b"]),
            ("/x", &["a.example evil"]),
            ("http://u:p@a.example/x", &[]),
        ] {
            assert!(
                host_of(&uri(target), &headers(hosts)).is_err(),
                "{target} {hosts:?}"
            );
        }
    }
}
