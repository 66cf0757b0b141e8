//! Dates of conditions: the forms of ISO 8601 that the W3C lists, and seconds since 1970.
//!
//! Public document: <https://www.w3.org/TR/NOTE-datetime>.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::EpochMillis;

/// Reads `2026`, `2026-11`, `2026-11-23`, `2026-11-23T04:51Z`, `2026-11-23T04:51:27.5+01:00` or `1795409487`.
pub(super) fn parse_date(text: &str) -> Option<EpochMillis> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.contains(['T', 't']) {
        return parse_instant(text);
    }
    if is_digits(text) && text.len() != 4 {
        let ms = text.parse::<i64>().ok()?.checked_mul(1000)?;
        return Some(EpochMillis(ms));
    }
    let mut parts = text.split('-');
    let mut part = |digits: usize| match parts.next() {
        None => Some(None),
        Some(part) if part.len() == digits && is_digits(part) => Some(Some(part.parse().ok()?)),
        Some(_) => None,
    };
    let (year, month, day): (Option<i16>, Option<i16>, Option<i16>) =
        (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() {
        return None;
    }
    let two_digits = |part: Option<i16>| i8::try_from(part.unwrap_or(1)).ok();
    let date = Date::new(year?, two_digits(month)?, two_digits(day)?).ok()?;
    let instant = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(EpochMillis(instant.as_millisecond()))
}

/// A date and a time, which must say its zone.
fn parse_instant(text: &str) -> Option<EpochMillis> {
    let plain = |c: char| c.is_ascii_digit() || "-:.+TtZz".contains(c);
    if !text.chars().all(plain) {
        return None;
    }
    let instant: Timestamp = text.parse().ok()?;
    Some(EpochMillis(instant.as_millisecond()))
}
