//! Access keys: the ids and secrets that principals sign requests with.
//!
//! A secret must be readable to check a signature, so it can not be kept as a hash; it is kept out of every log
//! instead: `Debug` hides it, there is no `Display`, and reading it takes a call that can be searched for.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

/// The system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system's random number generator failed ({reason}); no key was made, try again")]
pub struct RandomnessError {
    reason: String,
}

/// Random bytes from the system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], RandomnessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| RandomnessError {
        reason: error.to_string(),
    })?;
    Ok(bytes)
}

/// An access key's id: `AKIA`, or `ASIA` for temporary credentials, and sixteen characters of `[A-Z2-7]`. Not secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// A new random id of a long-term key.
    pub fn generate() -> Result<Self, RandomnessError> {
        Self::with_prefix("AKIA")
    }

    /// A new random id of temporary credentials.
    pub fn generate_temporary() -> Result<Self, RandomnessError> {
        Self::with_prefix("ASIA")
    }

    fn with_prefix(prefix: &str) -> Result<Self, RandomnessError> {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let random = random_bytes::<16>()?;
        // 256 is a multiple of 32, so taking the low five bits favours no character.
        let tail = random
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Ok(Self(prefix.chars().chain(tail).collect()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret access key: forty characters of `[A-Za-z0-9+/]`, 240 random bits.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// A new random secret.
    pub fn generate() -> Result<Self, RandomnessError> {
        Ok(Self(STANDARD.encode(random_bytes::<30>()?)))
    }

    /// A secret read back from where it is kept.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The plain value: for checking a signature, and for showing it once when it is made.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret, in time that does not depend on where the two differ.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn access_key_ids_have_the_form_that_clients_expect() {
        let mut seen = HashSet::new();
        let mut letters = HashSet::new();
        for _ in 0..500 {
            let id = AccessKeyId::generate().unwrap();
            assert_eq!(id.as_str().len(), 20);
            let tail = id.as_str().strip_prefix("AKIA").unwrap();
            assert!(
                tail.bytes()
                    .all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)),
                "{id}"
            );
            letters.extend(tail.bytes());
            assert!(seen.insert(id.to_string()), "{id} came twice");
        }
        assert_eq!(letters.len(), 32, "every character of the alphabet is used");
    }

    #[test]
    fn secrets_are_forty_characters_and_never_the_same() {
        let mut seen = HashSet::new();
        for _ in 0..500 {
            let secret = SecretKey::generate().unwrap();
            assert_eq!(secret.expose().len(), 40);
            assert!(
                secret
                    .expose()
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
            );
            assert!(seen.insert(secret.expose().to_owned()));
        }
    }

    #[test]
    fn a12_secrets_compare_whole_and_do_not_show_in_debug_output() {
        let secret = SecretKey::from_stored("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into());
        assert!(secret.matches("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
        for wrong in [
            "",
            "w",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEy",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEYx",
        ] {
            assert!(!secret.matches(wrong), "{wrong}");
        }
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret))
                .matches("wJalr")
                .count(),
            0
        );
    }
}
