//! The query string, decoded: once, here, and nowhere else.
//!
//! `+` is a space, as it is in the canonical form that the signature is made over; clients send `%20`, and `%2B` for
//! a plus.

use model::{Error, InvalidReason, Result};
use percent_encoding::percent_decode_str;

/// Reads the names and values of a raw query string, in their order.
pub(crate) fn decode(raw: &str) -> Result<Vec<(String, String)>> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode_part(name)?, decode_part(value)?))
        })
        .collect()
}

fn decode_part(raw: &str) -> Result<String> {
    let mut rest = raw;
    while let Some((_, after)) = rest.split_once('%') {
        let digits = after.as_bytes();
        if digits.len() < 2 || !digits[..2].iter().all(u8::is_ascii_hexdigit) {
            return Err(cannot_parse(
                "The query string has a percent sign without two hex digits behind it.",
            ));
        }
        rest = &after[2..];
    }
    let spaced = raw.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let text = decoded
        .map_err(|_| cannot_parse("The query string has encoded bytes that are not UTF-8 text."))?;
    Ok(text.into_owned())
}

fn cannot_parse(message: &str) -> Error {
    Error::invalid(InvalidReason::CannotParse, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str) -> Vec<(String, String)> {
        decode(raw).unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn p02_values_are_decoded_exactly_once() {
        assert_eq!(pairs("a=%252e%252e%252f"), [pair("a", "%2e%2e%2f")]);
        assert_eq!(pairs("a=%2A%3d&b"), [pair("a", "*="), pair("b", "")]);
        assert_eq!(pairs("&&a=1&"), [pair("a", "1")]);
        assert_eq!(pairs("do%6Dain=x=y"), [pair("domain", "x=y")]);
    }

    #[test]
    fn s04_a_plus_is_a_space_as_in_the_signature() {
        assert_eq!(pairs("a=x+y%20z%2Bw"), [pair("a", "x y z+w")]);
    }

    #[test]
    fn p12_malformed_sequences_and_bytes_that_are_no_text_are_refused() {
        for bad in [
            "a=%", "a=%2", "a=%zz", "%=a", "a=%%41", "a=%c0%ae", "a=%ff", "a=%2é",
        ] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
