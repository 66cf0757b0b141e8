//! Which URLs may be asked, and which redirects followed. Redirects are followed by hand, because every hop has to pass
//! the same checks as the first, and because credentials stay with the origin they belong to.

use http::HeaderMap;
use http::header::LOCATION;
use url::Url;

use crate::address;
use crate::error::SourceError;

/// One request's way from URL to URL.
#[derive(Debug)]
pub(crate) struct Route {
    visited: Vec<Url>,
    current: Url,
    max_redirects: usize,
    allow_private_network: bool,
    at_home: bool,
}

impl Route {
    /// Begins at a URL that must pass the checks. `base` is what the operator configured: its origin is where
    /// credentials may go, and when it has TLS nothing is asked without.
    pub(crate) fn start(
        url: &Url,
        base: &Url,
        max_redirects: usize,
        allow_private_network: bool,
    ) -> Result<Self, SourceError> {
        check_form(url).map_err(|reason| SourceError::ForbiddenUrl { reason })?;
        if base.scheme() == "https" && url.scheme() != "https" {
            return Err(SourceError::ForbiddenUrl {
                reason: "it has no TLS although the connection has",
            });
        }
        address::check_literal(url, allow_private_network)?;
        let mut current = url.clone();
        current.set_fragment(None);
        let at_home = same_origin(&current, base);
        Ok(Self {
            visited: Vec::new(),
            current,
            max_redirects,
            allow_private_network,
            at_home,
        })
    }

    /// Begins at a file that a document of the source names. On the base's own host it is part of what the operator
    /// configured, on whatever port; on any other host it must be on the internet and behind TLS, so that no document
    /// makes the server ask its own neighbours.
    pub(crate) fn start_at_file(
        url: &Url,
        base: &Url,
        max_redirects: usize,
        allow_private_network: bool,
    ) -> Result<Self, SourceError> {
        let is_on_base_host = url.host() == base.host();
        let route = Self::start(
            url,
            base,
            max_redirects,
            allow_private_network && is_on_base_host,
        )?;
        if !is_on_base_host && url.scheme() != "https" {
            return Err(SourceError::ForbiddenUrl {
                reason: "it is on another host than the connection and has no TLS",
            });
        }
        Ok(route)
    }

    /// Whether the way may lead into private networks.
    pub(crate) const fn is_open_to_private_networks(&self) -> bool {
        self.allow_private_network
    }

    /// Where to go now.
    pub(crate) const fn current(&self) -> &Url {
        &self.current
    }

    /// Whether credentials may be shown here. Once the way has left the origin they stay hidden, also when it comes
    /// back: the way back was chosen by someone else.
    pub(crate) const fn may_show_credentials(&self) -> bool {
        self.at_home
    }

    /// Goes on to where the answer points.
    pub(crate) fn follow(&mut self, headers: &HeaderMap) -> Result<(), SourceError> {
        let refuse = |reason| Err(SourceError::ForbiddenRedirect { reason });
        if self.visited.len() >= self.max_redirects {
            return refuse("there are too many redirects in a row");
        }
        let Some(location) = headers
            .get(LOCATION)
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
        else {
            return refuse("it does not say where to");
        };
        let Ok(mut next) = self.current.join(location) else {
            return refuse("its target is not a URL");
        };
        next.set_fragment(None);
        if let Err(reason) = check_form(&next) {
            return refuse(reason);
        }
        if self.current.scheme() == "https" && next.scheme() != "https" {
            return refuse("it leads from TLS to plain HTTP");
        }
        if next == self.current || self.visited.contains(&next) {
            return refuse("it leads in a circle");
        }
        address::check_literal(&next, self.allow_private_network)?;
        self.at_home = self.at_home && same_origin(&self.current, &next);
        let left = std::mem::replace(&mut self.current, next);
        self.visited.push(left);
        Ok(())
    }
}

/// Whether two URLs have the same scheme, host and port.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Checks the form of a URL, whoever wrote it.
pub(crate) fn check_form(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https are spoken");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or a password");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn start(text: &str, base: &str) -> Result<Route, SourceError> {
        Route::start(&url(text), &url(base), 5, false)
    }

    fn follow(route: &mut Route, location: &str) -> Result<(), SourceError> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().unwrap());
        route.follow(&headers)
    }

    fn reason(outcome: Result<(), SourceError>) -> &'static str {
        match outcome {
            Err(SourceError::ForbiddenRedirect { reason }) => reason,
            other => panic!("expected a refused redirect, got {other:?}"),
        }
    }

    #[test]
    fn x03_a_redirect_to_another_scheme_is_refused() {
        for location in [
            "file:///etc/passwd",
            "ftp://a.example/x",
            "gopher://a.example/",
            "data:,x",
            "javascript:1",
        ] {
            let mut route = start("https://a.example/", "https://a.example/").unwrap();
            assert_eq!(
                reason(follow(&mut route, location)),
                "only http and https are spoken",
                "{location}"
            );
        }
    }

    #[test]
    fn x03_a_redirect_from_tls_to_plain_http_is_refused() {
        let mut route = start("https://a.example/x", "https://a.example/").unwrap();
        assert_eq!(
            reason(follow(&mut route, "http://a.example/x")),
            "it leads from TLS to plain HTTP"
        );
        let mut route = start("http://a.example/x", "http://a.example/").unwrap();
        assert_eq!(
            follow(&mut route, "https://a.example/x"),
            Ok(()),
            "the other direction is fine"
        );
        assert_eq!(
            reason(follow(&mut route, "http://a.example/y")),
            "it leads from TLS to plain HTTP"
        );
    }

    #[test]
    fn x03_redirects_in_a_circle_or_without_end_are_refused() {
        let mut route = start("https://a.example/1", "https://a.example/").unwrap();
        assert_eq!(
            reason(follow(&mut route, "/1#again")),
            "it leads in a circle"
        );
        follow(&mut route, "/2").unwrap();
        assert_eq!(reason(follow(&mut route, "/1")), "it leads in a circle");
        for hop in 3..=6 {
            follow(&mut route, &format!("/{hop}")).unwrap();
        }
        assert_eq!(
            reason(follow(&mut route, "/7")),
            "there are too many redirects in a row"
        );
    }

    #[test]
    fn x03_a_redirect_to_a_private_address_is_refused() {
        for location in [
            "http://127.0.0.1/",
            "//2130706433/",
            "http://[::1]/",
            "http://169.254.169.254/latest",
        ] {
            let mut route = start("http://a.example/", "http://a.example/").unwrap();
            assert!(
                matches!(
                    follow(&mut route, location),
                    Err(SourceError::ForbiddenAddress { .. })
                ),
                "{location}"
            );
        }
    }

    #[test]
    fn x11_a_url_with_a_user_or_another_scheme_is_refused() {
        for text in [
            "https://user@a.example/",
            "https://user:word@a.example/",
            "file:///etc/passwd",
            "data:,x",
        ] {
            assert!(
                matches!(
                    start(text, "https://a.example/"),
                    Err(SourceError::ForbiddenUrl { .. })
                ),
                "{text}"
            );
        }
        let mut route = start("https://a.example/", "https://a.example/").unwrap();
        assert_eq!(
            reason(follow(&mut route, "https://u:p@a.example/x")),
            "it holds a user name or a password"
        );
        let asked = start("https://a.example/x?y=1#fragment", "https://a.example/").unwrap();
        assert_eq!(asked.current().as_str(), "https://a.example/x?y=1");
    }

    #[test]
    fn x21_a_source_with_tls_is_never_asked_without() {
        assert!(matches!(
            start("http://files.example/x", "https://a.example/"),
            Err(SourceError::ForbiddenUrl { .. })
        ));
        assert!(start("http://files.example/x", "http://a.example/").is_ok());
    }

    #[test]
    fn x01_x11_a_document_names_files_of_its_own_host_or_of_the_internet_behind_tls() {
        let file = |text: &str, base: &str| Route::start_at_file(&url(text), &url(base), 5, true);
        let house = "http://10.0.0.5:8080/simple/";
        for text in [
            "http://10.0.0.5:8080/x",
            "http://10.0.0.5/x",
            "https://10.0.0.5:8443/x",
        ] {
            assert!(
                file(text, house).unwrap().is_open_to_private_networks(),
                "{text}"
            );
        }
        for text in [
            "https://10.0.0.6/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
        ] {
            assert!(
                matches!(file(text, house), Err(SourceError::ForbiddenAddress { .. })),
                "{text}"
            );
        }
        assert!(
            matches!(
                file("http://files.example/x", house),
                Err(SourceError::ForbiddenUrl { .. })
            ),
            "plain HTTP to another host"
        );
        let elsewhere = file("https://files.example/x", house).unwrap();
        assert!(!elsewhere.is_open_to_private_networks() && !elsewhere.may_show_credentials());
        assert!(
            file("http://a.example/x", "https://a.example/").is_err(),
            "TLS is not given up on the same host either"
        );
    }

    #[test]
    fn x04_credentials_stay_with_the_origin() {
        let elsewhere = [
            "https://b.example/",
            "https://a.example:8443/",
            "https://sub.a.example/",
            "http://a.example/",
        ];
        for text in elsewhere {
            let route = Route::start(&url(text), &url("https://a.example/npm/"), 5, false);
            assert!(
                !route.is_ok_and(|route| route.may_show_credentials()),
                "{text}"
            );
        }
        let mut route = start("https://A.example:443/x", "https://a.example/npm/").unwrap();
        assert!(route.may_show_credentials());
        follow(&mut route, "/y").unwrap();
        assert!(route.may_show_credentials());
        follow(&mut route, "https://b.example/z").unwrap();
        assert!(!route.may_show_credentials());
        follow(&mut route, "https://a.example/w").unwrap();
        assert!(!route.may_show_credentials(), "nor on the way back");
    }
}
