//! What the operator configured to show to a source. Sent to the source's own origin only, and never printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;

/// Credentials for one source.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User name and password, as RFC 7617 has them.
    Basic {
        /// The user name; holds no colon.
        username: String,
        /// The password.
        password: String,
    },
    /// A token, as RFC 6750 has it.
    Bearer(String),
}

impl Credentials {
    /// The value of the `Authorization` header, marked as sensitive so that the client does not print it.
    /// `None` when the secret cannot stand in a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Basic { username, .. } if username.contains(':') => return None,
            Self::Basic { username, password } => {
                format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
            }
            Self::Bearer(token) => format!("Bearer {token}"),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Credentials::Basic(hidden)",
            Self::Bearer(_) => "Credentials::Bearer(hidden)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_become_the_header_of_rfc_7617() {
        let value = Credentials::Basic {
            username: "Aladdin".into(),
            password: "open sesame".into(),
        }
        .header()
        .unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_secret_that_would_split_the_header_is_refused() {
        assert!(
            Credentials::Bearer("a\r\nX-Evil: 1".into())
                .header()
                .is_none()
        );
        assert!(
            Credentials::Basic {
                username: "a:b".into(),
                password: "c".into()
            }
            .header()
            .is_none()
        );
    }

    #[test]
    fn printing_credentials_shows_no_secret() {
        let shown = format!(
            "{:?} {:?}",
            Credentials::Basic {
                username: "user".into(),
                password: "hunter2".into()
            },
            Credentials::Bearer("hunter3".into())
        );
        assert!(!shown.contains("hunter") && !shown.contains("user"));
    }
}
