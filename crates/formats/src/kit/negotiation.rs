//! What form of a document a client wants (RFC 9110, section 12).

use catalog::Encoding;
use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

/// A weight in thousandths.
type Weight = u16;

/// The weight of a media type, by the most specific range that names it; `None` when no range does.
pub(crate) fn weight_of_type(headers: &HeaderMap, media_type: &str) -> Option<Weight> {
    let group = media_type.split('/').next().unwrap_or_default();
    let mut best: Option<(u8, Weight)> = None;
    for (range, weight) in elements(headers, &ACCEPT) {
        let specificity = if range.eq_ignore_ascii_case(media_type) {
            3
        } else if range
            .strip_suffix("/*")
            .is_some_and(|range| range.eq_ignore_ascii_case(group))
        {
            2
        } else if range == "*/*" {
            1
        } else {
            continue;
        };
        if best.is_none_or(|(found, _)| specificity > found) {
            best = Some((specificity, weight));
        }
    }
    best.map(|(_, weight)| weight)
}

/// Whether a client says nothing of the forms it takes: then it takes all.
pub(crate) fn is_absent(headers: &HeaderMap) -> bool {
    elements(headers, &ACCEPT).next().is_none()
}

/// Whether a media type is named by its own name, with any weight above zero.
pub(crate) fn names_type(headers: &HeaderMap, media_type: &str) -> Option<Weight> {
    elements(headers, &ACCEPT)
        .find(|(range, weight)| *weight > 0 && range.eq_ignore_ascii_case(media_type))
        .map(|(_, weight)| weight)
}

/// Everything that a client says it takes: media types and ranges of them, with any weight above zero.
pub(crate) fn named_types(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    elements(headers, &ACCEPT)
        .filter(|(_, weight)| *weight > 0)
        .map(|(range, _)| range)
}

/// How a document is to be encoded: by gzip wherever the client takes it.
pub(crate) fn encoding(headers: &HeaderMap) -> Encoding {
    let mut any = 0;
    for (coding, weight) in elements(headers, &ACCEPT_ENCODING) {
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            return if weight > 0 {
                Encoding::Gzip
            } else {
                Encoding::Identity
            };
        }
        if coding == "*" {
            any = weight;
        }
    }
    if any > 0 {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// The elements of a weighted list and their weights, 1000 where none is given.
fn elements<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = (&'h str, Weight)> {
    let fields = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    fields
        .flat_map(|field| field.split(','))
        .filter_map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let value = parts.next().filter(|value| !value.is_empty())?;
            let weight =
                parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            Some((value, weight.map_or(1000, read_weight)))
        })
}

/// `0.8` as 800. What is not a weight counts as none.
fn read_weight(text: &str) -> Weight {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => fraction
            .bytes()
            .zip([100, 10, 1])
            .map(|(digit, value)| Weight::from(digit - b'0') * value)
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().unwrap());
        headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_most_specific_range_decides() {
        let headers = accept(
            "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*;q=0.1",
        );
        assert_eq!(
            weight_of_type(&headers, "application/vnd.npm.install-v1+json"),
            Some(1000)
        );
        assert_eq!(weight_of_type(&headers, "application/json"), Some(800));
        assert_eq!(weight_of_type(&headers, "text/html"), Some(100));
        assert_eq!(
            weight_of_type(&accept("application/*;q=0.5"), "application/json"),
            Some(500)
        );
        assert_eq!(
            weight_of_type(&accept("text/html"), "application/json"),
            None
        );
        assert_eq!(
            weight_of_type(&accept("application/json;q=0, */*"), "application/json"),
            Some(0)
        );
        assert_eq!(weight_of_type(&HeaderMap::new(), "application/json"), None);
    }

    #[test]
    fn a_wildcard_does_not_name_a_type() {
        assert_eq!(names_type(&accept("*/*"), "application/json"), None);
        assert_eq!(
            names_type(&accept("application/json;q=0"), "application/json"),
            None
        );
        assert_eq!(
            names_type(
                &accept("APPLICATION/JSON;charset=x;q=0.25"),
                "application/json"
            ),
            Some(250)
        );
    }

    #[test]
    fn gzip_is_used_wherever_it_is_taken() {
        for yes in [
            "gzip",
            "gzip, deflate, br",
            "br;q=1.0, gzip;q=0.8",
            "*",
            "GZIP",
        ] {
            assert_eq!(encoding(&accept(yes)), Encoding::Gzip, "{yes}");
        }
        for no in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip;q=0.000, *",
            "*;q=0",
            "gzip;q=x",
            "gzip;q=-1",
        ] {
            assert_eq!(encoding(&accept(no)), Encoding::Identity, "{no}");
        }
        assert_eq!(encoding(&HeaderMap::new()), Encoding::Identity);
    }
}
