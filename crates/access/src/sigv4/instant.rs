//! Instants as signatures write them: `20150830T123600Z`, and the `Date` header's form.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::EpochMillis;

/// When a request was signed.
pub(super) struct SignedAt<'a> {
    /// Sixteen ASCII characters.
    compact: Cow<'a, str>,
    instant: EpochMillis,
    from_date_header: bool,
}

impl<'a> SignedAt<'a> {
    /// Reads `20150830T123600Z`.
    pub(super) fn parse(text: Cow<'a, str>) -> Option<Self> {
        let instant = parse_compact(&text)?;
        Some(Self {
            compact: text,
            instant,
            from_date_header: false,
        })
    }

    /// Reads the `Date` header, in its own form or in that of `x-amz-date`.
    pub(super) fn parse_date_header(text: &str) -> Option<Self> {
        let instant = parse_compact(text).or_else(|| {
            let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
            Some(EpochMillis(zoned.timestamp().as_millisecond()))
        })?;
        Some(Self {
            compact: compact(instant).into(),
            instant,
            from_date_header: true,
        })
    }

    pub(super) fn compact(&self) -> &str {
        &self.compact
    }

    pub(super) fn day(&self) -> &str {
        &self.compact[..8]
    }

    pub(super) fn instant(&self) -> EpochMillis {
        self.instant
    }

    pub(super) fn is_from_date_header(&self) -> bool {
        self.from_date_header
    }
}

fn parse_compact(text: &str) -> Option<EpochMillis> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let digits = bytes.iter().enumerate().all(|(index, byte)| match index {
        8 => *byte == b'T',
        15 => *byte == b'Z',
        _ => byte.is_ascii_digit(),
    });
    if !digits {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .fold(0_i16, |sum, byte| sum * 10 + i16::from(byte - b'0'))
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)).ok();
    let time = DateTime::new(
        number(0, 4),
        small(4)?,
        small(6)?,
        small(9)?,
        small(11)?,
        small(13)?,
        0,
    )
    .ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(EpochMillis(zoned.timestamp().as_millisecond()))
}

/// `20150830T123600Z`.
pub(super) fn compact(instant: EpochMillis) -> String {
    let bounded = instant.0.clamp(
        Timestamp::MIN.as_millisecond() + 1,
        Timestamp::MAX.as_millisecond(),
    );
    Timestamp::from_millisecond(bounded).map_or_else(
        |_| format!("{} ms", instant.0),
        |timestamp| {
            timestamp
                .to_zoned(TimeZone::UTC)
                .strftime("%Y%m%dT%H%M%SZ")
                .to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_and_written_in_the_compact_form() {
        for (text, ms) in [
            ("20150830T123600Z", 1_440_938_160_000),
            ("19700101T000000Z", 0),
            ("20240229T235959Z", 1_709_251_199_000),
        ] {
            assert_eq!(parse_compact(text), Some(EpochMillis(ms)), "{text}");
            assert_eq!(compact(EpochMillis(ms)), text);
            assert_eq!(compact(EpochMillis(ms + 999)), text);
        }
        assert!(!compact(EpochMillis(i64::MAX)).is_empty());
        assert!(!compact(EpochMillis(i64::MIN)).is_empty());
    }

    #[test]
    fn s03_other_forms_and_impossible_dates_are_not_read() {
        for bad in [
            "",
            "20150830T123600",
            "20150830T123600z",
            "20150830t123600Z",
            "2015-08-30T12:36:00Z",
            "20150830T123600+0",
            "20150230T123600Z",
            "20150830T243600Z",
            "20150830T126000Z",
            "20150830T123660Z",
            "20151330T123600Z",
            "20150800T123600Z",
            " 0150830T123600Z",
            "２0150830T1236Z",
        ] {
            assert_eq!(parse_compact(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_date_header_is_read_in_its_own_form() {
        let date = SignedAt::parse_date_header("Sun, 30 Aug 2015 12:36:00 GMT").unwrap();
        assert_eq!(
            (date.compact(), date.day()),
            ("20150830T123600Z", "20150830")
        );
        assert!(date.is_from_date_header());
        assert!(SignedAt::parse_date_header("yesterday").is_none());
    }
}
