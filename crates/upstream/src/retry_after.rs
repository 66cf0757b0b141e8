//! Reading `Retry-After` (RFC 9110, section 10.2.3): seconds or a date.

use http::HeaderMap;
use model::EpochMillis;

/// How long to wait, in whole seconds, at least one and at most the limit. `None` without a readable header.
pub(crate) fn seconds(headers: &HeaderMap, now: EpochMillis, limit_ms: u64) -> Option<u32> {
    let text = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    let asked: u64 = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        let until_ms = until
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?
            .as_millis();
        let now_ms = u128::try_from(now.0).unwrap_or(0);
        u64::try_from(until_ms.saturating_sub(now_ms).div_ceil(1000)).unwrap_or(u64::MAX)
    };
    Some(u32::try_from(asked.clamp(1, (limit_ms / 1000).max(1))).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<u32> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, value.parse().unwrap());
        // 1994-11-06T08:49:37Z
        seconds(&headers, EpochMillis(784_111_777_000), 3_600_000)
    }

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("0"), Some(1));
        assert_eq!(read("99999999999999999999999"), Some(3600));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:00:00 GMT"),
            Some(1),
            "a moment that has passed means soon"
        );
        assert_eq!(read("soon"), None);
        assert_eq!(read("-5"), None);
        assert_eq!(read(""), None);
    }
}
