//! Entity tags as Bundler wants them: up to version 2.4 it takes the tag for the MD5 of what it has then; later ones look for
//! `Repr-Digest` (RFC 9530). Neither may be of the packed bytes, so documents carry both digests in their own tag.

use base64::Engine as _;
use md5::Md5;
use sha2::{Digest as _, Sha256};

const MD5_DIGITS: usize = 32;

/// Both digests, as the catalog keeps them with a document.
pub(super) fn both(document: &[u8]) -> String {
    let md5 = hex::encode(Md5::digest(document));
    format!("{md5}{}", hex::encode(Sha256::digest(document)))
}

/// The MD5 of a document by its tag, in hex.
pub(super) fn md5_of(tag: &str) -> &str {
    let digits = tag.trim_matches('"');
    digits.get(..MD5_DIGITS).unwrap_or(digits)
}

/// The SHA-256 of a document by its tag, in base64.
pub(super) fn sha256_of(tag: &str) -> Option<String> {
    let digits = tag.trim_matches('"').get(MD5_DIGITS..)?;
    let bytes = hex::decode(digits.get(..64)?).ok()?;
    Some(base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_rb_2_a_tag_carries_the_digests_of_the_plain_document() {
        let tag = both(b"---\n");
        for tag in [format!("\"{tag}\""), format!("\"{tag}-gzip\"")] {
            assert_eq!(md5_of(&tag), hex::encode(Md5::digest(b"---\n")));
            let sha256 = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(b"---\n"));
            assert_eq!(sha256_of(&tag), Some(sha256));
        }
        assert_eq!(sha256_of("\"ab\""), None);
    }
}
