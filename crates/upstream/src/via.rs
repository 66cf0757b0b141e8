//! The `Via` header (RFC 9110, section 7.6.3): how a request that comes back to its sender is noticed.
//!
//! Every request to a source names this instance. A server that receives its own name answers at once instead of
//! asking the source again. Names that other instances put there are passed on, so that a circle of several is noticed
//! too; names that anything else put there are not, for they may tell of the network the caller is in.

use http::HeaderValue;

const PSEUDONYM_PREFIX: &str = "reliquary-";
/// A chain of servers longer than this is a circle or an error.
const MAX_HOPS: usize = 8;

/// Whether a received `Via` header names this instance, which means that one of our sources leads back to us.
#[must_use]
pub fn is_own_via(header_value: &str, instance: &str) -> bool {
    pseudonyms(header_value).any(|name| name.strip_prefix(PSEUDONYM_PREFIX) == Some(instance))
}

/// Whether the name can stand in the header as it is.
pub(crate) fn is_valid_instance(instance: &str) -> bool {
    !instance.is_empty()
        && instance.len() <= 128
        && instance
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// What to send: the instances that the request already passed, then this one.
pub(crate) fn header(received: Option<&str>, instance: &str) -> HeaderValue {
    let passed = received.into_iter().flat_map(pseudonyms).filter(|name| {
        name.strip_prefix(PSEUDONYM_PREFIX)
            .is_some_and(|other| other != instance && is_valid_instance(other))
    });
    let mut text = String::new();
    for name in passed.take(MAX_HOPS) {
        text.push_str("1.1 ");
        text.push_str(name);
        text.push_str(", ");
    }
    text.push_str("1.1 ");
    text.push_str(PSEUDONYM_PREFIX);
    text.push_str(instance);
    HeaderValue::from_str(&text).expect("made of checked instance names")
}

/// The received-by part of each entry: `1.1 name (comment)`. Nested comments do not matter, a comma inside of one at
/// worst makes an entry that names nobody.
fn pseudonyms(header_value: &str) -> impl Iterator<Item = &str> {
    header_value
        .split(',')
        .filter_map(|entry| entry.split_ascii_whitespace().nth(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x16_a_request_that_comes_back_is_recognised() {
        for header in [
            "1.1 reliquary-a1",
            "1.0 fred, 1.1 reliquary-a1 (x)",
            "HTTP/1.1  reliquary-a1 , 2 p.example",
        ] {
            assert!(is_own_via(header, "a1"), "{header}");
        }
        for header in [
            "",
            "1.1",
            "1.1 reliquary-a12",
            "1.1 reliquary-a",
            "1.1 a1",
            "1.1 proxy (reliquary-a1)",
        ] {
            assert!(!is_own_via(header, "a1"), "{header}");
        }
    }

    #[test]
    fn x16_a_circle_of_two_instances_is_recognised() {
        let from_a = header(None, "a");
        let from_b = header(Some(from_a.to_str().unwrap()), "b");
        assert_eq!(from_b.to_str().unwrap(), "1.1 reliquary-a, 1.1 reliquary-b");
        assert!(is_own_via(from_b.to_str().unwrap(), "a"));
    }

    #[test]
    fn x05_names_that_other_proxies_wrote_are_not_passed_on() {
        let sent = header(
            Some("1.1 squid.corp.example (secret), 1.1 reliquary-b\u{7f}, 1.1 reliquary-c"),
            "a",
        );
        assert_eq!(sent.to_str().unwrap(), "1.1 reliquary-c, 1.1 reliquary-a");
    }

    #[test]
    fn the_header_stays_short_whatever_was_received() {
        let received = vec!["1.1 reliquary-x"; 1000].join(", ");
        assert_eq!(
            header(Some(&received), "a")
                .to_str()
                .unwrap()
                .matches("reliquary-")
                .count(),
            MAX_HOPS + 1
        );
    }
}
