//! Page tokens: where a list goes on.
//!
//! A token is base64 of `{"op":...,"in":...,"key":...}`: the operation, a digest over who asks and with which members, and
//! the key that the page before ended with. It holds no secret and gives no right: each page is authorised afresh, and
//! a forged key only chooses where the caller's own list begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::PageLimit;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The longest token taken. The API reference says 2,000, which the longest key of all (a namespace and a name of 255
/// characters of four bytes) would not fit into.
pub(crate) const MAX_LENGTH: usize = 4096;

/// A list under way: where this page begins, how long it may be, and what its token is bound to.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) after: Option<String>,
    pub(crate) limit: PageLimit,
    pub(crate) binding: Binding,
}

impl Cursor {
    /// The token of the page that comes after a key.
    pub(crate) fn next_token(&self, key: Option<String>) -> Option<String> {
        key.map(|key| self.binding.seal(&key))
    }
}

/// What a token is good for.
#[derive(Debug)]
pub(crate) struct Binding {
    operation: &'static str,
    inputs: String,
}

#[derive(Serialize, Deserialize)]
struct Content<'a> {
    op: &'a str,
    #[serde(rename = "in")]
    inputs: &'a str,
    key: std::borrow::Cow<'a, str>,
}

impl Binding {
    /// A binding to an operation and to what is asked of it, by whom.
    pub(crate) fn new(operation: &'static str, account: &str, inputs: Sha256) -> Self {
        let digest = inputs.chain_update(account).finalize();
        Self {
            operation,
            inputs: URL_SAFE_NO_PAD.encode(&digest[..12]),
        }
    }

    fn seal(&self, key: &str) -> String {
        let content = Content {
            op: self.operation,
            inputs: &self.inputs,
            key: key.into(),
        };
        let text = serde_json::to_vec(&content).expect("three strings are JSON");
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The key in a token; `None` if it is not a token for this.
    pub(crate) fn open(&self, token: &str) -> Option<String> {
        let text = URL_SAFE_NO_PAD.decode(token).ok()?;
        let content: Content<'_> = serde_json::from_slice(&text).ok()?;
        // Keys are names joined by tabs, and no name has control characters; databases are particular about some.
        let is_key = content.key.chars().all(|c| c == '\t' || !c.is_control());
        let is_ours = content.op == self.operation && content.inputs == self.inputs && is_key;
        is_ours.then(|| content.key.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(operation: &'static str, account: &str, input: &str) -> Binding {
        Binding::new(operation, account, Sha256::new_with_prefix(input))
    }

    #[test]
    fn s14_a_token_is_good_for_its_own_list_only() {
        let own = binding("ListPackages", "111122223333", "a");
        let token = own.seal("npm\ttypes\tnode \"x\" é");
        assert_eq!(
            own.open(&token).as_deref(),
            Some("npm\ttypes\tnode \"x\" é")
        );
        for other in [
            binding("ListDomains", "111122223333", "a"),
            binding("ListPackages", "111122223334", "a"),
            binding("ListPackages", "111122223333", "b"),
        ] {
            assert_eq!(other.open(&token), None);
        }
    }

    #[test]
    fn s14_truncated_and_forged_tokens_are_no_tokens() {
        let own = binding("ListPackages", "111122223333", "a");
        let token = own.seal("npm\t\treact");
        for length in 0..token.len() {
            assert_eq!(own.open(&token[..length]), None, "{length}");
        }
        let forged = own.seal("a\0b");
        assert_eq!(own.open(&forged), None);
        for bad in ["", "e30", "bnVsbA", "AAAA", "%00", "eyJvcCI6MX0"] {
            assert_eq!(own.open(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_longest_key_fits() {
        let longest = "\u{1d49c}".repeat(255);
        let own = binding("ListPackages", "111122223333", "a");
        let token = own.seal(&format!("cargo\t{longest}\t{longest}"));
        assert!(token.len() <= MAX_LENGTH, "{}", token.len());
        assert!(own.open(&token).is_some());
    }
}
