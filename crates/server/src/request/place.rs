//! Where a request came from: the other end of the connection, or whom a trusted proxy in between says it speaks for.
//!
//! A header is a claim of whoever sent it. `X-Forwarded-For` and `X-Forwarded-Proto` are looked at only on connections
//! from `trusted_proxies`, and the list of hops is read from its end: the first address that is no trusted proxy's is the
//! client, whatever stands before it. There is no standard for the two headers; RFC 7239, section 8.1, has the reasons.

use std::net::{IpAddr, SocketAddr};

use catalog::RequestPlace;
use http::{HeaderMap, HeaderName};

use crate::config::AddressRange;
use crate::listener::ConnectionInfo;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The place that conditions of policies see.
pub(super) fn place_of(
    headers: &HeaderMap,
    connection: ConnectionInfo,
    trusted: &[AddressRange],
) -> RequestPlace {
    let peer = connection.peer.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    if !is_trusted(peer) {
        return RequestPlace {
            source_ip: Some(peer),
            secure_transport: connection.uses_tls,
        };
    }
    let mut source = peer;
    for hop in list(headers, &FORWARDED_FOR).into_iter().rev() {
        // What cannot be read was not written by a proxy that can be trusted further: the last known hop counts.
        let Some(address) = hop.and_then(address_of) else {
            break;
        };
        source = address;
        if !is_trusted(address) {
            break;
        }
    }
    let proto = list(headers, &FORWARDED_PROTO).pop().flatten();
    RequestPlace {
        source_ip: Some(source),
        secure_transport: proto.map_or(connection.uses_tls, |proto| {
            proto.eq_ignore_ascii_case("https")
        }),
    }
}

/// The items of a header over all its lines, in order. `None` for those of a line that is not text.
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<Option<&'h str>> {
    let mut items = Vec::new();
    for line in headers.get_all(name) {
        match line.to_str() {
            Ok(text) => items.extend(text.split(',').map(|item| Some(item.trim()))),
            Err(_) => items.push(None),
        }
    }
    items
}

/// An address as proxies write it: alone, or with the port it came from.
fn address_of(text: &str) -> Option<IpAddr> {
    let alone: Result<IpAddr, _> = text.parse();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    alone
        .or_else(|_| with_port())
        .ok()
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::trusted_proxies_of;

    fn place(peer: &str, uses_tls: bool, headers: &[(HeaderName, &[u8])]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value).unwrap();
            map.append(name.clone(), value);
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 50_000);
        let connection = ConnectionInfo { peer, uses_tls };
        let trusted = trusted_proxies_of("10.0.0.0/8, fd00::1").unwrap();
        let place = place_of(&map, connection, &trusted);
        (place.source_ip.unwrap().to_string(), place.secure_transport)
    }

    fn source(peer: &str, lines: &[&[u8]]) -> String {
        let headers: Vec<_> = lines.iter().map(|line| (FORWARDED_FOR, *line)).collect();
        place(peer, false, &headers).0
    }

    #[test]
    fn a15_headers_of_peers_that_are_not_trusted_say_nothing() {
        let lies: [(HeaderName, &[u8]); 2] =
            [(FORWARDED_FOR, b"203.0.113.9"), (FORWARDED_PROTO, b"https")];
        assert_eq!(
            place("192.0.2.1", false, &lies),
            ("192.0.2.1".into(), false)
        );
        let lies: [(HeaderName, &[u8]); 1] = [(FORWARDED_PROTO, b"http")];
        assert_eq!(place("192.0.2.1", true, &lies), ("192.0.2.1".into(), true));
        assert_eq!(source("fd00::2", &[b"203.0.113.9"]), "fd00::2");
    }

    #[test]
    fn a15_the_last_hop_that_no_trusted_proxy_is_counts() {
        for (lines, expected) in [
            (&[b"203.0.113.9".as_slice()] as &[&[u8]], "203.0.113.9"),
            // What the client itself sent stands first and is worth nothing.
            (&[b"127.0.0.1, 203.0.113.9"], "203.0.113.9"),
            (&[b"127.0.0.1", b"203.0.113.9"], "203.0.113.9"),
            (&[b"1.2.3.4, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            (&[b"203.0.113.9:1234"], "203.0.113.9"),
            (&[b"2001:db8::5"], "2001:db8::5"),
            (&[b"[2001:db8::5]:99"], "2001:db8::5"),
            (&[b"[2001:db8::5]"], "2001:db8::5"),
            (&[b"::ffff:203.0.113.9"], "203.0.113.9"),
            (&[b"10.1.1.1,10.2.2.2"], "10.1.1.1"),
            (&[], "10.0.0.1"),
            (&[b""], "10.0.0.1"),
            (&[b"203.0.113.9, unknown"], "10.0.0.1"),
            (&[b"203.0.113.9, x, 10.0.0.7"], "10.0.0.7"),
            (&[b"203.0.113.9", b"\xff"], "10.0.0.1"),
        ] {
            assert_eq!(source("10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(source("::ffff:10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a15_a_trusted_proxy_says_whether_its_client_used_tls() {
        for (uses_tls, lines, expected) in [
            (false, &[b"https".as_slice()] as &[&[u8]], true),
            (false, &[b"HTTPS"], true),
            (true, &[b"http"], false),
            (true, &[b"https, http"], false),
            (false, &[b"http", b"https"], true),
            (false, &[], false),
            (true, &[], true),
            (true, &[b"\xff"], true),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| (FORWARDED_PROTO, *line)).collect();
            let found = place("10.0.0.1", uses_tls, &headers);
            assert_eq!(found, ("10.0.0.1".into(), expected), "{lines:?}");
        }
    }
}
