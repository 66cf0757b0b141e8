//! How long a token may live.

use model::{Constraint, EpochMillis, Error, InvalidReason, Violation, violations_message};

const MAX_SECONDS: u32 = 43_200;
const MIN_SECONDS: u32 = 900;

/// A requested lifetime, within the published bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLifetime {
    /// 900 to 43,200 seconds.
    Seconds(u32),
    /// Until the caller's temporary credentials end; asked for by 0.
    RestOfSession,
}

impl TokenLifetime {
    /// Twelve hours, when nothing is asked for.
    pub const DEFAULT: Self = Self::Seconds(MAX_SECONDS);

    /// Reads the member `durationSeconds`.
    pub fn read(duration_seconds: Option<i64>) -> model::Result<Self> {
        let Some(asked) = duration_seconds else {
            return Ok(Self::DEFAULT);
        };
        match u32::try_from(asked) {
            Ok(0) => Ok(Self::RestOfSession),
            Ok(seconds @ MIN_SECONDS..=MAX_SECONDS) => Ok(Self::Seconds(seconds)),
            Ok(1..MIN_SECONDS) => Err(Error::invalid(
                InvalidReason::FieldValidation,
                format!(
                    "durationSeconds must be 0 or from {MIN_SECONDS} to {MAX_SECONDS}, but {asked} was sent"
                ),
            )),
            _ => {
                let constraint = if asked < 0 {
                    Constraint::AtLeast(0)
                } else {
                    Constraint::AtMost(i64::from(MAX_SECONDS))
                };
                let value = Some(asked.to_string());
                let violation = Violation {
                    member: "durationSeconds".into(),
                    value,
                    constraint,
                };
                Err(Error::invalid(
                    InvalidReason::FieldValidation,
                    violations_message(&[violation]),
                ))
            }
        }
    }

    /// When a token made now ends. `session_ends_at` is the end of the caller's temporary credentials, if it has
    /// such; without them there is no session whose rest could be asked for.
    pub fn expires_at(
        self,
        now: EpochMillis,
        session_ends_at: Option<EpochMillis>,
    ) -> model::Result<EpochMillis> {
        let longest = now.plus_ms(i64::from(MAX_SECONDS) * 1000);
        match (self, session_ends_at) {
            (Self::Seconds(seconds), _) => Ok(now.plus_ms(i64::from(seconds) * 1000)),
            (Self::RestOfSession, Some(end)) if end > now => Ok(end.min(longest)),
            (Self::RestOfSession, Some(_)) => Err(Error::unauthenticated(
                "the session has ended; start a new one",
            )),
            (Self::RestOfSession, None) => Err(Error::invalid(
                InvalidReason::Other,
                "durationSeconds 0 asks for a token that lives as long as the caller's temporary credentials, but \
                 these credentials are long-term; send a duration from 900 to 43200",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ErrorKind;

    const NOW: EpochMillis = EpochMillis(1_767_225_600_000);

    #[test]
    fn a10_lifetimes_are_0_or_900_to_43200_seconds() {
        assert_eq!(
            TokenLifetime::read(None).unwrap(),
            TokenLifetime::Seconds(43_200)
        );
        assert_eq!(
            TokenLifetime::read(Some(0)).unwrap(),
            TokenLifetime::RestOfSession
        );
        assert_eq!(
            TokenLifetime::read(Some(900)).unwrap(),
            TokenLifetime::Seconds(900)
        );
        assert_eq!(
            TokenLifetime::read(Some(43_200)).unwrap(),
            TokenLifetime::Seconds(43_200)
        );
        for bad in [
            -1,
            1,
            899,
            43_201,
            i64::MIN,
            i64::MAX,
            1 << 32,
            (1 << 32) + 900,
        ] {
            let error = TokenLifetime::read(Some(bad)).unwrap_err();
            assert_eq!(
                error.kind,
                ErrorKind::Invalid(InvalidReason::FieldValidation),
                "{bad}"
            );
            assert!(
                error.message.contains(&bad.to_string()),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn a10_zero_means_the_rest_of_the_session_and_never_more_than_twelve_hours() {
        let rest = TokenLifetime::RestOfSession;
        assert_eq!(
            rest.expires_at(NOW, Some(NOW.plus_ms(5000))).unwrap(),
            NOW.plus_ms(5000)
        );
        assert_eq!(
            rest.expires_at(NOW, Some(NOW.plus_ms(1 << 50))).unwrap(),
            NOW.plus_ms(43_200_000)
        );
        assert_eq!(
            rest.expires_at(NOW, Some(NOW)).unwrap_err().kind,
            ErrorKind::Unauthenticated
        );
        assert_eq!(
            rest.expires_at(NOW, None).unwrap_err().kind,
            ErrorKind::Invalid(InvalidReason::Other)
        );
        let hour = TokenLifetime::Seconds(3600);
        assert_eq!(hour.expires_at(NOW, None).unwrap(), NOW.plus_ms(3_600_000));
    }
}
