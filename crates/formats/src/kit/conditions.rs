//! Conditional requests (RFC 9110, section 13).

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// Whether the client already has what has this entity tag: then 304 is the answer.
///
/// The comparison is weak, as the RFC asks for `If-None-Match`; proxies that compress make our tags weak.
pub(crate) fn client_has(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|field| {
        field.to_str().is_ok_and(|list| {
            list.split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || weak(tag) == etag)
        })
    })
}

fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_weak_tags_match_and_others_do_not() {
        let has = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(IF_NONE_MATCH, value.parse().unwrap());
            }
            client_has(&headers, "\"abc\"")
        };
        for yes in [
            &["\"abc\""][..],
            &["W/\"abc\""],
            &["\"x\", W/\"abc\""],
            &["\"x\"", "\"abc\""],
            &["*"],
        ] {
            assert!(has(yes), "{yes:?}");
        }
        for no in [&[][..], &["\"ab\""], &["abc"], &["\"abc-gzip\""], &[""]] {
            assert!(!has(no), "{no:?}");
        }
    }
}
