//! Whether a request is well-formed before anyone asks what it means. See RFC 9110, sections 4 and 7.
//!
//! Paths are looked at in decoded form only to refuse; the one decoding that counts is that of the routes. What no name
//! can contain (control characters, dot segments in any spelling, broken escapes) never gets as far as a route.

use http::uri::Authority;
use http::{HeaderValue, Method, Request, StatusCode, Version, header};

/// A request that is refused by its form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
}

impl Refusal {
    pub(super) const fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message }
    }
}

const fn bad(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, message)
}

/// Refuses what is malformed. Afterwards there is exactly one `Host` header, also in HTTP/2 (none in HTTP/1.0 without one).
pub(super) fn check<B>(request: &mut Request<B>, url_bytes: usize) -> Result<(), Refusal> {
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "The method is not allowed here.",
        ));
    }
    let uri = request.uri();
    let target_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if target_bytes > url_bytes {
        return Err(Refusal::new(
            StatusCode::URI_TOO_LONG,
            "The request target is too long.",
        ));
    }
    check_host(request)?;
    check_body_headers(request)?;
    check_path(request.uri().path())?;
    if request
        .uri()
        .query()
        .is_some_and(|query| !escapes_are_whole(query))
    {
        return Err(bad("The query has a broken percent escape."));
    }
    Ok(())
}

fn check_host<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(bad("The request has more than one Host header.")),
        (host, None) => host.cloned(),
    };
    let authority = request.uri().authority().cloned();
    if request.version() < Version::HTTP_2 {
        // A proxy would be asked like this; taking the host from the target would let it differ from the header.
        if authority.is_some() || !request.uri().path().starts_with('/') {
            return Err(bad("The request target must begin with a slash."));
        }
        return match host {
            Some(host) => check_authority(&host),
            None if request.version() < Version::HTTP_11 => Ok(()),
            None => Err(bad("The request has no Host header.")),
        };
    }
    match (authority, host) {
        (Some(authority), Some(host)) if host.as_bytes() != authority.as_str().as_bytes() => {
            Err(bad("The Host header differs from the authority."))
        }
        (Some(authority), _) => {
            let host = HeaderValue::from_str(authority.as_str())
                .map_err(|_| bad("The authority is malformed."))?;
            check_authority(&host)?;
            request.headers_mut().insert(header::HOST, host);
            Ok(())
        }
        (None, Some(host)) => check_authority(&host),
        (None, None) => Err(bad("The request names no host.")),
    }
}

fn check_authority(host: &HeaderValue) -> Result<(), Refusal> {
    if is_plain_authority(host.as_bytes()) {
        return Ok(());
    }
    let refusal = bad("The Host header is malformed.");
    let text = host.to_str().map_err(|_| refusal)?;
    let authority: Authority = text.parse().map_err(|_| refusal)?;
    let has_bad_port =
        authority.as_str().len() > authority.host().len() && authority.port_u16().is_none();
    if text.contains('@') || authority.host().is_empty() || has_bad_port {
        Err(refusal)
    } else {
        Ok(())
    }
}

/// Whether this is what nearly every client sends: a name or an IPv4 address, with or without a port. Anything else is
/// looked at with more care.
fn is_plain_authority(host: &[u8]) -> bool {
    let end = host.iter().position(|byte| *byte == b':');
    let (name, port) = host.split_at(end.unwrap_or(host.len()));
    let is_port =
        |digits: &[u8]| (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && (end.is_none() || is_port(&port[1..]))
}

/// A body where none can be, or one whose length is told in two ways (RFC 9112, section 6).
fn check_body_headers<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let has_length = headers
        .get(header::CONTENT_LENGTH)
        .is_some_and(|value| value.as_bytes() != b"0");
    let has_coding = headers.contains_key(header::TRANSFER_ENCODING);
    if has_coding && headers.contains_key(header::CONTENT_LENGTH) {
        return Err(bad(
            "The request has both Content-Length and Transfer-Encoding.",
        ));
    }
    if headers
        .get_all(header::CONTENT_LENGTH)
        .iter()
        .nth(1)
        .is_some()
    {
        return Err(bad("The request has more than one Content-Length."));
    }
    if has_coding {
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let is_chunked = codings
            .next()
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !is_chunked || codings.next().is_some() {
            return Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "The only transfer coding understood is chunked.",
            ));
        }
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) && (has_length || has_coding) {
        return Err(bad("A GET or HEAD request has no body."));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), Refusal> {
    if is_plain_path(path.as_bytes()) {
        return Ok(());
    }
    if !escapes_are_whole(path) {
        return Err(bad("The path has a broken percent escape."));
    }
    let decoded = decode(path);
    let Ok(decoded) = std::str::from_utf8(&decoded) else {
        return Err(bad("The path is not UTF-8."));
    };
    if decoded.chars().any(char::is_control) {
        return Err(bad("The path has a control character."));
    }
    if decoded
        .split(['/', '\\'])
        .any(|segment| matches!(segment, "." | ".."))
    {
        return Err(bad("The path has a dot segment."));
    }
    Ok(())
}

/// Whether a path has nothing to decode and no segment that begins with a dot.
fn is_plain_path(path: &[u8]) -> bool {
    let mut before = b'/';
    for byte in path {
        let is_plain = byte.is_ascii_graphic() && !matches!(byte, b'%' | b'\\');
        if !is_plain || (before == b'/' && *byte == b'.') {
            return false;
        }
        before = *byte;
    }
    true
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'%' || (is_hex(at + 1) && is_hex(at + 2)))
}

/// Percent-decodes; the escapes are known to be whole.
fn decode(path: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            decoded.push(digit(bytes[at + 1]) << 4 | digit(bytes[at + 2]));
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().version(version).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn check_target(target: &str) -> Result<(), Refusal> {
        check(
            &mut request(Version::HTTP_11, target, &[("host", "h.example")]),
            4096,
        )
    }

    #[test]
    fn ordinary_targets_pass() {
        for good in [
            "/",
            "/npm/d/dev-000000000000/main/@scope%2fname",
            "/npm/d/dev-000000000000/main/@scope/name/-/name-1.0.0.tgz",
            "/v1/domain?domain=a&x=%20+",
            "/a..b/...",
            "/..a",
            "/%252e%252e%252f",
            "/a;b=c",
            "/%C3%A9",
        ] {
            assert_eq!(check_target(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn p01_p02_dot_segments_are_refused_in_any_spelling() {
        for bad in [
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/",
            "/..%2f",
            "/..%5cx",
            "/.%2e/",
            "/%2E%2e%2Fx",
            "/a%2f..%2fb",
            "/%2e",
        ] {
            assert_eq!(
                check_target(bad).map_err(|r| r.status),
                Err(StatusCode::BAD_REQUEST),
                "{bad}"
            );
        }
    }

    #[test]
    fn p02_p12_broken_escapes_and_overlong_utf8_are_refused() {
        for bad in [
            "/%",
            "/%2",
            "/%zz",
            "/%c0%ae%c0%ae/",
            "/%ff",
            "/a?b=%",
            "/a?b=%g0",
        ] {
            assert!(check_target(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p05_control_characters_are_refused() {
        for bad in ["/a%00b", "/%0a", "/%0d%0ax", "/%7f", "/%c2%80"] {
            assert!(check_target(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p11_a_long_target_is_refused() {
        let refusal = check_target(&format!("/a?{}", "q".repeat(5000))).unwrap_err();
        assert_eq!(refusal.status, StatusCode::URI_TOO_LONG);
    }

    #[test]
    fn p13_the_host_is_named_once_and_well() {
        let host_11 =
            |headers: &[(&str, &str)]| check(&mut request(Version::HTTP_11, "/", headers), 4096);
        assert!(host_11(&[]).is_err());
        assert!(host_11(&[("host", "a.example"), ("host", "a.example")]).is_err());
        for bad in [
            "user@a.example",
            "a.example:port",
            "a.example:",
            "a example",
            "",
            ":80",
            "a.example/x",
            "a:99999",
        ] {
            assert!(host_11(&[("host", bad)]).is_err(), "{bad}");
        }
        for good in [
            "a.example",
            "a.example:8740",
            "127.0.0.1:1",
            "[::1]:8740",
            "[::1]",
        ] {
            assert_eq!(host_11(&[("host", good)]), Ok(()), "{good}");
        }
        assert!(check(&mut request(Version::HTTP_10, "/", &[]), 4096).is_ok());
    }

    #[test]
    fn p13_absolute_targets_are_refused() {
        for bad in ["http://other.example/", "*"] {
            assert!(
                check(
                    &mut request(Version::HTTP_11, bad, &[("host", "a.example")]),
                    4096
                )
                .is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn p13_in_http2_the_authority_becomes_the_host_header() {
        let mut good = request(Version::HTTP_2, "https://a.example:1/x", &[]);
        assert_eq!(check(&mut good, 4096), Ok(()));
        assert_eq!(good.headers()[header::HOST], "a.example:1");
        assert!(
            check(
                &mut request(
                    Version::HTTP_2,
                    "https://a.example/",
                    &[("host", "b.example")]
                ),
                4096
            )
            .is_err()
        );
        assert!(check(&mut request(Version::HTTP_2, "/", &[]), 4096).is_err());
    }

    #[test]
    fn s22_bodies_that_are_told_in_two_ways_or_have_no_place_are_refused() {
        let with = |method: Method, headers: &[(&str, &str)]| {
            let mut request = request(Version::HTTP_11, "/", headers);
            request
                .headers_mut()
                .insert(header::HOST, HeaderValue::from_static("a.example"));
            *request.method_mut() = method;
            check(&mut request, 4096).map_err(|refusal| refusal.status.as_u16())
        };
        assert_eq!(
            with(
                Method::PUT,
                &[("content-length", "3"), ("transfer-encoding", "chunked")]
            ),
            Err(400)
        );
        assert_eq!(
            with(
                Method::PUT,
                &[("content-length", "3"), ("content-length", "3")]
            ),
            Err(400)
        );
        assert_eq!(
            with(Method::PUT, &[("transfer-encoding", "gzip, chunked")]),
            Err(501)
        );
        assert_eq!(with(Method::GET, &[("content-length", "3")]), Err(400));
        assert_eq!(with(Method::GET, &[("content-length", "0")]), Ok(()));
        assert_eq!(
            with(Method::PUT, &[("transfer-encoding", "chunked")]),
            Ok(())
        );
        assert_eq!(with(Method::CONNECT, &[]), Err(405));
        assert_eq!(with(Method::TRACE, &[]), Err(405));
    }
}
